import Containers
import OMSCore

/// What a venue's public pages say of prices: one walk for each symbol, drawn by the seed around its reference price.
///
/// A value of seed, symbol and time alone: asked twice, or in another order, it says the same, and candles, trades, book and ticker agree with each
/// other. The walk is a sum of six waves of noise whose points lie 1, 8, 64 … minutes apart; between two minutes it is straight, so that the highest
/// and lowest point of any span of minutes are exact. It stays within a thirteenth of the reference. Nobody's orders show in it.
package struct PublicMarket: Sendable {
    private let seed: UInt64

    package init(seed: UInt64) { self.seed = seed }

    static let minuteMs: Int64 = 60_000
    /// Executions that strangers have in a minute, evenly spaced.
    static let tradesPerMinute: Int64 = 20

    /// Parts of a million by which a wave may lift or lower the price, beside the minutes between its points.
    private static let waves: [(minutes: Int64, ppm: Int64)] = [
        (1, 400), (8, 1_200), (64, 3_500), (512, 9_000), (4_096, 20_000), (32_768, 40_000),
    ]

    /// A span of time. Prices at its ends, what it reached, and what was traded in it; of one that is not over, as far as it is.
    package struct Candle: Equatable, Sendable {
        package let openMs: Int64
        package let open: Decimal
        package let high: Decimal
        package let low: Decimal
        package let close: Decimal
        /// Base coins, or contracts.
        package let volume: Decimal
        /// The volume at the mean of open and close: good enough for a simulated market.
        package let turnover: Decimal
    }

    /// An execution between strangers.
    package struct Trade: Equatable, Sendable {
        /// Rises with time.
        package let id: Int64
        package let atMs: Int64
        package let price: Decimal
        package let quantity: Decimal
        /// Whether the buyer came last.
        package let isBuy: Bool
    }

    package struct Level: Equatable, Sendable {
        package let price: Decimal
        package let quantity: Decimal
    }

    // MARK: Prices

    /// The price at a moment, a multiple of the tick.
    package func price(of instrument: SimInstrument, atMs ms: Int64) -> Decimal {
        price(ticks(Walk(of: instrument, seed), atMs: ms), instrument)
    }

    /// The candle that begins at a moment and lasts a whole number of minutes.
    ///
    /// - Parameter nowMs: What is later has not happened yet. Not before `openMs`.
    package func candle(of instrument: SimInstrument, openMs: Int64, minutes: Int64, nowMs: Int64) -> Candle {
        let walk = Walk(of: instrument, seed)
        let (first, last) = (openMs / Self.minuteMs, min(openMs / Self.minuteMs + minutes, nowMs / Self.minuteMs))
        let endMs = min(openMs + minutes * Self.minuteMs, nowMs)
        let (open, close) = (ticks(walk, atMs: openMs), ticks(walk, atMs: endMs))
        var (high, low, lots) = (max(open, close), min(open, close), Int64(0))
        for minute in first..<max(first, last) {
            let knot = knot(walk, minute)
            (high, low, lots) = (max(high, knot), min(low, knot), lots + lotsPerTrade(walk, minute) * Self.tradesPerMinute)
        }
        // The minute that is not over: its end is no part of what happened, its trades so far are.
        if endMs > last * Self.minuteMs {
            if last > first { (high, low) = (max(high, knot(walk, last)), min(low, knot(walk, last))) }
            lots += trades(walk, minute: last).filter { $0.atMs <= endMs }.reduce(0) { $0 + $1.lots }
        }
        let volume = quantity(lots, instrument)
        let mean = price(open + close, instrument).dividedRoundingDown(by: Decimal(2)) ?? .zero
        return Candle(
            openMs: openMs, open: price(open, instrument), high: price(high, instrument), low: price(low, instrument),
            close: price(close, instrument),
            volume: volume, turnover: mean.multiplied(by: volume, roundingDown: true) ?? .zero)
    }

    /// The candles that begin in `fromMs...toMs`, oldest first; of more than `limit` the newest, or the oldest where `keepsOldest` is told.
    package func candles(
        of instrument: SimInstrument, minutes: Int64, fromMs: Int64?, toMs: Int64?, limit: Int, nowMs: Int64, keepsOldest: Bool = false
    ) -> [Candle] {
        let span = minutes * Self.minuteMs
        guard span > 0, limit > 0 else { return [] }
        var newest = min(max(toMs ?? nowMs, 0), nowMs) / span
        var oldest = fromMs.map { (max($0, 0) + span - 1) / span } ?? max(newest - Int64(limit) + 1, 0)
        guard oldest <= newest else { return [] }
        if newest - oldest >= Int64(limit) {
            if keepsOldest { newest = oldest + Int64(limit) - 1 } else { oldest = newest - Int64(limit) + 1 }
        }
        return (oldest...newest).map { candle(of: instrument, openMs: $0 * span, minutes: minutes, nowMs: nowMs) }
    }

    /// The last 24 hours, as tickers tell them.
    package func day(of instrument: SimInstrument, nowMs: Int64) -> Candle {
        let day = 24 * 60 * Self.minuteMs
        // From a whole minute on: so the volume is that of whole minutes.
        let from = max(nowMs - day, 0) / Self.minuteMs * Self.minuteMs
        return candle(of: instrument, openMs: from, minutes: (nowMs - from) / Self.minuteMs + 1, nowMs: nowMs)
    }

    // MARK: Book and trades

    /// The best `depth` prices of either side, best first: one tick from the price, then in steps of a twenty-thousandth of it.
    package func book(of instrument: SimInstrument, atMs ms: Int64, depth: Int) -> (bids: [Level], asks: [Level]) {
        let walk = Walk(of: instrument, seed)
        let middle = ticks(walk, atMs: ms)
        let step = max(1, middle / 20_000)
        let minute = ms / Self.minuteMs
        func side(_ sign: Int64) -> [Level] {
            (0..<Int64(max(depth, 0))).compactMap { index in
                let ticks = middle + sign * (1 + index * step)
                guard ticks > 0 else { return nil }
                let draw = walk.draw(minute &* 1_009 &+ index &* 2 &+ (sign > 0 ? 1 : 0), salt: 101) % 50
                return Level(price: price(ticks, instrument), quantity: quantity(walk.unitLots * (1 + Int64(draw)), instrument))
            }
        }
        return (side(-1), side(1))
    }

    /// The newest executions not after a moment, newest first.
    package func trades(of instrument: SimInstrument, toMs: Int64, count: Int) -> [Trade] {
        let walk = Walk(of: instrument, seed)
        var found: [Trade] = []
        var minute = max(toMs, 0) / Self.minuteMs
        while found.count < count, minute >= 0 {
            for trade in trades(walk, minute: minute).reversed() where trade.atMs <= toMs && found.count < count {
                found.append(
                    Trade(
                        id: trade.id, atMs: trade.atMs, price: price(ticks(walk, atMs: trade.atMs), instrument),
                        quantity: quantity(trade.lots, instrument), isBuy: trade.isBuy))
            }
            minute -= 1
        }
        return found
    }

    /// When the price first stands at or beyond a limit, from a moment on; nil: not within a day.
    ///
    /// - Returns: milliseconds; the whole minute from which it holds, or the moment itself.
    func firstTouch(of limit: Decimal, buying: Bool, in instrument: SimInstrument, fromMs: Int64) -> Int64? {
        let walk = Walk(of: instrument, seed)
        func touches(_ ticks: Int64) -> Bool {
            let price = price(ticks, instrument)
            return buying ? price <= limit : price >= limit
        }
        if touches(ticks(walk, atMs: fromMs)) { return fromMs }
        let first = fromMs / Self.minuteMs + 1
        return (first..<(first + 24 * 60)).first { touches(knot(walk, $0)) }.map { $0 * Self.minuteMs }
    }

    // MARK: The walk

    /// What is drawn from for one symbol.
    private struct Walk {
        let base: UInt64
        let referenceTicks: Int64
        /// Lots worth about a hundred quote coins: what quantities are counted in.
        let unitLots: Int64

        init(of instrument: SimInstrument, _ seed: UInt64) {
            base = mixedSeed(seed, "market " + instrument.symbol)
            referenceTicks = max(1, Int64(clamping: instrument.reference.units / max(instrument.tick.units, 1)))
            let lotValue = instrument.reference.multiplied(by: instrument.lot, roundingDown: true) ?? .one
            unitLots = min(max(1, Int64(clamping: Decimal(100).units / max(lotValue.units, 1))), 1_000_000_000)
        }

        /// One number for each place and salt.
        func draw(_ place: Int64, salt: UInt64) -> UInt64 {
            var generator = SplitMix64(seed: base ^ salt &* 0xD6E8_FEB8_6659_FD93 ^ UInt64(bitPattern: place) &* 0xA24B_AED4_963E_E407)
            return generator.next()
        }

        /// -1,000,000...1,000,000.
        func noise(_ place: Int64, wave: Int) -> Int64 { Int64(draw(place, salt: UInt64(wave)) % 2_000_001) - 1_000_000 }
    }

    /// The walk at a whole minute, in ticks; at least one.
    private func knot(_ walk: Walk, _ minute: Int64) -> Int64 {
        var ppm: Int64 = 0
        for (index, wave) in Self.waves.enumerated() {
            let (place, rest) = (minute / wave.minutes, minute % wave.minutes)
            var height = walk.noise(place, wave: index)
            if rest != 0 { height = (height * (wave.minutes - rest) + walk.noise(place + 1, wave: index) * rest) / wave.minutes }
            ppm += wave.ppm * height / 1_000_000
        }
        let (moved, overflow) = walk.referenceTicks.multipliedReportingOverflow(by: ppm)
        return max(1, walk.referenceTicks + (overflow ? 0 : moved / 1_000_000))
    }

    private func ticks(_ walk: Walk, atMs ms: Int64) -> Int64 {
        let (minute, rest) = (max(ms, 0) / Self.minuteMs, max(ms, 0) % Self.minuteMs)
        let here = knot(walk, minute)
        guard rest != 0 else { return here }
        return here + (knot(walk, minute + 1) - here) * rest / Self.minuteMs
    }

    private func lotsPerTrade(_ walk: Walk, _ minute: Int64) -> Int64 { walk.unitLots * (1 + Int64(walk.draw(minute, salt: 102) % 200)) }

    /// The executions of a minute, oldest first. They come in pairs, one as much above the mean as the other below: so a minute's volume needs no sum.
    private func trades(_ walk: Walk, minute: Int64) -> [(id: Int64, atMs: Int64, lots: Int64, isBuy: Bool)] {
        let mean = lotsPerTrade(walk, minute)
        return (0..<Self.tradesPerMinute).map { index in
            let off = Int64(walk.draw(minute &* Self.tradesPerMinute &+ index / 2, salt: 103) % UInt64(mean))
            let id = minute * Self.tradesPerMinute + index
            let atMs = minute * Self.minuteMs + index * (Self.minuteMs / Self.tradesPerMinute)
            return (id, atMs, index % 2 == 0 ? mean + off : mean - off, walk.draw(id, salt: 104) % 2 == 0)
        }
    }

    private func price(_ ticks: Int64, _ instrument: SimInstrument) -> Decimal { Decimal(Int(ticks)).multiplied(by: instrument.tick) ?? .zero }
    private func quantity(_ lots: Int64, _ instrument: SimInstrument) -> Decimal { Decimal(Int(lots)).multiplied(by: instrument.lot) ?? .zero }
}
