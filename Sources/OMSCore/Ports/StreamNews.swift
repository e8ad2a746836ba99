/// One thing that a message of a venue's private stream told, as the venue's `StreamDialect` read it. A message may tell none or many.
///
/// Positive evidence and nothing else: what a stream does not tell is not so, and not otherwise. Texts are escaped, masked and cut: fit for a log, and no
/// token stands in them.
package enum StreamNews: Equatable, Sendable {
    // MARK: The connection

    /// The answer to our heartbeat.
    case pong
    /// The other side asks whether we are there: `answer` is the text message to send at once.
    case ping(answer: String)
    /// The other side's first word, where ``StreamProfile/greets``; false: it does not know who we are.
    case greeting(isAuthorized: Bool)
    case loginAccepted
    case loginRefused(StreamRefusal, code: String, text: String)
    case subscribed(StreamChannel)
    /// nil: of which channel, it did not say.
    case subscribeRefused(StreamChannel?, code: String, text: String)
    /// The venue is about to end the connection: a new one is due, and this is no fault.
    case goingAway(String)
    /// We sent too much, or came too often.
    case tooFast(String)
    /// The token is unknown or has expired: another is to be fetched before the next attempt.
    case tokenRefused(String)

    // MARK: Orders

    /// How an order stands.
    case order(HeardOrder)
    /// An execution under the id that REST gives it, too.
    case fill(HeardFill)
    /// Something was executed, and its row is to be asked for: the push names no trade id, or one that REST may not know it by.
    case fillsDue(HeardExecution)

    /// Not understood, and not acted on. Events that are known and concern no order (balances) tell nothing at all.
    case unknown(String)
}

/// Why a venue did not let us in.
package enum StreamRefusal: Sendable, Equatable {
    /// Key, signature, passphrase or rights: the same attempt will be refused again, so that a person must look.
    case configuration
    /// The timestamp: the venue's clock is to be measured first.
    case clock
    /// Anything else: later, and slowly.
    case later
}

/// One subscription as the dialect names it: `order`, `orders-isolated:BTCUSDT`. It holds no token.
package struct StreamChannel: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A state that was pushed.
package struct HeardOrder: Equatable, Sendable {
    /// Of which of the accounts behind the socket: the product's name in configurations. nil: the push does not say, and the ids must.
    package var product: String?
    /// `version` stands only where it compares with REST's. Quantities count what REST counts, unless `unit` says otherwise.
    package var report: OrderReport
    /// What orders the pushes about one order among each other, and compares with nothing else: milliseconds of the venue. nil: nothing does.
    package var pushedVersion: Int64?
    /// What the report's quantities count, where that may differ from what REST counts; nil: the same. Read
    /// ``report(at:countedIn:ordered:)`` instead.
    package var unit: QuantityUnit?

    package init(_ report: OrderReport, product: String? = nil) { (self.report, self.product) = (report, product) }

    /// The report in REST's unit. Quantities that cannot be converted exactly are not said, however well they are known: a look-up tells them. So are
    /// those beside an order's quantity that is not the one on record: then the push counts something else than its page says.
    ///
    /// - Parameters:
    ///   - market: of the report's symbol, from REST; nil: not known.
    ///   - restUnit: what the venue's REST counts (`VenueProfile.quantityUnit`).
    ///   - ordered: the order's quantity on record, in REST's unit; nil: the order is not known.
    package func report(at market: Instrument?, countedIn restUnit: QuantityUnit?, ordered: Decimal?) -> OrderReport {
        guard let unit, let restUnit else { return report }
        var converted = report
        if unit != restUnit {
            converted.quantity = report.quantity.flatMap { Self.converted($0, to: restUnit, at: market) }
            converted.filledQuantity = report.filledQuantity.flatMap { Self.converted($0, to: restUnit, at: market) }
        }
        if let ordered, converted.quantity != ordered { (converted.quantity, converted.filledQuantity) = (nil, nil) }
        return converted
    }

    private static func converted(_ quantity: Decimal, to unit: QuantityUnit, at market: Instrument?) -> Decimal? {
        if quantity.isZero { return .zero }
        // Coin-margined contracts have no such size: what base currency they stand for hangs on the price.
        guard let size = market?.contractSize, size.isPositive else { return nil }
        switch unit {
        case .base:
            guard let base = quantity.multiplied(by: size, roundingDown: true), base.dividedRoundingDown(by: size) == quantity else { return nil }
            return base
        case .contracts:
            guard let count = quantity.dividedRoundingDown(by: size), count.isMultiple(of: .one),
                count.multiplied(by: size, roundingDown: true) == quantity
            else { return nil }
            return count
        }
    }
}

/// An execution that was pushed under the id by which REST lists it.
package struct HeardFill: Equatable, Sendable {
    /// As ``HeardOrder/product``.
    package var product: String?
    /// Fee and its asset are nil where the push does not tell them.
    package var fill: Fill
    package var clientOrderID: ClientOrderID?
    package var symbol: Symbol?
    package var side: Side?
    package init(_ fill: Fill, product: String? = nil) { (self.fill, self.product) = (fill, product) }
}

/// An execution that happened and cannot be booked from the push. At least one of the ids stands.
package struct HeardExecution: Equatable, Sendable {
    /// As ``HeardOrder/product``.
    package var product: String?
    package var venueOrderID: VenueOrderID?
    package var clientOrderID: ClientOrderID?
    package var symbol: Symbol?
    /// The ids that the push gives the execution, in its own words (`id 5548…, execId 5549…`), to be told beside REST's; nil: none. Never a key.
    package var calls: String?
    package init(venueOrderID: VenueOrderID?, clientOrderID: ClientOrderID?, product: String? = nil) {
        (self.venueOrderID, self.clientOrderID, self.product) = (venueOrderID, clientOrderID, product)
    }
}
