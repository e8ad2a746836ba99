import OMSCore

/// Promises that a fault from outside once broke.
extension Auditor {
    /// An intent is about to be called settled: nothing of it may be unsent, under way or in doubt.
    func willSettle(_ key: IntentKey) {
        for order in journal.orders.values where order.intent == key && order.state.isUnsettled {
            broken("intent \(order.intentID) is called settled, and its order \(order.clientOrderID) is \(order.state.rawValue)")
        }
    }

    /// What the venue refused by a word of no table is never sent again.
    func willSubmit(_ order: Order, known: Order) {
        if let code = known.rejectCode, Scenario.unknownCodes.contains(code) {
            broken("\(order.clientOrderID) is sent again, after it was refused by \(code)")
        }
    }

    /// Orders that count against a bound when another one is born.
    func willBear(_ order: Order) {
        guard let most = bound(order.account) else { return }
        let open = journal.orders.values.count { $0.account == order.account && !$0.state.isTerminal }
        expect(open < most, "\(order.clientOrderID) is accepted as the \(open + 1)th open order of \(order.account), \(most) allowed")
    }

    /// - Parameter wall: The host's wall clock when it left, microseconds since 1970.
    func leaves(_ order: Order, at wall: Int64, in name: String) {
        expect(journal.isComplete(order.intent), "\(name) carries \(order.clientOrderID) of an intent that is half written")
        guard let expiry = order.expiresAt else { return }
        expect(wall <= expiry, "\(name) carries \(order.clientOrderID) \(wall - expiry) us after its intent expired")
    }

    /// Nothing of ours is canceled unless somebody asked for it.
    func unaskedCancels() {
        let asked = Set(journal.commands.values.filter { $0.kind == .cancel }.map(\.clientOrderID.text))
        var seen: Set<String> = []
        // Lines of one uid see each other's orders.
        for setup in setups where seen.insert("\(setup.rules.profile.venue) \(setup.uid)").inserted {
            guard let exchange = world.venue(named: setup.rules.profile.venue)?.exchange else { continue }
            for order in exchange.orders where order.uid == setup.uid && order.reason == "normal_cancel" && !asked.contains(order.clientID) {
                guard !cancelsEverything, journal.order(ClientOrderID(order.clientID)) != nil else { continue }
                broken("\(order.clientID) was canceled at \(setup.rules.profile.venue), and nobody had asked for it")
            }
        }
    }

    /// Nothing runs in circles while the venues refuse the same thing again and again.
    func expectPauses(from requests: Int, events: Int, orders: Int, minutes: Int64) {
        let sent = world.ledger.requests[requests...]
        let polls = setups.reduce(0) { sum, setup in sum + Int(60_000 / max(setup.reconcileIntervalMs, 1_000) + 2) * 12 }
        let most = Int(minutes) * (polls + 60 * setups.count + 40 * orders)
        expect(sent.count <= most, "\(sent.count) requests in \(minutes) minutes of calm, \(most) would do for \(orders) orders")
        let cancels = sent.count { $0.kind == .cancel }
        expect(cancels <= Int(minutes) * 20 * max(orders, 1), "\(cancels) cancels in \(minutes) minutes of calm for \(orders) orders")
        // A stream of a short life comes and goes by the clock.
        let grown = journal.events.dropFirst(events).count { ![.streamUp, .streamDown, .gapClosed].contains($0.event.kind) }
        expect(grown <= Int(minutes) * 60 * max(orders, 1) + 60, "\(grown) events in \(minutes) minutes of calm for \(orders) orders")
    }
}
