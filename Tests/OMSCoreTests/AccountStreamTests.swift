@testable import OMSCore
import Testing

/// What an account knows of its private stream, built alone.
@Suite struct `The stream of an account` {
    private let stream = AccountStream(patience: Patience())
    private func at(_ time: Int64) -> Moment { Moment(monotonic: time, wall: time) }

    private func goLive() {
        stream.configured(at: 1)
        stream.up(at: at(10))
        #expect(stream.reconciled(startedAt: 10, at: 20))
    }

    @Test func `is live when a reconciliation that began behind the last acknowledgement is done, and not by one that began before`() {
        #expect(stream.figures.state == .off)
        stream.configured(at: 1)
        #expect(stream.figures.state == .connecting && stream.figures.since == 1)
        stream.up(at: at(10))
        #expect(stream.figures.state == .gap && !stream.isTrusted)
        #expect(!stream.reconciled(startedAt: 9, at: 15) && !stream.isLive)
        #expect(stream.reconciled(startedAt: 10, at: 20) && stream.isLive && stream.isTrusted && stream.figures.since == 20)
        #expect(!stream.reconciled(startedAt: 30, at: 40), "it closes a gap once")
    }

    @Test func `counts a gap whenever one that was up is lost, and none for attempts that came to nothing`() {
        goLive()
        #expect(
            stream.down("cut", at: at(30)) == (true, true) && stream.figures.state == .down && stream.figures.gaps == 1
                && stream.figures.lastError == "cut")
        #expect(stream.down("no route", at: at(31)) == (false, false) && stream.figures.gaps == 1)
        stream.trying(at: 32)
        #expect(stream.figures.state == .gap)
        stream.up(at: at(40))
        #expect(stream.down("cut again", at: at(41)) == (true, false) && stream.figures.gaps == 2, "also one whose gap was not closed yet")
    }

    @Test func `has a gap while markets are not subscribed, without having been lost`() {
        goLive()
        #expect(stream.interrupted(at: at(30)) && stream.figures.state == .gap && stream.figures.gaps == 0)
        stream.up(at: at(35))
        #expect(!stream.reconciled(startedAt: 34, at: 50) && stream.reconciled(startedAt: 36, at: 60))
    }

    @Test func `counts what a poll learned first only when no push tells of it in time`() {
        goLive()
        stream.polled(1, at: 100)
        stream.polled(2, at: 100)
        stream.told(1, isNews: false, agrees: true, at: 200)
        #expect(stream.nextLateAt == 100 + .seconds(5) && stream.countLate(at: .seconds(5)).count == 0)
        let late = stream.countLate(at: 100 + .seconds(5))
        #expect(late.count == 1 && !late.isMute && stream.figures.late == 1)
        #expect(stream.isLive && !stream.isTrusted, "polls go fast again")
        stream.told(3, isNews: true, agrees: true, at: 300)
        #expect(stream.isTrusted, "until it tells of something in time")
    }

    @Test func `is mute by three late ones in ten minutes, and not by three in eleven`() {
        goLive()
        var mute: [Bool] = []
        for (order, time) in [(1, 0), (2, 300), (3, 630), (4, 640)] as [(OrderKey, Int64)] {
            stream.polled(order, at: .seconds(time))
            mute.append(stream.countLate(at: .seconds(time + 5)).isMute)
        }
        #expect(mute == [false, false, false, true] && stream.figures.late == 4)
    }

    @Test func `holds nothing against a stream that was not live`() {
        stream.configured(at: 1)
        stream.polled(1, at: 5)
        #expect(stream.nextLateAt == nil)
    }

    @Test func `keeps pushes of unknown orders in their order, a minute at most and a thousand at most`() {
        func push(_ id: Int) -> StreamNews {
            var report = OrderReport(status: .open, venueState: "open")
            report.venueOrderID = VenueOrderID("v\(id)")
            return .order(HeardOrder(report))
        }
        for id in 0..<1_000 { #expect(stream.park(push(id), at: Int64(id))) }
        #expect(!stream.park(push(1_000), at: 1_000))
        let known = stream.takeParked(at: 1_001) { $0.ids.venue == "v7" || $0.ids.venue == "v3" }
        #expect(known.map(\.news) == [push(3), push(7)] && known.allSatisfy(\.isKnown))
        let late = stream.takeParked(at: 10 + .seconds(60)) { _ in false }
        #expect(late.count == 9 && late.allSatisfy { !$0.isKnown } && stream.hasParked)
    }
}
