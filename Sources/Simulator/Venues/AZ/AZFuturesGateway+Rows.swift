import OMSCore
import Wire

// What a push says, in both dialects.
extension AZFuturesGateway {
    /// A quantity of the book as the stream counts it: in base coins since the rebuild, whatever listings count. Of the coin-margined market a contract is worth so many quote coins, whatever the price.
    private func counted(_ quantity: Decimal, _ report: OrderReport, at price: Decimal?) -> Decimal {
        guard !isOlder, countsContracts, let instrument = report.instrument else { return quantity }
        let worth = quantity.multiplied(by: instrument.contractSize, roundingDown: true) ?? .zero
        guard instrument.quote == "usd" else { return worth }
        let price = price ?? instrument.reference
        return (price.isPositive ? worth.dividedRoundingDown(by: price) : nil) ?? .zero
    }

    /// A trade's `id` on the stream; by default no row of a listing bears it.
    private func tradeID(_ id: String) -> String {
        guard !sharesTradeIDs, let number = Int64(id) else { return id }
        return String(number - 900_000_000_000_000_000)
    }

    private static func state(of report: OrderReport) -> String {
        switch report.standing.state {
        case .accepted, .open: "NEW"
        case .partiallyFilled: "PARTIALLY_FILLED"
        case .filled: "FILLED"
        case .canceled where report.isExpiry: "EXPIRED"
        case .canceled: report.standing.filled.isZero ? "CANCELED" : "PARTIALLY_CANCELED"
        case .expired: "EXPIRED"
        case .rejected: "REJECTED"
        }
    }

    func order(_ report: OrderReport, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let (order, standing) = (report.order, report.standing)
        let average = report.averagePrice
        writer.member("symbol", order.symbol)
        writer.id("orderId", order.id, shape)
        writer.member("clientOrderId", order.clientID.isEmpty ? nil : order.clientID)
        writer.member("origQty", counted(standing.quantity, report, at: standing.price).description)
        writer.member("executedQty", counted(standing.filled, report, at: average ?? standing.price).description)
        writer.member("avgPrice", average?.description ?? "0")
        writer.member("price", standing.price?.description ?? "0")
        writer.member("orderSide", order.side.rawValue.uppercased())
        writer.member("positionSide", order.tag("positionSide") ?? "LONG")
        writer.member("orderType", order.ticket.isMarket ? "MARKET" : "LIMIT")
        writer.member("timeInForce", order.tag("timeInForce") ?? "GTC")
        writer.member("state", Self.state(of: report))
        writer.member("sourceType", "DEFAULT")
        writer.member("sourceId", String?.none)
        writer.member("marginFrozen", "0")
        writer.member("leverage", 20)
        writer.member("positionType", "CROSSED")
        if let last = report.lastTradeID { writer.id("lastTradeId", tradeID(last), shape) }
        writer.member("isProfit", false)
        writer.member("createdTime", order.createdAt / 1_000)
        if !shape.lacksUpdateTime { writer.member("updatedTime", (shape.updatedAt ?? standing.updatedAt) / 1_000) }
    }

    /// The fee is text since the rebuild, a number before it; its coin is never named.
    func trade(_ fill: SimFill, _ report: OrderReport, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let order = report.order
        writer.id("id", tradeID(fill.id), shape)
        writer.member("symbol", order.symbol)
        writer.id("orderId", order.id, shape)
        writer.member("clientOrderId", order.clientID.isEmpty ? nil : order.clientID)
        writer.member("orderSide", order.side.rawValue.uppercased())
        writer.member("positionSide", order.tag("positionSide") ?? "LONG")
        writer.member("price", fill.price.description)
        writer.member("quantity", counted(fill.quantity, report, at: fill.price).description)
        writer.member("isMaker", fill.isMaker)
        writer.member("marginUnfrozen", "0")
        if !shape.lacksFee {
            // The exchange reckons a fee on price times quantity, which may count contracts.
            let size = report.instrument?.contractSize ?? .one
            let fee = (countsContracts ? fill.fee.multiplied(by: size, roundingDown: true) : fill.fee) ?? .zero
            writer.key("fee")
            if isOlder { writer.raw(fee.description) } else { writer.string(fee.description) }
        }
        writer.member("timestamp", fill.at / 1_000)
        if namesOpposite ?? isOlder {
            writer.member("execId", String(fill.sequence + 100))
            writer.member("searchId", String(fill.sequence))
            // Of somebody else: nobody may keep them.
            writer.member("oppositeUserId", "990000\(fill.sequence)")
            writer.member("oppositeOrderId", "880000000000\(fill.sequence)")
        }
    }
}
