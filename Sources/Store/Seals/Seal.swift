import OMSCore
import Wire

/// One row of `seals`: a hash over the rows of some numbers of the record and over the seal before it (docs/AUDIT.md, "Seals").
package struct Seal: Sendable, Equatable {
    /// The numbers under it.
    package let first, last: Int64
    /// Births and events among them: numbers that were taken back are none.
    package let lines: Int64
    /// Wall clock, microseconds.
    package let at: Int64
    /// Which columns it covers: a `SealForm`.
    package let form: Int
    package let digest: Digest256
    package var signature: Signature?

    package struct Signature: Sendable, Equatable {
        /// Fingerprint.
        package let key: String
        package let bytes: [UInt8]
    }

    /// What stands before the first one.
    static let none = Digest256([UInt8](repeating: 0, count: 32))

    static let columns = "first_seq, last_seq, lines, at, form, seal, key, signature"

    /// From a row of `columns`.
    static func read(_ row: borrowing Statement) throws(JournalError) -> Seal {
        var seal = Seal(
            first: try row.next(), last: try row.next(), lines: try row.next(), at: try row.next(), form: try row.next(), digest: try row.next())
        if let key = try row.next(String?.self), let bytes = try row.next([UInt8]?.self) { seal.signature = Signature(key: key, bytes: bytes) }
        return seal
    }

    init(first: Int64, last: Int64, lines: Int64, at: Int64, form: Int, digest: Digest256) {
        (self.first, self.last, self.lines, self.at, self.form, self.digest) = (first, last, lines, at, form, digest)
    }
}

extension Connection {
    /// The newest seal; nil: nothing is sealed yet.
    func lastSeal() throws(JournalError) -> Seal? {
        let row = try prepare("SELECT \(Seal.columns) FROM seals ORDER BY last_seq DESC LIMIT 1")
        return try row.step() ? try Seal.read(row) : nil
    }

    /// The last number behind which nothing can appear any more.
    func completeEnd() throws(JournalError) -> Int64 {
        let newest = max(try integer("SELECT max(seq) FROM events") ?? 0, try integer("SELECT max(order_key) FROM orders") ?? 0)
        let half = try integer("SELECT min(intent_key) FROM intents WHERE complete = 0")
        return min(newest, (half ?? .max) - 1)
    }
}
