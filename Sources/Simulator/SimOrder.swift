import OMSCore

package enum SimSide: String, Sendable { case buy, sell }

/// Where an order stands at the venue. Dialects translate it into the venue's words.
package enum SimState: String, Sendable {
    /// Taken by the gateway, not yet by an asynchronous engine; shown in no look-up.
    case accepted
    case open
    case partiallyFilled = "partially_filled"
    case filled
    case canceled
    case expired
    /// Never became live (a refused duplicate, an engine's no).
    case rejected

    package var isLive: Bool { self == .open || self == .partiallyFilled }
    package var isClosed: Bool { !isLive && self != .accepted }
}

/// What a dialect asks the exchange to place, after its own checks.
package struct Ticket {
    package var symbol: String
    package var side: SimSide
    package var isMarket = false
    package var timeInForce: TimeInForce = .gtc
    package var price: Decimal?
    /// Base coins, or contracts. Zero for market buys by quote.
    package var quantity: Decimal
    package var quoteQuantity: Decimal?
    /// As sent or, where the venue makes one, as made; empty: none.
    package var clientID: String
    /// The venue's product line, e.g. `isolated`, `MARGIN`, `cash`: look-ups filter by it.
    package var product: String
    /// The order id, where the venue's rule predicts it (AscendEX); nil: the exchange's next number.
    package var id: String?
    /// Raw fields a dialect echoes later: name and value.
    package var tags: [(name: String, value: String)] = []

    package enum TimeInForce: String, Sendable { case gtc, ioc, fok, postOnly = "post_only" }

    package init(symbol: String, side: SimSide, quantity: Decimal, clientID: String, product: String) {
        (self.symbol, self.side, self.quantity, self.clientID, self.product) = (symbol, side, quantity, clientID, product)
    }
}

/// Which of an exchange's moments a look-up is answered from.
final class ExchangeView {
    /// Microseconds of the venue's clock; nil: now.
    var asOf: Int64?
    /// Listings forget that they were asked for one product line.
    var mixesProducts = false
}

/// An order as the simulated venue holds it. Times are microseconds of the venue's clock.
package final class SimOrder {
    package let ticket: Ticket
    package let uid: String
    package let id: String
    /// Rises with each order of the exchange; what pages are cut by.
    package let sequence: Int
    /// Number of the ledger's request that made it; 0: placed by `/_sim/place`.
    package let requestNumber: Int
    package let createdAt: Int64
    /// Look-ups do not know it before this moment.
    package internal(set) var visibleAt: Int64
    /// The order before this one under the same client id of the account.
    package let earlier: SimOrder?
    /// Free for the dialect: e.g. unfinished modifications, last cancel attempt.
    package var scratch: AnyObject?
    /// How the order stands now.
    var standing: Standing
    /// How it stood before, oldest first, each until a moment.
    var former: [(until: Int64, standing: Standing)] = []
    var allFills: [SimFill] = []
    private let view: ExchangeView

    /// What of an order changes.
    struct Standing {
        var state: SimState
        var reason = ""
        var price: Decimal?
        var quantity: Decimal
        var filled = Decimal.zero
        var filledQuote = Decimal.zero
        var fee = Decimal.zero
        var fills = 0
        var updatedAt: Int64
        var updateNumber = 0
    }

    init(
        _ ticket: Ticket, uid: String, id: String, sequence: Int, call: Int, at: Int64, visibleAt: Int64, earlier: SimOrder?, view: ExchangeView
    ) {
        (self.ticket, self.uid, self.id, self.sequence, self.requestNumber) = (ticket, uid, id, sequence, call)
        (self.createdAt, self.visibleAt, self.earlier, self.view) = (at, visibleAt, earlier, view)
        standing = Standing(state: .open, price: ticket.price, quantity: ticket.quantity, updatedAt: at)
    }

    /// As the exchange is looked at: now, or as it stood some time ago.
    private var shown: Standing {
        guard let asOf = view.asOf else { return standing }
        return former.first { $0.until > asOf }?.standing ?? standing
    }

    package var state: SimState { shown.state }
    /// Why it closed, in the venue's words or `normal_cancel`, `ioc`, `fok`, `post_only`; empty otherwise.
    package var reason: String { shown.reason }
    /// As last modified.
    package var price: Decimal? { shown.price }
    package var quantity: Decimal { shown.quantity }
    package var filled: Decimal { shown.filled }
    package var filledQuote: Decimal { shown.filledQuote }
    package var fee: Decimal { shown.fee }
    package var fills: ArraySlice<SimFill> { allFills.prefix(shown.fills) }
    package var updatedAt: Int64 { shown.updatedAt }
    /// Rises with every change of any order of the exchange.
    package var updateNumber: Int { shown.updateNumber }

    package var clientID: String { ticket.clientID }
    package var symbol: String { ticket.symbol }
    package var side: SimSide { ticket.side }
    package var leavesQuantity: Decimal { quantity.subtracting(filled) ?? .zero }
    package var averagePrice: Decimal? { filled.isZero ? nil : filledQuote.dividedRoundingDown(by: filled) }
    /// The raw field the dialect kept.
    package func tag(_ name: String) -> String? { ticket.tags.first { $0.name == name }?.value }
}

/// One execution.
package struct SimFill {
    /// Unique within the venue.
    package let id: String
    package let sequence: Int
    package unowned let order: SimOrder
    package let price: Decimal
    package let quantity: Decimal
    package let quote: Decimal
    /// Paid by the user, in the quote coin; never negative here.
    package let fee: Decimal
    package let isMaker: Bool
    /// Microseconds of the venue's clock.
    package let at: Int64
}

/// A symbol's rules. Checks are the dialect's, because each venue has its own codes for them.
package struct SimInstrument: Sendable {
    package let symbol: String
    package let base: String
    package let quote: String
    package private(set) var tick: Decimal
    package private(set) var lot: Decimal
    package private(set) var minQuantity: Decimal
    package let minNotional: Decimal
    /// Buys above and sells below it would trade at once.
    package var reference: Decimal
    package private(set) var pricePlaces: Int
    package private(set) var quantityPlaces: Int
    /// Base coins in one contract; one where quantities are base coins.
    package let contractSize: Decimal

    /// - Parameters: decimals as text, plain notation; places in 0...18.
    package init(
        _ symbol: String, base: String, quote: String, pricePlaces: Int, quantityPlaces: Int, minQuantity: String, minNotional: String,
        reference: String, contractSize: String = "1"
    ) {
        guard let tick = Decimal(decimalPlaces: pricePlaces), let lot = Decimal(decimalPlaces: quantityPlaces),
            let minQuantity = Decimal(minQuantity), let minNotional = Decimal(minNotional), let reference = Decimal(reference),
            let contractSize = Decimal(contractSize)
        else { preconditionFailure("\(symbol): not a decimal") }
        (self.symbol, self.base, self.quote, self.tick, self.lot) = (symbol, base, quote, tick, lot)
        (self.minQuantity, self.minNotional, self.reference) = (minQuantity, minNotional, reference)
        (self.pricePlaces, self.quantityPlaces, self.contractSize) = (pricePlaces, quantityPlaces, contractSize)
    }

    /// The same market, its quantities counted in another unit: a power of ten, which is the least as well.
    func counted(inStepsOf step: Decimal) -> SimInstrument {
        var other = self
        (other.lot, other.minQuantity) = (step, step)
        other.quantityPlaces = (0...Decimal.scale).first { Decimal(decimalPlaces: $0) == step } ?? 0
        return other
    }

    /// The venue changes what prices and quantities are multiples of. - Returns: false for places out of range; nothing changes then.
    mutating func revise(pricePlaces: Int?, quantityPlaces: Int?) -> Bool {
        guard let tick = Decimal(decimalPlaces: pricePlaces ?? self.pricePlaces),
            let lot = Decimal(decimalPlaces: quantityPlaces ?? self.quantityPlaces)
        else { return false }
        (self.tick, self.lot) = (tick, lot)
        (self.pricePlaces, self.quantityPlaces) = (pricePlaces ?? self.pricePlaces, quantityPlaces ?? self.quantityPlaces)
        return true
    }
}
