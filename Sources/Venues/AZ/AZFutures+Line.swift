extension AZFutures {
    package static let line = VenueLine(
        "az-futures", page: "xt", sources: AZFutures.sources,
        samples: [
            Sample(
                "usdt", account: "mm-az", markets: [.init("btc_usdt", 39_000, "10"), .init("eth_usdt", 1_900, "4")], isFutures: true,
                positionSide: .long, largeIntent: 20_000),
            Sample("coin", account: "coin-az", markets: [.init("btc_usd", 39_000, "6")], isFutures: true, positionSide: .long),
        ], meaning: { AZCodes.meaning(of: $0) }, hasOlderStream: true, stream: { AZFuturesStream(product: $0, generation: $1) }
    ) { AZFutures(product: $0, quantityUnit: $1) }
}
