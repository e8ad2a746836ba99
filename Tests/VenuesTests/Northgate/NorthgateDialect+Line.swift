import Simulator

extension NorthgateDialect {
    package static let line = DialectLine("northgate", since: 5, cancelAllEndpoint: "cancel-all") { NorthgateDialect() }
}
