import CLinux
import OMSCore
import Runtime
import Store
import Synchronization
import Transport
import Wire

/// `/metrics` in the Prometheus text format, and three pages on health: what the core published last, at most a second old.
///
/// The core hands over values; they are written out here, once for any number of scrapers. Whoever asks too often, reads too slowly or never lets go costs
/// this thread's time and a bounded number of connections.
final class MetricsServer: Sendable {
    private let server: HTTPServer
    private let board: Board

    /// Connections at once; others wait in the queue of the kernel.
    static let connectionsMax = 256
    /// How long a connection may take, from its opening to the last byte taken: Prometheus gives up after ten seconds itself.
    private static let connectionUs: Int64 = 10_000_000
    /// A connection that brings no request makes room before others that wait lose their patience: Prometheus has 10 seconds.
    private static let requestUs: Int64 = 3_000_000
    /// The core turns once a second at least.
    static let silenceMaxUs: Int64 = 5_000_000

    /// What the core and the server's thread share.
    final class Board: Sendable {
        struct Content {
            var page: MetricsPage?
            /// `page`, written out.
            var text: [UInt8]?
            /// When the core last turned, by the boot clock.
            var turnedAt: Int64
            var isStopping = false
        }
        private let content: Mutex<Content>
        private let facts: BuildFacts
        private let startedAt: Int64
        private let journalPath: String
        private let archive: @Sendable () -> ArchiveFigures?
        private let group: @Sendable () -> LeaseKeeper.Standing?

        init(facts: DaemonFacts, journalPath: String, now: Int64) {
            content = Mutex(Content(turnedAt: now))
            self.facts = BuildFacts(version: facts.version, sqlite: SQLiteJournal.libraryNumber, openssl: TLSTransport.libraryVersion)
            (startedAt, self.journalPath, archive, group) = (facts.startedAt, journalPath, facts.archive, facts.group)
        }

        func publish(_ page: MetricsPage) {
            content.withLock { ($0.page, $0.text) = (page, nil) }
        }

        func turned(at now: Int64, isStopping: Bool) {
            content.withLock { ($0.turnedAt, $0.isStopping) = (now, isStopping) }
        }

        /// The page as text: written once, by whoever asks first.
        func metrics() -> [UInt8] {
            let (page, text) = content.withLock { ($0.page, $0.text) }
            if let text { return text }
            guard let page else { return [] }
            var out = MetricsText()
            page.write(
                facts, journal: JournalSpace(of: journalPath), archive: archive(), group: group(),
                process: ProcessFigures.now(startedAt: startedAt), into: &out)
            // What the log does is not told by turns.
            if group() == nil { content.withLock { $0.text = out.bytes } }
            return out.bytes
        }

        /// Whether the core turns; its last turn's age in microseconds.
        func life(at now: Int64) -> (isAlive: Bool, ageUs: Int64) {
            let age = now - content.withLock { $0.turnedAt }
            return (age < MetricsServer.silenceMaxUs, age)
        }

        /// What keeps the daemon from doing what it is for, a line each; empty: nothing.
        func unready(at now: Int64) -> [String] {
            let (page, isStopping) = content.withLock { ($0.page, $0.isStopping) }
            guard life(at: now).isAlive else { return [Self.silence(life(at: now).ageUs)] }
            guard let page else { return ["starting"] }
            let log = group().flatMap { standing in
                standing.trouble.map { "group: its log takes nothing: \($0.escapedForLog)" }
                    ?? (standing.maySend ? nil : "group: nothing may be sent before its log takes a turn or a beat")
            }
            return (isStopping ? ["stopping"] : []) + (log.map { [$0] } ?? []) + (page.isJournalFull ? ["journal: its disk is full"] : [])
                + page.accounts.filter { !$0.isReady }.map { "account \($0.account.text.escapedForLog): \(($0.reason ?? "").escapedForLog)" }
        }

        static func silence(_ ageUs: Int64) -> String { "the core has not turned for \(ageUs / 1_000_000) s" }

        fileprivate func answer(_ request: HTTPRequest) -> HTTPResponse {
            func plain(_ status: Int, _ text: String) -> HTTPResponse {
                HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "text/plain; charset=utf-8")], body: Array((text + "\n").utf8))
            }
            guard request.method == "GET" else { return plain(405, "only GET is answered here") }
            let now = omsd_clock_us(CLOCK_BOOTTIME)
            switch request.path.prefix(while: { $0 != "?" }) {
            case "/metrics":
                let type = HTTPHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                return HTTPResponse(status: 200, headers: [type], body: metrics())
            case "/livez":
                let life = life(at: now)
                return life.isAlive ? plain(200, "ok") : plain(503, Self.silence(life.ageUs))
            case "/readyz":
                let problems = unready(at: now)
                return problems.isEmpty ? plain(200, "ok") : plain(503, problems.joined(separator: "\n"))
            case "/healthz": return unready(at: now).isEmpty ? plain(200, "ok") : plain(503, "not ready")
            default: return plain(404, "/metrics, /livez, /readyz and /healthz are here")
            }
        }
    }

    init(_ listen: ListenAddress, board: Board) throws {
        let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
        self.board = board
        server = try HTTPServer(
            address: "\(host):\(listen.port)", tls: nil, limits: HTTPLimits(headBytes: 16 * 1024, bodyBytes: 1_024),
            maxConnections: Self.connectionsMax, connectionUs: Self.connectionUs, requestUs: Self.requestUs,
            handler: { request, _, responder in responder.send(.response(board.answer(request))) })
        try server.start()
    }

    func stop() { server.stop() }

    func publish(_ engine: Engine, _ readings: Readings, wal: WALWatch, at now: Moment) {
        board.publish(MetricsPage(engine, readings, wal: wal, at: now))
    }

    func turned(at now: Int64, isStopping: Bool) { board.turned(at: now, isStopping: isStopping) }
}

extension JournalSpace {
    /// nil where the file or its disk cannot be looked at.
    init?(of path: String) {
        var (file, disk) = (stat(), statfs())
        guard stat(path, &file) == 0, statfs(path, &disk) == 0 else { return nil }
        self.init(bytes: Int64(file.st_size), freeBytes: Int64(clamping: UInt64(disk.f_bavail) * UInt64(clamping: disk.f_bsize)))
    }
}

extension ProcessFigures {
    /// This process, by /proc; nil without one.
    ///
    /// Source: proc(5), `/proc/pid/stat`: fields 14 and 15 are user and system time in ticks, 23 bytes of virtual memory, 24 resident pages.
    static func now(startedAt: Int64) -> ProcessFigures? {
        guard let bytes = try? readWholeFile("/proc/self/stat", bytesMax: 4_096) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        // The name, in parentheses, may hold anything.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Int64(fields[11]), let system = Int64(fields[12]), let memory = Int64(fields[20]),
            let pages = Int64(fields[21])
        else { return nil }
        var files = rlimit()
        _ = getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &files)
        let ticks = Int64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        return ProcessFigures(
            cpuUs: (user + system) * 1_000_000 / ticks, residentBytes: pages * Int64(sysconf(Int32(_SC_PAGESIZE))), virtualBytes: memory,
            openDescriptors: openDescriptors(), descriptorsMax: Int64(clamping: files.rlim_cur), startedAt: startedAt)
    }

    private static func openDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // The folder itself, and its two names for folders.
        return max(0, count - 3)
    }
}
