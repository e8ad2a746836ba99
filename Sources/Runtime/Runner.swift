import Calls
import ControlAPI
import OMSCore
import Wire

/// What the runner is handed to reach the world.
package struct RunnerPorts {
    package let journal: any Journal
    package let transport: any HTTPTransport
    package let replies: any ReplySink
    package let reads: any ReadService
    /// nil: no account has a private stream.
    package let streams: (any StreamCarrier)?
    package let clock: any MomentSource
    /// Throws when the journal's file is not the one that was opened. Asked before anything is sent.
    package let checkJournal: () throws(JournalError) -> Void
    /// Gives the ballast's space to the journal, and takes it back; false: no space for it yet.
    package let releaseBallast: () -> Void
    package let restoreBallast: () -> Bool
    /// How long the journal's WAL is.
    package let walBytes: () -> Int
    package let log: (String) -> Void
    /// Told once what it tells of is durable. Must not block.
    package let notice: (Notice) -> Void

    package init(
        journal: any Journal, transport: any HTTPTransport, replies: any ReplySink, reads: any ReadService, clock: any MomentSource,
        checkJournal: @escaping () throws(JournalError) -> Void, releaseBallast: @escaping () -> Void, restoreBallast: @escaping () -> Bool,
        streams: (any StreamCarrier)? = nil, walBytes: @escaping () -> Int = { 0 }, log: @escaping (String) -> Void,
        notice: @escaping (Notice) -> Void = { _ in }
    ) {
        (self.streams, self.walBytes, self.notice) = (streams, walBytes, notice)
        (self.journal, self.transport, self.replies, self.reads, self.clock) = (journal, transport, replies, reads, clock)
        (self.checkJournal, self.releaseBallast, self.restoreBallast, self.log) = (checkJournal, releaseBallast, restoreBallast, log)
    }
}

/// Reads committed rows for callers, off the runner's thread.
package protocol ReadService: AnyObject {
    func answer(_ query: JournalQuery, missing: ControlError?, to ticket: Ticket)
    /// Events behind number `seq`, of one account or of all that the caller may see.
    func subscribe(_ ticket: Ticket, after seq: Int64, account: AccountID?, for caller: Caller)
    func unsubscribe(_ ticket: Ticket, subscription: Int64)
    func disconnected(connection: UInt64)
    /// What a connection follows is what these let be seen, from here on.
    func changed(_ rights: Rights, of connection: UInt64)
    /// The record grew to this sequence number.
    func advanced(to seq: Int64)
}

/// Carries out what is wanted of private streams; what comes of it is heard as inputs (`Input.heard`).
package protocol StreamCarrier: AnyObject {
    /// The row that must be durable before a wish is carried out; nil: it needs none.
    func row(of wish: StreamWish, at now: Moment) -> RequestRow?
    func carryOut(_ wishes: [StreamWish])
    /// The core has taken this in: what is kept for it may go.
    func took(_ event: StreamEvent)
    /// Who knew of the connections is gone: all of them end, and nothing of them is heard any more.
    func endAll()
}

/// Runs turns: drain, step, commit, release. Nothing leaves before what it carries is durable.
///
/// Owned by one thread. The engine decides; this only acts.
package final class Runner {
    package private(set) var engine: Engine
    private let ports: RunnerPorts
    private let links: [AccountID: VenueLink]
    private let makeEngine: (JournalState, Moment) -> Engine
    private let facts: DaemonFacts
    /// Rows of look-ups that left without one, until their end.
    private var unwritten: [RequestID: RequestRow] = [:]
    private let post: @Sendable (Input) -> Void
    private var nextBallastTry: Int64 = 0
    /// Told already that not even cancels can be recorded.
    private var isBallastSpent = false
    /// What was said once in a turn that was taken back is being heard again.
    private var isHearingAgain = false
    /// What was said once, and is still to be heard: in front of whatever else comes.
    private var owed: [Input] = []
    /// After a commit that found no space the next turn waits, unless something comes in: the same timers would only fail again.
    private var quietUntil: Int64 = 0
    /// Nothing of the WAL can be used again, because a reader holds an old snapshot of it.
    package private(set) var wal = WALWatch()
    /// What turns are counted by; nil: nobody asks.
    package let meter: Meter?

    /// - Parameters:
    ///   - makeEngine: an engine over what the journal holds; called at start, and again after a commit that failed for space.
    ///   - post: where ends of requests go: the mailbox.
    package init(
        ports: RunnerPorts, links: [AccountID: VenueLink], facts: DaemonFacts, meter: Meter? = nil, post: @escaping @Sendable (Input) -> Void,
        makeEngine: @escaping (JournalState, Moment) -> Engine
    ) throws(JournalError) {
        (self.ports, self.links, self.facts, self.post, self.makeEngine) = (ports, links, facts, post, makeEngine)
        self.meter = meter
        engine = makeEngine(try ports.journal.load(), ports.clock.now())
    }

    /// One turn over these inputs. Throws what cannot be lived with: the process must end.
    package func turn(_ latest: [Input]) throws(JournalError) {
        let inputs = isHearingAgain || owed.isEmpty ? latest : owed + latest
        if !isHearingAgain { owed = [] }
        KillPoint.answersRead(inputs)
        let now = ports.clock.now()
        try loadWhatIsOwed(at: now)
        for input in inputs {
            engine.step(input, given: engine.fetch(for: input, from: ports.journal), at: now, beyond: ports.journal)
            switch input {
            case .disconnected(let connection): ports.reads.disconnected(connection: connection)
            case .rights(let rights, let connection): ports.reads.changed(rights, of: connection)
            default: break
            }
        }
        regainSpace(at: now)
        var output = engine.finishTurn(at: now, reading: ports.journal)
        if let error = output.unread {
            if error.isOfArchive {
                inputs.forEach(forget)
                return try takeBack(inputs, output, error)
            }
            ports.journal.latch(error)
            throw error
        }
        meter?.came(inputs, output.records) { engine.narrowestBudget(of: $0)?.name }
        guard !output.isEmpty else { return inputs.forEach(forget) }
        defer { meter?.turned(inUs: ports.clock.now().monotonic - now.monotonic) }
        var rows: [JournalRecord] = []
        var exchanges: [HTTPExchange] = []
        for id in output.lateRequests {
            if let row = unwritten[id] { rows.append(.request(row)) }
        }
        for plan in output.sends {
            guard let link = links[plan.account] else { preconditionFailure("a request of an account that is not configured") }
            let (request, row) = link.encode(plan, at: now)
            if plan.isJournaled { rows.append(.request(row)) } else { unwritten[plan.id] = row }
            exchanges.append(link.exchange(plan, request, post: post))
            meter?.leaves(plan)
        }
        for wish in output.wishes { if let row = ports.streams?.row(of: wish, at: now) { rows.append(.request(row)) } }
        // Taken over, not copied: a turn's records hold every text of a thousand orders.
        var records: [JournalRecord] = []
        swap(&records, &output.records)
        if !rows.isEmpty { records.insert(contentsOf: rows, at: 0) }
        for input in inputs { forget(input) }
        if records.isEmpty {
            // What is answered may rest on a read that failed.
            try ports.journal.check()
        } else {
            KillPoint.commit(.before, of: records, after: inputs)
            let begun = meter == nil ? 0 : ports.clock.now().monotonic
            do throws(JournalError) { try ports.journal.commit(records, at: now.wall) } catch {
                if error.isOfArchive { return try takeBack(inputs, output, error) }
                guard error.kind == .full else { throw error }
                return try runOutOfSpace(inputs, output, error)
            }
            KillPoint.commit(.after, of: records, after: inputs)
            measure(records, output.replies, since: begun, at: now)
            ports.reads.advanced(to: engine.journalSeq)
            if let news = wal.update(bytes: ports.walBytes()) { ports.log(news) }
        }
        if !exchanges.isEmpty {
            try ports.checkJournal()
            ports.transport.send(exchanges)
        }
        if !output.wishes.isEmpty { ports.streams?.carryOut(output.wishes) }
        for (ticket, result) in output.replies {
            KillPoint.reply(.before, result)
            answer(result, to: ticket)
            KillPoint.reply(.after, result)
        }
        for notice in output.notices { ports.notice(notice) }
    }

    /// What is durable since just now.
    private func measure(
        _ records: [JournalRecord], _ replies: [(ticket: Ticket, reply: Result<Reply, ControlError>)], since begun: Int64, at now: Moment
    ) {
        guard let meter else { return }
        let durableAt = ports.clock.now().monotonic
        meter.committed(inUs: durableAt - begun)
        meter.durable(records, at: now) { engine.clockOffsetUs(of: $0) ?? 0 }
        for case (let ticket, .success(.submitted)) in replies { meter.accepted(ticket, at: durableAt) }
    }

    private func forget(_ input: Input) {
        switch input {
        case .answered(let id, _, _, _), .lost(let id, _, _, _), .notSent(let id, _): unwritten[id] = nil
        case .heard(_, let event): ports.streams?.took(event)
        case .command, .disconnected, .rights, .spoke, .reload, .remark, .wake: break
        }
    }

    // MARK: No space

    /// The turn was rolled back. The engine is made anew from what is durable, so that requests that were out are in doubt and looked up, and the ballast's space
    /// is the journal's. What came in this turn is heard once more by it: a cancel fits now, an intent is refused. Who waits for more than that is told.
    private func runOutOfSpace(_ inputs: [Input], _ output: TurnOutput, _ error: JournalError) throws(JournalError) {
        // Ends of requests are the former engine's: it alone knew them.
        let again = engine.isJournalFull ? [] : inputs.filter { !$0.endsRequest }
        if error.isOfLog {
            let words = "\(error.description). Nothing can be recorded, so that nothing is accepted and nothing leaves until it does"
            if !engine.isJournalFull { ports.log(words) }
        } else if !engine.isJournalFull {
            ports.log("the journal's disk is full: \(error.description). New intents are refused, cancels and look-ups go on. Free space on it.")
        } else if !isBallastSpent {
            isBallastSpent = true
            ports.log("the space that was kept back for cancels and look-ups is used up as well: nothing can be recorded. Free space on the disk.")
        }
        // Nothing of these would have been recorded, and whoever finds that nothing goes asks why.
        let questions = engine.isJournalFull ? inputs.filter(\.isQuestion) : []
        let why = error.isOfLog ? "the group's log takes nothing" : "the journal's disk is full"
        refuse(inputs, output, but: again + questions, "\(why); nothing of this request was recorded")
        if !error.isOfLog { ports.releaseBallast() }
        let now = ports.clock.now()
        try beginAnew(at: now, isFull: true)
        nextBallastTry = now.monotonic + .seconds(1)
        quietUntil = now.monotonic + .milliseconds(100)
        for question in questions {
            let found = engine.fetch(for: question, from: ports.journal)
            for (ticket, result) in engine.answer(question, given: found, at: now) { answer(result, to: ticket) }
        }
        if !again.isEmpty { try turn(again) }
    }

    /// Who asked now, whom this turn would have answered, and who waits: the next engine knows none of them.
    ///
    /// - Parameter again: what it hears once more.
    private func refuse(_ inputs: [Input], _ output: TurnOutput, but again: [Input], _ words: String) {
        var callers = Set(engine.waitingTickets).union(output.replies.map(\.ticket))
        for case .command(_, _, let ticket) in inputs { callers.insert(ticket) }
        for case .command(_, _, let ticket) in again { callers.remove(ticket) }
        for ticket in callers.sorted(by: { ($0.connection, $0.call) < ($1.connection, $1.call) }) {
            ports.replies.fail(.journalUnavailable(words), to: ticket)
        }
    }

    /// The engine as the record has it. Requests that were out are in doubt, and looked up.
    private func beginAnew(at now: Moment, isFull: Bool) throws(JournalError) {
        unwritten = [:]
        ports.streams?.endAll()
        var state = try ports.journal.load()
        state.hasOpenSockets = true
        let former = engine
        engine = makeEngine(state, now)
        meter?.begin()
        engine.isJournalFull = isFull
        // What was half written is taken back on record: a subscriber that waited in front of it goes on.
        ports.reads.advanced(to: engine.journalSeq)
        (engine.isStopping, engine.isClockSet) = (former.isStopping, former.isClockSet)
        engine.heed(former, reading: ports.journal)
    }

    /// The turn was to write about an order whose file in the archive broke between the first look at it and the commit. Nothing of the turn is on record or has
    /// left. Whoever waits for it is told; what a venue said it says again, and then the file is seen to be broken before anything is made of it.
    private func takeBack(_ inputs: [Input], _ output: TurnOutput, _ error: JournalError) throws(JournalError) {
        ports.log("a turn was taken back, since an order that was to come back from the archive could not be read: \(error.description)")
        refuse(inputs, output, but: [], "nothing of this request was recorded: \(error.description)")
        try beginAnew(at: ports.clock.now(), isFull: engine.isJournalFull)
        // Neither callers nor venues say these again, and what was said behind them must not come first.
        let again = inputs.filter(\.isSaidOnce)
        guard !again.isEmpty, !isHearingAgain else {
            owed = again
            return
        }
        isHearingAgain = true
        defer { isHearingAgain = false }
        try turn(again)
    }

    /// Behind a log that took nothing, also not what a load had to put on record: an engine of its own begins, once that is.
    private func loadWhatIsOwed(at now: Moment) throws(JournalError) {
        guard ports.journal.owesRecords, engine.isJournalFull, now.monotonic >= nextBallastTry else { return }
        nextBallastTry = now.monotonic + .seconds(1)
        guard ports.restoreBallast() else { return }
        refuse([], TurnOutput(), but: [], "the group's log took nothing; nothing of this request was recorded")
        try beginAnew(at: now, isFull: true)
        guard !ports.journal.owesRecords else { return }
        (engine.isJournalFull, isBallastSpent) = (false, false)
        ports.log("the group's log takes turns again: intents are accepted")
    }

    private func regainSpace(at now: Moment) {
        guard engine.isJournalFull, !ports.journal.owesRecords, now.monotonic >= nextBallastTry else { return }
        nextBallastTry = now.monotonic + .seconds(1)
        guard ports.restoreBallast() else { return }
        (engine.isJournalFull, isBallastSpent) = (false, false)
        ports.log("the journal has space again: intents are accepted")
    }

    /// When to call although nothing came, microseconds from now; at most a second.
    package func idleUs() -> Int64 {
        let now = ports.clock.now().monotonic
        let wait = engine.nextWake == .max ? Int64.seconds(1) : max(engine.nextWake, quietUntil) - now
        return max(0, min(wait, .seconds(1)))
    }

    /// Lets the journal tidy up when nothing else is to do.
    package func rest() throws(JournalError) { try ports.journal.idle() }

    // MARK: Answers

    private func answer(_ result: Result<Reply, ControlError>, to ticket: Ticket) {
        switch result {
        case .failure(let error): ports.replies.fail(error, to: ticket)
        case .success(.query(let query, let missing)): ports.reads.answer(query, missing: missing, to: ticket)
        case .success(.subscribe(let afterSeq, let account, let caller)):
            // Whoever knows a number that was never given has another journal in mind: waiting for it would pass over all that comes before it.
            if let afterSeq, afterSeq > engine.journalSeq {
                return ports.replies.fail(
                    .invalidParams(
                        "after_seq: \(afterSeq) is ahead of the record, whose last number is \(engine.journalSeq): this journal is another one, or was"
                            + " restored from a backup; read it anew from 0"), to: ticket)
            }
            ports.reads.subscribe(ticket, after: afterSeq ?? engine.completeSeq, account: account, for: caller)
        case .success(.unsubscribe(let subscription)): ports.reads.unsubscribe(ticket, subscription: subscription)
        case .success(.status(let rights)):
            ports.replies.reply(DaemonStatus.Result(engine, facts, wal, for: rights, at: ports.clock.now()).serialized(reserving: 4_096), to: ticket)
        case .success(let reply):
            guard let json = reply.json else { preconditionFailure("answered by the read service") }
            ports.replies.reply(json, to: ticket)
        }
    }
}

extension Input {
    /// Whether it tells what became of something that this process sent or opened.
    fileprivate var endsRequest: Bool {
        switch self {
        case .answered, .lost, .notSent: true
        // A connection is the former engine's, too: the next one makes its own.
        case .heard: true
        case .command, .disconnected, .rights, .spoke, .reload, .remark, .wake: false
        }
    }

    /// Whether nobody tells it again: that a connection ended, that the configuration was read, what is to be remarked.
    fileprivate var isSaidOnce: Bool {
        switch self {
        case .disconnected, .rights, .reload, .remark: true
        case .command, .answered, .lost, .notSent, .heard, .spoke, .wake: false
        }
    }

    fileprivate var isQuestion: Bool { if case .command(let command, _, _) = self { command.isReadOnly } else { false } }
}
