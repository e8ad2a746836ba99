import CLinux
import Containers
import OMSCore
import Simulator
import Testing

/// A day of a venue's time with a private stream.
@Suite struct StreamDayTests {
    private static let liveMs: Int64 = 60_000
    /// What an order that a poll shows to have traded costs until its executions are listed: the listings of a poll, and a gathering.
    private static let slackUs: Int64 = .seconds(10)

    private static func day(_ venue: String, seed: UInt64, isQuiet: Bool) throws -> VirtualDaemon {
        var kind = StreamKind()
        (kind.login, kind.tokenLifeMs, kind.lifeMs) = (.subscription, 8 * 3_600_000, 24 * 3_600_000)
        var weather = StreamWeather(kind)
        if !isQuiet {
            (weather.lost, weather.doubled, weather.late, weather.nameless, weather.differing) = (0.1, 0.1, 0.05, 0.1, 0.1)
            (weather.cut, weather.mute, weather.deaf, weather.tokenRefused) = (0.1, 0.1, 0.1, 0.3)
        }
        let daemon = try House.daemon([venue], seed: seed) { options in
            options.streams = weather
            options.setups[0].reconcileIntervalMs = 10_000
            options.setups[0].reconcileLiveMs = liveMs
            options.turnsMax = 10_000_000
        }
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        var random = SplitMix64(seed: seed)
        for turn in 0..<24 * 8 {
            // Something happens every seven and a half minutes; new orders rest every half hour.
            if turn % 4 == 0 { daemon.submit(try House.intent(venue, orders: 3, id: "turn\(turn)")) }
            daemon.run(forUs: .seconds(random.between(30, 400)))
            let live = exchange.orders.filter(\.state.isLive)
            for _ in 0..<random.between(1, 3) where !live.isEmpty {
                let order = live[Int(random.below(UInt64(live.count)))]
                let half = order.leavesQuantity.dividedRoundingDown(by: Decimal(2))?.roundedDown(to: exchange.instruments[order.symbol]?.lot ?? .one)
                let part = random.chance(0.5) ? half.flatMap { $0.isPositive ? $0 : nil } : nil
                exchange.fill(order, quantity: part, at: daemon.venueTime)
            }
            daemon.run(forUs: .seconds(450) * Int64(turn + 1) - daemon.time)
        }
        daemon.run(forUs: .seconds(3_600))
        return daemon
    }

    /// When each trade went on record, by its id.
    private static func booked(_ daemon: VirtualDaemon) -> [String: [Int64]] {
        var booked: [String: [Int64]] = [:]
        for (event, _) in daemon.journal.events where event.kind == .filled {
            guard let trade = event.note?.split(separator: " ").last else { continue }
            booked[String(trade), default: []].append(event.at)
        }
        return booked
    }

    private static let venues = getenv("OMSD_SOAK_STREAMS") == nil ? ["bitget-uta"] : House.venues

    @Test(arguments: venues, [false, true])
    func `in a day with cuts, tokens and gaps every fill is on record, none twice, and none later than a poll would tell it`(
        venue: String, isQuiet: Bool
    ) throws {
        let daemon = try Self.day(venue, seed: 7, isQuiet: isQuiet)
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        let theirs = exchange.orders.flatMap { $0.fills }
        let booked = Self.booked(daemon)
        #expect(theirs.count > 150 && Set(booked.keys) == Set(theirs.map(\.id)))
        #expect(booked.values.allSatisfy { $0.count == 1 })
        let late = theirs.map { (booked[$0.id]?.first ?? .max) - $0.at }.sorted()
        #expect(late.last ?? .max <= Self.liveMs * 1_000 + Self.slackUs, "\(late.suffix(5))")
        let figures = try #require(daemon.engine?.snapshot().first?.stream)
        #expect(figures.state == .live && figures.gaps >= 1, "\(figures)")
        // With nothing wrong, milliseconds; the connection's one end is its age.
        if isQuiet { #expect(late.last ?? .max < 100_000 && figures.late == 0, "\(late.suffix(5)), \(figures)") }
        if !isQuiet { #expect(figures.gaps >= 5 && daemon.reached[.streamTokenRefused, default: 0] > 0, "\(figures)") }
        #expect(daemon.auditor.disagreements() == [] && daemon.violations == [])
    }
}
