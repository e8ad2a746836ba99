import OMSCore
import Wire

/// Placing. An answer is a receipt: the engine looks at the order later (docs/venues/bybit.md, 3.1 and 4).
extension BybitDialect {
    private static let itemFields: [String: BybitFields.Kind] = [
        "symbol": .text, "side": .text, "orderType": .text, "qty": .text, "price": .text, "timeInForce": .text, "orderLinkId": .text,
        "marketUnit": .text, "smpType": .text, "positionIdx": .integer, "isLeverage": .integer, "reduceOnly": .flag, "closeOnTrigger": .flag,
    ]
    static let categories: Set = ["spot", "linear", "inverse"]

    /// One item of a batch: what the two lists of its answer say.
    struct Item {
        var symbol = ""
        var orderID = ""
        var clientID = ""
        var createdAtMs: Int64?
        var problem: BybitProblem?
    }

    // MARK: Batches

    /// The category and the items of a batch; a body that is none is refused whole.
    func batch(_ call: Call) throws(BybitProblem) -> (category: String, items: [JSON]) {
        guard let members = call.json?.object else { throw .parameter("body") }
        if let stranger = members.first(where: { $0.key != "category" && $0.key != "request" }) { throw .parameter(stranger.key.escapedForLog) }
        guard let category = call.json?["category"]?.string, Self.categories.contains(category) else { throw .parameter("category") }
        guard let items = call.json?["request"]?.array, !items.isEmpty else { throw .parameter("request") }
        call.items = items.count
        guard items.count <= (category == Self.spot ? 10 : 20) else { throw .parameter("request: too many orders") }
        guard !settings.isDemo || category == "linear" else {
            var problem = BybitProblem(10_017, "Route not found.")
            problem.status = 404
            throw problem
        }
        try requireUnified(category)
        return (category, items)
    }

    /// Classic accounts trade elsewhere; batches of inverse contracts need the second form of the unified account (3.4).
    func requireUnified(_ category: String) throws(BybitProblem) {
        guard settings.marginStatus >= (category == "inverse" ? 5 : 3) else {
            throw BybitProblem(10_028, "The API can only be accessed by unified account users.")
        }
    }

    /// Does something with each item that the limit leaves room for, in the order of the request, and answers by two lists that go by one index.
    func each(
        _ call: Call, _ category: String, _ items: [JSON], showsCreation: Bool, _ act: (JSON, inout Item) throws(BybitProblem) -> Void
    ) -> HTTPResponse {
        let within = call.itemsWithin ?? items.count
        let done = items.enumerated().map { index, json in
            var item = Item()
            do throws(BybitProblem) {
                item.symbol = json["symbol"]?.string ?? ""
                guard index < within else { throw .tooMany }
                try BybitProblem.heed(call)
                try act(json, &item)
                call.accepted += 1
            } catch {
                item.problem = error
                call.refused += 1
            }
            return item
        }
        return edge.success(
            call,
            extra: { writer in
                writer.beginObject()
                writer.key("list")
                writer.beginArray()
                for item in done {
                    writer.beginObject()
                    writer.code("code", item.problem?.code ?? "0")
                    writer.member("msg", item.problem?.text ?? "OK")
                    writer.endObject()
                }
                writer.endArray()
                writer.endObject()
            },
            { writer in
                writer.beginObject()
                writer.key("list")
                writer.beginArray()
                for item in done {
                    writer.beginObject()
                    writer.members([("category", category), ("symbol", item.symbol), ("orderId", item.orderID), ("orderLinkId", item.clientID)])
                    if showsCreation { writer.member("createAt", item.createdAtMs.map { String($0) } ?? "") }
                    writer.endObject()
                }
                writer.endArray()
                writer.endObject()
            })
    }

    func placeBatch(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let (category, items) = try batch(call)
        call.clientIDs = items.compactMap { $0["orderLinkId"]?.string }
        return each(call, category, items, showsCreation: true) { json, item throws(BybitProblem) in
            // Whether a refused create names what it was asked for is nowhere said.
            if settings.echoesRefused { item.clientID = json["orderLinkId"]?.string ?? "" }
            let order = try take(try BybitFields(json, known: Self.itemFields), category, call, account, exchange)
            (item.orderID, item.clientID, item.createdAtMs) = (order.id, order.clientID, order.createdAt / 1_000)
        }
    }

    func placeOne(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let fields = try BybitFields(call.json, known: Self.itemFields.merging(["category": .text]) { $1 })
        call.items = 1
        if let id = fields["orderLinkId"] { call.clientIDs = [id] }
        try BybitProblem.heed(call)
        let category = try fields.word("category", Self.categories)
        try requireUnified(category)
        let order = try take(fields, category, call, account, exchange)
        call.accepted = 1
        return receipt(order, call)
    }

    /// The ids alone.
    func receipt(_ order: SimOrder, _ call: Call) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.members([("orderId", order.id), ("orderLinkId", order.clientID)])
            writer.endObject()
        }
    }

    // MARK: One order

    /// Receives an order; the engine takes it up later.
    private func take(
        _ fields: BybitFields, _ category: String, _ call: Call, _ account: SimAccount, _ exchange: Exchange
    ) throws(BybitProblem) -> SimOrder {
        let (asked, instrument) = try ticket(fields, category, exchange)
        guard account.products.contains(category) else { throw BybitProblem(10_024, "The product is not available to you.") }
        if !asked.clientID.isEmpty {
            let earlier =
                settings.idsAreTakenForEver
                ? exchange.order(clientID: asked.clientID, uid: account.uid, at: nil)
                : exchange.pendingOrder(clientID: asked.clientID, uid: account.uid)
            guard earlier == nil else { throw BybitProblem(category == Self.spot ? 170_141 : 110_072, "Duplicate clientOrderId.") }
        }
        let isFull = isAtCap(asked, account, exchange)
        guard settings.capIsEngines || !isFull else {
            throw BybitProblem(category == Self.spot ? 170_810 : 110_020, "The number of active orders is at its limit.")
        }
        // Beyond the most of one order the venue makes several of what only closes (3.1): the receipt is of the first.
        let most = BybitRules.mostQuantity(of: instrument, isMarket: asked.isMarket)
        var (first, rest) = (asked, Decimal.zero)
        if asked.quantity > most {
            guard fields.flag("reduceOnly") else { throw BybitProblem(10_001, "The number of contracts exceeds maximum limit allowed: too large") }
            (first.quantity, rest) = (most, asked.quantity.subtracting(most) ?? .zero)
        }
        let order = enter(first, category, isRefused: isFull, call, exchange)
        while rest.isPositive {
            var part = asked
            (part.quantity, part.clientID) = (min(rest, most), "")
            rest = rest.subtracting(part.quantity) ?? .zero
            _ = enter(part, category, isRefused: false, call, exchange)
        }
        return order
    }

    private func enter(_ asked: Ticket, _ category: String, isRefused: Bool, _ call: Call, _ exchange: Exchange) -> SimOrder {
        var ticket = asked
        ticket.id = category == Self.spot ? nil : BybitRules.derivativeID(exchange.orders.count + 1)
        // Spot makes an id for who names none.
        if category == Self.spot, ticket.clientID.isEmpty { ticket.clientID = "sys" + String(exchange.orders.count + 1) }
        guard settings.engineUs > 0 || isRefused else { return exchange.place(ticket, in: call) }
        let order = exchange.place(ticket, in: call, isAsynchronous: true)
        exchange.schedule(afterUs: settings.engineUs) { [unowned exchange, unowned order] at in
            if isRefused {
                exchange.reject(order, reason: "EC_ReachMaxPendingOrders", at: at)
            } else {
                exchange.activate(order, at: at)
            }
        }
        return order
    }

    /// Whether another order would be one too many: of its symbol, or on spot of all.
    private func isAtCap(_ ticket: Ticket, _ account: SimAccount, _ exchange: Exchange) -> Bool {
        guard settings.openCap > 0 else { return false }
        return exchange.unfinished(uid: account.uid) {
            $0.ticket.product == ticket.product && (ticket.product == Self.spot || $0.symbol == ticket.symbol)
        }.count >= settings.openCap
    }

    /// What the fields ask for, or what is wrong with them.
    private func ticket(_ fields: BybitFields, _ category: String, _ exchange: Exchange) throws(BybitProblem) -> (Ticket, SimInstrument) {
        let isSpot = category == Self.spot
        let instrument = try instrument(try fields.required("symbol"), category, exchange)
        let isBuy = try fields.word("side", ["Buy", "Sell"]) == "Buy"
        let isMarket = try fields.word("orderType", ["Limit", "Market"]) == "Market"
        let force = try fields.word("timeInForce", ["GTC", "IOC", "FOK", "PostOnly", "RPI"], standing: isMarket ? "IOC" : "GTC")
        let clientID = fields["orderLinkId"] ?? ""
        guard clientID.isEmpty || BybitRules.isClientID(clientID) else { throw .parameter("orderLinkId") }
        _ = try fields.word("smpType", ["None", "CancelMaker", "CancelTaker", "CancelBoth"], standing: "None")
        let unit = try fields.word("marketUnit", ["baseCoin", "quoteCoin"], standing: isBuy ? "quoteCoin" : "baseCoin")
        guard isSpot || fields["marketUnit"] == nil, !isSpot || !fields.flag("reduceOnly") else { throw .parameter("reduceOnly") }
        let isLeveraged = try fields.integer("isLeverage", in: 0...1)
        guard isSpot || isLeveraged == nil else { throw .parameter("isLeverage") }
        let position = try fields.integer("positionIdx", in: 0...2) ?? 0
        // Only perpetuals in USDT know hedge mode.
        let isHedged = settings.isHedged && category == "linear" && instrument.quote == "USDT"
        guard isHedged == (position > 0) else { throw BybitProblem(10_001, "position idx not match position mode") }

        guard let quantity = try fields.amount("qty") else { throw .parameter("qty") }
        var ticket = Ticket(
            symbol: instrument.symbol, side: isBuy ? .buy : .sell, quantity: quantity, clientID: clientID, product: category)
        ticket.isMarket = isMarket
        ticket.timeInForce =
            switch force {
            case "IOC": .ioc
            case "FOK": .fok
            case "PostOnly", "RPI": .postOnly
            default: .gtc
            }
        ticket.tags = [
            // A market order is always one that takes what is there.
            ("timeInForce", isMarket ? "IOC" : force), ("positionIdx", String(position)),
            ("reduceOnly", fields.flag("reduceOnly") ? "true" : "false"),
            ("smpType", fields["smpType"] ?? "None"), ("isLeverage", isSpot ? String(isLeveraged ?? 0) : ""),
        ]
        if isMarket {
            guard fields["price"] == nil else { throw .parameter("price") }
            if isSpot { ticket.tags.append(("marketUnit", unit)) }
            if isSpot, unit == "quoteCoin" {
                guard isBuy else { throw .parameter("marketUnit") }
                (ticket.quoteQuantity, ticket.quantity) = (quantity, .zero)
                try BybitRules.check(notional: quantity, instrument, category)
                return (ticket, instrument)
            }
        } else {
            guard let price = try fields.amount("price") else { throw .parameter("price") }
            try BybitRules.check(price: price, instrument, category)
            ticket.price = try withinBand(price, ticket.side, instrument, category)
        }
        try BybitRules.check(quantity: quantity, instrument, category)
        if category != "inverse" {
            try BybitRules.check(notional: (ticket.price ?? instrument.reference).multiplied(by: quantity, roundingDown: true), instrument, category)
        }
        return (ticket, instrument)
    }

    /// A price beyond the band is refused, or moved to it where the account is set so (0.9).
    private func withinBand(_ price: Decimal, _ side: SimSide, _ instrument: SimInstrument, _ category: String) throws(BybitProblem) -> Decimal {
        guard settings.bandPercent > 0 else { return price }
        let percent = 100 + (side == .buy ? settings.bandPercent : -settings.bandPercent)
        guard let edge = instrument.reference.multiplied(by: Decimal(percent), roundingDown: true)?.dividedRoundingDown(by: Decimal(100)) else {
            return price
        }
        guard side == .buy ? price > edge : price < edge else { return price }
        guard settings.refusesBeyondBand else { return edge.roundedDown(to: instrument.tick) }
        throw BybitProblem(category == Self.spot ? (side == .buy ? 170_193 : 170_194) : 110_003, "The price is out of the allowed range.")
    }

    /// A market of the category that is listed.
    func instrument(_ symbol: String, _ category: String, _ exchange: Exchange) throws(BybitProblem) -> SimInstrument {
        guard let instrument = exchange.instruments[symbol], BybitRules.isTraded(instrument, in: category) else {
            throw BybitProblem(category == Self.spot ? 170_121 : 10_029, "Invalid symbol.")
        }
        return instrument
    }
}
