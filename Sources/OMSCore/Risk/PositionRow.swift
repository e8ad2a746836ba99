/// Which position of an account: a market, and the side of it where the account holds two.
package struct PositionKey: Hashable, Comparable, Sendable {
    package let symbol: Symbol
    /// nil: the account holds one of the market, which may be either.
    package let positionSide: PositionSide?
    package init(symbol: Symbol, positionSide: PositionSide?) { (self.symbol, self.positionSide) = (symbol, positionSide) }
    init(_ terms: OrderTerms) { self.init(symbol: terms.symbol, positionSide: terms.positionSide) }

    package static func < (left: Self, right: Self) -> Bool {
        if left.symbol != right.symbol { return left.symbol < right.symbol }
        return (left.positionSide?.rawValue ?? "") < (right.positionSide?.rawValue ?? "")
    }
}

/// What an account traded of one position by its own orders, as of the last commit: running sums in what the venue counts, exact.
///
/// Orders tell how much of them is executed before their executions are listed, and of some they never are. Both are kept: a position is what is executed;
/// what of it rests on no execution on record is the difference.
package struct PositionRow: Equatable, Sendable {
    package let account: AccountID
    package let key: PositionKey
    /// By the orders' own figures. Of each sum: nil once it left a decimal's range, and for ever.
    package var bought: Decimal? = .zero
    package var sold: Decimal? = .zero
    /// By executions on record.
    package var listedBought: Decimal? = .zero
    package var listedSold: Decimal? = .zero
    /// Fees that were taken in what is bought, of executions on record; less than zero: rebates.
    package var feesInBase: Decimal? = .zero
    package var fills = 0
    /// The newest of them, by the venue's clock in microseconds; nil: there is none.
    package var lastFillAt: Int64?
    /// The beginning of what `max_position` counts, microseconds since 1970 UTC: 0 is all.
    package var since: Int64 = 0
    /// What executions on record from before it come to, fees off.
    package var before: Decimal? = .zero

    package init(account: AccountID, key: PositionKey) { (self.account, self.key) = (account, key) }

    /// All that is executed, fees off; less than zero: short. nil: beyond any number.
    package var position: Decimal? { Self.difference(Self.difference(bought, sold), feesInBase) }
    /// What is executed and on no execution's row.
    package var unlistedBought: Decimal? { Self.difference(bought, listedBought) }
    package var unlistedSold: Decimal? { Self.difference(sold, listedSold) }
    /// Of ``position``, what came since ``since``. What rests on no execution on record is of no known time, and counts.
    package var positionSince: Decimal? { Self.difference(position, before) }

    /// An order's executed quantity grew.
    mutating func execute(_ side: Side, _ growth: Decimal) {
        switch side {
        case .buy: bought = Self.sum(bought, growth)
        case .sell: sold = Self.sum(sold, growth)
        }
    }

    /// An execution goes on record.
    ///
    /// - Parameter takesFees: what it cost in what was bought is taken off the position.
    mutating func book(_ fill: Fill, _ side: Side, takesFees: Bool) {
        fills += 1
        lastFillAt = max(lastFillAt ?? fill.at, fill.at)
        switch side {
        case .buy: listedBought = Self.sum(listedBought, fill.quantity)
        case .sell: listedSold = Self.sum(listedSold, fill.quantity)
        }
        if takesFees { feesInBase = Self.sum(feesInBase, key.symbol.baseFee(fill.fee, fill.feeAsset)) }
        let trade = OwnTrade(key, side, quantity: fill.quantity, fee: fill.fee, feeAsset: fill.feeAsset, at: fill.at)
        if fill.at < since { before = Self.sum(before, trade.change(takesFees: takesFees)) }
    }

    /// Counts from another time on.
    ///
    /// - Parameter after: what executions on record from then on come to, fees off; nil: beyond any number.
    mutating func begin(at time: Int64, after: Decimal?) {
        let listed = Self.difference(Self.difference(listedBought, listedSold), feesInBase)
        (since, before) = (time, time == 0 ? .zero : Self.difference(listed, after))
    }

    static func sum(_ one: Decimal?, _ other: Decimal?) -> Decimal? { one.flatMap { one in other.flatMap { one.adding($0) } } }
    static func difference(_ one: Decimal?, _ other: Decimal?) -> Decimal? { one.flatMap { one in other.flatMap { one.subtracting($0) } } }
}

extension Symbol {
    /// What of a fee was taken in the currency that the market's quantities are in.
    func baseFee(_ fee: Decimal?, _ asset: String?) -> Decimal {
        guard let fee, let asset, hasBase(asset) else { return .zero }
        return fee
    }

    /// What markets without a sign between their currencies are quoted in.
    private static let quotes: Set<String> = [
        "USDT", "USDC", "USD", "FDUSD", "USDE", "USD1", "DAI", "EUR", "GBP", "TRY", "BRL", "BTC", "ETH", "BGB", "MNT",
    ]

    /// Whether the market's quantities are in this currency, by the market's name: `btc_usdt`, `BTC/USDT`, `BTC-USDT`, `BTCUSDT`.
    func hasBase(_ asset: String) -> Bool {
        let (name, asset) = (text.uppercased(), asset.uppercased())
        guard !asset.isEmpty else { return false }
        if let sign = name.firstIndex(where: { "_/-".contains($0) }) { return name[..<sign] == asset }
        return name.hasPrefix(asset) && Self.quotes.contains(String(name.dropFirst(asset.count)))
    }
}

extension VenueProfile {
    /// What is traded is held itself, so that a fee in it makes the holding smaller; of contracts it is taken from what secures them.
    var takesFeesFromPositions: Bool { Self.takesFeesFromPositions(of: product) }

    static func takesFeesFromPositions(of product: String) -> Bool { ["spot", "margin", "cash", "isolated", "crossed"].contains(product) }
}
