import Containers
import OMSCore
import Testing

@Suite struct VenueClockTests {
    @Test(arguments: 1...20) func `the venue's clock is never outside the measured interval, wherever in the round trip it was read`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2_000 {
            let offset = Int64.random(in: -3_600_000_000...3_600_000_000, using: &random) + 1_795_000_000_000_000
            let sent = Int64.random(in: 1_000_000...1_000_000_000, using: &random)
            let trip = Int64.random(in: 0...2_000_000, using: &random)
            let read = sent + trip
            let ppm = Int64.random(in: -Budget.driftPPM...Budget.driftPPM, using: &random)
            func venue(_ at: Int64) -> Int64 { at + offset + (at - sent) * ppm / 1_000_000 }
            let looked = sent + (trip == 0 ? 0 : Int64.random(in: 0...trip, using: &random))
            let clock = VenueClock(serverMs: venue(looked) / 1_000, sent: sent, read: read)
            for wait: Int64 in [0, 1, 1_000_000, 300_000_000, 86_400_000_000] {
                let now = read + wait
                let slack: Int64 = trip * Budget.driftPPM / 1_000_000 + 2
                #expect(clock.low(at: now) <= venue(now) + slack, "seed \(seed)")
                // Also of moments long before the measurement.
                for time in [venue(now) - 1, venue(now) - 86_400_000_000, venue(sent) - 5_000_000] {
                    #expect(venue(clock.latest(before: time, at: now)) <= time + slack, "seed \(seed)")
                }
                #expect(clock.middle(at: now) + clock.errorUs(at: now) >= venue(now) - slack, "seed \(seed)")
            }
        }
    }

    @Test func `a measurement grows old in five minutes and less sure with time`() {
        let clock = VenueClock(serverMs: 5_000, sent: 1_000_000, read: 1_200_000)
        #expect(clock.errorUs(at: 1_200_000) == 100_500)
        #expect(clock.errorUs(at: 1_200_000 + .seconds(100)) == 100_500 + 50_000)
        #expect(clock.errorUs(at: 0) == 100_500)
        #expect(!clock.isStale(at: 1_200_000 + .seconds(300)))
        #expect(clock.isStale(at: 1_200_001 + .seconds(300)))
        #expect(clock.offsetMs(at: Moment(monotonic: 1_200_000, wall: 4_000_000)) == 1_100)
    }
}
