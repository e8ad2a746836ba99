import OMSCore
import Testing

/// What an owner may and must not.
@Suite struct SuccessionOwnerTests {
    private static func lease(epoch: Int64, seq: Int64 = 0, holder: String) -> Lease {
        Lease(epoch: epoch, seq: seq, beat: 5, confirmed: seq, holder: holder, instance: holder + "/1", versionMin: 1)
    }

    /// Owner of epoch 1 since moment 10,000; its bump was sent at 1,000.
    private static func owner() -> Succession {
        var succession = Succession(.init(host: "alpha", instance: "alpha/1"), applied: 0)
        _ = succession.step(.tick, at: 0)
        let nobody = Lease(epoch: 0, seq: 0, beat: 0, confirmed: 0, holder: "", instance: "", versionMin: 1)
        _ = succession.step(.read(LogState(lease: nobody, canWrite: true, isReplicated: true), askedAt: 0), at: 1_000)
        _ = succession.step(.bumped(.durable(lease(epoch: 1, holder: "alpha")), sentAt: 1_000), at: 10_000)
        return succession
    }

    @Test func `an owner may send until a lease after it sent its last clean write, and never past the request's own deadline`() {
        var succession = Self.owner()
        #expect(succession.maySend(at: 2_000_999, deadline: .max) && !succession.maySend(at: 2_001_000, deadline: .max))
        #expect(!succession.maySend(at: 500_000, deadline: 500_000))
        // Heard late: the sending counts.
        _ = succession.step(.confirmed(turn: 1, sentAt: 600_000), at: 1_900_000)
        #expect(succession.maySend(at: 2_599_999, deadline: .max) && !succession.maySend(at: 2_600_000, deadline: .max))
        // An earlier one that is heard later takes nothing away.
        _ = succession.step(.confirmed(turn: 1, sentAt: 100_000), at: 1_950_000)
        #expect(succession.maySend(at: 2_599_999, deadline: .max))
    }

    @Test func `nobody but an owner may send`() {
        let following = Succession(.init(host: "alpha", instance: "alpha/1"), applied: 0)
        #expect(!following.maySend(at: 0, deadline: .max))
        var handing = Self.owner()
        _ = handing.step(.handover(to: nil), at: 20_000)
        #expect(!handing.maySend(at: 20_000, deadline: .max))
        var fenced = Self.owner()
        _ = fenced.step(.lost(Self.lease(epoch: 2, holder: "beta")), at: 20_000)
        #expect(!fenced.maySend(at: 20_000, deadline: .max))
    }

    @Test func `a beat goes out when nothing else was written for its time, one at a time`() {
        var succession = Self.owner()
        #expect(succession.step(.tick, at: 400_000).isEmpty)
        _ = succession.step(.confirmed(turn: 1, sentAt: 400_000), at: 401_000)
        #expect(succession.step(.tick, at: 501_000).isEmpty)
        #expect(succession.step(.tick, at: 900_000) == [.beat(epoch: 1, confirmed: 1, beat: 900_000)])
        #expect(succession.step(.tick, at: 5_000_000).isEmpty, "it waits for the engine")
        #expect(!succession.maySend(at: 5_000_000, deadline: .max))
        _ = succession.step(.beaten(.durable(Self.lease(epoch: 1, seq: 1, holder: "alpha")), sentAt: 900_000), at: 5_000_001)
        #expect(!succession.maySend(at: 5_000_001, deadline: .max), "a lease that ran out before it was heard of")
        #expect(succession.step(.tick, at: 5_020_001) == [.beat(epoch: 1, confirmed: 1, beat: 5_020_001)])
        _ = succession.step(.beaten(.durable(Self.lease(epoch: 1, seq: 1, holder: "alpha")), sentAt: 5_020_001), at: 5_021_000)
        #expect(succession.maySend(at: 5_021_000, deadline: .max), "nobody took it meanwhile")
    }

    @Test(arguments: [
        LogOutcome.inDoubt("the connection was lost"), .refused(.unreplicated("empty")), .refused(.engine(state: "53100", "full")),
    ])
    func `a beat without a clean answer does not lengthen the lease`(_ outcome: LogOutcome) {
        var succession = Self.owner()
        _ = succession.step(.tick, at: 501_000)
        _ = succession.step(.beaten(outcome, sentAt: 501_000), at: 502_000)
        #expect(succession.maySend(at: 2_000_999, deadline: .max) && !succession.maySend(at: 2_001_000, deadline: .max))
    }

    @Test func `an owner that is fenced leaves, and nothing brings it back`() {
        let beta = Self.lease(epoch: 2, holder: "beta")
        var succession = Self.owner()
        _ = succession.step(.tick, at: 501_000)
        #expect(succession.step(.beaten(.refused(.fenced(beta)), sentAt: 501_000), at: 502_000) == [.leave(.fenced(by: beta))])
        for event in [
            Succession.Event.tick, .confirmed(turn: 9, sentAt: 501_000), .promote(now: true),
            .read(LogState(lease: beta, canWrite: true, isReplicated: true), askedAt: 1), .bumped(.durable(beta), sentAt: 1), .keep,
        ] {
            #expect(succession.step(event, at: 600_000).isEmpty)
            #expect(!succession.maySend(at: 600_000, deadline: .max))
        }
        #expect(succession.wakeAt == nil)
    }

    @Test func `a log that forgot the owner's epoch stops it: what was durable is gone`() throws {
        var succession = Self.owner()
        _ = succession.step(.tick, at: 501_000)
        let actions = succession.step(.beaten(.refused(.fenced(Self.lease(epoch: 0, holder: ""))), sentAt: 501_000), at: 502_000)
        guard case .leave(.stopped(let why)) = try #require(actions.first) else {
            Issue.record("\(actions)")
            return
        }
        #expect(why.contains("went back in time"))
    }

    @Test func `an owner whose log lacks rows appends them anew and sends nothing until a beat is clean again`() {
        var succession = Self.owner()
        _ = succession.step(.confirmed(turn: 7, sentAt: 400_000), at: 401_000)
        _ = succession.step(.tick, at: 900_000)
        #expect(succession.step(.beaten(.refused(.behind(seq: 5)), sentAt: 900_000), at: 901_000) == [.appendAgain(after: 5)])
        #expect(!succession.maySend(at: 901_000, deadline: .max))
        _ = succession.step(.tick, at: 921_000)
        _ = succession.step(.beaten(.durable(Self.lease(epoch: 1, seq: 7, holder: "alpha")), sentAt: 921_000), at: 922_000)
        #expect(succession.maySend(at: 922_000, deadline: .max))
    }

    @Test func `an owner that writes turns without a pause, so that no beat is due, sends again once one is clean behind a loss`() {
        var succession = Self.owner()
        _ = succession.step(.behind(seq: 0), at: 100_000)
        _ = succession.step(.confirmed(turn: 1, sentAt: 90_000), at: 110_000)
        #expect(!succession.maySend(at: 110_000, deadline: .max), "it was sent before")
        _ = succession.step(.confirmed(turn: 2, sentAt: 120_000), at: 130_000)
        #expect(succession.maySend(at: 130_000, deadline: .max))
    }

    @Test func `a beat that was sent before a loss was seen says nothing of the log that is there now`() {
        var succession = Self.owner()
        _ = succession.step(.confirmed(turn: 3, sentAt: 20_000), at: 21_000)
        #expect(succession.step(.tick, at: 520_000) == [.beat(epoch: 1, confirmed: 3, beat: 520_000)])
        #expect(succession.step(.behind(seq: 2), at: 521_000) == [.appendAgain(after: 2)])

        _ = succession.step(.beaten(.durable(Self.lease(epoch: 1, seq: 3, holder: "alpha")), sentAt: 520_000), at: 522_000)
        #expect(!succession.maySend(at: 522_000, deadline: .max))

        guard case .beat(_, _, let sentAt)? = succession.step(.tick, at: 1_100_000).first else {
            Issue.record("no beat")
            return
        }
        _ = succession.step(.beaten(.durable(Self.lease(epoch: 1, seq: 3, holder: "alpha")), sentAt: sentAt), at: 1_101_000)
        #expect(succession.maySend(at: 1_101_000, deadline: .max))
    }

    @Test func `a handover sends nothing new, releases once all is quiet, and cannot be taken back after that`() {
        var succession = Self.owner()
        #expect(succession.step(.handover(to: "beta"), at: 20_000) == [.finish])
        #expect(succession.step(.quiet, at: 30_000) == [.release(epoch: 1, to: "beta")])
        #expect(succession.step(.quiet, at: 31_000).isEmpty, "once")
        #expect(succession.step(.keep, at: 32_000).isEmpty)
        #expect(!succession.maySend(at: 32_000, deadline: .max))
        #expect(succession.step(.releaseConfirmed, at: 40_000) == [.leave(.released)])
    }

    @Test func `a handover that takes too long is given up while nothing was released`() {
        var succession = Self.owner()
        _ = succession.step(.handover(to: nil), at: 20_000)
        #expect(succession.step(.keep, at: 30_000) == [.goOn])
        #expect(succession.maySend(at: 30_000, deadline: .max))
    }

    // MARK: A turn under way

    private static let row = LogRow(turn: 8, epoch: 1, version: 1, digest: Digest256([UInt8](repeating: 7, count: 32)), body: [1, 2])

    @Test func `a turn that was in doubt is neither taken back nor numbered anew by a later refusal of the engine`() {
        for refusal in [LogRefusal.engine(state: "53100", "full"), .unreplicated("empty")] {
            var fresh = PendingTurn(Self.row)
            #expect(fresh.heard(.refused(refusal)) == .takenBack(refusal))
            var doubted = PendingTurn(Self.row)
            #expect(doubted.heard(.inDoubt("cut")) == .again("cut"))
            guard case .again = doubted.heard(.refused(refusal)) else {
                Issue.record("\(refusal) took back a turn that may be in the log")
                continue
            }
            #expect(doubted.heard(.durable(Self.lease(epoch: 1, seq: 8, holder: "alpha"))) == .confirmed)
        }
    }

    @Test func `a turn ends as the log says: another's, too short, two writers, or an answer that contradicts itself`() {
        let beta = Self.lease(epoch: 2, seq: 8, holder: "beta")
        var pending = PendingTurn(Self.row)
        #expect(pending.heard(.refused(.fenced(beta))) == .lost(beta))
        #expect(pending.heard(.refused(.behind(seq: 5))) == .appendAgain(after: 5))
        #expect(pending.heard(.refused(.contradicted("two"))) == .stop("two"))
        for lease in [Self.lease(epoch: 1, seq: 7, holder: "alpha"), beta] {
            guard case .stop = pending.heard(.durable(lease)) else {
                Issue.record("\(lease) was taken for this turn's")
                continue
            }
        }
        guard case .stop = pending.heard(.refused(.fenced(Self.lease(epoch: 0, holder: "")))) else {
            Issue.record("an older epoch was taken for a newer one")
            return
        }
    }

    // MARK: Permits

    private static func permit(_ slot: Int, request: RequestID?, releasedAt: Int64?, isUnanswered: Bool = false) -> PermitRow {
        PermitRow(budget: 3, slot: slot, count: 2, request: request, takenAt: 999_999_999, releasedAt: releasedAt, isUnanswered: isUnanswered)
    }

    @Test func `permits of a former owner count in full from when this host saw them, by its own clock, and what has no answer from the takeover`() {
        var seen = SeenPermits()
        seen.saw(Self.permit(0, request: nil, releasedAt: 999_999_999), at: 100)
        seen.saw(Self.permit(1, request: RequestID(5), releasedAt: nil), at: 110)
        seen.saw(Self.permit(2, request: nil, releasedAt: 999_999_000, isUnanswered: true), at: 120)
        seen.saw(Self.permit(3, request: RequestID(6), releasedAt: nil), at: 130)
        seen.saw(Self.permit(3, request: nil, releasedAt: 5), at: 140)

        let inherited = seen.inherited(at: 1_000)

        #expect(inherited.map(\.slot) == [0, 1, 2, 3])
        #expect(inherited.map(\.releasedAt) == [100, 1_000, 1_000, 140])
        #expect(inherited.map(\.isUnanswered) == [false, true, true, false])
        #expect(inherited.allSatisfy { $0.request == nil && $0.takenAt == $0.releasedAt && $0.count == 2 })
    }
}
