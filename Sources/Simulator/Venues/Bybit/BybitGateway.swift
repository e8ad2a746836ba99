import OMSCore
import Wire

/// Bybit's private stream: a login by message, topics, pings in JSON. Source: docs/venues/bybit.md, "Private stream".
///
/// Switches: `stream_login_failure` cuts|stays, `stream_heartbeat_ms` (600000), `stream_changes` on|off (whether an amend is pushed), `stream_req_id` on|off
/// (whether answers repeat what the client called its request).
final class BybitGateway: StreamGateway {
    private(set) var rules = StreamRules()
    let budgets = [
        BudgetRule("stream:connect", 500, perMs: 300_000, scope: .ip), BudgetRule("stream:login", nil, perMs: 300_000, scope: .apikey),
        BudgetRule("stream:subscribe", nil, perMs: 3_600_000, scope: .connection), BudgetRule("stream:message", nil, scope: .connection),
    ]
    /// Orders whose cancel came too late, by the venue's id: a push shows them whole.
    var lateCancels: [String: SimOrder] = [:]
    private var cutsFailedLogins = true
    private var tellsChanges = true
    private var repeatsRequestIDs = true
    private var keyring = SigningKeyring()

    init() { rules.heartbeatMs = 600_000 }

    func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("stream_login_failure", "cuts"), ("stream_login_failure", "stays"): assign(value == "cuts") { cutsFailedLogins = $0 }
        case ("stream_heartbeat_ms", _): assign(streamMs(value)) { rules.heartbeatMs = $0 }
        case ("stream_changes", _): assign(switchFlag(value)) { tellsChanges = $0 }
        case ("stream_req_id", _): assign(switchFlag(value)) { repeatsRequestIDs = $0 }
        default: false
        }
    }

    func claims(_ path: Substring) -> Bool { path == "/v5/private" }

    /// Everybody is let in; who it is shows with the login.
    func refusal(of upgrade: HTTPRequest, _ session: inout StreamSession, _ scene: StreamScene) -> HTTPResponse? { nil }

    func name(of text: [UInt8]) -> String {
        switch (try? JSONParser.parse(text))?["op"]?.string {
        case "ping": "ping"
        case "auth": "login"
        case "subscribe": "subscribe"
        case "unsubscribe": "unsubscribe"
        default: "other"
        }
    }

    func hear(_ text: [UInt8], _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        guard let root = try? JSONParser.parse(text), root.object != nil else { return [.text(answer("", session, failure: "Invalid JSON", nil))] }
        switch root["op"]?.string {
        case "ping":
            return [
                .text(
                    written { writer in
                        writer.member("req_id", root["req_id"]?.string ?? "")
                        writer.member("op", "pong")
                        writer.member("args", [String(scene.atMs)])
                        writer.member("conn_id", Self.connection(session))
                    })
            ]
        case "auth": return login(root, &session, scene)
        case "subscribe": return subscribe(root, &session, scene)
        case "unsubscribe":
            for topic in root["args"]?.array ?? [] { if let name = topic.string { session.unsubscribe(name) } }
            return [.text(answer("unsubscribe", session, failure: nil, root))]
        default: return [.text(answer("", session, failure: "unknown op", root))]
        }
    }

    // MARK: Who it is

    /// `[key, expires, signature]`: the moment is in the future, in milliseconds, and signed with a word in front.
    private func login(_ root: JSON, _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        _ = scene.count("stream:login")
        session.logins += 1
        func failed(_ words: String) -> [StreamAnswer] {
            let text = StreamAnswer.text(answer("auth", session, failure: words, root))
            return cutsFailedLogins ? [text, .end(StreamOutput.abnormal, "login refused: \(words)")] : [text]
        }
        guard let args = root["args"]?.array, args.count == 3, let key = args[0].string, let expires = args[1].text, let signature = args[2].string
        else {
            return failed("Params Error")
        }
        guard let account = scene.account(key), account.venue == "bybit" else { return failed("API key is invalid.") }
        guard let ms = BybitEdge.milliseconds(expires), ms > scene.atMs else { return failed("Your auth request expired") }
        guard hex(keyring.key(of: account).hmacSHA256(Array(("GET/realtime" + expires).utf8))) == signature else { return failed("error sign!") }
        guard session.account == nil || session.account?.key == key else { return failed("Repeat auth") }
        session.account = account
        return [.text(answer("auth", session, failure: nil, root))]
    }

    // MARK: Topics

    private static let topics: Set = ["order", "execution"]

    /// A topic of ours, all categories together or one.
    private static func isTopic(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return topics.contains(String(parts[0])) && (parts.count == 1 || parts.count == 2 && BybitDialect.categories.contains(String(parts[1])))
    }

    /// A message stands or falls as one; what it was of is told by its own id alone.
    private func subscribe(_ root: JSON, _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        session.subscribes += 1
        guard scene.count("stream:subscribe") else { return [.text(answer("subscribe", session, failure: "too many requests", root))] }
        guard session.account != nil else { return [.text(answer("subscribe", session, failure: "Request not authorized", root))] }
        let names = (root["args"]?.array ?? []).compactMap(\.string)
        guard !names.isEmpty, names.count == root["args"]?.array?.count, names.allSatisfy(Self.isTopic) else {
            return [.text(answer("subscribe", session, failure: "error:handler not found", root))]
        }
        // All categories and single ones do not go together.
        guard Set(names.map { $0.contains(".") }).count == 1 else {
            return [.text(answer("subscribe", session, failure: "error:topics of both kinds", root))]
        }
        for name in names {
            switch scene.strike(String(name.prefix { $0 != "." })) {
            case .subscribeRefused(let code): return [.text(answer("subscribe", session, failure: "error:" + (code ?? "handler not found"), root))]
            case .ackMissing(let subscribes):
                if subscribes { session.subscribe(name) }
                return []
            default: session.subscribe(name)
            }
        }
        return [.text(answer("subscribe", session, failure: nil, root))]
    }

    private static func connection(_ session: StreamSession) -> String { "sim-\(session.id)" }

    private func answer(_ op: String, _ session: StreamSession, failure: String?, _ root: JSON?) -> [UInt8] {
        written { writer in
            writer.member("success", failure == nil)
            writer.member("ret_msg", failure ?? "")
            writer.member("conn_id", Self.connection(session))
            if repeatsRequestIDs, let id = root?["req_id"]?.string { writer.member("req_id", id) }
            writer.member("op", op)
        }
    }

    // MARK: Pushes

    func pushes(of news: ExchangeNews, to session: StreamSession, at: Int64) -> [StreamPush] {
        func subscription(_ topic: String, _ product: String) -> String? {
            [topic, topic + "." + product].first { session.isSubscribed($0) }
        }
        switch news {
        case .failedAttempt(let report):
            return subscription("order", report.product).map { [StreamPush("order", for: $0, news)] } ?? []
        case .order(let report):
            guard tellsChanges || report.cause != .changed else { return [] }
            let product = report.order.ticket.product
            var pushes: [StreamPush] = []
            if let name = subscription("order", product) { pushes.append(StreamPush("order", for: name, news)) }
            if let fill = report.fill, let name = subscription("execution", product) {
                pushes.append(StreamPush("execution", for: name, news, fill: fill))
            }
            return pushes
        }
    }

    func text(of push: StreamPush, to session: StreamSession, at: Int64) -> [UInt8] {
        written { writer in
            writer.member("id", "sim-\(session.id)-\(at)")
            writer.member("topic", push.subscription)
            writer.member("creationTime", at / 1_000)
            writer.key("data")
            // An object in the place of the list, where a fault asks for it.
            if !push.shape.reshapesData { writer.beginArray() }
            writer.beginObject()
            row(push, &writer)
            writer.endObject()
            if !push.shape.reshapesData { writer.endArray() }
        }
    }

    private func row(_ push: StreamPush, _ writer: inout JSONWriter) {
        switch push.news {
        case .failedAttempt(let report):
            guard let order = lateCancels[report.orderID] else { return }
            writer.member("category", report.product)
            // The end once more, with words that mean: the cancel was too late.
            BybitRows.order(order, order.shownFields, nil, shape: push.shape, isLateCancel: true, &writer)
        case .order(let report):
            writer.member("category", report.order.ticket.product)
            if let fill = push.fill {
                BybitRows.execution(
                    fill, left: report.leavesQuantity, report.instrument, shape: push.shape, lacksFee: push.shape.lacksFee, &writer)
            } else {
                BybitRows.order(report.order, report.fields, report.instrument, shape: push.shape, &writer)
            }
        }
    }
}

extension OrderReport {
    /// As it stood when it happened.
    fileprivate var fields: BybitRows.Fields {
        BybitRows.Fields(
            state: standing.state, reason: standing.reason, price: standing.price, quantity: standing.quantity, filled: standing.filled,
            filledQuote: standing.filledQuote, fee: standing.fee, updatedAt: standing.updatedAt)
    }
}
