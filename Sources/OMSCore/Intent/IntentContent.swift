/// What an intent asks for, as its row keeps it: SHA-256 of its canonical bytes, and of which form those are.
package struct IntentContent: Hashable, Sendable {
    package let version: Int
    package let digest: Digest256
    package init(version: Int, digest: Digest256) { (self.version, self.digest) = (version, digest) }
}

/// What a caller's intent asks for, in whichever form a row of the same id has it.
package struct AskedContent: Hashable, Sendable {
    /// In the present form.
    package let now: IntentContent
    private let hash: @Sendable ([UInt8]) -> Digest256

    /// - Parameter hash: SHA-256, by whoever has the library for it.
    package init(_ intent: Intent, hash: @escaping @Sendable ([UInt8]) -> Digest256) {
        now = IntentContent(version: Intent.canonicalVersion, digest: hash(intent.canonicalBytes()))
        self.hash = hash
    }

    /// Whether `intent`, of which this is, asks for what the row of its id says: a retry may come after an upgrade, and its row from before.
    package func isSame(as stored: IntentContent, asked intent: Intent) -> Bool {
        if stored.version == now.version { return stored == now }
        return intent.canonicalBytes(version: stored.version).map { hash($0) == stored.digest } ?? false
    }

    package static func == (left: AskedContent, right: AskedContent) -> Bool { left.now == right.now }
    package func hash(into hasher: inout Hasher) { hasher.combine(now) }
}
