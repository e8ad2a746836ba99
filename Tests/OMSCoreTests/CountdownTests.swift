@testable import OMSCore
import Testing

/// The venue's dead man's switch by values: when it is set again, and when it may have run out.
@Suite struct `A countdown` {
    private var countdown = Countdown(seconds: 9)

    @Test mutating func `runs from when the request left that the venue confirmed, and is set again before a third of it is over`() {
        #expect(!countdown.isRunning(at: 0) && countdown.trouble(at: 0) == "the venue's countdown (deadman_ms) is not set yet")
        countdown.asks(9, at: 0)
        #expect(countdown.mayRun && !countdown.isRunning(at: 0), "asked for is not confirmed")
        #expect(countdown.confirmed(by: 0, sentAt: 100_000, at: 900_000) == .begun)
        #expect(countdown.runsOutAt == 9_100_000 && countdown.nextAt == 3_000_000 && countdown.trouble(at: 9_099_999) == nil)
        countdown.asks(9, at: 3_000_000)
        #expect(countdown.confirmed(by: 0, sentAt: 3_000_000, at: 3_100_000) == nil, "the same again is no news")
        #expect(countdown.runsOutAt == 12_000_000)
    }

    @Test mutating func `may have run out where no request was confirmed in time, and says why`() {
        countdown.asks(9, at: 0)
        _ = countdown.confirmed(by: 0, sentAt: 0, at: 0)
        countdown.asks(9, at: 3_000_000)
        countdown.failed("timed out", isRefused: false, by: 0, at: 8_000_000)
        #expect(countdown.nextAt == 8_000_000 && countdown.isRunning(at: 8_999_999))
        #expect(countdown.trouble(at: 9_000_000) == "the venue's countdown (deadman_ms) may have run out: timed out")
        countdown.asks(9, at: 9_500_000)
        #expect(countdown.confirmed(by: 0, sentAt: 9_500_000, at: 9_600_000) == .mayHaveRunOut(since: 9_000_000))
        #expect(countdown.isRunning(at: 9_600_000) && countdown.failure == nil)
    }

    @Test mutating func `covers an order that is there before it may run out, and none that might come behind`() {
        #expect(!countdown.covers(onItsWayUs: 0, at: 0))
        countdown.asks(9, at: 0)
        _ = countdown.confirmed(by: 0, sentAt: 0, at: 100_000)
        #expect(countdown.covers(onItsWayUs: 2_000_000, at: 6_999_999) && !countdown.covers(onItsWayUs: 2_000_000, at: 7_000_000))
        // A third of it is enough: it is set anew twice before.
        #expect(countdown.covers(onItsWayUs: 30_000_000, at: 5_999_999) && !countdown.covers(onItsWayUs: 30_000_000, at: 6_000_000))
    }

    @Test mutating func `may run though this process never set it, until it is switched off`() {
        #expect(countdown.mayRun && !countdown.wasSet)
        countdown.asks(0, at: 0)
        #expect(countdown.confirmed(by: 0, sentAt: 0, at: 100_000) == .off && !countdown.mayRun)
    }

    @Test mutating func `is set at once by an engine that is made anew while a request was out, which may never have left`() {
        countdown.asks(9, at: 0)
        _ = countdown.confirmed(by: 0, sentAt: 0, at: 100_000)
        var next = Countdown(seconds: 9)
        next.heed(countdown)
        #expect(next.nextAt == 3_000_000 && next.wasSet && next.isRunning(at: 8_999_999))
        countdown.asks(9, at: 3_000_000)
        next.heed(countdown)
        #expect(next.nextAt == .min && next.runsOutAt == 9_000_000)
    }

    @Test mutating func `is set by the account that was confirmed last, and by none whose requests come to nothing while another can`() {
        #expect((0..<3).allSatisfy { countdown.isTurn(of: $0, among: [0, 1, 2]) })
        countdown.asks(9, at: 0)
        countdown.failed("refused", isRefused: true, by: 1, at: 100_000)
        #expect([0, 1, 2].map { countdown.isTurn(of: $0, among: [0, 1, 2]) } == [true, false, true])
        #expect(countdown.isTurn(of: 1, among: [1]), "nobody else can")
        countdown.asks(9, at: 2_000_000)
        _ = countdown.confirmed(by: 2, sentAt: 2_000_000, at: 2_100_000)
        #expect([0, 1, 2].map { countdown.isTurn(of: $0, among: [0, 1, 2]) } == [false, false, true])
        #expect(countdown.isTurn(of: 0, among: [0, 1]) && !countdown.isTurn(of: 1, among: [0, 1]))
        // Its own comes to nothing: another's turn, and once all did, anybody's.
        countdown.asks(9, at: 5_000_000)
        countdown.failed("timed out", isRefused: false, by: 2, at: 6_000_000)
        #expect([0, 1, 2].map { countdown.isTurn(of: $0, among: [0, 1, 2]) } == [true, false, false])
        countdown.asks(9, at: 6_000_000)
        countdown.failed("timed out", isRefused: false, by: 0, at: 7_000_000)
        #expect((0..<3).allSatisfy { countdown.isTurn(of: $0, among: [0, 1, 2]) })
    }

    @Test mutating func `that a venue refuses is asked for ever more rarely while none runs, and each second while one does`() {
        var (now, waits): (Int64, [Int64]) = (0, [])
        for _ in 0..<8 {
            countdown.asks(9, at: now)
            countdown.failed("refused", isRefused: true, by: 0, at: now)
            waits.append(countdown.nextAt - now)
            now = countdown.nextAt
        }
        #expect(waits == [1_100_000, 2_200_000, 4_400_000, 8_800_000, 17_600_000, 30_000_000, 30_000_000, 30_000_000])
        // A venue that cannot be heard says nothing of that: one that a process before this one set may run.
        countdown.asks(9, at: now)
        countdown.failed("timed out", isRefused: false, by: 0, at: now)
        #expect(countdown.nextAt == now + 1_100_000 && countdown.offAgainAt == now + 1_100_000)
        countdown.asks(9, at: now)
        _ = countdown.confirmed(by: 0, sentAt: now, at: now)
        countdown.asks(9, at: now + 3_000_000)
        countdown.failed("refused", isRefused: true, by: 0, at: now + 3_000_000)
        #expect(countdown.nextAt == now + 4_100_000)
    }

    @Test mutating func `that could not be switched off may run on, and one that was does not`() {
        countdown.asks(9, at: 0)
        countdown.failed("refused", isRefused: true, by: 0, at: 100_000)
        #expect(countdown.mayRun, "nobody knows whether the venue took it")
        countdown.asks(0, at: 2_000_000)
        countdown.failed("timed out", isRefused: false, by: 0, at: 3_000_000)
        #expect(countdown.mayRun)
        countdown.asks(0, at: 4_100_000)
        #expect(countdown.confirmed(by: 0, sentAt: 4_100_000, at: 4_200_000) == .off)
        #expect(!countdown.mayRun && countdown.runsOutAt == nil)
    }
}
