import OMSCore
import Wire

/// Look-ups of orders and executions (docs/venues/okx.md).
extension OKXDialect {
    private static let hourUs: Int64 = 3_600_000_000
    private static let dayUs: Int64 = 24 * hourUs
    private static let filters: Set = ["instType", "uly", "instFamily", "instId", "ordType", "state", "after", "before", "limit"]

    // MARK: Orders

    /// One order by either id, the latest of those that bore the client's; the market must be listed still.
    func order(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        let asked = try OKXQuestion(call, known: ["instId", "ordId", "clOrdId"])
        let market = try market(try asked.required("instId"), exchange)
        let order: SimOrder?
        if let id = asked.text("ordId") {
            order = exchange.order(id: id, uid: account.uid, at: call.at)
        } else {
            order = exchange.order(clientID: try asked.required("clOrdId"), uid: account.uid, at: call.at)
        }
        guard let order, order.symbol == market.symbol, isKept(order, at: call.at) else { throw OKXProblem(51_603, "Order does not exist.") }
        return orders(call, [order])
    }

    func pending(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        let asked = try OKXQuestion(call, known: Self.filters)
        _ = try asked.word("state", ["live", "partially_filled"])
        return try page(asked, open: true, account, exchange, product: try asked.product()) { _ in true }
    }

    /// What ended within seven days, or within three months; what ended without a trade is kept for two hours in the one and never comes into the other.
    func history(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        let asked = try OKXQuestion(call, known: Self.filters.union(["category", "begin", "end"]))
        _ = try asked.word("state", ["filled", "canceled"])
        guard let product = try asked.product() else { throw OKXProblem(50_014, "Parameter instType can not be empty.") }
        let span = try asked.span()
        let isArchive = call.route.endpoint == "orders-history-archive"
        return try page(asked, open: false, account, exchange, product: product) { order in
            guard exchange.isFinished(order, at: call.at), span.contains(order.createdAt / 1_000) else { return false }
            guard isArchive else { return self.isKept(order, at: call.at) }
            return !order.filled.isZero && order.updatedAt > call.at - 90 * Self.dayUs
        }
    }

    /// Whether the venue's short memory holds it.
    private func isKept(_ order: SimOrder, at: Int64) -> Bool {
        !order.state.isClosed || order.updatedAt > at - (order.filled.isZero ? 2 * Self.hourUs : 7 * Self.dayUs)
    }

    private func page(
        _ asked: OKXQuestion, open: Bool, _ account: SimAccount, _ exchange: Exchange, product: String?, where isMeant: (SimOrder) -> Bool
    ) throws(OKXProblem) -> HTTPResponse {
        let (call, limit) = (asked.call, try asked.limit())
        let place = { (id: String) in exchange.known(id: id)?.sequence ?? OrderNumbering().sequence(ofOrder: id) }
        let (after, before) = (try asked.id("after").map(place), try asked.id("before").map(place))
        let types = asked.text("ordType").map { Set($0.split(separator: ",").map { String($0) }) }
        let state = asked.text("state")
        let rows = exchange.page(uid: account.uid, open: open, beyond: after, limit: limit, at: call.at) { order in
            guard asked.names(order, product, on: exchange), state == nil || OKXRows.word(order.state) == state else { return false }
            if let types, !types.contains(order.tag("ordType") ?? "limit") { return false }
            if let before, order.sequence <= before { return false }
            return isMeant(order)
        }
        return orders(call, rows)
    }

    private func orders(_ call: Call, _ orders: [SimOrder]) -> HTTPResponse {
        edge.rows(call, orders) { order, writer in
            OKXRows.order(order, OKXRows.Standing(order), last: order.fills.last.map { (fill: $0, name: self.trades.name(of: $0)) }, &writer)
        }
    }

    // MARK: Executions

    /// Of three days; `fills-history` of three months, a line of business at a time.
    func executions(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        let asked = try OKXQuestion(
            call, known: ["instType", "uly", "instFamily", "instId", "ordId", "subType", "after", "before", "begin", "end", "limit"])
        let isLong = call.route.endpoint == "fills-history"
        let product = try asked.product()
        guard !isLong || product != nil else { throw OKXProblem(50_014, "Parameter instType can not be empty.") }
        let (limit, span) = (try asked.limit(), try asked.span())
        let (after, before) = (try asked.id("after").map(OKXRows.sequence(ofBill:)), try asked.id("before").map(OKXRows.sequence(ofBill:)))
        let order = asked.text("ordId")
        let since = call.at - (isLong ? 90 : 3) * Self.dayUs
        let rows = exchange.fillsPage(uid: account.uid, beyond: after, limit: limit, at: call.at) { fill in
            guard asked.names(fill.order, product, on: exchange), order == nil || fill.order.id == order else { return false }
            if let before, fill.sequence <= before { return false }
            return span.contains(fill.at / 1_000) && fill.at > since
        }
        return edge.rows(call, rows) { fill, writer in OKXRows.execution(fill, name: self.trades.name(of: fill), &writer) }
    }
}

/// The query of a list, checked.
struct OKXQuestion {
    let call: Call

    init(_ call: Call, known: Set<String>) throws(OKXProblem) {
        if let stranger = call.query.first(where: { !known.contains($0.name) }) { throw .parameter(stranger.name.escapedForLog) }
        self.call = call
    }

    /// nil when absent or empty.
    func text(_ name: String) -> String? { call.parameter(name).flatMap { $0.isEmpty ? nil : $0 } }

    func required(_ name: String) throws(OKXProblem) -> String {
        guard let text = text(name) else { throw OKXProblem(50_014, "Parameter \(name) can not be empty.") }
        return text
    }

    /// One of these words; nil when absent.
    func word(_ name: String, _ words: Set<String>) throws(OKXProblem) -> String? {
        guard let word = text(name) else { return nil }
        guard words.contains(word) else { throw .parameter(name) }
        return word
    }

    /// The line of business that is asked for; nil when none is. Options are none of ours: their lists are empty.
    func product() throws(OKXProblem) -> String? {
        guard let type = text("instType") else { return nil }
        guard type != "OPTION" else { return "option" }
        guard let product = OKXRules.products[type] else { throw .parameter("instType") }
        return product
    }

    /// Whether an order is of the line of business, the market and the family that are asked for.
    func names(_ order: SimOrder, _ product: String?, on exchange: Exchange) -> Bool {
        guard product == nil || exchange.shows(order, in: product) else { return false }
        if let market = text("instId"), order.symbol != market { return false }
        guard let family = text("instFamily") ?? text("uly") else { return true }
        return OKXRules.family(of: order.symbol) == family
    }

    /// At most a hundred, a hundred unless fewer are asked for.
    func limit() throws(OKXProblem) -> Int {
        guard let limit = call.count("limit", in: 1...100, otherwise: 100) else { throw .parameter("limit") }
        return limit
    }

    /// An id at which a page begins, exclusive.
    func id(_ name: String) throws(OKXProblem) -> String? {
        guard let id = text(name) else { return nil }
        guard OKXEdge.isDigits(id) else { throw .parameter(name) }
        return id
    }

    /// Milliseconds that are asked for: from `begin` to `end`, both of it.
    func span() throws(OKXProblem) -> ClosedRange<Int64> {
        func moment(_ name: String, _ standing: Int64) throws(OKXProblem) -> Int64 {
            guard let text = text(name) else { return standing }
            guard let ms = OKXEdge.milliseconds(text) else { throw .parameter(name) }
            return ms
        }
        let (begin, end) = (try moment("begin", 0), try moment("end", .max))
        guard begin <= end else { throw .parameter("end") }
        return begin...end
    }
}
