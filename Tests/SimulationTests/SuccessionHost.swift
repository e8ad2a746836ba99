import Containers
import OMSCore
import Simulator
import Wire

/// One host of a ``SuccessionWorld``: does what its succession says, as the daemon is to.
final class SuccessionHost {
    let name: String
    private let zero: Int64
    private let parts: Int64
    private unowned let world: SuccessionWorld
    private var lives = 0

    private(set) var succession: Succession
    /// What its own disk holds: survives its death.
    private(set) var journal: [Int64: Digest256] = [:]
    private var head = LogHead.start
    private var epoch: Int64 = 0
    /// Rows it wrote, for the log if that forgets them.
    private var outbox: [Int64: LogRow] = [:]

    /// Beats, bumps and readings of the lease; turns and rows.
    private let lease: VirtualLog
    private let log: VirtualLog
    private var leaseOut: (event: (LogOutcome, Int64) -> Succession.Event, sentAt: Int64)?
    private var asked: Int64?
    private var confirmed: Int64 = 0
    private var drainTo: Int64?
    private var isReadingRows = false
    private var rowsAt: Int64 = 0

    private var pending: PendingTurn?
    private var isRelease = false
    private var isAppending = false
    private var appendedAt: Int64 = 0
    private var againAt: Int64 = 0
    /// Rows to be appended anew before anything else.
    private var anew: [LogRow] = []
    private var isAnew = false

    var pausedUntil: Int64 = 0
    var cutUntil: Int64 = 0
    private var deadUntil: Int64 = 0
    private(set) var end: Succession.End?

    init(_ name: String, zero: Int64, parts: Int64, in world: SuccessionWorld) {
        (self.name, self.zero, self.parts, self.world) = (name, zero, parts, world)
        (lease, log) = (world.engine.connect(), world.engine.connect())
        succession = Succession(.init(host: name, instance: "\(name)/0"), applied: 0)
    }

    private var now: Int64 { zero + world.time + world.time / 1_000_000 * parts }

    var isOwner: Bool { if case .owning = succession.role { true } else { false } }
    var maySend: Bool {
        if world.ownsWithoutLease, isOwner, deadUntil == 0 { return true }
        return deadUntil == 0 && succession.maySend(at: now, deadline: .max)
    }

    func isRunning(at time: Int64) -> Bool {
        if deadUntil > 0, time >= deadUntil { live() }
        return deadUntil == 0 && time >= pausedUntil
    }

    func recover() { (pausedUntil, cutUntil, deadUntil) = (0, 0, min(deadUntil, world.time)) }

    func die(until time: Int64) {
        deadUntil = max(time, world.time + 1)
        for log in [lease, log] { world.engine.cut(log) }
    }

    /// A new process, with what the disk holds.
    private func live() {
        lives += 1
        for log in [lease, log] { world.engine.cut(log) }
        // What the former process had out reaches nobody.
        _ = (lease.outcome(within: 0), lease.reading(within: 0), log.outcome(within: 0), log.reading(within: 0))
        succession = Succession(.init(host: name, instance: "\(name)/\(lives)"), applied: head.turn)
        (deadUntil, end, leaseOut, asked, drainTo, isReadingRows, rowsAt) = (0, nil, nil, nil, nil, false, 0)
        (pending, isRelease, isAppending, anew, isAnew, confirmed) = (nil, false, false, [], false, 0)
    }

    func tell(_ event: Succession.Event) {
        guard deadUntil == 0, end == nil else { return }
        perform(succession.step(event, at: now))
    }

    func run() {
        if let end {
            // Systemd starts it again; one that stopped for a person does not come back.
            if case .stopped = end { return }
            die(until: world.time + 200_000)
            return
        }
        if world.time < cutUntil { for log in [lease, log] { world.engine.cut(log) } }
        if let out = leaseOut, let outcome = lease.outcome(within: 0) {
            leaseOut = nil
            tell(out.event(outcome, out.sentAt))
        }
        if let at = asked, let reading = lease.reading(within: 0) {
            asked = nil
            hear(reading, askedAt: at)
        }
        if let due = succession.wakeAt, due <= now { tell(.tick) }
        switch succession.role {
        case .following, .claiming, .draining: follow()
        case .owning: write(mayBegin: true)
        case .handingOver(_, _, let isReleasing):
            write(mayBegin: false)
            if !isReleasing, pending == nil, anew.isEmpty, end == nil { tell(.quiet) }
        case .left: break
        }
    }

    private func hear(_ reading: LogReading, askedAt: Int64) {
        switch reading {
        case .state(let state):
            confirmed = state.lease.confirmed
            tell(.read(state, askedAt: askedAt))
        case .failed(let why): tell(.unreadable(why))
        case .rows: break
        }
    }

    private func perform(_ actions: [Succession.Action]) {
        for action in actions {
            switch action {
            case .ask:
                asked = now
                lease.ask(.state)
            case .bump(let bump):
                leaseOut = ({ .bumped($0, sentAt: $1) }, now)
                lease.send(.bump(bump))
            case .beat(let epoch, let confirmed, let beat):
                leaseOut = ({ .beaten($0, sentAt: $1) }, now)
                lease.send(.beat(epoch: epoch, confirmed: confirmed, beat: beat))
            case .drain(let end): drainTo = end
            case .own(let epoch, _, _):
                (self.epoch, drainTo) = (epoch, nil)
                world.owns(self)
                begin(.opening)
            case .finish, .goOn: break
            case .release(_, let host): begin(.released(to: host))
            case .appendAgain(let after): appendAnew(after: after)
            case .leave(let end): self.end = end
            }
        }
    }

    // MARK: Following

    private func follow() {
        if isReadingRows, let reading = log.reading(within: 0) {
            isReadingRows = false
            if case .rows(let rows) = reading { apply(rows) }
        }
        // What was applied last may have made it the owner, whose opening is out now.
        guard !isReadingRows, pending == nil, end == nil, drainTo != nil || now >= rowsAt else { return }
        isReadingRows = true
        rowsAt = now + 40_000
        log.ask(.rows(after: head.turn, limit: 50))
    }

    private func apply(_ rows: [LogRow]) {
        let last = rows.last?.turn ?? 0
        let durable = world.appliesWhatItSees ? last : FollowedRows.durable(last: last, confirmed: confirmed, drained: drainTo)
        for row in rows {
            if let turn = try? LogTurn(bytes: row.body), case .released(let to) = turn.mark {
                tell(.foundRelease(epoch: row.epoch, turn: row.turn, to: to))
            }
            guard row.turn <= durable else { continue }
            do throws(LogFault) {
                let (next, _) = try head.reading(row, after: epoch, hash: chained)
                (head, epoch) = (next, row.epoch)
            } catch { return tell(.stuck("\(error)")) }
            journal[row.turn] = row.digest
            outbox[row.turn] = row
            tell(.applied(row.turn))
        }
    }

    // MARK: Owning

    private func begin(_ mark: LogTurn.Mark) {
        let turn = LogTurn(mark, number: head.turn + 1, epoch: epoch, at: world.nextTurn(), records: [])
        pending = PendingTurn(head.row(turn, hash: chained))
        if case .released = mark { isRelease = true }
        append()
    }

    private func append() {
        guard !isAppending, !isReadingRows, let row = anew.first ?? pending?.row else { return }
        (isAppending, appendedAt, isAnew) = (true, now, !anew.isEmpty)
        log.send(.append(row, beat: now))
    }

    private func appendAnew(after turn: Int64) {
        guard head.turn > turn else { return }
        let rows = ((turn + 1)...head.turn).map { outbox[$0] }
        guard rows.allSatisfy({ $0 != nil }) else { return tell(.broken("the log lacks turns after \(turn) that are not kept")) }
        anew = rows.compactMap { $0 }
    }

    private func write(mayBegin: Bool) {
        // What was asked before the takeover: rows that are read no more.
        if isReadingRows, log.reading(within: 0) != nil { isReadingRows = false }
        if isAppending, let outcome = log.outcome(within: 0) {
            isAppending = false
            againAt = now + 20_000
            isAnew ? hearAnew(outcome) : hear(outcome)
        }
        guard end == nil, now >= againAt || anew.isEmpty && pending == nil else { return }
        if pending != nil || !anew.isEmpty { return append() }
        if mayBegin, world.random.chance(0.5) { begin(.turn) }
    }

    private func hear(_ outcome: LogOutcome) {
        guard var turn = pending else { return }
        var verdict = turn.heard(outcome)
        pending = turn
        if world.takesDoubtForRefusal, case .inDoubt(let words) = outcome { verdict = .takenBack(.engine(state: "08006", words)) }
        switch verdict {
        case .confirmed:
            let row = turn.row
            (pending, head) = (nil, LogHead(turn: row.turn, digest: row.digest))
            (journal[row.turn], outbox[row.turn]) = (row.digest, row)
            world.acknowledge(row, by: self)
            tell(.confirmed(turn: row.turn, sentAt: appendedAt))
            if isRelease { return tell(.releaseConfirmed) }
            if succession.maySend(at: now, deadline: .max) { world.sent() }
        case .takenBack:
            // The release is tried again, another turn has another content.
            let wasRelease = isRelease
            pending = nil
            if wasRelease { begin(.released(to: nil)) }
        case .again: break
        case .lost(let lease): tell(.lost(lease))
        case .appendAgain(let after):
            appendAnew(after: after)
            tell(.behind(seq: after))
        case .stop(let why): tell(.broken(why))
        }
    }

    private func hearAnew(_ outcome: LogOutcome) {
        switch outcome {
        case .durable: anew.removeFirst()
        case .refused(.fenced(let lease)): tell(.lost(lease))
        case .refused(.contradicted(let why)): tell(.broken(why))
        case .refused(.behind(let seq)): appendAnew(after: seq)
        case .refused, .inDoubt: break
        }
    }
}

/// As the log ties its rows.
func chained(_ former: Digest256, _ body: [UInt8]) -> Digest256 { Digest256(sha256(former.bytes + body)) }
