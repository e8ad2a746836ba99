@testable import OMSCore
import Testing

/// Dead man's switches by values: who holds which, and when each is lost and trips.
@Suite struct `A guard` {
    private var guards = Guards()
    private var seq: Int64 = 0

    private static func token(_ number: UInt8) -> GuardToken {
        GuardToken(text: "token \(number)", digest: Digest256([UInt8](repeating: number, count: 32)))
    }

    private func turn(_ ms: Int64) -> Turn { Turn(at: Moment(monotonic: .milliseconds(ms), wall: 1_000_000_000 + .milliseconds(ms)), seq: seq) }

    /// One of user 7 on connection 1, with a grace of a second.
    private mutating func begin(
        accounts: [AccountID] = [], heartbeatMs: Int64? = nil, on connection: UInt64 = 1, at ms: Int64 = 0, token: UInt8 = 1
    ) throws -> GuardRow {
        let turn = turn(ms)
        defer { seq = turn.seq }
        return try guards.begin(
            GuardTerms(accounts: accounts, onLost: .cancel, heartbeatMs: heartbeatMs, graceMs: 1_000), user: 7, connection: connection,
            token: Self.token(token), actor: .peer(uid: 7, pid: 1), in: turn)
    }

    private mutating func resume(_ token: UInt8, user: UInt32 = 7, on connection: UInt64, at ms: Int64, next: UInt8 = 9) throws -> GuardRow {
        let turn = turn(ms)
        defer { seq = turn.seq }
        return try guards.resume(
            Self.token(token).digest, user: user, connection: connection, token: Self.token(next), actor: .peer(uid: user, pid: 2), in: turn)
    }

    /// - Returns: those that trip, what is on record of the turn, and when it wants to be called again.
    @discardableResult
    private mutating func due(at ms: Int64) -> (tripping: [GuardRow], states: [GuardRow.State], wakeAt: Int64) {
        let turn = turn(ms)
        turn.beginTimers()
        let tripping = guards.due(in: turn)
        seq = turn.seq
        return (tripping, Self.states(turn), turn.wakeAt)
    }

    private static func states(_ turn: Turn) -> [GuardRow.State] {
        turn.records.compactMap { if case .sessionGuard(let row, _) = $0 { row.state } else { nil } }
    }

    private mutating func drop(_ connection: UInt64, at ms: Int64) -> [GuardRow.State] {
        let turn = turn(ms)
        guards.drop(connection, in: turn)
        seq = turn.seq
        return Self.states(turn)
    }

    @Test mutating func `is on record when it begins, named by its line, and trips one grace after its connection ended, once`() throws {
        let row = try begin()
        #expect(row.id == 1 && row.state == .held && row.token == Self.token(1).digest)
        #expect(due(at: 3_600_000).tripping.isEmpty, "a connection that is there holds it for ever, without a heartbeat")

        #expect(drop(1, at: 5_000_000) == [.lost])
        let early = due(at: 5_000_999)
        #expect(early.tripping.isEmpty && early.states.isEmpty && early.wakeAt == .milliseconds(5_001_000))
        let late = due(at: 5_001_000)
        #expect(late.tripping.map(\.id) == [1] && late.states == [.tripping])
        #expect(due(at: 5_002_000).tripping.isEmpty, "it is being carried out")
        let turn = turn(5_003_000)
        #expect(guards.tripped(1, "all of it", in: turn)?.state == .tripped && Self.states(turn) == [.tripped])
        #expect(guards.tripped(1, "again", in: turn) == nil)
    }

    @Test mutating func `that wants a heartbeat is lost by silence, held again by any line, and not before its time`() throws {
        _ = try begin(heartbeatMs: 500)
        let first = due(at: 499)
        #expect(first.states.isEmpty && first.wakeAt == .milliseconds(500))
        guards.heard(1, in: turn(499))
        #expect(due(at: 998).states.isEmpty)
        let silent = due(at: 999)
        #expect(silent.states == [.lost] && silent.wakeAt == .milliseconds(1_999))

        let turn = turn(1_998)
        guards.heard(1, in: turn)
        #expect(Self.states(turn) == [.held])
        seq = turn.seq
        #expect(due(at: 2_497).states.isEmpty)
        #expect(due(at: 3_498).tripping.count == 1, "a turn that comes late counts both times from the last line")
    }

    @Test mutating func `of a grace of nothing trips in the turn in which it is lost`() throws {
        _ = try guards.begin(
            GuardTerms(accounts: [], onLost: .halt, heartbeatMs: 500, graceMs: 0), user: 7, connection: 1, token: Self.token(1), actor: .daemon,
            in: turn(0))
        #expect(due(at: 500).states == [.lost, .tripping])
    }

    @Test mutating func `is taken over by its token and its user alone, and the token is another one then`() throws {
        let row = try begin()
        _ = drop(1, at: 10)
        #expect(throws: ControlError.self) { try resume(2, on: 3, at: 20) }
        #expect(throws: ControlError.self) { try resume(1, user: 8, on: 3, at: 20) }
        #expect(try resume(1, on: 3, at: 900, next: 2).id == row.id)
        #expect(throws: ControlError.self) { try resume(1, on: 4, at: 901) }
        #expect(due(at: 5_000).tripping.isEmpty)
        #expect(try guards.current(of: 3, for: "a") == row.id)
    }

    @Test mutating func `that another connection took while it was held leaves the former one unable to submit`() throws {
        _ = try begin()
        _ = try resume(1, on: 2, at: 10, next: 2)
        #expect(throws: ControlError.self) { try guards.current(of: 1, for: "a") }
        #expect(drop(1, at: 20).isEmpty, "the former holder's end means nothing")
        #expect(try guards.current(of: 1, for: "a") == nil, "the connection is another's by then")
        #expect(try begin(on: 1, at: 30, token: 5).id > 1)
    }

    @Test mutating func `is the only one of its connection`() throws {
        let row = try begin()
        #expect(throws: ControlError.self) { try begin(at: 1, token: 2) }
        #expect(throws: ControlError.self) { try resume(1, on: 1, at: 1) }
        let turn = turn(2)
        #expect(throws: ControlError.self) { try guards.release(row.id, user: 8, of: 1, actor: .daemon, in: turn) }
        #expect(try guards.release(row.id, user: 7, of: 1, actor: .daemon, in: turn).state == .released)
        seq = turn.seq
        #expect(try guards.current(of: 1, for: "a") == nil)
        #expect(try begin(at: 3, token: 2).state == .held)
        #expect(throws: ControlError.self) { try guards.release(row.id, user: 7, of: 1, actor: .daemon, in: turn) }
    }

    @Test mutating func `binds what is submitted for its accounts, and nothing once it is over`() throws {
        let row = try begin(accounts: ["a"])
        #expect(try guards.current(of: 1, for: "a") == row.id)
        #expect(try guards.current(of: 1, for: "b") == nil && guards.current(of: 2, for: "a") == nil)
        guards.bind(3, to: row.id)
        #expect(guards.isBound(3, to: row.id) && guards.mayAccept(under: row.id))
        _ = drop(1, at: 0)
        _ = due(at: 1_000)
        #expect(!guards.mayAccept(under: row.id))
        _ = guards.tripped(row.id, "", in: turn(1_001))
        #expect(!guards.mayAccept(under: row.id))
        #expect(guards.isBound(3, to: row.id), "what still lives of it is counted")
    }

    @Test mutating func `outlives the process: its grace runs from the start on, and a trip that was under way goes on at once`() throws {
        var held = try begin(heartbeatMs: 500)
        var going = try begin(on: 2, token: 2)
        (held.state, going.state) = (.held, .tripping)
        guards = Guards()
        let start = turn(9_000)
        guards.restore([held, going], bound: [3: held.id], in: start)
        #expect(Self.states(start) == [.lost] && guards.isBound(3, to: held.id))
        let first = due(at: 9_000)
        #expect(first.tripping.map(\.id) == [going.id] && first.states.isEmpty && first.wakeAt == .milliseconds(10_000))
        #expect(due(at: 10_000).tripping.map(\.id) == [held.id])
    }

    @Test mutating func `is still its connection's after an engine that was made anew within the process`() throws {
        var row = try begin(heartbeatMs: 500)
        let former = guards
        guards = Guards()
        row.state = .held
        guards.restore([row], bound: [:], in: turn(100))
        let turn = turn(100)
        guards.heed(former, in: turn)
        #expect(Self.states(turn) == [.held])
        #expect(try guards.current(of: 1, for: "a") == row.id)
        #expect(due(at: 500).states == [.lost], "silent since before")
    }

    @Test mutating func `forgets what it bound when nothing of it lives`() throws {
        let row = try begin()
        for number in 0..<Int64(guards.forgetsAt) { guards.bind(IntentKey(number), to: row.id) }
        #expect(guards.isFull)
        guards.forget { $0 == 5 }
        #expect(!guards.isFull && guards.isBound(5, to: row.id) && !guards.isBound(6, to: row.id))
    }

    @Test mutating func `is listed as it stands, with when it trips`() throws {
        let row = try begin()
        #expect(guards.snapshots(live: [row.id: 3], at: turn(0).now).map(\.live) == [3])
        _ = drop(1, at: 10)
        let now = turn(500).now
        #expect(guards.snapshots(live: [:], at: now).map(\.tripsAt) == [now.wall + .milliseconds(510)])
        _ = due(at: 1_010)
        _ = guards.tripped(row.id, "done", in: turn(1_010))
        #expect(guards.snapshots(live: [:], at: now).map(\.row.state) == [.tripped])
    }

    @Test mutating func `that another connection released leaves its holder unable to submit, and its own release does not`() throws {
        let row = try begin()
        _ = try guards.release(row.id, user: 7, of: 9, actor: .daemon, in: turn(1))
        #expect(throws: ControlError.self) { try guards.current(of: 1, for: "a") }
        seq += 5
        let next = try begin(at: 2, token: 2)
        _ = try guards.release(next.id, user: 7, of: 1, actor: .daemon, in: turn(3))
        #expect(try guards.current(of: 1, for: "a") == nil)
    }

    @Test mutating func `whose trip means an account that is not configured is not over before that is back`() throws {
        var row = try begin()
        row.state = .tripping
        guards = Guards()
        guards.restore([row], bound: [3: row.id], absent: [row.id: ["b"]], in: turn(1))
        #expect(due(at: 1).tripping.count == 1)
        let first = turn(2)
        #expect(guards.tripped(row.id, "all", in: first) == nil && Self.states(first) == [.tripping])
        let second = turn(3)
        #expect(guards.tripped(row.id, "all", in: second) == nil && Self.states(second).isEmpty, "it is told once")
        guards = Guards()
        guards.restore([row], bound: [3: row.id], in: turn(4))
        #expect(due(at: 4).tripping.count == 1)
        #expect(guards.tripped(row.id, "all", in: turn(5))?.state == .tripped)
    }

    @Test mutating func `whose trip an engine made anew knows nothing of trips after its grace once more`() throws {
        var row = try begin(heartbeatMs: 500)
        #expect(due(at: 10_000).tripping.count == 1)
        let former = guards
        row.state = .lost
        guards = Guards()
        guards.restore([row], bound: [:], in: turn(10_001))
        guards.heed(former, in: turn(10_001))
        #expect(due(at: 11_000).tripping.isEmpty)
        #expect(due(at: 11_001).tripping.map(\.id) == [row.id])
    }

    /// The engine is made anew over what the record says.
    private mutating func madeAnew(_ row: GuardRow, at ms: Int64) -> [GuardRow.State] {
        let former = guards
        guards = Guards()
        guards.restore([row], bound: [:], in: turn(ms))
        let turn = turn(ms)
        guards.heed(former, in: turn)
        return Self.states(turn)
    }

    @Test mutating func `that its holder released in a turn that was never written is still his, and lost once he is gone`() throws {
        let row = try begin(heartbeatMs: 500)
        _ = try guards.release(row.id, user: 7, of: 1, actor: .daemon, in: turn(100))
        #expect(madeAnew(row, at: 101) == [.held])
        // Once more, before anything of it was written.
        #expect(madeAnew(row, at: 102) == [.held])
        #expect(try guards.current(of: 1, for: "a") == row.id)
        #expect(due(at: 500).states == [.lost], "silent since before")
        _ = try guards.release(row.id, user: 7, of: 1, actor: .daemon, in: turn(600))
        #expect(drop(1, at: 700).isEmpty && madeAnew(row, at: 701).isEmpty, "nobody is left to hold it")
        #expect(due(at: 1_701).tripping.map(\.id) == [row.id])
    }

    @Test mutating func `that was taken over in a turn that was never written is its former holder's`() throws {
        let row = try begin()
        _ = try resume(1, on: 2, at: 100)
        #expect(throws: ControlError.self) { try guards.current(of: 1, for: "a") }
        #expect(madeAnew(row, at: 101) == [.held])
        #expect(try guards.current(of: 1, for: "a") == row.id && guards.current(of: 2, for: "a") == nil)
        #expect(due(at: 3_600_000).tripping.isEmpty)
    }

    @Test mutating func `of a user has a bound to their number, and another user begins one all the same`() throws {
        for connection in 0..<UInt64(Guards.openMax) { _ = try begin(on: connection) }
        #expect { try begin(on: 5_000) } throws: { ($0 as? ControlError)?.code == 1008 }
        let other = try guards.begin(
            GuardTerms(accounts: [], onLost: .cancel, heartbeatMs: nil, graceMs: 0), user: 8, connection: 5_001, token: Self.token(9), actor: .daemon,
            in: turn(0))
        #expect(other.user == 8)
    }
}
