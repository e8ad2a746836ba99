import ControlAPI
import Wire

/// `tail` and `top`.
enum WatchVerbs {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "tail", operands: "", operandCount: 0...0, summary: "events as they are recorded, gap-free",
            flags: [
                .option("--after", "SEQ", "begin behind this one; default: from now on"), .option("--account", "NAME", "only this account"),
                .option("--count", "N", "end after so many"),
            ], run: tail),
        VerbSpec(
            name: "top", operands: "", operandCount: 0...0, summary: "what status says, refreshed each second; q quits",
            flags: [.option("--count", "N", "end after so many; default: until interrupted, once without a terminal")], run: top),
    ]

    @Sendable private static func tail(_ context: Context) throws(Failure) -> Exit {
        let arguments = context.arguments
        let after = try arguments.integer("--after", in: 0...Int64.max)
        let most = try arguments.integer("--count", in: 1...Int64.max) ?? .max
        let connection = try context.connection()
        _ = try connection.ask(EventSubscribe.self, EventSubscribe.Parameters(afterSeq: after, account: arguments.text("--account")))
        var shown: Int64 = 0
        var last: Int64?
        while shown < most {
            let message: JSON
            do throws(Failure) { message = try connection.message() } catch {
                // Nothing is lost with the connection: the record has it all.
                let next = last.map { "; `omsctl tail --after \($0)` goes on" } ?? ""
                throw Failure(exitCode: error.exitCode, text: "the connection to the daemon ended\(next)")
            }
            guard message["method"] == .string("event"), let event = message["params"] else { continue }
            last = event["seq"]?.integer ?? last
            context.show(event) { line(event) + "\n" }
            shown += 1
        }
        return .done
    }

    /// Members that `detail` says again.
    private static let item: Set<String> = [
        "item", "symbol", "side", "type", "time_in_force", "post_only", "price", "quantity", "quote_quantity", "reduce_only", "position_side",
        "margin_action", "stp", "take_profit", "stop_loss", "expires_at", "trade_id", "fee", "fee_asset", "filled_at",
    ]

    static func line(_ event: JSON) -> String {
        func cell(_ name: String) -> String { Table.cell(event[name], named: name) }
        var out = "\(cell("seq"))  \(cell("at"))  \(cell("kind"))"
        for (name, value) in event.object ?? [] where !["subscription", "seq", "at", "kind"].contains(name) && !value.isNull {
            if Self.item.contains(name), event["detail"]?[name] != nil { continue }
            out += "  \(name)=\(Table.cell(value, named: name))"
        }
        return out.escapedForTerminal
    }

    @Sendable private static func top(_ context: Context) throws(Failure) -> Exit {
        let terminal = context.terminal
        let most = try context.arguments.integer("--count", in: 1...Int64.max) ?? (terminal.isInteractive ? .max : 1)
        let takesKeys = terminal.isInteractive && !context.isJSON && terminal.beginKeys()
        defer { if takesKeys { terminal.endKeys() } }
        var shown: Int64 = 0
        var before: (at: Int64, requests: [String: Int64])?
        while shown < most {
            if shown > 0, terminal.pause(ms: 1_000, untilKeys: takesKeys ? "qQ" : "") { return .done }
            let daemon = try context.ask(DaemonStatus.self)
            let accounts = try context.ask(AccountList.self)
            let budgets = try context.ask(LimitList.self)
            let now = terminal.now()
            var requests: [String: Int64] = [:]
            for account in accounts.accounts { requests[account.account] = account.requests }
            let rates = before.map { Self.rates(from: $0.requests, to: requests, inUs: now - $0.at) } ?? [:]
            before = (now, requests)
            let raw = JSON.object([("accounts", accounts.json["accounts"] ?? .array([])), ("budgets", budgets.json["budgets"] ?? .array([]))])
            context.show(raw) {
                let text = StatusText(now: now, width: terminal.width, hasColor: terminal.hasColor)
                let facts = StatusText.Facts(
                    daemon: daemon.value, accounts: accounts.accounts, budgets: budgets.budgets, openBreaks: nil, rates: rates)
                return frame(text.page(facts), at: now, terminal, takesKeys: takesKeys)
            }
            shown += 1
        }
        return .done
    }

    /// Requests a second since the frame before; a daemon that was started meanwhile counts from nothing.
    static func rates(from before: [String: Int64], to now: [String: Int64], inUs span: Int64) -> [String: Double] {
        guard span > 0 else { return [:] }
        return now.reduce(into: [:]) { rates, entry in
            guard let former = before[entry.key], entry.value >= former else { return }
            rates[entry.key] = (Double(entry.value) - Double(former)) * 1e6 / Double(span)
        }
    }

    /// A page as a screen shows it: in place of the one before, cut at the last line but one; anywhere else as it is.
    private static func frame(_ page: String, at now: Int64, _ terminal: any Terminal, takesKeys: Bool) -> String {
        let heading = utc(now).prefix(19) + "Z" + (takesKeys ? "  q quits" : "")
        var lines = [String(heading.prefix(columns: terminal.width))] + page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        guard terminal.canMove else { return lines.joined(separator: "\n") + "\n" }
        let room = max(2, terminal.height - 1)
        if lines.count > room {
            let rest = lines.count - room + 1
            lines = lines.prefix(room - 1) + [String("… \(rest) more lines".prefix(columns: terminal.width))]
        }
        // Home; each line to its end, and what is below: nothing flickers.
        return "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }
}
