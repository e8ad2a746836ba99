import OMSCore
import Wire

/// The outer layer of an XT or AZ answer, read before anything inside it.
enum XTReply {
    case result(JSON)
    case failure(code: String, text: String, XTCodeClass)
    /// HTTP 429.
    case tooMany(retryAfterMs: Int64?)
    /// Nothing that can be relied on.
    case unreadable(String)

    /// `{"rc":0,"mc":"SUCCESS","ma":[],"result":…}`; failures come with HTTP 200 and rc 1.
    init(spot response: HTTPResponse) {
        guard let json = Self.worthReading(response) else {
            self = Self.byStatus(response)
            return
        }
        let code = json["mc"]?.text ?? ""
        switch json["rc"]?.integer {
        case 0 where response.status == 200 && ["", "success", "string"].contains(code.lowercased()):
            self = .result(json["result"] ?? .null)
        case 1 where !code.isEmpty && code != "SUCCESS":
            let details = json["ma"]?.array?.compactMap(\.text).joined(separator: ", ") ?? ""
            self = .failure(code: code, text: details.isEmpty ? code : details, XTSpotCodes.classify(code))
        default: self = .unreadable("HTTP \(response.status) without a readable envelope")
        }
    }

    /// `{"returnCode":0,"msgInfo":"success","error":null,"result":…}`; one page shows 200 for success, and an empty error beside it.
    init(futures response: HTTPResponse) {
        guard let json = Self.worthReading(response) else {
            // A stale timestamp is a 403 here, perhaps without a word: the clock is measured again, whatever became of the request.
            self = response.status == 403 ? .failure(code: "403", text: "HTTP 403 without words", .inDoubt) : Self.byStatus(response)
            return
        }
        let code = json["error"]?["code"]?.text ?? ""
        let text = json["error"]?["msg"]?.text ?? json["msgInfo"]?.text ?? ""
        switch json["returnCode"]?.integer {
        case 0 where response.status == 200 && code.isEmpty, 200 where response.status == 200 && code.isEmpty:
            self = .result(json["result"] ?? .null)
        case 1 where !code.isEmpty: self = .failure(code: code, text: text, AZCodes.classify(code, text: text))
        default:
            // A gateway's refusal may come in another envelope than the application's.
            let words = [text, json["message"]?.text ?? "", json["msg"]?.text ?? "", json["mc"]?.text ?? ""].joined(separator: " ")
            switch response.status {
            case 401: self = .failure(code: "401", text: words, .halted)
            case 403: self = .failure(code: "403", text: words, AZCodes.classifyForbidden(words))
            default: self = .unreadable("HTTP \(response.status) without a readable envelope")
            }
        }
    }

    /// The body, where the status leaves it a say and it is an object.
    private static func worthReading(_ response: HTTPResponse) -> JSON? {
        guard response.status != 429, response.status != 408, response.status < 500, let json = response.json, json.object != nil else { return nil }
        return json
    }

    private static func byStatus(_ response: HTTPResponse) -> XTReply {
        if response.status == 429 { return .tooMany(retryAfterMs: response.retryAfterMs) }
        return .unreadable("HTTP \(response.status) without a body worth reading")
    }

    /// What an answer without a result says of each item; nil for a result.
    ///
    /// A code that blames an order settles it only when it was alone: neither batch is all-or-nothing, so in company the code names nobody.
    func whole(_ status: Int, to content: RequestPlan.Content) -> VenueAnswer? {
        switch self {
        case .result: return nil
        case .tooMany(let retryAfterMs):
            return VenueAnswer(
                httpStatus: status, disposition: .rateLimited(retryAfterMs: retryAfterMs), to: content, every: .notExecuted(.rateLimited),
                query: "too many requests")
        case .unreadable(let why):
            return VenueAnswer(httpStatus: status, disposition: .inDoubt, to: content, every: .inDoubt(why), query: why)
        case .failure(let code, let text, let meaning):
            let (disposition, outcome) = Self.verdict(code: code, text: text, meaning: meaning, on: content)
            var answer = VenueAnswer(httpStatus: status, disposition: disposition, to: content, every: outcome, query: "\(code): \(text)")
            (answer.venueCode, answer.venueText) = (code, text)
            return answer
        }
    }

    private static func verdict(
        code: String, text: String, meaning: XTCodeClass, on content: RequestPlan.Content
    ) -> (VenueAnswer.Disposition, ItemOutcome) {
        let (isAlone, isPlace) =
            switch content {
            case .place(let tickets, _): (tickets.count == 1, true)
            case .cancel(let tickets): (tickets.count == 1, false)
            case .modify(let tickets): (tickets.count == 1, false)
            case .mixed(let places, let cancels, _): (places.count + cancels.count == 1, !places.isEmpty)
            case .query: (true, false)
            }
        let unclear = ItemOutcome.inDoubt("\(code) names no order")
        switch meaning {
        case .final: return (.answered, isAlone ? .refused(code: code, text: text) : unclear)
        case .duplicate: return (.answered, isAlone && isPlace ? .duplicate(code: code, text: text) : unclear)
        case .unspecific: return (.answered, isAlone && isPlace ? .refusedUnlessFound(code: code, text: text) : unclear)
        case .notFound: return (.answered, isAlone && !isPlace ? .gone(code: code, text: text) : unclear)
        case .inDoubt:
            // A 403 without words may be a stale timestamp: the clock is measured again, whatever became of the request.
            return (code == "403" ? .clockRefused : .inDoubt, .inDoubt("\(code): \(text)"))
        case .clock: return (.clockRefused, .notExecuted(.clock))
        case .rateLimited: return (.rateLimited(retryAfterMs: nil), .notExecuted(.rateLimited))
        case .halted: return (.halted, .notExecuted(.halted))
        case .haltedInDoubt: return (.halted, .inDoubt("\(code): \(text)"))
        }
    }
}

/// The words for an order's state, spot and futures. Source: docs/venues/xt.md, "States".
func xtStatus(_ word: String) -> OrderReport.Status {
    switch word {
    case "NEW", "PLACED": .open
    case "PARTIALLY_FILLED": .partiallyFilled
    case "FILLED": .filled
    case "CANCELED", "PARTIALLY_CANCELED": .canceled
    case "REJECTED": .rejected
    case "EXPIRED": .expired
    default: .unknown
    }
}
