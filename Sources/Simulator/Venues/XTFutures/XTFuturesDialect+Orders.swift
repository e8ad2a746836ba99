import OMSCore
import Wire

/// Placing, one by one and in batches (docs/venues/xt-futures.md).
extension XTFuturesDialect {
    /// Broker tags (`media`) are taken and say nothing.
    private static let orderFields: Set<String> = [
        "clientOrderId", "symbol", "orderSide", "orderType", "origQty", "price", "timeInForce", "positionSide", "triggerProfitPrice",
        "triggerStopPrice", "media", "clientMedia",
    ]

    // MARK: One order

    /// What an order asks for, by its own fields alone.
    private func ticket(_ fields: XTFields) throws(XTProblem) -> Ticket {
        if let name = fields.unknown(besides: Self.orderFields) { throw XTProblem("invalid_params", "unknown parameter \(name)") }
        let clientID = fields.text("clientOrderId") ?? ""
        guard fields["clientOrderId"] == nil || isXTClientID(clientID) else { throw XTProblem("invalid_params", "invalid clientOrderId") }
        guard let symbol = fields.text("symbol")?.lowercased() else { throw XTProblem("invalid_symbol", "symbol is required") }
        guard let side = SimSide(xt: fields.text("orderSide")) else { throw XTProblem("invalid_params", "invalid orderSide") }
        guard let type = fields.text("orderType"), type == "LIMIT" || type == "MARKET" else { throw XTProblem("invalid_params", "invalid orderType") }
        guard let position = fields.text("positionSide"), position == "LONG" || position == "SHORT" else {
            throw XTProblem("invalid_params", "invalid positionSide")
        }
        let word = fields["timeInForce"] == nil ? "GTC" : fields.text("timeInForce")
        guard let word, let timeInForce = Ticket.TimeInForce(xt: word) else { throw XTProblem("invalid_time_in_force", "invalid timeInForce") }
        guard let quantity = try fields.decimal("origQty", orElse: XTProblem("invalid_quantity", "invalid origQty")) else {
            throw XTProblem("invalid_params", "origQty is required")
        }
        let price = try fields.decimal("price", orElse: XTProblem("invalid_price", "invalid price"))
        guard (type == "LIMIT") == (price != nil) else { throw XTProblem("invalid_price", "a limit order has a price, a market order has none") }
        var ticket = Ticket(
            symbol: symbol, side: side, quantity: quantity, clientID: clientID, product: XTFuturesMarkets.product(ofMarket: symbol))
        (ticket.price, ticket.isMarket, ticket.timeInForce) = (price, type == "MARKET", timeInForce)
        ticket.tags = [("timeInForce", type == "MARKET" ? "IOC" : word), ("positionSide", position)]
        for name in ["triggerProfitPrice", "triggerStopPrice"] {
            let trigger = try fields.decimal(name, orElse: XTProblem("invalid_price", "invalid \(name)"))
            guard trigger?.isPositive ?? true else { throw XTProblem("invalid_price", "invalid \(name)") }
            if let trigger { ticket.tags.append((name, trigger.description)) }
        }
        return ticket
    }

    /// Buying long and selling short open; the two others close.
    static func opens(_ ticket: Ticket) -> Bool {
        (ticket.side == .buy) == (ticket.tags.first { $0.name == "positionSide" }?.value == "LONG")
    }

    /// What the pages of both, single orders and batches, list: market, rights and the form of amounts.
    ///
    /// - Parameter scale: The code of a quantity that is no whole number: single orders and batches have each their own.
    func checkForm(_ ticket: Ticket, scale: String, _ call: Call, _ exchange: Exchange) throws(XTProblem) -> SimInstrument {
        guard let market = market(ticket.symbol, call, exchange) else { throw XTProblem("invalid_symbol", "invalid symbol") }
        try checkRights(ticket, market)
        guard ticket.quantity.isMultiple(of: market.lot) else { throw XTProblem(scale, "contracts are whole") }
        guard ticket.quantity >= market.minQuantity, ticket.quantity.isPositive else {
            throw XTProblem("invalid_quantity", "quantity below the minimum")
        }
        if let price = ticket.price {
            guard price.isPositive, price.isMultiple(of: market.tick) else { throw XTProblem("invalid_price", "price off tick") }
        }
        return market
    }

    private func checkRights(_ ticket: Ticket, _ market: SimInstrument) throws(XTProblem) {
        switch settings.standing {
        case .open: break
        case .noTrading: throw XTProblem("user_can_not_trade", "trading is forbidden")
        case .noOpening: if Self.opens(ticket) { throw XTProblem("user_can_not_open_position", "opening is forbidden") }
        case .notOpened: throw XTProblem("contract_not_open", "the contract account is not open")
        }
        switch XTFuturesMarkets.standing(of: market.symbol) {
        case .open: break
        case .closing: if Self.opens(ticket) { throw XTProblem("symbol_is_not_open_position", "positions cannot be opened") }
        case .suspended: throw XTProblem("symbol_is_not_trading", "the symbol is not trading")
        case .notByAPI: throw XTProblem("symbol_not_support_trading_via_api", "the symbol cannot be traded by API")
        }
    }

    /// What no page of a batch lists, and what is refused all the same, by whom nobody knows: worth, margin, the number of orders.
    ///
    /// - Parameter waiting: Orders of the same market that are about to be taken before it.
    func checkMeans(_ ticket: Ticket, _ market: SimInstrument, waiting: Int, _ call: Call, _ exchange: Exchange) throws(XTProblem) {
        let price = ticket.price ?? market.reference
        guard let notional = XTFuturesMarkets.notional(of: ticket.quantity, at: price, market, countsBase: settings.countsBase),
            let worth = XTFuturesMarkets.worth(of: ticket.quantity, at: price, market, countsBase: settings.countsBase)
        else { throw XTProblem("invalid_quantity", "quantity above the maximum") }
        guard notional >= market.minNotional else { throw XTProblem("open_order_min_nominal_value_limit", "nominal value below the minimum") }
        guard worth <= settings.balance else { throw XTProblem("insufficient_balance", "insufficient balance") }
        guard let cap = settings.openOrdersMax else { return }
        let open = exchange.unfinished(uid: call.account?.uid ?? "") { $0.symbol == ticket.symbol }.count
        guard open + waiting < cap else { throw XTProblem("the_number_of_orders_has_reached_the_maximum", "too many open orders") }
    }

    private static let duplicate = XTProblem("invalid_params", "duplicate clientOrderId")

    /// The order that bears the id already, where the venue minds. What a repeated id does no page says.
    private func taken(_ ticket: Ticket, _ call: Call, _ exchange: Exchange) throws(XTProblem) -> SimOrder? {
        guard !ticket.clientID.isEmpty, settings.duplicates != .accept else { return nil }
        let uid = call.account?.uid ?? ""
        let earlier =
            settings.duplicatesAmongOpenOnly
            ? exchange.pendingOrder(clientID: ticket.clientID, uid: uid) : exchange.order(clientID: ticket.clientID, uid: uid, at: nil)
        guard earlier == nil || settings.duplicates == .existing else { throw Self.duplicate }
        return earlier
    }

    func place(_ ticket: Ticket, _ call: Call, _ exchange: Exchange) -> SimOrder {
        let order = exchange.place(ticket, in: call)
        order.visibleAt += .milliseconds(settings.visibilityLagMs)
        return order
    }

    func create(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        (call.items, call.refused) = (1, 1)
        let fields = try XTFields(of: call, knowing: Self.orderFields)
        if let id = fields.text("clientOrderId") { call.clientIDs = [id] }
        let ticket = try ticket(fields)
        try XTProblem.heed(call)
        let market = try checkForm(ticket, scale: "invalid_quantity_scale", call, exchange)
        try checkMeans(ticket, market, waiting: 0, call, exchange)
        let order = try taken(ticket, call, exchange) ?? place(ticket, call, exchange)
        (call.accepted, call.refused) = (1, 0)
        return success { $0.string(order.id) }
    }

    // MARK: Batches

    private static let batchMax = 20

    /// At most 20 orders, of any markets. Neither answer names an order: a success is empty, a failure has the code of one of them.
    func createBatch(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let items = try batch(call)
        call.items = items.count
        call.refused = items.count
        call.clientIDs = items.compactMap { $0["clientOrderId"]?.text }
        guard !items.isEmpty else { throw XTProblem("invalid_params", "nothing to do") }
        guard items.count <= Self.batchMax else { throw XTProblem("order_create_size_exceed", "more than \(Self.batchMax)") }
        var problem: XTProblem?
        var good: [(ticket: Ticket, market: SimInstrument)] = []
        for item in items {
            do throws(XTProblem) {
                guard let fields = XTFields(item) else { throw XTProblem("invalid_params", "an order must be an object") }
                let ticket = try ticket(fields)
                good.append((ticket, try checkForm(ticket, scale: "invalid_quantity", call, exchange)))
            } catch {
                problem = problem ?? error
            }
        }
        if let problem, settings.batch != .partial { throw problem }
        if settings.batch == .allOrNothing { try checkAll(good, call, exchange) }
        for (ticket, market) in good {
            do throws(XTProblem) {
                if settings.batch != .allOrNothing { try check(ticket, market, waiting: 0, call, exchange) }
                _ = try taken(ticket, call, exchange) ?? place(ticket, call, exchange)
                call.accepted += 1
            } catch {
                switch settings.batch {
                case .partial, .allOrNothing: problem = problem ?? error
                case .rejectedRows: exchange.reject(exchange.place(ticket, in: call, isAsynchronous: true), reason: error.code, at: call.at)
                case .noRows: break
                }
            }
        }
        call.refused = items.count - call.accepted
        if let problem {
            guard call.accepted > 0 else { throw problem }
            // It says that it failed; what of it was done it does not say.
            return failure(problem)
        }
        return success(batchResult(of: call))
    }

    /// The text of a list of orders, as the page of the endpoint has it: the array itself, or in a parameter `list`.
    private func batch(_ call: Call) throws(XTProblem) -> [JSON] {
        let isJSON = call.request.header("Content-Type")?.hasPrefix("application/json") == true
        if isJSON, call.request.query?.isEmpty ?? true, let items = call.json?.array { return items }
        guard call.route.endpoint != "atomic-create-batch" else { throw XTProblem("invalid_params", "the body must be a list") }
        let list = try XTFields(of: call, knowing: ["list"])["list"]
        guard let items = list?.array ?? list?.string.flatMap({ (try? JSONParser.parse($0))?.array }) else {
            throw XTProblem("invalid_params", "list must be a list")
        }
        return items
    }

    private func check(_ ticket: Ticket, _ market: SimInstrument, waiting: Int, _ call: Call, _ exchange: Exchange) throws(XTProblem) {
        try XTProblem.heed(call)
        try checkMeans(ticket, market, waiting: waiting, call, exchange)
    }

    /// Looks at all before any is taken.
    private func checkAll(_ orders: [(ticket: Ticket, market: SimInstrument)], _ call: Call, _ exchange: Exchange) throws(XTProblem) {
        var waiting: [String: Int] = [:]
        var ids: Set<String> = []
        for (ticket, market) in orders {
            try check(ticket, market, waiting: waiting[ticket.symbol, default: 0], call, exchange)
            _ = try taken(ticket, call, exchange)
            guard settings.duplicates != .reject || ticket.clientID.isEmpty || ids.insert(ticket.clientID).inserted else { throw Self.duplicate }
            waiting[ticket.symbol, default: 0] += 1
        }
    }

    private func batchResult(of call: Call) -> (inout JSONWriter) -> Void {
        guard call.route.endpoint == "atomic-create-batch" else { return { $0.bool(true) } }
        return switch settings.batchResult {
        case .empty: { $0.string("") }
        case .true: { $0.bool(true) }
        case .null: { $0.null() }
        }
    }
}
