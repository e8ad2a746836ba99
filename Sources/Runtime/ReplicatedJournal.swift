import CLinux
import OMSCore

/// A journal whose turns are a group's: each is written here, appended to the log as one row, and committed once that is durable. Nothing of a turn leaves before
/// (docs/decisions/0026-commit-in-three.md).
///
/// Owned by the core's thread, which waits here for the log, in slices: what the log neither takes nor refuses is sent again until it does, or until somebody else
/// owns the group.
package final class ReplicatedJournal {
    /// What it is handed to wait and to speak.
    package struct Ports {
        package let keeper: LeaseKeeper
        /// SHA-256 of a digest and the bytes behind it.
        package let hash: (Digest256, [UInt8]) -> Digest256
        /// Called while it waits, several times a second. False: the process is to end, whatever becomes of the turn.
        package let pause: () -> Bool
        /// For whoever is on watch.
        package let say: (String) -> Void
        /// Microseconds of the boot clock, and of the wall clock.
        package let clock: any MomentSource
        /// Lets so many microseconds pass.
        package let sleep: (Int64) -> Void
        package init(
            keeper: LeaseKeeper, hash: @escaping (Digest256, [UInt8]) -> Digest256, clock: any MomentSource, pause: @escaping () -> Bool,
            say: @escaping (String) -> Void, sleep: @escaping (Int64) -> Void = { usleep(UInt32($0)) }
        ) {
            (self.keeper, self.hash, self.clock, self.pause, self.say, self.sleep) = (keeper, hash, clock, pause, say, sleep)
        }
    }

    private let base: any GroupJournal
    private let log: any SharedLog
    private let ports: Ports
    private let group: String
    private var place: LogPlace
    /// The epoch that this process owns; 0: none.
    private var epoch: Int64 = 0
    private var hasForeignSockets = false
    /// Written here, and not in the log yet.
    private var open: LogRow?
    private var outbox: Outbox
    package private(set) var owesRecords = false

    private static let sliceUs: Int64 = 50_000

    /// - Parameters:
    ///   - log: a connection of its own, the core's thread's alone.
    ///   - outboxTurns: rows of this epoch that are kept for a log that lost some.
    package init(_ base: any GroupJournal, group: String, log: any SharedLog, outboxTurns: Int, ports: Ports) {
        (self.base, self.group, self.log, self.ports) = (base, group, log, ports)
        place = base.place ?? LogPlace(group: group, epoch: 0, head: .start)
        outbox = Outbox(turnsMax: outboxTurns)
    }

    // MARK: Becoming the owner

    /// How far the log is in this journal.
    package var applied: Int64 { place.head.turn }

    /// Takes in all rows up to that one.
    ///
    /// - Throws: `.damaged` where the log and this journal have different histories.
    package func drain(to end: Int64) throws(JournalError) {
        while place.head.turn < end {
            let rows = try rows(after: place.head.turn, limit: 50)
            guard !rows.isEmpty else { throw JournalError(.damaged, "the log ends before turn \(place.head.turn + 1), although it has turn \(end)") }
            for row in rows where row.turn <= end { try apply(row) }
            // Months of turns take longer than a watchdog waits.
            try checkGoesOn()
        }
    }

    /// The row that this journal ends with is the log's: digests tie all that is read behind it, and where nothing is, nothing else would tell.
    private func checkTie() throws(JournalError) {
        let head = place.head
        guard head.turn > 0 else { return }
        guard let row = try rows(after: head.turn - 1, limit: 1).first, row.turn == head.turn else {
            throw JournalError(.damaged, "turn \(head.turn) is in this journal, and the log lacks it: it went back in time, or it is another log")
        }
        guard row.digest == head.digest else {
            throw JournalError(.damaged, "turn \(head.turn) of the log is another than the one in this journal: they have different histories")
        }
    }

    private func apply(_ row: LogRow) throws(JournalError) {
        do {
            let (head, turn) = try place.head.reading(row, after: place.epoch, hash: ports.hash)
            let reached = LogPlace(group: group, epoch: row.epoch, head: head)
            try base.write(turn.records, at: turn.at, reaching: reached)
            try base.finish()
            place = reached
        } catch let fault as LogFault {
            ports.keeper.tell(.stuck(fault.description))
            throw JournalError(.damaged, "\(fault.description). A host that skipped it would have another history")
        } catch let error as JournalError {
            throw error
        } catch { throw JournalError(.failed, "\(error)") }
        ports.keeper.tell(.applied(row.turn))
    }

    /// nil: it cannot be read. Who beats finds out again what is to be done.
    private func state() throws(JournalError) -> LogState? {
        log.ask(.state)
        if case .state(let state) = try listen({ log.reading(within: Self.sliceUs) }) { return state }
        return nil
    }

    private func rows(after turn: Int64, limit: Int) throws(JournalError) -> [LogRow] {
        while true {
            log.ask(.rows(after: turn, limit: limit))
            switch try listen({ log.reading(within: Self.sliceUs) }) {
            case .rows(let rows): return rows
            case .failed(let why): ports.say("the group's log cannot be read: \(why)")
            case .state: break
            }
            try rest(200_000)
        }
    }

    /// Tells the keeper where the log ends with a release: nobody owns the group then.
    package func lookForRelease(_ lease: Lease) throws(JournalError) {
        guard lease.seq > 0, let row = try rows(after: lease.seq - 1, limit: 1).first, let turn = try? LogTurn(bytes: row.body) else { return }
        if case .released(let host) = turn.mark { ports.keeper.tell(.foundRelease(epoch: row.epoch, turn: row.turn, to: host)) }
    }

    /// The epoch is this process's, and all is drained: its first turn is written, with whatever the start has to put in front.
    ///
    /// - Parameter isForeign: another host owned the group before: its sockets count as open.
    package func begin(epoch: Int64, isForeign: Bool) throws(JournalError) {
        (self.epoch, hasForeignSockets) = (epoch, isForeign)
        let at = ports.clock.now().wall
        try checkTie()
        if base.place == nil {
            // What stands here already is what the group begins with. Before its first turn is in the log: a crash in between finds the way back.
            try base.write([], at: at, reaching: place)
            try base.finish()
        }
        try commit(.opening, try base.openings(at: at), at: at)
    }

    /// Leaves the group to a host, or to any, by the epoch's last turn.
    package func release(to host: String?) throws(JournalError) { try commit(.released(to: host), [], at: ports.clock.now().wall) }

    /// What the keeper wants of the core's thread. Called when the core is woken.
    ///
    /// - Throws: what ends the process: ``LeaseKeeper/end`` says why.
    package func tend() throws(JournalError) {
        let isBehind = ports.keeper.takeOrders().contains { if case .appendAgain = $0 { true } else { false } }
        if let end = ports.keeper.end { throw Self.ended(end) }
        // How far it is behind may be old news: a turn of ours may have mended it since.
        guard isBehind, let state = try state(), state.canWrite, state.lease.epoch == epoch else { return }
        do throws(JournalError) { try appendAgain(after: state.lease.seq, isLast: true) } catch {
            // A log that takes nothing, by its own word: who beats tells once more.
            guard error.isOfLog else { throw error }
        }
    }

    // MARK: A turn

    private func commit(_ mark: LogTurn.Mark, _ records: [JournalRecord], at: Int64) throws(JournalError) {
        try write(mark, records, at: at)
        try finish()
    }

    private func write(_ mark: LogTurn.Mark, _ records: [JournalRecord], at: Int64) throws(JournalError) {
        guard epoch > 0 else { throw JournalError(.failed, "a turn was to be written by a host that does not own its group") }
        if let end = ports.keeper.end { throw Self.ended(end) }
        let turn = LogTurn(mark, number: place.head.turn + 1, epoch: epoch, at: at, records: records)
        let row = place.head.row(turn, hash: ports.hash)
        guard row.body.count <= LogRow.bodyMax else { throw JournalError(.failed, "a turn of \(row.body.count) bytes is no row of the log") }
        try base.write(records, at: at, reaching: LogPlace(group: group, epoch: epoch, head: LogHead(turn: row.turn, digest: row.digest)))
        open = row
    }

    private func append(_ row: LogRow, isLast: Bool) throws(JournalError) {
        var turn = PendingTurn(row)
        let begunAt = ports.clock.now().monotonic
        var (patience, doubts) = (Patience(since: begunAt), 0)
        while true {
            let sentAt = ports.clock.now().monotonic
            log.send(.append(row, beat: sentAt))
            let outcome = try listen({ log.outcome(within: Self.sliceUs) }) { now in
                if patience.isDue(at: now) { ports.say(patience.words(row, at: now)) }
            }
            switch turn.heard(outcome) {
            case .confirmed:
                guard isLast else { return }
                return ports.keeper.appended(row.turn, sentAt: sentAt, tookUs: ports.clock.now().monotonic - begunAt, doubts: doubts)
            case .takenBack(let refusal): throw JournalError(.full, "the group's log took nothing: \(refusal.words)", isOfLog: true)
            case .again(let words):
                doubts += 1
                let now = ports.clock.now().monotonic
                if patience.isDue(at: now) { ports.say(patience.words(row, words, at: now)) }
                try rest(Succession.Settings.againUs)
            case .lost(let lease):
                ports.keeper.tell(.lost(lease))
                throw Self.ended(.fenced(by: lease))
            case .appendAgain(let after):
                ports.keeper.tell(.behind(seq: after))
                do throws(JournalError) { try appendAgain(after: after, isLast: false) } catch {
                    // A refusal of what comes before says nothing of this turn, which may stand since a sending that was in doubt.
                    guard error.isOfLog, doubts > 0 else { throw error }
                    let now = ports.clock.now().monotonic
                    if patience.isDue(at: now) { ports.say(patience.words(row, error.description, at: now)) }
                    try rest(Succession.Settings.againUs)
                }
            case .stop(let why):
                ports.keeper.tell(.broken(why))
                throw Self.ended(.stopped(why))
            }
        }
    }

    /// The log lacks what was durable: what is kept of it goes there anew.
    ///
    /// - Parameters:
    ///   - turn: where it ends.
    ///   - isLast: no turn waits behind it.
    private func appendAgain(after turn: Int64, isLast: Bool) throws(JournalError) {
        guard turn < place.head.turn else { return }
        guard let rows = outbox.rows(after: turn) else {
            let why = "the log ends at turn \(turn), turn \(place.head.turn) was durable, and what is between is not kept: it went back in time"
            ports.keeper.tell(.broken(why))
            throw Self.ended(.stopped(why))
        }
        ports.say("the group's log went back to turn \(turn): \(rows.count) turns are appended anew")
        for row in rows { try append(row, isLast: isLast && row.turn == rows.last?.turn) }
    }

    // MARK: Waiting

    private func listen<Answer>(_ ask: () -> Answer?, _ meanwhile: (Int64) -> Void = { _ in }) throws(JournalError) -> Answer {
        while true {
            if let answer = ask() { return answer }
            try checkGoesOn()
            meanwhile(ports.clock.now().monotonic)
        }
    }

    private func rest(_ us: Int64) throws(JournalError) {
        try checkGoesOn()
        ports.sleep(us)
    }

    private func checkGoesOn() throws(JournalError) {
        if let end = ports.keeper.end { throw Self.ended(end) }
        guard ports.pause() else { throw JournalError(.failed, "stopped while the group's log was waited for") }
    }

    private static func ended(_ end: Succession.End) -> JournalError { JournalError(.failed, "this host is no owner any more: \(end.words)") }

    /// When it is said that something takes long: after a second, then each ten.
    private struct Patience {
        let since: Int64
        private var dueAt: Int64
        init(since: Int64) { (self.since, dueAt) = (since, since + 1_000_000) }
        mutating func isDue(at now: Int64) -> Bool {
            guard now >= dueAt else { return false }
            dueAt = now + 10_000_000
            return true
        }
        func words(_ row: LogRow, _ why: String = "no answer", at now: Int64) -> String {
            "turn \(row.turn) waits for the group's log since \((now - since) / 1_000_000) s, and nothing leaves meanwhile: \(why)"
        }
    }
}

extension ReplicatedJournal: Record {
    package func write(_ records: [JournalRecord], at: Int64) throws(JournalError) {
        guard !records.isEmpty else { return }
        try write(.turn, records, at: at)
    }

    package func finish() throws(JournalError) {
        guard let row = open else { return }
        open = nil
        KillPoint.append(.before)
        do throws(JournalError) { try append(row, isLast: true) } catch {
            base.takeBack()
            throw error
        }
        KillPoint.append(.after)
        do throws(JournalError) { try base.finish() } catch {
            // The group has it: it cannot be taken back. Whoever starts next takes it from the log.
            throw JournalError(.failed, "turn \(row.turn) is in the group's log, and was not committed here: \(error.description)")
        }
        place = LogPlace(group: group, epoch: row.epoch, head: LogHead(turn: row.turn, digest: row.digest))
        outbox.add(row)
    }

    package func takeBack() {
        open = nil
        base.takeBack()
    }

    package func load() throws(JournalError) -> JournalState {
        let at = ports.clock.now().wall
        do throws(JournalError) {
            let records = try base.openings(at: at)
            if !records.isEmpty { try commit(.turn, records, at: at) }
            owesRecords = false
        } catch {
            // What is half written is not read; but whoever follows the record waits in front of it, and it bars its intent's id.
            guard error.isOfLog else { throw error }
            owesRecords = true
        }
        var state = try base.load()
        state.hasOpenSockets = hasForeignSockets
        return state
    }

    package func idle() throws(JournalError) { try base.idle() }
    package func latch(_ error: JournalError) { base.latch(error) }
    package func check() throws(JournalError) { try base.check() }
}

extension ReplicatedJournal: History {
    package func intent(_ id: IntentID) throws(JournalError) -> IntentRow? { try base.intent(id) }
    package func order(_ id: ClientOrderID) throws(JournalError) -> Order? { try base.order(id) }
    package func order(account: AccountID, venueOrderID: VenueOrderID) throws(JournalError) -> Order? {
        try base.order(account: account, venueOrderID: venueOrderID)
    }
    package func orders(venueOrderID: VenueOrderID) throws(JournalError) -> [Order] { try base.orders(venueOrderID: venueOrderID) }
    package func isUsed(_ id: ClientOrderID) throws(JournalError) -> Bool { try base.isUsed(id) }
    package func fills(of order: OrderKey) throws(JournalError) -> [Fill] { try base.fills(of: order) }
    package func trades(of account: AccountID, since: Int64, _ tell: (OwnTrade) -> Void) throws(JournalError) {
        try base.trades(of: account, since: since, tell)
    }
    package func executedOrders(after key: OrderKey, limit: Int) throws(JournalError) -> [Order] {
        try base.executedOrders(after: key, limit: limit)
    }
}
