import ControlAPI
import Wire

/// `status`: is it all right, and if not, what is to be done.
enum StatusVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "status", operands: "", operandCount: 0...0, summary: "the daemon and its accounts; what needs a person first", flags: [], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let daemon = try context.ask(DaemonStatus.self)
        if context.isJSON {
            context.show(daemon) { "" }
            return .done
        }
        let accounts = try context.ask(AccountList.self).accounts
        let budgets = try context.ask(LimitList.self).budgets
        var open = BreakList.Parameters()
        open.isOpen = true
        var breaks: [ShownBreak] = []
        try context.pages(BreakList.self, "breaks", open) { breaks += $0.compactMap { ShownBreak($0) } }
        let kinds = breaks.map { (account: $0.account, kind: $0.kind) }
        let text = StatusText(now: context.terminal.now(), width: context.terminal.width, hasColor: context.terminal.hasColor)
        context.terminal.out(text.page(StatusText.Facts(daemon: daemon.value, accounts: accounts, budgets: budgets, openBreaks: kinds)))
        return .done
    }
}
