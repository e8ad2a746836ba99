import OMSCore
import Wire

/// Rows that XT and AZ print alike, but for the names of some fields.
extension AnswerRow {
    /// An order of a look-up or listing.
    ///
    /// - Parameters: names of the fields that hold its side, and when it was placed.
    func xtOrder(side: String, placedAt: String) throws(Unreadable) -> OrderReport {
        let state = try requiredText("state")
        var report = OrderReport(status: xtStatus(state), venueState: state)
        report.venueOrderID = VenueOrderID(try requiredText("orderId"))
        report.clientOrderID = try text("clientOrderId").map { ClientOrderID($0) }
        report.symbol = try text("symbol").map { Symbol($0) }
        report.side = try self.side(side)
        report.price = try amount("price")
        report.quantity = try amount("origQty")
        report.filledQuantity = try filled("executedQty")
        // Null until something was executed; of an order that is called filled it is just not said.
        if report.filledQuantity == nil, ![.filled, .partiallyFilled].contains(report.status) { report.filledQuantity = .zero }
        report.averagePrice = bound("avgPrice")
        // Null until something changed.
        report.version = (try? integer("updatedTime")) ?? (try? integer(placedAt))
        return report
    }

    /// An execution of the order that was asked about; one of another order is an alarm, and no answer.
    ///
    /// A fee that cannot be read is left out: it never takes the execution with it.
    ///
    /// - Parameters: names of the fields that hold its own id, its time and what the fee was paid in.
    func xtFill(of subject: FindSubject, id: String, at: String, feeAsset: String, foreign: inout [String]) throws(Unreadable) -> Fill {
        let order = VenueOrderID(try requiredText("orderId"))
        guard order == subject.venueOrderID else {
            foreign.append(order.text)
            throw Unreadable("an execution of another order")
        }
        let fee = figure("fee")
        return Fill(
            tradeID: TradeID(try requiredText(id)), venueOrderID: order, quantity: try requiredAmount("quantity"), price: try requiredAmount("price"),
            fee: fee, feeAsset: fee == nil ? nil : json[feeAsset]?.text, at: try requiredMicroseconds(at))
    }

    /// What follows this page of `items`, whose ids stand under `id`; nil behind the last.
    ///
    /// `hasNext` alone says whether there is more; `hasPrev`, where it stands, must fit the place of the page.
    func xtNext(after page: CursorPage?, id: String) throws(Unreadable) -> String? {
        guard let hasNext = try bool("hasNext") else { throw Unreadable("hasNext is missing") }
        if let hasPrev = try bool("hasPrev"), hasPrev != (page != nil) {
            throw Unreadable(hasPrev ? "rows before a first page" : "no rows before a page that follows others")
        }
        let ids = try array("items").map { row in (try? AnswerRow(row).integer(id)) ?? nil }
        if page != nil || hasNext, let last = ids.last, last == nil { throw Unreadable("\(id) of a page's last row is no number") }
        return try CursorPage.following(page, ids: ids.compactMap { $0 }, hasNext: hasNext)?.text
    }
}

/// Outcomes in the tickets' order, as an answer's rows tell them one by one.
struct XTOutcomes {
    private(set) var all: [ItemOutcome]
    private var answered: Set<Int> = []
    private var holders: [VenueOrderID: Int] = [:]

    init(count: Int) { all = Array(repeating: .inDoubt("missing in the answer"), count: count) }

    /// Notes what a row says of the ticket at `index`. Two rows for one order, and one venue id for two, settle neither.
    mutating func note(_ outcome: ItemOutcome, at index: Int) {
        guard answered.insert(index).inserted else {
            all[index] = .inDoubt("answered twice")
            return
        }
        all[index] = outcome
        guard case .acknowledged(let id?, _) = outcome else { return }
        if let other = holders.updateValue(index, forKey: id) {
            all[other] = .inDoubt("one venue id for two orders")
            all[index] = .inDoubt("one venue id for two orders")
        }
    }
}
