import OMSCore
import Wire

/// Makes the seals of a journal that a daemon of this process writes, from what is committed, on a read-only connection of its own. Used by one thread.
///
/// It remembers nothing: where the record is sealed up to stands in the journal, and whatever lies behind is sealed next, however it came there.
package final class JournalSealer {
    private let reader: SealReader
    private let key: Ed25519Key?
    /// More numbers than that are several seals: of a journal that was never sealed, or by much load.
    private let numbersMax: Int64
    package static let numbersMaxDefault: Int64 = 100_000

    /// - Parameters:
    ///   - path: of a journal that is open in this process.
    ///   - key: signs each seal.
    package init(path: String, key: Ed25519Key?, numbersMax: Int64 = numbersMaxDefault) throws(JournalError) {
        let connection = try Connection(path: path, .readOnly)
        // Each page is read once: 256 KiB instead of SQLite's 2 MB.
        try connection.execute("PRAGMA cache_size = -256")
        reader = try SealReader(connection, form: .newest)
        (self.key, self.numbersMax) = (key, numbersMax)
    }

    /// The seal of what was recorded since the last one that was written; nil: nothing was, or nothing that is complete.
    ///
    /// - Parameter at: Wall clock, microseconds.
    /// - Returns: and whether it reaches the end of what is complete.
    package func next(at: Int64) throws(JournalError) -> (seal: Seal, isLast: Bool)? {
        let connection = reader.connection
        let (former, end) = try connection.snapshot { () throws(JournalError) -> (Seal?, Int64) in
            (try connection.lastSeal(), try connection.completeEnd())
        }
        let sealedTo = former?.last ?? 0
        guard sealedTo < end else { return nil }
        let first = sealedTo + 1
        let last = min(end, first.addingReportingOverflow(numbersMax - 1).partialValue)
        let content = try reader.content(from: first, to: last)
        let digest = content.seal(lines: content.lines, at: at, former: former?.digest ?? Seal.none)
        var seal = Seal(first: first, last: last, lines: content.lines, at: at, form: SealForm.newest.number, digest: digest)
        if let key { seal.signature = Seal.Signature(key: key.fingerprint, bytes: key.sign(digest.bytes)) }
        return (seal, last == end)
    }

    /// The newest one that was written.
    package func head() throws(JournalError) -> Seal? { try reader.connection.lastSeal() }
}

extension SQLiteJournal {
    /// Writes a seal, in a commit of its own, and returns once it is on disk. False: it does not follow the last one, and nothing was written.
    package func write(_ seal: Seal) throws(JournalError) -> Bool {
        try check()
        do throws(JournalError) {
            try statements.begin.run()
            try statements.insertSeal.run(
                seal.first, seal.last, seal.lines, seal.at, seal.form, seal.digest, seal.signature?.key, seal.signature?.bytes, seal.first)
            let isWritten = connection.changes == 1
            try statements.commit.run()
            return isWritten
        } catch {
            takeBack(after: error)
            throw error
        }
    }
}
