import OMSCore
import Wire

/// Rows of orders and executions, the same by REST and by stream. Source: docs/venues/bybit.md, 6 to 8.
enum BybitRows {
    /// How an order stands, from wherever it is looked at.
    struct Fields {
        var state: SimState
        var reason: String
        var price: Decimal?
        var quantity: Decimal
        var filled: Decimal
        var filledQuote: Decimal
        var fee: Decimal
        var updatedAt: Int64
        var averagePrice: Decimal? { filled.isZero ? nil : filledQuote.dividedRoundingDown(by: filled) }

        /// What was executed is worth, in the coin that the market is counted in: inverse contracts are dollars, worth so much of their coin.
        func value(isInverse: Bool) -> Decimal {
            isInverse ? averagePrice.flatMap { BybitRows.worth(filled, at: $0) } ?? .zero : filledQuote
        }

        func paid(isInverse: Bool) -> Decimal { isInverse ? BybitRows.fee(of: value(isInverse: true)) : fee }
    }

    /// Dollars as a coin, with the eight places that the venue tells; nil at no price.
    static func worth(_ dollars: Decimal, at price: Decimal) -> Decimal? {
        dollars.dividedRoundingDown(by: price)?.roundedDown(to: Decimal(units: Decimal.unitsPerOne / 100_000_000))
    }

    /// A tenth of a percent, as everywhere in the simulator.
    static func fee(of value: Decimal) -> Decimal { value.dividedRoundingDown(by: Decimal(1_000)) ?? .zero }

    /// Every word that can be asked for.
    static let statuses: Set = ["New", "PartiallyFilled", "Filled", "PartiallyFilledCanceled", "Cancelled", "Rejected", "Deactivated"]

    /// The words of the venue for a state, which differ by line of business.
    static func status(_ fields: Fields, isSpot: Bool) -> String {
        switch fields.state {
        case .accepted, .open: "New"
        case .partiallyFilled: "PartiallyFilled"
        case .filled: "Filled"
        case .canceled, .expired: isSpot && !fields.filled.isZero ? "PartiallyFilledCanceled" : "Cancelled"
        case .rejected: "Rejected"
        }
    }

    private static func rejectReason(_ fields: Fields) -> String {
        switch fields.reason {
        case "post_only": "EC_PostOnlyWillTakeLiquidity"
        case "ioc": "EC_NoImmediateQtyToFill"
        case "fok": "EC_CancelForNoFullFill"
        case "trade_count_too_small": "EC_NoImmediateQtyToFill"
        case let reason where reason.hasPrefix("EC_"): reason
        default: "EC_NoError"
        }
    }

    /// - Parameter shape: What faults change of it, where it is pushed.
    static func order(
        _ order: SimOrder, _ fields: Fields, _ instrument: SimInstrument?, shape: StreamShape = StreamShape(), isLateCancel: Bool = false,
        _ writer: inout JSONWriter
    ) {
        let (isSpot, isInverse) = (order.ticket.product == "spot", order.ticket.product == "inverse")
        writer.id("orderId", order.id, shape)
        let quoted = order.ticket.quoteQuantity
        let left = fields.state.isClosed ? Decimal.zero : fields.quantity.subtracting(fields.filled) ?? .zero
        let isCanceled = fields.state == .canceled && fields.reason == "CancelByUser"
        writer.members([
            ("orderLinkId", order.clientID), ("blockTradeId", ""), ("symbol", order.symbol), ("price", fields.price?.description ?? "0"),
            // A market buy on spot counts the coin that is paid.
            ("qty", (quoted ?? fields.quantity).description), ("side", order.side == .buy ? "Buy" : "Sell"),
            ("isLeverage", order.tag("isLeverage") ?? ""),
        ])
        writer.member("positionIdx", Int64(order.tag("positionIdx") ?? "0") ?? 0)
        writer.members([
            ("orderStatus", shape.state ?? status(fields, isSpot: isSpot)), ("createType", "CreateByUser"),
            ("cancelType", isCanceled || isLateCancel ? "CancelByUser" : "UNKNOWN"),
            ("rejectReason", isLateCancel ? "EC_OrigClOrdIDDoesNotExist" : rejectReason(fields)),
            ("avgPrice", fields.averagePrice?.description ?? ""), ("leavesQty", left.description),
            ("leavesValue", leavesValue(fields, left, isInverse: isInverse).description),
            ("cumExecQty", fields.filled.description), ("cumExecValue", fields.value(isInverse: isInverse).description),
        ])
        if !shape.lacksFee {
            let paid = fields.paid(isInverse: isInverse).description
            writer.member("cumExecFee", paid)
            writer.key("cumFeeDetail")
            writer.beginObject()
            if !fields.filled.isZero, let coin = feeCoin(order, instrument) { writer.member(coin, paid) }
            writer.endObject()
        }
        writer.members([
            ("timeInForce", order.tag("timeInForce") ?? "GTC"), ("orderType", order.ticket.isMarket ? "Market" : "Limit"), ("stopOrderType", ""),
            ("marketUnit", order.tag("marketUnit") ?? ""), ("triggerPrice", ""), ("takeProfit", ""), ("stopLoss", ""),
            ("smpType", order.tag("smpType") ?? "None"), ("createdTime", String(order.createdAt / 1_000)),
        ])
        if !shape.lacksUpdateTime { writer.member("updatedTime", String((shape.updatedAt ?? fields.updatedAt) / 1_000)) }
        writer.member("reduceOnly", order.tag("reduceOnly") == "true")
        writer.member("closeOnTrigger", false)
    }

    private static func leavesValue(_ fields: Fields, _ left: Decimal, isInverse: Bool) -> Decimal {
        guard let price = fields.price else { return .zero }
        return (isInverse ? worth(left, at: price) : price.multiplied(by: left, roundingDown: true)) ?? .zero
    }

    /// - Parameters:
    ///   - left: What the order still wants behind it.
    ///   - lacksFee: It is not known yet.
    static func execution(
        _ fill: SimFill, left: Decimal, _ instrument: SimInstrument?, shape: StreamShape = StreamShape(), lacksFee: Bool, _ writer: inout JSONWriter
    ) {
        let order = fill.order
        let isInverse = order.ticket.product == "inverse"
        let value = isInverse ? worth(fill.quantity, at: fill.price) ?? .zero : fill.quote
        writer.id("execId", fill.id, shape)
        writer.member("symbol", order.symbol)
        writer.id("orderId", order.id, shape)
        writer.members([
            ("orderLinkId", order.clientID), ("side", order.side == .buy ? "Buy" : "Sell"), ("orderPrice", order.price?.description ?? "0"),
            ("orderQty", order.quantity.description), ("leavesQty", left.description), ("orderType", order.ticket.isMarket ? "Market" : "Limit"),
            ("stopOrderType", "UNKNOWN"), ("execPrice", fill.price.description), ("execQty", fill.quantity.description),
            ("execValue", value.description), ("execType", "Trade"), ("execTime", String(fill.at / 1_000)),
        ])
        if !lacksFee {
            let paid = isInverse ? fee(of: value) : fill.fee
            writer.members([("execFee", paid.description), ("feeCurrency", feeCoin(order, instrument) ?? ""), ("feeRate", "0.001")])
        }
        writer.member("isMaker", fill.isMaker)
        writer.member("seq", fill.sequence)
    }

    /// The simulator takes its fees in the coin of payment; contracts take theirs in that of settlement.
    private static func feeCoin(_ order: SimOrder, _ instrument: SimInstrument?) -> String? {
        instrument.flatMap { BybitRules.settleCoin(of: $0, in: order.ticket.product) ?? $0.quote }
    }
}

extension SimOrder {
    /// As look-ups see it.
    var shownFields: BybitRows.Fields {
        BybitRows.Fields(
            state: state, reason: reason, price: price, quantity: quantity, filled: filled, filledQuote: filledQuote, fee: fee, updatedAt: updatedAt)
    }
}
