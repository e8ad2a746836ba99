import OMSCore
import Synchronization

/// Tickets kept for a later answer.
final class Held: Sendable {
    private let tickets = Mutex<[Ticket]>([])
    func add(_ ticket: Ticket) { tickets.withLock { $0.append(ticket) } }
    var all: [Ticket] { tickets.withLock { $0 } }
    var count: Int { all.count }
}
