import OMSCore
import Wire

/// A rehearsal at a venue, as far as questions go: what is asked next, and what is made of what came back. Values in, values out; it changes nothing there.
package struct Rehearsal: Sendable {
    /// Whose it is, as the configuration has it.
    package struct Subject: Sendable {
        package let account: AccountID
        package let uid: String
        package let isTLS: Bool
        package let isDemo: Bool
        /// Replaces the venue's window, at a simulator.
        package let freshnessMs: Int64?
        /// Which market listings name, where they name one; nil: any that trades.
        package let symbol: Symbol?
        /// Of the venue's form, and never used: as many as a look-up takes.
        package let unusedIDs: [ClientOrderID]
        /// Questions go where the venue's page says.
        package var isAtPagesHost = true
        /// Where the account takes less of a limit than the page allows, by the limit's name.
        package var limits: [String: OwnLimit] = [:]
        package init(
            account: AccountID, uid: String, isTLS: Bool, isDemo: Bool, freshnessMs: Int64?, symbol: Symbol?, unusedIDs: [ClientOrderID]
        ) {
            (self.account, self.uid, self.isTLS, self.isDemo) = (account, uid, isTLS, isDemo)
            (self.freshnessMs, self.symbol, self.unusedIDs) = (freshnessMs, symbol, unusedIDs)
        }
    }

    /// What an account takes of a limit by its configuration; nil: as the page says.
    package struct OwnLimit: Sendable {
        package let permits: Int?
        package let share: Int?
        package init(permits: Int?, share: Int?) { (self.permits, self.share) = (permits, share) }
    }

    /// What is to be done.
    package enum Step: Sendable {
        /// To ask; `agedMs`: stamped so much earlier than other questions; `windowMs`: the freshness window in force.
        case ask(Query, agedMs: Int64, windowMs: Int64)
        /// To go through a conversation on the private stream (``StreamRehearsal``).
        case listen(Symbol?)
        /// To wait so long, milliseconds, before the same is asked again.
        case pause(Int64)
    }

    package enum Outcome: Sendable {
        /// Times of the runner's clock, microseconds, around the round trip.
        case answered(VenueAnswer, sent: Int64, read: Int64)
        /// No answer came: why.
        case unanswered(String)
        case heard([RehearsalRow.Seen])
        case paused
    }

    enum Stage: Hashable {
        case clock(Int)
        case account, markets, openOrders, history, fills
        /// An id that never was, by each page of a look-up.
        case unknown(Int)
        case many, shortWindow, stale, stream, over
    }

    private static let readings = 4
    /// How often the same is asked that is refused for its rate.
    static let rateTries = 3
    /// How long a rehearsal waits for a limit at most, milliseconds.
    static let rateWaitMs: Int64 = 10_000

    let adapter: any VenueAdapter
    let subject: Subject
    let assumptions: [Assumption]
    let hasStream: Bool
    /// Why the private stream is not listened to; nil: it is, or there is no more to say.
    package var streamSilence: String?
    private(set) var stage = Stage.clock(0)
    var notes: [String: (verdict: RehearsalRow.Verdict, words: String)] = [:]
    var clocks: [VenueClock] = []
    /// Why nothing more was asked; nil: all was.
    package internal(set) var stopped: String?
    package internal(set) var facts: AccountFacts?
    package internal(set) var markets: [Instrument] = []
    /// The newest order that traded.
    var traded: OrderReport?
    /// Answers to the unknown id, by page: whether it was answered well.
    var unknownPages = 0
    /// How often what is asked now was refused for its rate, in a row.
    var rateRefusals = 0
    /// How long to wait before the same is asked again; nil: it is not asked again.
    var pauseMs: Int64?
    /// What came and told nothing, in words.
    package internal(set) var remarks: [String] = []

    package init(_ adapter: any VenueAdapter, _ subject: Subject, assumptions: [Assumption], hasStream: Bool) {
        precondition(!subject.unusedIDs.isEmpty, "a rehearsal without an id that never was")
        (self.adapter, self.subject, self.assumptions, self.hasStream) = (adapter, subject, assumptions, hasStream)
    }

    var profile: VenueProfile { adapter.profile }
    package var windowMs: Int64 { freshnessMs }
    var freshnessMs: Int64 { subject.freshnessMs ?? profile.freshnessMs }
    /// The best that is known of the venue's clock: the reading with the shortest round trip.
    package func clock(at now: Int64) -> VenueClock? { clocks.min { $0.errorUs(at: now) < $1.errorUs(at: now) } }

    /// The market that questions name.
    package var market: Symbol? { subject.symbol ?? markets.filter(\.tradable).map(\.symbol).min() ?? markets.map(\.symbol).min() }

    /// What is to be done now; nil: it is over.
    package func next() -> Step? {
        let far = freshnessMs
        if let pauseMs { return .pause(pauseMs) }
        switch stage {
        case .clock: return .ask(.serverTime, agedMs: 0, windowMs: far)
        case .account: return .ask(.account, agedMs: 0, windowMs: far)
        case .markets: return .ask(.instruments, agedMs: 0, windowMs: far)
        case .openOrders: return .ask(.openOrders(symbol: listed, page: nil), agedMs: 0, windowMs: far)
        case .history: return .ask(.history(symbol: listed, sinceMs: sinceMs, page: nil), agedMs: 0, windowMs: far)
        case .fills:
            guard let traded, let id = traded.venueOrderID else { return nil }
            return .ask(.fills(subject(traded.clientOrderID ?? subject.unusedIDs[0], venueID: id), page: nil), agedMs: 0, windowMs: far)
        case .unknown(let step): return .ask(.find([subject(subject.unusedIDs[0])], step: step), agedMs: 0, windowMs: far)
        case .many: return .ask(.find(subject.unusedIDs.prefix(profile.findMax).map { subject($0) }, step: 0), agedMs: 0, windowMs: far)
        case .shortWindow: return .ask(.openOrders(symbol: listed, page: nil), agedMs: 0, windowMs: profile.recvwindowFloorMs)
        case .stale: return .ask(.openOrders(symbol: listed, page: nil), agedMs: staleMs, windowMs: far)
        case .stream: return .listen(market)
        case .over: return nil
        }
    }

    package mutating func heard(_ outcome: Outcome) {
        switch outcome {
        case .answered(let answer, let sent, let read):
            judge(answer, sent: sent, read: read)
            if pauseMs != nil { return }
            rateRefusals = 0
        case .paused:
            pauseMs = nil
            return
        case .unanswered(let why): unanswered(why)
        case .heard(let seen): for one in seen { note(one.name, one.verdict, one.seen) }
        }
        stage = stopped == nil ? following(stage) : .over
        while skips(stage) { stage = following(stage) }
    }

    /// It could not go on: why.
    package mutating func broke(_ why: String) { (stopped, stage) = (stopped ?? why.escapedForLog, .over) }

    /// What was seen beside its own questions: by the placing part, in any row.
    package mutating func heard(beside seen: [RehearsalRow.Seen]) { for one in seen { note(one.name, one.verdict, one.seen) } }

    /// What the newest order of the market that traded came to; nil: none did.
    package var lastPrice: Decimal? { traded.flatMap { $0.symbol == nil || $0.symbol == market ? $0.averagePrice ?? $0.price : nil } }

    private func following(_ stage: Stage) -> Stage {
        switch stage {
        case .clock(let index):
            if index + 1 < Self.readings { return .clock(index + 1) }
            return index == Self.readings ? .stale : .account
        case .account: return .markets
        case .markets: return .openOrders
        case .openOrders: return .history
        case .history: return .fills
        case .fills: return .unknown(0)
        case .unknown(let step): return step + 1 < profile.findSteps ? .unknown(step + 1) : .many
        case .many: return .shortWindow
        // Once more, a while after the others.
        case .shortWindow: return .clock(Self.readings)
        case .stale: return .stream
        case .stream, .over: return .over
        }
    }

    /// What cannot be asked here, or would tell nothing.
    private func skips(_ stage: Stage) -> Bool {
        switch stage {
        case .fills: !profile.listsFills || traded?.venueOrderID == nil
        case .many: profile.findMax == 1 || subject.unusedIDs.count < profile.findMax
        case .shortWindow: profile.recvwindowFloorMs == 0
        case .stream: !hasStream
        case .clock, .account, .markets, .openOrders, .history, .unknown, .stale, .over: false
        }
    }

    /// Nothing can be said of what asks for an answer; without a first one nothing else is tried.
    private mutating func unanswered(_ why: String) {
        if stage == .clock(0) {
            stopped = "the venue cannot be reached: \(why)"
            if why.contains("certificate") { note("tls", .contradicts, why) }
            return
        }
        untold("no answer: \(why)")
    }

    // MARK: What questions name

    var listed: Symbol? { profile.listsBySymbol ? market : nil }
    private var sinceMs: Int64 { (clocks.last.map { $0.middle(at: $0.measuredAt) / 1_000 } ?? 0) - 86_400_000 }
    /// Older than any stamp that counts.
    var staleMs: Int64 { max(profile.signatureMs ?? 0, freshnessMs, profile.recvwindowFloorMs) + 10_000 }

    private func subject(_ id: ClientOrderID, venueID: VenueOrderID? = nil) -> FindSubject {
        let symbol = market ?? Symbol("BTCUSDT")
        let terms = OrderTerms(symbol: symbol, side: .buy, type: .limit)
        var predicted: [VenueOrderID] = []
        if profile.looksUpByVenueID, let last = clocks.last,
            let id = adapter.predictedID(clientOrderID: id, timeMs: last.middle(at: last.measuredAt) / 1_000 - 60_000, facts: facts)
        {
            predicted = [id]
        }
        return FindSubject(
            order: OrderKey(0), clientOrderID: id, venueOrderID: venueID, predictedIDs: predicted, terms: terms, sinceMs: max(0, sinceMs))
    }

    // MARK: What was seen

    /// What speaks against an assumption is not taken back by what speaks for it.
    mutating func note(_ name: String, _ verdict: RehearsalRow.Verdict, _ words: String) {
        func weight(_ verdict: RehearsalRow.Verdict) -> Int {
            switch verdict {
            case .contradicts: 2
            case .holds: 1
            case .notSeen: 0
            }
        }
        guard let assumption = assumptions.first(where: { $0.name == name }) else { return }
        // What no rehearsal shows does not hold because nothing went wrong; a limit may be told beside an answer all the same.
        if assumption.sight == .nothing, verdict == .holds, !name.hasPrefix("limit:") { return }
        if let known = notes[name], weight(known.verdict) >= weight(verdict) { return }
        notes[name] = (verdict, words)
    }

    /// One line for each assumption, in the order of the venue's page.
    package var seen: [RehearsalRow.Seen] {
        assumptions.map { assumption in
            let note = notes[assumption.name] ?? (.notSeen, unseen(assumption))
            return RehearsalRow.Seen(
                name: assumption.name, assumed: assumption.assumed.cut, seen: note.words.cut, verdict: note.verdict,
                bears: assumption.bears?.rawValue)
        }
    }

    /// It is taken for granted of the venue.
    package func assumes(_ name: String) -> Bool { assumptions.contains { $0.name == name } }

    private func unseen(_ assumption: Assumption) -> String {
        switch assumption.sight {
        case .reading where streamSilence != nil && assumption.name.hasPrefix("stream:"): streamSilence ?? ""
        case .reading: stopped ?? "nothing that was answered shows it"
        case .placing: "only orders show it (--place)"
        case .filling where streamSilence != nil && assumption.name.hasPrefix("stream:"): streamSilence ?? ""
        case .filling: "only an order that executes shows it (--fill)"
        case .nothing: "no rehearsal shows it: \(assumption.how)"
        }
    }
}

extension String {
    /// Fit for the record: escaped, and of 500 bytes at most.
    var cut: String {
        let text = escapedForLog
        guard text.utf8.count > 500 else { return text }
        return String(decoding: text.utf8.prefix(480), as: UTF8.self).filter { $0 != "\u{FFFD}" } + "…"
    }
}
