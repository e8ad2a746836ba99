import ControlAPI
import Kernel
import Wire

/// What a verb takes on the command line.
struct VerbSpec: Sendable {
    struct Flag: Sendable {
        let name: String
        /// How the value is called in the help; nil: a switch.
        let value: String?
        let note: String
        static func option(_ name: String, _ value: String, _ note: String) -> Flag { Flag(name: name, value: value, note: note) }
        static func `switch`(_ name: String, _ note: String) -> Flag { Flag(name: name, value: nil, note: note) }
    }
    let name: String
    /// The operands as the help shows them; counts of them that are right.
    let operands: String
    let operandCount: ClosedRange<Int>
    let summary: String
    let flags: [Flag]
    let run: @Sendable (Context) throws(Failure) -> Exit

    var help: String {
        var out = "usage: omsctl \(name)\(operands.isEmpty ? "" : " " + operands)\(flags.isEmpty ? "" : " [options]")\n\n\(summary)\n"
        if !flags.isEmpty { out += "\noptions:\n" + Self.list(flags.map { ($0.value == nil ? $0.name : "\($0.name) \($0.value ?? "")", $0.note) }) }
        return out
    }

    static func list(_ entries: [(String, String)]) -> String {
        let width = entries.map(\.0.count).max() ?? 0
        return entries.map { "  " + $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 + "\n" }.joined()
    }
}

/// What stands behind a verb.
struct Arguments {
    private let words: CommandWords
    var operands: [String] { words.operands }

    /// - Throws: 2 for what the verb does not know.
    init(_ words: [String], spec: VerbSpec) throws(Failure) {
        do throws(CommandWords.Problem) {
            self.words = try CommandWords(
                words, options: spec.flags.map { CommandWords.Option($0.name, takesValue: $0.value != nil) },
                alsoKnown: ["--json", "--socket", "--help"], takesOperands: true, takesEmptyValues: true)
        } catch {
            throw .usage(Self.words(for: error, spec))
        }
        guard spec.operandCount.contains(operands.count) else {
            throw .usage("usage: omsctl \(spec.name) \(spec.operands); see `omsctl \(spec.name) --help`")
        }
    }

    private static func words(for problem: CommandWords.Problem, _ spec: VerbSpec) -> String {
        switch problem {
        case .unknown(_, let name, let near):
            let hint = near.map { "did you mean \($0)?" } ?? "see `omsctl \(spec.name) --help`"
            return "omsctl \(spec.name) knows no option \(name.escapedForTerminal); \(hint)"
        case .misplaced(let word): return "omsctl \(spec.name) takes no \(word.escapedForTerminal)"
        case .valueMissing(let name): return "\(name) needs a value"
        case .valueNotTaken(let name): return "\(name) takes no value"
        case .twice(let name): return "\(name) stands twice"
        }
    }

    func has(_ name: String) -> Bool { words.has(name) }
    func text(_ name: String) -> String? { words.text(name) }
    /// The option as a JSON string for a parameter.
    func json(_ name: String) -> JSON? { text(name).map { .string($0) } }

    /// One of these words; nil where the option is absent.
    func word(_ name: String, among words: [String]) throws(Failure) -> String? {
        guard let text = text(name) else { return nil }
        try Self.check(text, of: name, among: words)
        return text
    }

    /// Words with commas between, each one of these.
    func words(_ name: String, among known: [String]) throws(Failure) -> [String]? {
        guard let text = text(name) else { return nil }
        let words = text.split(separator: ",").map(String.init)
        guard !words.isEmpty else { throw .usage("\(name) needs a value") }
        for word in words { try Self.check(word, of: name, among: known) }
        return words
    }

    private static func check(_ word: String, of name: String, among known: [String]) throws(Failure) {
        guard !known.contains(word) else { return }
        let hint = closest(to: word, among: known).map { "did you mean \($0)?" } ?? "known: \(known.joined(separator: ", "))"
        throw .usage("\(name): \"\(word.escapedForTerminal)\" is none of them; \(hint)")
    }

    func required(_ name: String) throws(Failure) -> String {
        guard let value = text(name) else { throw .usage("\(name) is missing") }
        return value
    }

    /// What intents belong to. The daemon would refuse it too, with less to hold it against.
    func tag() throws(Failure) -> String? {
        guard let text = text("--tag") else { return nil }
        let isPlain = text.utf8.allSatisfy { byte in
            UnicodeScalar(byte).properties.isAlphabetic && byte < 0x80 || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || "._:-".utf8.contains(byte)
        }
        guard isPlain, (1...TextRule.tag.lengthMax).contains(text.utf8.count) else { throw .usage("--tag: \(TextRule.tag.wording)") }
        return text
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(Failure) -> Int64? {
        guard let text = text(name) else { return nil }
        guard let number = Int64(text), range.contains(number) else { throw .usage("\(name) should be a whole number in \(range)") }
        return number
    }

    /// `30`, `30s`, `500ms`, `2m`; milliseconds.
    func duration(_ name: String) throws(Failure) -> Int64? {
        guard let text = text(name) else { return nil }
        for (suffix, factor) in [("ms", 1), ("s", 1_000), ("m", 60_000), ("", 1_000)] as [(String, Int64)] where text.hasSuffix(suffix) {
            guard let number = Int64(text.dropLast(suffix.count)), (0...86_400_000 / factor).contains(number) else { break }
            return number * factor
        }
        throw .usage("\(name) should be a time like 30s, 500ms or 2m")
    }
}
