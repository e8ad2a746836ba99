import OMSCore
import Testing
import Wire

@testable import Venues

/// What golden requests and fixtures of every venue are about: two orders, and every kind of request for them.
struct Situation {
    let adapter: any VenueAdapter
    private let sample: Sample

    static let spot = Situation("xt-spot", "spot")
    static let az = Situation("az-futures", "usdt")
    static let ascendex = Situation("ascendex", "cash")

    /// - Parameter product: nil: the venue's first.
    init(_ venue: String, _ product: String? = nil) {
        let line = WaitingVenues.line(venue)
        guard let sample = product == nil ? line?.samples[0] : line?.samples.first(where: { $0.product == product }),
            let adapter = line?.adapter(sample.product)
        else { preconditionFailure("no adapter for \(venue) \(product ?? "")") }
        (self.adapter, self.sample) = (adapter, sample)
    }

    var venue: String { adapter.profile.venue }
    static let timeMs: Int64 = 1_700_000_000_100
    static let facts = AccountFacts(group: "6", uid: "U0123456789")
    static let clientIDs: [ClientOrderID] = ["int000001a1", "int000001a2"]

    /// Above 2^53, where numbers read as floats would change; where ids follow from what is sent, those that follow.
    var venueIDs: [VenueOrderID] {
        predictedIDs.isEmpty ? ["554845056780618881", "554845056780618883"] : predictedIDs
    }

    private var predictedIDs: [VenueOrderID] {
        Self.clientIDs.compactMap { adapter.predictedID(clientOrderID: $0, timeMs: Self.timeMs, facts: Self.facts) }
    }

    /// A buy and a post-only sell, in two markets where one request may hold both.
    var terms: [OrderTerms] {
        let symbols = [sample.markets[0].symbol, sample.markets[sample.markets.count - 1].symbol]
        let countsContracts = sample.markets[0].quantity.roundedDown(to: .one) == sample.markets[0].quantity
        let quantities: [Decimal?] = countsContracts ? [Decimal(10), Decimal(3)] : [Decimal("0.1"), Decimal("1.25")]
        var first = OrderTerms(symbol: symbols[0], side: .buy, type: .limit, timeInForce: .gtc, price: Decimal(34_000), quantity: quantities[0])
        var second = OrderTerms(symbol: symbols[1], side: .sell, type: .limit, timeInForce: .gtc, price: Decimal("1800.5"), quantity: quantities[1])
        second.postOnly = true
        if sample.positionSide != nil { (first.positionSide, second.positionSide) = (.long, .short) }
        if adapter.group(of: first) != adapter.group(of: second) { second.symbol = first.symbol }
        return [first, second]
    }

    /// Two market orders: a buy, which on spot names what is spent, and a sell.
    private var marketTerms: [OrderTerms] {
        terms.map { terms in
            var market = OrderTerms(
                symbol: terms.symbol, side: terms.side, type: .market, timeInForce: nil, price: nil, quantity: terms.quantity)
            market.positionSide = terms.positionSide
            if !sample.isFutures, terms.side == .buy { (market.quantity, market.quoteQuantity) = (nil, Decimal(50)) }
            return market
        }
    }

    /// What may only close, at once or not at all.
    private var closingTerms: OrderTerms {
        var closing = terms[0]
        (closing.side, closing.timeInForce, closing.reduceOnly) = (.sell, .fok, true)
        return closing
    }

    /// One order for each side of a position.
    private var sidedTerms: [OrderTerms] {
        var sided = terms
        (sided[0].positionSide, sided[1].positionSide) = (.long, .short)
        return sided
    }

    /// The market that listings name, where the venue lists market by market.
    private var listed: Symbol? { adapter.profile.listsBySymbol ? terms[0].symbol : nil }

    func plan(_ content: RequestPlan.Content, facts: AccountFacts? = Situation.facts, freshnessMs: Int64? = nil) -> RequestPlan {
        RequestPlan(
            id: 1, account: "mm", content: content, timeMs: Self.timeMs, facts: facts, freshnessMs: freshnessMs ?? adapter.profile.freshnessMs,
            staleAt: 0, timeoutMs: 5_000)
    }

    func placeTickets(_ terms: [OrderTerms]) -> [PlaceTicket] {
        terms.enumerated().map { index, terms in
            let id = Self.clientIDs[index]
            return PlaceTicket(
                order: OrderKey(Int64(index)), clientOrderID: id, terms: terms,
                predictedID: adapter.predictedID(clientOrderID: id, timeMs: Self.timeMs, facts: Self.facts))
        }
    }

    var placeTickets: [PlaceTicket] { placeTickets(terms) }

    var cancelTickets: [CancelTicket] {
        terms.enumerated().map { index, terms in
            CancelTicket(
                command: CommandID(Int64(70 + index)), order: OrderKey(Int64(index)), clientOrderID: Self.clientIDs[index],
                venueOrderID: venueIDs[index], terms: terms)
        }
    }

    var subjects: [FindSubject] {
        terms.enumerated().map { index, terms in
            FindSubject(
                order: OrderKey(Int64(index)), clientOrderID: Self.clientIDs[index], venueOrderID: nil,
                predictedIDs: predictedIDs.isEmpty ? [] : [predictedIDs[index]], terms: terms, sinceMs: Self.timeMs - 60_000)
        }
    }

    var known: FindSubject {
        FindSubject(
            order: 0, clientOrderID: Self.clientIDs[0], venueOrderID: venueIDs[0], predictedIDs: [], terms: terms[0], sinceMs: Self.timeMs - 60_000)
    }

    var modifyTicket: ModifyTicket {
        ModifyTicket(
            command: 80, order: 0, clientOrderID: Self.clientIDs[0], venueOrderID: venueIDs[0], terms: terms[0], price: Decimal("34000.5"),
            quantity: Decimal(12), onFailure: .keep)
    }

    /// What a fixture asks, by name; `open:2` asks for page 2.
    func content(_ ask: String) -> RequestPlan.Content {
        let parts = ask.split(separator: ":", maxSplits: 1)
        let page = parts.count > 1 ? String(parts[1]) : nil
        switch parts[0] {
        case "place": return .place(placeTickets, isSingle: false)
        case "place-one": return .place([placeTickets[0]], isSingle: false)
        case "place-one-market": return .place([placeTickets(marketTerms)[0]], isSingle: false)
        case "place-market": return .place(placeTickets(marketTerms), isSingle: false)
        case "place-closing": return .place(placeTickets([closingTerms]), isSingle: false)
        case "place-sides": return .place(placeTickets(sidedTerms), isSingle: false)
        case "cancel": return .cancel(cancelTickets)
        case "cancel-one": return .cancel([cancelTickets[0]])
        case "modify": return .modify([modifyTicket])
        case "mixed": return .mixed(place: placeTickets, cancel: cancelTickets, placeFirst: false)
        case "time": return .query(.serverTime)
        case "account": return .query(.account)
        case "instruments": return .query(.instruments)
        case "find": return .query(.find([subjects[0]], step: 0))
        case "find-many": return .query(.find(subjects, step: 0))
        case "find-known": return .query(.find([known], step: 0))
        case "find-second": return .query(.find([subjects[0]], step: 1))
        case "find-third": return .query(.find([subjects[0]], step: 2))
        case "open": return .query(.openOrders(symbol: listed, page: page))
        case "history": return .query(.history(symbol: listed, sinceMs: Self.timeMs - 60_000, page: page))
        case "fills": return .query(.fills(known, page: page))
        case "cancel-all": return .query(.cancelAll(symbol: listed))
        case "countdown": return .query(.countdown(seconds: 10))
        case "countdown-off": return .query(.countdown(seconds: 0))
        default: preconditionFailure("a fixture asks \(ask)")
        }
    }

    /// The first item of a place request.
    func item(_ terms: OrderTerms) -> String {
        let plan = plan(.place(placeTickets([terms]), isSingle: false))
        guard let body = try? JSONParser.parse(adapter.request(for: plan).body) else { return "unreadable" }
        let list = body["items"] ?? body["createOrders"] ?? body["orders"]
        return list?.array?.first.map { String(decoding: $0.serialized(), as: UTF8.self) } ?? "no item"
    }

    /// What an answer tells, a line each, in the words of the fixtures.
    func told(_ answer: VenueAnswer) -> [String] {
        var lines = ["\(answer.disposition)"]
        for (name, outcomes) in [("place", answer.places), ("cancel", answer.cancels), ("modify", answer.modifies)] {
            for (index, outcome) in outcomes.enumerated() { lines.append("\(name) \(index) \(Self.words(outcome))") }
        }
        switch answer.query {
        case nil: break
        case .time(let time): lines.append("time \(time)")
        case .account(let facts):
            lines.append("account \(facts.group ?? "-") \(facts.uid ?? "-") \(facts.problem ?? "fine")\(Self.words(facts.silence))")
        case .instruments(let instruments): lines += instruments.map(Self.words)
        case .orders(let orders, let next, let unreadable):
            lines += orders.map(Self.words)
            lines += unreadable.map { "unreadable \($0.clientOrderID?.text ?? "-") \($0.venueOrderID?.text ?? "-")" }
            lines.append("next \(next ?? "-")")
        case .fills(let fills, let next):
            lines += fills.map { fill in
                let fee = fill.fee?.description ?? "-"
                return "fill \(fill.tradeID) \(fill.venueOrderID) \(fill.quantity) \(fill.price) \(fee) \(fill.feeAsset ?? "-") \(fill.at)"
            }
            lines.append("next \(next ?? "-")")
        case .canceledAll: lines.append("canceled all")
        case .countdownSet: lines.append("countdown set")
        case .failed: lines.append("failed")
        }
        if answer.breaksIDFormula { lines.append("ids follow no formula") }
        if let words = answer.contradicts { lines.append("contradicts: \(words)") }
        if !answer.skipped.isEmpty { lines.append("skipped \(answer.skipped.count)") }
        if !answer.foreignIDs.isEmpty { lines.append("foreign \(answer.foreignIDs.joined(separator: " "))") }
        return lines
    }

    private static func words(_ silence: UIDSilence?) -> String {
        switch silence {
        case nil: ""
        case .forbidden(let said): " forbidden \(said)"
        case .noPage(let said): " no page \(said)"
        }
    }

    private static func words(_ outcome: ItemOutcome) -> String {
        switch outcome {
        case .acknowledged(let id, let state): "acknowledged \(id?.text ?? "-") \(state ?? "-")"
        case .refused(let code, let text): "refused \(code): \(text)"
        case .oneIsDuplicate(let code, let text): "one is duplicate \(code): \(text)"
        case .refusedUnlessFound(let code, let text): "refused unless found \(code): \(text)"
        case .notExecuted(let why, _): "not executed \(why)"
        case .duplicate(let code, _): "duplicate \(code)"
        case .gone(let code, _): "gone \(code)"
        case .inDoubt: "in doubt"
        }
    }

    private static func words(_ report: OrderReport) -> String {
        let texts: [String?] = [
            report.clientOrderID?.text, report.venueOrderID?.text, report.symbol?.text, report.side?.rawValue, report.status.rawValue,
            report.venueState, report.price?.description, report.quantity?.description, report.filledQuantity?.description,
            report.averagePrice?.description, report.version?.description, report.reason,
        ]
        return "order " + texts.map { $0 ?? "-" }.joined(separator: " ")
    }

    private static func words(_ instrument: Instrument) -> String {
        let figures = [
            instrument.tick, instrument.lot, instrument.minQuantity, instrument.maxQuantity, instrument.minNotional, instrument.maxNotional,
            instrument.contractSize,
        ]
        let texts = figures.map { $0?.description ?? "-" }.joined(separator: " ")
        return "instrument \(instrument.symbol) \(instrument.tradable ? "tradable" : "closed") \(texts)"
    }
}
