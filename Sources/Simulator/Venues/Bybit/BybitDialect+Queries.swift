import OMSCore
import Wire

/// Look-ups (docs/venues/bybit.md, 6): two pages for one order, of which neither alone proves anything.
extension BybitDialect {
    private static let dayUs: Int64 = 86_400_000_000

    // MARK: Orders

    /// Open orders, and by id the closed ones that this page still remembers.
    func realtime(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let asked = try BybitQuestion(
            call, known: ["category", "symbol", "baseCoin", "settleCoin", "orderId", "orderLinkId", "openOnly", "orderFilter", "limit", "cursor"])
        if let order = try asked.named(exchange, account, at: call.at) {
            let isShown = order.map { asked.holds($0, exchange) && ($0.state.isLive || isRemembered($0, account, exchange, at: call.at)) } ?? false
            return orders(call, asked, isShown ? order.map { [$0] } ?? [] : [], isWhole: true, exchange)
        }
        guard asked.category != "linear" || !asked.scope.isEmpty else { throw .parameter("symbol") }
        let showsClosed = try asked.word("openOnly", ["0", "1"], standing: "0") == "1"
        let rows = exchange.page(
            uid: account.uid, open: !showsClosed, beyond: asked.beyond(exchange, account), limit: asked.limit(50, standing: 20) + 1, at: call.at
        ) { order in
            asked.holds(order, exchange)
                && (!showsClosed || order.state.isClosed && isRemembered(order, account, exchange, at: call.at))
        }
        return orders(call, asked, rows, isWhole: false, exchange)
    }

    /// Whether a closed order is among the last of its category: as many as the page's buffer holds.
    private func isRemembered(_ order: SimOrder, _ account: SimAccount, _ exchange: Exchange, at: Int64) -> Bool {
        guard settings.recentClosed > 0 else { return false }
        return exchange.page(uid: account.uid, open: false, limit: settings.recentClosed, at: at) {
            $0.state.isClosed && $0.ticket.product == order.ticket.product && $0.updatedAt > order.updatedAt
        }.count < settings.recentClosed
    }

    /// What is closed: for a day where nothing of it was filled, else for two years; a week's window at once.
    func history(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let asked = try BybitQuestion(
            call,
            known: [
                "category", "symbol", "baseCoin", "settleCoin", "orderId", "orderLinkId", "orderFilter", "orderStatus", "startTime", "endTime",
                "limit", "cursor",
            ])
        let window = try asked.window(nowMs: call.atMs)
        let status = call.parameter("orderStatus")
        guard status.map({ BybitRows.statuses.contains($0) }) ?? true else { throw .parameter("orderStatus") }
        func isShown(_ order: SimOrder) -> Bool {
            guard asked.holds(order, exchange), window.contains(order.createdAt / 1_000), order.updatedAt + settings.historyLagUs <= call.at else {
                return false
            }
            guard status == nil || status == BybitRows.status(order.shownFields, isSpot: asked.category == Self.spot) else { return false }
            guard order.state.isClosed else { return settings.historyShowsOpen }
            return !order.filled.isZero || order.updatedAt > call.at - Self.dayUs
        }
        if let order = try asked.named(exchange, account, at: call.at) {
            return orders(call, asked, order.map { isShown($0) ? [$0] : [] } ?? [], isWhole: true, exchange)
        }
        let rows = exchange.page(
            uid: account.uid, open: false, beyond: asked.beyond(exchange, account), limit: asked.limit(50, standing: 20) + 1, at: call.at,
            where: isShown)
        return orders(call, asked, rows, isWhole: false, exchange)
    }

    /// - Parameters:
    ///   - found: One more than the page holds where there are more.
    ///   - isWhole: All that was asked for: no page follows.
    private func orders(_ call: Call, _ asked: BybitQuestion, _ found: [SimOrder], isWhole: Bool, _ exchange: Exchange) -> HTTPResponse {
        let limit = asked.limit(50, standing: 20)
        let rows = Array(found.prefix(limit))
        let cursor = isWhole || found.count <= limit ? "" : rows.last.map { BybitQuestion.cursor(behind: $0.id, atMs: $0.createdAt / 1_000) } ?? ""
        return list(call, asked.category, cursor, rows) { order, writer in
            BybitRows.order(order, order.shownFields, exchange.instruments[order.symbol], &writer)
        }
    }

    func list<Row>(
        _ call: Call, _ category: String, _ cursor: String, _ rows: [Row], _ write: (Row, inout JSONWriter) -> Void
    ) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.member("category", category)
            writer.member("nextPageCursor", cursor)
            writer.key("list")
            writer.beginArray()
            for row in rows {
                writer.beginObject()
                write(row, &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    // MARK: Executions

    func executions(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let asked = try BybitQuestion(
            call, known: ["category", "symbol", "baseCoin", "orderId", "orderLinkId", "startTime", "endTime", "execType", "limit", "cursor"])
        let window = try asked.window(nowMs: call.atMs)
        _ = try asked.word("execType", ["Trade"], standing: "Trade")
        let limit = asked.limit(100, standing: 50)
        let beyond = asked.cursorID.map { id in exchange.fills.last { $0.id == id }?.sequence ?? 0 }
        let found = exchange.fillsPage(uid: account.uid, beyond: beyond, limit: limit + 1, at: call.at) { fill in
            asked.holds(fill.order, exchange) && window.contains(fill.at / 1_000) && (asked.id == nil || fill.order.id == asked.id)
                && (asked.id != nil || asked.clientID == nil || fill.order.clientID == asked.clientID)
        }
        let rows = Array(found.prefix(limit))
        let cursor = found.count <= limit ? "" : rows.last.map { BybitQuestion.cursor(behind: $0.id, atMs: $0.at / 1_000) } ?? ""
        return list(call, asked.category, cursor, rows) { fill, writer in
            BybitRows.execution(fill, left: fill.order.leavesQuantity, exchange.instruments[fill.order.symbol], lacksFee: false, &writer)
        }
    }
}

/// The query of a list, checked.
struct BybitQuestion {
    let category: String
    let scope: BybitScope
    /// Where both are there, the venue's own decides.
    let id: String?
    let clientID: String?
    /// The row behind which the page begins, by the cursor's first half.
    let cursorID: String?
    private let call: Call
    private let asked: Int?

    private static let weekMs: Int64 = 7 * 86_400_000

    init(_ call: Call, known: Set<String>) throws(BybitProblem) {
        if let stranger = call.query.first(where: { !known.contains($0.name) }) { throw .parameter(stranger.name.escapedForLog) }
        func text(_ name: String) -> String? { call.parameter(name).flatMap { $0.isEmpty ? nil : $0 } }
        guard let category = text("category"), BybitDialect.categories.contains(category) else { throw .parameter("category") }
        (self.call, self.category) = (call, category)
        scope = BybitScope(symbol: text("symbol"), baseCoin: text("baseCoin"), settleCoin: text("settleCoin"))
        (id, clientID) = (text("orderId"), text("orderLinkId"))
        if let number = text("limit") {
            guard let count = Int(number), count > 0 else { throw .parameter("limit") }
            asked = count
        } else {
            asked = nil
        }
        if let cursor = text("cursor") {
            // A cursor goes back as it came: encoded once more it names nothing.
            guard !cursor.contains("%"), let first = cursor.split(separator: ":").first else { throw .parameter("cursor") }
            cursorID = String(first)
        } else {
            cursorID = nil
        }
        // Conditional orders are not placed here.
        _ = try word("orderFilter", ["Order"], standing: "Order")
    }

    /// Percent-encoded already, as the venue hands it out.
    static func cursor(behind id: String, atMs: Int64) -> String { "\(id)%3A\(atMs)%2C\(id)%3A\(atMs)" }

    func word(_ name: String, _ words: Set<String>, standing: String) throws(BybitProblem) -> String {
        guard let word = call.parameter(name) else { return standing }
        guard words.contains(word) else { throw .parameter(name) }
        return word
    }

    func limit(_ most: Int, standing: Int) -> Int { min(asked ?? standing, most) }

    /// The one order that is asked for by an id, the venue's first; nil inside: it is not to be seen. nil: none is named.
    func named(_ exchange: Exchange, _ account: SimAccount, at: Int64) throws(BybitProblem) -> SimOrder?? {
        if let id { return .some(exchange.order(id: id, uid: account.uid, at: at)) }
        return clientID.map { exchange.order(clientID: $0, uid: account.uid, at: at) }
    }

    func holds(_ order: SimOrder, _ exchange: Exchange) -> Bool { exchange.shows(order, in: category) && scope.holds(order, exchange) }

    func beyond(_ exchange: Exchange, _ account: SimAccount) -> Int? {
        cursorID.map { exchange.order(id: $0, uid: account.uid, at: nil)?.sequence ?? 0 }
    }

    /// Milliseconds of the days that are asked for: at most a week, the last one unless others are named.
    func window(nowMs: Int64) throws(BybitProblem) -> ClosedRange<Int64> {
        func moment(_ name: String) throws(BybitProblem) -> Int64? {
            guard let text = call.parameter(name) else { return nil }
            guard let ms = BybitEdge.milliseconds(text) else { throw .parameter(name) }
            return ms
        }
        let (start, end) = (try moment("startTime"), try moment("endTime"))
        let window: (Int64, Int64) =
            switch (start, end) {
            case (let start?, let end?): (start, end)
            case (let start?, nil): (start, start + Self.weekMs)
            case (nil, let end?): (end - Self.weekMs, end)
            case (nil, nil): (nowMs - Self.weekMs, nowMs)
            }
        guard window.0 <= window.1, window.1 - window.0 <= Self.weekMs else { throw .parameter("endTime") }
        return window.0...window.1
    }
}
