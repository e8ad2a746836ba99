import OMSCore

// Where orders meet the walking price, if they are to (``Matching/followsMarket``).
extension Exchange {
    /// What market orders trade at, and what limits are held against.
    func reference(of instrument: SimInstrument, at: Int64) -> Decimal {
        matching.followsMarket ? market.price(of: instrument, atMs: at / 1000) : instrument.reference
    }

    /// Lets a resting order trade in full when the walk reaches its price; one whose price is changed meanwhile waits anew.
    func awaitMarket(_ order: SimOrder, _ instrument: SimInstrument, at: Int64) {
        guard matching.followsMarket, let limit = order.price,
            let touchMs = market.firstTouch(of: limit, buying: order.side == .buy, in: instrument, fromMs: at / 1000)
        else { return }
        schedule(afterUs: max(touchMs * 1000 - at, 0)) { [unowned self] at in
            guard order.state.isLive, order.price == limit else { return }
            self.fill(order, price: limit, at: at)
        }
    }
}
