extension OKXDialect {
    package static let line = DialectLine("okx", since: 5, openOrdersSwitch: "open_cap", refusesTakenIDs: true) { OKXDialect() }
}
