import OMSCore
import Wire

// What a push says. Source: docs/venues/bitget.md, 8.
extension BitgetGateway {
    // MARK: Margin

    /// No symbol: it stands in the push's `arg` alone. Totals, never single executions; no trade ids.
    func marginOrder(_ report: OrderReport, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let (order, standing) = (report.order, report.standing)
        let quote = order.ticket.quoteQuantity ?? standing.price?.multiplied(by: standing.quantity, roundingDown: true)
        let status =
            switch standing.state {
            case .accepted, .open: "live"
            case .partiallyFilled: "partially_filled"
            case .filled: "filled"
            case .canceled, .expired: "cancelled"
            case .rejected: "reject"
            }
        writer.id("orderId", order.id, shape)
        for (name, value) in [
            ("clientOid", order.clientID), ("side", order.side.rawValue), ("orderType", order.ticket.isMarket ? "market" : "limit"),
            ("force", order.tag("force") ?? "gtc"), ("price", standing.price?.description ?? ""), ("baseSize", standing.quantity.description),
            ("quoteSize", quote?.description ?? ""), ("baseVolume", standing.filled.description),
            ("fillPrice", report.averagePrice?.description ?? "0"), ("fillTotalAmount", standing.filledQuote.description),
            ("status", shape.state ?? status), ("loanType", Self.hyphened(order.tag("loanType") ?? "normal")),
        ] {
            writer.member(name, value)
        }
        if standing.fills > 0, !shape.lacksFee {
            writer.key("feeDetail")
            writer.beginArray()
            writer.beginObject()
            writer.member("feeCoin", report.instrument?.quote)
            for (name, value) in [("deduction", "no"), ("totalDeductionFee", "0"), ("totalFee", standing.fee.description)] {
                writer.member(name, value)
            }
            writer.endObject()
            writer.endArray()
        }
        writer.member("enterPointSource", order.requestNumber == 0 ? "web" : "api")
        writer.member("stpMode", "none")
        writer.member("cTime", String(order.createdAt / 1_000))
        // Not in the page's samples: a push without it bears no version.
        if givesUpdateTime, !shape.lacksUpdateTime { writer.member("uTime", String((shape.updatedAt ?? standing.updatedAt) / 1_000)) }
    }

    /// `autoLoan` is `auto-loan` here.
    private static func hyphened(_ word: String) -> String {
        word.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
    }

    // MARK: Unified

    /// A new order is told in two words of one moment, as the pages list them; an execution as order, fill and fast fill.
    func unifiedPushes(_ report: OrderReport, _ news: ExchangeNews, _ session: StreamSession) -> [StreamPush] {
        var pushes: [StreamPush] = []
        if session.isSubscribed("order") {
            if report.cause == .placed, tellsBothWords {
                for word in ["live", "new"] {
                    var push = StreamPush("order", news)
                    push.shape.state = word
                    pushes.append(push)
                }
            } else {
                pushes.append(StreamPush("order", news))
            }
        }
        if let fill = report.fill {
            for channel in ["fast-fill", "fill"] where session.isSubscribed(channel) { pushes.append(StreamPush(channel, news, fill: fill)) }
        }
        return pushes
    }

    func unifiedRow(_ push: StreamPush, _ report: OrderReport, _ writer: inout JSONWriter) {
        if let fill = push.fill { execution(fill, push, report, &writer) } else { unifiedOrder(report, push.shape, &writer) }
    }

    private func unifiedOrder(_ report: OrderReport, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let (order, standing) = (report.order, report.standing)
        let state =
            switch standing.state {
            case .accepted, .open: "new"
            case .partiallyFilled: "partially_filled"
            case .filled: "filled"
            case .canceled, .expired, .rejected: "cancelled"
            }
        let reason =
            switch standing.reason {
            case "ioc": "ioc_not_full_cancel"
            case "fok": "fok_not_full_cancel"
            case "post_only": "post_only_fill_cancel"
            default: standing.reason
            }
        let isQuoted = order.ticket.quoteQuantity != nil
        writer.member("category", order.ticket.product.lowercased())
        writer.member("symbol", order.symbol)
        writer.id("orderId", order.id, shape)
        for (name, value) in [
            ("clientOid", order.clientID), ("price", standing.price?.description ?? ""), ("qty", isQuoted ? "0" : standing.quantity.description),
            ("amount", order.ticket.quoteQuantity?.description ?? "0"), ("side", order.side.rawValue),
            ("orderType", order.ticket.isMarket ? "market" : "limit"),
            ("timeInForce", order.ticket.isMarket ? "ioc" : order.tag("timeInForce") ?? "gtc"), ("delegateType", "normal"),
            ("marginMode", order.tag("marginMode") ?? "crossed"), ("marginCoin", ""), ("holdMode", ""), ("holdSide", order.tag("posSide") ?? ""),
            ("tradeSide", ""), ("reduceOnly", order.tag("reduceOnly")?.lowercased() ?? "no"), ("cumExecQty", standing.filled.description),
            ("cumExecValue", standing.filledQuote.description), ("avgPrice", report.averagePrice?.description ?? ""), ("totalProfit", "0"),
            ("orderStatus", shape.state ?? state), ("cancelReason", reason), ("leverage", ""),
        ] {
            writer.member(name, value)
        }
        fee(standing.fills > 0 && !shape.lacksFee ? standing.fee : nil, report, &writer)
        writer.member("stpMode", order.tag("stpMode") ?? "none")
        writer.member("createdTime", String(order.createdAt / 1_000))
        if !shape.lacksUpdateTime { writer.member("updatedTime", String((shape.updatedAt ?? standing.updatedAt) / 1_000)) }
    }

    /// A fill; a fast one has no fee and fewer fields.
    private func execution(_ fill: SimFill, _ push: StreamPush, _ report: OrderReport, _ writer: inout JSONWriter) {
        let (order, shape) = (report.order, push.shape)
        let isFast = push.channel == "fast-fill"
        writer.member("category", order.ticket.product.lowercased())
        writer.member("symbol", order.symbol)
        writer.id("orderId", order.id, shape)
        writer.member("clientOid", order.clientID)
        writer.id("execId", fill.id, shape)
        if !isFast {
            writer.id("execLinkId", fill.id, shape)
            writer.member("orderType", order.ticket.isMarket ? "market" : "limit")
        }
        for (name, value) in [
            ("side", order.side.rawValue), ("holdSide", order.tag("posSide") ?? ""), ("execPrice", fill.price.description),
            ("execQty", fill.quantity.description), ("tradeScope", fill.isMaker ? "maker" : "taker"),
        ] {
            writer.member(name, value)
        }
        if !isFast {
            for (name, value) in [("execValue", fill.quote.description), ("tradeSide", ""), ("execPnl", "0"), ("isRPI", "no")] {
                writer.member(name, value)
            }
            fee(shape.lacksFee ? nil : fill.fee, report, &writer)
        }
        writer.member("execTime", String(fill.at / 1_000))
        if !shape.lacksUpdateTime { writer.member("updatedTime", String((shape.updatedAt ?? fill.at) / 1_000)) }
    }

    /// Above zero: paid. nil: not known yet.
    private func fee(_ fee: Decimal?, _ report: OrderReport, _ writer: inout JSONWriter) {
        writer.key("feeDetail")
        writer.beginArray()
        if let fee {
            writer.beginObject()
            writer.member("feeCoin", report.instrument?.quote)
            writer.member("fee", fee.description)
            writer.endObject()
        }
        writer.endArray()
    }
}
