import Wire

/// Who may trade at a simulated venue. Secrets are dummies: they are printed on purpose.
package struct SimAccount: Sendable, Equatable {
    package enum Mode: String, Sendable { case classic, uta }
    package let venue: String
    /// Product lines this key is set up for; the first is what a generated configuration uses.
    package var products: [String]
    package let uid: String
    package let key: String
    package let secret: String
    package let passphrase: String?
    /// Bitget: which paths are refused.
    package let mode: Mode
    /// AscendEX: the number in the path.
    package let group: Int
    /// The account's name in a generated configuration.
    package let name: String
}
