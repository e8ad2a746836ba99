/// What one order may still come to at worst, for the rules that add up orders. An order that is closed comes to nothing.
struct Weight: Equatable {
    let symbol: Symbol
    /// Price times quantity, not rounded down, of all of it that is not executed; nil: a market order by quantity, or more than can be held.
    var worth: Decimal? = .zero
    /// What the venue counts, of the same.
    var quantity: Decimal = .zero
    /// Of a market order by `quote_quantity`, from which nothing is taken before it is closed.
    var quote: Decimal = .zero
    /// Which way it can move which position; nil: it can only make one smaller.
    var way: Way?
    /// By how much, in what the venue counts; nil: nobody can say.
    var adds: Decimal? = .zero

    /// - Parameters:
    ///   - price: the highest that it may have, by what stands and what modifies ask for; nil: a market order.
    ///   - quantity: the largest, likewise.
    ///   - executed: how much of that is done.
    init(_ terms: OrderTerms, price: Decimal?, quantity: Decimal?, executed: Decimal = .zero) {
        symbol = terms.symbol
        way = Way(terms)
        guard let quantity else {
            (quote, adds) = (terms.quoteQuantity ?? .zero, nil)
            return
        }
        // More may be executed than was asked for, by the venue's word.
        let left = quantity.subtracting(executed).map { max($0, .zero) } ?? quantity
        (self.quantity, adds) = (left, left)
        worth = price.flatMap { $0.multipliedRoundingUp(by: left) }
    }

    init(_ terms: OrderTerms) { self.init(terms, price: terms.price, quantity: terms.quantity) }
}

/// A way in which orders move a position: up or down, and which of the positions that an account may hold in a market.
struct Way: Hashable, Comparable {
    let side: Side
    let positionSide: PositionSide?

    /// nil: the order can only make a position smaller.
    init?(_ terms: OrderTerms) {
        guard !Examination.reduces(terms) else { return nil }
        (side, positionSide) = (terms.side, terms.positionSide)
    }

    init(_ side: Side, _ positionSide: PositionSide?) { (self.side, self.positionSide) = (side, positionSide) }

    static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
    private var rank: Int { (side == .buy ? 0 : 1) + (positionSide.map { $0 == .long ? 2 : 4 } ?? 0) }
}
