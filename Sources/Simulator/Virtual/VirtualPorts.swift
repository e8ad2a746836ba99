import OMSCore
import Runtime
import Wire

/// The daemon's way to the network, ended where the virtual wire begins.
final class VirtualTransport: HTTPTransport, @unchecked Sendable {
    private let leave: ([HTTPExchange]) -> Void
    init(_ leave: @escaping ([HTTPExchange]) -> Void) { self.leave = leave }
    func send(_ exchanges: [HTTPExchange]) { leave(exchanges) }
    func warm(_ origin: HTTPOrigin, count: Int) {}
}

/// Where ends of requests go. The runner wants a closure that may cross threads; here there is one thread.
final class VirtualMailbox: @unchecked Sendable {
    private let body: (Input) -> Void
    init(_ body: @escaping (Input) -> Void) { self.body = body }
    func post(_ input: Input) { body(input) }
}

final class VirtualReplies: ReplySink, @unchecked Sendable {
    private let body: (OMSCore.Ticket, Result<JSON, ControlError>) -> Void
    init(_ body: @escaping (OMSCore.Ticket, Result<JSON, ControlError>) -> Void) { self.body = body }
    func reply(_ result: [UInt8], to ticket: OMSCore.Ticket) {
        guard let json = try? JSONParser.parse(result) else { preconditionFailure("an answer that is no JSON") }
        body(ticket, .success(json))
    }
    func fail(_ error: ControlError, to ticket: OMSCore.Ticket) { body(ticket, .failure(error)) }
    func notify(_ params: [UInt8], connection: UInt64) -> Notified { .taken }
    func end(connection: UInt64) {}
}

/// Reads of committed rows: what was accepted under an id is told, other reads only that they came through.
final class VirtualReads: ReadService {
    private let replies: VirtualReplies
    private let journal: MemoryJournal
    private let followers: LiveFollowers
    private let now: () -> Int64
    init(_ replies: VirtualReplies, _ journal: MemoryJournal, _ followers: LiveFollowers, now: @escaping () -> Int64) {
        (self.replies, self.journal, self.followers, self.now) = (replies, journal, followers, now)
    }

    func answer(_ query: JournalQuery, missing: ControlError?, to ticket: OMSCore.Ticket) {
        guard case .submission(let id, let isDuplicate) = query else { return replies.reply(Array("{}".utf8), to: ticket) }
        guard let row = journal.intent(id), journal.isComplete(row.key) else {
            return replies.fail(missing ?? .unknownOrder("no intent \(id)"), to: ticket)
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("intent_id", id.text)
        writer.member("duplicate", isDuplicate)
        writer.key("orders")
        writer.beginArray()
        for order in journal.orders(of: row.key) { writer.string(order.text) }
        writer.endArray()
        writer.endObject()
        replies.reply(writer.bytes, to: ticket)
    }
    func subscribe(_ ticket: OMSCore.Ticket, after seq: Int64, account: AccountID?, for caller: Caller) {
        followers.join(after: seq, account: account)
        replies.reply(Array("{}".utf8), to: ticket)
    }
    func unsubscribe(_ ticket: OMSCore.Ticket, subscription: Int64) { replies.reply(Array("{}".utf8), to: ticket) }
    func disconnected(connection: UInt64) {}
    func changed(_ rights: Rights, of connection: UInt64) {}
    func advanced(to seq: Int64) { followers.advanced(to: seq, at: now()) }
}
