import Simulator

extension NorthgateDialect {
    package static let line = DialectLine("northgate", since: 6, cancelAllEndpoint: "cancel-all") { NorthgateDialect() }
}
