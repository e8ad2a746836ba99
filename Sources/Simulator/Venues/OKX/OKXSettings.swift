import OMSCore

/// What of the venue no page settles, or what an account is set to.
struct OKXSettings {
    /// Whose permits a batch takes where it holds a single order of a market.
    enum OneOrder: String {
        /// Those of batches and those of single orders: what is right by either reading.
        case both
        /// Those of batches, unless it is the only order of the request.
        case request
        /// Those of single orders.
        case instrument
    }

    /// 1 spot, 2 futures, 3 multi-currency, 4 portfolio.
    private(set) var accountLevel = 2
    private(set) var isHedged = false
    private(set) var isDemo = false
    private(set) var mayTrade = true
    private(set) var maySpotBorrow = false
    private(set) var engineUs: Int64 = 10_000
    private(set) var itemUs: Int64 = 0
    private(set) var checksDeadlineByItem = false
    private(set) var refusesRatesByItem = true
    private(set) var oneOrder = OneOrder.both
    private(set) var openCap = 0
    private(set) var idsAreTakenByLiveOrders = false
    private(set) var amendsAreJudgedByEngine = false
    private(set) var amendsAreAtomic = false
    private(set) var bandPercent = 0
    private(set) var balance = Decimal(1_000_000_000)
    private(set) var accountLimit = 1_000
    private(set) var hidesPostOnly = true

    mutating func set(_ name: String, to value: String) -> Bool {
        switch (name, Int(value)) {
        case ("account_level", let level?) where (1...4).contains(level): accountLevel = level
        case ("position_mode", _) where value == "net" || value == "long_short": isHedged = value == "long_short"
        case ("demo", _): return assign(switchFlag(value)) { isDemo = $0 }
        case ("permissions", _) where value == "trade" || value == "read_only": mayTrade = value == "trade"
        case ("spot_borrow", _): return assign(switchFlag(value)) { maySpotBorrow = $0 }
        case ("engine_ms", let ms?) where (0...3_600_000).contains(ms): engineUs = Int64(ms) * 1_000
        case ("item_ms", let ms?) where (0...60_000).contains(ms): itemUs = Int64(ms) * 1_000
        case ("exp_time_items", _): return assign(switchFlag(value)) { checksDeadlineByItem = $0 }
        case ("rate_refusals", _) where value == "items" || value == "request": refusesRatesByItem = value == "items"
        case ("one_order", _): return assign(OneOrder(rawValue: value)) { oneOrder = $0 }
        case ("open_cap", let count?) where count >= 0: openCap = count
        case ("ids_taken", _) where value == "receipt" || value == "live": idsAreTakenByLiveOrders = value == "live"
        case ("amend_check", _) where value == "gate" || value == "engine": amendsAreJudgedByEngine = value == "engine"
        case ("atomic_amends", _): return assign(switchFlag(value)) { amendsAreAtomic = $0 }
        case ("band_percent", let percent?) where (0...100).contains(percent): bandPercent = percent
        case ("balance", _):
            guard let amount = Decimal(value), amount.isPositive else { return false }
            balance = amount
        case ("account_limit", let permits?) where (1...1_000_000).contains(permits): accountLimit = permits
        case ("post_only", _) where value == "silent" || value == "told": hidesPostOnly = value == "silent"
        default: return false
        }
        return true
    }
}
