import OMSCore
import Venues
import Wire

/// A venue's answer. Three bytes choose product, request and status; the rest is the body.
enum AnswerTarget {
    static let products: [any VenueAdapter] = VenueCatalog.all.sorted { $0.venue < $1.venue }.flatMap { line in
        line.products.compactMap { line.adapter($0) }
    }
    /// The first product of each venue, by the venue's name: what scripts/fuzz counts off along the folders of fixtures.
    static let firsts: [any VenueAdapter] = VenueCatalog.all.sorted { $0.venue < $1.venue }.compactMap { $0.adapter($0.products[0]) }
    private static let statuses = [200, 200, 200, 400, 404, 429, 500, 502, 302, 408, 201, -1]

    static func problem(with bytes: [UInt8]) -> String? {
        guard bytes.count >= 3 else { return nil }
        // Below 128 the venue's first product, above any.
        let choice = bytes[0] < 128 ? firsts : products
        let adapter = choice[Int(bytes[0] & 0x7F) % choice.count]
        let contents = contents(adapter)
        let content = contents[Int(bytes[1]) % contents.count]
        return problem(with: Array(bytes[3...]), status: statuses[Int(bytes[2]) % statuses.count], to: content, adapter)
    }

    static func problem(with body: [UInt8], status: Int, to content: RequestPlan.Content, _ adapter: any VenueAdapter) -> String? {
        let plan = RequestPlan(
            id: 1, account: "mm", content: content, timeMs: timeMs, facts: facts, freshnessMs: adapter.profile.freshnessMs, staleAt: .max,
            timeoutMs: 5_000)
        let answer = adapter.answer(to: plan, from: HTTPResponse(status: status, body: body))
        let where_ = "\(adapter.profile.venue) \(adapter.profile.product), \(status)"
        var tickets: [(client: ClientOrderID, ids: [String], outcome: ItemOutcome)] = []
        switch content {
        case .place(let places, _), .mixed(let places, _, _):
            guard answer.places.count == places.count else { return "\(where_): \(answer.places.count) outcomes of \(places.count) places" }
            tickets += zip(places, answer.places).map { ($0.clientOrderID, [$0.predictedID?.text].compactMap { $0 }, $1) }
        case .cancel, .modify, .query: guard answer.places.isEmpty else { return "\(where_): outcomes of places nobody asked for" }
        }
        switch content {
        case .cancel(let cancels), .mixed(_, let cancels, _):
            guard answer.cancels.count == cancels.count else { return "\(where_): \(answer.cancels.count) outcomes of \(cancels.count) cancels" }
        case .place, .modify, .query: break
        }
        if case .modify(let modifies) = content, answer.modifies.count != modifies.count { return "\(where_): outcomes of modifies" }
        if case .query = content, answer.query == nil { return "\(where_): no answer to a question" }

        let document = try? JSONParser.parse(body)
        let text = String(decoding: body, as: UTF8.self)
        for outcome in answer.places + answer.cancels + answer.modifies {
            switch outcome {
            case .acknowledged, .refused, .refusedUnlessFound, .duplicate, .oneIsDuplicate, .gone:
                guard document != nil else { return "\(where_): \(outcome) out of what is no JSON: \(text.prefix(200))" }
            case .notExecuted, .inDoubt: break
            }
        }
        // Taken by the venue: it must have named the order, by an id of ours or one of its own.
        for ticket in tickets {
            guard case .acknowledged(let id, _) = ticket.outcome else { continue }
            let names = [ticket.client.text] + ticket.ids + [id?.text].compactMap { $0 }
            guard names.contains(where: { text.contains($0) }) || text.contains("\\") else {
                return "\(where_): \(ticket.client) acknowledged unnamed: \(text.prefix(200))"
            }
        }
        if case .query(let query) = content, document == nil, case .orders = answer.query {
            return "\(where_): \(query.name) answered by what is no JSON"
        }
        return nil
    }

    // MARK: Requests

    private static let timeMs: Int64 = 1_763_640_000_123
    private static let facts = AccountFacts(group: "6", uid: "U0866943712")

    static func contents(_ adapter: any VenueAdapter) -> [RequestPlan.Content] {
        guard let terms = VenueCatalog.sample(venue: adapter.profile.venue, product: adapter.profile.product)?.order else { return [] }
        let ids: [ClientOrderID] = ["omsd0q000000001", "omsd0q000000002"]
        let places = ids.enumerated().map { index, id in
            PlaceTicket(
                order: OrderKey(Int64(index + 1)), clientOrderID: id, terms: terms,
                predictedID: adapter.predictedID(clientOrderID: id, timeMs: timeMs, facts: facts))
        }
        let venueIDs: [VenueOrderID] = ["1370000000000001001", "1370000000000001002"]
        let cancels = zip(ids, venueIDs).enumerated().map { index, pair in
            CancelTicket(
                command: CommandID(Int64(index + 1)), order: OrderKey(Int64(index + 1)), clientOrderID: pair.0, venueOrderID: pair.1, terms: terms)
        }
        let subject = FindSubject(
            order: OrderKey(1), clientOrderID: ids[0], venueOrderID: venueIDs[0], predictedIDs: [places[0].predictedID].compactMap { $0 },
            terms: terms, sinceMs: timeMs - 60_000)
        var contents: [RequestPlan.Content] =
            adapter.profile.mixesPlaceAndCancel
            ? [.mixed(place: places, cancel: cancels, placeFirst: false), .mixed(place: places, cancel: [], placeFirst: true)]
            : [.place(places, isSingle: false), .cancel(cancels)]
        if adapter.profile.modifyMax > 0 {
            contents.append(
                .modify([
                    ModifyTicket(
                        command: CommandID(9), order: OrderKey(1), clientOrderID: ids[0], venueOrderID: venueIDs[0], terms: terms,
                        price: Decimal("60001"), quantity: Decimal("9"), onFailure: .keep)
                ]))
        }
        let listed = adapter.profile.listsBySymbol ? terms.symbol : nil
        contents += (0..<adapter.profile.findSteps).map { .query(.find([subject], step: $0)) }
        contents += [
            .query(.openOrders(symbol: listed, page: nil)), .query(.history(symbol: listed, sinceMs: timeMs - 60_000, page: nil)),
            .query(.fills(subject, page: nil)), .query(.instruments), .query(.account), .query(.serverTime),
        ]
        return contents
    }
}
