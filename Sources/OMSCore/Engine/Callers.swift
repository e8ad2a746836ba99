import Containers

/// Callers that wait for intents (`intent.wait`): each is answered once, when its intent is as far as it asked for, or when its time is over. Who waits for
/// something else stands with what is waited for (``Listing``, ``Grants``, acceptances).
///
/// An owner: it knows intents by their keys alone, and is told how far they are.
struct Callers {
    private struct Waiter {
        let ticket: Ticket
        let untilSettled: Bool
        let deadline: Int64
    }
    private var waiters: [IntentKey: [Waiter]] = [:]
    /// By deadline; also of those that were answered before.
    private var deadlines = TimerHeap<IntentKey>()

    /// When the next wait may be over, by the runner's clock; nil: nobody waits.
    var nextAt: Int64? { deadlines.nextAt }
    /// All who wait.
    var tickets: [Ticket] { waiters.values.flatMap { $0.map(\.ticket) } }

    /// - Parameter untilSettled: false: until its orders are acknowledged, or came to another end.
    mutating func wait(for intent: IntentKey, ticket: Ticket, untilSettled: Bool, until deadline: Int64) {
        waiters[intent, default: []].append(Waiter(ticket: ticket, untilSettled: untilSettled, deadline: deadline))
        deadlines.add(intent, at: deadline)
    }

    /// Takes out who waited for no more than this of an intent, in the order in which they asked.
    mutating func take(_ intent: IntentKey, isSettled: Bool, isAcknowledged: Bool) -> [Ticket] {
        guard !waiters.isEmpty else { return [] }
        return take(intent) { isSettled || (!$0.untilSettled && isAcknowledged) }
    }

    /// Takes out whose time is over, intent by intent.
    mutating func takeLate(at now: Int64) -> [(intent: IntentKey, ticket: Ticket)] {
        var late: [(intent: IntentKey, ticket: Ticket)] = []
        while let intent = deadlines.popDue(at: now) { late += take(intent) { $0.deadline <= now }.map { (intent, $0) } }
        return late
    }

    /// The connection is gone.
    mutating func drop(_ connection: UInt64) {
        for intent in Array(waiters.keys) { _ = take(intent) { $0.ticket.connection == connection } }
    }

    /// Takes out who of a connection waits for intents of which he is told no more, in the order in which those were accepted.
    mutating func giveUp(on connection: UInt64, _ isHidden: (IntentKey) -> Bool) -> [(intent: IntentKey, tickets: [Ticket])] {
        waiters.keys.filter(isHidden).sorted().map { intent in (intent, take(intent) { $0.ticket.connection == connection }) }
    }

    private mutating func take(_ intent: IntentKey, where isTaken: (Waiter) -> Bool) -> [Ticket] {
        guard let all = waiters[intent] else { return [] }
        let left = all.filter { !isTaken($0) }
        waiters[intent] = left.isEmpty ? nil : left
        return all.filter(isTaken).map(\.ticket)
    }
}
