/// Which rows and columns a seal covers: everything of the record that is written once. A form never changes, for seals of it are out in the world; columns that a
/// later migration adds need a new form, which a test asks for.
///
/// What is known of orders and commands is not in it, though their rows hold it: it changes, and is what folding the record gives.
struct SealForm {
    struct Table {
        /// Stands before each of its rows in the bytes.
        let mark: UInt8
        let name: String
        /// Its number in the record.
        let key: String
        let columns: [String]
        /// Rows are lines of the record: births and events.
        let isLines: Bool
    }

    let number: Int
    /// In the order in which they are gone through, each by its key.
    let tables: [Table]
    /// A request as it left; and with how it ended, where that is on record under the same seal. By number, for the numbers that the events name.
    let request: Table
    let endedRequest: Table
    /// Each that an order or an event names.
    let account: Table

    static let newest = first

    /// nil: made by a newer omsd, or by nobody.
    static func numbered(_ number: Int) -> SealForm? { number == first.number ? first : nil }

    private static let first = SealForm(
        number: 1,
        tables: [
            Table(
                mark: 1, name: "orders", key: "order_key",
                columns: [
                    "order_key", "client_order_id", "intent_key", "account_key", "item", "symbol", "side", "type", "time_in_force", "post_only",
                    "asked_price", "asked_quantity", "quote_quantity", "reduce_only", "position_side", "margin_action", "stp", "take_profit",
                    "stop_loss",
                    "intended_at", "expires_at", "actor", "tag",
                ], isLines: true),
            Table(
                mark: 2, name: "events", key: "seq",
                columns: [
                    "seq", "at", "kind", "account_key", "order_key", "command_id", "from_state", "to_state", "evidence", "request_id", "actor",
                    "detail",
                ], isLines: true),
            Table(
                mark: 3, name: "intents", key: "intent_key",
                columns: [
                    "intent_key", "intent_id", "account_key", "content", "orders", "commands", "sequence", "planned_requests", "accepted_at",
                    "expires_at", "actor", "content_version", "tag",
                ], isLines: false),
            Table(
                mark: 4, name: "commands", key: "command_id",
                columns: [
                    "command_id", "kind", "order_key", "account_key", "intent_key", "price", "quantity", "on_failure", "sequence", "requested_at",
                    "expires_at",
                ], isLines: false),
            Table(
                mark: 5, name: "fills", key: "seq",
                columns: ["seq", "order_key", "account_key", "trade_id", "venue_order_id", "quantity", "price", "fee", "fee_asset", "at"],
                isLines: false),
            Table(
                mark: 6, name: "breaks", key: "break_id",
                columns: ["break_id", "account_key", "kind", "client_order_id", "venue_order_id", "detail", "at"], isLines: false),
            Table(
                mark: 10, name: "guards", key: "guard_id",
                columns: ["guard_id", "user", "accounts", "on_lost", "heartbeat_ms", "grace_ms", "opened_at"], isLines: false),
            Table(mark: 11, name: "guarded_intents", key: "intent_key", columns: ["intent_key", "guard_id"], isLines: false),
            Table(
                mark: 12, name: "rehearsals", key: "rehearsal_id",
                columns: ["rehearsal_id", "account_key", "at", "orders", "assumptions", "standing"], isLines: false),
        ],
        request: Table(mark: 7, name: "requests", key: "request_id", columns: Self.asLeft, isLines: false),
        endedRequest: Table(
            mark: 8, name: "requests", key: "request_id",
            columns: Self.asLeft + ["sent_at", "answered_at", "outcome", "http_status", "venue_code"], isLines: false),
        account: Table(mark: 9, name: "accounts", key: "account_key", columns: ["account_key", "account", "venue", "product"], isLines: false))

    private static let asLeft = [
        "request_id", "account_key", "endpoint", "kind", "items", "venue_time_ms", "signed_at", "body_sha256", "budgets",
    ]

    /// Places of columns that lead to other rows: of orders and events, and of events alone.
    static let account = 3
    static let (eventKind, eventState, eventRequest) = (2, 7, 9)
}
