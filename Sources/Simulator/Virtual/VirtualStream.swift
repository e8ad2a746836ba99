import Containers
import OMSCore
import Runtime

/// What goes wrong with pushes, by chance.
package struct StreamWeather: Sendable {
    /// One push does not come; comes twice.
    package var lost = 0.0
    package var doubled = 0.0
    /// How long one is under way, microseconds: each by itself, so that they overtake each other.
    package var delayUs: ClosedRange<Int64> = 1_000...5_000
    /// The connection is cut behind a push.
    package var cut = 0.0
    /// Pongs go on, and nothing is pushed.
    package var isMute = false
    /// Pushes of executions name REST's trade ids; else rows come from REST alone.
    package var tellsFills = true
    package init() {}
}

/// Private streams of all venues in virtual time: whatever changes at a venue is pushed, without any venue's bytes.
final class VirtualStream: StreamCarrier {
    var weather: StreamWeather
    private let world: VenueWorld
    private var random: SplitMix64
    private let later: (Int64, @escaping () -> Void) -> Void
    private let post: (Input) -> Void
    /// Who is subscribed, by connection.
    private var open: [RequestID: (stream: StreamName, isSubscribed: Bool)] = [:]
    private var seen: [String: Seen] = [:]

    private struct Seen: Equatable {
        var state: SimState
        var filled: Decimal
        var price: Decimal?
        var quantity: Decimal
        var fills: Int
    }

    init(
        _ weather: StreamWeather, world: VenueWorld, seed: UInt64, later: @escaping (Int64, @escaping () -> Void) -> Void,
        post: @escaping (Input) -> Void
    ) {
        (self.weather, self.world, self.later, self.post) = (weather, world, later, post)
        random = SplitMix64(seed: mixedSeed(seed, "stream"))
    }

    /// A stream for each account, one of each venue and uid, where there are any.
    static func given(to options: VirtualDaemon.Options) -> VirtualDaemon.Options {
        guard let weather = options.streams else { return options }
        var options = options
        for index in options.setups.indices {
            let setup = options.setups[index]
            let rules = VirtualStreamRules(tellsFills: weather.tellsFills)
            options.setups[index].stream = StreamSetup(name: name(setup.rules.profile.venue, setup.uid), rules: rules)
        }
        return options
    }

    private static func name(_ venue: String, _ uid: String) -> StreamName { StreamName("\(venue) \(uid)") }

    // MARK: What is wanted

    func row(of wish: StreamWish, at now: Moment) -> RequestRow? { nil }

    func carryOut(_ wishes: [StreamWish]) {
        for wish in wishes {
            let (id, name) = (wish.attempt, wish.stream)
            switch wish.what {
            case .connect:
                open[id] = (name, false)
                tell(name, id, .opened)
            case .subscribe:
                open[id]?.isSubscribed = true
                tell(name, id, .told([.subscribed(VirtualStreamRules.channel)]))
            case .say: tell(name, id, .told([.pong]))
            case .close: open[id] = nil
            case .token, .login: preconditionFailure("this stream needs neither")
            }
        }
    }

    func took(_ event: StreamEvent) {}

    func endAll() { open = [:] }

    private func tell(_ name: StreamName, _ id: RequestID, _ what: StreamEvent.What) {
        later(delay()) { [weak self] in
            guard let self, open[id] != nil else { return }
            post(.heard(name, StreamEvent(id, what)))
        }
    }

    private func delay() -> Int64 { random.between(weather.delayUs.lowerBound, weather.delayUs.upperBound) }

    // MARK: What changes at the venues

    /// Pushes whatever changed since the last look.
    func watch() {
        for venue in world.venues {
            for order in venue.exchange.orders where order.state != .accepted {
                let now = Seen(
                    state: order.state, filled: order.filled, price: order.price, quantity: order.quantity, fills: order.fills.count)
                let key = "\(venue.dialect.venue) \(order.id)"
                let before = seen[key]
                guard before != now else { continue }
                seen[key] = now
                let connections = open.filter { $0.value.isSubscribed && $0.value.stream == Self.name(venue.dialect.venue, order.uid) }
                guard let id = connections.keys.sorted().last, !weather.isMute else { continue }
                push(.order(Self.report(order)), id)
                guard now.fills > before?.fills ?? 0 else { continue }
                for fill in order.fills.dropFirst(before?.fills ?? 0) { push(news(fill, of: order), id) }
            }
        }
    }

    private func push(_ news: StreamNews, _ id: RequestID) {
        guard let name = open[id]?.stream else { return }
        if random.chance(weather.lost) { return }
        tell(name, id, .told([news]))
        if random.chance(weather.doubled) { tell(name, id, .told([news])) }
        guard random.chance(weather.cut) else { return }
        later(delay()) { [weak self] in
            guard let self, open.removeValue(forKey: id) != nil else { return }
            post(.heard(name, StreamEvent(id, .closed("cut"))))
        }
    }

    /// Tells of something that did not happen, on every connection.
    fileprivate func invent(_ news: StreamNews) {
        for (id, connection) in open where connection.isSubscribed { tell(connection.stream, id, .told([news])) }
    }

    private static func report(_ order: SimOrder) -> HeardOrder {
        let status: OMSCore.OrderReport.Status =
            switch order.state {
            case .accepted: .accepted
            case .open: .open
            case .partiallyFilled: .partiallyFilled
            case .filled: .filled
            case .canceled: .canceled
            case .expired: .expired
            case .rejected: .rejected
            }
        var report = OMSCore.OrderReport(status: status, venueState: order.state.rawValue)
        (report.venueOrderID, report.symbol) = (VenueOrderID(order.id), Symbol(order.symbol))
        report.clientOrderID = order.clientID.isEmpty ? nil : ClientOrderID(order.clientID)
        report.side = order.side == .buy ? .buy : .sell
        (report.price, report.quantity, report.filledQuantity) = (order.price, order.quantity, order.filled)
        var heard = HeardOrder(report, product: order.ticket.product)
        heard.pushedVersion = Int64(order.updateNumber)
        return heard
    }

    private func news(_ fill: SimFill, of order: SimOrder) -> StreamNews {
        let (venueID, clientID) = (VenueOrderID(order.id), order.clientID.isEmpty ? nil : ClientOrderID(order.clientID))
        guard weather.tellsFills else {
            var execution = HeardExecution(venueOrderID: venueID, clientOrderID: clientID, product: order.ticket.product)
            execution.symbol = Symbol(order.symbol)
            return .fillsDue(execution)
        }
        var heard = HeardFill(
            Fill(
                tradeID: TradeID(fill.id), venueOrderID: venueID, quantity: fill.quantity, price: fill.price, fee: fill.fee, feeAsset: nil,
                at: fill.at),
            product: order.ticket.product)
        (heard.clientOrderID, heard.symbol) = (clientID, Symbol(order.symbol))
        return .fill(heard)
    }
}

extension VirtualDaemon {
    /// What goes wrong with streams from here on.
    package func setStreams(_ weather: StreamWeather) { stream?.weather = weather }

    /// A push of something that did not happen.
    package func invent(_ news: StreamNews) { stream?.invent(news) }
}

/// A stream that signs nothing and pushes all.
private struct VirtualStreamRules: OMSCore.StreamRules {
    static let channel = StreamChannel("order")
    let tellsFills: Bool
    var profile: StreamProfile {
        StreamProfile(
            url: "wss://virtual.example", heartbeat: StreamProfile.Heartbeat("ping", everyMs: 20_000, answerWithinMs: 5_000),
            messages: StreamProfile.MessageRate(10, perMs: 1_000),
            budgets: [
                OMSCore.BudgetRule("stream:connect", 20, perMs: 10_000, scope: .apikey),
                OMSCore.BudgetRule("stream:subscribe", 20, perMs: 10_000, scope: .apikey),
            ], login: .upgrade, versions: .amongPushes, fills: tellsFills ? .pushed : .announced)
    }
    func channels(for symbols: [Symbol]) -> [[StreamChannel]] { [[Self.channel]] }
}
