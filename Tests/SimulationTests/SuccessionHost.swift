import Containers
import OMSCore
import Simulator
import Wire

/// One host of a ``SuccessionWorld``: does what its succession says, as the daemon is to.
final class SuccessionHost {
    let name: String
    private let zero: Int64
    private let parts: Int64
    private let leaseUs: Int64
    private unowned let world: SuccessionWorld
    private var lives = 0
    private var mistake: SuccessionMistake? { world.mistake }

    private(set) var succession: Succession
    /// What its own disk holds: survives its death. Also what it gives a log that forgot it.
    private(set) var disk: [Int64: LogRow] = [:]
    private var head = LogHead.start
    private var epoch: Int64 = 0
    private(set) var orders = SuccessionOrders()
    /// Orders as they were when the bump was answered.
    private var ordersAtBump: SuccessionOrders?
    private var answers: [Int64] = []

    /// Beats, bumps and readings of the lease; turns and rows.
    private let lease: VirtualLog
    private let log: VirtualLog
    private var leaseOut: (event: (LogOutcome, Int64) -> Succession.Event, sentAt: Int64)?
    private var asked: Int64?
    private var confirmed: Int64 = 0
    private var drainTo: Int64?
    /// Rows are asked for, with what was known then.
    private var reading: FollowedRows?
    private var rowsAt: Int64 = 0

    private var pending: (turn: PendingTurn, records: [JournalRecord])?
    private var isRelease = false
    private var isAppending = false
    private var hasBegun = false
    private var appendedAt: Int64 = 0
    private var againAt: Int64 = 0
    /// Rows to be appended anew before anything else.
    private var anew: [LogRow] = []
    private var isAnew = false

    var pausedUntil: Int64 = 0
    var cutUntil: Int64 = 0
    private var deadUntil: Int64 = 0
    private(set) var end: Succession.End?

    init(_ name: String, zero: Int64, parts: Int64, leaseUs: Int64, in world: SuccessionWorld) {
        (self.name, self.zero, self.parts, self.world) = (name, zero, parts, world)
        (lease, log) = (world.engine.connect(), world.engine.connect())
        self.leaseUs = leaseUs
        succession = Succession(Self.settings(name, 0, leaseUs), applied: 0)
    }

    private static func settings(_ name: String, _ lives: Int, _ leaseUs: Int64) -> Succession.Settings {
        var settings = Succession.Settings(host: name, instance: "\(name)/\(lives)")
        (settings.leaseUs, settings.beatUs) = (leaseUs, leaseUs / 4)
        return settings
    }

    private var now: Int64 { zero + world.time + world.time / 1_000_000 * parts }

    var isOwner: Bool { if case .owning = succession.role { deadUntil == 0 } else { false } }
    var isStopped: Bool { if case .stopped = end { true } else { false } }
    var maySend: Bool { mayWrite(deadline: .max) }

    private func mayWrite(deadline: Int64) -> Bool {
        if mistake == .sendsWithoutLease, isOwner { return true }
        return deadUntil == 0 && succession.maySend(at: now, deadline: deadline)
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
        succession = Succession(Self.settings(name, lives, leaseUs), applied: head.turn)
        (deadUntil, end, leaseOut, asked, drainTo, reading, rowsAt) = (0, nil, nil, nil, nil, nil, 0)
        (pending, isRelease, isAppending, hasBegun, anew, isAnew, confirmed) = (nil, false, false, false, [], false, 0)
        (orders, ordersAtBump, answers) = (SuccessionOrders(), nil, [])
        for turn in disk.keys.sorted() { orders.apply(records(of: disk[turn]), at: now) }
    }

    private func records(of row: LogRow?) -> [JournalRecord] { row.flatMap { try? LogTurn(bytes: $0.body) }?.records ?? [] }

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
        for log in [lease, log] { log.isCut = world.time < cutUntil }
        if let out = leaseOut, let outcome = lease.outcome(within: 0) {
            leaseOut = nil
            tell(out.event(outcome, mistake == .leaseFromAnswer ? now : out.sentAt))
        }
        if let at = asked, let reading = lease.reading(within: 0) {
            asked = nil
            hear(reading, askedAt: at)
        }
        if let due = succession.wakeAt, due <= now { tell(.tick) }
        for attempt in answers { orders.answered(attempt, at: now) }
        answers = []
        switch succession.role {
        case .following, .claiming, .draining: follow()
        case .owning:
            send()
            write(mayBegin: true)
        case .handingOver(_, _, let isReleasing):
            send()
            write(mayBegin: false)
            if !isReleasing, pending == nil, anew.isEmpty, orders.isQuiet, end == nil { tell(.quiet) }
        case .left: break
        }
    }

    private func hear(_ reading: LogReading, askedAt: Int64) {
        switch reading {
        case .state(var state):
            if mistake == .waitsForLess { state.lease.leaseUs = 0 }
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
            case .drain(let end): (drainTo, ordersAtBump) = (end, orders)
            case .own(let epoch, _, let at):
                if mistake == .startsBeforeDraining, let early = ordersAtBump { orders = early }
                (self.epoch, drainTo, ordersAtBump) = (epoch, nil, nil)
                orders.begin(takeover: at, at: now, mistake)
                world.owns(self)
                begin(.opening, [])
            case .finish, .goOn: break
            case .release(_, let host): begin(.released(to: host), [])
            case .appendAgain(let after): appendAnew(after: after)
            case .leave(let end): self.end = end
            }
        }
    }

    // MARK: Following

    private func follow() {
        if let known = reading, let heard = log.reading(within: 0) {
            reading = nil
            if case .rows(let rows) = heard { apply(rows, known) }
        }
        // What was applied last may have made it the owner, whose opening is out now.
        guard reading == nil, pending == nil, end == nil, drainTo != nil || now >= rowsAt else { return }
        reading = FollowedRows(confirmed: confirmed, drained: drainTo)
        rowsAt = now + 40_000
        log.ask(.rows(after: head.turn, limit: 50))
    }

    private func apply(_ rows: [LogRow], _ known: FollowedRows) {
        let last = rows.last?.turn ?? 0
        let durable = mistake == .appliesWhatItSees ? last : known.durable(last: last)
        for row in rows {
            if let turn = try? LogTurn(bytes: row.body), case .released(let to) = turn.mark {
                tell(.foundRelease(epoch: row.epoch, turn: row.turn, to: to))
            }
            guard row.turn <= durable else { continue }
            let turn: LogTurn
            do throws(LogFault) {
                (head, turn) = try head.reading(row, after: epoch, hash: chained)
                epoch = row.epoch
            } catch { return tell(.stuck("\(error)")) }
            disk[row.turn] = row
            orders.apply(turn.records, at: now)
            tell(.applied(row.turn))
        }
    }

    // MARK: Owning

    private func send() {
        orders.lookUp(at: now, has: world.venue.has)
        var left: [(Int64, Int64)] = []
        orders.send(at: now) { deadline, _ in
            mistake == .asksOnce || mayWrite(deadline: deadline)
        } left: {
            left.append(($0, $1))
        }
        let life = lives
        for (attempt, order) in left {
            world.left(order, by: self) { [unowned self] in if lives == life, deadUntil == 0 { answers.append(attempt) } }
        }
    }

    private func begin(_ mark: LogTurn.Mark, _ records: [JournalRecord]) {
        let turn = LogTurn(mark, number: head.turn + 1, epoch: epoch, at: world.nextTurn(), records: records)
        let row = head.row(turn, hash: chained)
        pending = (PendingTurn(row), records)
        if mistake == .journalFirst { keep(row) }
        if case .released = mark { isRelease = true }
        append()
    }

    private func keep(_ row: LogRow) {
        head = LogHead(turn: row.turn, digest: row.digest)
        disk[row.turn] = row
    }

    private func append() {
        guard !isAppending, reading == nil, let row = anew.first ?? pending?.turn.row else { return }
        if mistake == .beginsFirst, !hasBegun {
            hasBegun = true
            return world.engine.begin(on: log)
        }
        (isAppending, appendedAt, isAnew) = (true, now, !anew.isEmpty)
        log.send(.append(row, beat: now))
    }

    private func appendAnew(after turn: Int64) {
        guard head.turn > turn else { return }
        let rows = ((turn + 1)...head.turn).map { disk[$0] }
        guard rows.allSatisfy({ $0 != nil }) else { return tell(.broken("the log lacks turns after \(turn) that are not kept")) }
        anew = rows.compactMap { $0 }
    }

    private func write(mayBegin: Bool) {
        // What was asked before the takeover: rows that are read no more.
        if reading != nil, log.reading(within: 0) != nil { reading = nil }
        if isAppending, let outcome = log.outcome(within: 0) {
            isAppending = false
            againAt = now + 20_000
            if hasBegun { world.engine.end(on: log) }
            hasBegun = false
            isAnew ? hearAnew(outcome) : hear(outcome)
        }
        guard end == nil, now >= againAt || anew.isEmpty && pending == nil else { return }
        if pending != nil || !anew.isEmpty { return append() }
        let records = orders.turn(at: now, mayBegin: mayBegin)
        if !records.isEmpty { begin(.turn, records) }
    }

    private func hear(_ outcome: LogOutcome) {
        guard var turn = pending?.turn, let records = pending?.records else { return }
        var verdict = turn.heard(outcome)
        pending = (turn, records)
        if mistake == .takesDoubtForRefusal, case .inDoubt(let words) = outcome { verdict = .takenBack(.engine(state: "08006", words)) }
        switch verdict {
        case .confirmed:
            pending = nil
            keep(turn.row)
            orders.confirmed(records, at: now)
            world.acknowledge(turn.row)
            tell(.confirmed(turn: turn.row.turn, sentAt: mistake == .leaseFromAnswer ? now : appendedAt))
            if isRelease { tell(.releaseConfirmed) }
        case .takenBack:
            // The release is tried again, another turn has another content.
            let wasRelease = isRelease
            pending = nil
            orders.takenBack(records, at: now)
            if wasRelease { begin(.released(to: nil), []) }
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
