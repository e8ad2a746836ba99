import OMSCore

/// What happened at an exchange and streams tell of.
package enum ExchangeNews {
    /// An order became live, traded, was changed, or ended.
    case order(OrderReport)
    /// Something was asked of an order and came to nothing, after it had been taken (AscendEX).
    case failedAttempt(FailedReport)

    package var uid: String {
        switch self {
        case .order(let report): report.order.uid
        case .failedAttempt(let report): report.uid
        }
    }
}

/// An order as it stood when something happened to it.
package struct OrderReport {
    package enum Cause: Sendable { case placed, traded, changed, ended }
    package let cause: Cause
    /// For what never changes of it: ids, ticket, owner, times of birth.
    package let order: SimOrder
    let standing: SimOrder.Standing
    /// The execution that it tells of.
    let fill: SimFill?
    /// The last execution before or with it.
    let lastTradeID: String?
    let instrument: SimInstrument?

    init(_ cause: Cause, _ order: SimOrder, fill: SimFill? = nil, instrument: SimInstrument?) {
        (self.cause, self.order, standing, self.fill) = (cause, order, order.standing, fill)
        (lastTradeID, self.instrument) = (order.allFills.last?.id, instrument)
    }

    var averagePrice: Decimal? { standing.filled.isZero ? nil : standing.filledQuote.dividedRoundingDown(by: standing.filled) }
    var leavesQuantity: Decimal { standing.quantity.subtracting(standing.filled) ?? .zero }
    /// The time in force ended it, or the venue's rules for prices.
    var isExpiry: Bool { standing.state == .canceled && ["ioc", "fok", "post_only", "trade_count_too_small"].contains(standing.reason) }
}

/// An attempt that an engine found to be too late, or another one's.
package struct FailedReport {
    package let uid: String
    let orderID: String
    /// nil: the venue never had it.
    let order: SimOrder?
    let product: String
    let symbol: String
    /// In the venue's word, e.g. `NoOpenForCancel`.
    let error: String
    let at: Int64
    let updateNumber: Int
}

/// One message that tells of an order or of an execution.
package struct StreamPush {
    /// What fault rules call it, e.g. `order`, `fill`, `trade`.
    package let channel: String
    /// The subscription that it answers, in the venue's words.
    package let subscription: String
    package let news: ExchangeNews
    /// The execution, where it tells of one.
    let fill: SimFill?
    /// It tells how the order stands as well.
    let isState: Bool
    /// How its text differs from the venue's usual one.
    var shape = StreamShape()

    init(_ channel: String, for subscription: String? = nil, _ news: ExchangeNews, fill: SimFill? = nil, isState: Bool = false) {
        (self.channel, self.subscription, self.news, self.fill) = (channel, subscription ?? channel, news, fill)
        self.isState = isState
    }

    /// The venue's order id.
    package var orderID: String {
        switch news {
        case .order(let report): report.order.id
        case .failedAttempt(let report): report.orderID
        }
    }
}

/// What faults and switches change of a push's text.
struct StreamShape: Equatable {
    var idsAreNumbers = false
    /// An object where the venue has a list, a list where it has an object.
    var reshapesData = false
    var lacksUpdateTime = false
    /// Without the fee, as if it were not known yet.
    var lacksFee = false
    /// Without the execution, of whose message it is a part.
    var lacksTrade = false
    /// Microseconds of the venue's clock in the place of when it was changed.
    var updatedAt: Int64?
    /// It bears the version before its own, where the venue has versions that are no times.
    var isOlder = false
    /// Another word for the state.
    var state: String?
}
