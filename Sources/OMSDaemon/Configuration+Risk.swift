import OMSCore

extension RiskConfiguration {
    init(_ risk: ConfigurationSection) {
        self.init(
            maxOrderNotional: risk.positiveDecimal("max_order_notional"), maxOpenOrders: risk.count("max_open_orders", in: 1...10_000_000),
            symbols: risk.texts("symbols").map { $0.map { Symbol($0.text) } })
        maxOpenNotional = risk.positiveDecimal("max_open_notional")
        maxOrdersPerSecond = risk.count("max_orders_per_s", in: 1...1_000_000)
        if let quantities = risk.section("max_order_quantity", keys: nil) {
            for name in Self.symbols(of: quantities) { maxOrderQuantity[Symbol(name)] = quantities.positiveDecimal(name) }
        }
        if let positions = risk.section("max_position", keys: nil) {
            for name in Self.symbols(of: positions) { maxPosition[Symbol(name)] = Self.position(name, of: positions) }
        }
        if let bands = risk.section("price_band", keys: nil) {
            for name in Self.symbols(of: bands) { priceBand[Symbol(name)] = Self.band(name, of: bands) }
        }
    }

    /// A rule that is null would look like one and be none.
    private static func symbols(of section: ConfigurationSection) -> [String] {
        section.members.map(\.key).filter { name in
            guard !name.isEmpty, section.member(name) != nil else {
                section.report(name.isEmpty ? "a symbol should be named" : "must not be null", name)
                return false
            }
            return true
        }
    }

    private static func position(_ symbol: String, of section: ConfigurationSection) -> PositionLimit? {
        guard let limit = section.section(symbol, keys: ["max", "opening", "since"]), limit.required("max") != nil,
            let max = limit.positiveDecimal("max")
        else { return nil }
        let since = limit.integer("since", in: 0...Int64.max / 2)
        guard let opening = limit.decimal("opening") else { return PositionLimit(max: max, since: since) }
        // Without a time nobody knows which executions are in it already.
        if !opening.isZero, since == nil { limit.report("the time of the opening amount should be named, in microseconds since 1970 UTC", "since") }
        return PositionLimit(max: max, opening: opening, since: since)
    }

    private static func band(_ symbol: String, of section: ConfigurationSection) -> RiskSetting.PriceBand? {
        guard let band = section.section(symbol, keys: ["low", "high"]), band.required("low") != nil, band.required("high") != nil,
            let low = band.positiveDecimal("low"), let high = band.positiveDecimal("high")
        else { return nil }
        guard low <= high else {
            band.report("must not be above high", "low")
            return nil
        }
        return RiskSetting.PriceBand(low: low, high: high)
    }
}
