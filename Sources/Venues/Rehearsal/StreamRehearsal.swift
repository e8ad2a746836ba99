import OMSCore
import Wire

/// One conversation on a private stream, to see whether it goes as its profile says: opened, let in, subscribed, and one heartbeat answered; and on from
/// there, where somebody wants to hear what it tells. Values in, values out.
package struct StreamRehearsal: Sendable {
    package enum Step: Sendable {
        /// By one of the ways that there are.
        case fetchToken(way: Int)
        case open(StreamUpgrade)
        case say([UInt8])
        /// All that is left is to wait so long, milliseconds.
        case wait(Int64)
        case close(String)
    }

    package enum Heard: Sendable {
        case token(StreamTokenAnswer)
        case opened
        case told([StreamNews])
        case ended(String)
        /// What was waited for did not come.
        case silence
    }

    private enum Stage { case token, opening, greeting, loggingIn, subscribing, beating, listening, over }

    /// How long the venue has for each answer, milliseconds.
    private static let patienceMs: Int64 = 10_000

    private let dialect: any StreamDialect
    private let key: SigningKey
    private let facts: AccountFacts?
    private let symbols: [Symbol]
    private let isDemo: Bool
    private let isTLS: Bool
    /// It is where the venue's page says.
    private let isAtPagesHost: Bool
    /// It goes on behind the heartbeat.
    private let staysOpen: Bool
    private var stage: Stage
    private var way = 0
    private var token: StreamToken?
    private var wanted: Set<StreamChannel> = []
    private var steps: [Step] = []
    package private(set) var seen: [RehearsalRow.Seen] = []
    /// What was told of orders while somebody listens.
    private var pushes: [HeardPush] = []

    package init(
        _ dialect: any StreamDialect, facts: AccountFacts?, symbol: Symbol?, isTLS: Bool, isAtPagesHost: Bool, isDemo: Bool, staysOpen: Bool = false,
        timeMs: Int64, key: SigningKey
    ) {
        (self.dialect, self.facts, self.key) = (dialect, facts, key)
        (self.isTLS, self.isDemo, symbols) = (isTLS, isDemo, symbol.map { [$0] } ?? [])
        (self.isAtPagesHost, self.staysOpen) = (isAtPagesHost, staysOpen)
        stage = .opening
        if dialect.profile.token != nil {
            stage = .token
            steps = [.fetchToken(way: 0)]
        } else {
            begin(timeMs: timeMs)
        }
    }

    private var profile: StreamProfile { dialect.profile }
    package var isOver: Bool { if case .over = stage { steps.isEmpty } else { false } }
    /// It is let in and subscribed, and tells whatever happens.
    package var isListening: Bool { if case .listening = stage { true } else { false } }

    /// What was told since the last time.
    package mutating func takePushes() -> [HeardPush] {
        defer { pushes = [] }
        return pushes
    }

    /// Nobody listens any more.
    package mutating func leave() { end("the rehearsal is over") }

    /// What is to be done now; nil: it is over.
    package mutating func next() -> Step? {
        if !steps.isEmpty { return steps.removeFirst() }
        if case .over = stage { return nil }
        if case .beating = stage { return .wait(profile.heartbeat.answerWithinMs) }
        return .wait(Self.patienceMs)
    }

    /// - Parameters:
    ///   - timeMs: the venue's clock.
    ///   - at: when it was, microseconds of the runner's clock.
    package mutating func heard(_ heard: Heard, timeMs: Int64, at: Int64 = 0) {
        switch heard {
        case .token(let answer): tokenAnswered(answer, timeMs: timeMs)
        case .opened:
            guard case .opening = stage else { return }
            let words = isAtPagesHost ? isTLS ? "it opens" : "it opens, over plain HTTP" : "another host's opens than the page's"
            note(isDemo ? "demo_url" : "url", isAtPagesHost ? .holds : .notSeen, words)
            if profile.login == .upgrade { note("login", .holds, "the upgrade is taken") }
            stage = .greeting
            if !profile.greets { introduce(timeMs: timeMs) }
        case .told(let news): for one in news { hear(one, timeMs: timeMs, at: at) }
        case .ended(let why): fail(why, isEnded: true)
        case .silence where isListening: break
        case .silence: fail("no answer within \(isBeating ? profile.heartbeat.answerWithinMs : Self.patienceMs) ms")
        }
    }

    private var isBeating: Bool { if case .beating = stage { true } else { false } }

    private mutating func tokenAnswered(_ answer: StreamTokenAnswer, timeMs: Int64) {
        guard case .token = stage, let rule = profile.token else { return }
        switch answer {
        case .granted(let token):
            self.token = token
            note("token", .holds, way == 0 ? "it is given out" : "it is given out, by way \(way + 1)")
            begin(timeMs: timeMs)
        case .noSuchWay where way + 1 < rule.ways:
            way += 1
            steps.append(.fetchToken(way: way))
        case .noSuchWay(let words): fail(words)
        case .refused(_, let code, let text): fail("\(code) \(text)")
        case .tooFast: fail("refused for its rate")
        case .failed(let words): fail(words)
        }
    }

    private mutating func begin(timeMs: Int64) {
        guard let upgrade = dialect.upgrade(facts: facts, token: token, timeMs: timeMs, with: key) else {
            return fail("what the upgrade names is not known")
        }
        stage = .opening
        steps.append(.open(upgrade))
    }

    private mutating func introduce(timeMs: Int64) {
        guard profile.login == .message, let message = dialect.login(timeMs: timeMs, with: key) else { return subscribe() }
        stage = .loggingIn
        steps.append(.say(message.bytes))
    }

    private mutating func subscribe() {
        let messages = dialect.subscriptions(symbols, token: token)
        wanted = Set(messages.flatMap(\.channels))
        stage = .subscribing
        if profile.isBySymbol, !messages.isEmpty { note("by_symbol", .notSeen, "asked for \(symbols.map(\.text).joined(separator: ", "))") }
        steps += messages.map { .say($0.bytes) }
        if wanted.isEmpty { beat() }
    }

    private mutating func beat() {
        stage = .beating
        steps.append(.say(Array(profile.heartbeat.text.utf8)))
    }

    private mutating func hear(_ news: StreamNews, timeMs: Int64, at: Int64) {
        switch (stage, news) {
        case (_, .ping(let answer)): steps.append(.say(Array(answer.utf8)))
        case (.greeting, .greeting(let isAuthorized)):
            note("greets", .holds, "it speaks first")
            guard isAuthorized || profile.login == .message else { return fail("the venue does not know who we are") }
            introduce(timeMs: timeMs)
        case (.loggingIn, .loginAccepted):
            note("login", .holds, "it is accepted")
            subscribe()
        case (.subscribing, .subscribed(let channel)):
            wanted.remove(channel)
            guard wanted.isEmpty else { return }
            note("subscription", .holds, "every channel is acknowledged")
            if profile.login == .subscription { note("login", .holds, "the token is taken") }
            if profile.isBySymbol { note("by_symbol", .holds, "one market's channel is acknowledged") }
            beat()
        case (.beating, .pong):
            note("heartbeat", .holds, "answered within \(profile.heartbeat.answerWithinMs) ms")
            if staysOpen { stage = .listening } else { end("the rehearsal is over") }
        case (.listening, .order), (.listening, .fill), (.listening, .fillsDue): pushes.append(HeardPush(news, at: at))
        case (_, .loginRefused(_, let code, let text)), (_, .subscribeRefused(_, let code, let text)): fail("\(code) \(text)")
        case (_, .tokenRefused(let words)), (_, .tooFast(let words)), (_, .goingAway(let words)): fail(words)
        case (_, .pong), (_, .greeting), (_, .loginAccepted), (_, .subscribed), (_, .order), (_, .fill), (_, .fillsDue), (_, .unknown): break
        }
    }

    private mutating func fail(_ why: String, isEnded: Bool = false) {
        switch stage {
        case .token: note("token", .contradicts, why)
        case .opening:
            note(isDemo ? "demo_url" : "url", .contradicts, why)
            if profile.login == .upgrade { note("login", .contradicts, why) }
        case .greeting: note("greets", .contradicts, why)
        case .loggingIn: note("login", .contradicts, why)
        case .subscribing:
            let words = "\(why); not acknowledged: \(wanted.map(\.text).sorted().joined(separator: ", "))"
            note("subscription", .contradicts, words)
            if profile.login == .subscription { note("login", .contradicts, words) }
            if profile.isBySymbol { note("by_symbol", .contradicts, words) }
        case .listening: break
        case .beating: note("heartbeat", .contradicts, why)
        case .over: return
        }
        if isEnded { (stage, steps) = (.over, []) } else { end(why) }
    }

    private mutating func end(_ why: String) {
        let isOpen =
            switch stage {
            case .token, .opening, .over: false
            case .greeting, .loggingIn, .subscribing, .beating, .listening: true
            }
        (stage, steps) = (.over, isOpen ? [.close(why)] : [])
    }

    private mutating func note(_ name: String, _ verdict: RehearsalRow.Verdict, _ words: String) {
        seen.append(RehearsalRow.Seen(name: "stream:\(name)", assumed: "", seen: words, verdict: verdict, bears: nil))
    }
}
