import OMSCore
import Runtime
import Simulator
import Testing
import Wire

/// Turns that wait for a group's log, over an engine in memory with all the surprises of a real one, and one time for both threads.
@Suite struct ReplicatedJournalTests {
    @Test func `a turn is committed here once two nodes have it, and its row in the log is the next`() throws {
        let rig = try Rig()
        rig.holdsStandbys = true
        rig.onPause = { pauses in
            if pauses == 5 {
                #expect(rig.base.events.isEmpty, "on one node alone")
                rig.holdsStandbys = false
            }
        }

        try rig.write(1)

        #expect(rig.pauses >= 5)
        #expect(rig.base.events.map(\.event.seq) == [1] && rig.base.place?.head.turn == 2)
        let rows = try rig.rows()
        // The epoch's opening is the first.
        #expect(rows.map(\.turn) == [1, 2] && rows.map(\.epoch) == [1, 1])
        #expect(rows.last?.digest == rig.base.place?.head.digest)
        #expect(try LogTurn(bytes: rows[0].body).mark == .opening)
    }

    @Test func `a wait that was cancelled proves nothing: the same row is sent again, and the turn is committed once`() throws {
        let rig = try Rig()
        rig.holdsStandbys = true
        rig.onPause = { pauses in
            if pauses == 3 { rig.engine.cancelWait() }
            if pauses == 8 {
                #expect(rig.base.events.isEmpty)
                rig.holdsStandbys = false
            }
        }

        try rig.write(1)

        #expect(rig.base.events.count == 1)
        #expect(try rig.rows().map(\.turn) == [1, 2])
    }

    @Test func `a log that is full takes the turn back, and the next turn has its number`() throws {
        let rig = try Rig()
        rig.engine.isFull = true

        let error = #expect(throws: JournalError.self) { try rig.write(1) }

        #expect(error?.kind == .full && error?.isOfLog == true && error?.description.contains("No space left") == true)
        #expect(rig.base.events.isEmpty && rig.base.place?.head.turn == 1)
        rig.engine.isFull = false
        try rig.write(1)
        #expect(try rig.rows().map(\.turn) == [1, 2])
    }

    @Test func `once another owns the group a turn is not committed here, and nothing may be sent`() throws {
        let rig = try Rig()
        #expect(rig.keeper.maySend(at: rig.time.us))
        try rig.bumpElsewhere("beta")

        #expect(throws: JournalError.self) { try rig.write(1) }

        guard case .fenced(let lease)? = rig.keeper.end else {
            Issue.record("\(String(describing: rig.keeper.end))")
            return
        }
        #expect(lease.holder == "beta" && !rig.keeper.maySend(at: rig.time.us))
        #expect(rig.base.events.isEmpty)
        #expect(throws: JournalError.self) { try rig.write(1) }
        #expect(try rig.rows().map(\.turn) == [1])
    }

    @Test func `who beats hears that another owns the group, also while no turn is written`() throws {
        let rig = try Rig()
        try rig.bumpElsewhere("beta")

        rig.pass(1_000_000)

        #expect(rig.keeper.end.map { "\($0)".contains("beta") } == true)
        #expect(throws: JournalError.self) { try rig.journal.tend() }
    }

    @Test func `nothing is sent past a lease after the last clean write was sent, and again after the next`() throws {
        let rig = try Rig()
        rig.keeperLog.isCut = true
        rig.pass(2_100_000)
        #expect(!rig.keeper.maySend(at: rig.time.us))
        try rig.write(1)
        #expect(rig.keeper.maySend(at: rig.time.us))
        rig.pass(2_100_000)
        #expect(!rig.keeper.maySend(at: rig.time.us))
        rig.keeperLog.isCut = false
        rig.pass(1_000_000)
        #expect(rig.keeper.maySend(at: rig.time.us), "beats are enough")
    }

    @Test(arguments: [false, true]) func `turns that a promoted node lacks are appended anew, before anything is sent`(_ isIdle: Bool) throws {
        let rig = try Rig()
        // Beats are turns' company: without them the log does not move on by itself.
        rig.lags = 2
        for seq in 1...3 { try rig.write(Int64(seq)) }
        let before = try rig.rows()
        #expect(rig.engine.lag(of: 2).writes >= 3 && rig.engine.lag(of: 2).epochs == 0)
        rig.engine.promote(2)
        #expect(try rig.rows().count < before.count)
        rig.lags = nil

        if isIdle {
            rig.pass(700_000)
            #expect(!rig.keeper.maySend(at: rig.time.us), "it knows that the log is behind")
            try rig.journal.tend()
        } else {
            try rig.write(4)
        }

        let rows = try rig.rows()
        #expect(Array(rows.prefix(before.count)) == before && rows.count == before.count + (isIdle ? 0 : 1))
        rig.pass(700_000)
        #expect(rig.keeper.maySend(at: rig.time.us) && rig.keeper.end == nil)
    }

    @Test func `an owner that keeps too little for a log that went back stops for a person`() throws {
        let rig = try Rig(outboxTurns: 1)
        rig.lags = 2
        for seq in 1...3 { try rig.write(Int64(seq)) }
        rig.engine.promote(2)

        #expect(throws: JournalError.self) { try rig.write(4) }

        guard case .stopped(let why)? = rig.keeper.end else {
            Issue.record("it goes on")
            return
        }
        #expect(why.contains("not kept"))
        #expect(!rig.keeper.maySend(at: rig.time.us))
    }

    @Test func `what a load had to put on record while the log was full is owed, and written by the next load`() throws {
        let rig = try Rig()
        rig.base.owed = [Rig.note(1)]
        rig.engine.isFull = true
        #expect(try rig.journal.load().seq == 0 && rig.journal.owesRecords)
        rig.engine.isFull = false
        #expect(try rig.journal.load().seq == 1 && !rig.journal.owesRecords)
        #expect(try rig.rows().count == 2)
    }

    @Test func `a turn in doubt is not taken back because what comes before it is refused when it is appended anew`() throws {
        let rig = try Rig()
        rig.lags = 2
        for seq in 1...2 { try rig.write(Int64(seq)) }
        rig.holdsStandbys = true
        var fullUntil: Int?
        rig.onSay = { if $0.contains("went back"), fullUntil == nil { (fullUntil, rig.engine.isFull) = (rig.pauses + 8, true) } }
        rig.onPause = { pauses in
            if pauses == 3 { rig.engine.cancelWait() }
            if pauses == 6 {
                rig.engine.promote(2)
                (rig.lags, rig.holdsStandbys) = (nil, false)
            }
            if pauses == fullUntil { rig.engine.isFull = false }
        }

        try rig.write(3)

        #expect(fullUntil != nil, "nothing was refused")
        #expect(rig.base.events.map(\.event.seq) == [1, 2, 3])
        #expect(try rig.rows().map(\.turn) == [1, 2, 3, 4])
    }

    @Test func `a turn that is in the log and not in the journal is taken from there by the next start`() throws {
        let rig = try Rig()
        try rig.write(1)
        // Dies between the answer and the local commit.
        let turn = try #require(rig.base.place).head
        let row = turn.row(LogTurn(number: 3, epoch: 1, at: 9, records: [Rig.note(2)]), hash: Rig.hash)
        let other = rig.engine.connect()
        other.send(.append(row, beat: 5))
        rig.pass(10_000)
        guard case .durable? = other.outcome(within: 0) else {
            Issue.record("not appended")
            return
        }

        let next = try Rig(over: rig)

        #expect(next.base.events.map(\.event.seq) == [1, 2])
        // Its own opening is behind it.
        #expect(next.base.place?.head.turn == 4 && next.base.place?.epoch == 2)
        try next.write(3)
        #expect(try next.rows().map(\.epoch) == [1, 1, 1, 2, 2])
    }

    @Test func `a release lets the same host take the group again at once`() throws {
        let rig = try Rig()
        let begun = rig.time.us
        rig.keeper.tell(.handover(to: "alpha"))
        rig.keeper.tell(.quiet)
        for case .release(_, let host) in rig.keeper.takeOrders() { try rig.journal.release(to: host) }
        rig.keeper.tell(.releaseConfirmed)
        #expect(rig.keeper.end == .released)

        let next = try Rig(over: rig)

        #expect(next.time.us - begun < 500_000)
        #expect(try LogTurn(bytes: next.rows()[1].body).mark == .released(to: "alpha"))
    }

    @Test func `a journal of another history takes nothing from the log`() throws {
        let (rig, stranger) = (try Rig(), try Rig())
        try rig.write(1)
        stranger.pass(10_000)
        try stranger.write(1)
        // The same group and numbers, and another time in it.
        #expect(throws: JournalError.self) { _ = try Rig(over: rig, journal: stranger.base) }
        #expect(stranger.base.events.count == 1)
        #expect(try rig.rows().map(\.turn) == [1, 2])
    }
}

/// A host over a virtual engine: the keeper's thread is played in every pause.
private final class Rig {
    let engine: VirtualEngine
    let base: MemoryJournal
    let keeperLog: VirtualLog
    let keeper: LeaseKeeper
    let journal: ReplicatedJournal
    let time: Time
    var holdsStandbys = false
    /// A node that hears of nothing.
    var lags: Int?
    private(set) var pauses = 0
    var onPause: (Int) -> Void = { _ in }
    var onSay: (String) -> Void = { _ in }
    private let log: VirtualLog

    final class Time: MomentSource, @unchecked Sendable {
        // One thread.
        var us: Int64 = 1_000_000_000
        func now() -> Moment { Moment(monotonic: us, wall: 1_795_183_260_000_000 + us) }
    }

    /// - Parameters:
    ///   - former: whose engine and time this one goes on with.
    ///   - journal: instead of the former one's.
    init(over former: Rig? = nil, journal other: MemoryJournal? = nil, outboxTurns: Int = 100) throws {
        let (engine, time) = (former?.engine ?? VirtualEngine(), former?.time ?? Time())
        (self.engine, self.time) = (engine, time)
        base = other ?? former?.base ?? MemoryJournal()
        (keeperLog, log) = (engine.connect(), engine.connect())
        let settings = Succession.Settings(host: "alpha", instance: "alpha/\(time.us)")
        keeper = LeaseKeeper(
            settings, group: "desk", applied: base.place?.head.turn ?? 0, log: keeperLog, clock: { [time] in time.us }, wake: {})
        let played = Played()
        journal = ReplicatedJournal(
            base, group: "desk", log: log, outboxTurns: outboxTurns,
            ports: .init(
                keeper: keeper, hash: Self.hash, clock: time,
                pause: {
                    played.rig?.pause()
                    return true
                }, say: { played.rig?.onSay($0) }, sleep: { [time] in time.us += $0 }))
        played.rig = self
        try own()
    }

    private final class Played { weak var rig: Rig? }

    static func hash(_ former: Digest256, _ body: [UInt8]) -> Digest256 { Digest256(sha256(former.bytes + body)) }

    static func note(_ seq: Int64) -> JournalRecord { .note(account: nil, nil, JournalEvent(seq: seq, at: 1, kind: .note)) }

    func write(_ seq: Int64) throws {
        pauses = 0
        try journal.commit([Self.note(seq)], at: time.now().wall)
    }

    private func own() throws {
        var hasLooked = false
        for _ in 0..<1_000 {
            for order in keeper.takeOrders() {
                switch order {
                case .drain(let end): try journal.drain(to: end)
                case .own(let epoch, _, _): return try journal.begin(epoch: epoch, isForeign: false)
                default: break
                }
            }
            if let lease = keeper.standing.lease, !hasLooked {
                hasLooked = true
                try journal.lookForRelease(lease)
            }
            pause()
        }
        Issue.record("never owned: \(keeper.standing)")
    }

    /// Ten milliseconds of everybody else.
    private func pause() {
        pauses += 1
        time.us += 10_000
        onPause(pauses)
        while engine.statementsUnderWay > 0 { engine.arrive(0) }
        if !holdsStandbys { for node in 0..<3 where node != lags { engine.replicate(to: node) } }
        _ = keeper.turn()
    }

    func pass(_ us: Int64) { for _ in 0..<(us / 10_000) { pause() } }

    /// Somebody else takes the lease, whatever it says.
    func bumpElsewhere(_ host: String) throws {
        let other = engine.connect()
        other.send(.bump(LogBump(epoch: 1, still: nil, holder: host, instance: host + "/1", beat: 7, leaseUs: 2_000_000)))
        while engine.statementsUnderWay > 0 { engine.arrive(0) }
        for node in 0..<3 { engine.replicate(to: node) }
        guard case .durable? = other.outcome(within: 0) else {
            Issue.record("no bump")
            return
        }
    }

    func rows() throws -> [LogRow] {
        let reader = engine.connect()
        reader.ask(.rows(after: 0, limit: 100))
        while engine.statementsUnderWay > 0 { engine.arrive(0) }
        guard case .rows(let rows)? = reader.reading(within: 0) else { return [] }
        return rows
    }
}
