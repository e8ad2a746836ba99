import OMSCore
import Wire

/// XT spot's private stream: a token in every subscribe, one order or execution a message.
///
/// Source: docs/venues/xt.md, 9.1. Switches: `token_renewal` ends|keeps|same, `token_life_ms`, `stream_heartbeat_ms`, `stream_new_fields` few|all (a new order
/// was seen without time, client id and average), `stream_quote_quantity` text|number.
final class XTSpotGateway: StreamGateway {
    let tokens = StreamTokens(prefix: "xt", lifeMs: 172_800_000)
    private(set) var rules = StreamRules()
    let budgets = [
        BudgetRule("stream:connect", nil, perMs: 300_000, scope: .ip), BudgetRule("stream:login", nil, perMs: 300_000, scope: .apikey),
        BudgetRule("stream:subscribe", nil, perMs: 3_600_000, scope: .connection), BudgetRule("stream:message", nil, scope: .connection),
        BudgetRule("lookup:ws-token", 1, perMs: 10_000, scope: .apikey),
    ]
    private var newOrdersLackFields = true
    private var quoteQuantityIsNumber = false

    init() { rules.heartbeatMs = 60_000 }

    func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("stream_heartbeat_ms", _): assign(streamMs(value)) { rules.heartbeatMs = $0 }
        case ("stream_new_fields", "few"), ("stream_new_fields", "all"): assign(value == "few") { newOrdersLackFields = $0 }
        case ("stream_quote_quantity", "text"), ("stream_quote_quantity", "number"): assign(value == "number") { quoteQuantityIsNumber = $0 }
        default: tokens.set(name, to: value)
        }
    }

    func claims(_ path: Substring) -> Bool { path == "/private" }
    func refusal(of upgrade: HTTPRequest, _ session: inout StreamSession, _ scene: StreamScene) -> HTTPResponse? { nil }
    func name(of text: [UInt8]) -> String { XTStreamRequest.name(of: text) }

    func endCredential(of session: StreamSession) -> Bool {
        guard let token = session.credential else { return false }
        tokens.end(token)
        return true
    }

    func hear(_ text: [UInt8], _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        if text.elementsEqual("ping".utf8) { return [.text("pong")] }
        guard let request = XTStreamRequest(text), ["subscribe", "unsubscribe"].contains(request.method) else {
            return [xtStreamAnswer(.null, 1, "invalid request")]
        }
        if request.method == "subscribe" {
            session.subscribes += 1
            guard scene.count("stream:subscribe") else { return [xtStreamAnswer(request.id, 1, "too many requests")] }
        }
        // The key rides in every message.
        guard let key = request.listenKey else { return [xtStreamAnswer(request.id, 2, "listen key invalid")] }
        let owner: String
        switch tokens.standing(of: key, at: scene.at) {
        case .good(let account): owner = account
        case .expired: return [xtStreamAnswer(request.id, 401, "token expire")]
        case .unknown: return [xtStreamAnswer(request.id, 2, "listen key invalid")]
        }
        guard let account = scene.account(owner), session.account == nil || session.account?.key == owner else {
            return [xtStreamAnswer(request.id, 1, "failed")]
        }
        guard !request.params.isEmpty, request.params.allSatisfy({ ["order", "trade", "balance"].contains($0) }) else {
            return [xtStreamAnswer(request.id, 1, "failed")]
        }
        if request.method == "unsubscribe" {
            for channel in request.params { session.unsubscribe(channel) }
            return [xtStreamAnswer(request.id, 0, "success")]
        }
        if session.credential != key {
            _ = scene.count("stream:login")
            session.logins += 1
        }
        (session.account, session.credential) = (account, key)
        switch xtSubscribe(request.params, &session, scene) {
        case .done: return [xtStreamAnswer(request.id, 0, "success") { $0.member("sessionId", "sim-\(session.id)") }]
        case .refused(let code): return [xtStreamAnswer(request.id, code ?? 1, "failed")]
        case .unsaid: return []
        }
    }

    /// A token that is worth nothing any more is a stream that falls silent.
    func pushes(of news: ExchangeNews, to session: StreamSession, at: Int64) -> [StreamPush] {
        guard case .order(let report) = news, tokens.isGood(session.credential, at: at) else { return [] }
        var pushes: [StreamPush] = []
        if session.isSubscribed("order") { pushes.append(StreamPush("order", news)) }
        if let fill = report.fill, session.isSubscribed("trade") { pushes.append(StreamPush("trade", news, fill: fill)) }
        return pushes
    }

    func text(of push: StreamPush, to session: StreamSession, at: Int64) -> [UInt8] {
        written { writer in
            writer.member("topic", push.channel)
            writer.member("event", push.channel)
            writer.key("data")
            if push.shape.reshapesData { writer.beginArray() }
            row(of: push, &writer)
            if push.shape.reshapesData { writer.endArray() }
        }
    }

    private func row(of push: StreamPush, _ writer: inout JSONWriter) {
        guard case .order(let report) = push.news else { preconditionFailure("XT tells of orders alone") }
        writer.beginObject()
        if let fill = push.fill { trade(fill, report, &writer) } else { order(report, push.shape, &writer) }
        writer.endObject()
    }

    private static func state(of report: OrderReport) -> String {
        switch report.standing.state {
        case .accepted, .open: "NEW"
        case .partiallyFilled: "PARTIALLY_FILLED"
        case .filled: "FILLED"
        case .canceled: report.isExpiry ? "EXPIRED" : "CANCELED"
        case .expired: "EXPIRED"
        case .rejected: "REJECTED"
        }
    }

    private func order(_ report: OrderReport, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let (order, standing) = (report.order, report.standing)
        let isFew = newOrdersLackFields && report.cause == .placed
        let quote = order.ticket.quoteQuantity ?? standing.price?.multiplied(by: standing.quantity, roundingDown: true)
        writer.member("s", order.symbol)
        writer.member("bc", report.instrument?.base)
        writer.member("qc", report.instrument?.quote)
        writer.member("bt", order.ticket.product == "margin" ? "LEVER" : "SPOT")
        if !isFew, !shape.lacksUpdateTime { writer.member("t", (shape.updatedAt ?? standing.updatedAt) / 1_000) }
        writer.member("ct", order.createdAt / 1_000)
        writer.id("i", order.id, shape)
        if !isFew { writer.member("ci", order.clientID) }
        writer.member("st", Self.state(of: report))
        writer.member("sd", order.side.rawValue.uppercased())
        writer.member("tp", order.ticket.isMarket ? "MARKET" : "LIMIT")
        writer.member("oq", standing.quantity.description)
        if let quote {
            writer.key("oqq")
            if quoteQuantityIsNumber { writer.raw(quote.description) } else { writer.string(quote.description) }
        }
        writer.member("eq", standing.filled.description)
        writer.member("lq", (standing.state.isLive ? report.leavesQuantity : .zero).description)
        writer.member("p", standing.price?.description)
        if !isFew { writer.member("ap", report.averagePrice?.description) }
        if !shape.lacksFee { writer.member("f", standing.fee.description) }
    }

    /// Ids are numbers of 19 digits; no client id, no fee, no coin of it.
    private func trade(_ fill: SimFill, _ report: OrderReport, _ writer: inout JSONWriter) {
        writer.member("s", report.order.symbol)
        writer.key("i")
        writer.raw(fill.id)
        writer.member("t", fill.at / 1_000)
        writer.key("oi")
        writer.raw(report.order.id)
        writer.member("p", fill.price.description)
        writer.member("q", fill.quantity.description)
        writer.member("v", fill.quote.description)
        writer.member("b", (report.order.side == .buy) == fill.isMaker)
        writer.member("tm", fill.isMaker ? 2 : 1)
    }
}
