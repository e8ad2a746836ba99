extension BitgetMargin {
    package static let line = VenueLine(
        "bitget-margin", page: "bitget", sources: BitgetMargin.sources,
        samples: [
            Sample("isolated", account: "margin-bitget", markets: Bitget.markets),
            Sample("crossed", account: "crossed-bitget", markets: Bitget.markets),
        ], meaning: { Bitget.meaning(of: $0, on: .margin) }, stream: { product, _ in BitgetMarginStream(product: product) }
    ) { product, _ in BitgetMargin(product: product) }
}

extension BitgetUTA {
    package static let line = VenueLine(
        "bitget-uta", page: "bitget", sources: BitgetUTA.sources,
        samples: [
            Sample("spot", account: "uta-bitget", markets: Bitget.markets), Sample("margin", account: "uta-margin-bitget", markets: Bitget.markets),
            Sample("usdt-futures", account: "uta-usdt-futures-bitget", markets: Bitget.markets, isFutures: true),
            Sample("coin-futures", account: "uta-coin-futures-bitget", markets: [.init("BTCUSD", 60_000, "10")], isFutures: true),
            Sample("usdc-futures", account: "uta-usdc-futures-bitget", markets: [.init("BTCPERP", 60_000, "0.01")], isFutures: true),
        ], meaning: { Bitget.meaning(of: $0, on: .uta) }, stream: { product, _ in BitgetUTAStream(product: product) }
    ) { product, _ in BitgetUTA(product: product) }
}

extension Bitget {
    fileprivate static let markets: [Sample.Market] = [.init("BTCUSDT", 60_000, "0.01"), .init("ETHUSDT", 3_800, "0.1")]
}
