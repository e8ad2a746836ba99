import Glibc
import OMSCore
import Testing
import Wire

@testable import Venues

/// Situations that the tests of XT, AZ and AscendEX share: two orders, and every kind of request about them.
struct Situation {
    let adapter: any VenueAdapter

    static let spot = Situation("xt-spot", "spot")
    static let az = Situation("az-futures", "usdt")
    static let ascendex = Situation("ascendex", "cash")

    init(_ venue: String, _ product: String) {
        guard let adapter = VenueCatalog.adapter(venue: venue, product: product) else { preconditionFailure("no adapter for \(venue) \(product)") }
        self.adapter = adapter
    }

    var venue: String { adapter.profile.venue }
    static let timeMs: Int64 = 1_700_000_000_100
    static let facts = AccountFacts(group: "6", uid: "U0123456789")
    static let clientIDs: [ClientOrderID] = ["int000001a1", "int000001a2"]

    /// Above 2^53, where numbers read as floats would change.
    var venueIDs: [VenueOrderID] {
        venue == "ascendex"
            ? ["a18bcfe56864U0123456789t000001a1", "a18bcfe56864U0123456789t000001a2"] : ["554845056780618881", "554845056780618883"]
    }

    var terms: [OrderTerms] {
        let symbols: [Symbol] = venue == "ascendex" ? ["BTC/USDT", "ETH/USDT"] : ["btc_usdt", "eth_usdt"]
        let quantities: [Decimal?] = venue == "az-futures" ? [Decimal(10), Decimal(3)] : [Decimal("0.1"), Decimal("1.25")]
        var first = OrderTerms(symbol: symbols[0], side: .buy, type: .limit, timeInForce: .gtc, price: Decimal(34_000), quantity: quantities[0])
        var second = OrderTerms(symbol: symbols[1], side: .sell, type: .limit, timeInForce: .gtc, price: Decimal("1800.5"), quantity: quantities[1])
        second.postOnly = true
        if venue == "az-futures" { (first.positionSide, second.positionSide) = (.long, .short) }
        return [first, second]
    }

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
                predictedIDs: venue == "ascendex" ? [venueIDs[index]] : [], terms: terms, sinceMs: Self.timeMs - 60_000)
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
        case "open": return .query(.openOrders(symbol: nil, page: page))
        case "history": return .query(.history(symbol: nil, sinceMs: Self.timeMs - 60_000, page: page))
        case "fills": return .query(.fills(known, page: page))
        case "cancel-all": return .query(.cancelAll(symbol: nil))
        default: preconditionFailure("a fixture asks \(ask)")
        }
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
        case .account(let facts): lines.append("account \(facts.group ?? "-") \(facts.uid ?? "-") \(facts.problem ?? "fine")")
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
        case .failed: lines.append("failed")
        }
        if answer.breaksIDFormula { lines.append("ids follow no formula") }
        if let words = answer.contradicts { lines.append("contradicts: \(words)") }
        if !answer.skipped.isEmpty { lines.append("skipped \(answer.skipped.count)") }
        if !answer.foreignIDs.isEmpty { lines.append("foreign \(answer.foreignIDs.joined(separator: " "))") }
        return lines
    }

    private static func words(_ outcome: ItemOutcome) -> String {
        switch outcome {
        case .acknowledged(let id, let state): "acknowledged \(id?.text ?? "-") \(state ?? "-")"
        case .refused(let code, let text): "refused \(code): \(text)"
        case .refusedUnlessFound(let code, let text): "refused unless found \(code): \(text)"
        case .notExecuted(let why): "not executed \(why)"
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

/// One answer of a venue and what it must be read as: a file below `Fixtures/`.
struct AnswerFixture: CustomTestStringConvertible, Sendable {
    let name: String
    let ask: String
    let response: HTTPResponse
    let expected: [String]
    var testDescription: String { name }

    /// All answers below a folder of `Fixtures/`.
    static func all(_ folder: String) -> [AnswerFixture] {
        fixtureNames(folder).filter { $0.hasSuffix(".json") }.map { file in
            guard let json = try? JSONParser.parse(fixtureBytes("\(folder)/\(file)")), let ask = json["ask"]?.string,
                let status = json["status"]?.integer, let body = json["body"], let expected = json["expected"]?.array
            else { preconditionFailure("\(folder)/\(file) is no fixture") }
            let headers = (json["headers"]?.object ?? []).map { HTTPHeader($0.key, $0.value.text ?? "") }
            // A text is what stood in the body; anything else is JSON.
            let bytes = body.string.map { Array($0.utf8) } ?? body.serialized()
            return AnswerFixture(
                name: file, ask: ask, response: HTTPResponse(status: Int(status), headers: headers, body: bytes),
                expected: expected.compactMap(\.string))
        }
    }
}

func fixturePath(_ name: String) -> String {
    #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/" + $1 } + "/Fixtures/" + name
}

func fixtureBytes(_ name: String) -> [UInt8] {
    guard let file = fopen(fixturePath(name), "r") else { preconditionFailure("no fixture \(name)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { return bytes }
        bytes += buffer[..<count]
    }
}

func fixtureNames(_ folder: String) -> [String] {
    guard let directory = opendir(fixturePath(folder)) else { preconditionFailure("no folder \(folder)") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafePointer(to: entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            })
    }
    return names.filter { !$0.hasPrefix(".") }.sorted()
}

/// Requests as text, a section for each ask, to be compared byte for byte with a file.
func goldenText(_ situation: Situation, _ asks: [String]) -> String {
    asks.map { ask in
        let request = situation.adapter.request(for: situation.plan(situation.content(ask)))
        let headers = request.headers.map { "\($0.name): \($0.value)\n" }.joined()
        let budgets = situation.adapter.budgets(of: situation.content(ask)).joined(separator: " ")
        let body = String(decoding: request.body, as: UTF8.self)
        return "== \(ask) [\(budgets)]\n\(request.method) \(request.target)\n\(headers)\n\(body)\n"
    }.joined(separator: "\n")
}
