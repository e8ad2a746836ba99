extension BitgetMarginDialect {
    package static let line = DialectLine(
        "bitget-margin", clock: "bitget", openOrdersSwitch: "open_cap", refusesTakenIDs: true, optionalFigures: ["totalFee", "maxTradeAmount"]
    ) { BitgetMarginDialect() }
}

extension BitgetUTADialect {
    package static let line = DialectLine(
        "bitget-uta", clock: "bitget", accountMode: .uta, openOrdersSwitch: "open_cap", cancelAllEndpoint: "cancel-symbol-order",
        refusesTakenIDs: true, optionalFigures: ["maxOrderQty"]
    ) { BitgetUTADialect() }
}
