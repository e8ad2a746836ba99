import OMSCore
import Wire

/// What must hold of guards, by what their holders did: it is told of connections from outside, and of rows and orders by the record.
///
/// None trips before its holder was gone for as long as its grace, each trips once, nothing leaves under one that tripped; and at the end none stands whose holder
/// is gone, and no order stands that one was to cancel and nobody asked to.
final class GuardWatch {
    /// Which connection holds which, as its holder was told.
    private var holders: [GuardID: UInt64] = [:]
    /// When each connection of this process said something last, and when it ended; microseconds of the history.
    private var heardAt: [UInt64: Int64] = [:]
    private var endedAt: [UInt64: Int64] = [:]
    private var startedAt: Int64 = 0
    /// Of those of this process.
    private var begunAt: [GuardID: Int64] = [:]
    private var trips: [GuardID: Int] = [:]
    private var bound: [IntentKey: GuardID] = [:]

    /// No connection of the process before holds anything.
    func started(at now: Int64) { (holders, heardAt, endedAt, begunAt, startedAt) = ([:], [:], [:], [:], now) }

    func heard(_ connection: UInt64, at now: Int64) {
        guard endedAt[connection] == nil else { return }
        heardAt[connection] = now
    }
    func ended(_ connection: UInt64, at now: Int64) { endedAt[connection] = endedAt[connection] ?? now }

    func told(_ ticket: OMSCore.Ticket, _ result: Result<JSON, ControlError>) {
        guard case .success(let json) = result, let id = json["guard_id"]?.integer, json["token"] != nil else { return }
        holders[GuardID(id)] = ticket.connection
    }

    /// Since when nobody holds it; nil: somebody does.
    private func lostSince(_ row: GuardRow) -> Int64? {
        guard let connection = holders[row.id] else { return max(begunAt[row.id] ?? 0, startedAt) }
        let silent = row.heartbeatMs.flatMap { ms in heardAt[connection].map { $0 + .milliseconds(ms) } }
        return [endedAt[connection], silent].compactMap { $0 }.min()
    }

    /// - Returns: what is wrong with it.
    func willWrite(_ record: JournalRecord, to journal: MemoryJournal, at now: Int64) -> String? {
        switch record {
        case .intent(let row, _):
            if let id = row.guardID { bound[row.key] = id }
            return nil
        case .orderChanged(let order, _, _, let event):
            guard event.kind == .submitted, let id = bound[order.intent], let state = journal.guards[id]?.state else { return nil }
            return state == .tripping || state == .tripped ? "\(order.clientOrderID) leaves under guard \(id), which is \(state.rawValue)" : nil
        case .sessionGuard(let row, _): return willChange(row, from: journal.guards[row.id]?.state, at: now)
        default: return nil
        }
    }

    private func willChange(_ row: GuardRow, from state: GuardRow.State?, at now: Int64) -> String? {
        let name = "guard \(row.id)"
        guard let state else {
            begunAt[row.id] = now
            return nil
        }
        guard state.isOpen else { return "\(name) was \(state.rawValue), and is \(row.state.rawValue) now" }
        switch row.state {
        case .tripping where state != .tripping:
            trips[row.id, default: 0] += 1
            guard trips[row.id] == 1 else { return "\(name) trips for the second time" }
            guard let since = lostSince(row) else { return "\(name) trips, and its holder is there" }
            let early = since + .milliseconds(row.graceMs) - now
            return early > 0 ? "\(name) trips \(early) us too early" : nil
        case .tripped where state != .tripping: return "\(name) has tripped, and never was about to"
        case .held where state == .tripping: return "\(name) is held again, though it trips"
        default: return nil
        }
    }

    /// When everything has come to rest.
    func close(_ journal: MemoryJournal, at now: Int64) -> [String] {
        var wrong: [String] = []
        for row in journal.guards.values.sorted(by: { $0.id.number < $1.id.number }) where row.state.isOpen {
            guard let since = lostSince(row), since + .milliseconds(row.graceMs) + Self.slackUs < now else { continue }
            let ms = (now - since) / 1_000
            wrong.append("guard \(row.id) is \(row.state.rawValue), nobody has held it for \(ms) ms, and its grace is \(row.graceMs) ms")
        }
        let asked = Set(journal.commands.values.lazy.filter { $0.kind == .cancel }.map(\.order))
        for order in journal.orders.values.sorted(by: { $0.key < $1.key }) where !order.state.isTerminal && !asked.contains(order.key) {
            guard let id = bound[order.intent], let row = journal.guards[id], row.state == .tripped else { continue }
            wrong.append("\(order.clientOrderID) is \(order.state.rawValue), nobody asked to cancel it, and its guard \(id) has tripped")
        }
        return wrong
    }

    /// A turn, and a slow disk.
    private static let slackUs: Int64 = .seconds(5)
}
