import CLinux
import Kernel
import Wire

/// What shells are taught.
enum CompletionVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "completions",
            operands: (CompletionScript.allCases.map(\.rawValue) + Completing.Live.allCases.map(\.rawValue)).joined(separator: "|"),
            operandCount: 1...1,
            summary: "prints a shell's completion script, or what it asks the daemon for", flags: [], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let word = context.arguments.operands[0]
        if let shell = CompletionScript(rawValue: word) {
            context.terminal.out(shell.text(Verbs.all))
            return .done
        }
        guard let live = Completing.Live(rawValue: word) else {
            let known = CompletionScript.allCases.map(\.rawValue) + Completing.Live.allCases.map(\.rawValue)
            let hint = closest(to: word, among: known).map { "did you mean \($0)?" } ?? "known: \(known.joined(separator: ", "))"
            throw .usage("completions: \"\(word.escapedForTerminal)\" is none of them; \(hint)")
        }
        // Whoever pressed a key does not wait for a daemon that stands still: the default action ends the program.
        alarm(2)
        defer { alarm(0) }
        for name in try names(live, context) where name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { context.terminal.out(name + "\n") }
        return .done
    }

    /// At most a thousand: more than that nobody reads.
    private static func names(_ live: Completing.Live, _ context: Context) throws(Failure) -> [String] {
        func column(_ method: String, _ list: String, _ name: String, _ members: [(String, JSON?)]) throws(Failure) -> [String] {
            (try context.call(method, members)[list]?.array ?? []).compactMap { row in
                row[name]?.string ?? row[name]?.integer.map { String($0) }
            }
        }
        let most = JSON.number("1000")
        switch live {
        case .accounts: return try column("account.list", "accounts", "account", [])
        case .orders:
            let states = ["intended", "submitted", "in_doubt", "acknowledged", "working", "partially_filled"]
            return try column("order.list", "orders", "client_order_id", [("states", .array(states.map { .string($0) })), ("limit", most)])
        case .intents: return try column("intent.list", "intents", "intent_id", [("limit", most)])
        case .breaks: return try column("break.list", "breaks", "break_id", [("open", .bool(true)), ("limit", most)])
        case .symbols: return Array(Set(try column("instrument.list", "instruments", "symbol", [("limit", most)]))).sorted()
        }
    }
}
