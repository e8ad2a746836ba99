import OMSCore
import Wire

/// The private stream of XT's futures, one socket for both lines: a listen key in each topic, states on `order`, executions without an id on `trade`.
///
/// Source: docs/venues/xt-futures.md. Switches: `stream_bad_key` text|joined|bare|code (the words for a key that is none),
/// `stream_fields` all|few (the page's samples have neither client id nor time of change), `stream_times` ms|s, `stream_partial` on|off (whether `order` tells
/// of each execution, or of the last one), `token_renewal`, `key_life_ms`, `stream_heartbeat_ms`.
final class XTFuturesGateway: StreamGateway {
    /// What a key that is none is told.
    enum BadKey: String {
        /// `order@invalid_listen_key`, which is no JSON.
        case text
        /// `order@invalid_listenkey`.
        case joined
        /// `invalid_listen_key`.
        case bare
        /// An answer with code 2, or 401.
        case code
    }

    let listenKeys = StreamTokens(prefix: "xtkey", lifeMs: 28_800_000)
    private(set) var rules = StreamRules()
    private var badKey = BadKey.text
    private var lacksFields = false
    private var countsSeconds = false
    private var tellsPartial = true

    /// No page limits connections or messages; keys go by the general page.
    let budgets = [
        BudgetRule("stream:connect", nil, perMs: 300_000, scope: .ip), BudgetRule("stream:login", nil, perMs: 300_000, scope: .apikey),
        BudgetRule("stream:subscribe", nil, perMs: 3_600_000, scope: .connection), BudgetRule("stream:message", nil, scope: .connection),
        BudgetRule("lookup:listen-key", 10, scope: .apikey),
    ]

    private unowned let dialect: XTFuturesDialect

    init(of dialect: XTFuturesDialect) {
        self.dialect = dialect
        rules.heartbeatMs = 30_000
    }

    func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("stream_bad_key", _): assign(BadKey(rawValue: value)) { badKey = $0 }
        case ("stream_fields", "all"), ("stream_fields", "few"): assign(value == "few") { lacksFields = $0 }
        case ("stream_times", "ms"), ("stream_times", "s"): assign(value == "s") { countsSeconds = $0 }
        case ("stream_partial", _): assign(switchFlag(value)) { tellsPartial = $0 }
        case ("stream_heartbeat_ms", _): assign(streamMs(value)) { rules.heartbeatMs = $0 }
        case ("key_life_ms", _): assign(streamMs(value)) { listenKeys.lifeMs = $0 }
        case ("token_renewal", _): listenKeys.set(name, to: value)
        default: false
        }
    }

    func claims(_ path: Substring) -> Bool { path == "/ws/user" }
    func refusal(of upgrade: HTTPRequest, _ session: inout StreamSession, _ scene: StreamScene) -> HTTPResponse? { nil }
    func name(of text: [UInt8]) -> String { XTStreamRequest.name(of: text) }

    func endCredential(of session: StreamSession) -> Bool {
        guard let key = session.credential else { return false }
        listenKeys.end(key)
        return true
    }

    // MARK: Messages

    private static let channels: Set = ["order", "trade", "balance", "position", "notify"]

    func hear(_ text: [UInt8], _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        if text.elementsEqual("ping".utf8) { return [.text("pong")] }
        guard let request = XTStreamRequest(text), ["subscribe", "unsubscribe"].contains(request.method), !request.params.isEmpty else {
            return [xtStreamAnswer(.null, 1, "bad request")]
        }
        let isSubscribe = request.method == "subscribe"
        if isSubscribe {
            session.subscribes += 1
            guard scene.count("stream:subscribe") else { return [xtStreamAnswer(request.id, 1, "too many requests")] }
        }
        let channels: [String]
        do throws(XTListenKeys.BadKey) {
            channels = try XTListenKeys.channels(of: request, listenKeys, isSubscribe: isSubscribe, &session, scene)
        } catch {
            return [answer(to: error, request.id)]
        }
        guard channels.allSatisfy(Self.channels.contains) else { return [xtStreamAnswer(request.id, 1, "unknown channel")] }
        let number = session.id
        func done() -> [StreamAnswer] { [xtStreamAnswer(request.id, 0, "success") { $0.member("sessionId", "sim-\(number)") }] }
        guard isSubscribe else {
            if XTListenKeys.isInForce(request, session) { for channel in channels { session.unsubscribe(channel) } }
            return done()
        }
        switch xtSubscribe(channels, &session, scene) {
        case .done: return done()
        case .refused(let code): return [xtStreamAnswer(request.id, code ?? 1, "failure")]
        case .unsaid: return []
        }
    }

    private func answer(to problem: XTListenKeys.BadKey, _ id: JSON) -> StreamAnswer {
        switch badKey {
        case .text: .text(problem.topic + "@invalid_listen_key")
        case .joined: .text(problem.topic + "@invalid_listenkey")
        case .bare: .text("invalid_listen_key")
        case .code: problem.isExpired ? xtStreamAnswer(id, 401, "token expire") : xtStreamAnswer(id, 2, "listen key invalid")
        }
    }

    // MARK: What it tells

    /// Behind a key that is worth nothing any more the stream is silent.
    func pushes(of news: ExchangeNews, to session: StreamSession, at: Int64) -> [StreamPush] {
        guard case .order(let report) = news, listenKeys.isGood(session.credential, at: at) else { return [] }
        var pushes: [StreamPush] = []
        let isPartial = report.cause == .traded && report.standing.state == .partiallyFilled
        if session.isSubscribed("order"), tellsPartial || !isPartial { pushes.append(StreamPush("order", news)) }
        if let fill = report.fill, session.isSubscribed("trade") { pushes.append(StreamPush("trade", news, fill: fill)) }
        return pushes
    }

    func text(of push: StreamPush, to session: StreamSession, at: Int64) -> [UInt8] {
        guard case .order(let report) = push.news else { preconditionFailure("XT tells of orders alone") }
        return written { writer in
            writer.member("topic", push.channel)
            // The number behind it is the user's, not what was subscribed to.
            writer.member("event", "\(push.channel)@\(report.order.uid.drop { !$0.isNumber })")
            writer.key("data")
            if push.shape.reshapesData { writer.beginArray() }
            writer.beginObject()
            if let fill = push.fill { trade(fill, report, push.shape, &writer) } else { order(report, push.shape, &writer) }
            writer.endObject()
            if push.shape.reshapesData { writer.endArray() }
        }
    }

    /// Milliseconds, or the ten digits of some samples.
    private func time(_ us: Int64) -> Int64 { us / (countsSeconds ? 1_000_000 : 1_000) }

    private func order(_ report: OrderReport, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let (order, standing) = (report.order, report.standing)
        let state = XTFuturesRows.state(of: standing.state, standing.reason, isUnfilled: standing.filled.isZero, dialect.settings)
        writer.member("symbol", order.symbol)
        writer.id("orderId", order.id, shape)
        if !lacksFields { writer.member("clientOrderId", order.clientID.isEmpty ? nil : order.clientID) }
        writer.members([
            ("origQty", standing.quantity.description), ("executedQty", standing.filled.description),
            ("avgPrice", report.averagePrice?.description ?? "0"), ("price", standing.price?.description ?? "0"),
            ("orderSide", order.side.rawValue.uppercased()), ("positionSide", order.tag("positionSide") ?? "LONG"),
            ("orderType", order.ticket.isMarket ? "MARKET" : "LIMIT"), ("timeInForce", order.tag("timeInForce") ?? "GTC"),
            ("state", state), ("marginFrozen", "0"), ("sourceType", "DEFAULT"), ("type", "ORDER"),
        ])
        writer.member("leverage", 20)
        writer.member("positionType", "CROSSED")
        writer.member("createdTime", time(order.createdAt))
        if !lacksFields, !shape.lacksUpdateTime { writer.member("updatedTime", time(shape.updatedAt ?? standing.updatedAt)) }
    }

    /// No id: nothing of it can be found again among the executions that REST lists. The fee is a number, its coin is not named.
    private func trade(_ fill: SimFill, _ report: OrderReport, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let order = report.order
        writer.member("symbol", order.symbol)
        writer.id("orderId", order.id, shape)
        writer.member("clientOrderId", order.clientID.isEmpty ? nil : order.clientID)
        writer.members([
            ("orderSide", order.side.rawValue.uppercased()), ("positionSide", order.tag("positionSide") ?? "LONG"),
            ("price", fill.price.description), ("quantity", fill.quantity.description),
        ])
        writer.member("isMaker", fill.isMaker)
        writer.member("marginUnfrozen", "0")
        if !shape.lacksFee {
            writer.key("fee")
            writer.raw(dialect.cost(of: fill).description)
        }
        writer.member("timestamp", time(fill.at))
    }
}
