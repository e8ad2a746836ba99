import OMSCore

/// What of XT's futures no page settles, or what an account is set to. Defaults are the page's words; where there are none, what is hardest on a caller.
struct XTFuturesSettings {
    /// What becomes of a batch with an order that breaks a rule. Its code lists hold rules of form alone .
    enum Batch: String {
        /// Refused by the first bad order's code, and the blameless ones rest all the same.
        case partial
        /// Refused, and nothing happened.
        case allOrNothing = "all_or_nothing"
        /// By its form it is taken or refused whole; what the engine refuses behind that shows as REJECTED.
        case rejectedRows = "rejected_rows"
        /// The same, and what the engine refuses never shows.
        case noRows = "no_rows"
    }
    enum BatchResult: String { case empty, `true`, null }
    /// What `cancel-batch` makes of `clientOrderIds`, which only a sister platform's pages have.
    enum CancelClientIDs: String { case ignored, honoured, refused }
    /// How the gateway says no: an HTTP status with words, alone or with a page of the content network, or HTTP 200 with the status as the code.
    enum Gate: String { case words, none, html, code }
    /// What the account may do; `notOpened`: its contract wallet was never opened.
    enum Standing: String {
        case open
        case noTrading = "no_trading"
        case noOpening = "no_opening"
        case notOpened = "not_opened"
    }

    private(set) var batch = Batch.partial
    private(set) var batchResult = BatchResult.empty
    private(set) var duplicates = XTSpotDialect.Duplicates.accept
    /// Whether a client id counts as taken only while its order is open.
    private(set) var duplicatesAmongOpenOnly = false
    /// An update ends the order and makes another one.
    private(set) var updatesRename = false
    /// An update answers with an id, and not with an empty object.
    private(set) var updatesTellID = false
    /// The order that an update makes has no client id.
    private(set) var updatesLoseClientID = false
    /// `origQty` of an update is what is left to trade, and not the new total.
    private(set) var updatesCountRest = false
    private(set) var updatesTakePartlyFilled = true
    private(set) var listsOnlyNewByDefault = true
    /// `clientOrderId` of the list finds ids that it is a part of.
    private(set) var findsPartsOfIDs = false
    /// HISTORY knows of orders that were filled or canceled whole, and of no others.
    private(set) var historyIsShort = false
    private(set) var cursorIsInclusive = false
    private(set) var historyIsOldestFirst = false
    private(set) var cancelClientIDs = CancelClientIDs.ignored
    private(set) var cancelMax = 20
    /// Orders that their time in force ended are CANCELED, and not EXPIRED.
    private(set) var callsExpiredCanceled = false
    private(set) var heedsWindow = true
    private(set) var countsBase = false
    private(set) var standing = Standing.open
    private(set) var errorIsNull = true
    private(set) var symbolListIsBare = true
    private(set) var gate = Gate.words
    /// Live orders of a market; nil: no cap.
    private(set) var openOrdersMax: Int?
    private(set) var visibilityLagMs: Int64 = 0
    private(set) var retryAfter: Int?
    /// In the coin of settlement. Nothing is held back: only a single order too large is refused.
    private(set) var balance = Decimal(1_000_000_000)

    mutating func set(_ name: String, to value: String) -> Bool {
        /// A switch of two words.
        func flag(_ off: String, _ on: String) -> Bool? { value == off ? false : value == on ? true : nil }
        return switch name {
        case "batch": assign(Batch(rawValue: value)) { batch = $0 }
        case "batch_result": assign(BatchResult(rawValue: value)) { batchResult = $0 }
        case "duplicate_client_id": assign(XTSpotDialect.Duplicates(rawValue: value)) { duplicates = $0 }
        case "duplicate_scope": assign(flag("forever", "open")) { duplicatesAmongOpenOnly = $0 }
        case "update_id": assign(flag("same", "new")) { updatesRename = $0 }
        case "update_result": assign(flag("object", "id")) { updatesTellID = $0 }
        case "update_client_id": assign(flag("kept", "lost")) { updatesLoseClientID = $0 }
        case "update_quantity": assign(flag("total", "rest")) { updatesCountRest = $0 }
        case "update_partly_filled": assign(flag("refused", "taken")) { updatesTakePartlyFilled = $0 }
        case "list_default_state": assign(flag("all", "new")) { listsOnlyNewByDefault = $0 }
        case "client_id_filter": assign(flag("exact", "parts")) { findsPartsOfIDs = $0 }
        case "history_states": assign(flag("all", "few")) { historyIsShort = $0 }
        case "cursor": assign(flag("exclusive", "inclusive")) { cursorIsInclusive = $0 }
        case "history_order": assign(flag("newest", "oldest")) { historyIsOldestFirst = $0 }
        case "cancel_client_ids": assign(CancelClientIDs(rawValue: value)) { cancelClientIDs = $0 }
        case "cancel_max": assign(Int(value).flatMap { (1...1_000).contains($0) ? $0 : nil }) { cancelMax = $0 }
        case "unfilled_end": assign(flag("expired", "canceled")) { callsExpiredCanceled = $0 }
        case "recvwindow": assign(flag("ignored", "honoured")) { heedsWindow = $0 }
        case "quantity_unit": assign(flag("contracts", "base")) { countsBase = $0 }
        case "account": assign(Standing(rawValue: value)) { standing = $0 }
        case "error": assign(flag("object", "null")) { errorIsNull = $0 }
        case "symbol_list": assign(flag("object", "array")) { symbolListIsBare = $0 }
        case "gate": assign(Gate(rawValue: value)) { gate = $0 }
        case "open_orders_max" where value == "none": assign(Optional<Int?>.some(nil)) { openOrdersMax = $0 }
        case "open_orders_max": assign(Int(value)) { openOrdersMax = $0 }
        case "visibility_lag_ms": assign(Int64(value).flatMap { (0...600_000).contains($0) ? $0 : nil }) { visibilityLagMs = $0 }
        case "retry_after" where value == "none": assign(Optional<Int?>.some(nil)) { retryAfter = $0 }
        case "retry_after": assign(Int(value)) { retryAfter = $0 }
        case "balance": assign(Decimal(value)) { balance = $0 }
        default: false
        }
    }
}
