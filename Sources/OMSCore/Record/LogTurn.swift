/// One turn as the log of a group carries it: what makes a row's `body`.
///
/// A version of the form, what kind of turn, its number and epoch, the wall clock once for all that it writes, the first and last number of its records (both 0
/// where it numbers none), and the records, as ``JournalRecord/bytes(of:)`` writes them. Number and epoch stand in the body too, so that the digest holds them.
package struct LogTurn: Sendable {
    package enum Mark: Sendable, Equatable {
        case turn
        /// The first of an epoch: it says who took over from whom.
        case opening
        /// The last of an epoch: its owner sends nothing any more, and leaves the group to that host, or to any.
        case released(to: String?)
    }

    package let mark: Mark
    /// 1, 2, 3 …: the row's number.
    package let number: Int64
    package let epoch: Int64
    /// Microseconds since 1970 UTC.
    package let at: Int64
    package let records: [JournalRecord]
    /// First and last of ``JournalRecord/seq``; nil: none has one.
    package let seqs: ClosedRange<Int64>?

    package init(_ mark: Mark = .turn, number: Int64, epoch: Int64, at: Int64, records: [JournalRecord]) {
        (self.mark, self.number, self.epoch, self.at, self.records) = (mark, number, epoch, at, records)
        let numbers = records.lazy.compactMap(\.seq)
        if let first = numbers.first { seqs = first...(numbers.reduce(first) { max($0, $1) }) } else { seqs = nil }
    }

    static let form: UInt8 = 1

    package var bytes: [UInt8] {
        var coder = RecordCoder()
        do throws(RecordError) {
            _ = try coder.byte(Self.form)
            switch mark {
            case .turn: _ = try coder.byte(1)
            case .opening: _ = try coder.byte(2)
            case .released(let host):
                _ = try coder.byte(3)
                _ = try coder.optional(host)
            }
            for value in [number, epoch, at, seqs?.lowerBound ?? 0, seqs?.upperBound ?? 0] { _ = try coder.value(value) }
        } catch {
            // Nothing that is written can be refused: only reading finds fault.
            preconditionFailure("\(error)")
        }
        return coder.bytes + JournalRecord.bytes(of: records)
    }

    /// - Throws: what is wrong, and where. Nothing of the turn is believed then.
    package init(bytes: [UInt8]) throws(RecordError) {
        var coder = RecordCoder(reading: bytes)
        let form = try coder.byte(nil)
        guard form == Self.form else { throw coder.error("a turn of form \(form); this omsd reads form \(Self.form)") }
        let mark: Mark
        switch try coder.byte(nil) {
        case 1: mark = .turn
        case 2: mark = .opening
        case 3: mark = .released(to: try coder.optional(nil))
        case let other: throw coder.error("no turn is marked \(other)")
        }
        let (number, epoch, at): (Int64, Int64, Int64) = (try coder.value(nil), try coder.value(nil), try coder.value(nil))
        let (first, last): (Int64, Int64) = (try coder.value(nil), try coder.value(nil))
        let start = coder.offset
        let records: [JournalRecord]
        do throws(RecordError) { records = try JournalRecord.turn(from: Array(bytes[start...])) } catch {
            throw RecordError(problem: error.problem, offset: start + error.offset)
        }
        self.init(mark, number: number, epoch: epoch, at: at, records: records)
        guard seqs.map({ $0 == first...max(first, last) && first <= last }) ?? (first == 0 && last == 0) else {
            throw RecordError(problem: "its records are numbered otherwise than \(first) to \(last)", offset: start)
        }
    }
}

/// A row of a group's log: a turn's bytes, and the digest that ties it to all before it.
package struct LogRow: Sendable, Equatable {
    /// Its number. Contracts and SQL call it `seq`.
    package let turn: Int64
    package let epoch: Int64
    /// What a reader must be able to read: of the body's form and of its records together.
    package let version: Int
    /// SHA-256 of the former row's digest and the body.
    package let digest: Digest256
    package let body: [UInt8]
    package init(turn: Int64, epoch: Int64, version: Int, digest: Digest256, body: [UInt8]) {
        (self.turn, self.epoch, self.version, self.digest, self.body) = (turn, epoch, version, digest, body)
    }

    /// Form 1 of turns, with records up to version 2.
    package static let version = 1
    /// Bytes of a body beyond which a turn is not one row: PostgreSQL's own bound is a gigabyte, and a turn writes 1,000 rows.
    package static let bodyMax = 64 << 20
}

/// How far a reader or writer of the log is.
package struct LogHead: Sendable, Equatable {
    /// 0: before the first row.
    package let turn: Int64
    package let digest: Digest256
    package init(turn: Int64, digest: Digest256) { (self.turn, self.digest) = (turn, digest) }

    /// Before the first row: thirty-two zero bytes stand for a digest.
    package static let start = LogHead(turn: 0, digest: Digest256([UInt8](repeating: 0, count: 32)))

    /// The row that carries a turn, which must be the next.
    ///
    /// - Parameter hash: SHA-256 of a digest and the bytes behind it; the core has none.
    package func row(_ turn: LogTurn, hash: (Digest256, [UInt8]) -> Digest256) -> LogRow {
        precondition(turn.number == self.turn + 1, "turn \(turn.number) was to follow \(self.turn)")
        let body = turn.bytes
        return LogRow(turn: turn.number, epoch: turn.epoch, version: LogRow.version, digest: hash(digest, body), body: body)
    }

    /// The head behind a row, and what it carries.
    ///
    /// - Parameter epoch: of the row before it: epochs never fall.
    /// - Throws: why the row is not what follows. It is not skipped: whoever reads on behind it would have another history.
    package func reading(_ row: LogRow, after epoch: Int64, hash: (Digest256, [UInt8]) -> Digest256) throws(LogFault) -> (LogHead, LogTurn) {
        guard row.turn == turn + 1 else { throw LogFault(turn: row.turn, "it was to be turn \(turn + 1)") }
        guard (1...LogRow.version).contains(row.version) else {
            throw LogFault(turn: row.turn, "it is of version \(row.version), this omsd reads up to \(LogRow.version): upgrade it")
        }
        guard row.epoch >= epoch else { throw LogFault(turn: row.turn, "it is of epoch \(row.epoch), the one before it of \(epoch)") }
        guard hash(digest, row.body) == row.digest else { throw LogFault(turn: row.turn, "its digest does not follow from the one before it") }
        let carried: LogTurn
        do throws(RecordError) { carried = try LogTurn(bytes: row.body) } catch { throw LogFault(turn: row.turn, "it cannot be read: \(error)") }
        guard carried.number == row.turn, carried.epoch == row.epoch else {
            throw LogFault(turn: row.turn, "its body is of turn \(carried.number) and epoch \(carried.epoch), its row says epoch \(row.epoch)")
        }
        return (LogHead(turn: row.turn, digest: row.digest), carried)
    }
}

/// A row of the log that does not follow, or cannot be read.
package struct LogFault: Error, Sendable, Equatable, CustomStringConvertible {
    package let turn: Int64
    package let problem: String
    package init(turn: Int64, _ problem: String) { (self.turn, self.problem) = (turn, problem) }
    package var description: String { "turn \(turn) of the log: \(problem)" }
}
