extension XTSpotDialect {
    package static let line = DialectLine("xt-spot", cancelAllEndpoint: "cancel-all") { XTSpotDialect() }
}
