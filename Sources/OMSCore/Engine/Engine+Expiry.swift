/// An intent whose deadline passed: what had not left of it does not leave any more, and is ended slice by slice.
struct Expiry {
    let intent: OpenIntent
    /// Through its orders.
    var walk: BookWalk
    /// Of its modifies, how many were looked at.
    var next = 0
}

extension Engine {
    /// Unsent orders and modifies whose deadline passed are not sent any more.
    func expire() {
        while let intent = intents.popExpired(at: now.wall) {
            guard let desk = desk(intent.row.account) else { continue }
            let key = intent.row.key
            // One without orders has none to walk through.
            let walk = BookWalk(desk: desk.index, after: OrderKey(key.number), last: intent.lastOrder ?? OrderKey(key.number))
            expiries.append(Expiry(intent: intent, walk: walk))
        }
        guard !expiries.isEmpty else { return }
        var steps = stepsATurn
        let limit = turn.rows + sliceRows
        while steps > 0, turn.rows < limit, !expiries.isEmpty {
            var expiry = expiries.removeFirst()
            if !expire(&expiry, steps: &steps, until: limit) { expiries.insert(expiry, at: 0) }
        }
    }

    /// - Returns: whether all of it was looked at.
    private func expire(_ expiry: inout Expiry, steps: inout Int, until limit: Int) -> Bool {
        let key = expiry.intent.row.key
        if !expiry.walk.isOver {
            walk(&expiry.walk, steps: &steps) { live, desk in
                if live.state == .intended, live.order.intent == key {
                    change(live, to: .expired, kind: .closed, evidence: .local, note: "not sent before its deadline")
                }
                return turn.rows < limit
            }
            guard expiry.walk.isOver else { return false }
        }
        while expiry.next < expiry.intent.modifies.count {
            guard steps > 0, turn.rows < limit else { return false }
            let id = expiry.intent.modifies[expiry.next]
            expiry.next += 1
            steps -= 1
            guard commands[id]?.state == .requested else { continue }
            change(id, to: .withdrawn, evidence: .local, note: "not sent before its deadline")
        }
        return true
    }
}
