import Kernel
import OMSCore
import Store
import Wire

/// `export orders|fills|requests|timeline`: every column of a view, from the journal's file. Asks a daemon at most where it lies, and keeps one row in memory.
extension ExportVerb {
    /// Options, and the columns that they choose by.
    private static let filters = [
        ("--account", "account"), ("--symbol", "symbol"), ("--state", "state"), ("--intent", "intent_id"), ("--tag", "tag"),
    ]

    static func run(view word: String, _ context: Context) throws(Failure) -> Exit {
        let (arguments, terminal) = (context.arguments, context.terminal)
        guard let view = ExportedView(rawValue: word) else {
            let hint = closest(to: word, among: ExportedView.allCases.map(\.rawValue)).map { "; did you mean \($0)?" } ?? ""
            throw .usage("\"\(word.escapedForTerminal)\" is none of orders, fills, requests, timeline\(hint)")
        }
        let isCSV = arguments.has("--csv")
        guard isCSV != context.isJSON else { throw .usage("name either --csv or --json") }
        var scope = ExportScope()
        (scope.from, scope.to) = try ReportTime.stretch(arguments, now: terminal.now())
        let path = try context.journalPath()
        let export = try reading { () throws(JournalError) in try RecordExport(path: path, archive: arguments.text("--archive")) }
        let columns = try reading { () throws(JournalError) in try export.columns(of: view) }
        scope.conditions = try conditions(arguments, columns, of: view)
        for (option, column) in filters {
            guard let name = arguments.text(option), try !reading({ () throws(JournalError) in try export.knows(name, as: column) }) else { continue }
            throw Failure(exitCode: .denied, text: "the journal knows no \(option.dropFirst(2)) \(name.escapedForTerminal)")
        }
        let progress = Progress(terminal)
        defer { progress.end() }
        var text = isCSV ? columns.joined(separator: ",") + "\r\n" : "["
        var rows = 0
        try reading { () throws(JournalError) in
            try export.read(view, scope, progress: { progress.say("\(word): number \($0) of \($1), \(rows) rows") }) { values in
                text += isCSV ? csv(values, columns) : (rows == 0 ? "\n" : ",\n") + json(values, columns)
                rows += 1
                guard text.utf8.count > 1 << 16 else { return }
                terminal.out(text)
                text = ""
            }
        }
        terminal.out(isCSV ? text : text + "\n]\n")
        return .done
    }

    private static func reading<Value: ~Copyable>(_ body: () throws(JournalError) -> Value) throws(Failure) -> Value {
        do throws(JournalError) { return try body() } catch {
            let hint = "--journal names the file; members of omsd-audit may read it"
            throw Failure(exitCode: .internal, text: "\(error.description.escapedForTerminal)\n  \(hint)")
        }
    }

    private static func conditions(
        _ arguments: Arguments, _ columns: [String], of view: ExportedView
    ) throws(Failure) -> [(column: String, values: [String])] {
        var conditions: [(column: String, values: [String])] = []
        for (name, column) in filters {
            guard let text = arguments.text(name) else { continue }
            // A line of the record has states, too, but no one state.
            guard columns.contains(column) else { throw .usage("\(name): \(view.name) has no column \(column)") }
            let values = name == "--state" ? text.split(separator: ",").map(String.init) : [text]
            if name == "--state", let wrong = values.first(where: { OrderState(rawValue: $0) == nil }) {
                throw .usage("--state: no state is called \"\(wrong.escapedForTerminal)\"")
            }
            guard !values.isEmpty, values.count <= 64 else { throw .usage("\(name): one to 64 values") }
            conditions.append((column, values))
        }
        return conditions
    }

    private static func csv(_ values: [ExportedValue], _ columns: [String]) -> String {
        var line = ""
        for (index, value) in values.enumerated() {
            if index > 0 { line += "," }
            switch value {
            case .null: continue
            case .integer(let number):
                let name = columns[index]
                line += name == "at" || name.hasSuffix("_at") ? utc(number) : String(number)
            case .flag(let flag): line += flag ? "yes" : "no"
            // What is there and empty is told from what is not there.
            case .text(""): line += "\"\""
            case .text(let text), .json(let text): line += quoted(text)
            }
        }
        return line + "\r\n"
    }

    private static func json(_ values: [ExportedValue], _ columns: [String]) -> String {
        var writer = JSONWriter(reserving: 1_024)
        writer.beginObject()
        for (index, value) in values.enumerated() {
            writer.key(columns[index])
            switch value {
            case .null: writer.null()
            case .integer(let number): writer.integer(number)
            case .flag(let flag): writer.bool(flag)
            case .text(let text): writer.string(text)
            case .json(let text): writer.raw(text)
            }
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
