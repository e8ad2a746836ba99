extension AscendEXDialect {
    package static let line = DialectLine(
        "ascendex", cancelAllEndpoint: "cancel-all", takesFutureStamps: true, optionalFigures: ["maxNotional", "maxQty", "cumFee"]
    ) { AscendEXDialect() }
}
