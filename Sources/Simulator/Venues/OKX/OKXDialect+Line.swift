extension OKXDialect {
    package static let line = DialectLine(
        "okx", since: 6, openOrdersSwitch: "open_cap", cancelAllEndpoint: "cancel-all-after", refusesTakenIDs: true, optionalFigures: ["maxLmtSz"]
    ) { OKXDialect() }
}
