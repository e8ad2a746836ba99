import OMSCore
import Wire

/// OKX's private stream: a login by message, channels by arguments, text pings. Source: docs/venues/okx.md.
///
/// Switches: `stream_login_failure` stays|cuts, `stream_heartbeat_ms` (30000), `stream_life_ms` (none), `stream_open_max` 1...1000 (30: connections that a
/// channel of an account may have), `stream_counts` off|on (whether each is told how many there are), `stream_duplicates` off|on (whether a push comes again
/// under another time), `stream_fills` vip|all (who may ask for the channel of executions).
final class OKXGateway: StreamGateway {
    private(set) var rules = StreamRules()
    let budgets = [
        BudgetRule("stream:connect", 3, scope: .ip), BudgetRule("stream:login", nil, perMs: 3_600_000, scope: .apikey),
        // Logins and the ends of subscriptions are counted among them.
        BudgetRule("stream:subscribe", 480, perMs: 3_600_000, scope: .connection), BudgetRule("stream:message", nil, scope: .connection),
    ]
    private var cutsFailedLogins = false
    private var openMax = 30
    private var tellsCounts = false
    private var repeatsPushes = false
    private var givesFillsToAll = false
    private var keyring = SigningKeyring()
    let trades = OKXTradeNumbers()
    /// What of an amend the exchange is telling right now.
    private var telling: OKXAmend?
    /// The same of what was told, by the number of its change.
    private(set) var amends: [Int: OKXAmend] = [:]

    init() {
        (rules.heartbeatMs, rules.beat, rules.heartbeatCode, rules.noticeMs) = (30_000, .anything, 4_004, 60_000)
    }

    func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("stream_login_failure", "cuts"), ("stream_login_failure", "stays"): assign(value == "cuts") { cutsFailedLogins = $0 }
        case ("stream_heartbeat_ms", _): assign(streamMs(value)) { rules.heartbeatMs = $0 }
        case ("stream_life_ms", _): assign(streamMs(value)) { rules.lifeMs = $0 }
        case ("stream_open_max", _): assign(Int(value).flatMap { (1...1_000).contains($0) ? $0 : nil }) { openMax = $0 }
        case ("stream_counts", _): assign(switchFlag(value)) { tellsCounts = $0 }
        case ("stream_duplicates", _): assign(switchFlag(value)) { repeatsPushes = $0 }
        case ("stream_fills", "vip"), ("stream_fills", "all"): assign(value == "all") { givesFillsToAll = $0 }
        default: false
        }
    }

    func claims(_ path: Substring) -> Bool { path == "/ws/v5/private" }

    /// Everybody is let in; who it is shows with the login.
    func refusal(of upgrade: HTTPRequest, _ session: inout StreamSession, _ scene: StreamScene) -> HTTPResponse? { nil }

    func name(of text: [UInt8]) -> String {
        if text.elementsEqual("ping".utf8) { return "ping" }
        guard let op = (try? JSONParser.parse(text))?["op"]?.string, ["login", "subscribe", "unsubscribe"].contains(op) else { return "other" }
        return op
    }

    func hear(_ text: [UInt8], _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        trades.exchange = scene.exchange
        if text.elementsEqual("ping".utf8) { return [.text("pong")] }
        guard let root = try? JSONParser.parse(text), root.object != nil else { return [.text(error("60012", "Invalid request", nil, session))] }
        guard let op = root["op"]?.string, ["login", "subscribe", "unsubscribe"].contains(op) else {
            return [.text(error("60012", "Invalid request", root, session))]
        }
        guard scene.count("stream:subscribe") else { return [.text(error("60014", "Requests too frequent", root, session))] }
        if op == "login" { return login(root, &session, scene) }
        if op == "subscribe" { session.subscribes += 1 }
        guard session.account != nil else { return [.text(error("60011", "Please log in", root, session))] }
        guard let args = root["args"]?.array, !args.isEmpty else { return [.text(error("60013", "Invalid args", root, session))] }
        return args.flatMap { op == "subscribe" ? subscribe($0, root, &session, scene) : unsubscribe($0, root, &session) }
    }

    func notice(_ session: StreamSession, _ scene: StreamScene) -> [UInt8]? {
        written { writer in
            writer.members([
                ("event", "notice"), ("code", "64008"), ("msg", "The connection will soon be closed for a service upgrade. Please reconnect."),
                ("connId", Self.connection(session)),
            ])
        }
    }

    // MARK: Who it is

    private func login(_ root: JSON, _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        _ = scene.count("stream:login")
        session.logins += 1
        func failed(_ code: String, _ words: String) -> [StreamAnswer] {
            let text = StreamAnswer.text(error(code, words, root, session))
            return cutsFailedLogins ? [text, .end(4_001, "login refused: \(code)")] : [text]
        }
        guard let args = root["args"]?.array, args.count == 1, let key = args[0]["apiKey"]?.string, let stamp = args[0]["timestamp"]?.text,
            let signature = args[0]["sign"]?.string
        else { return failed("60013", "Invalid args") }
        guard let account = scene.account(key), account.venue == "okx" else { return failed("60005", "Invalid apiKey") }
        // Whole seconds: milliseconds are another time.
        guard OKXEdge.isDigits(stamp), stamp.utf8.count <= 10, let seconds = Int64(stamp) else { return failed("60004", "Invalid timestamp") }
        guard (scene.atMs - seconds * 1_000).magnitude <= UInt64(OKXEdge.freshnessMs) else { return failed("60006", "Timestamp request expired") }
        guard account.passphrase == args[0]["passphrase"]?.string else { return failed("60024", "Wrong passphrase") }
        let sign = base64(keyring.key(of: account).hmacSHA256(Array((stamp + "GET/users/self/verify").utf8)))
        guard sign == signature else { return failed("60007", "Invalid sign") }
        guard session.account == nil || session.account?.key == key else { return failed("60009", "Login failed") }
        session.account = account
        return [
            .text(
                written { writer in
                    writer.members([("event", "login"), ("code", "0"), ("msg", ""), ("connId", Self.connection(session))])
                })
        ]
    }

    // MARK: Channels

    /// One name for an argument: `orders/SWAP/BTC-USDT/BTC-USDT-SWAP`, with what it leaves open left empty; nil for a channel that is none.
    private static func subscription(_ arg: JSON) -> String? {
        func text(_ name: String) -> String { arg[name]?.string ?? "" }
        switch arg["channel"]?.string {
        case "orders":
            guard ["ANY", "SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"].contains(text("instType")) else { return nil }
            return ["orders", text("instType"), text("instFamily"), text("instId")].joined(separator: "/")
        case "fills": return ["fills", "ANY", "", text("instId")].joined(separator: "/")
        default: return nil
        }
    }

    private func subscribe(_ arg: JSON, _ root: JSON, _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] {
        guard let name = Self.subscription(arg), let channel = arg["channel"]?.string else {
            return [.text(error("60018", "Wrong URL or channel doesn't exist. Please use the correct URL, channel and parameters.", root, session))]
        }
        guard channel != "fills" || givesFillsToAll else {
            return [.text(error("60029", "Only users who are VIP6 and above are able to subscribe to this channel", root, session))]
        }
        switch scene.strike(channel) {
        case .subscribeRefused(let code): return [.text(error(code ?? "60018", "Refused", root, session))]
        case .ackMissing(let subscribes):
            if subscribes { session.subscribe(name) }
            return []
        default: break
        }
        let answer = StreamAnswer.text(event("subscribe", arg, root, session))
        let open = 1 + scene.others().count { $0.account?.uid == session.account?.uid && $0.channels.contains { $0.hasPrefix(channel + "/") } }
        // One too many hears that it is subscribed, and then that it is not.
        guard open <= openMax else { return [answer, .text(count("channel-conn-count-error", channel, openMax, session))] }
        session.subscribe(name)
        return [answer] + (tellsCounts ? [.text(count("channel-conn-count", channel, open, session))] : [])
    }

    private func unsubscribe(_ arg: JSON, _ root: JSON, _ session: inout StreamSession) -> [StreamAnswer] {
        if let name = Self.subscription(arg) { session.unsubscribe(name) }
        return [.text(event("unsubscribe", arg, root, session))]
    }

    static func connection(_ session: StreamSession) -> String { "sim\(session.id)" }

    private func event(_ name: String, _ arg: JSON, _ root: JSON, _ session: StreamSession) -> [UInt8] {
        written { writer in
            if let id = root["id"]?.string { writer.member("id", id) }
            writer.member("event", name)
            writer.key("arg")
            writer.value(arg)
            writer.member("connId", Self.connection(session))
        }
    }

    private func count(_ name: String, _ channel: String, _ count: Int, _ session: StreamSession) -> [UInt8] {
        written { writer in
            writer.members([("event", name), ("channel", channel), ("connCount", String(count)), ("connId", Self.connection(session))])
        }
    }

    private func error(_ code: String, _ words: String, _ root: JSON?, _ session: StreamSession) -> [UInt8] {
        written { writer in
            if let id = root?["id"]?.string { writer.member("id", id) }
            writer.members([("event", "error"), ("code", code), ("msg", words), ("connId", Self.connection(session))])
        }
    }

    // MARK: Amends

    /// Lets the exchange tell of something that an amend brought about.
    func tell(_ amend: OKXAmend, _ change: () -> Void) {
        telling = amend
        defer { telling = nil }
        change()
    }

    // MARK: Pushes

    func pushes(of news: ExchangeNews, to session: StreamSession, at: Int64) -> [StreamPush] {
        let names = session.channels.filter { Self.tells($0, of: news) }
        switch news {
        case .failedAttempt(let report):
            if let telling { amends[report.updateNumber] = telling }
            return names.filter { $0.hasPrefix("orders/") }.map { StreamPush("orders", for: $0, news) }
        case .order(let report):
            if let telling { amends[report.standing.updateNumber] = telling }
            return names.flatMap { name in
                name.hasPrefix("fills/")
                    ? report.fill.map { [StreamPush("fills", for: name, news, fill: $0)] } ?? [] : orders(of: report, news, name)
            }
        }
    }

    /// An execution and the order's state are one message; a market order of a pair that is done hears so in another.
    private func orders(of report: OrderReport, _ news: ExchangeNews, _ name: String) -> [StreamPush] {
        guard let fill = report.fill else { return [StreamPush("orders", for: name, news)] }
        var push = StreamPush("orders", for: name, news, fill: fill, isState: true)
        var pushes = [push]
        let isPair = !OKXRules.isDerivative(report.order.symbol)
        if isPair, report.order.ticket.isMarket, report.standing.state == .filled {
            pushes[0].shape.state = "partially_filled"
            var end = StreamPush("orders", for: name, news)
            end.shape.lacksTrade = true
            pushes.append(end)
        } else if repeatsPushes {
            push.shape.updatedAt = report.standing.updatedAt + 1_000
            pushes.append(push)
        }
        return pushes
    }

    private static func tells(_ subscription: String, of news: ExchangeNews) -> Bool {
        let parts = subscription.split(separator: "/", omittingEmptySubsequences: false)
        let (product, market) =
            switch news {
            case .order(let report): (report.order.ticket.product, report.order.symbol)
            case .failedAttempt(let report): (report.product, report.symbol)
            }
        return (parts[1] == "ANY" || parts[1] == product.uppercased()) && (parts[2].isEmpty || parts[2] == OKXRules.family(of: market))
            && (parts[3].isEmpty || parts[3] == market)
    }

    func text(of push: StreamPush, to session: StreamSession, at: Int64) -> [UInt8] {
        written { writer in
            let parts = push.subscription.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
            writer.key("arg")
            writer.beginObject()
            writer.member("channel", parts[0])
            if parts[0] == "orders" { writer.member("instType", parts[1]) }
            if !parts[2].isEmpty { writer.member("instFamily", parts[2]) }
            if !parts[3].isEmpty { writer.member("instId", parts[3]) }
            writer.member("uid", session.account?.uid ?? "")
            writer.endObject()
            writer.key("data")
            // An object in the place of the list, where a fault asks for it.
            if !push.shape.reshapesData { writer.beginArray() }
            writer.beginObject()
            row(push, &writer)
            writer.endObject()
            if !push.shape.reshapesData { writer.endArray() }
        }
    }
}
