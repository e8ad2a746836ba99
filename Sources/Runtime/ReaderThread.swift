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
        /// Every line up to this number was handed on, or is not meant.
        var seq: Int64
        /// The newest commit that was looked through for it. Beside `seq`, which stays in front of an intent that is being written.
        var lookedTo: Int64
        /// Its peer reads slowly: it is not looked at before then, on the monotonic clock. Its place in the record is kept.
        var heldUntil: Int64 = .min
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
    /// How long a peer that has not read what it was sent is left alone: 20 ms.
    static let heldPauseUs: Int64 = 20_000

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
    package func subscribe(_ ticket: Ticket, after seq: Int64, account: AccountID?) {
        add(.subscribe(ticket, after: seq, account: account))
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
        let isBehind = subscriptions.contains { $0.lookedTo < seq && $0.heldUntil <= now }
        let heldUntil = subscriptions.compactMap { $0.heldUntil > now ? $0.heldUntil : nil }.min()
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
            subscriptions.append(Subscription(id: lastSubscription, connection: ticket.connection, account: account, seq: after, lookedTo: -1))
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

    /// Hands each subscriber the next events of the record, without a gap. Those that stand at the same place share what was read.
    private func feed() {
        struct Place: Hashable {
            let seq: Int64
            let account: AccountID?
        }
        var pages: [Place: EventPage] = [:]
        var ended: Set<Int64> = []
        let now = omsd_clock_us(CLOCK_MONOTONIC)
        for index in subscriptions.indices where subscriptions[index].lookedTo < seq && subscriptions[index].heldUntil <= now {
            let place = Place(seq: subscriptions[index].seq, account: subscriptions[index].account)
            do throws(JournalError) {
                let page: EventPage
                if let read = pages[place] {
                    page = read
                } else {
                    page = try reader.events(after: place.seq, account: place.account, limit: Self.eventsAtOnce)
                    pages[place] = page
                }
                if !hand(page, to: &subscriptions[index]) { ended.insert(subscriptions[index].id) }
            } catch {
                log("a subscriber's events could not be read: \(error.description.escapedForLog)")
                if error.isStorageFault { storageFailed(error) }
                // Not in silence: whoever follows subscribes again behind the last event it got.
                replies.end(connection: subscriptions[index].connection)
                ended.insert(subscriptions[index].id)
            }
        }
        subscriptions.removeAll { ended.contains($0.id) }
    }

    /// - Returns: false where the subscription is over.
    private func hand(_ page: EventPage, to subscription: inout Subscription) -> Bool {
        let head = Array("{\"subscription\":\(subscription.id),".utf8)
        for line in page.lines {
            switch replies.notify(head + line.members + [UInt8(ascii: "}")], connection: subscription.connection) {
            case .taken: subscription.seq = line.seq
            case .full:
                subscription.heldUntil = omsd_clock_us(CLOCK_MONOTONIC) + Self.heldPauseUs
                return true
            case .gone: return false
            }
        }
        subscription.seq = max(subscription.seq, page.completeTo)
        if page.isLast { subscription.lookedTo = seq }
        return true
    }
}
