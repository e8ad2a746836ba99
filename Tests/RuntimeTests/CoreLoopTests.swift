import CLinux
import OMSCore
import Runtime
import Simulator
import Synchronization
import TestSupport
import Testing
import Venues
import Wire

/// Which thread runs a turn, and that order is kept whoever does.
@Suite struct CoreLoopTests {
    @Test func `a small command that comes alone is answered before the call returns`() throws {
        let rig = try Rig()
        #expect(rig.core.turnAtOnce(rig.question(1)))
        #expect(rig.replies.calls == [1])
    }

    @Test func `what was posted before is answered before`() throws {
        let rig = try Rig()
        #expect(rig.mailbox.post(command: rig.question(1)))
        #expect(rig.mailbox.post(command: rig.question(2)))
        #expect(rig.core.turnAtOnce(rig.question(3)))
        #expect(rig.replies.calls == [1, 2, 3])
    }

    @Test func `a command that comes during a turn is left to be posted`() throws {
        let rig = try Rig()
        let wasTaken = try rig.core.exclusively { _ in try Aside { rig.core.turnAtOnce(rig.question(1)) }.join() }
        #expect(!wasTaken)
        #expect(rig.replies.calls.isEmpty)
    }

    @Test func `a large intent is left to the core's own thread`() throws {
        let rig = try Rig()
        #expect(!rig.core.turnAtOnce(rig.intent(orders: 100)))
        #expect(rig.core.turnAtOnce(rig.intent(orders: 1)))
    }

    @Test func `a turn elsewhere counts as work, so that the journal tidies up in real silence only`() throws {
        let rig = try Rig()
        _ = try rig.core.exclusively { _ in try rig.core.turn() }
        #expect(rig.core.turnAtOnce(rig.question(1)))
        #expect(try rig.core.exclusively { _ in try rig.core.turn() })
        #expect(try !rig.core.exclusively { _ in try rig.core.turn() })
    }

    @Test func `a command that comes behind ten thousand pushes is in the next turn, and pushes go on beside commands`() throws {
        let rig = try Rig()
        for _ in 0..<10_000 { rig.mailbox.post(Rig.push) }
        #expect(rig.mailbox.post(command: rig.question(1)))
        _ = try rig.core.exclusively { _ in try rig.core.turn() }
        #expect(rig.replies.calls == [1] && rig.streams.taken.now > 0)
    }

    @Test func `what the core heard gives its place back also in a turn that writes nothing`() throws {
        let rig = try Rig()
        rig.mailbox.post(Rig.push)
        _ = try rig.core.exclusively { _ in try rig.core.turn() }
        #expect(rig.streams.taken.now == 1)
    }

    @Test func `a turn that fails elsewhere wakes the core's thread and is its end`() throws {
        let rig = try Rig(journalIsGone: true)
        #expect(rig.core.turnAtOnce(rig.question(1)))
        #expect(rig.replies.calls.isEmpty, "nobody is told anything by a turn that failed")
        #expect(!rig.core.wait(), "it returns at once, and nobody asked to stop")
        #expect(throws: JournalError.self) { try rig.core.exclusively { _ in } }
        #expect(!rig.core.turnAtOnce(rig.question(2)), "there is no turn after it")
    }
}

/// A core over a journal in memory, whose venue never answers.
private final class Rig: @unchecked Sendable {
    let mailbox = Mailbox()
    let replies = Replies()
    let streams = Taken()
    let core: CoreLoop
    static let push = Input.heard("stream", StreamEvent(1, .told([.pong])))
    private let account = AccountID("one")

    init(journalIsGone: Bool = false) throws {
        let adapter = try #require(VenueCatalog.adapter(venue: "az-futures", product: "usdt"))
        let journal = MemoryJournal()
        let setup = AccountSetup(id: account, uid: "U1", keyFingerprint: "print", rules: adapter)
        let origin = try #require(HTTPOrigin("http://127.0.0.1:1"))
        let runner = try Runner(
            ports: RunnerPorts(
                journal: journal, transport: Nowhere(), replies: replies, reads: replies, clock: SystemClock(),
                checkJournal: { () throws(JournalError) in if journalIsGone { throw JournalError(.failed, "the file is gone") } },
                releaseBallast: {}, restoreBallast: { true }, streams: streams, log: { _ in }),
            links: [account: VenueLink(adapter: adapter, origin: origin, key: SigningKey(keyID: "key", secret: [1], passphrase: nil))],
            facts: DaemonFacts(version: "test", sqliteVersion: "", startedAt: 0), post: { [mailbox] in mailbox.post($0) },
            makeEngine: { state, now in Engine(accounts: [setup], state: state, history: journal, seed: 1, bootID: "boot", at: now) })
        core = CoreLoop(runner: runner, mailbox: mailbox)
    }

    func question(_ call: UInt64) -> Input { command(.accountList, call) }

    func intent(orders: Int) -> Input {
        var intent = Intent(account: account, id: IntentID("i\(orders)"))
        let terms = OrderTerms(
            symbol: Symbol("btc_usdt"), side: .buy, type: .limit, timeInForce: .gtc, price: Decimal("39000"), quantity: Decimal("10"))
        intent.place = Array(repeating: PlaceItem(terms: terms), count: orders)
        return command(.submit(intent, content: AskedContent(intent) { Digest256(sha256($0)) }), 9)
    }

    private func command(_ command: ControlCommand, _ call: UInt64) -> Input {
        .command(command, from: .peer(uid: 0, pid: 1), ticket: OMSCore.Ticket(connection: 1, call: call))
    }
}

private final class Nowhere: HTTPTransport {
    func send(_ exchanges: [HTTPExchange]) {}
    func warm(_ origin: HTTPOrigin, count: Int) {}
}

/// Counts what the core has taken in of streams.
private final class Taken: StreamCarrier {
    let taken = Shared(0)
    func row(of wish: StreamWish, at now: Moment) -> RequestRow? { nil }
    func carryOut(_ wishes: [StreamWish]) {}
    func took(_ event: StreamEvent) { taken.value.withLock { $0 += 1 } }
    func endAll() {}
}

/// Which calls were answered, in order.
private final class Replies: ReplySink, NoReads {
    private let answered = Mutex<[UInt64]>([])
    var calls: [UInt64] { answered.withLock { $0 } }
    func reply(_ result: [UInt8], to ticket: OMSCore.Ticket) { answered.withLock { $0.append(ticket.call) } }
    func fail(_ error: ControlError, to ticket: OMSCore.Ticket) { answered.withLock { $0.append(ticket.call) } }
    func notify(_ params: [UInt8], connection: UInt64) -> Notified { .taken }
    func end(connection: UInt64) {}
}
