import CLinux
import ControlAPI
import Kernel
import OMSCore
import Transport
import Venues
import Wire

/// Carries a rehearsal's questions to the venue: each under permits of the daemon, which it gives back once the answer is there.
struct RehearsalRun {
    let account: AccountConfiguration
    let adapter: any VenueAdapter
    let key: SigningKey
    let caller: ControlCaller
    let transport: TLSTransport
    /// No daemon speaks on the account's stream.
    private let ownsStream: Bool
    var nextID: Int64 = 0
    /// What rows showed of the unit of quantity, whatever was asked.
    private(set) var unitSeen: [RehearsalRow.Seen] = []
    /// Reads the same rows by the other unit; nil: it is no setting at this venue.
    private let otherUnit: (any VenueAdapter)?
    /// Why it could not go on; nil: it did.
    private(set) var problem: ControlCaller.Problem?

    init(_ account: AccountConfiguration, _ adapter: any VenueAdapter, key: SigningKey, caller: ControlCaller, ownsStream: Bool)
        throws(TransportError)
    {
        (self.account, self.adapter, self.caller, self.ownsStream) = (account, adapter, caller, ownsStream)
        otherUnit = adapter.profile.quantityUnit.flatMap { unit in
            VenueCatalog.adapter(
                venue: account.venue, product: account.product, quantityUnit: unit == .contracts ? .base : .contracts, isDemo: account.isDemo)
        }
        // Of its own: the daemon's signs on other threads.
        self.key = key.duplicate()
        transport = try TLSTransport()
        try transport.configure(account.baseURL, maxConnections: 1, caFile: account.caFile)
        if let stream = account.stream { try transport.configure(stream.origin, maxConnections: 1, caFile: account.caFile) }
    }

    /// Nothing is asked any more.
    func end() { transport.shutdown(graceMs: 0) }

    mutating func rehearse(symbol: Symbol?, assumptions: [Assumption]) -> Rehearsal {
        let profile = adapter.profile
        var subject = Rehearsal.Subject(
            account: account.id, uid: account.uid, isTLS: account.baseURL.isTLS, isDemo: account.isDemo, freshnessMs: account.freshnessMs,
            symbol: symbol,
            unusedIDs: (0..<max(1, min(profile.findMax, 100))).map { _ in
                Self.unusedID(profile.clientIDs, length: min(profile.clientIDs.lengths.upperBound, max(profile.clientIDs.lengths.lowerBound, 20)))
            })
        subject.isAtPagesHost = isAtPagesHost
        for limit in account.limits { subject.limits[limit.budget] = .init(permits: limit.permits, share: limit.share) }
        var rehearsal = Rehearsal(adapter, subject, assumptions: assumptions, hasStream: speaksOnStream)
        rehearsal.streamSilence = streamSilence
        do throws(ControlCaller.Problem) {
            while let step = rehearsal.next() {
                switch step {
                case .ask(let query, let agedMs, let windowMs):
                    rehearsal.heard(try ask(query, agedMs: agedMs, windowMs: windowMs, rehearsal))
                case .listen(let symbol): rehearsal.heard(.heard(try listen(symbol, rehearsal)))
                case .pause(let ms):
                    usleep(UInt32(clamping: ms) * 1_000)
                    rehearsal.heard(.paused)
                }
            }
        } catch { problem = error }
        return rehearsal
    }

    private var isAtPagesHost: Bool { HTTPOrigin(adapter.profile.baseURL)?.place == account.baseURL.place }

    var hearsPagesHost: Bool {
        guard let stream = account.stream, let profile = account.streamDialect?.profile else { return false }
        let page = account.isDemo ? profile.demoURL : profile.url
        return page.flatMap { StreamConfiguration.origin($0) }?.place == stream.origin.place
    }

    /// A token for another connection may end the daemon's own.
    var speaksOnStream: Bool {
        guard let dialect = account.streamDialect, account.stream != nil else { return false }
        return ownsStream || dialect.profile.token == nil
    }

    var streamSilence: String? {
        guard !speaksOnStream else { return nil }
        guard account.streamDialect != nil, account.stream != nil else { return "the account's stream is off" }
        return "the daemon holds the account's stream, and a second token might end it: stop omsd and rehearse again"
    }

    static let idPrefix = "rh"

    static func unusedID(_ rule: ClientIDRule, length: Int) -> ClientOrderID {
        let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz")
        var random = SystemRandomNumberGenerator()
        return ClientOrderID(idPrefix + String((2..<max(3, length)).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] }))
    }

    // MARK: Permits

    /// - Returns: what is to be given back.
    func take(_ charges: [Charge]) throws(ControlCaller.Problem) -> [Int64] {
        var permits: [Int64] = []
        for charge in charges {
            let rules = adapter.profile.budgets + (account.streamDialect?.profile.budgets ?? [])
            guard let rule = rules.first(where: { $0.name == charge.budget }) else { continue }
            // One that no configuration names is not counted by the daemon either.
            if rule.isOffByDefault, !account.limits.contains(where: { $0.budget == rule.name }) { continue }
            var asked = LimitTake.Parameters()
            (asked.account, asked.budget, asked.permits) = (account.id.text, rule.name(of: charge.part), Int64(charge.weight))
            asked.holdMs = account.requestTimeoutMs + account.holdUnansweredMs
            permits.append(try caller.ask(LimitTake.self, asked).permitID)
        }
        return permits
    }

    func giveBack(_ permits: [Int64]) throws(ControlCaller.Problem) {
        for permit in permits {
            var asked = LimitRelease.Parameters()
            asked.permitID = permit
            _ = try caller.ask(LimitRelease.self, asked)
        }
    }

    // MARK: Questions

    mutating func ask(_ query: Query, agedMs: Int64, windowMs: Int64, _ rehearsal: Rehearsal) throws(ControlCaller.Problem)
        -> Rehearsal.Outcome
    {
        try ask(agedMs: agedMs, windowMs: windowMs, rehearsal) { _ in .query(query) }
    }

    /// - Parameter content: what it carries, by its stamp, milliseconds of the venue's clock.
    mutating func ask(
        agedMs: Int64, windowMs: Int64, _ rehearsal: Rehearsal, _ content: (_ timeMs: Int64) -> RequestPlan.Content
    ) throws(ControlCaller.Problem) -> Rehearsal.Outcome {
        let permits = try take(adapter.charges(of: content(0)))
        let now = omsd_clock_us(CLOCK_BOOTTIME)
        let clock = rehearsal.clock(at: now)
        // By our own clock where the venue's is not known yet: the question about it bears no stamp that counts.
        let stampMs = clock.map { $0.middle(at: now) / 1_000 - adapter.profile.stampMarginMs } ?? omsd_clock_us(CLOCK_REALTIME) / 1_000
        nextID += 1
        let plan = RequestPlan(
            id: RequestID(nextID), account: account.id, content: content(stampMs - agedMs), timeMs: stampMs - agedMs, facts: rehearsal.facts,
            freshnessMs: windowMs, staleAt: now + account.requestTimeoutMs * 1_000, timeoutMs: account.requestTimeoutMs)
        switch send(adapter.request(for: plan), of: plan) {
        case .answered(let response, let sentAt, let lastByteAt):
            try giveBack(permits)
            let answer = adapter.reading(response, of: plan)
            seeUnit(answer, otherwise: otherUnit?.reading(response, of: plan))
            return .answered(answer, sent: sentAt.monotonic, read: lastByteAt.monotonic)
        case .notSent(let why):
            try giveBack(permits)
            return .unanswered(why.escapedForLog)
        // It may still arrive: its permits are held for as long.
        case .lost(let why, _, _): return .unanswered(why.escapedForLog)
        }
    }

    /// Rows that would contradict the other unit show that it is ours.
    private mutating func seeUnit(_ answer: VenueAnswer, otherwise: VenueAnswer?) {
        func saw(_ verdict: RehearsalRow.Verdict, _ words: String) {
            unitSeen.append(RehearsalRow.Seen(name: "quantity_unit", assumed: "", seen: words, verdict: verdict, bears: nil))
        }
        if let why = answer.contradicts { return saw(.contradicts, why) }
        if let why = otherwise?.contradicts { saw(.holds, "by the other unit it would be: \(why)") }
    }

    private func send(_ request: HTTPRequest, of plan: RequestPlan) -> HTTPExchangeEnd {
        let (adapter, key) = (adapter, key)
        return exchange(request, id: plan.id.number, staleAt: plan.staleAt, timeoutMs: plan.timeoutMs) {
            adapter.sign(&$0, timeMs: plan.timeMs, with: key)
        }
    }

    func exchange(
        _ request: HTTPRequest, id: Int64, staleAt: Int64, timeoutMs: Int64, sign: @escaping @Sendable (inout HTTPRequest) -> Void
    ) -> HTTPExchangeEnd {
        let end = Waiting<HTTPExchangeEnd>()
        transport.send([
            HTTPExchange(
                id: id, origin: account.baseURL, request: request, sign: sign, staleAt: staleAt, timeoutMs: timeoutMs,
                completion: { end.put($0) })
        ])
        while true { if let ended = end.take(withinMs: 60_000) { return ended } }
    }
}
