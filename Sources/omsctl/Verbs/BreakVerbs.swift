import ControlAPI
import Wire

/// `breaks` and `break`: where the record and a venue disagreed, and that a person took note.
enum BreakVerbs {
    static let columns: [(heading: String, member: String)] = [
        (">break", "break_id"), ("at", "at"), ("account", "account"), ("kind", "kind"), ("client_order_id", "client_order_id"),
        ("venue_order_id", "venue_order_id"), ("resolved_at", "resolved_at"), ("acknowledged_at", "acknowledged_at"), ("detail", "detail"),
    ]

    static let all: [VerbSpec] = [
        ListVerbs.list(
            "breaks", "where the record and a venue disagreed", BreakList.self, BreakList.Parameters.init(filter:),
            [
                .switch("--open", "only those that neither ended nor were acknowledged"), .option("--kind", "KIND,…", "only these kinds"),
                ListVerbs.account, ListVerbs.symbol, .option("--state", "STATE,…", "only of orders in these states"),
                .option("--intent", "ID", "only of this intent's orders"), .option("--order", "ID", "only of this order"), ListVerbs.limit,
            ], columns),
        VerbSpec(
            name: "break", operands: "acknowledge ID", operandCount: 2...2, summary: "takes note of a break: it is listed as open no more",
            flags: [.option("--reason", "TEXT", "why it may stand, for the record; required")], run: acknowledge),
    ]

    @Sendable private static func acknowledge(_ context: Context) throws(Failure) -> Exit {
        let (word, text) = (context.arguments.operands[0], context.arguments.operands[1])
        guard word == "acknowledge" else { throw .usage("usage: omsctl break acknowledge ID --reason TEXT") }
        guard let id = Int64(text), id >= 0 else {
            throw .usage("\(text.escapedForTerminal) is no number of a break; `omsctl breaks --open` lists them")
        }
        let reason = try context.arguments.required("--reason")
        let row = try context.ask(BreakAcknowledge.self, BreakAcknowledge.Parameters(id, reason: reason))
        context.show(row) {
            let end = row.resolvedAt == nil ? "acknowledged; it ends when its reason does" : "acknowledged, and over"
            return "break \(row.breakID), \(row.kind.orDash) of \(row.account.orDash): \(end)".escapedForTerminal + "\n"
        }
        return .done
    }
}
