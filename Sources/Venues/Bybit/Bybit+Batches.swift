import OMSCore
import Wire

extension Bybit {
    /// What the answer to a batch says of each order.
    ///
    /// Two lists lie beside each other: `result.list` with the ids, `retExtInfo.list` with the codes, which the venue says are tied to the request and to each
    /// other by index; a refused order may stand there without an id. An index is believed where both lists are as long as the request and no id in them
    /// is another than the order's at that place; else nothing is.
    ///
    /// - Parameter foreign: is told ids that the request did not carry.
    static func outcomes(
        _ asked: [(client: ClientOrderID, venue: VenueOrderID?)], in meeting: Meeting, for operation: Operation, foreign: inout [String]
    ) -> [ItemOutcome] {
        let envelope: JSON
        let isSuccess: Bool
        switch meeting {
        case .success(let json): (envelope, isSuccess) = (json, true)
        // Whether a batch of which nothing was taken bears a code as a whole is not said: its lists, where there are any, say more.
        case .code(_, _, _, let json): (envelope, isSuccess) = (json, false)
        case .unreadable, .slowDown, .shaky: return outcomes(of: meeting, for: operation, count: asked.count)
        }
        let (first, second) = (envelope["result"]?["list"], envelope["retExtInfo"]?["list"])
        // A code speaks for all where neither list is there. Half an answer says nothing of what the other half held.
        if isAbsent(first), isAbsent(second) { return outcomes(of: meeting, for: operation, count: asked.count) }
        let (rows, codes) = (first?.array ?? [], second?.array ?? [])
        if let problem = misfit(rows, codes, asked, foreign: &foreign) { return asked.map { _ in .inDoubt(problem) } }
        return asked.indices.map { index in outcome(rows[index], codes[index], isSuccess: isSuccess, for: operation) }
    }

    private static func isAbsent(_ list: JSON?) -> Bool { list.map { $0.isNull || $0.array?.isEmpty == true } ?? true }

    /// Why indexes are not to be believed; nil: they are.
    private static func misfit(
        _ rows: [JSON], _ codes: [JSON], _ asked: [(client: ClientOrderID, venue: VenueOrderID?)], foreign: inout [String]
    ) -> String? {
        var problem: String?
        if rows.count != asked.count || codes.count != asked.count {
            problem = "the answer lists \(rows.count) orders and \(codes.count) codes for \(asked.count)"
        }
        var seen: Set<String> = []
        let clients = Set(asked.map(\.client.text))
        for (index, row) in rows.enumerated() {
            let (client, venue) = (id(row, "orderLinkId"), id(row, "orderId"))
            if let client, !clients.contains(client) { foreign.append(client) }
            if let venue, !seen.insert(venue).inserted { problem = problem ?? "the answer gives two orders one order id" }
            guard asked.indices.contains(index) else { continue }
            if let client, client != asked[index].client.text { problem = problem ?? "the answer names another order in its place" }
            if let venue, let known = asked[index].venue?.text, venue != known {
                problem = problem ?? "the answer gives it another order id"
                foreign.append(venue)
            }
        }
        return problem
    }

    private static func id(_ row: JSON, _ key: String) -> String? { row[key]?.text.flatMap { $0.isEmpty ? nil : $0 } }

    private static func outcome(_ row: JSON, _ said: JSON, isSuccess: Bool, for operation: Operation) -> ItemOutcome {
        guard let code = said["code"]?.text, !code.isEmpty, row.object != nil else { return .inDoubt("the answer has no code for it") }
        let text = String((said["msg"]?.text ?? "").prefix(textMax))
        let venue = id(row, "orderId").map { VenueOrderID($0) }
        guard classify(code) == .success else {
            let outcome = outcome(of: code, text: text, isSteady: true, for: operation)
            // A refused order has no id. A duplicate's may be that of the order that was there.
            guard operation == .place, let venue, outcome != .duplicate(code: code, text: text) else { return outcome }
            return .inDoubt(code: code, text: text, "refused with code \(code.prefix(textMax).escapedForLog), and given the order id \(venue)")
        }
        guard isSuccess else { return .inDoubt("taken, in an answer that refuses") }
        // A receipt, for all three: whether it comes to anything shows in the order.
        guard operation != .place || venue != nil else { return .inDoubt("taken without an order id") }
        return .acknowledged(venue, venueState: nil)
    }
}
