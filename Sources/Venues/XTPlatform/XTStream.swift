import OMSCore
import Wire

/// What the streams of XT and of the platforms that run its software share: tokens, one subscription, its acknowledgement.
///
/// Source: XT API documentation, "WebSocket" pages of spot and futures (state 2025-02, read 2026-11); docs/venues/xt.md, "Private stream".
enum XTStream {
    static let channels: [StreamChannel] = ["order", "trade"]
    /// All is subscribed by one message: its acknowledgement names no more than this.
    static let messageID = "1"

    /// Nothing is known of how many connections and messages the platform takes: little, and a connection a minute and address at that.
    static let budgets = [
        BudgetRule("stream:connect", 60, perMs: 300_000, scope: .ip, reserve: 0),
        BudgetRule("stream:subscribe", 60, perMs: 300_000, scope: .apikey, reserve: 0),
        // One call in ten seconds.
        BudgetRule("lookup:ws-token", 1, perMs: 10_000, scope: .apikey, reserve: 0),
    ]
    static let messages = StreamProfile.MessageRate(5, perMs: 1_000)

    static func subscription(_ method: String, _ params: [String], listenKey: String? = nil) -> StreamMessage {
        var json = JSONWriter(reserving: 96 + (listenKey?.utf8.count ?? 0))
        json.beginObject()
        json.member("method", method)
        json.member("params", params)
        if let listenKey { json.member("listenKey", listenKey) }
        json.member("id", messageID)
        json.endObject()
        return StreamMessage(json.bytes, channels: channels)
    }

    // MARK: Tokens

    /// `POST …/ws-token`, signed as any request of spot without a body.
    static func tokenRequest(_ path: String, freshnessMs: Int64) -> HTTPRequest {
        let headers = [
            HTTPHeader("Content-Type", "application/json"), HTTPHeader("validate-algorithms", "HmacSHA256"),
            XTWindow.header(freshnessMs: freshnessMs),
        ]
        return HTTPRequest("POST", path, headers: headers)
    }

    static func token(fromSpot response: HTTPResponse) -> StreamTokenAnswer {
        token(XTReply(spot: response), response.status) { $0["accessToken"]?.string }
    }

    /// A listen key is the result itself.
    static func listenKey(from response: HTTPResponse) -> StreamTokenAnswer { token(XTReply(futures: response), response.status) { $0.string } }

    private static func token(_ reply: XTReply, _ status: Int, _ read: (JSON) -> String?) -> StreamTokenAnswer {
        switch reply {
        case .result(let result):
            guard let text = read(result), isToken(text) else { return .failed("a success without a token") }
            return .granted(StreamToken(text))
        case .failure(let code, let text, let meaning):
            let (code, text) = (code.maskedForLog, text.maskedForLog)
            if status == 404 { return .noSuchWay("HTTP 404: \(text)") }
            return switch meaning {
            case .halted, .haltedInDoubt: .refused(.configuration, code: code, text: text)
            case .clock: .refused(.clock, code: code, text: text)
            case .rateLimited: .tooFast(retryAfterMs: nil)
            case .final, .duplicate, .unspecific, .notFound, .inDoubt, .unknown, .unclear: .refused(.later, code: code, text: text)
            }
        case .tooMany(let retryAfterMs, _): return .tooFast(retryAfterMs: retryAfterMs)
        case .shaky(let code, let text, _, _): return .failed("HTTP \(status), \(code.maskedForLog): \(text.maskedForLog)")
        case .unreadable(let why): return status == 404 ? .noSuchWay("HTTP 404") : .failed(why.maskedForLog)
        }
    }

    /// Whether it can stand in a header or a message.
    static func isToken(_ text: String) -> Bool { (1...4_096).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    // MARK: Answers

    /// The codes of an acknowledgement.
    struct Codes {
        let taken: String
        let tokenRefused: Set<String>
        let tooFast: Set<String>

        static let listenKeys = Codes(taken: "0", tokenRefused: ["2", "401"], tooFast: ["429"])
        static let handshake = Codes(taken: "200", tokenRefused: ["401"], tooFast: ["429"])
    }

    /// The answer to the subscription, and what is said like one without being asked (`id` null).
    static func acknowledged(_ message: JSON, _ code: String, _ codes: Codes) -> [StreamNews] {
        let text = (message["msg"]?.text ?? "").maskedForLog
        let isOurs = message["id"]?.text == messageID
        if codes.tooFast.contains(code) { return [.tooFast("\(code): \(text)")] }
        if codes.tokenRefused.contains(code) || text.lowercased().contains("invalid_listen") {
            return [.tokenRefused("\(code.maskedForLog): \(text)")]
        }
        guard isOurs else { return [.unknown("code \(code.maskedForLog) in answer to nothing")] }
        if code == codes.taken { return channels.map { .subscribed($0) } }
        // The other generation's word for success, and whatever is called one: not this one's.
        if ["0", "200"].contains(code) { return [.unknown("the subscription was answered with code \(code), which this stream does not know")] }
        return [.subscribeRefused(nil, code: code.maskedForLog, text: text)]
    }

    /// A bare text by which the older streams refuse a listen key: `invalid_listen_key`, `order@invalid_listenkey`. It holds no key of ours.
    static func refusesKey(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= 256, let text = String(validating: bytes, as: UTF8.self)?.lowercased() else { return false }
        return !text.hasPrefix("{") && (text.contains("invalid_listen_key") || text.contains("invalid_listenkey"))
    }
}
