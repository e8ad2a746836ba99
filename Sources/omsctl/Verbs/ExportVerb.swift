import ControlAPI
import Wire

/// `export`: all orders, oldest first, a page at a time, from the daemon; or a view of the journal, from its file (`ExportVerb+Journal.swift`).
enum ExportVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "export", operands: "[orders|fills|requests|timeline]", operandCount: 0...1,
            summary: "all orders, asked of the daemon; or all columns of one view, from the journal, as CSV (--csv) or a JSON array (--json)",
            flags: [
                .switch("--csv", "RFC 4180, times as UTC"),
                .option("--from", "TIME", "of a view: from then on: 2026-11-20T17:03:04Z or +02:00, 2026-11-20 (UTC), or -90m, -24h, -7d"),
                .option("--to", "TIME", "of a view: up to, and without, then"),
                .option("--journal", "FILE", "of a view: the journal, live, stopped or a backup; \(ReportVerb.journalDefault)"),
                .option("--archive", "FOLDER", "of a view: where the journal's archive lies; default where its daemon has it"),
                .option("--account", "NAME", "only this account"),
                .option("--symbol", "NAME", "only this symbol"), .option("--state", "STATE,…", "only these states"),
                .option("--intent", "ID", "only this intent's"), ListVerbs.tag,
            ], run: run)
    ]

    /// Of the columns of `v_orders` those that a spreadsheet of trades wants: terms, outcome and times.
    static let columns = [
        "client_order_id", "intent_id", "item", "account", "venue", "symbol", "side", "type", "time_in_force", "price", "quantity", "quote_quantity",
        "filled_quantity", "average_price", "state", "evidence", "venue_state", "venue_order_id", "attempts", "reject_code", "reject_text",
        "intended_at", "submitted_at", "acknowledged_at", "closed_at", "tag",
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let isCSV = context.arguments.has("--csv")
        guard isCSV != context.isJSON else { throw .usage("name either --csv or --json") }
        if let word = context.arguments.operands.first { return try run(view: word, context) }
        for name in ["--from", "--to", "--journal", "--archive"] where context.arguments.text(name) != nil {
            throw .usage("\(name) is of a view in the journal: omsctl export orders|fills|requests|timeline")
        }
        var (isBegun, isFirst) = (false, true)
        let filter = try ListVerbs.Filter(context.arguments)
        try context.pages(OrderList.self, "orders", OrderList.Parameters(filter: filter)) { page in
            // Nothing is printed in front of the first answer: it may be a refusal.
            var out = isBegun ? "" : isCSV ? columns.joined(separator: ",") + "\r\n" : "["
            isBegun = true
            for order in page {
                if isCSV {
                    out += columns.map { csv(order[$0], named: $0) }.joined(separator: ",") + "\r\n"
                } else {
                    out += (isFirst ? "\n" : ",\n") + String(decoding: order.serialized(), as: UTF8.self)
                }
                isFirst = false
            }
            context.terminal.out(out)
        }
        if !isCSV { context.terminal.out("\n]\n") }
        return .done
    }

    static func csv(_ value: JSON?, named name: String) -> String {
        guard let value, !value.isNull else { return "" }
        return quoted(Table.cell(value, named: name))
    }

    static func quoted(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
