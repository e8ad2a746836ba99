import OMSCore

/// PostgreSQL as a group's log, in memory: a primary and its standbys, of which one must have a write before it is answered. It has the surprises that were
/// measured of the real one: a cancelled wait answers success, with a warning; a primary that was started again shows rows that no standby has; nothing ends a
/// wait but a standby, a person or an end of the engine; an open transaction keeps everybody else waiting; a statement whose connection was cut may still run.
///
/// Nothing happens by itself: whoever plays the world lets statements arrive and standbys catch up.
package final class VirtualEngine {
    /// One committed write: what the log is after it.
    private struct Entry {
        /// Another for each write that was ever made, on whichever node.
        let id: Int
        let lease: Lease
        let row: LogRow?
    }

    private struct Statement {
        enum Kind {
            case write(LogWrite)
            case question(LogQuestion)
        }
        let connection: Int
        let kind: Kind
    }

    private var nodes: [[Entry]]
    /// The wait that is under way: it holds the lease's row, as each write does.
    private var waiting: (connection: Int, length: Int)?
    private var queue: [Statement] = []
    /// Sent, and not there yet.
    private var underWay: [Statement] = []
    private var answers: [Int: LogOutcome] = [:]
    private var readings: [Int: LogReading] = [:]
    private var connections = 0
    private var entries = 0
    private var lockedBy: Int?

    package private(set) var primary = 0
    /// `synchronous_standby_names` names somebody.
    package private(set) var isListed = true
    package var isFull = false
    package var isReadOnly = false
    /// What a client must do: ask after a write whether the list still names somebody. Emptying it ends a wait without a word.
    package var clientsAskAgain = true
    /// What a client must do: take a warning for doubt.
    package var clientsHeedWarnings = true
    /// A bump must find the lease as it was seen to stand still.
    package var bumpsCompare = true
    /// A row must find the lease of its own epoch.
    package var appendsCompare = true

    package init(nodes: Int = 3) {
        let empty = Entry(id: 0, lease: Lease(epoch: 0, seq: 0, beat: 0, confirmed: 0, holder: "", instance: "", versionMin: 1), row: nil)
        self.nodes = Array(repeating: [empty], count: nodes)
    }

    package func connect() -> VirtualLog {
        connections += 1
        return VirtualLog(to: self, number: connections)
    }

    // MARK: What a client does

    fileprivate func send(_ write: LogWrite, from connection: Int) { underWay.append(Statement(connection: connection, kind: .write(write))) }
    fileprivate func ask(_ question: LogQuestion, from connection: Int) {
        underWay.append(Statement(connection: connection, kind: .question(question)))
    }
    fileprivate func takeOutcome(of connection: Int) -> LogOutcome? { answers.removeValue(forKey: connection) }
    fileprivate func takeReading(of connection: Int) -> LogReading? { readings.removeValue(forKey: connection) }

    /// What a client must never do: a transaction over several round trips. It holds the lease's row until it ends.
    package func begin(on log: VirtualLog) { if lockedBy == nil { lockedBy = log.number } }
    package func end(on log: VirtualLog) {
        if lockedBy == log.number { lockedBy = nil }
        goOn()
    }

    // MARK: What the world does

    package var statementsUnderWay: Int { underWay.count }

    /// One of the statements that are under way arrives.
    package func arrive(_ index: Int) {
        let statement = underWay.remove(at: index)
        switch statement.kind {
        case .question(let question): readings[statement.connection] = read(question)
        case .write: queue.append(statement)
        }
        goOn()
    }

    /// A standby catches up by so many writes, rewound first where it went another way.
    package func replicate(to node: Int, writes: Int = .max) {
        guard node != primary else { return }
        rewind(node)
        nodes[node] += nodes[primary][nodes[node].count...].prefix(writes)
        if let wait = waiting, nodes[node].count >= wait.length { answer(.durable(nodes[primary][wait.length - 1].lease)) }
    }

    /// A person, or a client that asks for it, ends the wait: success, and a warning beside it.
    package func cancelWait() {
        guard let wait = waiting else { return }
        let lease = nodes[primary][wait.length - 1].lease
        answer(clientsHeedWarnings ? .inDoubt("01000: the wait for the standby was cancelled") : .durable(lease))
    }

    /// A person empties the list of standbys, which ends a wait without any warning.
    package func emptyList() {
        isListed = false
        guard let wait = waiting else { return }
        let lease = nodes[primary][wait.length - 1].lease
        answer(clientsAskAgain ? .inDoubt("the engine waits for nobody any more") : .durable(lease))
    }

    package func fillList() { isListed = true }

    /// What it has written it shows again afterwards, whether a standby has it or not.
    package func restartPrimary() { disconnectAll("57P01: the engine was shut down") }

    /// The standby that is farthest takes over.
    package func failOver() {
        let others = nodes.indices.filter { $0 != primary }
        guard let best = others.max(by: { shared(with: $0) < shared(with: $1) }) else { return }
        promote(best)
    }

    /// Any standby takes over; what it lacks is gone. A former primary was rewound before, as it is before it follows.
    package func promote(_ node: Int) {
        rewind(node)
        primary = node
        disconnectAll("the engine's primary is gone")
    }

    /// Whether a node lacks writes, and whether an epoch is among them.
    package func lag(of node: Int) -> (writes: Int, epochs: Int64) {
        let its = shared(with: node)
        return (nodes[primary].count - its, latest.epoch - nodes[node][its - 1].lease.epoch)
    }

    /// A client's connection ends. What it had sent may still arrive.
    package func cut(_ log: VirtualLog) {
        if lockedBy == log.number { lockedBy = nil }
        log.wasCut()
        goOn()
    }

    // MARK: Inside

    /// How many writes a node and the primary have in common: what a former primary wrote beyond them went another way.
    private func shared(with node: Int) -> Int {
        var shared = min(nodes[node].count, nodes[primary].count)
        while nodes[node][shared - 1].id != nodes[primary][shared - 1].id { shared -= 1 }
        return shared
    }

    private func rewind(_ node: Int) {
        let shared = shared(with: node)
        if shared < nodes[node].count { nodes[node].removeSubrange(shared...) }
    }

    private var latest: Lease { nodes[primary][nodes[primary].count - 1].lease }

    /// The writes that everybody sees: all but the one that waits.
    private var visible: ArraySlice<Entry> { nodes[primary].prefix(waiting.map { $0.length - 1 } ?? .max) }

    private func disconnectAll(_ why: String) {
        if let wait = waiting { answers[wait.connection] = .inDoubt(why) }
        for statement in queue { answers[statement.connection] = .inDoubt(why) }
        (waiting, queue, lockedBy) = (nil, [], nil)
    }

    private func answer(_ outcome: LogOutcome) {
        guard let wait = waiting else { return }
        waiting = nil
        answers[wait.connection] = outcome
        goOn()
    }

    private func goOn() {
        while waiting == nil, let next = queue.firstIndex(where: { lockedBy == nil || lockedBy == $0.connection }) {
            let statement = queue.remove(at: next)
            guard case .write(let write) = statement.kind else { continue }
            switch judge(write) {
            case .refused(let refusal): answers[statement.connection] = .refused(refusal)
            case .written(let lease, let row, let refusal):
                entries += 1
                nodes[primary].append(Entry(id: entries, lease: lease, row: row))
                if let refusal { answers[statement.connection] = .refused(refusal) } else { waiting = (statement.connection, nodes[primary].count) }
            }
        }
    }

    private enum Judgement {
        case refused(LogRefusal)
        /// With a refusal: the lease was written, the row was not.
        case written(Lease, LogRow?, LogRefusal?)
    }

    private func judge(_ write: LogWrite) -> Judgement {
        if isReadOnly { return .refused(.engine(state: "25006", "cannot execute UPDATE in a read-only transaction")) }
        if isFull { return .refused(.engine(state: "53100", "could not extend file: No space left on device")) }
        guard isListed else { return .refused(.unreplicated("synchronous_standby_names is empty")) }
        var lease = latest
        switch write {
        case .append(let row, let beat):
            guard lease.epoch == row.epoch || !appendsCompare else { return .refused(.fenced(lease)) }
            guard lease.seq >= row.turn - 1 else { return .refused(.behind(seq: lease.seq)) }
            guard lease.seq <= row.turn else { return .refused(.contradicted("the log is at turn \(lease.seq), turn \(row.turn) was to be written")) }
            let there = lease.seq == row.turn ? nodes[primary].last { $0.row != nil }?.row : nil
            (lease.seq, lease.beat, lease.confirmed) = (row.turn, beat, max(lease.confirmed, row.turn - 1))
            if let there, there.digest != row.digest {
                return .written(lease, nil, .contradicted("turn \(row.turn) is there with another digest"))
            }
            return .written(lease, there == nil ? row : nil, nil)
        case .beat(let epoch, let confirmed, let beat):
            guard lease.epoch == epoch else { return .refused(.fenced(lease)) }
            guard lease.seq >= confirmed else { return .refused(.behind(seq: lease.seq)) }
            (lease.beat, lease.confirmed) = (beat, confirmed)
            return .written(lease, nil, nil)
        case .bump(let bump):
            let fits = bumpsCompare ? bump.fits(lease) : bump.epoch == lease.epoch
            guard fits || bump.isMade(lease) else { return .refused(.fenced(lease)) }
            (lease.epoch, lease.holder, lease.instance) = (bump.epoch + 1, bump.holder, bump.instance)
            (lease.beat, lease.leaseUs) = (bump.beat, bump.leaseUs)
            return .written(lease, nil, nil)
        }
    }

    private func read(_ question: LogQuestion) -> LogReading {
        let seen = visible
        guard let last = seen.last else { return .failed("the engine holds nothing") }
        switch question {
        case .state: return .state(LogState(lease: last.lease, canWrite: !isReadOnly, isReplicated: isListed))
        case .rows(let after, let limit):
            var rows: [LogRow] = []
            for entry in seen.reversed() {
                guard let row = entry.row else { continue }
                guard row.turn > after else { break }
                rows.append(row)
            }
            return .rows(Array(rows.reversed().prefix(limit)))
        }
    }
}

/// A connection to a ``VirtualEngine``.
package final class VirtualLog: SharedLog {
    private let engine: VirtualEngine
    private(set) fileprivate var number: Int
    private var isOut = false
    private var lost = false
    private var isWriting = false
    /// No connection can be made: nothing arrives any more but what was under way.
    package var isCut = false { didSet { if isCut, !oldValue { engine.cut(self) } } }

    fileprivate init(to engine: VirtualEngine, number: Int) { (self.engine, self.number) = (engine, number) }

    package func send(_ write: LogWrite) {
        precondition(!isOut, "something is out already")
        (isOut, isWriting, lost) = (true, true, isCut)
        if !isCut { engine.send(write, from: number) }
    }

    package func ask(_ question: LogQuestion) {
        precondition(!isOut, "something is out already")
        (isOut, isWriting, lost) = (true, false, isCut)
        if !isCut { engine.ask(question, from: number) }
    }

    package func outcome(within wait: Int64) -> LogOutcome? {
        guard isOut, isWriting else { return nil }
        let outcome = lost ? .inDoubt("the connection was lost") : engine.takeOutcome(of: number)
        if outcome != nil { isOut = false }
        return outcome
    }

    package func reading(within wait: Int64) -> LogReading? {
        guard isOut, !isWriting else { return nil }
        let reading = lost ? .failed("the connection was lost") : engine.takeReading(of: number)
        if reading != nil { isOut = false }
        return reading
    }

    /// Another connection from here on: answers to the former one reach nobody.
    fileprivate func wasCut() {
        if isOut { lost = true }
        number = engine.newNumber()
    }
}

extension VirtualEngine {
    fileprivate func newNumber() -> Int {
        connections += 1
        return connections
    }
}
