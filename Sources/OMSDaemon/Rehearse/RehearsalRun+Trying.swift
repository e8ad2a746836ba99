import ControlAPI
import OMSCore
import Venues

/// What a venue should refuse, and no daemon would send: a further order under an open id, a request that comes too late. It goes out by this process itself,
/// once, under the daemon's permits. Were it taken all the same, it could not rest: it takes what the market offers at a price far below it, or ends. What is
/// sent is on record before it leaves.
extension RehearsalRun {
    mutating func again(_ id: ClientOrderID, _ order: SmallestOrder, in market: Instrument, _ rehearsal: Rehearsal) throws(ControlCaller.Problem)
        -> PlacingRehearsal.Heard
    {
        try announce("duplicate_id", "about to be sent: a further order under \(id), \(words(order, market))")
        return try said(id, order, in: market, agedMs: 0, rehearsal)
    }

    mutating func sentLate(
        _ late: PlacingRehearsal.Late, _ id: ClientOrderID, agedMs: Int64, _ order: SmallestOrder, in market: Instrument, _ rehearsal: Rehearsal
    ) throws(ControlCaller.Problem) -> PlacingRehearsal.Heard {
        switch late {
        case .place:
            try announce("freshness", "about to be sent, stamped \(agedMs) ms ago: \(id), \(words(order, market))")
            return try said(id, order, in: market, agedMs: agedMs, rehearsal)
        case .cancel:
            let ticket = CancelTicket(command: 0, order: OrderKey(0), clientOrderID: id, venueOrderID: nil, terms: terms(order, market))
            return heard(try ask(agedMs: agedMs, windowMs: rehearsal.windowMs, rehearsal) { _ in .cancel([ticket]) })
        }
    }

    private mutating func said(
        _ id: ClientOrderID, _ order: SmallestOrder, in market: Instrument, agedMs: Int64, _ rehearsal: Rehearsal
    ) throws(ControlCaller.Problem) -> PlacingRehearsal.Heard {
        let (adapter, bought) = (self.adapter, self.terms(order, market))
        let outcome = try ask(agedMs: agedMs, windowMs: rehearsal.windowMs, rehearsal) { timeMs in
            let ticket = PlaceTicket(
                order: OrderKey(0), clientOrderID: id, terms: bought,
                predictedID: adapter.predictedID(clientOrderID: id, timeMs: timeMs, facts: rehearsal.facts))
            guard !adapter.profile.mixesPlaceAndCancel else { return .mixed(place: [ticket], cancel: [], placeFirst: true) }
            return .place([ticket], isSingle: adapter.group(of: bought).isSingle)
        }
        return heard(outcome)
    }

    private func heard(_ outcome: Rehearsal.Outcome) -> PlacingRehearsal.Heard {
        switch outcome {
        case .answered(let answer, _, _): .said(answer)
        case .unanswered(let why): .unknown("no answer: \(why)", at: Self.now)
        case .heard, .paused: .unknown("no answer", at: Self.now)
        }
    }

    /// It cannot rest.
    private func terms(_ order: SmallestOrder, _ market: Instrument) -> OrderTerms {
        var terms = OrderTerms(symbol: market.symbol, side: .buy, type: .limit, timeInForce: .ioc, price: order.price, quantity: order.quantity)
        terms.positionSide = positionSide
        return terms
    }

    private func words(_ order: SmallestOrder, _ market: Instrument) -> String { "buy \(order.quantity) \(market.symbol) at \(order.price), ioc" }

    private func announce(_ name: String, _ words: String) throws(ControlCaller.Problem) {
        var row = RehearsedAssumption()
        (row.name, row.seen, row.verdict) = (name, words, RehearsalRow.Verdict.notSeen.rawValue)
        row.assumed = "the venue refuses it"
        var told = RehearsalRecord.Parameters()
        (told.account, told.assumptions) = (account.id.text, [row])
        _ = try caller.ask(RehearsalRecord.self, told)
    }
}
