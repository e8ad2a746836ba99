import OMSCore
import Wire

/// Placing. A good code is a receipt: the engine looks at the order later (docs/venues/okx.md).
extension OKXDialect {
    private static let placed: [String: OKXFields.Kind] = [
        "instId": .text, "tdMode": .text, "side": .text, "ordType": .text, "sz": .text, "px": .text, "clOrdId": .text, "posSide": .text,
        "reduceOnly": .flag, "tag": .text, "stpMode": .text, "ccy": .text, "tgtCcy": .text, "banAmend": .flag, "pxAmendType": .text,
        "tradeQuoteCcy": .text,
    ]

    // MARK: Items

    /// The items of a write and whether they are a batch; a body that is none is refused whole.
    func items(_ call: Call) throws(OKXProblem) -> [JSON] {
        guard call.route.endpoint.hasSuffix("-batch") else {
            call.items = 1
            return [call.json ?? .null]
        }
        guard let items = call.json?.array else { throw OKXProblem(50_002, "JSON syntax error") }
        guard !items.isEmpty else { throw OKXProblem(50_014, "Parameter orders can not be empty.") }
        call.items = items.count
        guard items.count <= 20 else { throw OKXProblem(51_111, "Maximum 20 orders can be placed in bulk.") }
        return items
    }

    /// What keeps an item from being looked at: a limit that is used up, a fault, a deadline.
    ///
    /// - Parameter allowance: What the limits leave, less what the items before took.
    func door(_ index: Int, _ json: JSON, _ deadlineMs: Int64?, _ call: Call, _ allowance: inout OKXAllowance) throws(OKXProblem) {
        try allowance.take(json["instId"]?.string ?? "")
        try OKXProblem.heed(call)
        // Placed in turn; whether each is held against the deadline nobody says.
        if settings.checksDeadlineByItem, let deadlineMs, call.atMs + Int64(index) * settings.itemUs / 1_000 > deadlineMs {
            throw OKXProblem(50_037, "Order expired.")
        }
    }

    /// The deadline of a place or an amend; past it the request is not processed.
    func deadline(_ call: Call, _ exchange: Exchange) throws(OKXProblem) -> Int64? {
        let ms = try OKXEdge.deadlineMs(of: call)
        if let ms, ms < call.atMs, !exchange.takesOldStamps { throw OKXProblem(50_036, "The expTime can't be earlier than the current system time.") }
        return ms
    }

    func place(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        let items = try items(call)
        call.clientIDs = items.compactMap { $0["clOrdId"]?.string }
        let deadlineMs = try deadline(call, exchange)
        var allowance = OKXAllowance(call)
        var receipts = items.map { OKXReceipt(clientID: $0["clOrdId"]?.string ?? "", tag: $0["tag"]?.string ?? "") }
        // In portfolio mode a batch stands or falls as one: nothing is entered before all of it was looked at.
        let isAtomic = settings.accountLevel == 4 && items.count > 1
        var waiting: [(index: Int, ticket: Ticket)] = []
        var ids: Set<String> = []
        for (index, json) in items.enumerated() {
            do throws(OKXProblem) {
                try door(index, json, deadlineMs, call, &allowance)
                let ticket = try ticket(try OKXFields(json, known: Self.placed), account, exchange)
                guard ticket.clientID.isEmpty || ids.insert(ticket.clientID).inserted else { throw Self.duplicate }
                if isAtomic { waiting.append((index, ticket)) } else { receipts[index].orderID = enter(ticket, index, call, exchange).id }
            } catch {
                receipts[index].problem = error
            }
        }
        let isRefused = receipts.contains { $0.problem != nil }
        for (index, ticket) in waiting {
            if isRefused {
                receipts[index].problem = Self.sibling
            } else {
                receipts[index].orderID = enter(ticket, index, call, exchange).id
            }
        }
        return edge.receipts(call, receipts, .place)
    }

    private static let duplicate = OKXProblem(51_016, "Client order ID already exists.")
    /// Blameless, beside one that was refused.
    static let sibling = OKXProblem(54_004, "Order placement or modification failed because one of the orders in the batch failed.")

    // MARK: The engine

    /// Hands an order to the engine, which comes to it in its turn.
    private func enter(_ ticket: Ticket, _ index: Int, _ call: Call, _ exchange: Exchange) -> SimOrder {
        let order = exchange.place(ticket, in: call, isAsynchronous: true)
        later(index, exchange, at: call.at) { [unowned self, unowned exchange, unowned order] at in self.take(order, exchange, at: at) }
        return order
    }

    /// Does something when the engine comes to an item of a request.
    func later(_ index: Int, moreUs: Int64 = 0, _ exchange: Exchange, at: Int64, _ action: @escaping (Int64) -> Void) {
        let us = settings.engineUs + Int64(index) * settings.itemUs + moreUs
        if us > 0 { exchange.schedule(afterUs: us, action) } else { action(at) }
    }

    private func take(_ order: SimOrder, _ exchange: Exchange, at: Int64) {
        guard order.state == .accepted else { return }
        if settings.hidesPostOnly, order.ticket.timeInForce == .postOnly, wouldTake(order.side, order.price, order.symbol, exchange, at: at) {
            exchange.cancel(order, reason: "post_only", at: at)
        } else {
            exchange.activate(order, at: at)
        }
    }

    /// Whether an order at that price would meet somebody at once.
    func wouldTake(_ side: SimSide, _ price: Decimal?, _ symbol: String, _ exchange: Exchange, at: Int64) -> Bool {
        guard let price, let market = exchange.instruments[symbol] else { return false }
        let reference = exchange.reference(of: market, at: at)
        return side == .buy ? price > reference : price < reference
    }

    // MARK: One order

    /// What the fields ask for, or what is wrong with them.
    private func ticket(_ fields: OKXFields, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> Ticket {
        let market = try market(try fields.required("instId"), exchange)
        let mode = try fields.word("tdMode", ["cash", "cross", "isolated", "spot_isolated"])
        guard let product = product(of: market.symbol, mode) else { throw .accountMode }
        let isBuy = try fields.word("side", ["buy", "sell"]) == "buy"
        let type = try fields.word("ordType", ["limit", "market", "post_only", "fok", "ioc", "optimal_limit_ioc"])
        guard type != "optimal_limit_ioc" || OKXRules.isDerivative(market.symbol) else { throw .parameter("ordType") }
        let clientID = try fields.name("clOrdId", most: 32) ?? ""
        let tag = try fields.name("tag", most: 16) ?? ""
        let stop = try fields.word("stpMode", ["cancel_maker", "cancel_taker", "cancel_both"], standing: "cancel_maker")
        guard stop != "cancel_both" || type != "fok" else { throw OKXProblem(54_036, "You cannot place a FOK order under STP mode Cancel Both.") }
        let side = try positionSide(fields, product)
        if fields.flag("reduceOnly") != nil, product == "spot" { throw .parameter("reduceOnly") }
        if fields["ccy"] != nil, product != "margin" { throw .parameter("ccy") }
        if fields.flag("banAmend") != nil || fields["tradeQuoteCcy"] != nil, OKXRules.isDerivative(market.symbol) { throw .parameter("banAmend") }
        let isMarket = type == "market" || type == "optimal_limit_ioc"
        let target = try target(fields, product, isBuy: isBuy, isMarket: isMarket)

        guard let amount = try fields.amount("sz") else { throw OKXProblem(50_014, "Parameter sz can not be empty.") }
        var ticket = Ticket(symbol: market.symbol, side: isBuy ? .buy : .sell, quantity: amount, clientID: clientID, product: product)
        ticket.isMarket = isMarket
        ticket.timeInForce =
            switch type {
            case "ioc": .ioc
            case "fok": .fok
            case "post_only": .postOnly
            default: .gtc
            }
        ticket.tags = [
            ("ordType", type), ("tdMode", mode), ("posSide", side), ("tag", tag), ("stpMode", stop), ("tgtCcy", target),
            ("ccy", fields["ccy"] ?? ""), ("reduceOnly", fields.flag("reduceOnly") == true ? "true" : "false"),
        ]
        try price(&ticket, fields, market)
        try size(&ticket, fields, market, inQuote: isMarket && target == "quote_ccy")
        if !clientID.isEmpty, isTaken(clientID, account, exchange) { throw Self.duplicate }
        if settings.openCap > 0, exchange.unfinished(uid: account.uid, where: { $0.symbol == market.symbol }).count >= settings.openCap {
            throw OKXProblem(51_174, "The number of pending orders of this instrument is at its limit.")
        }
        return ticket
    }

    /// A market that is listed.
    func market(_ name: String, _ exchange: Exchange) throws(OKXProblem) -> SimInstrument {
        guard let market = exchange.instruments[name] else { throw OKXProblem(51_001, "Instrument ID or Spread ID doesn't exist.") }
        return market
    }

    /// The line of business in which an order stands, by its market, its mode and the account's; nil where they do not go together.
    private func product(of market: String, _ mode: String) -> String? {
        let own = OKXRules.product(ofMarket: market)
        switch settings.accountLevel {
        case 1: return own == "spot" && mode == "cash" ? own : nil
        case 2:
            if own == "spot" { return mode == "cash" ? own : ["cross", "isolated"].contains(mode) ? "margin" : nil }
            return ["cross", "isolated"].contains(mode) ? own : nil
        default: return mode == "cross" ? own : nil
        }
    }

    /// Long or short where positions are held apart; else the net.
    private func positionSide(_ fields: OKXFields, _ product: String) throws(OKXProblem) -> String {
        guard settings.isHedged, product == "swap" || product == "futures" else { return try fields.word("posSide", ["net"], standing: "net") }
        guard let side = fields["posSide"], side == "long" || side == "short" else { throw .parameter("posSide") }
        return side
    }

    /// What the size of a market order counts; empty where that is not a question.
    private func target(_ fields: OKXFields, _ product: String, isBuy: Bool, isMarket: Bool) throws(OKXProblem) -> String {
        switch product {
        case "spot" where isMarket: return try fields.word("tgtCcy", ["base_ccy", "quote_ccy"], standing: isBuy ? "quote_ccy" : "base_ccy")
        case "spot":
            // The page has it for market orders. A client library in wide use sends it with each order of spot: where the size counts coins anyway, it says nothing.
            if fields["tgtCcy"] != nil { _ = try fields.word("tgtCcy", ["base_ccy", "quote_ccy"]) }
            return ""
        case "margin" where isMarket && fields["tgtCcy"] == nil: return isBuy ? "quote_ccy" : "base_ccy"
        default:
            guard fields["tgtCcy"] == nil else { throw .parameter("tgtCcy") }
            return ""
        }
    }

    private func price(_ ticket: inout Ticket, _ fields: OKXFields, _ market: SimInstrument) throws(OKXProblem) {
        guard !ticket.isMarket else {
            guard fields["px"] == nil else { throw .parameter("px") }
            return
        }
        guard let price = try fields.amount("px") else { throw OKXProblem(50_014, "Parameter px can not be empty.") }
        ticket.price = try withinBand(price, ticket.side, fields, market)
    }

    /// A price beyond the band is refused, or moved to it where the request allows that.
    func withinBand(_ price: Decimal, _ side: SimSide, _ fields: OKXFields, _ market: SimInstrument) throws(OKXProblem) -> Decimal {
        try OKXRules.check(price: price, market)
        let moves = try fields.word("pxAmendType", ["0", "1"], standing: "0") == "1"
        guard settings.bandPercent > 0 else { return price }
        let percent = 100 + (side == .buy ? settings.bandPercent : -settings.bandPercent)
        guard let edge = market.reference.multiplied(by: Decimal(percent), roundingDown: true)?.dividedRoundingDown(by: Decimal(100)) else {
            return price
        }
        guard side == .buy ? price > edge : price < edge else { return price }
        guard !moves else { return edge.roundedDown(to: market.tick) }
        let code = OKXRules.isDerivative(market.symbol) ? 51_006 : side == .buy ? 51_137 : 51_138
        throw OKXProblem(code, "Order price is not within the price limit.")
    }

    private func size(_ ticket: inout Ticket, _ fields: OKXFields, _ market: SimInstrument, inQuote: Bool) throws(OKXProblem) {
        let most = OKXRules.mostAtMarket(of: market)
        let isDerivative = OKXRules.isDerivative(market.symbol)
        if inQuote {
            guard ticket.quantity <= most else { throw OKXProblem(51_201, "Value of per market order cannot exceed the maximum.") }
            try afford(&ticket.quantity, fields, ticket)
            let base = ticket.quantity.dividedRoundingDown(by: market.reference) ?? .zero
            try OKXRules.checkLeast(base, market)
            (ticket.quoteQuantity, ticket.quantity) = (ticket.quantity, .zero)
            return
        }
        try OKXRules.check(quantity: ticket.quantity, market)
        try OKXRules.checkLeast(ticket.quantity, market)
        if ticket.isMarket {
            let worth = isDerivative ? ticket.quantity : ticket.quantity.multiplied(by: market.reference, roundingDown: true) ?? most
            guard worth <= most else { throw OKXProblem(51_202, "Market order amount exceeds the maximum amount.") }
        }
        guard ticket.product == "spot" else { return }
        if ticket.side == .sell {
            try afford(&ticket.quantity, fields, ticket)
            ticket.quantity = ticket.quantity.roundedDown(to: market.lot)
        } else {
            var cost = ticket.quantity.multiplied(by: ticket.price ?? market.reference, roundingDown: true) ?? settings.balance
            let asked = cost
            try afford(&cost, fields, ticket)
            if cost < asked {
                ticket.quantity = (cost.dividedRoundingDown(by: ticket.price ?? market.reference) ?? .zero).roundedDown(to: market.lot)
            }
        }
    }

    /// What the balance does not bear is refused; a market order of a pair is cut to it unless the request forbids that.
    private func afford(_ amount: inout Decimal, _ fields: OKXFields, _ ticket: Ticket) throws(OKXProblem) {
        guard ticket.product == "spot", amount > settings.balance else { return }
        guard ticket.isMarket, fields.flag("banAmend") != true else { throw OKXProblem(51_008, "Order failed. Insufficient balance in account.") }
        amount = settings.balance
    }

    /// Ids are taken by pending orders alone, and free again behind their end.
    private func isTaken(_ clientID: String, _ account: SimAccount, _ exchange: Exchange) -> Bool {
        guard let order = exchange.pendingOrder(clientID: clientID, uid: account.uid) else { return false }
        return order.state.isLive || !settings.idsAreTakenByLiveOrders
    }
}

/// What the limits that refuse order by order leave of a request.
struct OKXAllowance {
    private var left: [Key: Int] = [:]
    private struct Key: Hashable {
        let budget: String
        let part: String
    }

    init(_ call: Call) { for counted in call.within { left[Key(budget: counted.budget, part: counted.part)] = counted.within } }

    /// Takes a permit of each limit that counts this order, or of none.
    mutating func take(_ symbol: String) throws(OKXProblem) {
        let isDerivative = OKXRules.isDerivative(symbol)
        let keys = left.keys.filter { $0.budget == "account-orders" ? isDerivative : $0.part == symbol }
        let empty = keys.filter { left[$0] == 0 }
        guard empty.isEmpty else { throw empty.contains { $0.budget != "account-orders" } ? OKXProblem.tooMany : OKXProblem.tooManyOfAccount }
        for key in keys { left[key]? -= 1 }
    }
}
