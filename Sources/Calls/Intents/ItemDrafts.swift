import ControlAPI
import OMSCore

/// A `place` item as far as it was read. Both readers fill it by its table, one set of rules turns it into an item.
struct PlaceDraft {
    var symbol: Symbol?
    var side: Side?
    var type: OrderType?
    var timeInForce: TimeInForce?
    var postOnly = false
    var price: Decimal?
    var quantity: Decimal?
    var quoteQuantity: Decimal?
    var clientOrderID: ClientOrderID?
    var sliceQuantity: Decimal?
    var reduceOnly = false
    var positionSide: PositionSide?
    var marginAction: MarginAction?
    var stp: SelfTradePrevention?
    var takeProfit: Decimal?
    var stopLoss: Decimal?

    static let table = ItemTable<PlaceDraft>(IntentItems.place) { name in
        switch name {
        case "symbol": .text { $0.symbol = Symbol($1) }
        case "side": .text { $0.side = Side(rawValue: $1) }
        case "type": .text { $0.type = OrderType(rawValue: $1) }
        case "time_in_force": .text { $0.timeInForce = TimeInForce(rawValue: $1) }
        case "post_only": .flag { $0.postOnly = $1 }
        case "price": .decimal { $0.price = $1 }
        case "quantity": .decimal { $0.quantity = $1 }
        case "quote_quantity": .decimal { $0.quoteQuantity = $1 }
        case "client_order_id": .text { $0.clientOrderID = ClientOrderID($1) }
        case "slice_quantity": .decimal { $0.sliceQuantity = $1 }
        case "reduce_only": .flag { $0.reduceOnly = $1 }
        case "position_side": .text { $0.positionSide = PositionSide(rawValue: $1) }
        case "margin_action": .text { $0.marginAction = MarginAction(rawValue: $1) }
        case "stp": .text { $0.stp = SelfTradePrevention(rawValue: $1) }
        case "take_profit": .decimal { $0.takeProfit = $1 }
        case "stop_loss": .decimal { $0.stopLoss = $1 }
        default: nil
        }
    }

    /// The item, or every problem by the name of its field. `unread`: fields that stood there but could not be read, so they are not missing.
    func item(unread: Set<String>, problems: inout [OrderProblem]) -> PlaceItem? {
        func missing(_ field: String, _ why: String = "is missing") {
            if !unread.contains(field) { problems.append(OrderProblem(field, why)) }
        }
        if symbol == nil { missing("symbol") }
        if side == nil { missing("side") }
        if type == nil { missing("type") }
        for (name, value) in [
            ("price", price), ("quantity", quantity), ("quote_quantity", quoteQuantity), ("slice_quantity", sliceQuantity),
            ("take_profit", takeProfit), ("stop_loss", stopLoss),
        ] {
            if let value, !value.isPositive { problems.append(OrderProblem(name, "should be above zero")) }
        }
        switch type {
        case .limit:
            if price == nil { missing("price", "is missing: a limit order needs one") }
            if quantity == nil { missing("quantity") }
            if quoteQuantity != nil { problems.append(OrderProblem("quote_quantity", "goes with market buys only")) }
            if postOnly, let timeInForce, timeInForce != .gtc {
                problems.append(OrderProblem("post_only", "contradicts time_in_force \(timeInForce.rawValue)"))
            }
        case .market:
            if price != nil { problems.append(OrderProblem("price", "a market order has none")) }
            if timeInForce != nil { problems.append(OrderProblem("time_in_force", "a market order has none")) }
            if postOnly { problems.append(OrderProblem("post_only", "a market order cannot be post_only")) }
            if quoteQuantity != nil, side == .sell { problems.append(OrderProblem("quote_quantity", "goes with market buys only")) }
            if quantity != nil, quoteQuantity != nil { problems.append(OrderProblem("quote_quantity", "name quantity or quote_quantity, not both")) }
            if quantity == nil, quoteQuantity == nil, !unread.contains("quote_quantity") { missing("quantity") }
        case nil: break
        }
        if sliceQuantity != nil {
            if clientOrderID != nil {
                problems.append(OrderProblem("slice_quantity", "cannot go with client_order_id: children need ids of their own"))
            }
            if quoteQuantity != nil { problems.append(OrderProblem("slice_quantity", "cannot go with quote_quantity")) }
        }
        guard problems.isEmpty, unread.isEmpty, let symbol, let side, let type else { return nil }
        var terms = OrderTerms(
            symbol: symbol, side: side, type: type, timeInForce: type == .limit ? timeInForce ?? .gtc : nil, price: price, quantity: quantity)
        terms.quoteQuantity = quoteQuantity
        terms.postOnly = postOnly
        terms.reduceOnly = reduceOnly
        terms.positionSide = positionSide
        terms.marginAction = marginAction
        terms.stp = stp
        terms.takeProfit = takeProfit
        terms.stopLoss = stopLoss
        return PlaceItem(terms: terms, clientOrderID: clientOrderID, sliceQuantity: sliceQuantity)
    }
}

/// A `modify` item as far as it was read.
struct ModifyDraft {
    var clientOrderID: ClientOrderID?
    var price: Decimal?
    var quantity: Decimal?
    var onFailure: OnFailure?

    static let table = ItemTable<ModifyDraft>(IntentItems.modify) { name in
        switch name {
        case "client_order_id": .text { $0.clientOrderID = ClientOrderID($1) }
        case "price": .decimal { $0.price = $1 }
        case "quantity": .decimal { $0.quantity = $1 }
        case "on_failure": .text { $0.onFailure = OnFailure(rawValue: $1) }
        default: nil
        }
    }

    func item(unread: Set<String>, problems: inout [OrderProblem]) -> ModifyItem? {
        if clientOrderID == nil, !unread.contains("client_order_id") { problems.append(OrderProblem("client_order_id", "is missing")) }
        if price == nil, quantity == nil, unread.isDisjoint(with: ["price", "quantity"]) {
            problems.append(OrderProblem("price", "name a new price, a new quantity, or both"))
        }
        if let price, !price.isPositive { problems.append(OrderProblem("price", "should be above zero")) }
        if let quantity, !quantity.isPositive { problems.append(OrderProblem("quantity", "should be above zero")) }
        guard problems.isEmpty, unread.isEmpty, let clientOrderID else { return nil }
        return ModifyItem(clientOrderID: clientOrderID, price: price, quantity: quantity, onFailure: onFailure ?? .keep)
    }
}

/// A `cancel` item that is no client order id, as far as it was read.
struct CancelDraft {
    var venueOrderID: VenueOrderID?
    var symbol: Symbol?
    var side: Side?
    var tag: Tag?

    static let table = ItemTable<CancelDraft>(IntentItems.cancel) { name in
        switch name {
        case "venue_order_id": .text { $0.venueOrderID = VenueOrderID($1) }
        case "symbol": .text { $0.symbol = Symbol($1) }
        case "side": .text { $0.side = Side(rawValue: $1) }
        case "tag": .text { $0.tag = Tag($1) }
        default: nil
        }
    }

    func item(problems: inout [OrderProblem]) -> CancelItem? {
        if venueOrderID != nil, symbol != nil || side != nil || tag != nil {
            problems.append(OrderProblem("venue_order_id", "names one order: without symbol, side and tag"))
        }
        guard problems.isEmpty else { return nil }
        return venueOrderID.map { .venueOrder($0) } ?? .matching(symbol: symbol, side: side, tag: tag)
    }
}

extension Intent {
    /// Items of all three lists, which share one bound.
    var itemCount: Int { place.count + modify.count + cancel.count }

    /// The first `place` item whose client order id an earlier one already has.
    var repeatedClientOrderID: Int? {
        var seen: Set<ClientOrderID> = []
        for (index, item) in place.enumerated() {
            if let id = item.clientOrderID, !seen.insert(id).inserted { return index }
        }
        return nil
    }
}
