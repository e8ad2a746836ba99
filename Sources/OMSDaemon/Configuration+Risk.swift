import OMSCore

extension RiskConfiguration {
    init(_ risk: ConfigurationSection) {
        self.init(
            maxOrderNotional: risk.positiveDecimal("max_order_notional"), maxOpenOrders: risk.count("max_open_orders", in: 1...10_000_000),
            symbols: risk.texts("symbols").map { $0.map { Symbol($0.text) } })
        maxOrdersPerSecond = risk.count("max_orders_per_s", in: 1...1_000_000)
        if let quantities = risk.section("max_order_quantity", keys: nil) {
            for name in Self.symbols(of: quantities) { maxOrderQuantity[Symbol(name)] = quantities.positiveDecimal(name) }
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
