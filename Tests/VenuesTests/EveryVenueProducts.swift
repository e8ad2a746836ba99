import Containers
import OMSCore
import Testing
import Venues
import Wire

/// One row of the catalogue, with plans that its venue can be asked.
struct Product: Sendable, CustomTestStringConvertible {
    let venue: String
    let name: String
    let adapter: any VenueAdapter
    /// A limit order that the venue and product take.
    let terms: OrderTerms
    var testDescription: String { "\(venue) \(name)" }

    static let listed: [(venue: String, name: String)] = VenueCatalog.all.flatMap { line in line.products.map { (line.venue, $0) } }
    /// Those of the catalogue, and the venue that docs/ADDING_A_VENUE.md makes.
    static let all: [Product] = (WaitingVenues.known + [Northgate.line]).flatMap { line in
        line.samples.compactMap { sample in
            line.adapter(sample.product).map { Product(venue: line.venue, name: sample.product, adapter: $0, terms: sample.order) }
        }
    }

    /// The answers that the venue brings; Northgate's are XT's, as its page says.
    var fixtures: [AnswerFixture] { AnswerFixture.all(venue == Northgate.line.venue ? XTSpot.line.venue : venue) }

    static let timeMs: Int64 = 1_763_640_000_123
    static let facts = AccountFacts(group: "6", uid: "U0866943712")

    func plan(_ content: RequestPlan.Content) -> RequestPlan {
        RequestPlan(
            id: 1, account: "mm", content: content, timeMs: Self.timeMs, facts: Self.facts, freshnessMs: adapter.profile.freshnessMs, staleAt: .max,
            timeoutMs: 5_000)
    }

    private func place(_ number: Int) -> PlaceTicket {
        let id = Self.clientID(number)
        return PlaceTicket(
            order: OrderKey(Int64(number)), clientOrderID: id, terms: terms,
            predictedID: adapter.predictedID(clientOrderID: id, timeMs: Self.timeMs, facts: Self.facts))
    }

    private func cancel(_ number: Int) -> CancelTicket {
        CancelTicket(
            command: CommandID(Int64(number)), order: OrderKey(Int64(number)), clientOrderID: Self.clientID(number),
            venueOrderID: Self.venueID(number),
            terms: terms)
    }

    private func modify(_ number: Int) -> ModifyTicket {
        ModifyTicket(
            command: CommandID(Int64(number)), order: OrderKey(Int64(number)), clientOrderID: Self.clientID(number),
            venueOrderID: Self.venueID(number),
            terms: terms, price: Decimal("60001"), quantity: Decimal("9"), onFailure: .keep)
    }

    private func subject(_ number: Int) -> FindSubject {
        let predicted = adapter.predictedID(clientOrderID: Self.clientID(number), timeMs: Self.timeMs, facts: Self.facts)
        return FindSubject(
            order: OrderKey(Int64(number)), clientOrderID: Self.clientID(number), venueOrderID: Self.venueID(number),
            predictedIDs: predicted.map { [$0] } ?? [], terms: terms, sinceMs: Self.timeMs - 60_000)
    }

    /// As they are made here: letters and digits, the last 9 unique.
    static func clientID(_ number: Int) -> ClientOrderID { ClientOrderID("omsd0q" + String(String(1_000_000_000 + number).dropFirst())) }
    static func venueID(_ number: Int) -> VenueOrderID { VenueOrderID(String(1_370_000_000_000_000_000 + number)) }

    private func contents(items: Int) -> [RequestPlan.Content] {
        let profile = adapter.profile
        let places = (1...min(items, profile.placeMax)).map { place($0) }
        let cancels = (1...min(items, profile.cancelMax)).map { cancel(1_000 + $0) }
        var contents: [RequestPlan.Content] = []
        if profile.mixesPlaceAndCancel {
            contents += [
                .mixed(place: places, cancel: cancels, placeFirst: false), .mixed(place: places, cancel: [], placeFirst: true),
                .mixed(place: [], cancel: cancels, placeFirst: true),
            ]
        } else {
            contents += [.place(places, isSingle: false), .cancel(cancels)]
        }
        if profile.modifyMax > 0 { contents.append(.modify((1...min(items, profile.modifyMax)).map { modify($0) })) }
        return contents
    }

    private var questions: [Query] {
        let profile = adapter.profile
        let symbol = profile.listsBySymbol ? terms.symbol : nil
        var queries: [Query] = [.serverTime, .account, .instruments]
        // Where an order may be known by several ids, a full look-up is full of ids.
        let most = min(profile.findMax, profile.findIDsMax / (subject(1).predictedIDs.count + 1))
        queries += (0..<profile.findSteps).map { .find((1...most).map { subject($0) }, step: $0) }
        queries += [.openOrders(symbol: symbol, page: nil), .history(symbol: symbol, sinceMs: Self.timeMs - 60_000, page: nil)]
        if profile.listsFills { queries.append(.fills(subject(1), page: nil)) }
        queries.append(.cancelAll(symbol: terms.symbol))
        if profile.countdownSeconds != nil { queries.append(.countdown(seconds: 10)) }
        return queries
    }

    /// Every kind of request, as full as the venue lets it be.
    var contents: [RequestPlan.Content] { contents(items: .max) + questions.map { .query($0) } }
    /// Two orders each, for answers by the thousand; of the questions those that absence hangs on.
    var smallContents: [RequestPlan.Content] {
        contents(items: 2)
            + questions.compactMap { query in
                switch query {
                case .find, .openOrders, .history: .query(query)
                case .serverTime, .account, .instruments, .fills, .cancelAll, .countdown: nil
                }
            }
    }

    /// Bodies of the venue's fixtures: JSON texts of at most 2,000 bytes; at most 16, spread over the folder.
    var bodies: [[UInt8]] {
        let bodies = fixtures.map(\.response.body).filter {
            (2...2_000).contains($0.count) && ($0[0] == UInt8(ascii: "{") || $0[0] == UInt8(ascii: "["))
        }
        let step = (bodies.count + 15) / 16
        return stride(from: 0, to: bodies.count, by: max(step, 1)).map { bodies[$0] }
    }
}

extension RequestPlan.Content {
    var title: String {
        switch self {
        case .place: "place"
        case .cancel: "cancel"
        case .modify: "modify"
        case .mixed: "mixed"
        case .query(let query): query.name
        }
    }

    var isQuery: Bool { if case .query = self { true } else { false } }

    var counts: (places: Int, cancels: Int, modifies: Int) {
        switch self {
        case .place(let tickets, _): (tickets.count, 0, 0)
        case .cancel(let tickets): (0, tickets.count, 0)
        case .modify(let tickets): (0, 0, tickets.count)
        case .mixed(let places, let cancels, _): (places.count, cancels.count, 0)
        case .query: (0, 0, 0)
        }
    }

    /// For each order of the request, the ids of which it must bear one, the likeliest first.
    var names: [[String]] {
        switch self {
        case .place(let tickets, _): tickets.map { [$0.clientOrderID.text] }
        case .cancel(let tickets): tickets.map { [$0.venueOrderID?.text ?? "", $0.clientOrderID.text] }
        case .modify(let tickets): tickets.map { [$0.venueOrderID?.text ?? "", $0.clientOrderID.text] }
        case .mixed(let places, let cancels, _): places.map { [$0.clientOrderID.text] } + cancels.map { [$0.venueOrderID?.text ?? ""] }
        case .query(.find(let subjects, let step)):
            // Behind the first step it may be the listing of a market that is gone through, where none can be asked for by id.
            subjects.map {
                [$0.venueOrderID?.text ?? "", $0.clientOrderID.text] + $0.predictedIDs.map(\.text) + (step > 0 ? [$0.terms.symbol.text] : [])
            }
        case .query: []
        }
    }
}

/// Bodies that no venue can mean: the same seed gives the same.
extension SplitMix64 {
    mutating func bytes() -> [UInt8] { (0..<(next() % 200)).map { _ in UInt8(truncatingIfNeeded: next()) } }

    /// A random value; names of members are random too, so that no venue can mean it.
    mutating func json(depth: Int) -> JSON {
        switch next() % (depth > 0 ? 8 : 5) {
        case 0: return .null
        case 1: return .bool(next() % 2 == 0)
        case 2: return .number(String(Int64(truncatingIfNeeded: next())))
        case 3, 4: return .string(String(next(), radix: 36))
        case 5: return .array((0..<(next() % 5)).map { _ in json(depth: depth - 1) })
        default: return .object((0..<(next() % 5)).map { index in ("k\(index)" + String(next(), radix: 36), json(depth: depth - 1)) })
        }
    }
}
