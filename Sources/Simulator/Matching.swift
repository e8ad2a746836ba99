/// How orders meet a market that does not exist.
package struct Matching: Sendable, Equatable {
    /// Share of resting orders that trade as soon as they are taken, 0...1, drawn by the seed: half of them in full, half in part.
    package var fillRatio = 0.0
    /// Whether a plain limit order beyond the reference price trades at once. Off: it rests, whatever its price.
    package var crosses = false
    /// Whether orders meet the walking price of the public pages (``PublicMarket``) and trade when it reaches theirs. Off: a reference that stands still.
    package var followsMarket = false
    package init(fillRatio: Double = 0, crosses: Bool = false, followsMarket: Bool = false) {
        (self.fillRatio, self.crosses, self.followsMarket) = (fillRatio, crosses, followsMarket)
    }
}
