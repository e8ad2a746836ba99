import CLinux
import ControlAPI
import OMSCore
import Wire

/// Serves reads and subscriptions from a read-only connection, on a thread of its own: a long listing never delays a turn.
package final class ReaderThread: ReadService, @unchecked Sendable {
    private enum Job {
        case query(JournalQuery, missing: ControlError?, Ticket)
        case subscribe(Ticket, after: Int64, account: AccountID?, Caller)
        case unsubscribe(Ticket, Int64)
        case disconnected(UInt64)
        case rights(Rights, UInt64)
        case stop
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
    private var subscriptions = Subscriptions()
    /// Of connections whose rights changed while they were open; by them alone what waited is answered. Of the thread.
    private var rights: [UInt64: Rights] = [:]
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
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(&filled, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(&filled)
        pthread_mutex_destroy(&lock)
    }

    package func answer(_ query: JournalQuery, missing: ControlError?, to ticket: Ticket) { add(.query(query, missing: missing, ticket)) }
    package func subscribe(_ ticket: Ticket, after seq: Int64, account: AccountID?, for caller: Caller) {
        add(.subscribe(ticket, after: seq, account: account, caller))
    }
    package func unsubscribe(_ ticket: Ticket, subscription: Int64) { add(.unsubscribe(ticket, subscription)) }
    package func disconnected(connection: UInt64) { add(.disconnected(connection)) }
    package func changed(_ rights: Rights, of connection: UInt64) { add(.rights(rights, connection)) }
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
            for job in take() {
                if case .stop = job { return }
                perform(job)
            }
            feed()
        }
    }

    /// What came in. Sleeps while nobody wants anything: until a job or a commit comes, or for a held peer's pause.
    private func take() -> [Job] {
        let now = omsd_clock_us(CLOCK_MONOTONIC)
        let isBehind = subscriptions.areBehind(seq, at: now)
        let heldUntil = subscriptions.heldUntil(after: now)
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        isFollowed = !subscriptions.isEmpty
        func isQuiet() -> Bool { !isBehind && jobs.isEmpty && (!isFollowed || newest <= seq) }
        if let heldUntil {
            var time = timespec(tv_sec: Int(heldUntil / 1_000_000), tv_nsec: Int(heldUntil % 1_000_000) * 1_000)
            while isQuiet(), pthread_cond_timedwait(&filled, &lock, &time) == 0 {}
        } else {
            while isQuiet() { pthread_cond_wait(&filled, &lock) }
        }
        seq = newest
        let taken = jobs
        jobs = []
        return taken
    }

    private func perform(_ job: Job) {
        switch job {
        case .query(let query, let missing, let ticket):
            do throws(JournalError) {
                // What waited meanwhile is answered by what its caller may see now.
                if let bytes = try reader.answer(rights[ticket.connection].map { query.narrowed(to: $0) } ?? query) {
                    replies.reply(bytes, to: ticket)
                } else {
                    replies.fail(missing ?? .unknownOrder("not in this journal"), to: ticket)
                }
            } catch {
                log("a read failed: \(error.description.escapedForLog)")
                if error.isStorageFault { storageFailed(error) }
                replies.fail(.journalUnavailable("the journal could not be read: \(error.description)"), to: ticket)
            }
        case .subscribe(let ticket, let after, let account, let caller):
            let caller = Caller(caller.actor, rights[ticket.connection] ?? caller.rights)
            let id = subscriptions.add(connection: ticket.connection, after: after, account: account, for: caller)
            replies.reply(EventSubscribe.Result(id).serialized(), to: ticket)
        case .unsubscribe(let ticket, let id):
            if subscriptions.remove(id, of: ticket.connection) {
                replies.reply(EventSubscribe.Result(id).serialized(), to: ticket)
            } else {
                replies.fail(.invalidParams("subscription \(id) is none of this connection"), to: ticket)
            }
        case .disconnected(let connection):
            subscriptions.removeAll(of: connection)
            rights[connection] = nil
        case .rights(let changed, let connection):
            subscriptions.change(changed, of: connection)
            rights[connection] = changed
        case .stop: break
        }
    }

    /// Hands each subscriber the next events of the record.
    private func feed() {
        let (reader, replies) = (reader, replies)
        subscriptions.feed(
            to: seq, at: omsd_clock_us(CLOCK_MONOTONIC),
            from: { (after, scope) throws(JournalError) in try reader.events(after: after, of: scope, limit: Self.eventsAtOnce) },
            notify: { replies.notify($0, connection: $1) },
            failed: { error, connection in
                log("a subscriber's events could not be read: \(error.description.escapedForLog)")
                if error.isStorageFault { storageFailed(error) }
                // Not in silence.
                replies.end(connection: connection)
            })
    }
}
