extension Bybit {
    package static let line = VenueLine(
        "bybit", page: "bybit", sources: Bybit.sources,
        samples: [
            Sample("spot", account: "spot-bybit", markets: [.init("BTCUSDT", 60_000, "0.01"), .init("ETHUSDT", 3_800, "0.1")]),
            Sample("linear", account: "linear-bybit", markets: [.init("BTCUSDT", 60_000, "0.01"), .init("ETHUSDT", 3_800, "0.1")], isFutures: true),
            Sample("inverse", account: "inverse-bybit", markets: [.init("BTCUSD", 60_000, "10"), .init("ETHUSD", 3_800, "10")], isFutures: true),
        ], meaning: { Bybit.meaning(of: $0) }, stream: { product, _ in BybitStream(product: product) }
    ) { product, _ in Bybit(product: product) }
}
