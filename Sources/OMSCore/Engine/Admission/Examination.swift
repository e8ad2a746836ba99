/// What values alone tell of an intent: no table is looked into, nothing is changed.
enum Examination {
    /// What can be said of an intent without a look at its items.
    static func check(_ intent: Intent, at wall: Int64) throws(ControlError) {
        let items = intent.place.count + intent.modify.count + intent.cancel.count
        guard items > 0 else { throw .invalidOrder([.init(list: "place", index: 0, field: "place", problem: "the intent holds nothing to do")]) }
        guard items <= Intent.itemsMax else {
            throw .invalidOrder([
                .init(list: "place", index: Intent.itemsMax, field: "place", problem: "\(items) items; an intent holds at most \(Intent.itemsMax)")
            ])
        }
        if let expiresAt = intent.expiresAt, expiresAt <= wall {
            throw .invalidOrder([.init(list: "intent", index: 0, field: "expires_at", problem: "\(expiresAt) is past; it is \(wall) now")])
        }
    }

    // MARK: One order

    /// The first rule of a market that an order breaks.
    static func problem(with terms: OrderTerms, in market: Instrument) -> OrderProblem? {
        for (field, price) in [("price", terms.price), ("take_profit", terms.takeProfit), ("stop_loss", terms.stopLoss)] {
            guard let price else { continue }
            guard price.isPositive else { return OrderProblem(field, "must be positive") }
            if let tick = market.tick, !price.isMultiple(of: tick) { return OrderProblem(field, "not a multiple of the tick \(tick)") }
        }
        if let quantity = terms.quantity {
            guard quantity.isPositive else { return OrderProblem("quantity", "must be positive") }
            if let lot = market.lot, !quantity.isMultiple(of: lot) { return OrderProblem("quantity", "not a multiple of the lot \(lot)") }
            if let least = market.minQuantity, quantity < least { return OrderProblem("quantity", "below the minimum \(least)") }
            let most = terms.type == .market ? market.maxMarketQuantity ?? market.maxQuantity : market.maxQuantity
            if let most, quantity > most { return OrderProblem("quantity", "above the maximum \(most)") }
        }
        if let quote = terms.quoteQuantity {
            guard quote.isPositive else { return OrderProblem("quote_quantity", "must be positive") }
            if let least = market.minNotional, quote < least { return OrderProblem("quote_quantity", "below the minimum notional \(least)") }
        }
        guard let price = terms.price, let quantity = terms.quantity else { return nil }
        guard let notional = notional(price: price, quantity: quantity, in: market) else {
            return OrderProblem("quantity", "price times quantity is beyond any number this daemon can hold")
        }
        if let least = market.minNotional, notional < least { return OrderProblem("quantity", "notional \(notional) is below the minimum \(least)") }
        if let most = market.maxNotional, notional > most { return OrderProblem("quantity", "notional \(notional) is above the maximum \(most)") }
        return nil
    }

    /// What an order is worth; nil: more than can be held.
    private static func notional(price: Decimal, quantity: Decimal, in market: Instrument) -> Decimal? {
        if let value = market.contractValue { return quantity.multiplied(by: value, roundingDown: true) }
        let base = market.contractSize.map { quantity.multiplied(by: $0, roundingDown: true) } ?? quantity
        return base.flatMap { price.multiplied(by: $0, roundingDown: true) }
    }

    /// Whether an order can only make a position smaller.
    static func reduces(_ terms: OrderTerms) -> Bool {
        if terms.reduceOnly { return true }
        switch terms.positionSide {
        case .long: return terms.side == .sell
        case .short: return terms.side == .buy
        case nil: return false
        }
    }

    // MARK: Slices

    struct SliceProblem: Error, Equatable {
        let words: String
    }

    /// ceil(q/s) children on the lot grid, sizes at most one lot apart, their sum exactly q.
    static func children(of item: PlaceItem, slice: Decimal, lot: Decimal?) throws(SliceProblem) -> [Decimal] {
        guard item.clientOrderID == nil else { throw SliceProblem(words: "not with client_order_id: children need ids of their own") }
        guard item.terms.quoteQuantity == nil, let quantity = item.terms.quantity else { throw SliceProblem(words: "not with quote_quantity") }
        guard slice.isPositive else { throw SliceProblem(words: "must be positive") }
        let lot = lot ?? Decimal(units: 1)
        let lotUnits = lot.units > 0 ? lot.units : 1
        // Not rounded up by adding to it: both may be as large as any decimal.
        let (whole, rest) = quantity.units.quotientAndRemainder(dividingBy: slice.units)
        let count = rest > 0 ? whole + 1 : whole
        guard count <= Int128(Intent.itemsMax) else {
            throw SliceProblem(words: "cuts the order into \(count) children; an intent holds at most \(Intent.itemsMax)")
        }
        let lots = quantity.units / lotUnits
        guard quantity.units % lotUnits == 0, lots >= count else { throw SliceProblem(words: "children would be smaller than the lot \(lot)") }
        let (small, larger) = lots.quotientAndRemainder(dividingBy: count)
        return (0..<count).map { Decimal(units: (small + ($0 < larger ? 1 : 0)) * lotUnits) }
    }

    // MARK: Requests

    /// The requests that an intent comes to if nothing else waits, as the dispatcher would make them.
    static func requests(for plan: IntentPlan, by rules: any VenueRules, placeMax: Int) -> [(kind: RequestKind, items: Int)] {
        let profile = rules.profile
        func cut(_ count: Int, _ max: Int, _ kind: RequestKind) -> [(kind: RequestKind, items: Int)] {
            stride(from: 0, to: count, by: Swift.max(1, max)).map { (kind, min(Swift.max(1, max), count - $0)) }
        }
        // Cancels of orders that never left need no request.
        let cancels = plan.cancelsToSend
        if profile.mixesPlaceAndCancel {
            let places = cut(plan.places.count, placeMax, .place)
            let cuts = cut(cancels, profile.cancelMax, .cancel)
            let mixed = (0..<max(places.count, cuts.count)).map { index -> (kind: RequestKind, items: Int) in
                let place = index < places.count ? places[index].items : 0
                let cancel = index < cuts.count ? cuts[index].items : 0
                return (place == 0 ? .cancel : cancel == 0 ? .place : .mixed, place + cancel)
            }
            return mixed + cut(plan.modifies.count, profile.modifyMax, .modify)
        }
        let groups = Dictionary(grouping: plan.places, by: { rules.group(of: $0.terms) })
        let places = groups.flatMap { group, items in cut(items.count, group.isSingle ? 1 : placeMax, .place) }
        return cut(cancels, profile.cancelMax, .cancel) + places.sorted { $0.items > $1.items }
            + cut(plan.modifies.count, profile.modifyMax, .modify)
    }
}
