extension XTFutures {
    package static let line = VenueLine(
        "xt-futures", page: "xt-futures", sources: XTFutures.sources,
        samples: [
            Sample(
                "usdt", account: "usdt-xt", markets: [.init("btc_usdt", 39_000, "10"), .init("eth_usdt", 1_900, "4")], isFutures: true,
                positionSide: .long, largeIntent: 60),
            Sample("coin", account: "coin-xt", markets: [.init("btc_usd", 39_000, "6")], isFutures: true, positionSide: .long, largeIntent: 60),
        ], meaning: { XTFuturesCodes.meaning(of: $0) }, stream: { product, _ in XTFuturesStream(product: product) }
    ) { product, _ in XTFutures(product: product) }
}
