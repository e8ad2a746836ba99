import CPQ
import OMSCore

/// The log of one group in PostgreSQL, over one connection, which is made and made again as needed. Used by one thread.
///
/// Nothing here waits longer than it is told to: sockets do not block, and a commit that waits for its standby is waited for on the socket, in slices. Nothing
/// ends such a wait: the server's time-outs do not run in it, and a cancel would make a success of it that is none.
package final class PostgresLog: SharedLog {
    private let connection: PostgresConnection
    private let group: String
    /// A person allowed that the engine keeps no second copy.
    package var allowsUnreplicated = false

    private var step = Step.idle
    private var outcome: LogOutcome?
    private var reading: LogReading?

    private enum Step {
        case idle
        case writing(LogWrite)
        /// The write matched nothing: which of the reasons was it?
        case asking(LogWrite)
        case reading(LogQuestion)
    }

    /// - Parameter place: libpq's words for where it is; checked by ``PostgresLibrary/check(_:)``.
    package init(_ library: PostgresLibrary, place: String, group: String) {
        connection = PostgresConnection(library, place: place, group: group)
        self.group = group
    }

    package func send(_ write: LogWrite) {
        guard case .idle = step else { preconditionFailure("something is out already") }
        step = .writing(write)
        connection.begin(Self.exchange(write, group, allowsUnreplicated))
    }

    package func outcome(within wait: Int64) -> LogOutcome? {
        let end = PostgresConnection.now + wait
        while true {
            guard let answer = connection.answer(until: end) else { return nil }
            switch step {
            case .writing(let write):
                if let found = judge(write, answer) { return finish(found) }
                step = .asking(write)
                connection.begin(.init(statement: .state, parameters: [.text(group)], asksGuard: false))
            case .asking(let write): return finish(reason(write, answer))
            case .idle, .reading: preconditionFailure("no write is out")
            }
        }
    }

    package func ask(_ question: LogQuestion) {
        guard case .idle = step else { preconditionFailure("something is out already") }
        step = .reading(question)
        switch question {
        case .state: connection.begin(.init(statement: .state, parameters: [.text(group)], asksGuard: false))
        case .rows(let after, let limit):
            connection.begin(.init(statement: .rows, parameters: [.text(group), .number(after), .number(Int64(limit))], asksGuard: false))
        }
    }

    package func reading(within wait: Int64) -> LogReading? {
        guard case .reading(let question) = step else { preconditionFailure("no question is out") }
        guard let answer = connection.answer(until: PostgresConnection.now + wait) else { return nil }
        step = .idle
        switch answer {
        case .lost(let why), .unreached(let why): return .failed(why)
        case .refused(let state, let words): return .failed("\(state): \(words)")
        case .answered(let rows, _, _):
            switch question {
            case .state: return Self.state(rows).map { .state($0) } ?? .failed("the group \(group) is not in the log")
            case .rows:
                let read = rows.compactMap(Self.row)
                return read.count == rows.count ? .rows(read) : .failed("a row of the log has columns that cannot be read")
            }
        }
    }

    private func finish(_ found: LogOutcome) -> LogOutcome {
        step = .idle
        return found
    }

    // MARK: Writes

    private static func exchange(_ write: LogWrite, _ group: String, _ allowed: Bool) -> PostgresConnection.Exchange {
        switch write {
        case .append(let row, let beat):
            PostgresConnection.Exchange(
                statement: .append,
                parameters: [
                    .text(group), .number(row.epoch), .number(row.turn), .number(beat), .number(Int64(row.version)), .bytes(row.digest.bytes),
                    .bytes(row.body), .flag(allowed),
                ], asksGuard: !allowed)
        case .beat(let epoch, let confirmed, let beat):
            PostgresConnection.Exchange(
                statement: .beat, parameters: [.text(group), .number(epoch), .number(confirmed), .number(beat), .flag(allowed)],
                asksGuard: !allowed)
        case .bump(let bump):
            PostgresConnection.Exchange(
                statement: .bump,
                parameters: [
                    .text(group), .number(bump.epoch), .text(bump.holder), .text(bump.instance), .number(bump.beat), .flag(bump.still == nil),
                    .number(bump.still?.beat ?? 0), .number(bump.still?.seq ?? 0), .flag(allowed), .number(bump.leaseUs),
                ], asksGuard: !allowed)
        }
    }

    /// nil: nothing was written, and why is to be asked.
    private func judge(_ write: LogWrite, _ answer: PostgresConnection.Answer) -> LogOutcome? {
        switch answer {
        // Before anything was sent; but an earlier sending may be what waits, so that this too says nothing.
        case .unreached(let why): return .inDoubt("the log cannot be reached: \(why)")
        case .lost(let why): return .inDoubt(why)
        case .refused(let state, let words): return .refused(.engine(state: state, words))
        case .answered(let rows, let warning, let isReplicated):
            if let warning { return .inDoubt(warning) }
            guard let row = rows.first else { return nil }
            guard isReplicated || allowsUnreplicated else {
                return .inDoubt("the engine waits for nobody any more: synchronous_standby_names is empty")
            }
            guard let lease = Self.lease(row), row.count == 9, let kept = Self.number(row[8]) else {
                return .inDoubt("the lease has columns that cannot be read")
            }
            if kept == 0, case .append(let row, _) = write {
                return .refused(.contradicted("turn \(row.turn) is in the log with another digest: two write under epoch \(row.epoch)"))
            }
            return .durable(lease)
        }
    }

    private func reason(_ write: LogWrite, _ answer: PostgresConnection.Answer) -> LogOutcome {
        guard case .answered(let rows, _, _) = answer else { return .inDoubt("it was not written, and why could not be asked") }
        guard let state = Self.state(rows) else { return .refused(.engine(state: "02000", "the group \(group) is not in the log")) }
        let lease = state.lease
        switch write {
        case .append(let row, _):
            if lease.epoch != row.epoch { return .refused(.fenced(lease)) }
            if lease.seq < row.turn - 1 { return .refused(.behind(seq: lease.seq)) }
            if lease.seq > row.turn {
                let words = "the log is at turn \(lease.seq), turn \(row.turn) was to be written: two write under epoch \(row.epoch)"
                return .refused(.contradicted(words))
            }
        case .beat(let epoch, let confirmed, _):
            if lease.epoch != epoch { return .refused(.fenced(lease)) }
            if lease.seq < confirmed { return .refused(.behind(seq: lease.seq)) }
        case .bump(let bump):
            if !bump.fits(lease), !bump.isMade(lease) { return .refused(.fenced(lease)) }
        }
        if !state.isReplicated { return .refused(.unreplicated("the engine keeps no second copy (synchronous_standby_names, synchronous_commit)")) }
        return .inDoubt("it was not written, and now it could be")
    }

    // MARK: Reading answers

    /// Texts of `epoch, seq, beat, confirmed, holder, holder_addr, min_version, lease_us, …`.
    private static func lease(_ row: [[UInt8]]) -> Lease? {
        guard row.count >= 8, let epoch = number(row[0]), let seq = number(row[1]), let beat = number(row[2]), let confirmed = number(row[3]),
            let version = number(row[6]), let leaseUs = number(row[7])
        else { return nil }
        return Lease(
            epoch: epoch, seq: seq, beat: beat, confirmed: confirmed, holder: String(decoding: row[4], as: UTF8.self),
            instance: String(decoding: row[5], as: UTF8.self), versionMin: Int(version), leaseUs: leaseUs)
    }

    private static func state(_ rows: [[[UInt8]]]) -> LogState? {
        guard let row = rows.first, row.count == 10, let lease = lease(row) else { return nil }
        return LogState(lease: lease, canWrite: number(row[9]) == 1, isReplicated: number(row[8]) == 1)
    }

    private static func number(_ text: [UInt8]) -> Int64? { Int64(String(decoding: text, as: UTF8.self)) }

    /// In PostgreSQL's binary form: the highest byte first.
    private static func row(_ columns: [[UInt8]]) -> LogRow? {
        guard columns.count == 5, columns[0].count == 8, columns[1].count == 8, columns[2].count == 4, columns[3].count == 32 else { return nil }
        func big(_ bytes: [UInt8]) -> Int64 { bytes.reduce(0) { $0 << 8 | Int64($1) } }
        return LogRow(
            turn: big(columns[0]), epoch: big(columns[1]), version: Int(big(columns[2])), digest: Digest256(columns[3]), body: columns[4])
    }
}
