import CPQ
import Glibc

/// One connection of libpq that never blocks, and one exchange at a time on it.
///
/// A write and the question behind it leave together, as two transactions (libpq's pipeline). An answer counts when the server is ready again and not before:
/// it tells what a statement did, and commits only then, which is where it may fail, or wait, or warn.
final class PostgresConnection {
    enum Statement: String, CaseIterable {
        case append, beat, bump, state, rows

        var sql: String {
            switch self {
            case .append: LogStatements.append
            case .beat: LogStatements.beat
            case .bump: LogStatements.bump
            case .state: LogStatements.state
            case .rows: LogStatements.rows
            }
        }
    }

    enum Parameter {
        case text(String)
        case number(Int64)
        case flag(Bool)
        case bytes([UInt8])
    }

    struct Exchange {
        let statement: Statement
        let parameters: [Parameter]
        /// Whether the engine still waits for a second node is asked behind it.
        let asksGuard: Bool
    }

    enum Answer {
        /// Rows of columns; a warning, if there was one; what the question behind it said (true where none was asked).
        case answered([[[UInt8]]], warning: String?, isReplicated: Bool)
        /// The server rolled it back.
        case refused(state: String, String)
        /// Written or not.
        case lost(String)
        /// Nothing was sent.
        case unreached(String)
    }

    private let pq: omsd_pq
    private let place: String
    private let group: String
    private var handle: OpaquePointer?
    private var phase = Phase.none
    private var exchange: Exchange?
    private var syncsLeft = 0
    private var syncsSeen = 0
    private var rows: [[[UInt8]]] = []
    private var isReplicated = true
    private var failure: (state: String, words: String, isDoubt: Bool)?
    private var triesAt: Int64 = 0

    private enum Phase {
        case none
        case connecting(PostgresPollingStatusType, until: Int64)
        case preparing
        /// The group's row is made, if this is its first host.
        case enrolling
        case ready
        /// An exchange is out.
        case busy
    }

    final class Notices {
        let pq: omsd_pq
        var warning: String?
        init(_ pq: omsd_pq) { self.pq = pq }
    }
    private let heard: Notices

    /// From the first packet to a session that may write: over all hosts of the list.
    private static let connectUs: Int64 = 8_000_000
    private static let pauseUs: Int64 = 100_000

    /// Microseconds of the boot clock.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    init(_ library: PostgresLibrary, place: String, group: String) {
        (pq, self.place, self.group) = (library.functions, place, group)
        heard = Notices(library.functions)
    }

    deinit { if let handle { pq.finish(handle) } }

    func begin(_ exchange: Exchange) {
        precondition(self.exchange == nil, "something is out already")
        self.exchange = exchange
        if case .ready = phase { send() }
    }

    /// nil: not until then.
    func answer(until end: Int64) -> Answer? {
        precondition(exchange != nil, "nothing is out")
        while true {
            if let answer = proceed() {
                exchange = nil
                return answer
            }
            let now = Self.now
            guard now < end else { return nil }
            wait(until: end, now)
        }
    }

    // MARK: One step

    private func proceed() -> Answer? {
        switch phase {
        case .none:
            guard Self.now >= triesAt else { return nil }
            return connect()
        case .connecting(_, let until):
            guard Self.now < until else { return fail("it does not answer") }
            return goOnConnecting()
        case .preparing, .enrolling: return prepared()
        // `begin` sends at once.
        case .ready: return nil
        case .busy: return heardAll()
        }
    }

    private func wait(until end: Int64, _ now: Int64) {
        var events = Int16(POLLIN)
        var stop = end
        switch phase {
        case .none: stop = min(end, triesAt)
        case .connecting(let wants, let until):
            events = Int16(wants == PGRES_POLLING_WRITING ? POLLOUT : POLLIN)
            stop = min(end, until)
        case .preparing, .enrolling, .ready, .busy: if let handle, pq.flush(handle) == 1 { events |= Int16(POLLOUT) }
        }
        var watched = pollfd(fd: handle.map { pq.socket($0) } ?? -1, events: events, revents: 0)
        // Rounded up, so that a fraction of a millisecond is not waited for in a circle.
        _ = poll(&watched, 1, Int32(clamping: max(0, (stop - now + 999) / 1_000)))
    }

    // MARK: Connecting

    private func connect() -> Answer? {
        // Before the person's words, which may say otherwise: a dead host is noticed within seconds. Behind them: what must be so.
        let settings: [(String, String)] = [
            ("tcp_user_timeout", "3000"), ("keepalives_idle", "2"), ("keepalives_interval", "1"), ("keepalives_count", "3"),
            ("application_name", "omsd \(group)"), ("dbname", place), ("target_session_attrs", "read-write"), ("client_encoding", "UTF8"),
            (
                "options",
                "-c client_min_messages=warning -c statement_timeout=0 -c lock_timeout=0 -c default_transaction_isolation=read\\ committed"
            ),
        ]
        let texts = settings.flatMap { [strdup($0.0), strdup($0.1)] }
        defer { texts.forEach { free($0) } }
        var keys: [UnsafePointer<CChar>?] = stride(from: 0, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) } + [nil]
        var values: [UnsafePointer<CChar>?] = stride(from: 1, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) } + [nil]
        guard let made = pq.connect_start(&keys, &values, 1) else { return fail("no memory for a connection") }
        handle = made
        guard pq.status(made) != CONNECTION_BAD else { return fail(words(of: made)) }
        _ = pq.set_notice_receiver(
            made,
            { context, result in
                guard let context, let result else { return }
                let notices = Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue()
                let pq = notices.pq
                func field(_ code: Int) -> String { pq.error_field(result, Int32(code)).map { String(cString: $0) } ?? "" }
                let state = field(omsd_pq_sqlstate)
                // Class 01 is a warning; one whose class cannot be read is taken for one.
                guard state.hasPrefix("01") || state.count != 5 || field(omsd_pq_severity) == "WARNING" else { return }
                notices.warning = "\(state): \(field(omsd_pq_message))"
            }, Unmanaged.passUnretained(heard).toOpaque())
        phase = .connecting(PGRES_POLLING_WRITING, until: Self.now + Self.connectUs)
        return nil
    }

    private func goOnConnecting() -> Answer? {
        guard let handle, case .connecting(let wants, let until) = phase else { return nil }
        var watched = pollfd(fd: pq.socket(handle), events: Int16(wants == PGRES_POLLING_WRITING ? POLLOUT : POLLIN), revents: 0)
        guard poll(&watched, 1, 0) != 0 else { return nil }
        switch pq.connect_poll(handle) {
        case PGRES_POLLING_OK:
            guard pq.set_nonblocking(handle, 1) == 0, pq.enter_pipeline(handle) == 1 else { return fail(words(of: handle)) }
            // What each statement is, so that a wrong schema shows before anything is written.
            (rows, failure, syncsLeft, syncsSeen) = ([], nil, 1, 0)
            var isSent = sendQuery(LogStatements.schema, [], of: handle)
            for statement in Statement.allCases { isSent = isSent && pq.send_prepare(handle, statement.rawValue, statement.sql, 0, nil) == 1 }
            guard isSent, pq.pipeline_sync(handle) == 1 else { return fail(words(of: handle)) }
            _ = pq.flush(handle)
            phase = .preparing
        case PGRES_POLLING_FAILED: return fail(words(of: handle))
        case let wants: phase = .connecting(wants, until: until)
        }
        return nil
    }

    private func prepared() -> Answer? {
        guard let handle, take(from: handle) else { return fail(handle.map { words(of: $0) } ?? "") }
        guard syncsLeft == 0 else { return nil }
        if let failure { return fail("\(failure.words) (\(failure.state)): has `omsd log-init` made the tables, and for this role?") }
        guard rows.first?.first.map({ String(decoding: $0, as: UTF8.self) }) == String(LogSchema.version) else {
            return fail("its tables are not of version \(LogSchema.version): run `omsd log-init`, or take the omsd that made them")
        }
        if case .preparing = phase {
            (phase, syncsLeft) = (.enrolling, 1)
            guard sendQuery(LogStatements.enrol, [.text(group)], of: handle), pq.pipeline_sync(handle) == 1 else { return fail(words(of: handle)) }
            _ = pq.flush(handle)
        } else {
            // What made us connect waits.
            send()
        }
        return nil
    }

    /// Nothing of the exchange was sent.
    private func fail(_ why: String) -> Answer {
        drop()
        return .unreached(why)
    }

    private func drop() {
        if let handle { pq.finish(handle) }
        (handle, phase, triesAt, failure) = (nil, .none, Self.now + Self.pauseUs, nil)
    }

    private func words(of handle: OpaquePointer) -> String {
        let text = pq.error_message(handle).map { PostgresLibrary.line($0) } ?? ""
        return text.isEmpty ? "the connection failed" : text
    }

    // MARK: Exchanging

    private func send() {
        guard let handle, let exchange else { return }
        (rows, failure, heard.warning, isReplicated) = ([], nil, nil, !exchange.asksGuard)
        (syncsLeft, syncsSeen) = (exchange.asksGuard ? 2 : 1, 0)
        let binary: Int32 = exchange.statement == .rows ? 1 : 0
        var isSent = Parameters(exchange.parameters).hand { values, lengths, formats, count in
            pq.send_prepared(handle, exchange.statement.rawValue, count, values, lengths, formats, binary) == 1
        }
        isSent = isSent && pq.pipeline_sync(handle) == 1
        if exchange.asksGuard { isSent = isSent && sendQuery(LogStatements.guardAfter, [], of: handle) && pq.pipeline_sync(handle) == 1 }
        phase = .busy
        // What could not be handed over ends the connection with the first look at it.
        if !isSent { failure = ("", words(of: handle), true) }
        _ = pq.flush(handle)
    }

    private func sendQuery(_ sql: String, _ parameters: [Parameter], of handle: OpaquePointer) -> Bool {
        Parameters(parameters).hand { values, lengths, formats, count in
            pq.send_query(handle, sql, count, nil, values, lengths, formats, 0) == 1
        }
    }

    private func heardAll() -> Answer? {
        guard let handle else { return .lost("the connection is gone") }
        if failure?.isDoubt != true, take(from: handle), failure?.isDoubt != true {
            guard syncsLeft == 0 else { return nil }
            phase = .ready
            if let failure { return .refused(state: failure.state, failure.words) }
            return .answered(rows, warning: heard.warning, isReplicated: isReplicated)
        }
        let why = failure.map { "\($0.state) \($0.words)" } ?? words(of: handle)
        drop()
        return .lost(why)
    }

    /// Takes what has come; false: the connection is gone.
    private func take(from handle: OpaquePointer) -> Bool {
        guard pq.flush(handle) >= 0, pq.consume(handle) == 1 else { return false }
        while syncsLeft > 0, pq.is_busy(handle) == 0 {
            // Nil stands between two statements.
            guard let result = pq.get_result(handle) else {
                if pq.status(handle) == CONNECTION_BAD { return false }
                continue
            }
            defer { pq.clear(result) }
            switch pq.result_status(result) {
            case PGRES_PIPELINE_SYNC:
                syncsLeft -= 1
                syncsSeen += 1
            case PGRES_TUPLES_OK:
                let found = values(of: result)
                if syncsSeen == 0 { rows = found } else { isReplicated = found.first?.first == [0x31] }
            case PGRES_COMMAND_OK, PGRES_PIPELINE_ABORTED: break
            default: note(result, of: handle)
            }
        }
        return pq.status(handle) != CONNECTION_BAD
    }

    private func note(_ result: OpaquePointer, of handle: OpaquePointer) {
        guard failure == nil else { return }
        func field(_ code: Int) -> String { pq.error_field(result, Int32(code)).map { String(cString: $0) } ?? "" }
        let (state, severity) = (field(omsd_pq_sqlstate), field(omsd_pq_severity))
        // Rolled back is what an ERROR says whose session goes on. What ends the session, or has no state, says nothing of the commit.
        let endsSession = ["57P", "08", "XX", "58"].contains { state.hasPrefix($0) }
        let isDoubt = severity != "ERROR" || state.count != 5 || endsSession || pq.status(handle) == CONNECTION_BAD
        // An error of the question behind the write takes nothing back of it.
        failure = (state, field(omsd_pq_message), isDoubt || syncsSeen > 0)
    }

    private func values(of result: OpaquePointer) -> [[[UInt8]]] {
        (0..<pq.tuples(result)).map { row in
            (0..<pq.columns(result)).map { column in
                guard let start = pq.value(result, row, column) else { return [] }
                return Array(UnsafeRawBufferPointer(start: start, count: Int(pq.length(result, row, column))))
            }
        }
    }
}
