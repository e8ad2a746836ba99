import CLinux
import Containers
import OMSCore
import Simulator
import Testing

/// One seed's history with a private stream, and the same without: what happens at the venue is drawn beforehand, and happens at the same moments in both.
@Suite struct StreamTwinTests {
    private enum Step {
        case fill(item: Int, isWhole: Bool)
        case venueCancel(item: Int)
        case cancel(item: Int)
        case modify(item: Int)
        case crash
    }

    private static let orders = 8

    private static func steps(_ random: inout SplitMix64) -> [Step] {
        (0..<random.between(8, 14)).map { _ in
            let item = Int(random.below(UInt64(orders)))
            return switch random.below(10) {
            case 0...3: .fill(item: item, isWhole: random.chance(0.4))
            case 4: .venueCancel(item: item)
            case 5, 6: .cancel(item: item)
            case 7, 8: .modify(item: item)
            default: .crash
            }
        }
    }

    /// What became of orders and of their executions.
    private static func end(of seed: UInt64, hasStream: Bool, reached: inout [FaultPoint: Int]) throws -> [String] {
        var random = SplitMix64(seed: seed)
        let venue = House.venues[Int(random.below(UInt64(House.venues.count)))]
        let weather = StreamWeather.drawn(&random)
        let steps = steps(&random)
        let losesReply = random.chance(0.5)
        let daemon = try House.daemon([venue], seed: seed) { options in
            options.streams = hasStream ? weather : nil
            (options.setups[0].reconcileIntervalMs, options.setups[0].reconcileLiveMs) = (4_000, 20_000)
            options.turnsMax = 200_000
        }
        try daemon.start()
        // Connections come and go as they are; orders only once the account is ready.
        daemon.run(forUs: .seconds(10))
        try #require(daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false)
        if losesReply {
            var lost = FaultRule(.loseReplyAfterExecution(.reset))
            (lost.kind, lost.first) = (try House.placeKind(venue), 1)
            daemon.world.setFaults([lost])
        }
        daemon.submit(try House.intent(venue, orders: orders, id: "one"))
        daemon.run(forUs: .seconds(25))
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        for (number, step) in steps.enumerated() {
            take(step, number, daemon, exchange, AccountID(venue))
            daemon.run(forUs: .seconds(5))
        }
        daemon.setStreams(StreamWeather(weather.kind))
        var checkedAt = daemon.time
        daemon.run(forUs: .seconds(150)) {
            guard daemon.time >= checkedAt + .seconds(2) else { return false }
            checkedAt = daemon.time
            return daemon.auditor.disagreements().isEmpty && daemon.journal.commands.values.allSatisfy { !$0.state.isOpen }
        }
        #expect(daemon.auditor.disagreements() == [] && daemon.violations == [], "seed \(seed), stream \(hasStream), at \(venue)")
        if hasStream { reached.merge(daemon.reached, uniquingKeysWith: +) }
        return daemon.journal.orders.values.sorted { $0.key < $1.key }.map { order in
            let fills = (daemon.journal.fills[order.key] ?? [:]).values.map { "\($0.quantity) at \($0.price)" }.sorted()
            let terms = "\(order.price?.description ?? "-") \(order.quantity?.description ?? "-")"
            return "\(order.item): \(order.state.rawValue), \(terms), filled \(order.filledQuantity) by \(fills)"
        }
    }

    private static func take(_ step: Step, _ number: Int, _ daemon: VirtualDaemon, _ exchange: Exchange, _ account: AccountID) {
        func ours(_ item: Int) -> Order? { daemon.journal.orders.values.sorted { $0.key < $1.key }.dropFirst(item).first }
        func theirs(_ item: Int) -> SimOrder? {
            ours(item).flatMap { order in exchange.orders.last { $0.clientID == order.clientOrderID.text && $0.state.isLive } }
        }
        var intent = Intent(account: account, id: IntentID("step\(number)"))
        switch step {
        case .fill(let item, let isWhole):
            guard let order = theirs(item) else { return }
            let half = order.leavesQuantity.dividedRoundingDown(by: Decimal(2))?.roundedDown(to: exchange.instruments[order.symbol]?.lot ?? .one)
            exchange.fill(order, quantity: isWhole ? nil : half.flatMap { $0.isPositive ? $0 : nil }, at: daemon.venueTime)
        case .venueCancel(let item): if let order = theirs(item) { exchange.cancel(order, reason: "by_the_venue", at: daemon.venueTime) }
        case .cancel(let item):
            guard let order = ours(item) else { return }
            intent.cancel = [.order(order.clientOrderID)]
            daemon.submit(intent)
        case .modify(let item):
            guard let order = ours(item), let price = order.price, daemon.setups[0].rules.profile.modifyMax > 0 else { return }
            intent.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: price.subtracting(Decimal(10)), quantity: nil)]
            daemon.submit(intent)
        case .crash:
            daemon.crash()
            do throws(JournalError) { try daemon.start() } catch { Issue.record("it does not start: \(error)") }
        }
    }

    /// A part of the seeds each, so that they run side by side.
    private static let seeds = getenv("OMSD_SOAK_STREAMS") == nil ? 25 : 1_000

    @Test(arguments: 0..<8) func `the same seed ends in the same states, quantities and fills with the stream on and off`(part: Int) throws {
        var reached: [FaultPoint: Int] = [:]
        for number in 0..<Self.seeds {
            let seed = UInt64(part * Self.seeds + number + 1)
            let without = try Self.end(of: seed, hasStream: false, reached: &reached)
            let with = try Self.end(of: seed, hasStream: true, reached: &reached)
            #expect(with == without, "seed \(seed)")
            #expect(without.count == Self.orders)
        }
        // Twins of streams that nothing happens to would prove nothing.
        #expect(reached.count { $0.key.since == 4 } >= 10, "\(reached)")
    }
}
