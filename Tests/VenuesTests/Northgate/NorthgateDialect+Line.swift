import Simulator

extension NorthgateDialect {
    package static let line = DialectLine("northgate", cancelAllEndpoint: "cancel-all") { NorthgateDialect() }
}
