import CLinux
import ControlAPI
import Wire

/// `kill`: halts, withdraws, cancels by id, and does not let go before each order's fate is known. The daemon does it; this asks how far it is.
enum KillVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "kill", operands: "[ACCOUNT]", operandCount: 0...1,
            summary: "durable halt; withdraws what is unsent, cancels what is live, of one account or all; exit 5 while anything may rest",
            flags: [
                .switch("--everything", "also the venue's own cancel-all, which takes orders of others too"),
                .option("--reason", "TEXT", "for the record; default: omsctl kill"),
                .option("--timeout", "TIME", "how long to wait until nothing lives; default 60s"),
            ], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let account = context.arguments.operands.first ?? "*"
        let (now, timeout) = (omsd_clock_us(CLOCK_BOOTTIME), try context.timeoutMs())
        let end = now.addingReportingOverflow(min(timeout, 86_400_000) * 1_000).partialValue
        var halt = AccountSetState.Parameters(account: account, state: "halted", reason: context.arguments.text("--reason") ?? "omsctl kill")
        halt.cancelOpen = true
        if context.arguments.has("--everything") { halt.everything = true }
        let asked = try context.ask(AccountSetState.self, halt).cancels
        if !context.isJSON { context.terminal.err("halted, on record; \(asked) cancels and withdrawals asked for\n") }
        var accounts = try status(context, account)
        while !accounts.allSatisfy(\.isOver), omsd_clock_us(CLOCK_BOOTTIME) < end {
            context.terminal.pause(ms: 200)
            accounts = try status(context, account)
        }
        report(context, accounts)
        return accounts.allSatisfy(\.isEmpty) ? .done : .inDoubt
    }

    private static func status(_ context: Context, _ account: String) throws(Failure) -> [AccountKillStatus.Account] {
        try context.ask(AccountKillStatus.self, AccountKillStatus.Parameters(account == "*" ? nil : account)).accounts
    }

    private static func report(_ context: Context, _ accounts: [AccountKillStatus.Account]) {
        let isWanted = context.arguments.has("--everything")
        // The shape has a number for what is not known: said beside it, and by the exit code.
        if context.isJSON {
            for account in accounts where !account.isListed { context.terminal.err(words(account, isWanted: isWanted).escapedForTerminalLines) }
        }
        context.show(.object([("accounts", .array(accounts.map(\.json)))])) {
            var table = Table(["account", ">confirmed closed", ">cancel taken", ">live or unknown", ">not ours", "cancel-all"])
            for account in accounts {
                table.add([
                    account.account, String(account.confirmedClosed), String(account.cancelTaken), String(account.liveOrUnknown),
                    account.isListed ? String(account.foreign) : "\(account.foreign)?", account.cancelAll,
                ])
            }
            return (table.count > 0 ? table.text : "") + accounts.map { words($0, isWanted: isWanted) }.joined()
        }
    }

    /// What takes orders that omsd does not cancel by id.
    private static func remedy(_ account: AccountKillStatus.Account) -> String {
        if account.cancelsForeign, account.cancelAll != "unanswered" { return "omsd cancels them as it lists them" }
        return switch account.cancelAll {
        case "none": "this venue has no cancel-all: only its own page takes them, or on_external_order: \"cancel\", which takes all of the kind"
        case "unanswered": "the cancel-all that is asked for takes them, too"
        case "confirmed": "the venue answered the cancel-all and lists them all the same: look at its own page"
        default: "--everything takes them, too"
        }
    }

    /// What is left to do about an account, a line each; nothing where nothing is.
    ///
    /// - Parameter isWanted: cancel-all was asked for.
    private static func words(_ account: AccountKillStatus.Account, isWanted: Bool) -> String {
        var lines: [String] = []
        let why = account.lastError.map { " (\($0))" } ?? ""
        if account.liveOrUnknown > 0 {
            lines.append("\(account.liveOrUnknown) orders still live or are in doubt\(why): omsd goes on; ask again, and look at the venue")
        }
        if account.cancelTaken > 0 {
            lines.append("\(account.cancelTaken) cancels were taken by the venue, and their orders' ends are not confirmed yet")
        }
        if account.foreign > 0 {
            lines.append("\(account.foreign) orders rest there that are not ours or not on record: omsctl breaks; \(remedy(account))")
        }
        if !account.isListed { lines.append("the venue's open orders could not be listed since the halt\(why): others may rest there") }
        if account.cancelAll == "unanswered" { lines.append("the venue has not answered the cancel-all\(why): omsd goes on asking") }
        if account.cancelAll == "none", account.foreign == 0, isWanted {
            lines.append("this venue has no cancel-all: only what omsd knows was canceled, order by order")
        }
        if lines.isEmpty { lines = ["nothing lives any more"] }
        return lines.map { "\(account.account): \($0)\n" }.joined()
    }
}

extension AccountKillStatus.Account {
    /// Nothing of it can rest at the venue, as far as anybody knows.
    fileprivate var isEmpty: Bool { liveOrUnknown == 0 && foreign == 0 && isListed }
    /// Waiting longer changes nothing.
    fileprivate var isOver: Bool {
        guard liveOrUnknown == 0, cancelTaken == 0, isListed, cancelAll != "unanswered" else { return false }
        return foreign == 0 || !cancelsForeign
    }

    fileprivate var json: JSON {
        .object([
            ("account", .string(account)), ("confirmed_closed", .number(String(confirmedClosed))), ("cancel_taken", .number(String(cancelTaken))),
            ("live_or_unknown", .number(String(liveOrUnknown))), ("foreign", .number(String(foreign))), ("cancel_all", .string(cancelAll)),
        ])
    }
}
