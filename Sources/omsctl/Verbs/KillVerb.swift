import CLinux
import Wire

/// `kill`: halts, withdraws, cancels by id, and does not let go before each order's fate is known.
enum KillVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "kill", operands: "[ACCOUNT]", operandCount: 0...1,
            summary: "durable halt; withdraws what is unsent, cancels what is live, of one account or all",
            flags: [
                .switch("--everything", "also the venue's own cancel-all, which takes orders of others too"),
                .option("--reason", "TEXT", "for the record; default: omsctl kill"),
                .option("--timeout", "TIME", "how long to repeat until nothing lives; default 60s"),
            ], run: run)
    ]

    private static let live = ["intended", "submitted", "in_doubt", "acknowledged", "working", "partially_filled"]
    /// Asked for again this often, in microseconds: a cancel may be lost like anything else.
    private static let repeatAfter: Int64 = 5_000_000

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let account = context.arguments.operands.first ?? "*"
        let filter: [(String, JSON?)] = [
            ("account", account == "*" ? nil : .string(account)), ("states", .array(live.map { .string($0) })),
        ]
        let end = omsd_clock_us(CLOCK_BOOTTIME) + (try context.timeoutMs()) * 1_000
        // Halted first: what is listed afterwards cannot grow.
        let asked = try halt(context, account)
        var concerned: [String] = []
        try context.pages("order.list", "orders", filter) { page in concerned += page.compactMap { $0["client_order_id"]?.string } }
        if !context.isJSON {
            context.terminal.err("halted, on record; \(asked) cancels and withdrawals asked for, \(concerned.count) orders still lived after it\n")
        }
        var askedAt = omsd_clock_us(CLOCK_BOOTTIME)
        var left = concerned.count
        while left > 0 {
            let now = omsd_clock_us(CLOCK_BOOTTIME)
            guard now < end else { break }
            if now - askedAt > repeatAfter {
                _ = try halt(context, account)
                askedAt = now
            }
            context.terminal.pause(ms: 200)
            left = 0
            try context.pages("order.list", "orders", filter) { page in left += page.count }
        }
        return try report(context, concerned, left: left)
    }

    /// - Returns: How many orders it was to withdraw or cancel.
    private static func halt(_ context: Context, _ account: String) throws(Failure) -> Int64 {
        var members: [(String, JSON?)] = [
            ("account", .string(account)), ("state", .string("halted")), ("reason", .string(context.arguments.text("--reason") ?? "omsctl kill")),
            ("cancel_open", .bool(true)),
        ]
        if context.arguments.has("--everything") { members.append(("everything", .bool(true))) }
        return try context.call("account.set_state", members)["cancels"]?.integer ?? 0
    }

    /// What each venue confirmed of the orders that lived when the halt was on record.
    private static func report(_ context: Context, _ ids: [String], left: Int) throws(Failure) -> Exit {
        var counts: [[String]: Int] = [:]
        for id in ids {
            let order = try context.call("order.get", [("client_order_id", .string(id))])
            counts[["account", "venue", "state", "evidence"].map { Table.cell(order[$0], named: $0) }, default: 0] += 1
        }
        let rows = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let result = JSON.object([
            ("halted", .bool(true)), ("left", .number(String(left))),
            (
                "orders",
                .array(
                    rows.map { key, count in
                        .object([
                            ("account", .string(key[0])), ("venue", .string(key[1])), ("state", .string(key[2])), ("evidence", .string(key[3])),
                            ("count", .number(String(count))),
                        ])
                    })
            ),
        ])
        context.show(result) {
            var table = Table(["account", "venue", "state", "evidence", ">orders"])
            for (key, count) in rows { table.add(key + [String(count)]) }
            let end = left == 0 ? "nothing lives any more\n" : "\(left) orders still live or are in doubt: run it again, and look at the venue\n"
            return (table.count > 0 ? table.text : "") + end
        }
        return left == 0 ? .done : .inDoubt
    }
}
