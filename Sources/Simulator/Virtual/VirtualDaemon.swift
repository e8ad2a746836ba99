import OMSCore
import Runtime
import Transport
import Venues
import Wire

/// The whole daemon in virtual time: the production runner, engine and adapters against simulated venues, on one thread. One seed, one history.
package final class VirtualDaemon {
    package struct Options {
        package var seed: UInt64 = 1
        /// One way, microseconds.
        package var latencyUs: ClosedRange<Int64> = 500...20_000
        package var setups: [AccountSetup] = []
        package var world = WorldOptions()
        package init() {}
    }

    package let world: VenueWorld
    package let journal = MemoryJournal()
    package private(set) var runner: Runner?
    package private(set) var answers: [OMSCore.Ticket: Result<JSON, ControlError>] = [:]
    package private(set) var violations: [String] = []
    package private(set) var turns = 0
    package private(set) var crashes = 0

    private let options: Options
    private let clock = VirtualClock()
    private var events = EventQueue()
    private var inputs: [Input] = []
    private var random: SeededGenerator
    private var links: [AccountID: VenueLink] = [:]
    private var wire: VirtualWire?
    private var replies: VirtualReplies?
    private var calls: UInt64 = 0

    package init(_ options: Options) throws {
        self.options = options
        random = SeededGenerator(seed: seed(options.seed, "virtual"))
        world = try VenueWorld(options.world)
        for setup in options.setups {
            guard let account = options.world.accounts.first(where: { $0.uid == setup.uid }),
                let adapter = VenueCatalog.adapter(venue: setup.rules.profile.venue, product: setup.rules.profile.product),
                let origin = HTTPOrigin("http://127.0.0.1:1")
            else { throw SimulatorInputError("no simulated account for \(setup.id)") }
            let key = SigningKey(keyID: account.key, secret: Array(account.secret.utf8), passphrase: account.passphrase)
            links[setup.id] = VenueLink(adapter: adapter, origin: origin, key: key)
        }
    }

    package var now: Moment { clock.now() }
    package var engine: Engine? { runner?.engine }

    // MARK: Life

    package func start() throws {
        let wire = VirtualWire { [unowned self] exchanges, epoch in self.leave(exchanges, epoch) }
        let replies = VirtualReplies { [unowned self] ticket, result in self.answers[ticket] = result }
        wire.epoch = crashes
        (self.wire, self.replies) = (wire, replies)
        let (setups, journal, seed) = (options.setups, journal, options.seed)
        let post = VirtualPost { [unowned self] input, epoch in if epoch == self.crashes { self.inputs.append(input) } }
        let epoch = crashes
        let ports = RunnerPorts(
            journal: journal, transport: wire, replies: replies, reads: VirtualReads(replies), clock: clock, checkJournal: { () throws(JournalError) in },
            releaseBallast: {}, restoreBallast: { true }, log: { _ in })
        runner = try Runner(
            ports: ports, links: links, facts: DaemonFacts(version: "virtual", sqliteVersion: "none", startedAt: now.wall),
            post: { post.take($0, epoch) },
            makeEngine: { state, now in Engine(accounts: setups, state: state, journal: journal, seed: seed, bootID: "boot", at: now) })
    }

    /// As `kill -9`: what was handed to the kernel still arrives, nothing is heard any more.
    package func crash() {
        crashes += 1
        runner = nil
        inputs = []
    }

    package func submit(_ intent: Intent) -> OMSCore.Ticket {
        calls += 1
        let ticket = OMSCore.Ticket(connection: 1, call: calls)
        inputs.append(
            .command(.submit(intent, content: Digest256(sha256(intent.canonicalBytes()))), from: .peer(uid: 0, pid: 1), role: .operator, ticket: ticket))
        return ticket
    }

    package func command(_ command: ControlCommand) -> OMSCore.Ticket {
        calls += 1
        let ticket = OMSCore.Ticket(connection: 1, call: calls)
        inputs.append(.command(command, from: .peer(uid: 0, pid: 1), role: .operator, ticket: ticket))
        return ticket
    }

    // MARK: Time

    /// Runs until the condition holds, at most so long in virtual time.
    ///
    /// - Returns: whether it held.
    @discardableResult
    package func run(forUs limit: Int64, until isDone: () -> Bool = { false }) throws(JournalError) -> Bool {
        let end = clock.monotonic + limit
        while true {
            if let runner {
                let taken = inputs
                inputs = []
                turns += 1
                try runner.turn(taken)
            }
            if isDone() { return true }
            if !inputs.isEmpty { continue }
            var next = end
            if let runner { next = min(next, max(clock.monotonic + 1, runner.engine.nextWake)) }
            if let event = events.nextAt { next = min(next, max(clock.monotonic, event)) }
            if next >= end {
                clock.monotonic = end
                return isDone()
            }
            clock.monotonic = next
            while let event = events.takeDue(at: clock.monotonic) { event.action(clock.monotonic) }
        }
    }

    private func later(_ delayUs: Int64, _ action: @escaping (Int64) -> Void) { events.add(at: clock.monotonic + max(1, delayUs), action) }

    // MARK: The wire

    private func leave(_ exchanges: [HTTPExchange], _ epoch: Int) {
        for exchange in exchanges {
            audit(exchange)
            let sentAt = clock.time
            let deadline = clock.monotonic + exchange.timeoutMs * 1_000
            var isOver = false
            func end(_ how: HTTPExchangeEnd) {
                guard !isOver else { return }
                isOver = true
                if epoch == crashes { exchange.completion(how) }
            }
            events.add(at: deadline) { [unowned self] _ in end(.lost("no answer in time", sentAt: sentAt, resetAt: self.clock.time)) }
            let (out, back) = (random.between(options.latencyUs.lowerBound, options.latencyUs.upperBound), latency())
            later(out) { [unowned self] _ in
                var request = exchange.request
                exchange.sign(&request)
                request.headers.append(HTTPHeader("Host", "127.0.0.1:1"))
                switch self.world.handle(request, from: "127.0.0.1:9", at: self.clock.time.wall) {
                case .response(let response, let afterUs):
                    self.later(afterUs + back) { _ in end(.answered(response, sentAt: sentAt, lastByteAt: self.clock.time)) }
                case .raw(let bytes, let afterUs, _):
                    self.later(afterUs + back) { _ in
                        var parser = HTTPResponseParser()
                        if let response = (try? parser.consume(bytes)) ?? nil {
                            end(.answered(response, sentAt: sentAt, lastByteAt: self.clock.time))
                        } else {
                            end(.lost("unreadable answer", sentAt: sentAt, resetAt: self.clock.time))
                        }
                    }
                case .reset(let afterUs):
                    self.later(afterUs + back) { _ in end(.lost("connection reset", sentAt: sentAt, resetAt: self.clock.time)) }
                case .silence: break
                }
            }
        }
    }

    private func latency() -> Int64 { random.between(options.latencyUs.lowerBound, options.latencyUs.upperBound) }

    /// Nothing on the wire without an earlier durable record of it.
    private func audit(_ exchange: HTTPExchange) {
        guard exchange.request.method != "GET", let row = journal.requests[RequestID(exchange.id)] else { return }
        if row.bodySHA256 != Digest256(sha256(exchange.request.body)) { violations.append("request \(exchange.id) left with another body than journaled") }
    }
}

/// Time as something that is given. Starts on 2026-11-20.
final class VirtualClock: MomentSource, @unchecked Sendable {
    var monotonic: Int64 = 1_000_000
    var wallOffset: Int64 = 1_795_000_000_000_000
    func now() -> Moment { Moment(monotonic: monotonic, wall: monotonic + wallOffset) }
    var time: TransportTime { TransportTime(monotonic: monotonic, wall: monotonic + wallOffset) }
}

private final class VirtualWire: HTTPTransport, @unchecked Sendable {
    var epoch = 0
    private let leave: ([HTTPExchange], Int) -> Void
    init(_ leave: @escaping ([HTTPExchange], Int) -> Void) { self.leave = leave }
    func send(_ exchanges: [HTTPExchange]) { leave(exchanges, epoch) }
    func warm(_ origin: HTTPOrigin, count: Int) {}
}

private final class VirtualPost: @unchecked Sendable {
    private let body: (Input, Int) -> Void
    init(_ body: @escaping (Input, Int) -> Void) { self.body = body }
    func take(_ input: Input, _ epoch: Int) { body(input, epoch) }
}

private final class VirtualReplies: ReplySink, @unchecked Sendable {
    private let body: (OMSCore.Ticket, Result<JSON, ControlError>) -> Void
    init(_ body: @escaping (OMSCore.Ticket, Result<JSON, ControlError>) -> Void) { self.body = body }
    func reply(_ result: [UInt8], to ticket: OMSCore.Ticket) { body(ticket, .success((try? JSONParser.parse(result)) ?? .null)) }
    func fail(_ error: ControlError, to ticket: OMSCore.Ticket) { body(ticket, .failure(error)) }
    func notify(_ params: [UInt8], connection: UInt64) -> Bool { true }
}

/// Reads are the journal's own business and not simulated: who asks is told that the question came through.
private final class VirtualReads: ReadService {
    private let replies: VirtualReplies
    init(_ replies: VirtualReplies) { self.replies = replies }
    func answer(_ query: JournalQuery, missing: ControlError?, to ticket: OMSCore.Ticket) { replies.reply(Array("{}".utf8), to: ticket) }
    func subscribe(_ ticket: OMSCore.Ticket, afterSeq: Int64?, account: AccountID?, currentSeq: Int64) { replies.reply(Array("{}".utf8), to: ticket) }
    func unsubscribe(_ ticket: OMSCore.Ticket, subscription: Int64) { replies.reply(Array("{}".utf8), to: ticket) }
    func disconnected(connection: UInt64) {}
    func advanced(to seq: Int64) {}
}
