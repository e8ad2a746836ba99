import OMSCore
import Wire

/// Looking up (docs/venues/xt-futures.md).
extension XTFuturesDialect {
    /// An unknown order is a success without one.
    func detail(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try XTFields(of: call, knowing: ["orderId"])
        guard let id = fields.text("orderId"), Int64(id) != nil else { throw XTProblem("invalid_params", "invalid orderId") }
        let found = order(id, call, exchange, at: call.at)
        return success { writer in
            if let found { rows(exchange).order(found, &writer) } else { writer.null() }
        }
    }

    private func rows(_ exchange: Exchange) -> XTFuturesRows { XTFuturesRows(settings: settings, exchange: exchange, markets: instruments) }

    // MARK: Numbered lists

    private static let states: Set<String> = [
        "NEW", "PARTIALLY_FILLED", "PARTIALLY_CANCELED", "FILLED", "CANCELED", "REJECTED", "EXPIRED", "UNFINISHED", "HISTORY",
    ]

    /// Whether an order is in a state; UNFINISHED and HISTORY are words that only queries know.
    private func matches(_ order: SimOrder, _ state: String?) -> Bool {
        let word = XTFuturesRows.state(of: order.state, order.reason, isUnfilled: order.filled.isZero, settings)
        return switch state {
        case nil: true
        case "UNFINISHED": !order.state.isClosed
        case "HISTORY": order.state.isClosed && (!settings.historyIsShort || word == "FILLED" || word == "CANCELED")
        default: word == state
        }
    }

    /// Newest first. Without a state the page means new orders, which hides those that are filled in part.
    func list(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try XTFields(of: call, knowing: ["clientOrderId", "symbol", "state", "startTime", "endTime", "page", "size"])
        let (page, size) = try fields.numberedPage()
        let symbol = fields.text("symbol")?.lowercased()
        let state = fields.text("state") ?? (settings.listsOnlyNewByDefault ? "NEW" : nil)
        guard state.map({ Self.states.contains($0) }) ?? true else { throw XTProblem("invalid_params", "invalid state") }
        let times = try fields.times()
        let line = line(of: call)
        func isWanted(_ order: SimOrder) -> Bool {
            (symbol == nil || order.symbol == symbol) && matches(order, state) && times.contains(order.createdAt / 1_000)
                && exchange.shows(order, in: line ?? order.ticket.product)
        }
        let uid = call.account?.uid ?? ""
        let found: [SimOrder]
        if let clientID = fields.text("clientOrderId") {
            call.clientIDs = [clientID]
            found =
                settings.findsPartsOfIDs
                ? exchange.page(uid: uid, open: false, limit: .max, at: call.at) { $0.clientID.contains(clientID) && isWanted($0) }
                : named(clientID, uid: uid, exchange, at: call.at).filter(isWanted)
        } else {
            let isOpen = ["UNFINISHED", "NEW", "PARTIALLY_FILLED"].contains(state ?? "")
            found = exchange.page(uid: uid, open: isOpen, limit: .max, at: call.at, where: isWanted)
        }
        return success { writer in
            writer.numbered(found, page, size) { rows(exchange).order($0, &$1) }
        }
    }

    /// All orders that bear an id, newest first.
    private func named(_ clientID: String, uid: String, _ exchange: Exchange, at: Int64) -> [SimOrder] {
        var found: [SimOrder] = []
        var order = exchange.order(clientID: clientID, uid: uid, at: at)
        while let one = order {
            if one.visibleAt <= at { found.append(one) }
            order = one.earlier
        }
        return found
    }

    /// Executions.
    func trades(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try XTFields(of: call, knowing: ["orderId", "symbol", "startTime", "endTime", "page", "size"])
        let (page, size) = try fields.numberedPage()
        let (symbol, orderID) = (fields.text("symbol")?.lowercased(), fields.text("orderId"))
        let (times, line) = (try fields.times(), line(of: call))
        let found = exchange.fillsPage(uid: call.account?.uid ?? "", limit: .max, at: call.at) { fill in
            (orderID == nil || fill.order.id == orderID) && (symbol == nil || fill.order.symbol == symbol) && times.contains(fill.at / 1_000)
                && exchange.shows(fill.order, in: line ?? fill.order.ticket.product)
        }
        return success { writer in
            writer.numbered(found, page, size) { rows(exchange).execution($0, fee: cost(of: $0), &$1) }
        }
    }

    private static let partlyCanceledMs: Int64 = 300_000

    /// Orders of a market that were filled in part and canceled, within five minutes of each other and of now.
    func partlyCanceled(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try XTFields(of: call, knowing: ["symbol", "page", "size", "startTime", "endTime"])
        guard let symbol = fields.text("symbol")?.lowercased(), fields["page"] != nil, fields["size"] != nil else {
            throw XTProblem("invalid_params", "symbol, page and size are required")
        }
        guard market(symbol, call, exchange) != nil else { throw XTProblem("invalid_symbol", "invalid symbol") }
        let (page, size) = try fields.numberedPage()
        let times = try fields.times()
        let from = max(times.lowerBound, call.atMs - Self.partlyCanceledMs)
        guard fields["startTime"] == nil || fields["endTime"] == nil || times.upperBound - times.lowerBound <= Self.partlyCanceledMs else {
            throw XTProblem("invalid_params", "more than five minutes")
        }
        let found = exchange.page(uid: call.account?.uid ?? "", open: false, limit: .max, at: call.at) { order in
            order.symbol == symbol && order.state == .canceled && !order.filled.isZero && from <= order.updatedAt / 1_000
                && order.updatedAt / 1_000 <= times.upperBound
        }
        return success { writer in
            writer.numbered(found, page, size) { rows(exchange).order($0, tellsCanceled: true, &$1) }
        }
    }

    // MARK: Lists in one piece, and by cursor

    /// All that are open at once; POST only.
    func listOpen(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try XTFields(of: call, knowing: ["symbol"])
        let (symbol, line) = (fields.text("symbol")?.lowercased(), line(of: call))
        let found = exchange.page(uid: call.account?.uid ?? "", open: true, limit: .max, at: call.at) {
            (symbol == nil || $0.symbol == symbol) && exchange.shows($0, in: line ?? $0.ticket.product)
        }
        return success { writer in
            writer.beginArray()
            for order in found { rows(exchange).order(order, &writer) }
            writer.endArray()
        }
    }

    /// Orders that ended, behind the cursor `id`. Liquidations, which `forceClose` asks for, are none here.
    func history(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try XTFields(of: call, knowing: ["symbol", "id", "direction", "limit", "startTime", "endTime", "forceClose"])
        _ = try fields.bool("forceClose", orElse: XTProblem("invalid_params", "invalid forceClose"))
        let limit = Int(try fields.integer("limit", in: 1...100, otherwise: 10, orElse: XTProblem("invalid_params", "invalid limit")))
        let isNext = try fields.isNext()
        var cursor: Int?
        if let text = fields.text("id") {
            guard let id = Int64(text) else { throw XTProblem("invalid_params", "invalid id") }
            cursor = sequence(ofID: id, anchor: exchange.orders.first.map { ($0.id, $0.sequence) })
        }
        let (symbol, times, line) = (fields.text("symbol")?.lowercased(), try fields.times(), line(of: call))
        // Oldest first is newest first with the numbers turned round.
        let turn = settings.historyIsOldestFirst ? -1 : 1
        var place = cursor.map { $0 * turn }
        if settings.cursorIsInclusive { place = place.map { isNext ? $0 + 1 : $0 - 1 } }
        let page = XTPage(behind: place, isNext: isNext, limit: limit) { newestFirst, beyond, limit in
            exchange.page(
                uid: call.account?.uid ?? "", open: false, newestFirst: newestFirst == (turn == 1), beyond: beyond.map { $0 * turn }, limit: limit,
                at: call.at
            ) {
                matches($0, "HISTORY") && (symbol == nil || $0.symbol == symbol) && times.contains($0.createdAt / 1_000)
                    && exchange.shows($0, in: line ?? $0.ticket.product)
            }
        }
        return success { writer in writer.cursored(page) { rows(exchange).order($0, &$1) } }
    }
}
