extension AscendEX {
    package static let line = VenueLine(
        "ascendex", page: "ascendex", sources: AscendEX.sources,
        samples: [
            Sample("cash", account: "cash-ascendex", markets: markets), Sample("margin", account: "margin-ascendex", markets: markets),
        ], meaning: { AscendEXCode.known($0)?.meaning }, stream: { product, _ in AscendEXStream(product: product) }
    ) { product, _ in AscendEX(product: product) }

    private static let markets: [Sample.Market] = [.init("BTC/USDT", 39_000, "0.01"), .init("ETH/USDT", 1_900, "0.1")]
}
