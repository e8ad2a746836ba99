/// What one turn of the engine gathers: its moment, and all that it wants written, sent, answered and told.
///
/// It is handed to owners, who keep no hold of it. What an owner writes of its own (permits, the end of a ban) it leaves here, in the order in which it
/// happens; what another owner must do about it the owner returns. A class, for its moment is read at every step: as a value changed in place each reading
/// would be checked against a change under way.
final class Turn {
    private(set) var now: Moment
    /// The last number of the record, and of requests.
    private(set) var seq: Int64
    private var requestMax: Int64
    private(set) var output = TurnOutput()
    /// When the engine is to be called although nothing came, microseconds of the monotonic clock.
    private(set) var wakeAt = Int64.max

    init(at now: Moment, seq: Int64 = 0, requestMax: Int64 = 0) { (self.now, self.seq, self.requestMax) = (now, seq, requestMax) }

    // MARK: Beginning and end

    /// Another input of the same turn, or its end.
    func goOn(at moment: Moment) { now = moment }

    /// Timers are looked at from here on, all of them: each that has not come says when it will.
    func beginTimers() { wakeAt = .max }

    /// What has gathered; the next turn begins with nothing.
    func take() -> TurnOutput {
        let result = output
        output = TurnOutput()
        return result
    }

    // MARK: What owners leave

    func wake(at time: Int64) { wakeAt = min(wakeAt, time) }

    func record(_ record: JournalRecord) { output.records.append(record) }
    /// How many there are by now.
    var rows: Int { output.records.count }
    var records: [JournalRecord] { output.records }
    var replies: [(ticket: Ticket, reply: Result<Reply, ControlError>)] { output.replies }

    /// Those by themselves: what else has gathered stays.
    func takeReplies() -> [(ticket: Ticket, reply: Result<Reply, ControlError>)] {
        let replies = output.replies
        output.replies = []
        return replies
    }

    func send(_ plan: RequestPlan) { output.sends.append(plan) }
    func wish(_ wish: StreamWish) { output.wishes.append(wish) }

    /// Something of the record that this turn cannot do without could not be read.
    func unread(_ error: JournalError) { output.unread = output.unread ?? error }

    /// A look-up that left without a row changed something: it gets one.
    func writeLate(_ id: RequestID) { if !isWrittenLate(id) { output.lateRequests.append(id) } }
    func isWrittenLate(_ id: RequestID) -> Bool { output.lateRequests.contains(id) }

    func reply(_ reply: Result<Reply, ControlError>, to ticket: Ticket) { output.replies.append((ticket, reply)) }

    /// Whoever watches is told; that an account got ready, or is not any more, stands in the record too.
    func notice(_ news: Notice.Event, of account: AccountID?) {
        output.notices.append(Notice(account, news))
        switch news {
        case .ready: record(.note(account: account, nil, event(.account, state: "ready")))
        case .notReady(let why): record(.note(account: account, nil, event(.account, state: "not_ready", facts: [.init("reason", why)])))
        case .unreachable, .reachable, .shutOut, .streamDown, .streamUp, .streamMute, .doubts, .doubtsOver, .parked, .breakFound, .breakResolved,
            .breakAcknowledged, .tradingState, .rulesPassed, .rulesWithoutMarket, .guardTripped, .unconfigured, .market, .killed, .killTakesLong:
            break
        }
    }

    func nextSeq() -> Int64 {
        seq += 1
        return seq
    }

    /// The number of the next request, or grant.
    func nextRequest() -> RequestID {
        requestMax += 1
        return lastRequest
    }

    /// The number that was given last.
    var lastRequest: RequestID { RequestID(requestMax) }

    /// The head of a record's row, numbered.
    func event(
        _ kind: EventKind, evidence: Evidence? = nil, request: RequestID? = nil, actor: Actor = .daemon, state: String? = nil,
        facts: [JournalEvent.Fact] = [], note: String? = nil
    ) -> JournalEvent {
        var event = JournalEvent(seq: nextSeq(), at: now.wall, kind: kind)
        (event.evidence, event.request, event.actor, event.note) = (evidence, request, actor, note)
        (event.state, event.facts) = (state, facts)
        return event
    }
}
