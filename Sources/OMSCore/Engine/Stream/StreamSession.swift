import Containers

/// One private stream's way from nothing to live, and back: a token, the connection, the login, the subscriptions, heartbeats, and the pauses between
/// attempts. Of orders it knows nothing.
///
/// An owner: pure. It takes what it hears and what time it is, and returns what is to be said and done (``Step``); permits are asked for through a closure, so
/// that it takes none that are not free.
final class StreamSession {
    /// What is to be done, or told, in order.
    enum Step: Equatable {
        case wish(StreamWish.What, RequestID)
        /// All channels are acknowledged: what a reconciliation that begins from here on shows, no push is missing of.
        case up
        /// It was live, or could have been: from here on pushes may be missing.
        case down(String)
        /// The venue says that our clock is off.
        case clockRefused(String)
        /// The request for a token came to its end.
        case tokenEnded(RequestID, RequestOutcome)
        case failed(String)
    }

    /// What it may ask for when it wants to move on.
    struct Means {
        /// Whether so many permits of a budget are free; else it is called when they may be.
        var mayTake: (_ budget: String, _ count: Int) -> Bool
        /// Takes them for an attempt; only after ``mayTake``.
        var take: (_ budget: String, RequestID, _ count: Int) -> PermitList
        var nextAttempt: () -> RequestID
        /// Milliseconds of the venue's clock; nil: not measured, or the account is not known well enough.
        var timeMs: Int64?
        var facts: AccountFacts?
        /// 0 up to a bound, for jitter.
        var chance: (_ below: Int64) -> Int64
    }

    let name: StreamName
    let profile: StreamProfile
    private let patience: Patience
    private let channels: ([StreamMarket]) -> [[StreamChannel]]

    private(set) var phase = Phase.resting
    /// Attempts in a row that came to nothing, and when the next begins.
    private var failures = 0
    private(set) var nextAt: Int64 = .min
    /// When the phase is given up, and since when the stream is live.
    private var deadline: Int64 = .max
    private var openedAt: Int64 = 0
    /// When the token was asked for; nil: there is none. Which way of getting one is next.
    private var tokenAt: Int64?
    private var way = 0
    /// The request for a new token while the stream is live.
    private var renewal: RequestID?
    private var renewAt: Int64 = .max

    private var markets: Set<StreamMarket> = []
    private var wanted: Set<StreamChannel> = []
    private var acknowledged: Set<StreamChannel> = []
    /// The last attempt was refused for its time.
    private var isClockRefused = false
    private var unsaid: [[StreamMarket]] = []

    private var nextPingAt: Int64 = .max
    private var pongBy: Int64 = .max
    /// When messages of ours left, as many as the venue counts.
    private var said: Deque<Int64> = Deque()

    init(_ name: StreamName, _ profile: StreamProfile, patience: Patience, channels: @escaping ([StreamMarket]) -> [[StreamChannel]]) {
        (self.name, self.profile, self.patience, self.channels) = (name, profile, patience, channels)
    }

    var isLive: Bool { if case .live = phase { true } else { false } }

    /// The connection that stands or is being made, or the request for a token.
    var attempt: RequestID? {
        switch phase {
        case .resting: nil
        case .fetching(let id), .connecting(let id), .greeting(let id), .loggingIn(let id), .subscribing(let id), .live(let id): id
        }
    }

    // MARK: Moving on

    /// Does what is due.
    func goOn(_ means: Means, in turn: Turn) -> [Step] {
        let now = turn.now.monotonic
        var steps: [Step] = []
        if now >= deadline { steps += lose(phase.overdue, means, at: now) }
        if now >= pongBy { steps += lose("no answer to the heartbeat within \(profile.heartbeat.answerWithinMs) ms", means, at: now) }
        if let lifeMs = profile.lifeMs, isLive, now >= openedAt + .milliseconds(lifeMs - lifeMs / 20) {
            steps += lose("its longest life is nearly over", means, at: now, isPlanned: true)
        }
        if let token = profile.token, isLive, let at = tokenAt, now >= at + .milliseconds(token.lifeMs) {
            steps += lose("its token is too old", means, at: now)
        }
        switch phase {
        case .resting: steps += begin(means, in: turn)
        case .subscribing, .live:
            steps += subscribe(means, in: turn)
            steps += renew(means, in: turn)
        case .fetching, .connecting, .greeting, .loggingIn: break
        }
        steps += ping(at: now)
        for time in [deadline, pongBy, nextPingAt] where time != .max { turn.wake(at: time) }
        if phase == .resting, nextAt > now { turn.wake(at: nextAt) }
        return steps
    }

    private static let (connects, subscribes, tokens) = ("stream:connect", "stream:subscribe", "lookup:ws-token")

    private func begin(_ means: Means, in turn: Turn) -> [Step] {
        let now = turn.now.monotonic
        guard now >= nextAt, let timeMs = means.timeMs else { return [] }
        if let token = profile.token, tokenAt.map({ now - $0 >= .milliseconds(token.lifeMs / 2) }) ?? true {
            return fetch(means, timeMs, at: now).map { id, step in
                phase = .fetching(id)
                deadline = now + patience.streamAnswerUs
                return [step]
            } ?? []
        }
        guard means.mayTake(Self.connects, 1) else { return [] }
        let id = means.nextAttempt()
        _ = means.take(Self.connects, id, 1)
        (phase, deadline) = (.connecting(id), now + patience.streamAnswerUs)
        return [.wish(.connect(means.facts, timeMs: timeMs), id)]
    }

    private func fetch(_ means: Means, _ timeMs: Int64, at now: Int64) -> (RequestID, Step)? {
        guard means.mayTake(Self.tokens, 1) else { return nil }
        let id = means.nextAttempt()
        return (id, .wish(.token(way: way, timeMs: timeMs, means.take(Self.tokens, id, 1)), id))
    }

    /// A token is renewed at half of its life.
    private func renew(_ means: Means, in turn: Turn) -> [Step] {
        guard let token = profile.token, let at = tokenAt, renewal == nil, isLive, let timeMs = means.timeMs else { return [] }
        let now = turn.now.monotonic
        let time = max(at + .milliseconds(token.lifeMs / 2), renewAt == .max ? .min : renewAt)
        guard now >= time else {
            turn.wake(at: time)
            return []
        }
        guard let (id, step) = fetch(means, timeMs, at: now) else { return [] }
        renewal = id
        return [step]
    }

    // MARK: Subscriptions

    /// Markets that are used: where subscriptions name one each, those that were not subscribed are.
    ///
    /// - Returns: whether some channel is not acknowledged that was not wanted before.
    func use(_ markets: Set<StreamMarket>) -> Bool {
        guard profile.isBySymbol, !markets.isSubset(of: self.markets) else { return false }
        let new = markets.subtracting(self.markets).sorted()
        self.markets.formUnion(new)
        guard case .live(let id) = phase else { return false }
        want(new)
        // Markets of another product may go by channels that are acknowledged: nothing is said then, and nothing comes.
        guard !unsaid.isEmpty || !wanted.isSubset(of: acknowledged) else { return false }
        phase = .subscribing(id)
        return true
    }

    private static let marketsAtOnce = 15

    private func want(_ markets: [StreamMarket]) {
        let new = Set(channels(markets).flatMap { $0 }).subtracting(acknowledged)
        wanted.formUnion(new)
        if !new.isEmpty { queue(markets) }
    }

    /// So many at once that each group fits what may be said in a while.
    private func queue(_ markets: [StreamMarket]) {
        guard !markets.isEmpty else { return unsaid.append([]) }
        for first in stride(from: 0, to: markets.count, by: Self.marketsAtOnce) {
            unsaid.append(Array(markets[first..<min(markets.count, first + Self.marketsAtOnce)]))
        }
    }

    /// Says what is not said yet, as far as permits and the rate of messages allow.
    private func subscribe(_ means: Means, in turn: Turn) -> [Step] {
        let now = turn.now.monotonic
        var steps: [Step] = []
        while let markets = unsaid.first, let id = attempt {
            let messages = channels(markets).count
            guard mayTell(messages, at: now), means.mayTake(Self.subscribes, messages) else { break }
            _ = means.take(Self.subscribes, id, messages)
            unsaid.removeFirst()
            for _ in 0..<messages { tell(at: now) }
            deadline = now + patience.streamAnswerUs
            steps.append(.wish(.subscribe(markets), id))
        }
        if !unsaid.isEmpty {
            // Acknowledgements are waited for once all is said.
            deadline = .max
            if let first = said.first { turn.wake(at: first + .milliseconds(profile.messages.windowMs)) }
        }
        return steps
    }

    private func enterSubscribing(_ id: RequestID) -> [Step] {
        (phase, deadline) = (.subscribing(id), .max)
        (wanted, acknowledged, unsaid) = ([], [], [])
        want(markets.sorted())
        return wanted.isEmpty && unsaid.isEmpty ? becomeLive(id) : []
    }

    private func becomeLive(_ id: RequestID) -> [Step] {
        (phase, deadline, isClockRefused) = (.live(id), .max, false)
        return [.up]
    }

    // MARK: Heartbeats

    private func ping(at now: Int64) -> [Step] {
        guard let id = attempt, now >= nextPingAt, mayTell(1, at: now) else { return [] }
        tell(at: now)
        nextPingAt = now + .milliseconds(profile.heartbeat.everyMs)
        pongBy = min(pongBy, now + .milliseconds(profile.heartbeat.answerWithinMs))
        return [.wish(.say(profile.heartbeat.text), id)]
    }

    private func mayTell(_ count: Int, at now: Int64) -> Bool {
        while let first = said.first, now - first >= .milliseconds(profile.messages.windowMs) { _ = said.popFirst() }
        return said.count + min(count, profile.messages.count) <= profile.messages.count
    }

    private func tell(at now: Int64) { said.append(now) }

    // MARK: Hearing

    /// - Returns: nil: it is of an attempt that is over.
    func hear(_ event: StreamEvent, _ means: Means, in turn: Turn) -> [Step]? {
        let now = turn.now.monotonic
        let isRenewal = event.attempt == renewal
        guard event.attempt == attempt || isRenewal else { return nil }
        switch event.what {
        case .tokenGranted: return granted(event.attempt, isRenewal: isRenewal, means, at: now)
        case .tokenRefused(let isNoWay, let retryAfterMs, let refusal, let words):
            let ended = Step.tokenEnded(event.attempt, .refused)
            if isNoWay, let token = profile.token { way = (way + 1) % token.ways }
            if isRenewal {
                (renewal, renewAt) = (nil, now + max(.milliseconds(retryAfterMs ?? 0), patience.streamRefusedUs))
                return [ended, .failed("no new token: \(words)")]
            }
            return [ended] + refused(refusal, "no token: \(words)", means, at: now, atLeastUs: retryAfterMs.map { .milliseconds($0) }, isClosed: true)
        case .opened:
            guard case .connecting(let id) = phase else { return [] }
            openedAt = now
            nextPingAt = now + .milliseconds(profile.heartbeat.everyMs)
            guard !profile.greets else {
                (phase, deadline) = (.greeting(id), now + patience.streamAnswerUs)
                return []
            }
            return introduce(id, means, at: now)
        case .closed(let words):
            if case .fetching = phase { return [.tokenEnded(event.attempt, .inDoubt)] + lose(words, means, at: now, isClosed: true) }
            if isRenewal {
                (renewal, renewAt) = (nil, now + patience.streamRefusedUs)
                return [.tokenEnded(event.attempt, .inDoubt), .failed("no new token: \(words)")]
            }
            return lose(words, means, at: now, isClosed: true)
        case .told(let news): return news.flatMap { hear($0, means, at: now) }
        }
    }

    private func granted(_ id: RequestID, isRenewal: Bool, _ means: Means, at now: Int64) -> [Step] {
        tokenAt = now
        renewAt = .max
        let ended = Step.tokenEnded(id, .acknowledged)
        guard isRenewal else {
            (phase, deadline, nextAt) = (.resting, .max, now)
            return [ended]
        }
        renewal = nil
        guard profile.token?.isOfTheConnection == false, case .live(let id) = phase else {
            return [ended] + lose("a new token wants a new connection", means, at: now, isPlanned: true)
        }
        // The same channels, under the new token: each is acknowledged anew, and those of the old one go on until then.
        acknowledged = []
        guard !profile.isBySymbol || !markets.isEmpty else { return [ended] }
        queue(markets.sorted())
        phase = .subscribing(id)
        return [ended]
    }

    private func introduce(_ id: RequestID, _ means: Means, at now: Int64) -> [Step] {
        guard profile.login == .message else { return enterSubscribing(id) }
        guard let timeMs = means.timeMs else { return lose("the venue's clock is not known", means, at: now) }
        (phase, deadline) = (.loggingIn(id), now + patience.streamAnswerUs)
        tell(at: now)
        return [.wish(.login(timeMs: timeMs), id)]
    }

    private func hear(_ news: StreamNews, _ means: Means, at now: Int64) -> [Step] {
        guard let id = attempt, phase != .resting else { return [] }
        switch news {
        case .pong: pongBy = .max
        case .ping(let answer):
            // More of them than we may send are not answered: what is beyond the rate is a cut, and then an address's ban.
            guard mayTell(1, at: now) else { return [] }
            tell(at: now)
            return [.wish(.say(answer), id)]
        case .greeting(let isAuthorized):
            guard case .greeting = phase else { return [] }
            guard isAuthorized || profile.login == .message else {
                return refused(.configuration, "the venue does not know who we are", means, at: now)
            }
            return introduce(id, means, at: now)
        case .loginAccepted:
            guard case .loggingIn = phase else { return [] }
            return enterSubscribing(id)
        case .loginRefused(let refusal, let code, let text): return refused(refusal, "login refused: \(code) \(text)", means, at: now)
        case .subscribed(let channel):
            acknowledged.insert(channel)
            guard case .subscribing = phase, unsaid.isEmpty, wanted.isSubset(of: acknowledged) else { return [] }
            return becomeLive(id)
        case .subscribeRefused(let channel, let code, let text):
            return lose("subscription\(channel.map { " of \($0)" } ?? "") refused: \(code) \(text)", means, at: now)
        // A venue that takes leave of each connection as soon as it stands is come to as slowly as one that fails.
        case .goingAway(let words): return lose(words, means, at: now, isPlanned: hasLived(at: now))
        case .tooFast(let words): return refused(.later, words, means, at: now, atLeastUs: patience.streamPauses.most)
        case .tokenRefused(let words):
            tokenAt = nil
            if !isLive, let token = profile.token { way = (way + 1) % token.ways }
            return lose(words, means, at: now)
        case .order, .fill, .fillsDue, .unknown: break
        }
        return []
    }

    // MARK: Losing it

    /// - Parameter isClosed: What was out is ended already.
    private func refused(
        _ refusal: StreamRefusal, _ words: String, _ means: Means, at now: Int64, atLeastUs: Int64? = nil, isClosed: Bool = false
    ) -> [Step] {
        var steps = lose(words, means, at: now, isClosed: isClosed)
        switch refusal {
        case .configuration: nextAt = max(nextAt, now + patience.streamRefusedUs)
        case .clock:
            steps.append(.clockRefused(words))
            // Some say so of a key, too: measured again it would have been let in.
            if isClockRefused { nextAt = max(nextAt, now + patience.streamRefusedUs) }
            isClockRefused = true
        case .later: break
        }
        if let atLeastUs { nextAt = max(nextAt, now + atLeastUs) }
        return steps
    }

    /// What a person or a poll found out: it is open, and tells nothing.
    func giveUp(_ words: String, _ means: Means, at now: Int64) -> [Step] { lose(words, means, at: now) }

    private func hasLived(at now: Int64) -> Bool { isLive && now - openedAt >= patience.streamPauses.most }

    /// The connection is over, by the venue's doing or ours.
    ///
    /// - Parameter isPlanned: nothing went wrong: the next one is made at once.
    private func lose(_ words: String, _ means: Means, at now: Int64, isPlanned: Bool = false, isClosed: Bool = false) -> [Step] {
        guard let id = attempt else { return [] }
        let wasFetching = if case .fetching = phase { true } else { false }
        var steps: [Step] = []
        if let renewal { steps.append(.tokenEnded(renewal, .inDoubt)) }
        if wasFetching, !isClosed { steps.append(.tokenEnded(id, .inDoubt)) }
        if !isClosed, !wasFetching { steps.append(.wish(.close(words), id)) }
        // One that had lived for a while begins anew with short pauses.
        if hasLived(at: now) { failures = 0 }
        let longest = patience.streamPauses.pause(after: failures)
        let jitter = means.chance(longest - patience.streamPauses.first)
        nextAt = isPlanned ? now : now + patience.streamPauses.first + jitter
        failures += isPlanned ? 0 : 1
        (phase, deadline, pongBy, nextPingAt, renewal, renewAt) = (.resting, .max, .max, .max, nil, .max)
        (wanted, acknowledged, unsaid, said) = ([], [], [], Deque())
        steps.append(.down(words))
        return steps
    }
}
