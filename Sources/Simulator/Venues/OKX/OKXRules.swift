import OMSCore
import Wire

/// Markets, what an order of each may be, and what its ids look like. Source: docs/venues/okx.md.
enum OKXRules {
    /// What the venue lists, in its own order. Contracts are counted; one is worth `contractSize` of the base coin, or of the quote coin where it settles in
    /// the base.
    static let markets = [
        spot("BTC-USDT", 1, 5, "0.00001", "61000"), spot("ETH-USDT", 2, 4, "0.0001", "3900"), spot("SOL-USDT", 2, 3, "0.001", "150"),
        contract("BTC-USDT-SWAP", 1, 2, "0.01", "61000", "0.01"), contract("ETH-USDT-SWAP", 2, 2, "0.01", "3900", "0.1"),
        contract("SOL-USDT-SWAP", 2, 2, "0.01", "150", "1"), contract("BTC-USD-SWAP", 1, 0, "1", "61000", "100"),
        contract("ETH-USD-SWAP", 2, 0, "1", "3900", "10"), contract("BTC-USDT-261225", 1, 2, "0.01", "61000", "0.01"),
        contract("ETH-USDT-261225", 2, 2, "0.01", "3900", "0.1"), contract("BTC-USD-261225", 1, 0, "1", "61000", "100"),
        contract("BTC-USDT-270326", 1, 2, "0.01", "61000", "0.01"),
    ]
    private static let byName = Dictionary(markets.map { ($0.symbol, $0) }, uniquingKeysWith: { first, _ in first })

    private static func spot(_ name: String, _ pricePlaces: Int, _ quantityPlaces: Int, _ least: String, _ reference: String) -> SimInstrument {
        let coins = name.split(separator: "-")
        return SimInstrument(
            name, base: String(coins[0]), quote: String(coins[1]), pricePlaces: pricePlaces, quantityPlaces: quantityPlaces, minQuantity: least,
            minNotional: "0", reference: reference)
    }

    private static func contract(
        _ name: String, _ pricePlaces: Int, _ quantityPlaces: Int, _ least: String, _ reference: String, _ size: String
    ) -> SimInstrument {
        let coins = name.split(separator: "-")
        return SimInstrument(
            name, base: String(coins[0]), quote: String(coins[1]), pricePlaces: pricePlaces, quantityPlaces: quantityPlaces, minQuantity: least,
            minNotional: "0", reference: reference, contractSize: size)
    }

    // MARK: Kinds

    /// The line of business of a market by the shape of its name: `BTC-USDT`, `BTC-USDT-SWAP`, `BTC-USDT-261225`. A pair is spot or margin by the order.
    static func product(ofMarket name: String) -> String {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count < 3 ? "spot" : parts[2] == "SWAP" ? "swap" : "futures"
    }

    static func isDerivative(_ name: String) -> Bool { product(ofMarket: name) != "spot" }

    static let products = ["SPOT": "spot", "MARGIN": "margin", "SWAP": "swap", "FUTURES": "futures"]

    /// Contracts that settle in the base coin are worth an amount of the quote coin each.
    static func isInverse(_ name: String) -> Bool { isDerivative(name) && byName[name]?.quote == "USD" }

    /// `BTC-USDT`: what contracts of one kind have in common.
    static func family(of name: String) -> String { name.split(separator: "-").prefix(2).joined(separator: "-") }

    /// The coin in which a contract is settled; pairs have none.
    static func settleCoin(of name: String) -> String? {
        guard isDerivative(name), let market = byName[name] else { return nil }
        return isInverse(name) ? market.base : market.quote
    }

    /// The coin of fees: the one that is paid in, or in which a contract is settled.
    static func feeCoin(of name: String) -> String { settleCoin(of: name) ?? byName[name]?.quote ?? "" }

    /// What an execution costs in the coin of fees: a tenth of a percent of its worth.
    static func fee(of fill: SimFill) -> Decimal {
        let name = fill.order.symbol
        guard isDerivative(name), let size = byName[name]?.contractSize else { return fill.fee }
        guard isInverse(name) else { return fill.fee.multiplied(by: size, roundingDown: true) ?? .zero }
        return fill.quantity.multiplied(by: size, roundingDown: true)?.dividedRoundingDown(by: fill.price)?.dividedRoundingDown(by: Decimal(1_000))
            ?? .zero
    }

    // MARK: Sizes

    /// The most of a limit order, in what the market counts.
    static func mostByLimit(of market: SimInstrument) -> Decimal { market.minQuantity.multiplied(by: Decimal(10_000_000)) ?? market.minQuantity }

    /// The most of a market order: of pairs in USDT, whatever the order counts.
    static func mostAtMarket(of market: SimInstrument) -> Decimal {
        isDerivative(market.symbol) ? market.minQuantity.multiplied(by: Decimal(100_000)) ?? market.minQuantity : Decimal(1_000_000)
    }

    static func check(price: Decimal, _ market: SimInstrument) throws(OKXProblem) {
        guard price.isMultiple(of: market.tick) else { throw .parameter("px: no multiple of the tick") }
    }

    static func check(quantity: Decimal, _ market: SimInstrument) throws(OKXProblem) {
        guard quantity.isMultiple(of: market.lot) else { throw OKXProblem(51_121, "Order count should be the integer multiples of the lot size.") }
        guard quantity <= mostByLimit(of: market) else { throw OKXProblem(51_101, "Entered amount exceeds the max pending order amount.") }
    }

    static func checkLeast(_ quantity: Decimal, _ market: SimInstrument) throws(OKXProblem) {
        guard quantity >= market.minQuantity else {
            throw isDerivative(market.symbol)
                ? OKXProblem(51_007, "Order placement failed. Order amount should be at least the minimum contract.")
                : OKXProblem(51_020, "Your order should meet or exceed the minimum order amount.")
        }
    }

    static func isAlphanumeric(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                default: false
                }
            }
    }
}

/// What of an OKX order is under way in the engine.
final class OKXNotes {
    /// Amends that the engine has not come to.
    var amends = 0
    var isCanceling = false

    static func of(_ order: SimOrder) -> OKXNotes {
        if let notes = order.scratch as? OKXNotes { return notes }
        let notes = OKXNotes()
        order.scratch = notes
        return notes
    }
}

/// The numbers of executions as the venue tells them: the exchange's own, or counted anew in each market.
final class OKXTradeNumbers {
    var areCountedByMarket = false
    /// Whose executions they are; known from the first request or message on.
    weak var exchange: Exchange?
    private var numbers: [Int: Int] = [:]
    private var counts: [String: Int] = [:]
    private var seen = 0

    func name(of fill: SimFill) -> String {
        guard areCountedByMarket, let exchange else { return fill.id }
        while seen < exchange.fills.count {
            let next = exchange.fills[seen]
            counts[next.order.symbol, default: 0] += 1
            numbers[next.sequence] = counts[next.order.symbol]
            seen += 1
        }
        return String(700_000_000 + (numbers[fill.sequence] ?? 0))
    }
}
