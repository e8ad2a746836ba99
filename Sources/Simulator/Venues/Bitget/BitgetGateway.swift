import OMSCore
import Wire

/// Bitget's private streams, v2 for margin and v3 for the unified account: login by message, channels, text pings.
///
/// Source: docs/venues/bitget.md, 8, and what was added to it in 2026. Switches: `stream_codes` number|text, `stream_update_time` absent|present,
/// `stream_default_symbol` refused|taken, `stream_words` both|one (live and new, or the book's word alone), `stream_changes` on|off,
/// `stream_login_failure` cuts|stays, `stream_life_ms`, `stream_heartbeat_ms`, `stream_unsubscribed_ms`.
final class BitgetGateway: StreamGateway {
    enum Line { case margin, unified }

    let line: Line
    private(set) var rules = StreamRules()
    let budgets = [
        BudgetRule("stream:connect", 300, perMs: 300_000, scope: .ip), BudgetRule("stream:login", nil, perMs: 300_000, scope: .apikey),
        BudgetRule("stream:subscribe", 240, perMs: 3_600_000, scope: .connection), BudgetRule("stream:message", 10, scope: .connection),
    ]
    private var codesAreText = false
    private(set) var givesUpdateTime = false
    private var takesDefaultSymbol = false
    private(set) var tellsBothWords = true
    private(set) var tellsChanges = true
    private var cutsFailedLogins: Bool
    private var keyring = SigningKeyring()

    /// A subscribe message may be so long, and a connection have so many channels.
    private static let subscribeBytes = 4_096
    private static let channelsMax = 1_000

    init(_ line: Line) {
        self.line = line
        // By the pages the venue cuts who fails to log in; on the unified line the socket was seen to stay.
        cutsFailedLogins = line == .margin
        (rules.heartbeatMs, rules.lifeMs, rules.noticeMs, rules.openPerPeer) = (120_000, 86_400_000, 60_000, 100)
    }

    func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("stream_codes", "number"), ("stream_codes", "text"): assign(value == "text") { codesAreText = $0 }
        case ("stream_update_time", "absent"), ("stream_update_time", "present"): assign(value == "present") { givesUpdateTime = $0 }
        case ("stream_default_symbol", "refused"), ("stream_default_symbol", "taken"): assign(value == "taken") { takesDefaultSymbol = $0 }
        case ("stream_words", "both"), ("stream_words", "one"): assign(value == "both") { tellsBothWords = $0 }
        case ("stream_changes", _): assign(switchFlag(value)) { tellsChanges = $0 }
        case ("stream_login_failure", "cuts"), ("stream_login_failure", "stays"): assign(value == "cuts") { cutsFailedLogins = $0 }
        case ("stream_life_ms", _): assign(streamMs(value)) { rules.lifeMs = $0 }
        case ("stream_heartbeat_ms", _): assign(streamMs(value)) { rules.heartbeatMs = $0 }
        case ("stream_unsubscribed_ms", "none"): assign(Optional<Int64?>.some(nil)) { rules.unsubscribedMs = $0 }
        case ("stream_unsubscribed_ms", _): assign(streamMs(value)) { rules.unsubscribedMs = $0 }
        default: false
        }
    }

    func claims(_ path: Substring) -> Bool { path == (line == .margin ? "/v2/ws/private" : "/v3/ws/private") }

    /// Everybody is let in; who it is shows with the login.
    func refusal(of upgrade: HTTPRequest, _ session: inout StreamSession, _ scene: StreamScene) -> HTTPResponse? { nil }

    func name(of text: [UInt8]) -> String {
        if text.elementsEqual("ping".utf8) { return "ping" }
        guard let op = (try? JSONParser.parse(text))?["op"]?.string, ["login", "subscribe", "unsubscribe"].contains(op) else { return "other" }
        return op
    }

    func notice(_ session: StreamSession, _ scene: StreamScene) -> [UInt8]? {
        line == .unified ? error("30033", "The connection will be closed for a system upgrade", nil) : nil
    }

    func hear(_ text: [UInt8], _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        if text.elementsEqual("ping".utf8) { return [.text("pong")] }
        guard let root = try? JSONParser.parse(text), root.object != nil else { return [.text(error("30002", "Illegal request", nil))] }
        switch root["op"]?.string {
        case "login": return login(root, &session, scene)
        case "subscribe":
            guard session.account != nil else { return [.text(error("30004", "User not logged in", root["args"]?.array?.first))] }
            guard text.count <= Self.subscribeBytes else { return [.text(error("30016", "Param error", nil))] }
            return subscribe(root, &session, scene)
        case "unsubscribe":
            guard session.account != nil else { return [.text(error("30004", "User not logged in", root["args"]?.array?.first))] }
            return (root["args"]?.array ?? []).map { arg -> StreamAnswer in
                if let channel = channel(arg, scene.exchange) { session.unsubscribe(channel.subscription) }
                return .text(event("unsubscribe", arg, session))
            }
        default: return [.text(error("30003", "Illegal op", nil))]
        }
    }

    // MARK: Login

    private func login(_ root: JSON, _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        _ = scene.count("stream:login")
        session.logins += 1
        func failed(_ code: String, _ words: String) -> [StreamAnswer] {
            let text = StreamAnswer.text(error(code, words, nil))
            return cutsFailedLogins ? [text, .end(StreamOutput.abnormal, "login refused: \(code)")] : [text]
        }
        guard let args = root["args"]?.array, args.count == 1, let key = args[0]["apiKey"]?.string, let stamp = args[0]["timestamp"]?.text,
            let signature = args[0]["sign"]?.string
        else { return failed("30016", "Param error") }
        guard let account = scene.account(key), account.passphrase != nil else { return failed("30011", "Invalid ACCESS_KEY") }
        guard account.passphrase == args[0]["passphrase"]?.string else { return failed("30012", "Invalid ACCESS_PASSPHRASE") }
        guard let ms = Self.milliseconds(stamp) else { return failed("30013", "Invalid ACCESS_TIMESTAMP") }
        guard (scene.atMs - ms).magnitude <= UInt64(BitgetEdge.freshnessMs) else { return failed("30014", "Request timestamp expired") }
        guard Self.signature(stamp, keyring.key(of: account)) == signature else { return failed("30015", "Invalid signature") }
        guard session.account == nil || session.account?.key == key else { return failed("30005", "Login failed") }
        session.account = account
        return [
            .text(
                written { writer in
                    writer.member("event", "login")
                    code("0", &writer)
                    if line == .unified { writer.member("connId", Self.connection(session)) }
                })
        ]
    }

    static func signature(_ stamp: String, _ key: SigningKey) -> String { base64(key.hmacSHA256(Array((stamp + "GET/user/verify").utf8))) }

    /// A stamp in seconds, as everybody sends it, or in milliseconds, as the page says.
    static func milliseconds(_ stamp: String) -> Int64? {
        guard (1...13).contains(stamp.utf8.count), stamp.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int64(stamp)
        else { return nil }
        return number < 100_000_000_000 ? number * 1_000 : number
    }

    // MARK: Channels

    /// What an arg means: what fault rules call it, and one name for it; nil for a channel that is none. `isWrong`: known, with a parameter that cannot be.
    private func channel(_ arg: JSON, _ exchange: Exchange) -> (name: String, subscription: String, isWrong: Bool)? {
        switch line {
        case .unified:
            guard let topic = arg["topic"]?.string, ["order", "fill", "fast-fill", "account", "position"].contains(topic) else { return nil }
            return (topic, topic, arg["instType"]?.string != "UTA")
        case .margin:
            guard let name = arg["channel"]?.string, ["orders-isolated", "orders-crossed"].contains(name) else { return nil }
            let symbol = arg["instId"]?.string ?? ""
            let isKnown = exchange.instruments[symbol] != nil || (symbol == "default" && takesDefaultSymbol)
            return (name, name + ":" + symbol, arg["instType"]?.string != "MARGIN" || !isKnown)
        }
    }

    private func subscribe(_ root: JSON, _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        session.subscribes += 1
        guard scene.count("stream:subscribe") else { return [.text(error("30006", "Too many requests", nil))] }
        guard let args = root["args"]?.array, !args.isEmpty else { return [.text(error("30016", "Param error", nil))] }
        return args.compactMap { arg -> StreamAnswer? in
            guard let channel = channel(arg, scene.exchange) else { return .text(error("30001", "Channel does not exist", arg)) }
            guard !channel.isWrong, session.channels.count < Self.channelsMax else { return .text(error("30016", "Param error", arg)) }
            switch scene.strike(channel.name) {
            case .subscribeRefused(let code): return .text(error(code ?? "30001", "Channel does not exist", arg))
            case .ackMissing(let subscribes):
                if subscribes { session.subscribe(channel.subscription) }
                return nil
            default:
                session.subscribe(channel.subscription)
                return .text(event("subscribe", arg, session))
            }
        }
    }

    // MARK: Words

    private static func connection(_ session: StreamSession) -> String { "sim-\(session.id)" }

    private func event(_ name: String, _ arg: JSON, _ session: StreamSession) -> [UInt8] {
        written { writer in
            writer.member("event", name)
            writer.key("arg")
            writer.value(arg)
            if line == .unified { writer.member("connId", Self.connection(session)) }
        }
    }

    private func error(_ number: String, _ words: String, _ arg: JSON?) -> [UInt8] {
        written { writer in
            writer.member("event", "error")
            code(number, &writer)
            writer.member("msg", words)
            guard let arg else { return }
            writer.key("arg")
            writer.value(arg)
        }
    }

    private func code(_ code: String, _ writer: inout JSONWriter) {
        writer.key("code")
        if codesAreText || Int64(code) == nil { writer.string(code) } else { writer.raw(code) }
    }

    // MARK: Pushes

    func pushes(of news: ExchangeNews, to session: StreamSession, at: Int64) -> [StreamPush] {
        guard case .order(let report) = news, tellsChanges || report.cause != .changed else { return [] }
        switch line {
        case .margin:
            let channel = "orders-" + report.order.ticket.product
            let symbols = [report.order.symbol, "default"].map { channel + ":" + $0 }
            guard let subscription = symbols.first(where: { session.isSubscribed($0) }) else { return [] }
            return [StreamPush(channel, for: subscription, news)]
        case .unified: return unifiedPushes(report, news, session)
        }
    }

    func text(of push: StreamPush, to session: StreamSession, at: Int64) -> [UInt8] {
        guard case .order(let report) = push.news else { preconditionFailure("Bitget tells of orders alone") }
        let isFast = push.channel == "fast-fill"
        return written { writer in
            writer.member("action", isFast ? "update" : "snapshot")
            writer.key("arg")
            writer.beginObject()
            if line == .margin {
                for (name, value) in [("instType", "MARGIN"), ("channel", push.channel), ("instId", report.order.symbol)] {
                    writer.member(name, value)
                }
            } else {
                for (name, value) in [("instType", "UTA"), ("topic", push.channel)] { writer.member(name, value) }
            }
            writer.endObject()
            writer.key("data")
            // An object for fast fills by the newer pages, else a list.
            let isList = isFast == push.shape.reshapesData
            if isList { writer.beginArray() }
            writer.beginObject()
            if line == .margin { marginOrder(report, push.shape, &writer) } else { unifiedRow(push, report, &writer) }
            writer.endObject()
            if isList { writer.endArray() }
            writer.member("ts", at / 1_000)
        }
    }
}

/// One JSON object.
func written(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter(reserving: 512)
    writer.beginObject()
    members(&writer)
    writer.endObject()
    return writer.bytes
}

extension JSONWriter {
    /// An id, which a fault may turn into a number.
    mutating func id(_ name: String, _ id: String, _ shape: StreamShape) {
        key(name)
        if shape.idsAreNumbers, Int64(id) != nil { raw(id) } else { string(id) }
    }
}
