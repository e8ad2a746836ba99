import OMSCore
import Venues
import Wire

/// One execution, as a journal or a venue's ledger has it.
package struct RecordedExecution: Sendable, Equatable {
    package let tradeID: String
    package let venueOrderID: String
    package let quantity: Decimal
    package let price: Decimal
    /// Positive is paid; nil: not known.
    package let fee: Decimal?

    package init(tradeID: String, venueOrderID: String, quantity: Decimal, price: Decimal, fee: Decimal?) {
        (self.tradeID, self.venueOrderID, self.quantity, self.price, self.fee) = (tradeID, venueOrderID, quantity, price, fee)
    }

    init?(ledger row: JSON) {
        func decimal(_ name: String) -> Decimal? { row[name]?.string.flatMap { Decimal($0) } }
        guard let trade = row["trade_id"]?.string, let order = row["order_id"]?.string, let quantity = decimal("quantity"),
            let price = decimal("price"), let fee = decimal("fee")
        else { return nil }
        self.init(tradeID: trade, venueOrderID: order, quantity: quantity, price: price, fee: fee)
    }
}

extension Audit {
    /// Rows of executions of one order, here and there.
    mutating func judgeExecutions(of order: RecordedOrder, _ held: [Holding], _ known: [String: [RecordedExecution]], _ line: inout Line) {
        func finding(_ problem: String) { findings.append(Finding(venue: order.venue, id: order.clientID, problem: problem)) }
        line.executions += order.executions.count
        var there: [String: RecordedExecution] = [:]
        for id in held.map(\.orderID) { for execution in known[Self.key(order.venue, id)] ?? [] { there[execution.tradeID] = execution } }
        for here in order.executions {
            guard let other = there.removeValue(forKey: here.tradeID) else {
                finding("execution \(here.tradeID) here, \(here.quantity) at \(here.price), is none of it at the venue")
                continue
            }
            let differences = [
                ("order", here.venueOrderID, other.venueOrderID), ("quantity", here.quantity.description, other.quantity.description),
                ("price", here.price.description, other.price.description),
                ("fee", here.fee?.description ?? "not known", other.fee?.description ?? "not known"),
            ].filter { $0.1 != $0.2 }
            for (what, mine, its) in differences { finding("execution \(here.tradeID): \(what) \(mine) here, \(its) there") }
        }
        guard order.isClosed, !order.awaitsExecutions, Self.listsExecutions(order.venue) else { return }
        for missing in there.values.sorted(by: { $0.tradeID < $1.tradeID }) {
            finding("execution \(missing.tradeID) there, \(missing.quantity) at \(missing.price), is on no record")
        }
    }

    /// Whether omsd asks that venue for rows of executions.
    private static func listsExecutions(_ venue: String) -> Bool {
        guard let line = VenueCatalog.line(venue), let product = line.samples.first?.product else { return false }
        return line.adapter(product)?.profile.listsFills ?? false
    }
}
