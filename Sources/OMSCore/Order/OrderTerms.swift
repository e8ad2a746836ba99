/// Which way an order trades.
package enum Side: String, Sendable, CaseIterable { case buy, sell }

package enum OrderType: String, Sendable, CaseIterable { case limit, market }

/// How long an order may rest (FIX TimeInForce). Market orders have none.
package enum TimeInForce: String, Sendable, CaseIterable { case gtc, ioc, fok }

/// The side of a hedge-mode position that a futures order opens or closes.
package enum PositionSide: String, Sendable, CaseIterable { case long, short }

/// What a margin order does with loans.
package enum MarginAction: String, Sendable, CaseIterable {
    case normal
    case autoBorrow = "auto_borrow"
    case autoRepay = "auto_repay"
    case autoBorrowRepay = "auto_borrow_repay"
}

/// What the venue shall do when an order would trade with another of the same owner.
package enum SelfTradePrevention: String, Sendable, CaseIterable {
    case none
    case cancelTaker = "cancel_taker"
    case cancelMaker = "cancel_maker"
    case cancelBoth = "cancel_both"
}

/// What an order asks for: everything that a venue is told, but its ids.
package struct OrderTerms: Hashable, Sendable {
    package var symbol: Symbol
    package var side: Side
    package var type: OrderType
    /// nil for market orders.
    package var timeInForce: TimeInForce?
    package var postOnly = false
    /// nil for market orders.
    package var price: Decimal?
    /// Base currency, or contracts where the venue counts those. nil only for market buys by `quoteQuantity`.
    package var quantity: Decimal?
    package var quoteQuantity: Decimal?
    package var reduceOnly = false
    package var positionSide: PositionSide?
    package var marginAction: MarginAction?
    package var stp: SelfTradePrevention?
    package var takeProfit: Decimal?
    package var stopLoss: Decimal?

    package init(
        symbol: Symbol, side: Side, type: OrderType, timeInForce: TimeInForce? = nil, price: Decimal? = nil, quantity: Decimal? = nil
    ) {
        (self.symbol, self.side, self.type, self.timeInForce) = (symbol, side, type, timeInForce)
        (self.price, self.quantity) = (price, quantity)
    }

    /// Each of them once: columns, canonical contents and coded records are made from this table. A further one goes to its end.
    package static let fields: [RecordField<OrderTerms>] = [
        RecordField(1, "symbol", .text, { .init($0.symbol) }, { $1.put(into: &$0.symbol) }),
        RecordField(2, "side", .text, { .init($0.side) }, { $1.put(into: &$0.side) }),
        RecordField(3, "type", .text, { .init($0.type) }, { $1.put(into: &$0.type) }),
        RecordField(4, "time_in_force", .text, { .init($0.timeInForce) }, { $1.put(into: &$0.timeInForce) }),
        RecordField(5, "post_only", .flag, { .flag($0.postOnly) }, { $1.put(into: &$0.postOnly) }),
        RecordField(6, "price", .decimal, { .init($0.price) }, { $1.put(into: &$0.price) }),
        RecordField(7, "quantity", .decimal, { .init($0.quantity) }, { $1.put(into: &$0.quantity) }),
        RecordField(8, "quote_quantity", .decimal, { .init($0.quoteQuantity) }, { $1.put(into: &$0.quoteQuantity) }),
        RecordField(9, "reduce_only", .flag, { .flag($0.reduceOnly) }, { $1.put(into: &$0.reduceOnly) }),
        RecordField(10, "position_side", .text, { .init($0.positionSide) }, { $1.put(into: &$0.positionSide) }),
        RecordField(11, "margin_action", .text, default: "normal", { .init($0.marginAction) }, { $1.put(into: &$0.marginAction) }),
        RecordField(12, "stp", .text, default: "none", { .init($0.stp) }, { $1.put(into: &$0.stp) }),
        RecordField(13, "take_profit", .decimal, { .init($0.takeProfit) }, { $1.put(into: &$0.takeProfit) }),
        RecordField(14, "stop_loss", .decimal, { .init($0.stopLoss) }, { $1.put(into: &$0.stopLoss) }),
    ]
}

/// What is wrong with an order, and where: `{"field":"price","problem":"not a multiple of the tick 0.01"}`.
package struct OrderProblem: Equatable, Sendable {
    package let field: String
    package let problem: String
    package init(_ field: String, _ problem: String) { (self.field, self.problem) = (field, problem) }
}
