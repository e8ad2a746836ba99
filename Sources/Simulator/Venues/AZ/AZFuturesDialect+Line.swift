extension AZFuturesDialect {
    package static let line = DialectLine(
        "az-futures", openOrdersSwitch: "open_orders_max", cancelAllEndpoint: "order-cancel-all", optionalFigures: ["maxNotional"]
    ) { AZFuturesDialect() }
}
