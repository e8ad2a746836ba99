import ControlAPI
import OMSCore
import Wire

/// What a rehearsal saw, for a person and for programs.
struct RehearsalReport {
    private let result: RehearsalRecord.Result
    private let stopped: String?

    /// - Parameter stopped: why not all was asked; nil: it was.
    init(_ result: RehearsalRecord.Result, stopped: String?) { (self.result, self.stopped) = (result, stopped) }

    var json: String { String(decoding: result.serialized(reserving: 8_192), as: UTF8.self) + "\n" }

    /// What is contradicted first; then what was seen; of the rest the names.
    var text: String {
        func lines(_ verdict: RehearsalRow.Verdict) -> [RehearsedAssumption] { result.assumptions.filter { $0.verdict == verdict.rawValue } }
        let (broken, held, unseen) = (lines(.contradicts), lines(.holds), lines(.notSeen))
        let width = (broken + held + unseen).map(\.name.count).max() ?? 0
        func row(_ line: RehearsedAssumption, _ word: String) -> String {
            let name = line.name + String(repeating: " ", count: width - line.name.count)
            let promise = line.bears.map { " [\($0)]" } ?? ""
            return "  \(name)  \(word)\(promise)  \(line.assumed); seen: \(line.seen)\n"
        }
        var text = "\(result.account): \(broken.count) contradicted, \(held.count) hold, \(unseen.count) not seen\n"
        text += broken.map { row($0, "CONTRADICTS") }.joined() + held.map { row($0, "holds") }.joined()
        for line in unseen { text += row(line, "not seen") }
        if let stopped { text += "not all was asked: \(stopped)\n" }
        let new = result.standing
        if !new.isEmpty {
            text +=
                "promises rest on \(new.joined(separator: ", ")): the account does not get ready before a rehearsal sees it hold, or accept_assumption "
                + "in the configuration names it with a reason\n"
        }
        return text
    }
}
