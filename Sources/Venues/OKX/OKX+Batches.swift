import OMSCore
import Wire

extension OKX {
    /// What the answer to a batch says of each order.
    ///
    /// Rows name their orders: places by the client's id, which refused ones bear too; cancels and changes by whichever id they were sent with, the other may be
    /// empty. Never by position. The codes are the rows' (`sCode`); the answer's own says only whether none (`0`), all (`1`) or some (`2`) of them failed, and a row
    /// that it contradicts is in doubt.
    ///
    /// - Parameter foreign: is told ids that the request did not carry.
    static func outcomes(
        _ asked: [(client: ClientOrderID, venue: VenueOrderID?)], in meeting: Meeting, for operation: Operation, foreign: inout [String]
    ) -> [ItemOutcome] {
        let rows: [JSON]
        let expected: (taken: Bool, failed: Bool)
        switch meeting {
        case .success(let envelope): (rows, expected) = (envelope["data"]?.array ?? [], (true, false))
        case .items(let envelope, let allFailed): (rows, expected) = (envelope["data"]?.array ?? [], (!allFailed, true))
        case .code(_, let code, _, let envelope):
            // A code that speaks for the whole request stands without rows; beside them it and they contradict each other.
            guard let rows = envelope["data"]?.array, !rows.isEmpty else { return outcomes(of: meeting, for: operation, count: asked.count) }
            let why = "code \(code.prefix(textMax).escapedForLog) for the whole, beside \(rows.count) orders"
            return asked.map { _ in .inDoubt(why) }
        case .unreadable, .slowDown, .shaky: return outcomes(of: meeting, for: operation, count: asked.count)
        }
        guard !rows.isEmpty else { return outcomes(of: meeting, for: operation, count: asked.count) }
        var found: [[JSON]] = Array(repeating: [], count: asked.count)
        for row in rows {
            if let index = index(of: row, among: asked) {
                found[index].append(row)
            } else {
                foreign += [id(row, "clOrdId"), id(row, "ordId")].compactMap { $0 }
            }
        }
        let ids = found.flatMap { $0 }.compactMap { id($0, "ordId") }
        let twice = Set(ids.filter { id in ids.count { $0 == id } > 1 })
        let outcomes = asked.indices.map { index -> ItemOutcome in
            guard let row = found[index].first else { return .inDoubt("the answer does not list it") }
            guard found[index].count == 1 else { return .inDoubt("the answer lists it \(found[index].count) times") }
            if let venue = id(row, "ordId") {
                if twice.contains(venue) { return .inDoubt("the answer gives two orders one order id") }
                if let known = asked[index].venue?.text, venue != known { return .inDoubt("the answer gives it another order id") }
            }
            return outcome(row, expected, for: operation)
        }
        return named(outcomes)
    }

    private static func id(_ row: JSON, _ key: String) -> String? { row[key]?.text.flatMap { $0.isEmpty ? nil : $0 } }

    /// Which order a row is about; nil: none of them, or two.
    private static func index(of row: JSON, among asked: [(client: ClientOrderID, venue: VenueOrderID?)]) -> Int? {
        let byClient = id(row, "clOrdId").map { client in asked.firstIndex { $0.client.text == client } }
        let byVenue = id(row, "ordId").flatMap { venue in asked.firstIndex { $0.venue?.text == venue } }
        guard let byClient else { return byVenue }
        // An id that was not sent is another order's, whatever stands beside it.
        guard let client = byClient else { return nil }
        return byVenue == nil || byVenue == client ? client : nil
    }

    private static func outcome(_ row: JSON, _ expected: (taken: Bool, failed: Bool), for operation: Operation) -> ItemOutcome {
        guard let code = id(row, "sCode") else { return .inDoubt("the answer has no code for it") }
        let text = String((row["sMsg"]?.text ?? "").prefix(textMax))
        let venue = id(row, "ordId").map { VenueOrderID($0) }
        guard classify(code) == .success else {
            let outcome = outcome(of: code, text: text, isSteady: true, for: operation)
            guard expected.failed else {
                return .inDoubt(code: code, text: text, "refused with code \(code.prefix(textMax).escapedForLog) in an answer of success")
            }
            // A refused order has no id. A duplicate's may be that of the order that was there.
            guard operation == .place, let venue, outcome != .duplicate(code: code, text: text) else { return outcome }
            return .inDoubt(code: code, text: text, "refused with code \(code.prefix(textMax).escapedForLog), and given the order id \(venue)")
        }
        guard expected.taken else { return .inDoubt("taken, in an answer by which all failed") }
        // A receipt, for all three: whether it comes to anything shows in the order.
        guard operation != .place || venue != nil else { return .inDoubt("taken without an order id") }
        return .acknowledged(venue, venueState: nil)
    }

    /// Innocent orders of a batch that is all or nothing: whether one of the others was blamed.
    private static func named(_ outcomes: [ItemOutcome]) -> [ItemOutcome] {
        let isNamed = outcomes.contains { outcome in
            switch outcome {
            case .refused, .refusedUnlessFound, .duplicate, .gone: true
            case .acknowledged, .notExecuted, .oneIsDuplicate, .inDoubt: false
            }
        }
        // A batch of which an order was taken was not all or nothing.
        let isTaken = outcomes.contains { if case .acknowledged = $0 { true } else { false } }
        return outcomes.map { outcome in
            guard case .notExecuted(.sibling, let said) = outcome else { return outcome }
            if isTaken { return .inDoubt("refused for the sake of others, beside one that was taken") }
            return .notExecuted(.sibling(offenderNamed: isNamed), said: said)
        }
    }

    /// What an answer of items says of the request as a whole, where they all say it.
    static func disposition(of outcomes: [ItemOutcome], else former: VenueAnswer.Disposition) -> VenueAnswer.Disposition {
        guard former == .answered, !outcomes.isEmpty else { return former }
        if outcomes.allSatisfy({ $0.isNotExecuted(.rateLimited) }) { return .rateLimited(retryAfterMs: nil) }
        return outcomes.contains { $0.isNotExecuted(.clock) } ? .clockRefused : former
    }
}
