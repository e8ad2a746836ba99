import OMSCore
import Runtime
import Venues
import Wire

/// Private streams of a virtual daemon.
extension VirtualDaemon {
    /// What goes wrong with streams from here on, in this process and the next ones.
    package func setStreams(_ weather: StreamWeather) {
        streamWeather = weather
        stream?.weather = weather
    }

    /// Nothing more goes wrong with streams.
    /// A push of something that did not happen.
    package func invent(_ news: StreamNews) { stream?.invent(news) }

    func calmStreams() { if let streamWeather { setStreams(StreamWeather(streamWeather.kind)) } }

    /// A stream for each account, one of each venue and uid, where there are any.
    static func withStreams(_ options: Options) -> Options {
        guard let weather = options.streams else { return options }
        var options = options
        for index in options.setups.indices {
            let setup = options.setups[index]
            let name = VirtualStream.name(setup.rules.profile.venue, setup.uid)
            var kind = weather.kind
            kind.tellsFills = kind.tellsFills && setup.rules.profile.listsFills
            options.setups[index].stream = StreamSetup(name: name, rules: VirtualStreamRules(kind: kind))
        }
        return options
    }

    /// The streams of a process that starts; nil: it has none.
    func makeStream(_ mailbox: VirtualMailbox) -> VirtualStream? {
        guard let streamWeather else { return nil }
        auditor.streams.graceUs = .milliseconds(streamWeather.kind.heartbeatMs * 5 / 4) + .seconds(10)
        let surroundings = VirtualStream.Surroundings(
            world: world, watch: auditor.streams, now: { [unowned self] in self.clock.time }, later: { [unowned self] in self.later($0, $1) },
            post: { mailbox.post($0) }, note: { [unowned self] in self.note($0) }, tell: { [unowned self] in self.tell($0()) },
            listsFills: { [unowned self] name in self.setups.contains { $0.stream?.name == name && $0.rules.profile.listsFills } },
            isBooked: { [unowned self] trade, order in
                self.journal.orders.values.contains { $0.venueOrderID == order && self.journal.fills[$0.key]?[trade] != nil }
            })
        return VirtualStream(streamWeather, surroundings, seed: options.seed, life: crashes, mutant: options.mutant)
    }

    /// What streams are to know of the record.
    func streamsSee(_ record: JournalRecord) {
        guard let stream, case .orderChanged(let order, _, _, let event) = record, event.kind == .inDoubt,
            let name = setups.first(where: { $0.id == order.account })?.stream?.name
        else { return }
        stream.doubted(name)
    }

    /// Whether the venue has this order, and no push ever told of it.
    func isSilent(about id: ClientOrderID, of setup: AccountSetup) -> Bool {
        let exchange = world.venue(named: setup.rules.profile.venue)?.exchange
        guard let there = exchange?.order(clientID: id.text, uid: setup.uid, at: nil) else { return true }
        return auditor.streams.isSilent(about: there.id)
    }

    /// Streams that did not come to be live again.
    func streamsAmiss() -> [String] {
        guard stream != nil, let engine else { return [] }
        return engine.snapshot().filter { $0.stream.state != .live }.map { "the stream of \($0.account) is \($0.stream.state.rawValue)" }
    }

    /// Holds the engine's word on its streams to what stands at the venues.
    func watchStreams() {
        guard stream != nil, let engine, clock.time >= auditor.streams.nextLookAt else { return }
        auditor.streams.nextLookAt = clock.time + 500_000
        for account in engine.snapshot() {
            guard let setup = setups.first(where: { $0.id == account.account }), let name = setup.stream?.name else { continue }
            let (isLive, isBySymbol) = (account.stream.state == .live, setup.rules.profile.listsBySymbol)
            // What was half written when a process died was never used.
            if isBySymbol, !journal.orders.values.contains(where: { $0.account == setup.id }) { continue }
            let problem = auditor.streams.problem(of: setup.id, name, isLive: isLive, listsBySymbol: isBySymbol, at: clock.time)
            if let problem { auditor.broken(problem) }
        }
        for problem in auditor.streams.untaken(at: clock.time, in: journal) where !disk.isFull && configured == nil { auditor.broken(problem) }
    }
}

/// An adapter that tells of listings of open orders as they leave.
struct ListingTold: AdapterOver {
    let base: any VenueAdapter
    let watch: StreamWatch

    func request(for plan: RequestPlan) -> HTTPRequest {
        if case .query(.openOrders(_, nil)) = plan.content { watch.listed(plan.account) }
        return base.request(for: plan)
    }
}
