import Venues

extension Northgate {
    package static let line = VenueLine(
        "northgate", page: "northgate", sources: XTSpot.sources,
        samples: [
            Sample("spot", account: "spot-northgate", markets: [.init("btc_usdt", 39_000, "0.01"), .init("eth_usdt", 1_900, "0.1")])
        ]
    ) { product, _ in Northgate(product: product) }
}
