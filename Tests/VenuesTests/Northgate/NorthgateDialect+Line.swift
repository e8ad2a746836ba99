import Simulator

extension NorthgateDialect {
    package static let line = DialectLine("northgate", since: 4, cancelAllEndpoint: "cancel-all") { NorthgateDialect() }
}
