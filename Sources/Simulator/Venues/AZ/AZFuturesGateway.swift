import OMSCore
import Wire

/// AZ's private stream for futures, in both dialects: a token at the upgrade, since the rebuild of 2026, or a listen key in each topic, as before it.
///
/// Source: docs/venues/xt.md, 9.2, and AZ's own pages after 26 January 2026. Switches: `stream` newer|older, `stream_token` ws_token|listen_key (what the newer
/// one takes; no page says), `stream_trade_id` own|same (whether a trade's `id` is the `execId` of its row in listings), `stream_bad_key` text|code (the older
/// one's words), `stream_opposite` on|off (whether trades name the other side), `token_renewal`, `token_life_ms`, `key_life_ms`, `stream_heartbeat_ms`.
final class AZFuturesGateway: StreamGateway {
    let tokens = StreamTokens(prefix: "az", lifeMs: 86_400_000)
    let listenKeys = StreamTokens(prefix: "azkey", lifeMs: 28_800_000)
    private(set) var isOlder = false
    private(set) var takesListenKey = false
    private(set) var sharesTradeIDs = false
    private var refusesKeysByCode = false
    private(set) var namesOpposite: Bool?
    private var heartbeatMs: Int64?
    private unowned let dialect: AZFuturesDialect

    /// Frames of a client a second: no page has the number.
    let budgets = [
        BudgetRule("stream:connect", 300, perMs: 300_000, scope: .ip), BudgetRule("stream:login", nil, perMs: 300_000, scope: .apikey),
        BudgetRule("stream:subscribe", nil, perMs: 3_600_000, scope: .connection), BudgetRule("stream:message", 10, scope: .connection),
        BudgetRule("lookup:ws-token", 1, perMs: 10_000, scope: .apikey), BudgetRule("lookup:listen-key", 200, scope: .apikey),
    ]

    init(of dialect: AZFuturesDialect) { self.dialect = dialect }

    var rules: StreamRules {
        var rules = StreamRules()
        rules.heartbeatMs = heartbeatMs ?? (isOlder ? 30_000 : 60_000)
        // Any frame of the client counts since the rebuild.
        rules.beat = isOlder ? .pings : .frames
        (rules.openPerPeer, rules.openPerAccount) = (100, 10)
        return rules
    }

    /// Whether the book's quantities count contracts.
    var countsContracts: Bool { !dialect.countsBase }

    func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("stream", "newer"), ("stream", "older"): assign(value == "older") { isOlder = $0 }
        case ("stream_token", "ws_token"), ("stream_token", "listen_key"): assign(value == "listen_key") { takesListenKey = $0 }
        case ("stream_trade_id", "own"), ("stream_trade_id", "same"): assign(value == "same") { sharesTradeIDs = $0 }
        case ("stream_bad_key", "text"), ("stream_bad_key", "code"): assign(value == "code") { refusesKeysByCode = $0 }
        case ("stream_opposite", _): assign(switchFlag(value)) { namesOpposite = $0 }
        case ("stream_heartbeat_ms", _): assign(streamMs(value)) { heartbeatMs = $0 }
        case ("key_life_ms", _): assign(streamMs(value)) { listenKeys.lifeMs = $0 }
        case ("token_renewal", _): tokens.set(name, to: value) && listenKeys.set(name, to: value)
        default: tokens.set(name, to: value)
        }
    }

    /// Since the rebuild the older path is XT's alone.
    func claims(_ path: Substring) -> Bool { path.hasPrefix("/ws/account/") || isOlder && path == "/ws/user" }
    func name(of text: [UInt8]) -> String { XTStreamRequest.name(of: text) }
    func rateAnswer() -> [UInt8]? {
        isOlder
            ? nil
            : written { writer in
                writer.key("id")
                writer.null()
                writer.member("code", 429)
                writer.member("msg", "rate_limited")
            }
    }

    private var issuer: StreamTokens { isOlder || takesListenKey ? listenKeys : tokens }

    func endCredential(of session: StreamSession) -> Bool {
        guard let token = session.credential else { return false }
        issuer.end(token)
        return true
    }

    // MARK: The upgrade

    /// The newer one: a token, else 401; for a wrong path as well.
    func refusal(of upgrade: HTTPRequest, _ session: inout StreamSession, _ scene: StreamScene) -> HTTPResponse? {
        if isOlder { return upgrade.path == "/ws/user" ? nil : HTTPResponse(status: 404) }
        _ = scene.count("stream:login")
        session.logins += 1
        guard upgrade.path == "/ws/account/futures", let token = Self.token(in: upgrade),
            case .good(let key) = issuer.standing(of: token, at: scene.at), let account = scene.account(key)
        else { return HTTPResponse(status: 401, headers: [HTTPHeader("Content-Type", "text/plain")], body: Array("Unauthorized".utf8)) }
        (session.account, session.credential) = (account, token)
        return nil
    }

    /// In the header, the query or a cookie.
    static func token(in upgrade: HTTPRequest) -> String? {
        if let header = upgrade.header("Authorization"), header.hasPrefix("Bearer ") { return String(header.dropFirst(7)) }
        let names = ["token", "zToken"]
        if let pair = formPairs(upgrade.query ?? "").first(where: { names.contains($0.name) }) { return pair.value }
        for cookie in (upgrade.header("Cookie") ?? "").split(separator: ";") {
            let sides = cookie.split(separator: "=", maxSplits: 1)
            if sides.count == 2, names.contains(String(sides[0].drop { $0 == " " })) { return String(sides[1]) }
        }
        return nil
    }

    // MARK: Messages

    private static let channels: Set = [
        "order", "trade", "balance", "position", "notify", "entrust", "profit", "track_entrust", "user_profile", "plan_reverse_entrust",
    ]

    func hear(_ text: [UInt8], _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        if text.elementsEqual("ping".utf8) { return [.text("pong")] }
        let (bad, good) = isOlder ? (1, 0) : (400, 200)
        guard let request = XTStreamRequest(text), ["subscribe", "unsubscribe"].contains(request.method), !request.params.isEmpty else {
            return [xtStreamAnswer(.null, bad, "bad request")]
        }
        let isSubscribe = request.method == "subscribe"
        if isSubscribe {
            session.subscribes += 1
            guard scene.count("stream:subscribe") else { return [xtStreamAnswer(request.id, isOlder ? 1 : 429, "too many requests")] }
        }
        var channels = request.params
        if isOlder {
            do throws(XTListenKeys.BadKey) {
                channels = try XTListenKeys.channels(of: request, listenKeys, isSubscribe: isSubscribe, &session, scene)
            } catch {
                if refusesKeysByCode { return [xtStreamAnswer(request.id, error.isExpired ? 401 : 2, "invalid listen key")] }
                // No JSON at all.
                return [.text(error.topic + "@invalid_listen_key")]
            }
        }
        guard channels.allSatisfy(Self.channels.contains) else { return [xtStreamAnswer(request.id, bad, "unknown channel")] }
        guard isSubscribe else {
            if !isOlder || XTListenKeys.isInForce(request, session) { for channel in channels { session.unsubscribe(channel) } }
            return [xtStreamAnswer(request.id, good, "success")]
        }
        switch xtSubscribe(channels, &session, scene) {
        case .done: return [xtStreamAnswer(request.id, good, "success")]
        case .refused(let code): return [xtStreamAnswer(request.id, code ?? bad, "unknown channel")]
        case .unsaid: return []
        }
    }

    /// Behind a token or key that is worth nothing any more nothing comes.
    func pushes(of news: ExchangeNews, to session: StreamSession, at: Int64) -> [StreamPush] {
        guard case .order(let report) = news, issuer.isGood(session.credential, at: at) else { return [] }
        var pushes: [StreamPush] = []
        if session.isSubscribed("order") { pushes.append(StreamPush("order", news)) }
        if let fill = report.fill, session.isSubscribed("trade") { pushes.append(StreamPush("trade", news, fill: fill)) }
        return pushes
    }

    func text(of push: StreamPush, to session: StreamSession, at: Int64) -> [UInt8] {
        guard case .order(let report) = push.news else { preconditionFailure("AZ tells of orders alone") }
        return written { writer in
            if isOlder {
                writer.member("topic", push.channel)
                // The number behind it is the user's, not what was subscribed to.
                writer.member("event", "\(push.channel)@\(report.order.uid.dropFirst(4))")
            } else {
                writer.member("ch", push.channel)
            }
            writer.key("data")
            if push.shape.reshapesData { writer.beginArray() }
            writer.beginObject()
            if let fill = push.fill { trade(fill, report, push.shape, &writer) } else { order(report, push.shape, &writer) }
            writer.endObject()
            if push.shape.reshapesData { writer.endArray() }
            if !isOlder { writer.member("ts", at / 1_000) }
        }
    }
}
