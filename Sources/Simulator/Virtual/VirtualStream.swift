import Containers
import OMSCore
import Runtime

/// Private streams of all venues in virtual time: whatever happens at a venue is pushed, without any venue's bytes. One process's: the next one has its own.
final class VirtualStream: StreamCarrier {
    var weather: StreamWeather
    let surroundings: Surroundings
    var random: SplitMix64
    private let mutant: Mutant?
    /// Whatever stands or is being made.
    var open: [RequestID: Connection] = [:]
    /// Pushes that arrived, of all connections, and the newest of each order.
    var arrivals: Int64 = 0
    var newest: [String: Int] = [:]

    struct Connection {
        let stream: StreamName
        let openedAt: Int64
        /// Channels that push.
        var channels: Set<StreamChannel> = []
        var isMute = false
        var isDeaf = false
        /// Cut, and nobody was told: until when nothing comes. A mutant.
        var isGoneUntil: Int64 = .min
    }

    /// What it sees of the history, and acts on.
    struct Surroundings {
        let world: VenueWorld
        let watch: StreamWatch
        let now: () -> Int64
        let later: (Int64, @escaping () -> Void) -> Void
        let post: (Input) -> Void
        let note: (FaultPoint) -> Void
        let tell: (@autoclosure () -> String) -> Void
        /// Whether the venue's REST lists executions: where it does not, no page of its stream names them either.
        let listsFills: (StreamName) -> Bool
        /// Whether an execution is on record.
        let isBooked: (TradeID, VenueOrderID) -> Bool
    }

    init(_ weather: StreamWeather, _ surroundings: Surroundings, seed: UInt64, life: Int, mutant: Mutant?) {
        (self.weather, self.surroundings, self.mutant) = (weather, surroundings, mutant)
        random = SplitMix64(seed: mixedSeed(seed, "stream \(life)"))
        surroundings.watch.processStarted()
        for venue in surroundings.world.venues {
            venue.exchange.told = { [weak self] in if case .order(let report) = $0 { self?.happened(report, at: venue.dialect.venue) } }
        }
    }

    static func name(_ venue: String, _ uid: String) -> StreamName { StreamName("\(venue) \(uid)") }

    // MARK: What is wanted

    func row(of wish: StreamWish, at now: Moment) -> RequestRow? {
        guard case .token(_, let timeMs, let permits) = wish.what else { return nil }
        return RequestRow(
            id: wish.attempt, account: wish.account, endpoint: "POST /token", kind: .session, items: 1, timeMs: timeMs, signedAt: now.wall,
            bodySHA256: Digest256([UInt8](repeating: 0, count: 32)), permits: permits.permits)
    }

    func carryOut(_ wishes: [StreamWish]) {
        for wish in wishes {
            let (id, name) = (wish.attempt, wish.stream)
            surroundings.tell("stream \(name) \(id): \(wish.what)")
            switch wish.what {
            case .token: giveToken(id, name)
            case .connect:
                surroundings.watch.connected(name)
                let isDeaf = random.chance(weather.deaf)
                open[id] = Connection(stream: name, openedAt: surroundings.now(), isMute: random.chance(weather.mute), isDeaf: isDeaf)
                answer(name, id, .opened)
                dieInTime(id)
            case .login: logIn(id, name)
            case .subscribe(let markets): subscribe(markets, id, name)
            case .say: if open[id]?.isDeaf == false { answer(name, id, .told([.pong])) }
            case .close: forget(id)
            }
        }
    }

    func took(_ event: StreamEvent) {}

    func endAll() {
        for id in open.keys.sorted() { forget(id) }
        surroundings.watch.forgetOwed()
    }

    private func forget(_ id: RequestID) {
        guard let connection = open.removeValue(forKey: id) else { return }
        surroundings.watch.lost(connection.stream, at: surroundings.now())
    }

    private func giveToken(_ id: RequestID, _ name: StreamName) {
        let isRefused = random.chance(weather.tokenRefused)
        if isRefused { surroundings.note(.streamTokenRefused) }
        let what: StreamEvent.What =
            isRefused ? .tokenRefused(isNoWay: false, retryAfterMs: 1_000, .later, words: "no token today") : .tokenGranted
        surroundings.later(delay()) { [weak self] in self?.surroundings.post(.heard(name, StreamEvent(id, what))) }
    }

    private func logIn(_ id: RequestID, _ name: StreamName) {
        if random.chance(weather.clockRefused) {
            surroundings.note(.streamClockRefused)
            return answer(name, id, .told([.loginRefused(.clock, code: "30014", text: "the timestamp is too old")]))
        }
        if random.chance(weather.loginRefused) {
            surroundings.note(.streamLoginRefused)
            return answer(name, id, .told([.loginRefused(.later, code: "30005", text: "not now")]))
        }
        answer(name, id, .told([.loginAccepted]))
    }

    private func subscribe(_ markets: [StreamMarket], _ id: RequestID, _ name: StreamName) {
        guard let connection = open[id] else { return }
        // Products share what they subscribe.
        let symbols = Set(markets.map(\.symbol)).sorted()
        let channels = VirtualStreamRules(kind: weather.kind).channels(for: symbols).flatMap { $0 }
        open[id]?.channels.formUnion(channels)
        if connection.isMute || weather.isMute { surroundings.note(.streamMute) }
        if connection.isDeaf { surroundings.note(.streamDeaf) } else { answer(name, id, .told(channels.map { .subscribed($0) })) }
        surroundings.watch.subscribed(name, at: surroundings.now())
    }

    /// What the venue answers; nothing comes of a connection that is over.
    private func answer(_ name: StreamName, _ id: RequestID, _ what: StreamEvent.What) {
        surroundings.later(delay()) { [weak self] in
            guard let self, open[id] != nil else { return }
            surroundings.tell("stream \(name) \(id) says \(what)")
            surroundings.post(.heard(name, StreamEvent(id, what)))
        }
    }

    func delay() -> Int64 { random.between(weather.delayUs.lowerBound, weather.delayUs.upperBound) }

    // MARK: Losing it

    /// The venue ends it when its life is over, or sooner than its page says.
    private func dieInTime(_ id: RequestID) {
        guard let lifeMs = weather.kind.lifeMs else { return }
        let isEarly = random.chance(weather.shortLived)
        let life = isEarly ? lifeMs * random.between(20, 90) / 100 : lifeMs
        surroundings.later(life * 1_000) { [weak self] in if self?.cut(id, "its life is over") ?? false { self?.surroundings.note(.streamLifeOver) } }
    }

    /// - Returns: whether it stood.
    @discardableResult
    func cut(_ id: RequestID, _ words: String) -> Bool {
        guard let connection = open[id] else { return false }
        let now = surroundings.now()
        surroundings.watch.lost(connection.stream, at: now)
        guard mutant != .gapNotReconciled else {
            let pause = random.between(1_000_000, 5_000_000)
            open[id]?.isGoneUntil = now + pause
            surroundings.later(pause) { [weak self] in
                guard let self, open[id] != nil else { return }
                surroundings.watch.subscribed(connection.stream, at: surroundings.now())
            }
            return true
        }
        open[id] = nil
        surroundings.tell("stream \(connection.stream) \(id) is cut: \(words)")
        surroundings.post(.heard(connection.stream, StreamEvent(id, .closed(words))))
        return true
    }

    /// An order of the venue's user came to be in doubt.
    func doubted(_ name: StreamName) {
        guard random.chance(weather.cutInDoubt), let id = connections(of: name).last else { return }
        surroundings.later(random.between(1, 500_000)) { [weak self] in
            guard let self, cut(id, "connection reset") else { return }
            surroundings.note(.streamCutInDoubt)
        }
    }

    /// Tells of something that did not happen, on every connection.
    func invent(_ news: StreamNews) { for id in open.keys.sorted() { deliver(news, id, version: 0, after: delay()) } }

    func connections(of name: StreamName) -> [RequestID] { open.filter { $0.value.stream == name }.keys.sorted() }

    // MARK: What it tells

    /// A push, struck by what strikes pushes.
    func push(_ news: StreamNews, _ id: RequestID, version: Int = 0) {
        guard random.chance(weather.lost) == false else { return surroundings.note(.streamLost) }
        var delay = delay()
        if random.chance(weather.late) {
            delay = random.between(5_000_000, 9_000_000)
            surroundings.note(.streamLate)
        }
        deliver(news, id, version: version, after: delay)
        if random.chance(weather.doubled) {
            surroundings.note(.streamDoubled)
            deliver(news, id, version: version, after: self.delay())
        }
        if random.chance(weather.flooded) {
            surroundings.note(.streamFlooded)
            for _ in 0..<40 { deliver(news, id, version: version, after: delay) }
        }
        guard random.chance(weather.cut) else { return }
        surroundings.later(self.delay()) { [weak self] in if self?.cut(id, "cut") ?? false { self?.surroundings.note(.streamCut) } }
    }

    func deliver(_ news: StreamNews, _ id: RequestID, version: Int, after delay: Int64) {
        surroundings.later(delay) { [weak self] in
            guard let self, let connection = open[id], !connection.isDeaf, connection.isGoneUntil <= surroundings.now() else { return }
            arrivals += 1
            let told = mutant?.spoil(news, number: arrivals) ?? news
            if case .order(let heard) = news, let order = heard.report.venueOrderID?.text {
                let key = "\(connection.stream) \(order)"
                if version < newest[key, default: 0] { surroundings.note(.streamOvertaken) }
                newest[key] = max(version, newest[key, default: 0])
            }
            surroundings.tell("stream \(connection.stream) \(id) tells \(told)")
            surroundings.watch.delivered(news, of: connection.stream, at: surroundings.now())
            surroundings.post(.heard(connection.stream, StreamEvent(id, .told([told]))))
        }
    }
}
