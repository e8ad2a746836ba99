import OMSCore
import Wire

// What the futures of XT and of AZ share beside their envelope: an order's fields, numbered pages, what orders may say.

extension JSONWriter {
    /// One order of a create or of a batch.
    mutating func xtContractOrder(_ ticket: PlaceTicket) {
        let terms = ticket.terms
        beginObject()
        member("clientOrderId", ticket.clientOrderID.text)
        member("symbol", terms.symbol.text)
        member("orderSide", terms.side.rawValue.uppercased())
        member("orderType", terms.type.rawValue.uppercased())
        if let quantity = terms.quantity { member("origQty", quantity.description) }
        if terms.type == .limit {
            if let price = terms.price { member("price", price.description) }
            member("timeInForce", terms.postOnly ? "GTX" : (terms.timeInForce ?? .gtc).rawValue.uppercased())
        }
        if let side = terms.positionSide { member("positionSide", side.rawValue.uppercased()) }
        if let price = terms.takeProfit { member("triggerProfitPrice", price.description) }
        if let price = terms.stopLoss { member("triggerStopPrice", price.description) }
        endObject()
    }

    /// What `update` takes, on both platforms: all three, whatever of it changes.
    mutating func xtContractChange(_ ticket: ModifyTicket) {
        guard let id = ticket.venueOrderID, let price = ticket.price, let quantity = ticket.quantity else {
            preconditionFailure("\(ticket.clientOrderID) is modified by the venue's id, price and quantity together")
        }
        beginObject()
        member("orderId", id.text)
        member("price", price.description)
        member("origQty", quantity.description)
        endObject()
    }
}

extension OrderTerms {
    /// The first reason why XT's and AZ's futures cannot take the order.
    ///
    /// - Parameters:
    ///   - units: what quantities count, in words.
    ///   - counted: what is wrong with a quantity, whatever the market.
    func xtContractProblem(at venue: String, countedIn units: String, _ counted: (Decimal) -> OrderProblem?) -> OrderProblem? {
        if let problem = firstSet(of: [.quoteQuantity, .reduceOnly, .marginAction, .stp], at: venue) { return problem }
        if let problem = commonProblem { return problem }
        if positionSide == nil { return OrderProblem("position_side", "\(venue) needs long or short") }
        guard let quantity else { return OrderProblem("quantity", "needed, in \(units)") }
        if let problem = counted(quantity) { return problem }
        for (name, price) in [("take_profit", takeProfit), ("stop_loss", stopLoss)] {
            if let price, !price.isPositive { return OrderProblem(name, "must be positive") }
        }
        return nil
    }
}

extension AnswerRow {
    /// The number of the following page; nil behind the last. Every sign that a page bears must say the same: `total`, and where they stand `page`, `ps`,
    /// `pages`, `hasNext` and `hasPrev`.
    ///
    /// - Parameters:
    ///   - most: rows a page, as asked for.
    ///   - count: rows on this one.
    func xtNumbered(_ page: Int64, of most: Int64, count: Int) throws(Unreadable) -> String? {
        let total = try requiredInteger("total")
        let size = try integer("ps") ?? most
        let (before, overflow) = (page - 1).multipliedReportingOverflow(by: most)
        guard !overflow, before <= Int64.max - most, total >= 0 else { throw Unreadable("page is out of range") }
        if let own = try integer("page"), own != page { throw Unreadable("page \(own) for page \(page)") }
        // Pages of another size than the one asked for would leave rows out.
        guard size == most || (page == 1 && size > 0 && total <= size) else { throw Unreadable("pages of \(size) rows, \(total) in all") }
        guard Int64(count) == min(max(total - before, 0), most) else {
            throw Unreadable("a page of \(count) rows, \(before) before, \(total) in all")
        }
        let hasNext = total > before + most
        if let own = try bool("hasPrev"), own != (page > 1) { throw Unreadable("hasPrev \(own) on page \(page)") }
        if let pages = try integer("pages"), (pages > page) != hasNext { throw Unreadable("\(pages) pages, with \(total) rows in all") }
        var signs = PageSigns(rows: count, cursor: hasNext ? String(page + 1) : nil, behind: String(page))
        signs.promisesMore = try bool("hasNext")
        signs.total = (total, before + Int64(count))
        return try signs.next()
    }

    /// `minStepPrice`, else the decimal places of prices.
    func xtTick() throws(Unreadable) -> Decimal? {
        if let tick = try amount("minStepPrice") { return tick }
        return try step(places: "pricePrecision")
    }
}

extension Symbol {
    /// How names beyond ASCII are signed no page says: clients differ.
    func xtMustBeSignable() throws(Unreadable) {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { throw Unreadable("how names beyond ASCII are signed is not known of this venue") }
    }
}
