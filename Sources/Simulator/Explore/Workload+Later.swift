import OMSCore

/// What callers, owners and markets do beside in histories of the second version.
extension Workload {
    func planLater() {
        let start = daemon.time
        func sometime() -> Int64 { start + random.between(0, scenario.stormUs) }
        if scenario.stepAtPlaceMs == 0 {
            for _ in 0..<random.below(3) { daemon.at(sometime()) { [unowned self] in self.reorganize() } }
            for _ in 0..<random.below(3) { daemon.at(sometime()) { [unowned self] in self.changeMarket() } }
            if random.chance(0.3) { daemon.at(sometime()) { [unowned self] in self.kill() } }
        }
        daemon.onRecord = { [unowned self] record in
            if self.scenario.answersDuplicates { self.tradeTaken(record) }
            if self.scenario.stepAtPlaceMs != 0 { self.stepClock(record) }
        }
        if scenario.answersDuplicates {
            daemon.onTaken = { [unowned self] id in if let order = self.daemon.journal.order(id) { self.tradeTaken(order) } }
        }
    }

    // MARK: Intents in slices

    /// Large intents, some of which a death cuts off between two slices; and callers who follow from now on.
    func planSlices() {
        let start = daemon.time
        func sometime() -> Int64 { start + random.between(0, scenario.stormUs) }
        for _ in 0..<random.below(3) { daemon.at(sometime()) { [unowned self] in self.submitLarge() } }
        for _ in 0..<random.below(3) {
            daemon.at(sometime()) { [unowned self] in
                self.daemon.command(.subscribe(afterSeq: nil, account: self.random.chance(0.5) ? nil : self.line().account))
            }
        }
    }

    private func submitLarge() {
        guard daemon.isUp, !scenario.answersDuplicates else { return }
        let intent = large(places: Int(random.between(10, 40)))
        if scenario.stepAtPlaceMs == 0, random.chance(0.6) { daemon.arm(.crashInIntent, countdown: Int(random.between(1, 10)), .kill) }
        daemon.submit(intent)
        // Who was not answered asks again: nothing of it may have stayed.
        daemon.at(daemon.time + random.between(1_000_000, 6_000_000)) { [unowned self] in self.daemon.submit(intent) }
    }

    // MARK: Owners

    /// Another configuration, from the next start on.
    private func reorganize() {
        guard daemon.isUp else { return }
        let line = line()
        switch random.below(4) {
        case 0: remove(line)
        case 1:
            guard let key = scenario.secondKeys[line.account] else { return }
            daemon.credentials[line.account] = key
            daemon.note(.keyChanged)
        case 2:
            // Where the venue says whose a key is: elsewhere nobody could tell.
            guard let setup = daemon.setups.first(where: { $0.id == line.account }), setup.rules.profile.accountTellsUID,
                let key = scenario.foreignKeys[line.account]
            else { return }
            daemon.credentials[line.account] = key
            daemon.note(.keyForeign)
            daemon.at(daemon.time + random.between(2_000_000, 8_000_000)) { [unowned self] in
                self.daemon.credentials[line.account] = nil
                self.restart()
            }
        default: reconfigure(line)
        }
        restart()
    }

    private func remove(_ line: Scenario.Line) {
        let others = Set(scenario.lines.map(\.account)).subtracting([line.account])
        guard !others.isEmpty, daemon.configured == nil else { return }
        daemon.configured = others
        daemon.note(.accountRemoved)
        daemon.at(daemon.time + random.between(2_000_000, 10_000_000)) { [unowned self] in
            self.daemon.configured = nil
            self.daemon.note(.accountReturned)
            self.restart()
        }
    }

    private func reconfigure(_ line: Scenario.Line) {
        guard let index = daemon.setups.firstIndex(where: { $0.id == line.account }) else { return }
        daemon.setups[index].batchMax = random.chance(0.5) ? Int(random.between(1, 4)) : nil
        daemon.setups[index].maxInFlight = random.chance(0.5) ? Int(random.between(2, 4)) : nil
        daemon.setups[index].reconcileIntervalMs = random.between(1_000, 8_000)
        daemon.setups[index].resendsAfterProof.toggle()
        daemon.setups[index].maxIntentAgeMs = random.chance(0.3) ? random.between(2_000, 30_000) : nil
        daemon.setups[index].risk.maxOpenOrders = random.chance(0.5) ? Int(random.between(2, 12)) : nil
        daemon.note(.reconfigured)
    }

    private func restart() {
        guard daemon.isUp else { return }
        if random.chance(0.5) { daemon.stop() } else { daemon.crash() }
    }

    /// The storm is over: every account is configured again, with a key of its own.
    func restore() {
        var isOther = daemon.configured != nil
        daemon.configured = nil
        for (account, key) in daemon.credentials where key.uid != scenario.lines.first(where: { $0.account == account })?.uid {
            daemon.credentials[account] = nil
            isOther = true
        }
        if isOther, daemon.isUp { daemon.crash() }
    }

    private func kill() {
        guard !scenario.answersDuplicates else { return }
        let account = random.chance(0.5) ? line().account : nil
        daemon.note(.killed)
        for _ in 0..<random.between(1, 3) {
            daemon.command(.setState(account, .halted, reason: "kill", cancelOpen: true, everything: random.chance(0.5)))
        }
        daemon.at(daemon.time + random.between(1_000_000, 5_000_000)) { [unowned self] in
            self.daemon.command(.setState(account, .active, reason: "over", cancelOpen: false, everything: false))
        }
    }

    // MARK: Markets

    private func changeMarket() {
        let line = line()
        guard let exchange = daemon.world.venue(named: line.venue)?.exchange, let market = line.markets.last,
            let instrument = exchange.instruments[market.symbol.text]
        else { return }
        if random.chance(0.3), line.markets.count > 1, !scenario.answersDuplicates {
            exchange.delist(market.symbol.text, at: daemon.venueTime)
            daemon.note(.marketEnded)
            daemon.tell("market: \(line.venue) ends \(market.symbol)")
        } else {
            // A price or quantity of before may not fit any more.
            let price = max(0, instrument.pricePlaces + Int(random.between(-2, 1)))
            _ = exchange.revise(market.symbol.text, pricePlaces: price, quantityPlaces: nil)
            daemon.note(.marketRevised)
            daemon.tell("market: \(line.venue) counts prices of \(market.symbol) in \(price) places")
        }
    }

    /// The first orders are on their way, and the clock by which the venue will judge them steps.
    private func stepClock(_ record: JournalRecord) {
        guard case .request(let row) = record, row.kind == .place || row.kind == .mixed,
            let line = scenario.lines.first(where: { $0.account == row.account }),
            // Lines of one exchange show one clock.
            stepped.insert(DialectCatalog.line(line.venue)?.clock ?? line.venue).inserted
        else { return }
        daemon.at(daemon.time + random.between(1, 300_000)) { [unowned self] in
            self.daemon.world.stepClock(of: line.venue, byMs: self.scenario.stepAtPlaceMs)
            self.daemon.note(.venueClockStep)
            self.daemon.tell("the clock of \(line.venue) steps by \(self.scenario.stepAtPlaceMs) ms")
        }
    }

    /// An order of which the venue said that its id is taken.
    private func tradeTaken(_ record: JournalRecord) {
        guard case .orderChanged(let order, _, _, _) = record, order.bars.contains(.duplicate),
            daemon.journal.orders[order.key]?.bars.contains(.duplicate) == false
        else { return }
        tradeTaken(order)
    }

    /// It trades before anybody sees it, and whoever heard it may die.
    private func tradeTaken(_ order: Order) {
        guard
            let line = scenario.lines.first(where: { $0.account == order.account }),
            let exchange = daemon.world.venue(named: line.venue)?.exchange,
            let there = exchange.pendingOrder(clientID: order.clientOrderID.text, uid: line.uid)
        else { return }
        daemon.note(.answeredDuplicate)
        daemon.at(daemon.time + random.between(1, 500_000)) { [unowned self] in
            exchange.fill(there, at: self.daemon.venueTime)
            self.daemon.tell("market: \(there.clientID) fills, unseen")
            // And with it all else that is looked for in vain: nothing is left that would make a duplicate of it. What was sent again before the
            // venue spoke may still arrive, and nobody could call that back.
            for doubtful in self.daemon.journal.orders.values.sorted(by: { $0.key < $1.key }) {
                guard doubtful.account == order.account, doubtful.attempts <= 1, doubtful.absences > 0 || doubtful.state == .inDoubt,
                    let other = exchange.pendingOrder(clientID: doubtful.clientOrderID.text, uid: line.uid)
                else { continue }
                exchange.fill(other, at: self.daemon.venueTime)
            }
        }
        if random.chance(0.7) { daemon.at(daemon.time + random.between(600_000, 3_000_000)) { [unowned self] in self.daemon.crash() } }
    }
}
