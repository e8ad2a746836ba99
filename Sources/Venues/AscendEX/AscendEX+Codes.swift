/// What a code of AscendEX means for the request or item that met it.
enum AscendEXCode: Equatable {
    /// Refused before the matching engine.
    case final
    /// Refused in words that might stand for a repeated id, or by a code that is in no table: final once the order is proven absent.
    case unlessFound
    /// In no table, and its words speak of a failure or a rate: what is surely not executed stands in the table, and words alone are no licence to send again.
    /// Final, too, once the order is proven absent.
    case unclear
    /// An order of this id is there.
    case duplicate
    /// May have been executed.
    case inDoubt
    /// The order is not open, or not known: for cancels. Final for placing.
    case notOpen
    /// The timestamp was refused: not executed.
    case clock
    case rateLimited
    /// Key, account or person: not executed, and nothing more should be sent.
    case halted
    /// `300013`: the batch was refused; which item is to blame stands at the items.
    case batch
    /// "Data not available": nothing found, for look-ups. Final for placing.
    case noData

    /// Sources: the documentation's error code list (2025-10-29); SDKs for 300014 and 300019, a report for 100014 (docs/venues/ascendex.md).
    static func classify(_ code: String, text: String) -> AscendEXCode {
        if let known = known(code) { return known }
        return switch RefusalWords(text) {
        case .duplicate: .duplicate
        case .rate, .doubt: .unclear
        case .other: .unlessFound
        }
    }

    /// nil: not in the table.
    static func known(_ code: String) -> AscendEXCode? {
        switch code {
        // INVALID_HTTP_INPUT, INVALID_REQUEST_DATA, INVALID_WS_REQUEST_DATA, INVALID_ARGUMENT, ENCRYPTION_ERROR, SYMBOL_ERROR,
        // INVALID_OPERATION, bad string, bad number, method not allowed, INVALID_JSON_FORMAT.
        case "100001", "100004", "100005", "100006", "100007", "100008", "100010", "100012", "100013", "100102", "150001": .final
        case "100002": .noData
        // KEY_CONFLICT: might mean a repeated id.
        case "100003": .unlessFound
        case "100011": .clock
        // Seen beside the end of a ban.
        case "100014": .rateLimited
        // AUTHORIZATION_NEEDED, AUTHENTICATION_FAILED, TOO_MANY_ATTEMPTS, accounts, RESTRICTED_ACCOUNT, PERMISSION_DENIED, HUMAN_CHALLENGE.
        case "100009", "200001", "200002", "200003", "200004", "200005", "200006", "200013", "200014", "200015", "900001": .halted
        // UNKNOWN_ERROR, SERVER_ERROR; a failure that calls itself a success.
        case "100101", "510001", "0": .inDoubt
        // Price, quantity, side, notional, type, time in force, parameter, trading violation, balance, product, tick, restricted, disabled,
        // no market price.
        case "300001", "300002", "300003", "300004", "300005", "300007", "300008", "300009", "300011", "300012", "300014", "300020", "300021",
            "300031":
            .final
        case "300013": .batch
        // INVALID_ORDER_ID, and "already filled or canceled" for cancels; duplicated or pointless cancel.
        case "300006", "300019": .notOpen
        // Margin: balance, account, risk, asset, reference price.
        case "310001", "310002", "310003", "310004", "310005": .final
        default: nil
        }
    }

    /// Words of the engine that speak of a request, not of the order whose id they carry: its state is not touched.
    static let namesNoState: Set<String> = ["DupNewCoid", "NoOpenForCancel", "TooLateToCancel", "DupCancelCoid", "OrderCancelReject"]
}
