import OMSCore
import Wire

/// AscendEX's stream: who it is shows at the upgrade or by message, health points instead of a time, a number that orders all that is told.
///
/// Source: docs/venues/ascendex.md, 8 and 9. Switches: `stream_greeting` m|op|none, `stream_beat_ms` (how often a client must be heard of), `stream_auth_status`
/// 401|403.
final class AscendEXGateway: StreamGateway {
    private(set) var rules = StreamRules()
    let budgets = [
        BudgetRule("stream:connect", nil, perMs: 300_000, scope: .ip), BudgetRule("stream:login", nil, perMs: 300_000, scope: .apikey),
        BudgetRule("stream:subscribe", nil, perMs: 3_600_000, scope: .connection), BudgetRule("stream:message", nil, scope: .connection),
    ]
    private var greetingKey = "m"
    private var authStatus = 401
    private var keyring = SigningKeyring()
    private static let healthMax = 3

    init() { (rules.beat, rules.beatMs) = (.counted, 15_000) }

    func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("stream_greeting", "m"), ("stream_greeting", "op"), ("stream_greeting", "none"): assign(value) { greetingKey = $0 }
        case ("stream_beat_ms", _): assign(streamMs(value)) { rules.beatMs = $0 }
        case ("stream_auth_status", "401"), ("stream_auth_status", "403"): assign(Int(value)) { authStatus = $0 }
        default: false
        }
    }

    /// Behind a group, or without one: then for public data alone.
    func claims(_ path: Substring) -> Bool { AscendEXDialect.Place(path)?.endpoint == "v1/stream" }

    func name(of text: [UInt8]) -> String {
        switch (try? JSONParser.parse(text))?["op"]?.string {
        case "ping", "pong": "ping"
        case "auth": "login"
        case "sub": "subscribe"
        case "unsub": "unsubscribe"
        default: "other"
        }
    }

    // MARK: Who it is

    func refusal(of upgrade: HTTPRequest, _ session: inout StreamSession, _ scene: StreamScene) -> HTTPResponse? {
        guard let key = upgrade.header("x-auth-key") else {
            session.credential = AscendEXDialect.Place(upgrade.path)?.group.map { String($0) }
            return nil
        }
        _ = scene.count("stream:login")
        session.logins += 1
        guard let group = AscendEXDialect.Place(upgrade.path)?.group, let stamp = upgrade.header("x-auth-timestamp"),
            let signature = upgrade.header("x-auth-signature"),
            let account = judged(key, stamp, signature, scene), account.group == group
        else { return HTTPResponse(status: authStatus) }
        (session.account, session.credential) = (account, String(group))
        return nil
    }

    /// The account, if stamp and signature are good: 30 s, either way.
    private func judged(_ key: String, _ stamp: String, _ signature: String, _ scene: StreamScene) -> SimAccount? {
        guard let account = scene.account(key), let ms = Int64(stamp), (0...9_999_999_999_999).contains(ms),
            (scene.atMs - ms).magnitude <= 30_000,
            AscendEXIdentity.signature(timestamp: stamp, path: "stream", key: keyring.key(of: account)) == signature
        else { return nil }
        return account
    }

    func greeting(_ session: StreamSession, _ scene: StreamScene) -> [[UInt8]] {
        guard greetingKey != "none" else { return [] }
        return [
            written { writer in
                writer.member(greetingKey, "connected")
                writer.member("type", session.account == nil ? "unauth" : "auth")
            }
        ]
    }

    private func auth(_ root: JSON, _ session: inout StreamSession, _ scene: StreamScene) -> StreamAnswer {
        _ = scene.count("stream:login")
        session.logins += 1
        let account = (root["key"]?.string).flatMap { key in
            (root["t"]?.text).flatMap { stamp in (root["sig"]?.string).flatMap { judged(key, stamp, $0, scene) } }
        }
        // A group of the path stands in the credential; without one nobody is let in.
        let isIn = account.map { String($0.group) == session.credential && (session.account == nil || session.account?.key == $0.key) } ?? false
        if isIn { session.account = account }
        return .text(
            written { writer in
                writer.member("m", "auth")
                if let id = root["id"]?.string { writer.member("id", id) }
                writer.member("code", isIn ? 0 : 200_006)
                if !isIn { writer.member("err", "AUTHENTICATION_FAILED") }
            })
    }

    // MARK: Messages

    func hear(_ text: [UInt8], _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        guard let root = try? JSONParser.parse(text), let op = root["op"]?.string else { return [problem(nil, 100_005, "INVALID_WS_REQUEST_DATA")] }
        switch op {
        case "ping":
            session.health = Self.healthMax
            return [
                .text(
                    written { writer in
                        writer.member("m", "pong")
                        writer.member("code", 0)
                        writer.member("ts", scene.atMs)
                        writer.member("hp", session.health)
                    })
            ]
        case "pong":
            session.health = Self.healthMax
            return []
        case "auth": return [auth(root, &session, scene)]
        case "sub", "unsub": return subscribe(root, isOn: op == "sub", &session, scene)
        default: return [problem(root["id"], 100_005, "INVALID_WS_REQUEST_DATA")]
        }
    }

    /// Each beat without a word of the client takes a health point and asks; at none left it is cut, with a farewell.
    func beat(_ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        session.health -= 1
        guard session.health > 0 else {
            let farewell = written { writer in
                writer.member("m", "disconnected")
                writer.member("code", 100_005)
                writer.member("reason", "INVALID_WS_REQUEST_DATA")
                writer.member("info", "no ping and no pong")
            }
            return [.text(farewell), .end(StreamOutput.abnormal, "no heartbeat")]
        }
        return [
            .text(
                written { writer in
                    writer.member("m", "ping")
                    writer.member("hp", session.health)
                })
        ]
    }

    func notice(_ session: StreamSession, _ scene: StreamScene) -> [UInt8]? {
        written { writer in
            writer.member("m", "disconnected")
            writer.member("code", 100_005)
            writer.member("reason", "INVALID_WS_REQUEST_DATA")
            writer.member("info", "maintenance")
        }
    }

    private func subscribe(_ root: JSON, isOn: Bool, _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        if isOn {
            session.subscribes += 1
            guard scene.count("stream:subscribe") else { return [problem(root["id"], 100_005, "INVALID_WS_REQUEST_DATA")] }
        }
        let parts = (root["ch"]?.string ?? "").split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[0] == "order" else { return [problem(root["id"], 100_005, "INVALID_WS_REQUEST_DATA")] }
        guard let account = session.account else { return [problem(root["id"], 200_001, "AUTHORIZATION_NEEDED")] }
        let category = ["cash", "margin"].first { parts[1] == $0 || parts[1] == AscendEXDialect.accountID(account, $0) }
        guard let category, account.products.contains(category) else { return [problem(root["id"], 100_005, "INVALID_WS_REQUEST_DATA")] }
        let channel = "order:" + category
        let struck = isOn ? scene.strike("order") : nil
        if case .subscribeRefused(let code) = struck {
            return [problem(root["id"], code.flatMap { Int($0) } ?? 100_005, "INVALID_WS_REQUEST_DATA")]
        }
        if isOn, struck != .ackMissing(subscribes: false) { session.subscribe(channel) }
        if !isOn { session.unsubscribe(channel) }
        if case .ackMissing = struck { return [] }
        return [
            .text(
                written { writer in
                    writer.member("m", isOn ? "sub" : "unsub")
                    if let id = root["id"]?.string { writer.member("id", id) }
                    writer.member("ch", "order:" + AscendEXDialect.accountID(account, category))
                    writer.member("code", 0)
                })
        ]
    }

    private func problem(_ id: JSON?, _ code: Int, _ reason: String) -> StreamAnswer {
        .text(
            written { writer in
                writer.member("m", "error")
                if let id = id?.string { writer.member("id", id) }
                writer.member("code", code)
                writer.member("reason", reason)
            })
    }

    // MARK: Pushes

    func pushes(of news: ExchangeNews, to session: StreamSession, at: Int64) -> [StreamPush] {
        let product =
            switch news {
            case .order(let report): report.order.ticket.product
            case .failedAttempt(let report): report.product
            }
        return session.isSubscribed("order:" + product) ? [StreamPush("order", for: "order:" + product, news)] : []
    }

    func text(of push: StreamPush, to session: StreamSession, at: Int64) -> [UInt8] {
        let category = String(push.subscription.dropFirst("order:".count))
        return written { writer in
            writer.member("m", "order")
            writer.member("accountId", AscendEXDialect.accountID(session.account, category))
            writer.member("ac", category.uppercased())
            writer.key("data")
            if push.shape.reshapesData { writer.beginArray() }
            writer.beginObject()
            switch push.news {
            case .order(let report): order(report, push.shape, &writer)
            case .failedAttempt(let report): failed(report, &writer)
            }
            writer.endObject()
            if push.shape.reshapesData { writer.endArray() }
        }
    }

    private func order(_ report: OrderReport, _ shape: StreamShape, _ writer: inout JSONWriter) {
        let (order, standing) = (report.order, report.standing)
        let state = AscendEXDialect.word(of: standing.state)
        writer.member("s", order.symbol)
        writer.member("sn", AscendEXDialect.seqNum(standing.updateNumber) - (shape.isOlder ? 1 : 0))
        writer.member("orderId", order.id)
        writer.member("sd", order.side == .buy ? "Buy" : "Sell")
        writer.member("ot", order.ticket.isMarket ? "Market" : "Limit")
        writer.member("p", standing.price?.description ?? "")
        writer.member("q", standing.quantity.description)
        writer.member("sp", "")
        writer.member("st", state)
        writer.member("err", standing.state == .rejected ? standing.reason : "")
        writer.member("ap", report.averagePrice?.description ?? "0")
        writer.member("cfq", standing.filled.description)
        if !shape.lacksFee { writer.member("cf", standing.fee.description) }
        writer.member("fa", report.instrument?.quote ?? "")
        if !shape.lacksUpdateTime { writer.member("t", (shape.updatedAt ?? standing.updatedAt) / 1_000) }
        writer.member("ei", order.ticket.timeInForce == .postOnly ? "Post" : "NULL_VAL")
        balances(&writer)
    }

    /// What failed bears the id of the order that it was about, and looks as if that order had been rejected (8).
    private func failed(_ report: FailedReport, _ writer: inout JSONWriter) {
        writer.member("s", report.symbol)
        writer.member("sn", AscendEXDialect.seqNum(report.updateNumber))
        writer.member("orderId", report.orderID)
        for name in ["sd", "ot"] { writer.member(name, "NULL_VAL") }
        for name in ["p", "q"] { writer.member(name, "0") }
        writer.member("sp", "")
        writer.member("st", "Rejected")
        writer.member("err", report.error)
        for name in ["ap", "cfq", "cf"] { writer.member(name, "0") }
        writer.member("fa", "")
        writer.member("t", report.at / 1_000)
        writer.member("ei", "NULL_VAL")
        balances(&writer)
    }

    private func balances(_ writer: inout JSONWriter) { for name in ["btb", "bab", "qtb", "qab"] { writer.member(name, "1000000") } }
}
