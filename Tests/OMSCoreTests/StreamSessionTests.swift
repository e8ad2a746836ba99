@testable import OMSCore
import Testing

/// A private stream's way to live and back, built alone: what it hears is told it, and what it says is read.
@Suite struct `The session of a private stream` {
    /// All that a session may ask for, and what it got.
    private final class World {
        let turn = Turn(at: Moment(monotonic: 0, wall: 0))
        var timeMs: Int64? = 1_000
        var isFree = true
        /// Whether pauses take all of their jitter, or none.
        var takesJitter = false
        var taken: [String] = []
        private var attempts: Int64 = 0

        func at(_ time: Int64) -> Self {
            turn.goOn(at: Moment(monotonic: time, wall: time))
            return self
        }
        var means: StreamSession.Means {
            StreamSession.Means(
                mayTake: { [self] _, _ in isFree },
                take: { [self] budget, attempt, count in
                    taken.append("\(budget) \(count)")
                    return PermitList([])
                },
                nextAttempt: { [self] in
                    attempts += 1
                    return RequestID(attempts)
                }, timeMs: timeMs, facts: nil, chance: { [self] in takesJitter ? $0 : 0 })
        }
    }

    private let world = World()
    private static let (a, b) = (StreamMarket("spot", "a"), StreamMarket("spot", "b"))
    private static func profile(_ change: (inout StreamProfile) -> Void = { _ in }) -> StreamProfile {
        var profile = StreamProfile(
            url: "wss://plain.example", heartbeat: StreamProfile.Heartbeat("ping", everyMs: 20_000, answerWithinMs: 5_000),
            messages: StreamProfile.MessageRate(10, perMs: 1_000), budgets: [], login: .message, versions: .asREST, fills: .pushed)
        change(&profile)
        return profile
    }
    private func session(_ change: (inout StreamProfile) -> Void = { _ in }) -> StreamSession {
        StreamSession("s", Self.profile(change), patience: Patience()) { markets in
            markets.isEmpty ? [["order"]] : markets.map { [StreamChannel("order:\($0.symbol)")] }
        }
    }
    private func goOn(_ session: StreamSession, at time: Int64) -> [StreamSession.Step] {
        session.goOn(world.at(time).means, in: world.turn)
    }
    private func hear(_ session: StreamSession, _ what: StreamEvent.What, at time: Int64) -> [StreamSession.Step]? {
        guard let attempt = session.attempt else { return nil }
        return session.hear(StreamEvent(attempt, what), world.at(time).means, in: world.turn)
    }
    /// Taken to live at a time.
    private func live(_ change: (inout StreamProfile) -> Void = { _ in }, at time: Int64 = 0) -> StreamSession {
        let session = session(change)
        _ = goOn(session, at: time)
        _ = hear(session, .opened, at: time)
        _ = hear(session, .told([.loginAccepted]), at: time)
        _ = goOn(session, at: time)
        _ = hear(session, .told([.subscribed("order")]), at: time)
        return session
    }

    @Test func `connects, logs in, subscribes, and is live when every channel is acknowledged, each step under a permit of its own`() {
        let session = session()
        #expect(goOn(session, at: 5) == [.wish(.connect(nil, timeMs: 1_000), 1)])
        #expect(hear(session, .opened, at: 6) == [.wish(.login(timeMs: 1_000), 1)])
        #expect(hear(session, .told([.loginAccepted]), at: 7) == [] && !session.isLive)
        #expect(goOn(session, at: 7) == [.wish(.subscribe([]), 1)])
        #expect(hear(session, .told([.subscribed("other")]), at: 8) == [] && !session.isLive)
        #expect(hear(session, .told([.subscribed("order")]), at: 9) == [.up] && session.isLive)
        #expect(world.taken == ["stream:connect 1", "stream:subscribe 1"])
    }

    @Test func `does nothing before the venue's clock is known, nor without a permit`() {
        let session = session()
        world.timeMs = nil
        #expect(goOn(session, at: 0) == [])
        (world.timeMs, world.isFree) = (7, false)
        #expect(goOn(session, at: 1) == [] && session.attempt == nil)
        world.isFree = true
        #expect(goOn(session, at: 2) == [.wish(.connect(nil, timeMs: 7), 1)])
    }

    @Test func `waits for the venue's first word where it greets, and asks nothing more where the upgrade was signed`() {
        let session = session {
            $0.greets = true
            $0.login = .upgrade
        }
        _ = goOn(session, at: 0)
        #expect(hear(session, .opened, at: 1) == [] && goOn(session, at: 1) == [])
        #expect(hear(session, .told([.greeting(isAuthorized: true)]), at: 2) == [])
        #expect(goOn(session, at: 2) == [.wish(.subscribe([]), 1)])
    }

    @Test func `answers no more of the venue's pings than it may send in a while`() {
        let session = live()
        #expect(hear(session, .told(Array(repeating: .ping(answer: "pong"), count: 50)), at: 5_000_000)?.count == 10)
        #expect(hear(session, .told([.ping(answer: "pong")]), at: 5_999_999) == [])
        #expect(hear(session, .told([.ping(answer: "pong")]), at: 6_000_000) == [.wish(.say("pong"), 1)])
    }

    @Test(arguments: [
        StreamNews.loginRefused(.later, code: "1", text: "x"), .subscribeRefused("order", code: "2", text: "y"), .tokenRefused("t"),
        .goingAway("bye"),
        .tooFast("slow"),
    ])
    func `is down by whatever the venue ends it with, closes the connection, and hears nothing more of it`(news: StreamNews) {
        let session = live()
        let id = session.attempt ?? 0
        let steps = hear(session, .told([news]), at: 100) ?? []
        #expect(steps.contains { if case .down = $0 { true } else { false } })
        #expect(steps.contains { if case .wish(.close, id) = $0 { true } else { false } })
        #expect(!session.isLive && session.attempt == nil)
        #expect(session.hear(StreamEvent(id, .told([.subscribed("order")])), world.means, in: world.turn) == nil)
    }

    @Test func `is down when a heartbeat is not answered in time, and lives on when it is`() {
        let session = live()
        #expect(goOn(session, at: 19_999_999) == [])
        #expect(goOn(session, at: 20_000_000) == [.wish(.say("ping"), 1)])
        #expect(hear(session, .told([.pong]), at: 20_500_000) == [])
        #expect(goOn(session, at: 40_000_000) == [.wish(.say("ping"), 1)])
        let steps = goOn(session, at: 45_000_000)
        #expect(steps.first == .wish(.close("no answer to the heartbeat within 5000 ms"), 1) && !session.isLive)
    }

    @Test func `is down when a login or an acknowledgement does not come`() {
        let session = session()
        _ = goOn(session, at: 0)
        _ = hear(session, .opened, at: 0)
        #expect(goOn(session, at: 14_999_999) == [])
        #expect(goOn(session, at: 15_000_000).contains(.down("the login was not answered")))
    }

    @Test func `tries again after one second to a minute, later each time, and at once after an end that the venue announced`() {
        let session = session()
        var last: Int64 = 0
        world.takesJitter = true
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] as [Int64] {
            _ = goOn(session, at: last)
            #expect(hear(session, .closed("gone"), at: last) == [.down("gone")])
            #expect(session.nextAt == last + .seconds(pause), "\(session.nextAt - last)")
            last = session.nextAt
        }
        world.takesJitter = false
        _ = goOn(session, at: last)
        _ = hear(session, .closed("gone"), at: last)
        #expect(session.nextAt == last + .seconds(1))

        let other = live()
        _ = hear(other, .told([.goingAway("30033")]), at: .seconds(60))
        #expect(other.nextAt == .seconds(60))
        // Not where each is taken leave of as soon as it stands.
        let brief = live()
        _ = hear(brief, .told([.goingAway("30033")]), at: 50)
        #expect(brief.nextAt == 50 + .seconds(1))
    }

    @Test func `asks once for a time that was refused, and leaves a venue alone for long that refuses the next one, too`() {
        let session = session()
        func refuse(at time: Int64) -> [StreamSession.Step]? {
            _ = goOn(session, at: time)
            _ = hear(session, .opened, at: time)
            return hear(session, .told([.loginRefused(.clock, code: "10004", text: "sign")]), at: time)
        }
        #expect(refuse(at: 0)?.contains { if case .clockRefused = $0 { true } else { false } } == true)
        let second = session.nextAt
        #expect(second < .seconds(61) && refuse(at: second) != nil)
        #expect(session.nextAt >= second + .seconds(300))
    }

    @Test func `says no more markets at once than the venue takes messages, and waits for acknowledgements when all is said`() {
        let session = session { $0.isBySymbol = true }
        let markets = (0..<200).map { StreamMarket("spot", Symbol("m\(1_000 + $0)")) }
        _ = session.use(Set(markets))
        _ = goOn(session, at: 0)
        _ = hear(session, .opened, at: 0)
        _ = hear(session, .told([.loginAccepted]), at: 0)
        var said: [StreamMarket] = []
        for second in 0..<60 {
            let steps = goOn(session, at: .seconds(Int64(second)))
            let now = steps.flatMap { if case .wish(.subscribe(let markets), _) = $0 { markets } else { [StreamMarket]() } }
            #expect(now.count <= 15, "\(now.count) in a second")
            said += now
            if said.count == markets.count { break }
        }
        #expect(said == markets.sorted())
    }

    @Test func `leaves a refused key alone for long, and asks for the clock where the stamp was refused`() {
        let session = session()
        _ = goOn(session, at: 0)
        _ = hear(session, .opened, at: 0)
        #expect(hear(session, .told([.loginRefused(.configuration, code: "30011", text: "key")]), at: 1) != nil)
        #expect(session.nextAt == 1 + .seconds(300))
        #expect(goOn(session, at: .seconds(299)) == [])

        let other = self.session()
        _ = goOn(other, at: 0)
        _ = hear(other, .opened, at: 0)
        let steps = hear(other, .told([.loginRefused(.clock, code: "30014", text: "stamp")]), at: 1) ?? []
        #expect(steps.contains(.clockRefused("login refused: 30014 stamp")))
    }

    @Test func `gets a token first where one is needed, keeps it over connections, and renews it at half of its life`() {
        let session = session {
            $0.login = .subscription
            $0.token = StreamProfile.TokenRule(lifeMs: 100_000, isOfTheConnection: false)
        }
        #expect(goOn(session, at: 0) == [.wish(.token(way: 0, timeMs: 1_000, PermitList([])), 1)])
        #expect(hear(session, .tokenGranted, at: 1) == [.tokenEnded(1, .acknowledged)])
        #expect(goOn(session, at: 2) == [.wish(.connect(nil, timeMs: 1_000), 2)])
        _ = hear(session, .closed("gone"), at: 3)
        #expect(goOn(session, at: 2_000_000) == [.wish(.connect(nil, timeMs: 1_000), 3)])
        _ = hear(session, .opened, at: 2_000_001)
        _ = goOn(session, at: 2_000_002)
        #expect(hear(session, .told([.subscribed("order")]), at: 2_000_003) == [.up])

        #expect(goOn(session, at: 51_000_000).contains(.wish(.token(way: 0, timeMs: 1_000, PermitList([])), 4)) && session.isLive)
        #expect(session.hear(StreamEvent(4, .tokenGranted), world.at(51_000_001).means, in: world.turn) == [.tokenEnded(4, .acknowledged)])
        #expect(goOn(session, at: 51_000_002).contains(.wish(.subscribe([]), 3)))
        #expect(hear(session, .told([.subscribed("order")]), at: 51_000_003) == [.up])
    }

    @Test func `goes another way to a token where the venue knows no such page`() {
        let session = session {
            $0.login = .upgrade
            $0.token = StreamProfile.TokenRule(lifeMs: 100_000, ways: 2, isOfTheConnection: true)
        }
        _ = goOn(session, at: 0)
        _ = hear(session, .tokenRefused(isNoWay: true, retryAfterMs: nil, .later, words: "404"), at: 1)
        let steps = goOn(session, at: session.nextAt)
        #expect(steps == [.wish(.token(way: 1, timeMs: 1_000, PermitList([])), 2)])
    }

    @Test func `is live no longer than its token and its connection may live`() {
        let session = live { $0.lifeMs = 100_000 }
        #expect(hear(session, .told([.pong]), at: 1) == [])
        #expect(goOn(session, at: 95_000_000).contains { if case .down = $0 { true } else { false } })
    }

    @Test func `subscribes a market when it is used first, and is not live until the venue said yes`() {
        let session = session { $0.isBySymbol = true }
        _ = session.use([Self.a])
        _ = goOn(session, at: 0)
        _ = hear(session, .opened, at: 0)
        _ = hear(session, .told([.loginAccepted]), at: 0)
        #expect(goOn(session, at: 0) == [.wish(.subscribe([Self.a]), 1)])
        #expect(hear(session, .told([.subscribed("order:a")]), at: 1) == [.up])
        #expect(session.use([Self.a, Self.b]) && !session.isLive && !session.use([Self.b]))
        #expect(goOn(session, at: 2) == [.wish(.subscribe([Self.b]), 1)])
        #expect(hear(session, .told([.subscribed("order:b")]), at: 3) == [.up])
    }

    @Test func `stays live where a market that is used first goes by a channel that is acknowledged: nothing is said, so that nothing comes`() {
        let session = live { $0.isBySymbol = true }
        #expect(session.use([Self.a]))
        _ = goOn(session, at: 1)
        _ = hear(session, .told([.subscribed("order:a")]), at: 1)
        #expect(session.isLive)
        #expect(!session.use([StreamMarket("margin", "a")]) && session.isLive)
        #expect(session.use([StreamMarket("margin", "b")]) && !session.isLive, "one that is not")
    }

    @Test func `says no more in a window than the venue takes`() {
        let session = live { $0.messages = StreamProfile.MessageRate(3, perMs: 30_000) }
        // The login and the subscription were two.
        #expect(goOn(session, at: 20_000_000) == [.wish(.say("ping"), 1)])
        _ = hear(session, .told([.pong]), at: 20_000_001)
        #expect(goOn(session, at: 29_000_000) == [])
    }
}
