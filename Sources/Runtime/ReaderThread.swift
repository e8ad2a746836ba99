import CLinux
import OMSCore

import Wire

/// Serves reads and subscriptions from a read-only connection, on a thread of its own: a long listing never delays a turn.
package final class ReaderThread: ReadService, @unchecked Sendable {
    private enum Job {
        case query(JournalQuery, missing: ControlError?, Ticket)
        case subscribe(Ticket, after: Int64, account: AccountID?)
        case unsubscribe(Ticket, Int64)
        case disconnected(UInt64)
        case stop
    }
    private struct Subscription {
        let id: Int64
        let connection: UInt64
        let account: AccountID?
        var seq: Int64
    }

    private let reader: any JournalReader
    private let replies: any ReplySink
    private let log: @Sendable (String) -> Void
    private let storageFailed: @Sendable (JournalError) -> Void
    private var lock = pthread_mutex_t()
    private var filled = pthread_cond_t()
    private var jobs: [Job] = []
    /// The newest sequence number committed, and whether somebody waits for it: without subscribers a turn wakes nobody.
    private var newest: Int64 = 0
    private var isFollowed = false
    // Only the reader's own thread touches these.
    private var subscriptions: [Subscription] = []
    private var lastSubscription: Int64 = 0
    private var seq: Int64 = 0

    /// Events read and handed on at once, so that one subscriber's backlog leaves room for other reads.
    static let eventsAtOnce = 500

    /// - Parameter storageFailed: Told of errors of the file or its disk, on this thread: what cannot be read was perhaps not kept either.
    package init(
        reader: any JournalReader, replies: any ReplySink, log: @escaping @Sendable (String) -> Void,
        storageFailed: @escaping @Sendable (JournalError) -> Void
    ) {
        (self.reader, self.replies, self.log, self.storageFailed) = (reader, replies, log, storageFailed)
        pthread_mutex_init(&lock, nil)
        pthread_cond_init(&filled, nil)
    }

    deinit {
        pthread_cond_destroy(&filled)
        pthread_mutex_destroy(&lock)
    }

    package func answer(_ query: JournalQuery, missing: ControlError?, to ticket: Ticket) { add(.query(query, missing: missing, ticket)) }
    package func subscribe(_ ticket: Ticket, afterSeq: Int64?, account: AccountID?, currentSeq: Int64) {
        add(.subscribe(ticket, after: afterSeq ?? currentSeq, account: account))
    }
    package func unsubscribe(_ ticket: Ticket, subscription: Int64) { add(.unsubscribe(ticket, subscription)) }
    package func disconnected(connection: UInt64) { add(.disconnected(connection)) }
    package func advanced(to seq: Int64) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        newest = max(newest, seq)
        if isFollowed { pthread_cond_signal(&filled) }
    }
    package func stop() { add(.stop) }

    private func add(_ job: Job) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        jobs.append(job)
        if jobs.count == 1 { pthread_cond_signal(&filled) }
    }

    /// The thread's body; returns after `stop`.
    package func run() {
        while true {
            let isBehind = subscriptions.contains { $0.seq < seq }
            for job in take(waiting: !isBehind) {
                if case .stop = job { return }
                perform(job)
            }
            feed()
        }
    }

    private func take(waiting: Bool) -> [Job] {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        isFollowed = !subscriptions.isEmpty
        while waiting, jobs.isEmpty, !isFollowed || newest <= seq { pthread_cond_wait(&filled, &lock) }
        seq = newest
        let taken = jobs
        jobs = []
        return taken
    }

    private func perform(_ job: Job) {
        switch job {
        case .query(let query, let missing, let ticket):
            do throws(JournalError) {
                if let bytes = try reader.answer(query) {
                    replies.reply(bytes, to: ticket)
                } else {
                    replies.fail(missing ?? .unknownOrder("not in this journal"), to: ticket)
                }
            } catch {
                log("a read failed: \(error.description.escapedForLog)")
                if error.isStorageFault { storageFailed(error) }
                replies.fail(.journalUnavailable("the journal could not be read: \(error.description)"), to: ticket)
            }
        case .subscribe(let ticket, let after, let account):
            lastSubscription += 1
            subscriptions.append(Subscription(id: lastSubscription, connection: ticket.connection, account: account, seq: after))
            var out = JSONWriter()
            out.beginObject()
            out.member("subscription", lastSubscription)
            out.endObject()
            replies.reply(out.bytes, to: ticket)
        case .unsubscribe(let ticket, let id):
            let before = subscriptions.count
            subscriptions.removeAll { $0.id == id && $0.connection == ticket.connection }
            if subscriptions.count < before {
                replies.reply(Array(#"{"subscription":\#(id)}"#.utf8), to: ticket)
            } else {
                replies.fail(.invalidParams("subscription \(id) is none of this connection"), to: ticket)
            }
        case .disconnected(let connection): subscriptions.removeAll { $0.connection == connection }
        case .stop: break
        }
    }

    /// Hands each subscriber the next events of the record, without a gap.
    private func feed() {
        var ended: Set<Int64> = []
        for index in subscriptions.indices where subscriptions[index].seq < seq {
            let subscription = subscriptions[index]
            do throws(JournalError) {
                let query = JournalQuery.events(afterSeq: subscription.seq, account: subscription.account, limit: Self.eventsAtOnce)
                guard let bytes = try reader.answer(query), let events = (try? JSONParser.parse(bytes))?.array else { continue }
                for event in events {
                    guard case .object(let members) = event else { continue }
                    let params = JSON.object([(key: "subscription", value: .number(String(subscription.id)))] + members)
                    if !replies.notify(params.serialized(), connection: subscription.connection) {
                        ended.insert(subscription.id)
                        break
                    }
                    subscriptions[index].seq = event["seq"]?.integer ?? subscriptions[index].seq
                }
                // Nothing of this account in the rest: it is up to date.
                if events.count < Self.eventsAtOnce { subscriptions[index].seq = max(subscriptions[index].seq, seq) }
            } catch {
                log("a subscriber's events could not be read: \(error.description.escapedForLog)")
                if error.isStorageFault { storageFailed(error) }
                ended.insert(subscription.id)
            }
        }
        subscriptions.removeAll { ended.contains($0.id) }
    }
}
