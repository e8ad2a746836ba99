import Wire

/// `status`: is it all right, and if not, what is to be done.
enum StatusVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "status", operands: "", operandCount: 0...0, summary: "the daemon and its accounts; what needs a person first", flags: [], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let daemon = try context.call("daemon.status")
        if context.isJSON {
            context.show(daemon) { "" }
            return .done
        }
        let accounts = try context.call("account.list")["accounts"]?.array ?? []
        let budgets = try context.call("limit.list")["budgets"]?.array ?? []
        var breaks: [JSON] = []
        try context.pages("break.list", "breaks", [("open", .bool(true))]) { breaks += $0 }
        let kinds = breaks.map { (account: $0["account"]?.string ?? "", kind: $0["kind"]?.string ?? "") }
        let text = StatusText(now: context.terminal.now(), width: context.terminal.width, hasColor: context.terminal.hasColor)
        context.terminal.out(text.page(StatusText.Facts(daemon: daemon, accounts: accounts, budgets: budgets, openBreaks: kinds)))
        return .done
    }
}
