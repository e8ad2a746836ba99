/// What a futures venue counts when it says quantity. AZ's pages said contracts first and base currency later: the account's owner says which holds.
package enum QuantityUnit: String, Sendable, CaseIterable {
    /// Whole contracts, each worth the market's contract size.
    case contracts
    /// The base currency itself.
    case base
}
