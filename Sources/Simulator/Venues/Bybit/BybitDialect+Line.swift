extension BybitDialect {
    package static let line = DialectLine(
        "bybit", since: 5, openOrdersSwitch: "open_cap", cancelAllEndpoint: "cancel-all", refusesTakenIDs: true, optionalFigures: ["cumExecFee"]
    ) { BybitDialect() }
}
