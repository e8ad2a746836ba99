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
}

/// What is wrong with an order, and where: `{"field":"price","problem":"not a multiple of the tick 0.01"}`.
package struct OrderProblem: Equatable, Sendable {
    package let field: String
    package let problem: String
    package init(_ field: String, _ problem: String) { (self.field, self.problem) = (field, problem) }
}
