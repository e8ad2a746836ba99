import Containers
import OMSCore
import Transport
import Wire

/// How a world is set up. One set of options and one sequence of requests give one history, byte for byte.
package struct WorldOptions {
    package var seed: UInt64 = 1
    package var accounts = [SimAccount].standard
    package var faults: [FaultRule] = []
    /// New permits by `venue/budget`; nil lifts the limit. Unknown names are refused by ``VenueWorld/init(_:dialects:)``.
    package var limits: [(budget: String, permits: Int?)] = []
    package var matching = Matching()
    /// Replaces every venue's freshness window, in milliseconds; nil: as each venue says.
    package var freshnessMs: Int64?
    /// `venue/name` and value, for ``Dialect/set(_:to:)``.
    package var switches: [(name: String, value: String)] = []
    /// What each request takes there and back together, for ``VenueWorld/receive(_:from:at:reply:)``; nil: it arrives at once.
    package var latency: Latency?
    package init() {}
}

/// All simulated venues: requests in, replies out, a ledger of everything.
///
/// Pure and single-threaded: no clock, socket or thread inside. Time comes with each request as microseconds since 1970 and never runs back (an earlier
/// time counts as the latest seen). What happens later (late execution, asynchronous engines) waits in a queue and has happened, in order of time, before
/// anything at or behind its moment is answered.
package final class VenueWorld {
    package let options: WorldOptions
    package let ledger = Ledger()
    package private(set) var venues: [Venue] = []
    package internal(set) var faults: FaultPlan
    /// The latest time seen.
    package private(set) var now: Int64 = 0
    var events = EventQueue()
    var ways: SplitMix64
    /// Addresses that a venue's family of hosts shuts out for now.
    var bans: [Ban] = []
    /// The last page of each listing, as long as a rule may repeat it.
    var lastPages: [String: HTTPResponse] = [:]
    private(set) var accountsByKey: [String: SimAccount] = [:]
    /// The clients' streams, by number; those that ended stay for the ledger.
    let streams: StreamDesk

    /// One venue: its language, its book, its limits.
    package final class Venue {
        package let dialect: any Dialect
        package let exchange: Exchange
        fileprivate(set) var rules: [String: BudgetRule]
        fileprivate(set) var counters: [CounterKey: ArrivalCounter] = [:]
        /// By how much its clock was stepped, microseconds.
        fileprivate var clockStepUs: Int64 = 0
        /// When the clock faults in force began to run.
        fileprivate var clockSince: Int64?

        struct CounterKey: Hashable {
            let budget: String
            let owner: String
            let lane: String
        }

        fileprivate init(_ dialect: any Dialect, _ exchange: Exchange) {
            (self.dialect, self.exchange) = (dialect, exchange)
            rules = Dictionary(dialect.allBudgets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// - Throws: ``SimulatorInputError`` for a limit, switch or account that names no venue or budget here.
    package init(_ options: WorldOptions = WorldOptions(), dialects: [any Dialect] = DialectCatalog.dialects()) throws(SimulatorInputError) {
        self.options = options
        faults = FaultPlan(options.faults, seed: options.seed)
        ways = SplitMix64(seed: mixedSeed(options.seed, "latency"))
        streams = StreamDesk(seed: options.seed)
        for account in options.accounts { accountsByKey[account.key] = account }
        // Before the books open: a switch may change what is traded in which unit.
        for setting in options.switches where !Self.isOfEveryVenue(setting.name) {
            let (venue, name) = split(setting.name)
            guard let dialect = dialects.first(where: { $0.venue == venue }),
                dialect.set(name, to: setting.value) || dialect.stream?.set(name, to: setting.value) == true
            else {
                throw SimulatorInputError("no switch `\(setting.name.escapedForLog)` with a value `\(setting.value.escapedForLog)`")
            }
        }
        for dialect in dialects {
            let exchange = Exchange(
                venue: dialect.venue, instruments: dialect.instruments, matching: options.matching, seed: mixedSeed(options.seed, dialect.venue),
                scheduler: { [unowned self] delay, action in
                    let venue = dialect.venue
                    self.events.add(at: self.now + max(delay, 0)) { at in action(self.venueClock(venue, at: at)) }
                })
            exchange.freshnessMs = options.freshnessMs
            venues.append(Venue(dialect, exchange))
        }
        for account in options.accounts where !venues.contains(where: { $0.dialect.venue == account.venue }) {
            throw SimulatorInputError("account \(account.key.escapedForLog): no venue `\(account.venue.escapedForLog)` here")
        }
        for limit in options.limits { try setLimit(limit.budget, permits: limit.permits) }
        for setting in options.switches where Self.isOfEveryVenue(setting.name) { try setMemory(setting.name, setting.value) }
    }

    private static func isOfEveryVenue(_ name: String) -> Bool {
        name.hasSuffix("memory_ms") || name.hasSuffix("/old_stamps") || name.hasSuffix("/open_ids")
    }

    /// What every venue can be told to forget: `memory_ms` for closed orders, `unfilled_memory_ms` for those canceled unfilled; and `old_stamps`, to take
    /// them, of all or of orders alone; and `open_ids`, to take those that open orders bear.
    private func setMemory(_ setting: String, _ value: String) throws(SimulatorInputError) {
        let (venue, name) = split(setting)
        if name == "old_stamps", let exchange = self.venue(named: venue)?.exchange, let stamps = OldStamps(rawValue: value) {
            exchange.oldStamps = stamps
            return
        }
        if name == "open_ids", let exchange = self.venue(named: venue)?.exchange, ["checked", "taken"].contains(value) {
            exchange.takesOpenIDs = value == "taken"
            return
        }
        guard let exchange = self.venue(named: venue)?.exchange, let ms = Int64(value), (0...31_536_000_000).contains(ms) else {
            throw SimulatorInputError("no switch `\(setting.escapedForLog)` with a value `\(value.escapedForLog)`")
        }
        switch name {
        case "memory_ms": exchange.memoryUs = ms * 1_000
        case "unfilled_memory_ms": exchange.unfilledMemoryUs = ms * 1_000
        default: throw SimulatorInputError("no switch `\(setting.escapedForLog)`")
        }
    }

    package func venue(named name: String) -> Venue? { venues.first { $0.dialect.venue == name } }
    /// The accounts of a venue, in the order given.
    package func accounts(of venue: String) -> [SimAccount] { options.accounts.filter { $0.venue == venue } }

    /// Changes a budget's permits, `venue/budget`; nil lifts it.
    package func setLimit(_ name: String, permits: Int?) throws(SimulatorInputError) {
        let (venue, budget) = split(name)
        guard let venue = self.venue(named: venue), venue.rules[budget] != nil else { throw SimulatorInputError("no budget `\(name.escapedForLog)`") }
        venue.rules[budget]?.set(permits: permits)
    }

    /// Replaces the fault rules; their counters start anew. Requests on their way keep the fault they have.
    package func setFaults(_ rules: [FaultRule]) {
        faults = FaultPlan(rules, seed: options.seed)
        lastPages = [:]
        for venue in venues { venue.clockSince = nil }
    }

    /// Nothing goes wrong any more, but for these rules; clocks run on as they do.
    package func endFaults(but kept: [FaultRule] = []) {
        faults = FaultPlan(kept + faults.rules.map(\.rule).filter(\.fault.isClock), seed: options.seed)
        bans = []
        lastPages = [:]
    }

    private func split(_ name: String) -> (String, String) {
        guard let slash = name.firstIndex(of: "/") else { return (name, "") }
        return (String(name[..<slash]), String(name[name.index(after: slash)...]))
    }

    // MARK: Time

    /// When something will happen by itself; nil: nothing is planned.
    package var nextEventAt: Int64? { events.nextAt }

    /// Lets everything planned up to a moment happen.
    package func advance(to moment: Int64) {
        while let event = events.takeDue(at: moment) {
            now = max(now, event.at)
            event.action(now)
        }
        now = max(now, moment)
    }

    /// What the venue's own clock shows, in microseconds: offset, plus drift from the first moment it was looked at.
    func venueClock(_ name: String, at: Int64) -> Int64 {
        guard let venue = venue(named: name) else { return at }
        let at = at + venue.clockStepUs
        guard faults.hasClock(of: name) else { return at }
        // Lines of one exchange show one clock.
        let since = venues.first { Ban.family($0.dialect.venue) == Ban.family(name) && $0.clockSince != nil }?.clockSince ?? at
        venue.clockSince = since
        let fault = faults.clock(of: name, runningUs: at - since)
        return at + fault.offsetMs * 1000 + (at - since) / 1_000_000 * fault.driftPpm + (at - since) % 1_000_000 * fault.driftPpm / 1_000_000
    }

    /// Steps a venue's clock for good; lines of one exchange show one clock.
    func stepClock(of name: String, byMs ms: Int64) {
        for venue in venues where Ban.family(venue.dialect.venue) == Ban.family(name) { venue.clockStepUs += .milliseconds(ms) }
    }

    // MARK: Requests

    /// Takes one request, whole, and says what goes back.
    ///
    /// - Parameters:
    ///   - peer: The client's address, with or without port; limits by IP go by it without.
    ///   - moment: Microseconds since 1970, wall clock: when the request arrived.
    package func handle(_ request: HTTPRequest, from peer: String, at moment: Int64) -> ServerReply {
        advance(to: moment)
        return arrive(request, from: peer)
    }

    /// As ``handle(_:from:at:)``, now.
    func arrive(_ request: HTTPRequest, from peer: String) -> ServerReply {
        let path = request.path
        if path.hasPrefix("/_sim/") { return .response(control(request, path: path)) }
        guard let venue = venues.first(where: { $0.dialect.claims(path) }) else {
            return .response(HTTPResponse(status: 404, headers: [HTTPHeader("Content-Type", "text/plain")], body: Array("no such venue path\n".utf8)))
        }
        let key = venue.dialect.keyID(of: request)
        let account = key.flatMap { accountsByKey[$0] }
        let route = venue.dialect.route(request)
        let record = ledger.begin(
            at: now, venue: venue.dialect.venue, account: account?.uid, endpoint: route?.endpoint ?? "\(request.method) \(path)", kind: route?.kind,
            budgets: route?.budgets ?? [])
        let arrival = Arrival(request: request, peer: address(of: peer), key: key, account: account, venue: venue, record: record)
        if let ban = bans.last(where: { $0.holds(for: arrival.peer, at: venue.dialect.venue, now) }) {
            // Refused at the edge: no limit counts it, nobody else hears of it.
            (record.outcome, record.fault) = (.refused, "ban")
            return reply(ban.answer(at: now), to: record)
        }
        guard let route else {
            let call = call(arrival, Route(record.endpoint, .public, budgets: []))
            record.outcome = .refused
            return reply(venue.dialect.refuse(.unknownEndpoint, call), to: record)
        }
        guard let (rule, fault) = faults.strike(venue: venue.dialect.venue, account: account?.uid, route: route) else {
            return reply(execute(arrival, route), to: record)
        }
        record.fault = fault.name
        return strike(fault, rule: rule, arrival, route)
    }

    struct Arrival {
        let request: HTTPRequest
        let peer: String
        let key: String?
        let account: SimAccount?
        let venue: Venue
        let record: Ledger.Request
    }

    /// - Parameter account: Who it is taken to be from; nil: whom its key names.
    func call(_ arrival: Arrival, _ route: Route, as account: SimAccount? = nil) -> Call {
        let venue = arrival.venue
        let call = Call(
            request: arrival.request, route: route, account: account ?? arrival.account, peer: arrival.peer,
            at: venueClock(venue.dialect.venue, at: now), number: arrival.record.number)
        call.permitsNow = { [unowned venue] name in venue.rules[name]?.permits }
        return call
    }

    func reply(_ response: HTTPResponse, to record: Ledger.Request, afterUs: Int64 = 0) -> ServerReply {
        record.status = response.status
        return .response(response, afterUs: afterUs)
    }

    /// The request arrives: it is counted and, within its limits, executed by the venue.
    func execute(_ arrival: Arrival, _ route: Route, visibilityDelayUs: Int64 = 0) -> HTTPResponse {
        let call = call(arrival, route)
        guard count(arrival, call) else { return limited(arrival, call) }
        return answer(arrival, call, visibilityDelayUs: visibilityDelayUs)
    }

    func limited(_ arrival: Arrival, _ call: Call) -> HTTPResponse {
        arrival.record.outcome = .rateLimited
        return arrival.venue.dialect.refuse(.rateLimited, call)
    }

    func answer(_ arrival: Arrival, _ call: Call, visibilityDelayUs: Int64) -> HTTPResponse {
        call.visibilityDelayUs = visibilityDelayUs
        let exchange = arrival.venue.exchange
        exchange.takesOldStamps = exchange.oldStamps.takes(call.route.kind)
        let response = arrival.venue.dialect.answer(call, on: exchange)
        arrival.record.note(call)
        if faults.repeatsPages, call.route.kind == .lookup { lastPages[pageKey(arrival, call.route)] = response }
        return response
    }

    /// Counts an arrival under each of its budgets, refused or not. - Returns: whether it may go on, if only with some of its items.
    func count(_ arrival: Arrival, _ call: Call) -> Bool {
        let route = call.route
        var isWithin = true
        for (index, name) in route.budgets.enumerated() {
            guard let rule = arrival.venue.rules[name] else { preconditionFailure("\(arrival.venue.dialect.venue): no budget \(name)") }
            let owner =
                switch rule.scope {
                case .uid: (arrival.account?.uid ?? "unknown key") + (route.lane.isEmpty ? "" : "/" + route.lane)
                case .apikey: (arrival.account?.key ?? "unknown key") + (route.lane.isEmpty ? "" : "/" + route.lane)
                case .ip, .connection: arrival.peer
                }
            var (asked, within) = (0, 0)
            for (part, weight) in arrival.venue.dialect.counts(call, under: rule) {
                let counted = count(
                    rule, of: part.isEmpty ? owner : "\(owner)/\(part)", at: arrival.venue, clock: call.at, weight: weight, lane: route.lane)
                (asked, within) = (asked + weight, within + counted.within)
                if rule.refuses == .items {
                    call.itemsWithin = min(call.itemsWithin ?? .max, counted.within)
                    call.within.append((name, part, counted.within))
                }
                if index == 0 { (call.remaining, call.permits) = (counted.remaining, rule.permits(in: route.lane)) }
            }
            guard within < asked else { continue }
            // Refused whole where nothing of it is left; else only what is beyond, where the venue does so.
            isWithin = isWithin && rule.refuses == .items && within > 0
            call.over.append(name)
            arrival.record.violated.append(name)
        }
        return isWithin
    }

    /// Counts an arrival of one owner under one budget.
    ///
    /// - Parameter clock: The venue's, for windows that it lays by it.
    /// - Returns: how much of its weight is within the limit (all or nothing, unless items are refused one by one), and what is left in its window (nil: no
    ///   limit).
    func count(_ rule: BudgetRule, of owner: String, at venue: Venue, clock: Int64, weight: Int = 1, lane: String = "") -> (
        within: Int, remaining: Int?
    ) {
        let key = Venue.CounterKey(budget: rule.name, owner: owner, lane: lane)
        var counter = venue.counters.removeValue(forKey: key) ?? ArrivalCounter(window: rule.windowMs * 1000, rule.windows)
        let (moment, permits) = (rule.windows == .anywhere ? now : clock, rule.permits(in: lane))
        var within = 0
        switch rule.refuses {
        case .request: within = counter.arrive(at: moment, weight: weight, permits: permits) ? weight : 0
        case .items: for _ in 0..<weight where counter.arrive(at: moment, permits: permits) { within += 1 }
        }
        venue.counters[key] = counter
        return (within, permits.map { max($0 - counter.inside, 0) })
    }

    func address(of peer: String) -> String {
        guard let colon = peer.lastIndex(of: ":"), peer.firstIndex(of: ":") == colon || peer.hasPrefix("[") else { return peer }
        return String(peer[..<colon])
    }
}
