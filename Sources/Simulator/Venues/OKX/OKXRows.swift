import OMSCore
import Wire

/// Rows of orders and executions, the same by REST and by stream but for what the page says of them. Source: docs/venues/okx.md.
enum OKXRows {
    /// How an order stands, from wherever it is looked at.
    struct Standing {
        var state: SimState
        var reason: String
        var price: Decimal?
        var quantity: Decimal
        var filled: Decimal
        var filledQuote: Decimal
        var fills: ArraySlice<SimFill>
        var updatedAt: Int64

        /// As look-ups see it.
        init(_ order: SimOrder) {
            (state, reason, price, quantity) = (order.state, order.reason, order.price, order.quantity)
            (filled, filledQuote, fills, updatedAt) = (order.filled, order.filledQuote, order.fills, order.updatedAt)
        }

        /// As it stood when something happened to it.
        init(_ report: OrderReport) {
            let standing = report.standing
            (state, reason, price, quantity) = (standing.state, standing.reason, standing.price, standing.quantity)
            (filled, filledQuote, updatedAt) = (standing.filled, standing.filledQuote, standing.updatedAt)
            fills = report.order.allFills.prefix(standing.fills)
        }
    }

    /// The venue knows no rejected orders: what its engine refuses is canceled.
    static func word(_ state: SimState) -> String {
        switch state {
        case .accepted, .open: "live"
        case .partiallyFilled: "partially_filled"
        case .filled: "filled"
        case .canceled, .expired, .rejected: "canceled"
        }
    }

    /// Who ended it, as a number in text; empty while nobody has.
    private static func cancelSource(_ standing: Standing) -> String {
        guard word(standing.state) == "canceled" else { return "" }
        return switch standing.reason {
        case "normal_cancel": "1"
        case "delisted": "7"
        case "fok": "13"
        case "ioc": "14"
        case "trade_count_too_small": "15"
        case "cancel_all_after": "20"
        case "post_only": "31"
        default: "0"
        }
    }

    static func type(of order: SimOrder) -> String { order.ticket.product.uppercased() }

    /// - Parameters:
    ///   - last: The last execution and its number: by REST that of the order, in a push the one that it tells of.
    ///   - isPush: Whether an average that is none is a zero, and not empty.
    static func order(
        _ order: SimOrder, _ standing: Standing, last: (fill: SimFill, name: String)?, isPush: Bool = false, shape: StreamShape = StreamShape(),
        _ writer: inout JSONWriter
    ) {
        let ticket = order.ticket
        let isSpot = ticket.product == "spot"
        let average = standing.filled.isZero ? nil : standing.filledQuote.dividedRoundingDown(by: standing.filled)
        func tag(_ name: String, _ standing: String) -> String { order.tag(name) ?? standing }
        writer.members([("instType", type(of: order)), ("instId", order.symbol)])
        writer.id("ordId", order.id, shape)
        writer.members([
            ("clOrdId", order.clientID), ("tag", tag("tag", "")), ("side", order.side.rawValue),
            ("ordType", tag("ordType", ticket.isMarket ? "market" : "limit")), ("posSide", tag("posSide", "net")),
            ("tdMode", tag("tdMode", isSpot ? "cash" : "cross")), ("ccy", tag("ccy", "")), ("tgtCcy", tag("tgtCcy", "")),
        ])
        writer.member("px", ticket.isMarket ? "" : standing.price?.description ?? "")
        // A market order may count the coin that is paid; what was done counts the other.
        writer.member("sz", (ticket.quoteQuantity ?? standing.quantity).description)
        writer.member("accFillSz", standing.filled.description)
        writer.member("avgPx", average?.description ?? (isPush ? "0" : ""))
        writer.member("state", shape.state ?? word(standing.state))
        writer.members([
            ("cancelSource", cancelSource(standing)), ("lever", isSpot ? "" : "3"), ("stpMode", tag("stpMode", "cancel_maker")),
            ("reduceOnly", tag("reduceOnly", "false")), ("category", "normal"), ("rebate", "0"), ("rebateCcy", ""), ("pnl", "0"), ("source", ""),
        ])
        if !shape.lacksFee {
            let fee = standing.fills.reduce(Decimal.zero) { $0.adding(OKXRules.fee(of: $1)) ?? $0 }
            writer.members([("fee", paid(fee)), ("feeCcy", OKXRules.feeCoin(of: order.symbol))])
        }
        writer.member("fillPx", last?.fill.price.description ?? "")
        writer.member("fillSz", last?.fill.quantity.description ?? (isPush ? "0" : ""))
        writer.member("fillTime", last.map { String($0.fill.at / 1_000) } ?? "")
        if let last { writer.id("tradeId", last.name, shape) } else { writer.member("tradeId", "") }
        writer.member("cTime", String(order.createdAt / 1_000))
        if !shape.lacksUpdateTime { writer.member("uTime", String((shape.updatedAt ?? standing.updatedAt) / 1_000)) }
    }

    /// What was paid is told as less than nothing.
    static func paid(_ fee: Decimal) -> String { Decimal.zero.subtracting(fee)?.description ?? "0" }

    static func execution(_ fill: SimFill, name: String, _ writer: inout JSONWriter) {
        let order = fill.order
        writer.members([
            ("instType", type(of: order)), ("instId", order.symbol), ("tradeId", name), ("ordId", order.id), ("clOrdId", order.clientID),
            ("billId", bill(of: fill)), ("tag", order.tag("tag") ?? ""),
        ])
        writer.members([
            ("fillPx", fill.price.description), ("fillSz", fill.quantity.description), ("side", order.side.rawValue),
            ("posSide", order.tag("posSide") ?? "net"), ("execType", fill.isMaker ? "M" : "T"),
            ("feeCcy", OKXRules.feeCoin(of: order.symbol)), ("fee", paid(OKXRules.fee(of: fill))), ("fillPnl", "0"),
            ("fillTime", String(fill.at / 1_000)), ("ts", String(fill.at / 1_000)),
        ])
    }

    // MARK: Bills

    private static let bills: Int64 = 1_570_000_000_000_000_000

    /// By which executions are paged: unique, whatever the market.
    private static func bill(of fill: SimFill) -> String { String(bills + Int64(fill.sequence)) }

    static func sequence(ofBill id: String) -> Int { Int64(id).flatMap { Int(exactly: $0 - min($0, bills)) } ?? .max }
}
