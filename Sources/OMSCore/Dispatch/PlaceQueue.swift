import Containers

/// Orders of one account that wait to be placed. Intents take turns of up to a tenth of a request, an intent's items keep their order, and what cannot share a request waits apart.
///
/// A class inside: it belongs to one engine, and one order's turn must not copy a table.
package final class PlaceQueue {
    private final class Lane {
        let intent: IntentKey
        var groups: [(group: PlaceGroup, orders: Deque<OrderKey>)] = []
        init(_ intent: IntentKey) { self.intent = intent }

        func index(of group: PlaceGroup) -> Int? { groups.firstIndex { $0.group == group } }

        func orAdd(_ group: PlaceGroup) -> Int {
            if let index = index(of: group) { return index }
            groups.append((group, Deque()))
            return groups.count - 1
        }

        /// The group of the order that waits longest.
        var oldest: Int? {
            var best: (index: Int, key: OrderKey)?
            for index in groups.indices {
                if let first = groups[index].orders.first, best.map({ first < $0.key }) ?? true { best = (index, first) }
            }
            return best?.index
        }

        /// Takes the front of a group away; an empty group goes.
        func dropFirst(of index: Int) {
            _ = groups[index].orders.popFirst()
            if groups[index].orders.isEmpty { groups.remove(at: index) }
        }
    }

    private var lanes: [IntentKey: Lane] = [:]
    /// Intents with something to place, in the order of their turns.
    private var turns = Deque<IntentKey>()

    package init() {}

    package var isEmpty: Bool { lanes.isEmpty }

    private func lane(of intent: IntentKey) -> Lane {
        if let lane = lanes[intent] { return lane }
        let lane = Lane(intent)
        lanes[intent] = lane
        turns.append(intent)
        return lane
    }

    package func append(_ order: OrderKey, of intent: IntentKey, group: PlaceGroup) {
        let lane = lane(of: intent)
        lane.groups[lane.orAdd(group)].orders.append(order)
    }

    /// Back to the front of its intent, for what surely was not executed. `orders` in ascending order.
    package func putBack(_ orders: [OrderKey], of intent: IntentKey, group: PlaceGroup) {
        let lane = lane(of: intent)
        lane.groups[lane.orAdd(group)].orders.prepend(orders)
    }

    /// Takes out an order that does not wait any more, wherever it stands.
    package func remove(_ order: OrderKey, of intent: IntentKey) {
        guard let lane = lanes[intent] else { return }
        for index in lane.groups.indices { lane.groups[index].orders.removeAll { $0 == order } }
        lane.groups.removeAll { $0.orders.isEmpty }
        guard lane.groups.isEmpty else { return }
        lanes[intent] = nil
        turns.removeAll { $0 == intent }
    }

    /// What to do with an order whose turn has come.
    package enum Verdict { case take, drop, wait }

    /// Takes a batch: the next intent's oldest order decides the group, then intents give up to a tenth of a batch each in turn. One each would spread
    /// a batch of 100 over 100 pages of the journal: measured with 600 intents waiting, twice the CPU time an order and turns three times as long.
    ///
    /// - Parameters:
    ///   - max: at most so many.
    ///   - verdict: `drop` for what was withdrawn, `wait` leaves the order and its intent for later.
    ///   - cap: how many orders a batch with this one may hold.
    package func takeBatch(max: Int, verdict: (OrderKey) -> Verdict, cap: (OrderKey) -> Int) -> (group: PlaceGroup, orders: [OrderKey])? {
        var waiting: [IntentKey] = []
        var batch: [OrderKey] = []
        var limit = max
        let share = Swift.max(1, max / 10)
        var group: PlaceGroup?
        while batch.count < limit, let intent = turns.popFirst() {
            guard let lane = lanes[intent] else { continue }
            var took = 0
            search: while let index = group.map({ lane.index(of: $0) }) ?? lane.oldest {
                guard let next = lane.groups[index].orders.first else { break }
                switch verdict(next) {
                case .wait: break search
                case .drop: lane.dropFirst(of: index)
                case .take:
                    let wanted = lane.groups[index].group
                    let room = min(limit, wanted.isSingle ? 1 : Swift.max(1, cap(next)))
                    guard batch.count < room else { break search }
                    lane.dropFirst(of: index)
                    (group, limit, took) = (wanted, room, took + 1)
                    batch.append(next)
                    if took == share || batch.count == limit { break search }
                }
            }
            if lane.groups.isEmpty { lanes[intent] = nil } else if took > 0 { turns.append(intent) } else { waiting.append(intent) }
        }
        // Intents that had nothing for this batch keep their place in the rotation.
        turns.prepend(waiting)
        return group.map { ($0, batch) }
    }
}
