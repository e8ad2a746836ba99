import OMSCore
import Wire

/// Who follows the record, and how far each was told: without a gap, whatever is written meanwhile. Whose thread calls it, and where lines are read and go,
/// is the caller's.
package struct Subscriptions {
    private struct Subscription {
        let id: Int64
        let connection: UInt64
        let account: AccountID?
        var caller: Caller
        /// Every line up to this number was handed on, or is not meant.
        var seq: Int64
        /// The newest commit that was looked through for it. Beside `seq`, which stays in front of an intent that is being written.
        var lookedTo: Int64 = -1
        /// Its peer has not read what it was sent: it is not looked at before then, on the monotonic clock. Its place in the record is kept.
        var heldUntil: Int64 = .min
        /// How long it is left alone when that comes next.
        var pauseUs = Subscriptions.heldPauses.lowerBound

        var scope: EventScope { EventScope(account, for: caller) }
    }
    private struct Place: Hashable {
        let seq: Int64
        let scope: EventScope
    }

    private var subscriptions: [Subscription] = []
    private var last: Int64 = 0

    /// How long a peer that has not read what it was sent is left alone, microseconds: short while it reads on, for a burst is as long as many of these; each time
    /// twice as long while it takes nothing.
    static let heldPauses: ClosedRange<Int64> = 500...20_000

    package init() {}

    package var isEmpty: Bool { subscriptions.isEmpty }

    /// Whether somebody waits for what was committed up to `seq`, and can be handed it at that moment.
    package func areBehind(_ seq: Int64, at now: Int64) -> Bool { subscriptions.contains { $0.lookedTo < seq && $0.heldUntil <= now } }

    /// When the first of those that read slowly is looked at again; nil: none is.
    package func heldUntil(after now: Int64) -> Int64? { subscriptions.compactMap { $0.heldUntil > now ? $0.heldUntil : nil }.min() }

    /// - Returns: Its number.
    package mutating func add(connection: UInt64, after seq: Int64, account: AccountID?, for caller: Caller) -> Int64 {
        last += 1
        subscriptions.append(Subscription(id: last, connection: connection, account: account, caller: caller, seq: seq))
        return last
    }

    /// - Returns: false where the connection has none of that number.
    package mutating func remove(_ id: Int64, of connection: UInt64) -> Bool {
        let before = subscriptions.count
        subscriptions.removeAll { $0.id == id && $0.connection == connection }
        return subscriptions.count < before
    }

    package mutating func removeAll(of connection: UInt64) { subscriptions.removeAll { $0.connection == connection } }

    /// What a connection follows, it follows as far as these let it see from here on.
    package mutating func change(_ rights: Rights, of connection: UInt64) {
        for index in subscriptions.indices where subscriptions[index].connection == connection {
            subscriptions[index].caller = Caller(subscriptions[index].caller.actor, rights)
        }
    }

    /// Hands each the next page of the record as it was committed up to `seq` or later. Those that stand at the same place share what was read.
    ///
    /// - Parameters:
    ///   - now: microseconds of the monotonic clock.
    ///   - notify: the parameters of a notification, and the connection they go to.
    ///   - failed: a page that could not be read; its subscription is over, and so must the connection be: whoever follows subscribes again behind the last
    ///     event it got.
    package mutating func feed(
        to seq: Int64, at now: Int64, from events: (_ after: Int64, EventScope) throws(JournalError) -> EventPage,
        notify: ([UInt8], UInt64) -> Notified, failed: (JournalError, UInt64) -> Void
    ) {
        var pages: [Place: EventPage] = [:]
        var ended: Set<Int64> = []
        for index in subscriptions.indices where subscriptions[index].lookedTo < seq && subscriptions[index].heldUntil <= now {
            let place = Place(seq: subscriptions[index].seq, scope: subscriptions[index].scope)
            do throws(JournalError) {
                let page: EventPage
                if let read = pages[place] {
                    page = read
                } else {
                    page = try events(place.seq, place.scope)
                    pages[place] = page
                }
                if !Self.hand(page, to: &subscriptions[index], lookedTo: seq, at: now, notify) { ended.insert(subscriptions[index].id) }
            } catch {
                failed(error, subscriptions[index].connection)
                ended.insert(subscriptions[index].id)
            }
        }
        subscriptions.removeAll { ended.contains($0.id) }
    }

    /// - Returns: false where the subscription is over.
    private static func hand(
        _ page: EventPage, to subscription: inout Subscription, lookedTo seq: Int64, at now: Int64, _ notify: ([UInt8], UInt64) -> Notified
    ) -> Bool {
        let head = Array("{\"subscription\":\(subscription.id),".utf8)
        for line in page.lines {
            switch notify(head + line.members + [UInt8(ascii: "}")], subscription.connection) {
            case .taken: (subscription.seq, subscription.pauseUs) = (line.seq, heldPauses.lowerBound)
            case .full:
                subscription.heldUntil = now + subscription.pauseUs
                subscription.pauseUs = min(2 * subscription.pauseUs, heldPauses.upperBound)
                return true
            case .gone: return false
            }
        }
        subscription.seq = max(subscription.seq, page.completeTo)
        if page.isLast { subscription.lookedTo = seq }
        return true
    }
}
