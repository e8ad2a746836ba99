extension OKX {
    package static let line = VenueLine(
        "okx", page: "okx", sources: OKX.sources,
        samples: [
            Sample("spot", account: "spot-okx", markets: [.init("BTC-USDT", 60_000, "0.01"), .init("ETH-USDT", 3_800, "0.1")]),
            Sample("margin", account: "margin-okx", markets: [.init("BTC-USDT", 60_000, "0.01"), .init("ETH-USDT", 3_800, "0.1")]),
            Sample(
                "swap", account: "swap-okx", markets: [.init("BTC-USDT-SWAP", 60_000, "10"), .init("ETH-USDT-SWAP", 3_800, "10")], isFutures: true),
            Sample("futures", account: "futures-okx", markets: [.init("BTC-USDT-261225", 60_000, "10")], isFutures: true),
        ], meaning: { OKX.meaning(of: $0) }, stream: { product, _ in OKXStream(product: product) }
    ) { product, _ in OKX(product: product) }
}
