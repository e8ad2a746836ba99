extension XTFuturesDialect {
    package static let line = DialectLine(
        "xt-futures", since: 8, clock: "xt", openOrdersSwitch: "open_orders_max", cancelAllEndpoint: "order-cancel-all",
        optionalFigures: ["maxNotional"]
    ) { XTFuturesDialect() }
}
