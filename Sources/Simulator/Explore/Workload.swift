import Containers
import OMSCore
import Wire

/// Callers, markets and accidents of one history, drawn by its seed.
final class Workload {
    let daemon: VirtualDaemon
    let scenario: Scenario
    var random: SplitMix64
    /// Clocks that were stepped.
    var stepped: Set<String> = []
    private var submitted: [Intent] = []
    private var count = 0

    init(_ daemon: VirtualDaemon, _ scenario: Scenario) {
        (self.daemon, self.scenario) = (daemon, scenario)
        random = SplitMix64(seed: mixedSeed(scenario.options.seed, "workload"))
    }

    /// Plans everything that will happen in the storm.
    func plan() {
        let start = daemon.time
        for _ in 0..<scenario.actions { daemon.at(start + random.between(0, scenario.stormUs)) { [unowned self] in self.trade() } }
        for _ in 0..<random.below(4) { daemon.at(start + random.between(0, scenario.stormUs)) { [unowned self] in self.move() } }
        for _ in 0..<random.below(4) { daemon.at(start + random.between(0, scenario.stormUs)) { [unowned self] in self.strike() } }
        for _ in 0..<random.below(3) { daemon.at(start + random.between(0, scenario.stormUs)) { [unowned self] in self.disturb() } }
        if scenario.version > 1 { planLater() }
        if scenario.version > 2 { planSlices() }
        if scenario.version > 6 { planGuards() }
        // Something to do from the first moment.
        trade()
    }

    // MARK: Callers

    func line() -> Scenario.Line { scenario.lines[Int(random.below(UInt64(scenario.lines.count)))] }

    private func trade() {
        switch random.below(20) {
        case 0...11: submit()
        case 12, 13: again()
        case 14:
            if let intent = pick(submitted), let id = intent.id { daemon.command(.intentCancel(id)) }
        case 15, 16: setState()
        case 17: daemon.command(.reconcile(line().account))
        case 18:
            if let intent = pick(submitted), let id = intent.id {
                daemon.command(.intentWait(id, untilSettled: random.chance(0.5), timeoutMs: 2_000))
            }
        default: take()
        }
    }

    private func pick<Item>(_ items: [Item]) -> Item? { items.isEmpty ? nil : items[Int(random.below(UInt64(items.count)))] }

    private func submit() {
        let line = line()
        count += 1
        var intent = Intent(account: line.account, id: IntentID("i\(count)"))
        let places = [0, 1, 1, 1, 2, 3, 4, 6, 12][Int(random.below(9))]
        for _ in 0..<places { intent.place.append(item(on: line)) }
        let live = daemon.journal.orders.values.filter { $0.account == line.account }.sorted { $0.key < $1.key }.suffix(20)
        if random.chance(0.4) || places == 0 {
            for _ in 0..<random.between(1, 3) {
                if let order = pick(Array(live)), random.chance(0.8) {
                    intent.cancel.append(.order(order.clientOrderID))
                } else {
                    intent.cancel.append(.matching(symbol: random.chance(0.5) ? line.markets[0].symbol : nil, side: nil))
                }
            }
        }
        let profile = scenario.options.setups.first { $0.id == line.account }?.rules.profile
        if profile?.modifyMax ?? 0 > 0, random.chance(0.5) {
            for _ in 0..<random.between(1, 2) {
                guard let order = pick(live.filter { $0.terms.type == .limit && !$0.state.isTerminal }), let modify = modify(order) else { continue }
                intent.modify.append(modify)
            }
        }
        intent.sequence = random.chance(0.3) ? .placeFirst : .cancelFirst
        if random.chance(0.2) { intent.expiresAt = daemon.now.wall + random.between(50_000, 6_000_000) }
        submitted.append(intent)
        daemon.submit(intent)
    }

    func large(places: Int, on given: Scenario.Line? = nil) -> Intent {
        let line = given ?? line()
        count += 1
        var intent = Intent(account: line.account, id: IntentID("i\(count)"))
        for _ in 0..<places { intent.place.append(item(on: line)) }
        submitted.append(intent)
        return intent
    }

    private func modify(_ order: Order) -> ModifyItem? {
        guard let price = order.price, let quantity = order.quantity else { return nil }
        let lower = price.subtracting(Decimal(Int(random.between(1, 9)) * 10))
        let larger = quantity.adding(quantity)
        return switch random.below(3) {
        case 0: ModifyItem(clientOrderID: order.clientOrderID, price: lower, quantity: nil)
        case 1: ModifyItem(clientOrderID: order.clientOrderID, price: nil, quantity: larger, onFailure: random.chance(0.3) ? .cancel : .keep)
        default: ModifyItem(clientOrderID: order.clientOrderID, price: lower, quantity: larger)
        }
    }

    private func item(on line: Scenario.Line) -> PlaceItem {
        let market = line.markets[Int(random.below(UInt64(line.markets.count)))]
        let side: Side = line.sample.isFutures || random.chance(0.5) ? .buy : .sell
        var terms = OrderTerms(
            symbol: market.symbol, side: side, type: .limit, timeInForce: .gtc, price: market.price, quantity: market.quantity)
        terms.positionSide = line.sample.positionSide
        if side == .sell { terms.price = market.price.adding(market.price) }
        switch scenario.answersDuplicates ? 7 : random.below(8) {
        case 0:
            // Trades at once: sold by quantity, or bought in contracts.
            (terms.type, terms.timeInForce, terms.price) = (.market, nil, nil)
            if !line.sample.isFutures { terms.side = .sell }
        case 1: terms.timeInForce = random.chance(0.5) ? .ioc : .fok
        default: break
        }
        var item = PlaceItem(terms: terms)
        if terms.type == .limit, random.chance(0.1) { item.sliceQuantity = market.quantity.dividedRoundingDown(by: Decimal(2)) }
        if item.sliceQuantity == nil, random.chance(0.1) {
            count += 1
            item.clientOrderID = ClientOrderID("own\(scenario.options.seed % 1_000_000)x\(count)zzzzz")
        }
        return item
    }

    /// What careful callers do after silence, and careless ones by mistake.
    private func again() {
        guard var intent = pick(submitted) else { return submit() }
        if random.chance(0.3) { intent.place.append(item(on: line())) }
        daemon.submit(intent)
    }

    private func setState() {
        let account = random.chance(0.7) ? line().account : nil
        let state: TradingState = [.halted, .reducing, .active][Int(random.below(3))]
        daemon.command(.setState(account, state, reason: "drill", cancelOpen: random.chance(0.4), everything: false))
        daemon.at(daemon.time + random.between(200_000, 4_000_000)) { [unowned self] in
            self.daemon.command(.setState(account, .active, reason: "over", cancelOpen: false, everything: false))
        }
    }

    /// Another program of the host takes permits of ours.
    private func take() {
        daemon.command(.limitTake(line().account, budget: "batch-place", permits: 1, holdMs: random.between(100, 2_000)))
    }

    // MARK: Markets

    /// Something happens at a venue that the daemon did not ask for.
    private func move() {
        // What closes unseen could not be told from what never was.
        guard !scenario.answersDuplicates else { return }
        let line = line()
        guard let exchange = daemon.world.venue(named: line.venue)?.exchange else { return }
        // The world has no time of its own before the first request.
        let now = daemon.venueTime
        let live = exchange.orders.filter { $0.state.isLive && $0.uid == line.uid }
        switch random.below(4) {
        case 0, 1:
            guard let order = pick(live) else { return }
            let half = order.leavesQuantity.dividedRoundingDown(by: Decimal(2))?.roundedDown(to: exchange.instruments[order.symbol]?.lot ?? .one)
            let part = random.chance(0.5) ? nil : half.flatMap { $0.isPositive ? $0 : nil }
            exchange.fill(order, quantity: part, at: now)
            daemon.tell("market: \(order.clientID) fills to \(order.filled)")
        case 2:
            guard let order = pick(live) else { return }
            exchange.cancel(order, reason: "by_the_venue", at: now)
            daemon.tell("market: \(order.clientID) is canceled by the venue")
        default:
            let market = line.markets[0]
            var ticket = Ticket(symbol: market.symbol.text, side: .buy, quantity: market.quantity, clientID: "", product: line.product)
            ticket.price = market.price
            let order = exchange.placeExternally(ticket, uid: line.uid, at: now)
            daemon.tell("market: somebody places \(order.id) at \(line.account)")
        }
    }

    // MARK: Accidents

    func death() -> VirtualDaemon.Death { [.kill, .kill, .kill, .powerCut, .reboot][Int(random.below(5))] }

    private func strike() {
        guard daemon.isUp, scenario.stepAtPlaceMs == 0 else { return }
        let points = FaultPoint.allCases.filter(\.isCrash)
        switch random.below(10) {
        case 0: daemon.crash(death())
        case 1: daemon.stop()
        default: daemon.arm(points[Int(random.below(UInt64(points.count)))], countdown: Int(random.between(1, 4)), death())
        }
    }

    private func disturb() {
        guard scenario.stepAtPlaceMs == 0 else { return }
        switch random.below(3) {
        case 0: daemon.stepWall(by: random.between(-3_600_000_000, 3_600_000_000))
        case 1:
            let accounts = random.chance(0.5) ? Array(scenario.lines.indices) : [Int(random.below(UInt64(scenario.lines.count)))]
            daemon.part(accounts, forUs: random.between(100_000, 5_000_000))
        default:
            daemon.setDisk(full: true)
            daemon.at(daemon.time + random.between(100_000, 4_000_000)) { [unowned self] in self.daemon.setDisk(full: false) }
        }
    }
}
