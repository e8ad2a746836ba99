import OMSCore
import Simulator
import Testing

/// A daemon with private streams against simulated venues, beside one without.
@Suite struct StreamTests {
    private static func ready(_ venue: String, _ weather: StreamWeather?) throws -> VirtualDaemon {
        let daemon = try House.daemon([venue]) { options in
            options.streams = weather
            for index in options.setups.indices { options.setups[index].reconcileLiveMs = 60_000 }
        }
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        if weather != nil { #expect(daemon.run(forUs: .seconds(30)) { state(daemon) == .live }, "\(figures(daemon))") }
        return daemon
    }
    private static func figures(_ daemon: VirtualDaemon) -> StreamFigures { daemon.engine?.snapshot().first?.stream ?? StreamFigures() }
    private static func state(_ daemon: VirtualDaemon) -> StreamFigures.State { figures(daemon).state }

    @Test(arguments: House.venues) func `a fill is on record milliseconds after the venue pushed it, by the stream`(venue: String) throws {
        let daemon = try Self.ready(venue, StreamWeather())
        daemon.submit(try House.intent(venue, orders: 2, id: "one"))
        #expect(House.settled(daemon, "one"))
        daemon.run(forUs: .seconds(3))
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        let order = try #require(exchange.orders.first { $0.state.isLive })
        exchange.fill(order, at: daemon.venueTime)
        #expect(daemon.run(forUs: .milliseconds(20)) { daemon.journal.orders.values.contains { $0.state == .filled } })
        let ours = try #require(daemon.journal.orders.values.first { $0.state == .filled })
        #expect(ours.evidence == .stream && ours.filledQuantity == order.filled)
        daemon.run(forUs: .seconds(5))
        #expect(daemon.auditor.disagreements() == [] && daemon.violations == [])
    }

    /// What became of orders and their executions.
    private static func story(_ daemon: VirtualDaemon, _ venue: String) throws -> [String] {
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        daemon.submit(try House.intent(venue, orders: 8, id: "one"))
        #expect(House.settled(daemon, "one"))
        let orders = exchange.orders.filter { $0.state.isLive }
        for (index, order) in orders.enumerated() {
            daemon.run(forUs: .seconds(1))
            switch index % 4 {
            case 0: exchange.fill(order, at: daemon.venueTime)
            case 1:
                exchange.fill(order, quantity: order.quantity.dividedRoundingDown(by: Decimal(2)), at: daemon.venueTime)
                exchange.cancel(order, reason: "normal_cancel", at: daemon.venueTime)
            case 2:
                var intent = Intent(account: AccountID(venue), id: IntentID("cancel\(index)"))
                intent.cancel = [.order(ClientOrderID(order.clientID))]
                daemon.submit(intent)
            default: break
            }
        }
        daemon.setStreams(StreamWeather())
        daemon.run(forUs: .seconds(130))
        #expect(daemon.auditor.disagreements() == [] && daemon.violations == [])
        return daemon.journal.orders.values.sorted { $0.key < $1.key }.map { order in
            let fills = (daemon.journal.fills[order.key] ?? [:]).values.map { "\($0.quantity) at \($0.price)" }.sorted()
            return "\(order.item) \(order.state.rawValue) \(order.filledQuantity) \(fills)"
        }
    }

    @Test(arguments: House.venues, [0, 1, 2, 3, 4]) func `a history ends the same with the stream on and off, whatever becomes of pushes`(
        venue: String, fault: Int
    ) throws {
        let without = try Self.story(try Self.ready(venue, nil), venue)
        var weather = StreamWeather()
        let daemon = try Self.ready(venue, weather)
        switch fault {
        case 1: (weather.lost, weather.doubled) = (0.5, 0.5)
        case 2: weather.delayUs = 1_000...4_000_000
        case 3: weather.cut = 0.3
        case 4: weather.isMute = true
        default: break
        }
        daemon.setStreams(weather)
        #expect(try Self.story(daemon, venue) == without)
    }

    @Test func `a stream that is open and tells nothing is found out, and polls go fast from the first late end on`() throws {
        let daemon = try Self.ready("xt-spot", StreamWeather())
        daemon.submit(try House.intent("xt-spot", orders: 4, id: "one"))
        #expect(House.settled(daemon, "one"))
        daemon.run(forUs: .seconds(3))
        var mute = StreamWeather()
        mute.isMute = true
        daemon.setStreams(mute)
        let exchange = try #require(daemon.world.venue(named: "xt-spot")?.exchange)
        for order in exchange.orders.filter({ $0.state.isLive }) {
            exchange.fill(order, at: daemon.venueTime)
            daemon.run(forUs: .seconds(70))
        }
        #expect(Self.figures(daemon).late >= 3 && Self.figures(daemon).gaps >= 1, "\(Self.figures(daemon))")
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .filled })
    }
}
