import CLinux
import ControlAPI
import Kernel

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
        let most = Page(limit: 1_000)
        switch live {
        case .accounts: return try context.ask(AccountList.self).accounts.map(\.account)
        case .orders:
            var asked = OrderList.Parameters()
            (asked.selection.states, asked.page) = (Words.openState, most)
            return try context.ask(OrderList.self, asked).orders.map(\.clientOrderID)
        case .intents:
            var asked = IntentList.Parameters()
            asked.page = most
            return try context.ask(IntentList.self, asked).intents.map(\.intentID)
        case .breaks:
            var asked = BreakList.Parameters()
            (asked.isOpen, asked.page) = (true, most)
            return try context.ask(BreakList.self, asked).breaks.map { String($0.breakID) }
        case .symbols:
            var asked = InstrumentList.Parameters()
            asked.page = most
            return Set(try context.ask(InstrumentList.self, asked).instruments.map(\.symbol)).sorted()
        }
    }
}
