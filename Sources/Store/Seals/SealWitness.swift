import OMSCore
import Wire

/// What is known of a journal's seals from elsewhere: only that can tell a chain that was made anew as a whole.
package struct SealWitness: Sendable {
    /// A seal that was kept outside.
    package var head: Digest256?
    package var publicKey: Ed25519PublicKey?
    package init(head: Digest256? = nil, publicKey: Ed25519PublicKey? = nil) { (self.head, self.publicKey) = (head, publicKey) }

    var isNobody: Bool { head == nil && publicKey == nil }
}

/// What `verify` found of the seals.
package struct SealsReport: Sendable {
    package internal(set) var count = 0
    /// The newest one.
    package internal(set) var head: Seal?
    /// Numbers of the record behind it.
    package internal(set) var unsealed: Int64 = 0
    /// Sealed stretches of which some lines lie in the archive, which was not to be read, or not all of it: neither sound nor broken.
    package internal(set) var notChecked = 0
    /// The smallest sealed stretches of numbers that do not hold: the first hundred.
    package private(set) var broken: [ClosedRange<Int64>] = []

    mutating func add(broken range: ClosedRange<Int64>) { if broken.count < 100 { broken.append(range) } }
}
