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
        while shown < most {
            let message = try connection.message()
            guard message["method"] == .string("event"), let event = message["params"] else { continue }
            context.show(event) { line(event) + "\n" }
            shown += 1
        }
        return .done
    }

    static func line(_ event: JSON) -> String {
        func cell(_ name: String) -> String { Table.cell(event[name], named: name) }
        var out = "\(cell("seq"))  \(cell("at"))  \(cell("kind"))"
        for (name, value) in event.object ?? [] where !["subscription", "seq", "at", "kind"].contains(name) && !value.isNull {
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
                return clear + "\(utc(context.terminal.now()))\n\n"
                    + Table.of(accounts["accounts"]?.array ?? [], columns: ListVerbs.accountColumns).text + "\n"
                    + Table.of(limits["budgets"]?.array ?? [], columns: ListVerbs.limitColumns).text
            }
            shown += 1
        }
        return .done
    }
}
