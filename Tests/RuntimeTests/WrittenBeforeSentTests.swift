import CLinux
import CSQLite
import OMSCore
import Runtime
import Simulator
import Store
import TestSupport
import Testing
import Venues
import Wire

/// The moment a request is handed to the transport, seen by a second connection to the journal: what is not there now would be lost in a crash.
@Suite struct WrittenBeforeSentTests {
    @Test(arguments: VenueCatalog.all.map(\.venue))
    func `whatever leaves stands in the journal already, with its orders and its permits`(_ venue: String) throws {
        let sample = try #require(VenueCatalog.sample(venue: venue))
        let stage = try Stage(venue: venue, product: sample.product)
        try stage.run { stage.runner.engine.snapshot().allSatisfy(\.isReady) }

        var intent = Intent(account: stage.account, id: IntentID("all"))
        intent.place = Array(repeating: PlaceItem(terms: sample.order), count: 250)
        stage.submit(intent)
        try stage.run { try stage.probe.number("SELECT count(*) FROM v_orders WHERE venue_order_id IS NOT NULL") == 250 }

        let wire = stage.wire
        #expect(wire.problems.isEmpty, "\(wire.problems.prefix(5))")
        #expect(wire.orderRequests >= 3, "\(wire.orderRequests) requests with orders were seen")
        #expect(try stage.probe.number("SELECT count(*) FROM v_requests WHERE signed_at > sent_at OR sent_at IS NULL") == 0)
    }
}

/// The production runner and journal on one thread, with a transport that looks before it sends.
private final class Stage {
    let scratch = ScratchDirectory()
    let runner: Runner
    let wire: LookingTransport
    let probe: Probe
    let account = AccountID("one")
    private let inputs = Inputs()

    init(venue: String, product: String) throws {
        let path = scratch.file("journal.db")
        let adapter = try #require(VenueCatalog.adapter(venue: venue, product: product))
        var options = WorldOptions()
        options.accounts = options.accounts.filter { $0.venue == venue && $0.products.contains(product) }
        let simulated = try #require(options.accounts.first)
        let journal = try SQLiteJournal.open(path: path, accounts: [JournalAccount(id: account, venue: venue, product: product)])
        probe = Probe(path: path)
        wire = LookingTransport(try VenueWorld(options), probe)
        let setup = AccountSetup(id: account, uid: simulated.uid, keyFingerprint: "print", rules: adapter)
        let key = SigningKey(keyID: simulated.key, secret: Array(simulated.secret.utf8), passphrase: simulated.passphrase)
        let origin = try #require(HTTPOrigin("http://127.0.0.1:1"))
        let silence = Silence()
        runner = try Runner(
            ports: RunnerPorts(
                journal: journal, transport: wire, replies: silence, reads: silence, clock: SystemClock(),
                checkJournal: { () throws(JournalError) in }, releaseBallast: {}, restoreBallast: { true }, log: { _ in }),
            links: [account: VenueLink(adapter: adapter, origin: origin, key: key)],
            facts: DaemonFacts(version: "test", sqliteVersion: "", startedAt: 0), post: { [inputs] in inputs.add($0) },
            makeEngine: { state, now in Engine(accounts: [setup], state: state, history: journal, seed: 1, bootID: "boot", at: now) })
    }

    func submit(_ intent: Intent) {
        let content = AskedContent(intent) { Digest256(sha256($0)) }
        inputs.add(
            .command(.submit(intent, content: content), from: .peer(uid: 0, pid: 1), ticket: OMSCore.Ticket(connection: 1, call: 1)))
    }

    /// Turns until it holds.
    func run(until holds: () throws -> Bool) throws {
        let end = omsd_clock_us(CLOCK_MONOTONIC) + 60_000_000
        while true {
            try runner.turn(inputs.take())
            if inputs.isEmpty {
                if try holds() { return }
                usleep(UInt32(clamping: min(runner.idleUs(), 5_000)))
            }
            guard omsd_clock_us(CLOCK_MONOTONIC) < end else {
                Issue.record("not within a minute: \(runner.engine.snapshot().map(\.lastError)) \(wire.problems.prefix(3))")
                return
            }
        }
    }
}

/// A read-only connection for each question: it sees what is committed and nothing else.
private struct Probe: Sendable {
    let path: String

    func rows(_ sql: String) throws -> [[String]] {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil) == SQLITE_OK,
            sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK
        else { throw Unreadable(text: connection.map { String(cString: sqlite3_errmsg($0)) } ?? sql) }
        var rows: [[String]] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            rows.append((0..<sqlite3_column_count(statement)).map { sqlite3_column_text(statement, $0).map { String(cString: $0) } ?? "NULL" })
        }
        return rows
    }
    func number(_ sql: String) throws -> Int { try rows(sql).first?.first.flatMap { Int($0) } ?? 0 }
    struct Unreadable: Error { let text: String }
}

/// Looks into the journal at the moment of sending, then lets a simulated venue answer.
private final class LookingTransport: HTTPTransport, @unchecked Sendable {
    private let world: VenueWorld
    private let probe: Probe
    // One thread: the runner's.
    private(set) var problems: [String] = []
    private(set) var orderRequests = 0

    init(_ world: VenueWorld, _ probe: Probe) { (self.world, self.probe) = (world, probe) }

    func send(_ exchanges: [HTTPExchange]) {
        for exchange in exchanges {
            do { try look(exchange) } catch { problems.append("\(exchange.request.target): \(error)") }
            answer(exchange)
        }
    }

    func warm(_ origin: HTTPOrigin, count: Int) {}

    private func look(_ exchange: HTTPExchange) throws {
        let name = "\(exchange.request.method) \(exchange.request.path) \(exchange.id)"
        // Questions about the public need no permit of a key, but of the address: each request takes at least one.
        if try probe.number("SELECT count(*) FROM permits WHERE request_id = \(exchange.id) AND released_at IS NULL") == 0 {
            problems.append("\(name): no permit is taken for it")
        }
        guard exchange.request.method != "GET" else { return }
        orderRequests += 1
        let rows = try probe.rows("SELECT items, body_sha256, coalesce(sent_at, 0) FROM v_requests WHERE request_id = \(exchange.id)")
        guard rows.count == 1 else { return problems.append("\(name): no row of it") }
        if rows[0][1] != hex(sha256(exchange.request.body)) { problems.append("\(name): another body is on record") }
        if rows[0][2] != "0" { problems.append("\(name): it was sent before") }
        let orders = try probe.rows("SELECT state FROM v_orders WHERE request_id = \(exchange.id)")
        if String(orders.count) != rows[0][0] || orders.contains(where: { $0 != ["submitted"] }) {
            problems.append("\(name): \(rows[0][0]) items, but \(orders.count) orders on record: \(Set(orders))")
        }
    }

    private func answer(_ exchange: HTTPExchange) {
        var request = exchange.request
        exchange.sign(&request)
        request.headers.append(HTTPHeader("Host", "127.0.0.1:1"))
        let sent = now
        guard case .response(let response, _) = world.handle(request, from: "127.0.0.1:9", at: sent.wall) else {
            return exchange.completion(.lost("no answer", sentAt: sent, resetAt: now))
        }
        exchange.completion(.answered(response, sentAt: sent, lastByteAt: now))
    }

    private var now: TransportTime { TransportTime(monotonic: omsd_clock_us(CLOCK_BOOTTIME), wall: omsd_clock_us(CLOCK_REALTIME)) }
}

/// Nobody asks and nobody listens.
private final class Silence: ReplySink, NoReads {
    func reply(_ result: [UInt8], to ticket: OMSCore.Ticket) {}
    func fail(_ error: ControlError, to ticket: OMSCore.Ticket) { Issue.record("\(error)") }
    func notify(_ params: [UInt8], connection: UInt64) -> Notified { .taken }
    func end(connection: UInt64) {}
}
