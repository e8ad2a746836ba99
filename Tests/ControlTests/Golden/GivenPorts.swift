import Control
import OMSCore
import Runtime
import Simulator
import Store
import Synchronization
import TestSupport
import Wire

/// A clock that stands still until somebody moves it.
final class GivenClock: MomentSource, @unchecked Sendable {
    /// Microseconds since the stage was set.
    var time: Int64 = 0
    func now() -> Moment { Moment(monotonic: time + 1_000_000, wall: ReplyStage.epoch + time) }
    var transportTime: TransportTime { TransportTime(monotonic: now().monotonic, wall: now().wall) }
}

/// A way to the venues that takes two milliseconds, or is broken.
final class GivenWire: HTTPTransport, @unchecked Sendable {
    private let world: VenueWorld
    private let clock: GivenClock
    var isReachable = false
    init(_ world: VenueWorld, _ clock: GivenClock) { (self.world, self.clock) = (world, clock) }

    func send(_ exchanges: [HTTPExchange]) {
        for exchange in exchanges {
            var request = exchange.request
            exchange.sign(&request)
            request.headers.append(HTTPHeader("Host", "127.0.0.1:1"))
            let sent = clock.transportTime
            clock.time += 2_000
            guard isReachable, case .response(let response, _) = world.handle(request, from: "127.0.0.1:9", at: sent.wall) else {
                exchange.completion(.lost("no answer", sentAt: sent, resetAt: clock.transportTime))
                continue
            }
            exchange.completion(.answered(response, sentAt: sent, lastByteAt: clock.transportTime))
        }
    }

    func warm(_ origin: HTTPOrigin, count: Int) {}
}

/// The journal on disk, with the one name in it that is drawn by lot given instead, and a disk that may be full.
final class GivenJournal: Journal {
    private let journal: SQLiteJournal
    var isFull = false
    /// So many commits find that a file of the archive broke.
    var brokenFiles = 0
    /// Whoever looks for an order's executions finds it broken.
    var areFillsBroken = false
    /// So many orders are read before the file that they lie in breaks; nil: it is whole.
    var readsLeft: Int?
    init(_ journal: SQLiteJournal) { self.journal = journal }

    func write(_ records: [JournalRecord], at: Int64) throws(JournalError) {
        guard !isFull else { throw JournalError(.full, "no space is left on the disk") }
        guard brokenFiles == 0 else {
            brokenFiles -= 1
            throw JournalError(.busy, "2026-08.db cannot be read", isOfArchive: true)
        }
        try journal.write(records, at: at)
    }
    func finish() throws(JournalError) { try journal.finish() }
    func takeBack() { journal.takeBack() }
    func load() throws(JournalError) -> JournalState {
        var state = try journal.load()
        state.idTag = "GOLD"
        return state
    }
    func intent(_ id: IntentID) throws(JournalError) -> IntentRow? { try journal.intent(id) }
    func order(_ id: ClientOrderID) throws(JournalError) -> Order? {
        if let left = readsLeft {
            guard left > 0 else { throw JournalError(.damaged, "2026-08.db cannot be read", isOfArchive: true) }
            readsLeft = left - 1
        }
        return try journal.order(id)
    }
    func order(account: AccountID, venueOrderID: VenueOrderID) throws(JournalError) -> Order? {
        try journal.order(account: account, venueOrderID: venueOrderID)
    }
    func orders(venueOrderID: VenueOrderID) throws(JournalError) -> [Order] { try journal.orders(venueOrderID: venueOrderID) }
    func isUsed(_ id: ClientOrderID) throws(JournalError) -> Bool { try journal.isUsed(id) }
    func fills(of order: OrderKey) throws(JournalError) -> [Fill] {
        if areFillsBroken { throw JournalError(.busy, "2026-08.db cannot be read", isOfArchive: true) }
        return try journal.fills(of: order)
    }
    func trades(of account: AccountID, since: Int64, _ tell: (OwnTrade) -> Void) throws(JournalError) {
        try journal.trades(of: account, since: since, tell)
    }
    func latch(_ error: JournalError) { journal.latch(error) }
    func executedOrders(after key: OrderKey, limit: Int) throws(JournalError) -> [Order] { try journal.executedOrders(after: key, limit: limit) }
    func idle() throws(JournalError) { try journal.idle() }
    func check() throws(JournalError) { try journal.check() }
}

/// Hands answers on, and knows to whom.
final class Answering: ReplySink, @unchecked Sendable {
    private let answered = Mutex<Set<OMSCore.Ticket>>([])
    /// Set before the first call.
    var server: ControlServer?

    func isAnswered(_ ticket: OMSCore.Ticket) -> Bool { answered.withLock { $0.contains(ticket) } }

    func reply(_ result: [UInt8], to ticket: OMSCore.Ticket) {
        server?.reply(result, to: ticket)
        answered.withLock { _ = $0.insert(ticket) }
    }
    func fail(_ error: ControlError, to ticket: OMSCore.Ticket) {
        server?.fail(error, to: ticket)
        answered.withLock { _ = $0.insert(ticket) }
    }
    func notify(_ params: [UInt8], connection: UInt64) -> Notified { server?.notify(params, connection: connection) ?? .gone }
    func end(connection: UInt64) { server?.end(connection: connection) }
}

/// Reads that are answered before anything else happens.
final class AnsweredReads: ReadService {
    private let reader: ReaderThread
    private let replies: Answering
    init(_ reader: ReaderThread, _ replies: Answering) { (self.reader, self.replies) = (reader, replies) }

    func answer(_ query: JournalQuery, missing: ControlError?, to ticket: OMSCore.Ticket) {
        reader.answer(query, missing: missing, to: ticket)
        hear(ticket)
    }
    func subscribe(_ ticket: OMSCore.Ticket, after seq: Int64, account: AccountID?, for caller: Caller) {
        reader.subscribe(ticket, after: seq, account: account, for: caller)
        hear(ticket)
    }
    func unsubscribe(_ ticket: OMSCore.Ticket, subscription: Int64) {
        reader.unsubscribe(ticket, subscription: subscription)
        hear(ticket)
    }
    func disconnected(connection: UInt64) { reader.disconnected(connection: connection) }
    func changed(_ rights: Rights, of connection: UInt64) { reader.changed(rights, of: connection) }
    func advanced(to seq: Int64) { reader.advanced(to: seq) }

    private func hear(_ ticket: OMSCore.Ticket) {
        guard eventually({ replies.isAnswered(ticket) }) else { preconditionFailure("a read that nobody answers") }
    }
}
