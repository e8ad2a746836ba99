import OMSCore
import Wire

/// Looking up (section 4.1 and 4.5 to 4.10).
extension AscendEXDialect {
    // MARK: Orders

    /// One id without a comma: an object. With a comma: a list, unknown ids left out (4.5).
    func status(_ call: Call, _ place: Place, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        guard call.request.target.utf8.count <= 2048 else { return HTTPResponse(status: 414) }
        let text = call.parameter("orderId") ?? ""
        guard (1...1000).contains(text.utf8.count) else {
            throw AscendEXProblem(.invalidRequest, "orderId length must be between 0 and 1000")
        }
        let ids = text.split(separator: ",").map(String.init)
        let found = ids.compactMap { id in
            exchange.order(id: id, uid: call.account?.uid ?? "", at: call.at).flatMap { exchange.shows($0, in: place.category) ? $0 : nil }
        }
        if text.contains(",") {
            return success { writer in
                writer.beginArray()
                for order in found {
                    if failedRows == .status { write(order, &writer) }
                    for attempt in failedRows == .hidden ? [] : failedAttempts[order.id] ?? [] where attempt.at <= call.at {
                        writeFailed(attempt, id: order.id, symbol: order.symbol, &writer)
                    }
                    if failedRows != .status { write(order, &writer) }
                }
                writer.endArray()
            }
        }
        if let order = found.first { return success { write(order, &$0) } }
        switch unknownStatus {
        case .null: return success { $0.null() }
        case .empty: return success { $0.raw("{}") }
        case .code: throw AscendEXProblem(.dataNotAvailable, "Order does not exist.")
        }
    }

    func open(_ call: Call, _ place: Place, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        let symbol = try symbol(call, exchange)
        let orders = exchange.page(uid: call.account?.uid ?? "", open: true, limit: .max, at: call.at) {
            exchange.shows($0, in: place.category) && (symbol == nil || $0.symbol == symbol)
        }
        return success { list(orders, &$0) }
    }

    private func symbol(_ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> String? {
        guard let symbol = call.parameter("symbol"), !symbol.isEmpty else { return nil }
        guard exchange.instruments[symbol] != nil else { throw AscendEXProblem(.invalidProduct, "Invalid symbol.") }
        return symbol
    }

    private func list(_ orders: [SimOrder], _ writer: inout JSONWriter) {
        writer.beginArray()
        for order in orders { write(order, &writer) }
        writer.endArray()
    }

    /// Finished orders, the last to finish first. How many at most is unknown: 10 unless asked for more, never above 1000.
    func recent(_ call: Call, _ place: Place, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        let symbol = try symbol(call, exchange)
        let count = try number(call, "n", in: 1...1000, otherwise: 10)
        let executedOnly = call.parameter("executedOnly") == "true"
        history.refresh(exchange)
        let rows = history.finished(of: call.account?.uid ?? "").reversed().lazy.filter { order in
            exchange.isFinished(order, at: call.at) && exchange.shows(order, in: place.category) && (symbol == nil || order.symbol == symbol)
                && (!executedOnly || !order.filled.isZero)
        }
        return success { list(Array(rows.prefix(Int(count))), &$0) }
    }

    private func number(_ call: Call, _ name: String, in range: ClosedRange<Int64>, otherwise: Int64) throws(AscendEXProblem) -> Int64 {
        guard let text = call.parameter(name), !text.isEmpty else { return otherwise }
        guard let number = Int64(text), range.contains(number) else { throw AscendEXProblem(.invalidRequest, "Invalid \(name).") }
        return number
    }

    /// With `seqNum` or `startTime` oldest first, from there on; else newest first (4.8).
    func pastOrders(_ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        guard let account = call.account, let name = call.parameter("account") else { throw AscendEXProblem(.invalidRequest, "account is required.") }
        let category = ["cash", "margin"].first { $0 == name || Self.accountID(account, $0) == name }
        guard let category, account.products.contains(category) else { throw AscendEXProblem(.wrongAccount, "Invalid account.") }
        let symbol = try symbol(call, exchange)
        let start = try number(call, "startTime", in: 0...Int64.max, otherwise: 0)
        let end = try number(call, "endTime", in: 0...Int64.max, otherwise: .max)
        let first = try number(call, "seqNum", in: 0...Int64.max, otherwise: 0)
        let limit = Int(try number(call, "limit", in: 1...1000, otherwise: 500))
        let isOldestFirst = ["seqNum", "startTime"].contains { call.parameter($0) != nil }
        history.refresh(exchange)
        let all = history.finished(of: account.uid)
        // Closing order is sequence order, so the page starts where a binary search ends.
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.seqNum(all[middle].standing.updateNumber) < first { low = middle + 1 } else { high = middle }
        }
        var rows: [SimOrder] = []
        func take(_ order: SimOrder) {
            guard exchange.isFinished(order, at: call.at), exchange.shows(order, in: category), symbol == nil || order.symbol == symbol,
                start <= end, (start...end).contains(order.createdAt / 1000)
            else { return }
            rows.append(order)
        }
        var index = isOldestFirst ? low : all.count - 1
        while all.indices.contains(index), rows.count < limit {
            take(all[index])
            index += isOldestFirst ? 1 : -1
        }
        return success { writer in
            writer.beginArray()
            for order in rows { writePast(order, account, category, &writer) }
            writer.endArray()
        }
    }

    /// Single fills of the last 7 days, by running number (4.10). No `code`: the lists stand at the top.
    func fills(_ call: Call, _ place: Place, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        let first = try number(call, "sn", in: 0...Int64.max, otherwise: 0)
        let limit = Int(try number(call, "limit", in: 1...500, otherwise: 500))
        let since = call.at - .seconds(7 * 86_400)
        let rows = exchange.fillsPage(uid: call.account?.uid ?? "", newestFirst: false, beyond: Int(first) - 1, limit: limit, at: call.at) {
            $0.at >= since && exchange.shows($0.order, in: place.category)
        }
        return plain { writer in
            writer.key("meta")
            writer.beginObject()
            writer.member("ac", place.category)
            writer.member("accountId", Self.accountID(call.account, place.category ?? "cash"))
            writer.endObject()
            writer.key("order")
            writer.beginArray()
            for fill in rows { write(fill, exchange, &writer) }
            writer.endArray()
            writer.key("balance")
            writer.beginArray()
            writer.endArray()
        }
    }

    // MARK: Shapes

    /// Strictly rising with each change of any order, with gaps (12.6).
    static func seqNum(_ updateNumber: Int) -> Int64 {
        let number = Int64(updateNumber)
        return 2_323_400_000 + number * 7 + number * number % 5
    }

    static func word(of state: SimState) -> String {
        switch state {
        case .accepted, .open: "New"
        case .partiallyFilled: "PartiallyFilled"
        case .filled: "Filled"
        case .canceled, .expired: "Canceled"
        case .rejected: "Rejected"
        }
    }

    func write(_ order: SimOrder, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("orderId", order.id)
        writer.member("seqNum", Self.seqNum(order.updateNumber))
        writer.member("symbol", order.symbol)
        writer.member("side", order.side == .buy ? "Buy" : "Sell")
        writer.member("orderType", order.ticket.isMarket ? "Market" : "Limit")
        writer.member("price", order.price?.description ?? "")
        writer.member("orderQty", order.quantity.description)
        writer.member("stopPrice", "")
        writer.member("status", Self.word(of: order.state))
        writer.member("avgPx", order.averagePrice?.description ?? "0")
        writer.member("cumFilledQty", order.filled.description)
        writer.member("cumFee", order.fee.description)
        writer.member("feeAsset", String(order.symbol.split(separator: "/").last ?? ""))
        writer.member("lastExecTime", order.updatedAt / 1000)
        writer.member("errorCode", order.state == .rejected ? order.reason : "")
        writer.member("execInst", order.ticket.timeInForce == .postOnly ? "Post" : "NULL_VAL")
        writer.endObject()
    }

    /// A failed attempt under the order's own id: the trap of section 8.
    func writeFailed(_ attempt: FailedAttempt, id: String, symbol: String, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("orderId", id)
        writer.member("seqNum", 0)
        writer.member("symbol", symbol)
        writer.member("side", "NULL_VAL")
        writer.member("orderType", "NULL_VAL")
        writer.member("price", "0")
        writer.member("orderQty", "0")
        writer.member("stopPrice", "")
        writer.member("status", "Rejected")
        writer.member("avgPx", "0")
        writer.member("cumFilledQty", "0")
        writer.member("cumFee", "0")
        writer.member("feeAsset", "")
        writer.member("lastExecTime", attempt.at / 1000)
        writer.member("errorCode", attempt.error)
        writer.member("execInst", "NULL_VAL")
        writer.endObject()
    }

    private func writePast(_ order: SimOrder, _ account: SimAccount, _ category: String, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("orderId", order.id)
        writer.member("seqNum", Self.seqNum(order.updateNumber))
        writer.member("accountId", Self.accountID(account, category))
        writer.member("symbol", order.symbol)
        writer.member("orderType", order.ticket.isMarket ? "Market" : "Limit")
        writer.member("side", order.side == .buy ? "Buy" : "Sell")
        writer.member("price", order.price?.description ?? "0")
        writer.member("stopPrice", "0")
        writer.member("orderQty", order.quantity.description)
        writer.member("status", Self.word(of: order.state))
        writer.member("createTime", order.createdAt / 1000)
        writer.member("lastExecTime", order.updatedAt / 1000)
        writer.member("avgFillPrice", order.averagePrice?.description ?? "0")
        writer.member("fillQty", order.filled.description)
        writer.member("fee", order.fee.description)
        writer.member("feeAsset", String(order.symbol.split(separator: "/").last ?? ""))
        writer.endObject()
    }

    private func write(_ fill: SimFill, _ exchange: Exchange, _ writer: inout JSONWriter) {
        let order = fill.order
        let assets = order.symbol.split(separator: "/").map(String.init)
        let isBuy = order.side == .buy
        writer.beginObject()
        writer.member("orderId", order.id)
        writer.member("sn", fill.sequence)
        writer.member("transactTime", fill.at / 1000)
        writer.member("side", isBuy ? "Buy" : "Sell")
        writer.member("orderType", order.ticket.isMarket ? "Market" : "Limit")
        writer.member("liquidityInd", fill.isMaker ? "AddedLiquidity" : "RemovedLiquidity")
        writer.key("data")
        writer.beginArray()
        for (asset, type, amount) in [
            (assets.first, "trade", isBuy ? fill.quantity : Decimal(units: -fill.quantity.units)),
            (assets.last, "trade", isBuy ? Decimal(units: -fill.quote.units) : fill.quote),
            (assets.last, "fee", Decimal(units: -fill.fee.units)),
        ] {
            writer.beginObject()
            writer.member("asset", asset)
            writer.member("dataType", type)
            writer.member("deltaQty", amount.description)
            writer.member("curBalance", balance.description)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    // MARK: Account and market

    func info(_ call: Call) -> HTTPResponse {
        let products = call.account?.products ?? []
        return success { writer in
            writer.beginObject()
            writer.member("accountGroup", call.account?.group)
            writer.member("userUID", call.account?.uid)
            for (name, category) in [("cashAccount", "cash"), ("marginAccount", "margin")] {
                writer.key(name)
                writer.beginArray()
                if products.contains(category) { writer.string(Self.accountID(call.account, category)) }
                writer.endArray()
            }
            writer.member("viewPermission", true)
            writer.member("tradePermission", true)
            writer.member("transferPermission", false)
            writer.member("expireTime", -1)
            writer.key("allowedIps")
            writer.beginArray()
            writer.endArray()
            writer.member("email", "somebody@example.invalid")
            writer.endObject()
        }
    }

    /// `requestReceiveAt` is the venue's clock (4.10).
    func exchangeInfo(_ call: Call) -> HTTPResponse {
        let echo = call.parameter("requestTime").flatMap { Int64($0) }
        return success { writer in
            writer.beginObject()
            writer.member("requestTimeEcho", echo)
            writer.member("requestReceiveAt", call.atMs)
            writer.member("latency", echo.map { call.atMs.subtractingReportingOverflow($0).partialValue })
            writer.endObject()
        }
    }

    func products(_ exchange: Exchange) -> HTTPResponse {
        success { writer in
            writer.beginArray()
            for instrument in exchange.current(instruments) {
                writer.beginObject()
                writer.member("symbol", instrument.symbol)
                writer.member("displayName", instrument.symbol)
                writer.member("domain", "USDS")
                writer.member("tradingStartTime", 1_546_300_800_000)
                writer.member("statusCode", "Normal")
                writer.member("statusMessage", "")
                writer.member("minQty", instrument.minQuantity.description)
                writer.member("maxQty", "1000000000")
                writer.member("minNotional", instrument.minNotional.description)
                writer.member("maxNotional", maxNotional.description)
                writer.member("tickSize", instrument.tick.description)
                writer.member("lotSize", instrument.lot.description)
                writer.member("qtyScale", instrument.quantityPlaces)
                writer.member("priceScale", instrument.pricePlaces)
                writer.member("notionalScale", instrument.pricePlaces + instrument.quantityPlaces)
                writer.member("useTick", true)
                writer.member("useLot", true)
                writer.member("commissionType", "Quote")
                writer.member("commissionReserveRate", "0.001")
                writer.endObject()
            }
            writer.endArray()
        }
    }

    func balances(_ call: Call, _ place: Place) -> HTTPResponse {
        let wanted = call.parameter("asset")
        let assets = Set(instruments.flatMap { [$0.base, $0.quote] }).sorted().filter { wanted == nil || $0 == wanted }
        return success { writer in
            writer.beginArray()
            for asset in assets where !balance.isZero || call.parameter("showAll") == "true" {
                writer.beginObject()
                writer.member("asset", asset)
                writer.member("totalBalance", balance.description)
                writer.member("availableBalance", balance.description)
                if place.category == "margin" {
                    writer.member("borrowed", "0")
                    writer.member("interest", "0")
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

/// Finished orders of each account, by when they finished: what history pages are cut from.
struct AscendEXHistory {
    private var seen = 0
    private var unfinished: [SimOrder] = []
    private var finished: [String: [SimOrder]] = [:]

    /// Takes over what finished since the last look.
    mutating func refresh(_ exchange: Exchange) {
        unfinished += exchange.orders[seen...]
        seen = exchange.orders.count
        // As they stand, whatever moment is being looked at.
        let closed = unfinished.filter(\.standing.state.isClosed).sorted { $0.standing.updateNumber < $1.standing.updateNumber }
        guard !closed.isEmpty else { return }
        unfinished.removeAll(where: \.standing.state.isClosed)
        for order in closed { finished[order.uid, default: []].append(order) }
    }

    /// Oldest first by sequence number.
    func finished(of uid: String) -> [SimOrder] { finished[uid] ?? [] }
}
