/// Rules that add up all that may be open, whoever is to answer for it: an intent is judged by what everything would come to with it.
extension Engine {
    /// Has orders weighed where a rule adds them up, and nowhere else. Called at the start and where rules changed.
    func weighWhereAsked() {
        for desk in desks {
            let isAsked = desk.setup.risk.addsUpPositions || sharers(of: desk).contains { $0.setup.risk.maxOpenNotional != nil }
            let weights = desk.book.weights
            guard isAsked != weights.isKept else { continue }
            guard isAsked else {
                weights.end()
                continue
            }
            weights.begin()
            for live in desk.book.all {
                weights.answered(live, open: openAsk(of: live))
            }
            for terms in admission.placesToCome(on: desk.index) { weights.expect(terms) }
        }
    }

    /// The most that modifies of an order ask for, those that are open and those of accepted intents that are not on record wholly; nil: there are none.
    func openAsk(of live: LiveOrder) -> Weights.Asked? {
        var most: Weights.Asked?
        for case let command? in live.commands.map({ commands[$0] }) where command.kind == .modify {
            most = Weights.most(most, (command.price, command.quantity))
        }
        for asked in admission.acceptedAsks(of: live.order.clientOrderID) { most = Weights.most(most, asked) }
        return most
    }

    /// Counts what an accepted intent will come to before all of it is written.
    func expect(_ plan: IntentPlan, on desk: Desk) {
        guard desk.book.weights.isKept else { return }
        for place in plan.places { desk.book.weights.expect(place.terms) }
        for (id, most) in plan.mostAsked { if let live = names[id] { desk.book.weights.ask(most, of: live) } }
    }

    /// A modify is closed: what it asked for counts no more.
    func modifyClosed(of live: LiveOrder, on desk: Desk) {
        guard desk.book.weights.isKept else { return }
        desk.book.weights.answered(live, open: openAsk(of: live))
    }

    /// What an intent adds to what is weighed, and what its modifies turn it into.
    func changes(by plan: IntentPlan, on desk: Desk) -> WeightChanges {
        var changes = WeightChanges(placed: plan.places.map { Weight($0.terms) })
        for (id, most) in plan.mostAsked {
            guard let live = names[id], !live.state.isTerminal else { continue }
            changes.modified.append(desk.book.weights.change(of: live, by: most))
        }
        return changes
    }

    // MARK: max_open_notional

    func boundNotional(_ changes: WeightChanges, to most: Decimal, on desk: Desk) throws(ControlError) {
        guard changes.grow else { return }
        let own = desk.book.weights.exposure
        let after: Decimal
        do throws(UnknownWorth) { after = try openNotional(of: desk, own: changes.applied(to: own)) } catch {
            throw .risk("max_open_notional", of: desk.id, "the limit is \(most); \(error.words)")
        }
        if after <= most { return }
        let before = try? openNotional(of: desk, own: own)
        // What lowers a price as it raises a quantity may come to less.
        if let before, after <= before { return }
        throw .risk(
            "max_open_notional", of: desk.id,
            "the limit is \(most), it would have been \(after)" + (before.map { ": \($0) is open, in doubt or under way" } ?? ""))
    }

    /// What all that is open at the venue for the account's user may be worth, in doubt and under way included.
    ///
    /// - Parameter own: of the account itself, as it is or as it would be.
    func openNotional(of desk: Desk, own: Exposure) throws(UnknownWorth) -> Decimal {
        var sum = ExactSum()
        for same in sharers(of: desk) {
            let exposure = same === desk ? own : same.book.weights.exposure
            sum.add(try exposure.notional { same.access.markets[$0] })
        }
        // Each by the markets of its own product: another's may go by the same name.
        var left: [Int: Exposure] = [:]
        for live in leftOrders(toUserOf: desk) {
            guard let owner = self.desk(live.order.account) else { continue }
            left[owner.index, default: Exposure()].add(Weights.weight(of: live.order, executed: live.executed, openAsk(of: live)))
        }
        for (index, exposure) in left { sum.add(try exposure.notional { desks[index].access.markets[$0] }) }
        for (product, exposure) in desk.absentExposures {
            let same = desks.first { $0.profile.venue == desk.profile.venue && $0.profile.product == product }
            sum.add(try exposure.notional { same?.access.markets[$0] })
        }
        guard let value = sum.value else { throw UnknownWorth(symbol: nil) }
        return value
    }
}

/// What an intent would change of what is weighed.
struct WeightChanges {
    var placed: [Weight]
    var modified: [(was: Weight, will: Weight)] = []

    /// Whether any of it may come to more than it does.
    var grow: Bool { !placed.isEmpty || modified.contains { $0.will != $0.was } }

    /// Where they may come to more.
    var ways: Set<MarketWay> {
        let grown = placed + modified.filter { $0.will != $0.was }.map(\.will)
        return Set(grown.compactMap { weight in weight.way.map { MarketWay(symbol: weight.symbol, way: $0) } })
    }

    struct MarketWay: Hashable {
        let symbol: Symbol
        let way: Way
    }

    func applied(to exposure: Exposure) -> Exposure {
        var exposure = exposure
        for weight in placed { exposure.add(weight) }
        for change in modified {
            exposure.take(change.was)
            exposure.add(change.will)
        }
        return exposure
    }
}
