/// Every venue the simulator speaks, in the order paths are offered to them.
package func standardDialects() -> [any Dialect] {
    [BitgetMarginDialect(), BitgetUTADialect(), XTSpotDialect(), AZFuturesDialect(), AscendEXDialect()]
}
