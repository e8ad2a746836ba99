import ControlAPI
import Wire

/// `export`: all orders, oldest first, a page at a time.
enum ExportVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "export", operands: "", operandCount: 0...0, summary: "all orders as CSV (--csv) or a JSON array (--json)",
            flags: [
                .switch("--csv", "RFC 4180, times as UTC"), .option("--account", "NAME", "only this account"),
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
        var isFirst = true
        let filter = try ListVerbs.Filter(context.arguments)
        context.terminal.out(isCSV ? columns.joined(separator: ",") + "\r\n" : "[")
        try context.pages(OrderList.self, "orders", OrderList.Parameters(filter: filter)) { page in
            var out = ""
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
        let text = Table.cell(value, named: name)
        guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
