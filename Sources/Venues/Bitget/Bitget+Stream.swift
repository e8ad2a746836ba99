import OMSCore
import Wire

/// What the streams of Bitget's two lines share: the login, the envelope, the error codes and the limits.
///
/// Source: https://www.bitget.com/api-doc/common/websocket-intro and the pages of the channels (mirrors of November 2024, December 2025 and mid-2026);
/// docs/venues/bitget.md, "Private stream".
extension Bitget {
    static func streamProfile(versions: StreamProfile.Versions, fills: StreamProfile.Fills) -> StreamProfile {
        var profile = StreamProfile(
            url: "wss://ws.bitget.com",
            // Without one for two minutes the connection is cut; protocol pings do not count.
            heartbeat: .init("ping", everyMs: 30_000, answerWithinMs: 10_000),
            // Heartbeats count. More is a cut, and repeated cuts an address's ban.
            messages: .init(10, perMs: 1_000),
            budgets: [
                BudgetRule("stream:connect", 300, perMs: 300_000, scope: .ip, reserve: 0),
                // Counted a connection, of which a key has one.
                BudgetRule("stream:subscribe", 240, perMs: 3_600_000, scope: .apikey, reserve: 0),
            ],
            login: .message, versions: versions, fills: fills)
        profile.demoURL = "wss://wspap.bitget.com"
        profile.lifeMs = dayMs
        profile.channelsMax = 1_000
        return profile
    }

    /// `{"op":"login","args":[…]}`, signed over seconds: `base64(HMAC-SHA256(secret, seconds + "GET/user/verify"))`.
    static func streamLogin(timeMs: Int64, with key: SigningKey) -> StreamMessage {
        let seconds = String(timeMs / 1_000)
        var json = JSONWriter(reserving: 256)
        json.beginObject()
        json.member("op", "login")
        json.key("args")
        json.beginArray()
        json.beginObject()
        json.member("apiKey", key.keyID)
        json.member("passphrase", key.passphrase ?? "")
        json.member("timestamp", seconds)
        json.member("sign", base64(key.hmacSHA256(Array((seconds + "GET/user/verify").utf8))))
        json.endObject()
        json.endArray()
        json.endObject()
        return StreamMessage(json.bytes)
    }

    /// One message of either line.
    ///
    /// - Parameters:
    ///   - channel: The channel that an `arg` names; nil: none of ours.
    ///   - push: What the data of such a channel tell.
    static func readStream(
        _ bytes: [UInt8], on line: Line, channel: (JSON?) -> StreamChannel?, push: (_ arg: JSON, _ data: JSON?) -> [StreamNews]
    ) -> [StreamNews] {
        if let heartbeat = PlainHeartbeat.read(bytes) { return [heartbeat] }
        guard let message = JSON.message(bytes) else { return [.unreadable(bytes)] }
        let arg = message["arg"]
        guard let event = message["event"] else {
            guard let arg, channel(arg) != nil else {
                return [.unknown("a push of a channel that was not subscribed: \((arg?["topic"] ?? arg?["channel"])?.text?.eventForLog ?? "none")")]
            }
            return push(arg, message["data"])
        }
        let code = (message["code"]?.text ?? "").maskedForLog
        let text = (message["msg"]?.text ?? "").maskedForLog
        switch event.string {
        case "login": return [code == "0" || code == "00000" ? .loginAccepted : refusal(code, text, of: nil, on: line, isLogin: true)]
        case "subscribe":
            guard let channel = channel(arg) else { return [.unknown("a subscription that was not asked for")] }
            return [code.isEmpty || code == "0" || code == "00000" ? .subscribed(channel) : .subscribeRefused(channel, code: code, text: text)]
        // Never asked for: what was subscribed is no more.
        case "unsubscribe": return [.subscribeRefused(channel(arg), code: "unsubscribe", text: "the venue ended the subscription")]
        case "error": return [refusal(code, text, of: channel(arg), on: line, isLogin: false)]
        default: return [.unknown("event \(event.text?.eventForLog ?? "…")")]
        }
    }

    /// What an error's code says. Codes of REST come here, too.
    private static func refusal(_ code: String, _ text: String, of channel: StreamChannel?, on line: Line, isLogin: Bool) -> StreamNews {
        switch code {
        case "30011", "30012", "30015": return .loginRefused(.configuration, code: code, text: text)
        case "30005", "30013", "30014": return .loginRefused(.clock, code: code, text: text)
        case "30004": return .loginRefused(.later, code: code, text: text)
        case "30006", "30007": return .tooFast("\(code): \(text)")
        case "30033": return .goingAway("\(code): \(text)")
        // Unknown channel, bad request, unknown operation, parameter: all that is sent beside a login and a heartbeat are subscriptions.
        case "30001", "30002", "30003", "30016": return .subscribeRefused(channel, code: code, text: text)
        default: break
        }
        switch classify(code, on: line) {
        case .halted, .wrongAccount: return .loginRefused(.configuration, code: code, text: text)
        case .clock: return .loginRefused(.clock, code: code, text: text)
        case .rateLimited: return .tooFast("\(code): \(text)")
        case .success, .ambiguous, .busy, .maintenance, .refused, .duplicate, .notFound, .changed, .unknown:
            if isLogin { return .loginRefused(.later, code: code, text: text) }
            return channel.map { .subscribeRefused($0, code: code, text: text) } ?? .unknown("error \(code): \(text)")
        }
    }
}
