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
            name: "top", operands: "", operandCount: 0...0, summary: "accounts and budgets, refreshed each second",
            flags: [.option("--count", "N", "end after so many; default: until interrupted, once without a terminal")], run: top),
    ]

    @Sendable private static func tail(_ context: Context) throws(Failure) -> Exit {
        let arguments = context.arguments
        let after = try arguments.integer("--after", in: 0...Int64.max).map { JSON.number(String($0)) }
        let most = try arguments.integer("--count", in: 1...Int64.max) ?? .max
        let connection = try context.connection()
        _ = try connection.call("event.subscribe", [("after_seq", after), ("account", arguments.json("--account"))])
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
        let most = try context.arguments.integer("--count", in: 1...Int64.max) ?? (context.terminal.isInteractive ? .max : 1)
        var shown: Int64 = 0
        while shown < most {
            if shown > 0 { context.terminal.pause(ms: 1_000) }
            let accounts = try context.call("account.list")
            let limits = try context.call("limit.list")
            context.show(.object([("accounts", accounts["accounts"] ?? .null), ("budgets", limits["budgets"] ?? .null)])) {
                // Home and clear, only where somebody looks.
                let clear = context.terminal.isInteractive ? "\u{1B}[H\u{1B}[2J" : ""
                let now = context.terminal.now()
                let status = StatusText(now: now, width: context.terminal.width)
                return clear + "\(utc(now))\n\n" + status.accounts(accounts["accounts"]?.array ?? [], breaks: []) + "\n"
                    + status.budgets(limits["budgets"]?.array ?? [])
            }
            shown += 1
        }
        return .done
    }
}
