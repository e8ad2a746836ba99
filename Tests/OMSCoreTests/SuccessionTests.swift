import OMSCore
import Testing

/// Each step of a host between following and leaving, and each that it must not take.
@Suite struct SuccessionTests {
    private static func lease(epoch: Int64 = 3, seq: Int64 = 40, beat: Int64 = 900, holder: String = "alpha") -> Lease {
        Lease(epoch: epoch, seq: seq, beat: beat, confirmed: seq, holder: holder, instance: holder + "/1", versionMin: 1)
    }

    private static func state(_ lease: Lease, canWrite: Bool = true) -> LogState { LogState(lease: lease, canWrite: canWrite, isReplicated: true) }

    private static func standby(applied: Int64 = 40, _ takeover: Succession.Settings.Takeover = .auto) -> Succession {
        var settings = Succession.Settings(host: "beta", instance: "beta/7")
        settings.takeover = takeover
        return Succession(settings, applied: applied)
    }

    /// Reads the same lease as one that waits would, until something else than asking comes of it.
    ///
    /// - Returns: that, and when.
    private static func watch(
        _ succession: inout Succession, _ lease: Lease, from start: Int64 = 0, until end: Int64 = 10_000_000
    ) -> (actions: [Succession.Action], at: Int64)? {
        var now = max(start, succession.wakeAt ?? start)
        while now < end {
            let asked = succession.step(.tick, at: now)
            guard asked == [.ask] else { return (asked, now) }
            let actions = succession.step(.read(state(lease), askedAt: now), at: now + 1_000)
            if !actions.isEmpty { return (actions, now + 1_000) }
            guard let next = succession.wakeAt else { return nil }
            now = max(next, now + 1)
        }
        return nil
    }

    private static func owner(applied: Int64 = 40) -> (Succession, at: Int64) {
        var succession = standby(applied: applied)
        guard let found = watch(&succession, lease(seq: applied)) else { preconditionFailure("no bump came") }
        _ = succession.step(.bumped(.durable(own(seq: applied)), sentAt: found.at), at: found.at + 2_000)
        return (succession, found.at + 2_000)
    }

    private static func own(seq: Int64 = 40) -> Lease {
        Lease(epoch: 4, seq: seq, beat: 901, confirmed: seq, holder: "beta", instance: "beta/7", versionMin: 1)
    }

    /// The same bump, sent then.
    private static func bump(_ actions: [Succession.Action], at now: Int64) -> [Succession.Action] {
        actions.map { action in
            guard case .bump(var bump) = action else { return action }
            bump.beat = now
            return .bump(bump)
        }
    }

    // MARK: Following

    @Test func `a lease is claimed after it stood still for a lease, the clocks' difference and a quarter of a second, and at a second look`() throws
    {
        var succession = Self.standby()

        let found = try #require(Self.watch(&succession, Self.lease()))

        guard case .bump(let bump) = try #require(found.actions.first) else {
            Issue.record("\(found.actions)")
            return
        }
        // Heard of first at 1 ms; asked at 1 ms + 2,251 ms, and 50 ms later.
        #expect(found.at >= 1_000 + 2_251_000 + 50_000 && found.at < 2_400_000)
        #expect(bump == LogBump(epoch: 3, still: .init(beat: 900, seq: 40), holder: "beta", instance: "beta/7", beat: found.at, leaseUs: 2_000_000))
    }

    @Test func `an owner's longer lease is waited for, whatever the standby's own configuration says`() throws {
        var succession = Self.standby()
        var lease = Self.lease()
        lease.leaseUs = 5_000_000
        let found = try #require(Self.watch(&succession, lease))
        #expect(found.at >= 1_000 + 5_252_500 + 50_000 && found.at < 5_600_000)
        // A shorter one is not: this host's own clock was promised no less.
        var other = Self.standby()
        lease.leaseUs = 600_000
        #expect(try #require(Self.watch(&other, lease)).at >= 1_000 + 2_251_000 + 50_000)
    }

    @Test func `a lease that moves, even back, is waited for anew`() {
        var succession = Self.standby()
        #expect(Self.watch(&succession, Self.lease(beat: 900), from: 0, until: 2_200_000) == nil)
        #expect(Self.watch(&succession, Self.lease(beat: 899), from: 2_200_000, until: 4_400_000) == nil)
        #expect(Self.watch(&succession, Self.lease(seq: 39), from: 4_400_000, until: 4_500_000) == nil)
    }

    @Test func `an answer that was asked for before the lease had run out says nothing, however late it is heard`() {
        var succession = Self.standby()
        _ = succession.step(.tick, at: 0)
        _ = succession.step(.read(Self.state(Self.lease()), askedAt: 0), at: 1_000)
        _ = succession.step(.tick, at: 250_000 + 1_000)
        // The host is stopped for an hour between asking and hearing.
        #expect(succession.step(.read(Self.state(Self.lease()), askedAt: 251_000), at: 3_600_000_000).isEmpty)
        // And once more at the second look.
        #expect(succession.step(.tick, at: 3_600_000_000) == [.ask])
        #expect(succession.step(.read(Self.state(Self.lease()), askedAt: 3_600_000_000), at: 3_600_001_000).isEmpty)
        // Nor does a second one that was asked for too soon after the first was heard.
        #expect(succession.step(.tick, at: 3_600_051_000) == [.ask])
        #expect(succession.step(.read(Self.state(Self.lease()), askedAt: 3_600_050_999), at: 3_600_052_000).isEmpty)
        guard case .following = succession.role else {
            Issue.record("\(succession.role)")
            return
        }
    }

    @Test func `a node that cannot write is believed nothing`() {
        var succession = Self.standby()
        var now: Int64 = 0
        while now < 10_000_000 {
            #expect(succession.step(.tick, at: now) == [.ask])
            #expect(succession.step(.read(Self.state(Self.lease(), canWrite: false), askedAt: now), at: now + 1_000).isEmpty)
            now = succession.wakeAt ?? .max
        }
    }

    @Test func `readings that fail are no silence of the owner`() {
        var succession = Self.standby()
        #expect(Self.watch(&succession, Self.lease(), until: 1_000_000) == nil)
        var now = succession.wakeAt ?? 0
        while now < 20_000_000 {
            #expect(succession.step(.tick, at: now) == [.ask])
            #expect(succession.step(.unreadable("no route"), at: now + 1_000).isEmpty)
            now = succession.wakeAt ?? .max
        }
        // The lease was renewed meanwhile, as the next reading shows.
        #expect(Self.watch(&succession, Self.lease(beat: 901), from: now, until: now + 2_000_000) == nil)
    }

    @Test func `a group that nobody ever owned is claimed at once`() throws {
        var succession = Self.standby(applied: 0)
        let found = try #require(Self.watch(&succession, Self.lease(epoch: 0, seq: 0, beat: 0, holder: "")))
        #expect(found.at == 1_000)
    }

    @Test func `a standby that is to be promoted by hand waits for the word, and then for the lease`() throws {
        var succession = Self.standby(.manual)
        #expect(Self.watch(&succession, Self.lease()) == nil)
        _ = succession.step(.promote(now: false), at: 10_000_000)
        #expect(Self.watch(&succession, Self.lease(beat: 905), from: 10_000_000, until: 12_200_000) == nil)
        #expect(Self.watch(&succession, Self.lease(beat: 905), from: 12_200_000, until: 13_000_000) != nil)
    }

    @Test func `promoted without waiting it has the group at once, and its engine only after the former owner cannot send any more`() throws {
        var succession = Self.standby(.manual)
        _ = succession.step(.promote(now: true), at: 0)
        let found = try #require(Self.watch(&succession, Self.lease()))
        #expect(
            found.at == 1_000
                && found.actions == [.bump(LogBump(epoch: 3, still: nil, holder: "beta", instance: "beta/7", beat: 1_000, leaseUs: 2_000_000))])

        #expect(succession.step(.bumped(.durable(Self.own()), sentAt: 1_000), at: 5_000).isEmpty)

        // Until then an order of the former owner's that nobody sees may still come, and its permits do not count down. The epoch is kept by beats meanwhile.
        for now in stride(from: Int64(501_000), through: 2_001_000, by: 500_000) {
            #expect(succession.wakeAt == now)
            #expect(succession.step(.tick, at: now) == [.beat(epoch: 4, confirmed: 40, beat: now)])
            #expect(succession.step(.beaten(.durable(Self.own()), sentAt: now), at: now + 500).isEmpty)
            #expect(!succession.maySend(at: now + 500, deadline: .max))
        }
        #expect(succession.wakeAt == 2_256_000)
        #expect(succession.step(.tick, at: 2_255_999).isEmpty)
        #expect(succession.step(.tick, at: 2_256_000) == [.own(epoch: 4, from: Self.lease(), at: 2_256_000)])
        #expect(succession.maySend(at: 2_256_000, deadline: .max))
    }

    @Test func `a row that cannot be read, or a version that the log asks for, bars a standby for ever, until it is another`() {
        var stuck = Self.standby()
        _ = stuck.step(.stuck("turn 41 of the log: it cannot be read"), at: 0)
        #expect(Self.watch(&stuck, Self.lease()) == nil)
        var older = Self.standby()
        var lease = Self.lease()
        lease.versionMin = 99
        #expect(Self.watch(&older, lease) == nil)
    }

    @Test func `a standby that has more than the log is not the one to own it: the owner, if it lives, has the rest`() {
        var succession = Self.standby(applied: 41)
        #expect(Self.watch(&succession, Self.lease(seq: 40)) == nil)
    }

    @Test func `a release hands the group over at once, to whom it names`() throws {
        var named = Self.standby(.manual)
        _ = named.step(.foundRelease(epoch: 3, turn: 40, to: "beta"), at: 0)
        #expect(try #require(Self.watch(&named, Self.lease())).at == 1_000)
        var other = Self.standby()
        _ = other.step(.foundRelease(epoch: 3, turn: 40, to: "gamma"), at: 0)
        #expect(Self.watch(&other, Self.lease(), until: 2_200_000) == nil)
        // Of a former epoch, or with something behind it: none.
        var late = Self.standby()
        _ = late.step(.foundRelease(epoch: 3, turn: 39, to: nil), at: 0)
        #expect(Self.watch(&late, Self.lease(), until: 2_200_000) == nil)
        var manual = Self.standby(.manual)
        _ = manual.step(.foundRelease(epoch: 3, turn: 40, to: nil), at: 0)
        #expect(Self.watch(&manual, Self.lease()) == nil)
    }

    @Test func `a release is not forgotten because a last beat of its owner came behind the reading`() throws {
        var succession = Self.standby()
        _ = succession.step(.foundRelease(epoch: 3, turn: 40, to: nil), at: 0)
        let found = try #require(Self.watch(&succession, Self.lease()))

        #expect(succession.step(.bumped(.refused(.fenced(Self.lease(beat: 950))), sentAt: found.at), at: found.at + 1_000).isEmpty)

        let again = try #require(Self.watch(&succession, Self.lease(beat: 950), from: found.at + 1_000))
        #expect(again.at <= found.at + 3_000)
        guard case .bump(let bump)? = again.actions.first else {
            Issue.record("\(again.actions)")
            return
        }
        #expect(bump.still == LogBump.Still(beat: 950, seq: 40))
    }

    // MARK: Claiming and draining

    @Test func `a bump is sent again, the same with another beat, until it is durable`() throws {
        var succession = Self.standby()
        let found = try #require(Self.watch(&succession, Self.lease()))
        var now = found.at
        for outcome in [LogOutcome.inDoubt("cut"), .refused(.unreplicated("nobody")), .refused(.engine(state: "53100", "full")), .inDoubt("01000")] {
            #expect(succession.step(.bumped(outcome, sentAt: now), at: now + 1_000).isEmpty)
            #expect(!succession.maySend(at: now + 1_000, deadline: .max))
            #expect(succession.step(.tick, at: now + 1_001).isEmpty, "not at once")
            now += 1_000 + Succession.Settings.againUs
            // Who saw the lease as the first sending left it, and waits since then, must see it move: the new owner's lease counts from the last.
            #expect(succession.step(.tick, at: now) == Self.bump(found.actions, at: now))
        }
        #expect(succession.step(.bumped(.durable(Self.own()), sentAt: now), at: now + 1) == [.own(epoch: 4, from: Self.lease(), at: now + 1)])
        // Its lease runs from the sending of the bump that was clean.
        #expect(succession.maySend(at: now + 1_999_999, deadline: .max) && !succession.maySend(at: now + 2_000_000, deadline: .max))
    }

    @Test func `while its bump is in doubt a host does not go back to following, whatever it reads`() throws {
        var succession = Self.standby()
        let found = try #require(Self.watch(&succession, Self.lease()))
        _ = succession.step(.bumped(.inDoubt("cut"), sentAt: found.at), at: found.at + 1)
        _ = succession.step(.read(Self.state(Self.lease(beat: 950)), askedAt: found.at), at: found.at + 2)
        #expect(succession.step(.tick, at: found.at + 30_000) == Self.bump(found.actions, at: found.at + 30_000))
    }

    @Test func `of two that claim, the slower follows on, and waits for a whole lease again`() throws {
        var succession = Self.standby()
        let found = try #require(Self.watch(&succession, Self.lease()))
        let gamma = Lease(epoch: 4, seq: 40, beat: 77, confirmed: 40, holder: "gamma", instance: "gamma/1", versionMin: 1)
        #expect(succession.step(.bumped(.refused(.fenced(gamma)), sentAt: found.at), at: found.at + 1_000).isEmpty)
        #expect(Self.watch(&succession, gamma, from: found.at + 1_000, until: found.at + 2_250_000) == nil)
        #expect(Self.watch(&succession, gamma, from: found.at + 2_250_000) != nil)
    }

    @Test func `a new owner's engine starts only after every row up to its bump is applied`() throws {
        var succession = Self.standby(applied: 37)
        let found = try #require(Self.watch(&succession, Self.lease()))
        #expect(succession.step(.bumped(.durable(Self.own()), sentAt: found.at), at: found.at) == [.drain(to: 40)])
        for turn in 38...39 as ClosedRange<Int64> {
            #expect(succession.step(.applied(turn), at: found.at + turn).isEmpty)
            #expect(!succession.maySend(at: found.at + turn, deadline: .max))
        }
        #expect(succession.step(.applied(40), at: found.at + 100) == [.own(epoch: 4, from: Self.lease(), at: found.at + 100)])
    }

    @Test func `a host that was stopped while it drained owns nothing before a beat is clean again`() throws {
        var succession = Self.standby(applied: 39)
        let found = try #require(Self.watch(&succession, Self.lease()))
        _ = succession.step(.bumped(.durable(Self.own()), sentAt: found.at), at: found.at)
        let late = found.at + 60_000_000

        #expect(succession.step(.applied(40), at: late).isEmpty)

        #expect(succession.step(.tick, at: late) == [.beat(epoch: 4, confirmed: 40, beat: late)])
        #expect(succession.wakeAt == nil, "nothing but the answer is waited for")
        var clean = succession
        #expect(clean.step(.beaten(.durable(Self.own()), sentAt: late), at: late + 1) == [.own(epoch: 4, from: Self.lease(), at: late + 1)])
        let gamma = Lease(epoch: 5, seq: 44, beat: 77, confirmed: 43, holder: "gamma", instance: "gamma/1", versionMin: 1)
        #expect(succession.step(.beaten(.refused(.fenced(gamma)), sentAt: late), at: late + 1) == [.leave(.fenced(by: gamma))])
    }

    @Test func `draining for longer than a lease keeps the epoch by beats, and a row that cannot be read ends it`() throws {
        var succession = Self.standby(applied: 37)
        let found = try #require(Self.watch(&succession, Self.lease()))
        _ = succession.step(.bumped(.durable(Self.own()), sentAt: found.at), at: found.at)
        let due = try #require(succession.wakeAt)
        #expect(succession.step(.tick, at: due) == [.beat(epoch: 4, confirmed: 40, beat: due)])
        let end = succession.step(.stuck("turn 38 of the log: its digest does not follow"), at: due + 1)
        #expect(end == [.leave(.stopped("turn 38 of the log: its digest does not follow"))])
        #expect(succession.step(.applied(40), at: due + 2).isEmpty)
    }

    // MARK: Rows

    @Test func `a row is applied once its successor proves it, or what the lease or an own bump said before it was asked for`() {
        #expect(FollowedRows(confirmed: 0, drained: nil).durable(last: 0) == 0)
        #expect(FollowedRows(confirmed: 30, drained: nil).durable(last: 40) == 39)
        #expect(FollowedRows(confirmed: 40, drained: nil).durable(last: 40) == 40)
        #expect(FollowedRows(confirmed: 30, drained: 40).durable(last: 40) == 40)
        // Nothing that was not read.
        #expect(FollowedRows(confirmed: 55, drained: 60).durable(last: 40) == 40)
    }
}
