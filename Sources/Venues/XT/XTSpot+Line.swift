extension XTSpot {
    package static let line = VenueLine(
        "xt-spot", page: "xt", sources: XTSpot.sources,
        samples: [
            Sample("spot", account: "spot-xt", markets: markets, largeIntent: 2_000), Sample("margin", account: "margin-xt", markets: markets),
        ], meaning: { XTSpotCodes.known($0)?.meaning }, stream: { product, _ in XTSpotStream(product: product) }
    ) { product, _ in XTSpot(product: product) }

    private static let markets: [Sample.Market] = [.init("btc_usdt", 39_000, "0.01"), .init("eth_usdt", 1_900, "0.1")]
}
