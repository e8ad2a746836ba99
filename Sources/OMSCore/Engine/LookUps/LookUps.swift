import Containers

/// One account's questions about single orders: which are wanted and why, whose turn it is, how far each has come, what rounds that did not show an order prove,
/// whose executions are to be listed, and how far look-ups are to be trusted at all. What a question is made of, and what an answer means for its order, is
/// decided elsewhere (`Engine+Inquiries`, `Engine+Proofs`, `Engine+GivenUp`, `Engine+Reports`).
///
/// An owner: its state is written here alone. It knows orders by their keys, takes how they stand, and asks nobody.
final class LookUps {
    private let account: AccountID
    private let patience: Patience
    private let visibilityDelayUs: Int64

    private var inquiries: [OrderKey: Inquiry] = [:]
    private var timers = TimerHeap<OrderKey>()
    /// Those that are due, by ``InquiryLane``.
    private var lanes = InquiryLane.allCases.map { _ in Deque<OrderKey>() }

    /// Orders whose absence only a measurement of the clock stands before.
    private var verdicts: [Verdict] = []

    /// Orders whose executions are to be listed.
    let fills = FillLists()

    /// Orders closed without the venue's word and looked for all the same: how often, since.
    private var looksBehind: [OrderKey: Int] = [:]

    /// Look-ups were shown to be wrong then: what was asked no later proves nothing. How far behind they were seen to be, on record, microseconds.
    private(set) var erredAt: Int64 = .min
    private(set) var lagUs: Int64 = 0
    /// Ids at the venue were seen not to follow their formula: look-ups by computed ids prove nothing.
    private(set) var isFormulaBroken = false
    /// Another account on record is of the same user; of one that is not configured, an order that the venue called a duplicate and did not show.
    private(set) var sharesUser = false
    private(set) var hiddenAbsent: (order: ClientOrderID, account: AccountID)?

    init(of account: AccountID, visibilityDelayMs: Int64, patience: Patience) {
        (self.account, visibilityDelayUs, self.patience) = (account, .milliseconds(visibilityDelayMs), patience)
    }

    /// An order's questions; nil: there are none.
    subscript(order: OrderKey) -> Inquiry? { inquiries.isEmpty ? nil : inquiries[order] }

    /// All that wait for their turn.
    var waiting: Int { lanes.reduce(0) { $0 + $1.count } }

    func hasDue(_ lane: InquiryLane) -> Bool { !lanes[lane.rawValue].isEmpty }

    // MARK: Wanting

    /// Wants an order looked up. Reasons add up; the earliest time holds.
    func want(_ order: OrderKey, _ reasons: Inquiry.Reasons, at time: Int64, _ situation: Inquiry.Situation) {
        var inquiry = inquiries[order] ?? Inquiry(reasons: reasons, nextAt: time)
        let before = lane(inquiry, situation)
        if !inquiry.reasons.isSuperset(of: reasons) { (inquiry.tries, inquiry.silences) = (0, 0) }
        inquiry.reasons.formUnion(reasons)
        inquiry.nextAt = min(inquiry.nextAt, time)
        let lane = lane(inquiry, situation)
        if inquiry.isDue, lane < before { lanes[lane.rawValue].append(order) }
        inquiries[order] = inquiry
        if !inquiry.isAsked, !inquiry.isDue { timers.add(order, at: inquiry.nextAt) }
    }

    /// Asked about again then, whether it was asked or due by now.
    func again(_ order: OrderKey, at time: Int64) {
        guard inquiries[order] != nil else { return }
        inquiries[order]?.isAsked = false
        inquiries[order]?.isDue = false
        inquiries[order]?.nextAt = time
        timers.add(order, at: time)
    }

    /// Moves those whose time has come into their lanes, and asks to be called for the next.
    ///
    /// - Parameter situation: how an order stands; nil: it is not in memory.
    func ripen(in turn: Turn, situation: (OrderKey) -> Inquiry.Situation?) {
        while let order = timers.popDue(at: turn.now.monotonic) {
            guard let inquiry = inquiries[order], !inquiry.isAsked, !inquiry.isDue, inquiry.nextAt <= turn.now.monotonic,
                let situation = situation(order)
            else { continue }
            inquiries[order]?.isDue = true
            lanes[lane(inquiry, situation).rawValue].append(order)
        }
        if let next = timers.nextAt { turn.wake(at: next) }
    }

    private func lane(_ inquiry: Inquiry, _ situation: Inquiry.Situation) -> InquiryLane {
        inquiry.lane(situation, looksAtOnce: patience.looksAtOnce)
    }

    // MARK: Asking

    enum Offer {
        /// By so many ids.
        case ask(ids: Int)
        /// It is worth nothing before then.
        case later(at: Int64)
    }

    /// The next ones of a lane that can be asked about in one request: all at the same step. Others stay in front.
    ///
    /// - Parameters:
    ///   - steps: those that may be asked now.
    ///   - round: as it stands for those whose look-up begins.
    ///   - most: how many may be asked about at a step.
    ///   - offer: nil: its order is not in memory.
    func take(
        _ lane: InquiryLane, steps: Set<Int>, mostIDs: Int, round: Round, most mostAt: (_ step: Int) -> Int, offer: (OrderKey, Inquiry) -> Offer?
    ) -> (step: Int, orders: [OrderKey])? {
        var taken: [OrderKey] = []
        var later: [OrderKey] = []
        var step: Int?
        var (ids, most) = (0, Int.max)
        while taken.count < most, let order = lanes[lane.rawValue].popFirst() {
            guard var inquiry = inquiries[order], inquiry.isDue, !inquiry.isAsked, let offer = offer(order, inquiry) else { continue }
            guard case .ask(let count) = offer else {
                if case .later(let time) = offer { again(order, at: time) }
                continue
            }
            guard steps.contains(inquiry.step), step == nil || (step == inquiry.step && ids + count <= mostIDs) else {
                later.append(order)
                if later.count > 100 { break }
                continue
            }
            if step == nil { most = mostAt(inquiry.step) }
            step = inquiry.step
            ids += count
            (inquiry.isAsked, inquiry.isDue) = (true, false)
            inquiry.tries += 1
            if inquiry.isAtBeginning { inquiry.round = round }
            inquiry.provenAt = nil
            inquiries[order] = inquiry
            taken.append(order)
        }
        lanes[lane.rawValue].prepend(later)
        return step.map { ($0, taken) }
    }

    // MARK: Answers

    /// The answer has a further page, which is next.
    ///
    /// - Returns: false: there were too many; a cursor that runs in circles says nothing of what it does not hold.
    func goOn(_ order: OrderKey, at page: String, _ situation: Inquiry.Situation) -> Bool {
        guard var inquiry = inquiries[order], inquiry.isAsked else { return true }
        inquiry.pages += 1
        guard inquiry.pages < patience.findPagesMax else { return false }
        (inquiry.page, inquiry.pageSilences) = (page, 0)
        goFirst(order, inquiry, situation)
        return true
    }

    /// A step ended without the order.
    ///
    /// - Returns: the round, if it is whole by that; nil: another step is next, or nothing was asked. (An answer to a question of an inquiry that ended meanwhile
    ///   begins no round of the one that took its place: that one did not ask it.)
    func stepEnded(_ order: OrderKey, _ step: Int, of steps: Int, _ situation: Inquiry.Situation) -> Round? {
        guard var inquiry = inquiries[order], inquiry.isAsked else { return nil }
        guard step + 1 < steps else {
            inquiry.begin(step: 0)
            (inquiry.isAsked, inquiry.silences) = (false, 0)
            inquiries[order] = inquiry
            return inquiry.round
        }
        inquiry.begin(step: step + 1)
        goFirst(order, inquiry, situation)
        return nil
    }

    private func goFirst(_ order: OrderKey, _ inquiry: Inquiry, _ situation: Inquiry.Situation) {
        inquiries[order] = inquiry
        inquiries[order]?.isAsked = false
        inquiries[order]?.isDue = true
        lanes[lane(inquiry, situation).rawValue].prepend([order])
    }

    /// No answer to one of a round's later questions: it goes on there, for pages are asked about again in the order in which they were, and what moves on
    /// meanwhile shows in those behind. After a few times it begins anew: a cursor may be worth nothing by then.
    ///
    /// - Returns: how often this very question stayed without an answer; nil: the round begins anew (``unanswered(_:)``).
    func goOnAgain(_ order: OrderKey) -> Int? {
        guard let inquiry = self[order], inquiry.isAsked, !inquiry.isAtBeginning, inquiry.pageSilences < patience.pageTriesMax else { return nil }
        inquiries[order]?.pageSilences += 1
        return inquiry.pageSilences + 1
    }

    /// No answer, or none that says anything of it: it begins anew.
    ///
    /// - Returns: how often that came one behind the other.
    func unanswered(_ order: OrderKey) -> Int {
        inquiries[order]?.begin(step: 0)
        inquiries[order]?.silences += 1
        return inquiries[order]?.silences ?? 0
    }

    /// The venue shows it.
    func present(_ order: OrderKey) {
        guard var inquiry = inquiries[order] else { return }
        inquiry.begin(step: 0)
        (inquiry.isAsked, inquiry.isLeftOver, inquiry.absentRounds, inquiry.silences) = (false, false, 0, 0)
        inquiries[order] = inquiry
    }

    /// A whole listing did not show it: it is asked about by itself, once.
    func leaveOver(_ order: OrderKey) { inquiries[order]?.isLeftOver = true }

    /// It is not asked about for these reasons any more.
    func answer(_ reasons: Inquiry.Reasons, of order: OrderKey) { inquiries[order]?.reasons.subtract(reasons) }

    /// As above; what has nothing more to ask ends, unless its answer is out.
    func settle(_ reasons: Inquiry.Reasons, of order: OrderKey) {
        guard let inquiry = self[order] else { return }
        let left = inquiry.reasons.subtracting(reasons)
        if left.isEmpty, !inquiry.isAsked { end(order) } else { inquiries[order]?.reasons = left }
    }

    /// An answer left these reasons behind, and may have shown others.
    ///
    /// - Returns: what is still asked; nil: nothing, and its questions have ended.
    func rest(_ order: OrderKey, answered: Inquiry.Reasons, more: Inquiry.Reasons) -> Inquiry? {
        guard var inquiry = inquiries[order] else { return nil }
        inquiry.reasons = inquiry.reasons.subtracting(answered).union(more)
        inquiries[order] = inquiry.reasons.isEmpty ? nil : inquiry
        return inquiries[order]
    }

    /// Nothing is asked about it any more.
    func end(_ order: OrderKey) { if !inquiries.isEmpty { inquiries[order] = nil } }

    /// Its order is in memory no more.
    func forget(_ order: OrderKey) {
        end(order)
        fills.end(order)
        if !looksBehind.isEmpty { looksBehind[order] = nil }
    }

    // MARK: Rounds

    /// An order in no doubt was neither listed nor found.
    ///
    /// - Returns: in how many rounds by now.
    func missed(_ order: OrderKey) -> Int {
        inquiries[order]?.absentRounds += 1
        return inquiries[order]?.absentRounds ?? 0
    }

    /// A whole round of well-formed answers did not show an order in doubt; what is news of it is written down. Asked about again is what the caller has asked
    /// about again.
    ///
    /// Two rounds, the visibility delay apart, prove it absent, one of them asked for it alone. A measurement of the venue's clock that was read before the
    /// first of them shows the fence passed, and one that is sent after the last has to, too (``judge(_:sentAt:clockEpoch:isPastFence:in:)``).
    ///
    /// - Returns: nil: nothing is asked about it, or only a measurement is awaited.
    func missed(_ order: OrderKey, in round: Round, _ facts: RoundFacts, in turn: Turn) -> RoundEnd? {
        guard var inquiry = inquiries[order], inquiry.provenAt == nil else { return nil }
        defer { inquiries[order] = inquiry }
        let now = turn.now.monotonic
        let pause = patience.doubtPauses.pause(after: inquiry.tries)
        func note(_ kind: Inquiry.Words, _ words: String) { self.note(kind, words, order, &inquiry, facts.request, in: turn) }
        if inquiry.clockEpoch != round.clockEpoch, inquiry.absentRounds > 0 {
            inquiry.forgetRounds()
            note(.step, Self.stepped)
        }
        inquiry.clockEpoch = round.clockEpoch
        guard let venueNow = facts.venueNow, round.clockEpoch == facts.clockEpoch else {
            inquiry.forgetRounds()
            note(.clock, "not found; not counted, for the venue's clock is measured again")
            return .again(after: pause)
        }
        if inquiry.absentRounds > 0, inquiry.firstAbsentAskedAt <= erredAt {
            inquiry.forgetRounds()
            note(.erred, Self.erred)
        }
        guard round.askedAt > erredAt else { return .again(after: pause) }
        guard facts.isPastFence else {
            note(.early, "not found; the request may still arrive for \(max(0, (facts.fence - venueNow) / 1_000)) ms")
            // Past by an older measurement alone: the next question is worth something behind a new one, and waits its turn.
            guard venueNow < facts.fence else { return .clock(after: pause) }
            return .again(after: min(pause, max(.milliseconds(1), facts.fence - venueNow)))
        }
        guard inquiry.absentRounds > 0 else {
            (inquiry.absentRounds, inquiry.firstAbsentAskedAt) = (1, round.askedAt)
            (inquiry.hasSingle, inquiry.wantsSingle) = (round.isSingle, !round.isSingle)
            note(.first, "not found, past the fence (first round)")
            return .first(after: round.askedAt + visibilityUs - now)
        }
        guard round.askedAt - inquiry.firstAbsentAskedAt >= visibilityUs else {
            return .again(after: inquiry.firstAbsentAskedAt + visibilityUs - now)
        }
        inquiry.hasSingle = inquiry.hasSingle || round.isSingle
        guard inquiry.hasSingle else {
            // Listings alone prove nothing: they, too, can lag or leave something out.
            inquiry.wantsSingle = true
            return .again(after: 0)
        }
        if let endsListedAt = facts.endsListedAt, endsListedAt < inquiry.firstAbsentAskedAt { return .ends }
        note(.second, "not found again, past the fence")
        return .second
    }

    /// Only a measurement of the venue's clock, sent from now on, stands before an order's proof.
    func awaitVerdict(on order: OrderKey, _ request: RequestID?, at now: Int64) {
        inquiries[order]?.provenAt = now
        verdicts.append(Verdict(order: order, request: request))
    }

    var awaitsVerdicts: Bool { !verdicts.isEmpty }

    /// The clock was measured: all that waited for it, each to be judged.
    func takeVerdicts() -> [Verdict] {
        defer { verdicts = [] }
        return verdicts
    }

    /// Rounds before a measurement count where no step lies between, and where the fence is past by it, too.
    ///
    /// - Parameters:
    ///   - sentAt: when the measurement was asked for, by the runner's clock: one from before the last round has to be followed by another.
    ///   - isPastFence: by this measurement.
    /// - Returns: whether the order is proven absent; nil: nobody can say yet, or nothing waits for it any more.
    func judge(_ verdict: Verdict, sentAt: Int64, clockEpoch: Int, isPastFence: Bool, in turn: Turn) -> Bool? {
        guard var inquiry = inquiries[verdict.order], let provenAt = inquiry.provenAt else { return nil }
        guard sentAt >= provenAt else {
            verdicts.append(verdict)
            return nil
        }
        inquiry.provenAt = nil
        let isErred = inquiry.firstAbsentAskedAt <= erredAt
        let isProven = !isErred && inquiry.clockEpoch == clockEpoch && isPastFence
        if !isProven {
            inquiry.forgetRounds()
            note(isErred ? .erred : .step, isErred ? Self.erred : Self.stepped, verdict.order, &inquiry, verdict.request, in: turn)
        }
        inquiries[verdict.order] = inquiry
        return inquiry.isAsked ? nil : isProven
    }

    private static let erred = "look-ups were shown to be wrong meanwhile: what was not found before counts no more"
    private static let stepped = "the venue's clock was set meanwhile: what was not found before counts no more"

    /// One line for each kind of news; what repeats itself is counted.
    private func note(_ kind: Inquiry.Words, _ words: String, _ order: OrderKey, _ inquiry: inout Inquiry, _ request: RequestID?, in turn: Turn) {
        guard inquiry.lastWords != kind else {
            inquiry.repeats += 1
            return
        }
        let before = inquiry.repeats > 0 ? " (the answer before came \(inquiry.repeats + 1) times)" : ""
        (inquiry.lastWords, inquiry.repeats) = (kind, 0)
        turn.record(.note(account: account, order, turn.event(.lookup, evidence: .query, request: request, note: words + before)))
    }

    // MARK: How far they are to be trusted

    /// The least time between two rounds that count, microseconds.
    var visibilityUs: Int64 { max(visibilityDelayUs, lagUs) }

    /// What is on record of the look-ups of the account's user, whatever the accounts' names.
    func recall(lagUs: Int64, isFormulaBroken: Bool, sharesUser: Bool, hiddenAbsent: (order: ClientOrderID, account: AccountID)?) {
        (self.lagUs, self.isFormulaBroken, self.sharesUser, self.hiddenAbsent) = (lagUs, isFormulaBroken, sharesUser, hiddenAbsent)
    }

    /// What they did not show is there, or was.
    ///
    /// - Parameter lagUs: for how long they are known not to have shown it; nil: nobody can say.
    func erred(lagUs lag: Int64?, in turn: Turn) {
        erredAt = turn.now.monotonic
        guard let lag, lag > lagUs else { return }
        lagUs = lag
        let words = "look-ups were seen to lag \(lag / 1_000) ms behind: proofs of absence wait as long from here on"
        turn.record(.lookupLag(account, lag, turn.event(.note, note: words)))
    }

    /// Ids at the venue do not follow their formula: from here on what look-ups by computed ids do not find is not absent, also for the next process.
    func breakFormula(_ words: String, request: RequestID?, in turn: Turn) {
        isFormulaBroken = true
        turn.record(.formulaBroken(account, true, turn.event(.note, request: request, note: words)))
    }

    // MARK: Given up

    /// Closed without the venue's word, and looked for all the same.
    var givenUp: Dictionary<OrderKey, Int>.Keys { looksBehind.keys }

    func isGivenUp(_ order: OrderKey) -> Bool { !looksBehind.isEmpty && looksBehind[order] != nil }

    /// Looks for it from here on.
    ///
    /// - Parameter looks: how often it was looked for before; -1: one comes on top.
    func lookAfter(_ order: OrderKey, looks: Int = 0) { looksBehind[order] = looks }

    func missedAgain(_ order: OrderKey) { looksBehind[order]? += 1 }

    /// How long until it is looked for next, microseconds; nil: it was often enough.
    func nextLook(for order: OrderKey) -> Int64? {
        guard let looks = looksBehind[order], looks < patience.givenUpPauses.count else { return nil }
        return max(patience.givenUpPauses[looks], visibilityUs)
    }

    /// - Returns: whether it was looked for.
    func endLooks(for order: OrderKey) -> Bool { looksBehind.removeValue(forKey: order) != nil }
}
