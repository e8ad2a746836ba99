/// What a code of XT or AZ means for the request that met it.
enum XTCodeClass: Equatable {
    /// Refused, not executed.
    case final
    /// In no table, and its words do not tell either: a refusal all the same, final once the order is proven absent.
    case unknown
    /// In no table, and its words speak of a failure or a rate: what is surely not executed stands in the table, and words alone are no licence to send again.
    /// Final, too, once the order is proven absent.
    case unclear
    /// May have been executed, or says nothing certain.
    case inDoubt
    /// An order with this id is there.
    case duplicate
    /// Refused in words that could stand for a repeated client id: final for the order unless it is found.
    case unspecific
    /// The venue does not know the order (as open).
    case notFound
    /// The timestamp was refused: not executed.
    case clock
    /// Not executed, too many requests.
    case rateLimited
    /// Key, account or address may not trade: not executed.
    case halted
    /// Stopped by risk control at some point of the way: call a person; the order's fate is unknown.
    case haltedInDoubt

    /// A code that is in no table, by what it says.
    static func unlisted(_ code: String, _ text: String) -> XTCodeClass {
        switch RefusalWords(code + " " + text) {
        case .duplicate: .duplicate
        case .rate, .doubt: .unclear
        case .other: .unknown
        }
    }
}

/// Spot result codes (`mc`). Source: XT API documentation, "error codes" (state 2025-02); docs/venues/xt.md.
enum XTSpotCodes {
    static func classify(_ code: String, text: String = "") -> XTCodeClass { known(code) ?? .unlisted(code, text) }

    /// nil: not in the table.
    static func known(_ code: String) -> XTCodeClass? {
        if let known = table[code] { return known }
        // Filters: ORDER_F0101…F0301 price, quantity, notional; F0401…F0601, F0704 price protection; F0701, F0801 open-order caps.
        if code.hasPrefix("ORDER_F0"), code.utf8.count == 11, code.utf8.dropFirst(7).allSatisfy({ (48...57).contains($0) }) { return .final }
        return nil
    }

    /// The `reason` of a rejected item. Words are final unless they mean that the order may be there after all; a code must be in the table to be.
    static func classify(reason: String) -> XTCodeClass {
        let meaning = classify(reason)
        return meaning == .unknown && !reason.isEmpty && !isCode(reason) ? .final : meaning
    }

    /// Whether a rejection's reason is a code like `ORDER_F0201` rather than words.
    static func isCode(_ reason: String) -> Bool {
        !reason.isEmpty && reason.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
    }

    private static let table: [String: XTCodeClass] = [
        // Headers missing or malformed: our own configuration.
        "AUTH_001": .halted, "AUTH_002": .halted, "AUTH_003": .halted, "AUTH_004": .halted, "AUTH_005": .halted, "AUTH_006": .halted,
        "AUTH_007": .halted,
        // Key unknown, inactive, bad signature, address not bound, no permission.
        "AUTH_101": .halted, "AUTH_102": .halted, "AUTH_103": .halted, "AUTH_104": .halted, "AUTH_106": .halted,
        // Outside the time window.
        "AUTH_105": .clock,
        // Symbol unknown, offline, suspended, by country, no API trading, no amend, restricted.
        "SYMBOL_001": .final, "SYMBOL_002": .final, "SYMBOL_003": .final, "SYMBOL_004": .final, "SYMBOL_005": .final, "SYMBOL_007": .final,
        "SYMBOL_010": .final, "SYMBOL_011": .final,
        // "Rejected by platform": the likeliest answer to a repeated client id, too.
        "ORDER_001": .unspecific,
        // Funds, pair suspended, trading forbidden, open-order cap, sub-account, precision.
        "ORDER_002": .final, "ORDER_003": .final, "ORDER_004": .final, "ORDER_006": .final, "ORDER_007": .final, "ORDER_008": .final,
        // Order does not exist; also seen as plain text.
        "ORDER_005": .notFound, "not exist": .notFound,
        // Busy, failed, try later.
        "COMMON_002": .inDoubt, "COMMON_003": .inDoubt, "FAILURE": .inDoubt,
        // Risk control.
        "GATEWAY_0001": .haltedInDoubt, "GATEWAY_0002": .haltedInDoubt, "GATEWAY_0003": .haltedInDoubt, "GATEWAY_0004": .haltedInDoubt,
    ]
}

/// Futures error codes (`error.code`) and the item states of AZ's batch.
///
/// Source: XT and AZ futures documentation, "error codes" and "batch" (AZ state 2025-11-17 to 2026-01); docs/venues/xt.md.
enum AZCodes {
    static func classify(_ code: String, text: String) -> XTCodeClass { known(code, text: text) ?? .unlisted(code, text) }

    /// nil: not in the table. XT repeats statuses as codes in the body.
    static func known(_ code: String, text: String) -> XTCodeClass? {
        switch code {
        case "401": return .halted
        case "403": return classifyForbidden(text)
        case "429": return .rateLimited
        // An inner hop that failed says "400" too.
        case "400", "405", "408", "500", "502", "503", "504", "fail": return .inDoubt
        case "GATEWAY_0003", "GATEWAY_0006", "GATEWAY_0007": return .haltedInDoubt
        case "invalid_order": return .notFound
        default: break
        }
        if code.hasPrefix("gateway_decommission_") { return .haltedInDoubt }
        return code.hasPrefix("quantity_can_not_less_than") || finals.contains(code) ? .final : nil
    }

    /// HTTP 403 stands for a stale timestamp, a bad signature, a foreign address or a dead key: the words tell which.
    static func classifyForbidden(_ text: String) -> XTCodeClass {
        let text = text.lowercased()
        func speaks(of words: [String]) -> Bool { words.contains { text.contains($0) } }
        if speaks(of: ["timestamp", "expire", "recvwindow", "time window"]) { return .clock }
        if speaks(of: ["signature", "appkey", "app key", "api key", "apikey", "permission", "invalid key", "access denied", "login"]) {
            return .halted
        }
        return .inDoubt
    }

    /// A create's or cancel's state, upper case as sent.
    static func isSuccess(_ state: String) -> Bool { ["1", "OK", "ORDER_000"].contains(state) }

    /// What a create's state that is no success means. Which number stands for which name is documented nowhere.
    static func classify(createState state: String) -> XTCodeClass { createFailures.contains(state) ? .final : .unlisted(state, "") }

    /// Refusals that could stand for a repeated client id: documented for none, likeliest for these.
    static let mayMeanRepeated: Set<String> = ["PLATFORM_REJECT", "invalid_params"]

    private static let createFailures: Set<String> = [
        "PLATFORM_REJECT", "INSUFFICIENT_BALANCE", "INSUFFICIENT_POSITION", "ORDER_NUMBER_LIMIT", "LEVERAGE_MAX_QUANTITY_LIMIT",
        "OPEN_ORDER_PRICE_LIMIT", "OPEN_ORDER_MIN_NOMINAL_VALUE_LIMIT", "OPEN_ORDER_MAX_NOMINAL_VALUE_LIMIT", "POSITION_TYPE_MISMATCH",
        "INSUFFICIENT_LEVELING_QUANTITY", "POSITION_ALREADY_LIQUIDATION", "MARKET_DEVIATION_RISK_CONTROL", "OPEN_ORDER_BUY_PRICE_LIMIT",
        "OPEN_ORDER_SELL_PRICE_LIMIT", "RISK_USER_LIMIT_LEVERAGE", "EXIST_BONUS_POSITON_NOT_CREATE_REVERSE_POSITION",
        "EXIST_DEPOSIT_COUPON_NOT_CREATE_ISOLATED_ORDER", "MARKPRICE_INVALID",
    ]

    /// "Invalid order": closed, or never there.
    static let cancelGone = "ORDER_CANCELED"

    private static let finals: Set<String> = [
        "insufficient_balance", "invalid_symbol", "symbol_is_not_trading", "symbol_is_not_open_position", "openapi_not_supported",
        "symbol_not_support_openapi", "symbol_not_support_trading_via_api", "invalid_params", "invalid_quantity", "invalid_quantity_scale",
        "invalid_price", "invalid_time_in_force", "open_order_min_nominal_value_limit", "user_can_not_trade", "sub_account_not_trade",
        "user_can_not_open_position", "contract_not_open", "exceed_max_leverage", "on_board_30_minutes_limit_order_price_limit",
        "order_create_size_exceed", "the_number_of_orders_has_reached_the_maximum", "invalid_page", "invalid_size",
    ]
}
