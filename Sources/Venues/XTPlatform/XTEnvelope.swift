import OMSCore
import Wire

/// The outer layer of an XT or AZ answer, read before anything inside it.
enum XTReply {
    case result(JSON)
    case failure(code: String, text: String, XTCodeClass)
    /// HTTP 429.
    case tooMany(retryAfterMs: Int64?, isRefusal: Bool)
    /// The venue's own failure on a status that does not bear it out: HTTP 429 in words of no rate, 408, 5xx. What it refuses it may have executed all the
    /// same.
    case shaky(code: String, text: String, XTCodeClass, retryAfterMs: Int64?)
    /// Nothing that can be relied on.
    case unreadable(String)

    /// `{"rc":0,"mc":"SUCCESS","ma":[],"result":…}`; failures come with HTTP 200 and rc 1.
    init(spot response: HTTPResponse) {
        guard let json = Self.worthReading(response) else {
            self = Self.byStatus(response, Self.spotFailure) { code in XTSpotCodes.known(code).map { $0 == .rateLimited } }
            return
        }
        if let failure = Self.spotFailure(json) {
            self = .failure(code: failure.code, text: failure.text, failure.meaning)
            return
        }
        let code = json["mc"]?.text ?? ""
        switch json["rc"]?.integer {
        case 0 where response.status == 200 && ["", "success", "string"].contains(code.lowercased()): self = Self.success(json)
        case 1 where code.isEmpty && Self.refuses(response.status): self = Self.unnamed(response.status, "")
        default: self = .unreadable("HTTP \(response.status) without a readable envelope")
        }
    }

    /// `{"returnCode":0,"msgInfo":"success","error":null,"result":…}`; one page shows 200 for success, and an empty error beside it.
    init(futures response: HTTPResponse) {
        guard let json = Self.worthReading(response) else {
            // A stale timestamp is a 403 here, perhaps without a word: the clock is measured again, whatever became of the request.
            self =
                response.status == 403
                ? .failure(code: "403", text: "HTTP 403 without words", .inDoubt)
                : Self.byStatus(response, Self.futuresFailure) { code in AZCodes.known(code, text: "").map { $0 == .rateLimited } }
            return
        }
        if let failure = Self.futuresFailure(json) {
            self = .failure(code: failure.code, text: failure.text, failure.meaning)
            return
        }
        let code = json["error"]?["code"]?.text ?? ""
        let text = json["error"]?["msg"]?.text ?? json["msgInfo"]?.text ?? ""
        switch json["returnCode"]?.integer {
        case 0 where response.status == 200 && code.isEmpty, 200 where response.status == 200 && code.isEmpty: self = Self.success(json)
        default:
            // A gateway's refusal may come in another envelope than the application's.
            let words = [text, json["message"]?.text ?? "", json["msg"]?.text ?? "", json["mc"]?.text ?? ""].joined(separator: " ")
            switch response.status {
            case 401: self = .failure(code: "401", text: words, .halted)
            case 403: self = .failure(code: "403", text: words, AZCodes.classifyForbidden(words))
            case let status where json["returnCode"]?.integer == 1 && Self.refuses(status): self = Self.unnamed(status, text)
            default: self = .unreadable("HTTP \(response.status) without a readable envelope")
            }
        }
    }

    /// As read, but for codes that mean something of their own at one venue of the platform.
    ///
    /// - Parameter own: what they mean there; nil: what they mean elsewhere.
    func meaning(_ own: (_ code: String) -> XTCodeClass?) -> XTReply {
        switch self {
        case .failure(let code, let text, let meaning): .failure(code: code, text: text, own(code) ?? meaning)
        case .shaky(let code, let text, let meaning, let retryAfterMs):
            .shaky(code: code, text: text, own(code) ?? meaning, retryAfterMs: retryAfterMs)
        case .result, .tooMany, .unreadable: self
        }
    }

    /// `result` may be null, where that is what an endpoint answers; it is never left out.
    private static func success(_ json: JSON) -> XTReply { json["result"].map { .result($0) } ?? .unreadable("a success without a result") }

    /// A status by which a venue refuses a request, where its own envelope comes with it.
    private static func refuses(_ status: Int) -> Bool { (400..<500).contains(status) && ![401, 403, 408, 425, 429].contains(status) }

    /// A failure that names no code: its status stands for one.
    private static func unnamed(_ status: Int, _ text: String) -> XTReply {
        .failure(code: "HTTP \(status)", text: text, .unlisted("", text))
    }

    /// The body, where the status leaves it a say and it is an object.
    private static func worthReading(_ response: HTTPResponse) -> JSON? {
        guard response.status != 429, response.status != 408, response.status < 500, let json = response.json, json.object != nil else { return nil }
        return json
    }

    private typealias Failure = (code: String, text: String, meaning: XTCodeClass)

    /// The failure that an envelope of spot speaks of.
    private static func spotFailure(_ json: JSON) -> Failure? {
        guard json["rc"]?.integer == 1, let code = json["mc"]?.text, !code.isEmpty, code != "SUCCESS" else { return nil }
        let details = json["ma"]?.array?.compactMap(\.text).joined(separator: ", ") ?? ""
        return (code, details.isEmpty ? code : details, XTSpotCodes.classify(code, text: details))
    }

    /// As above, of futures.
    private static func futuresFailure(_ json: JSON) -> Failure? {
        guard json["returnCode"]?.integer == 1, let code = json["error"]?["code"]?.text, !code.isEmpty else { return nil }
        let text = json["error"]?["msg"]?.text ?? json["msgInfo"]?.text ?? ""
        return (code, text, AZCodes.classify(code, text: text))
    }

    private static func byStatus(_ response: HTTPResponse, _ failure: (JSON) -> Failure?, _ isRate: (_ code: String) -> Bool?) -> XTReply {
        let isRefusal = response.status == 429 && response.refusesForRate(isRate)
        if !isRefusal, let json = response.json, json.object != nil, let failure = failure(json) {
            // A gateway's number, not the venue's.
            let meaning = failure.code == "\(response.status)" ? XTCodeClass.inDoubt : failure.meaning
            return .shaky(code: failure.code, text: failure.text, meaning, retryAfterMs: response.retryAfterMs)
        }
        if response.status == 429 { return .tooMany(retryAfterMs: response.retryAfterMs, isRefusal: isRefusal) }
        return .unreadable("HTTP \(response.status) without a body worth reading")
    }

    /// What an answer without a result says of each item; nil for a result.
    func whole(_ status: Int, to content: RequestPlan.Content) -> VenueAnswer? {
        switch self {
        case .result: return nil
        case .tooMany(let retryAfterMs, let isRefusal):
            return VenueAnswer(
                httpStatus: status, disposition: .rateLimited(retryAfterMs: retryAfterMs), to: content,
                every: isRefusal ? .notExecuted(.rateLimited) : .inDoubt("HTTP 429 that does not say that it refuses"), query: "too many requests")
        case .unreadable(let why):
            return VenueAnswer(httpStatus: status, disposition: .inDoubt, to: content, every: .inDoubt(why), query: why)
        case .shaky(let code, let text, let meaning, let retryAfterMs):
            var answer = VenueAnswer(
                httpStatus: status, disposition: status == 429 ? .rateLimited(retryAfterMs: retryAfterMs) : .inDoubt, to: content,
                every: .inDoubt(code: code, text: text), query: "\(code): \(text)")
            let isAlone = answer.places.count + answer.cancels.count == 1
            answer.places = answer.places.map { _ in Self.verdict(onShakyPlace: meaning, code, text, isAlone: isAlone) }
            (answer.venueCode, answer.venueText) = (code, text)
            return answer
        case .failure(let code, let text, let meaning):
            var answer = VenueAnswer(
                httpStatus: status, disposition: Self.disposition(of: meaning, code), to: content, every: .inDoubt("\(code): \(text)"),
                query: "\(code): \(text)")
            let (places, others) = (answer.places.count, answer.cancels.count + answer.modifies.count)
            let place = Self.verdict(onPlace: meaning, code, text, isAlone: places + others == 1)
            let other = Self.verdict(onCommand: meaning, code, text, isAlone: places + others == 1)
            let mayMeanRepeated = AZCodes.mayMeanRepeated.contains(code)
            answer.places = content.placed.map { $0.isResent && mayMeanRepeated ? place.unlessFound : place }
            answer.cancels = answer.cancels.map { _ in other }
            answer.modifies = answer.modifies.map { _ in other }
            (answer.venueCode, answer.venueText) = (code, text)
            return answer
        }
    }

    private static func disposition(of meaning: XTCodeClass, _ code: String) -> VenueAnswer.Disposition {
        switch meaning {
        case .final, .duplicate, .unspecific, .notFound, .unknown: .answered
        // A 403 without words may be a stale timestamp: the clock is measured again, whatever became of the request.
        case .inDoubt: code == "403" ? .clockRefused : .inDoubt
        case .unclear: .inDoubt
        case .clock: .clockRefused
        case .rateLimited: .rateLimited(retryAfterMs: nil)
        case .halted, .haltedInDoubt: .halted
        }
    }

    /// A final code for the request as a whole refuses every order of it. One that speaks of an order there settles nothing in company: whose it is, it
    /// does not say.
    private static func verdict(onPlace meaning: XTCodeClass, _ code: String, _ text: String, isAlone: Bool) -> ItemOutcome {
        switch meaning {
        case .final: .refused(code: code, text: text)
        case .duplicate: isAlone ? .duplicate(code: code, text: text) : .oneIsDuplicate(code: code, text: text)
        case .unspecific, .unknown, .unclear: .refusedUnlessFound(code: code, text: text)
        case .notFound, .inDoubt, .haltedInDoubt: .inDoubt(code: code, text: text)
        case .clock: .notExecuted(.clock)
        case .rateLimited: .notExecuted(.rateLimited)
        case .halted: .notExecuted(.halted)
        }
    }

    /// As above, on a status that speaks of something else: a refusal that is final elsewhere is not before the order is proven absent.
    private static func verdict(onShakyPlace meaning: XTCodeClass, _ code: String, _ text: String, isAlone: Bool) -> ItemOutcome {
        switch meaning {
        case .final, .unspecific, .unknown: .refusedUnlessFound(code: code, text: text)
        case .duplicate: isAlone ? .duplicate(code: code, text: text) : .oneIsDuplicate(code: code, text: text)
        case .notFound, .inDoubt, .unclear, .haltedInDoubt, .clock, .rateLimited, .halted: .inDoubt(code: code, text: text)
        }
    }

    /// A cancel or change: in company a refusal blames another item, and what became of this one is asked.
    private static func verdict(onCommand meaning: XTCodeClass, _ code: String, _ text: String, isAlone: Bool) -> ItemOutcome {
        switch meaning {
        case .final where isAlone: .refused(code: code, text: text)
        case .notFound where isAlone: .gone(code: code, text: text)
        case .unspecific where isAlone, .unknown where isAlone: .refusedUnlessFound(code: code, text: text)
        case .final, .duplicate, .unspecific, .notFound, .unknown: .inDoubt("\(code) names no order: \(text)")
        case .inDoubt, .unclear, .haltedInDoubt: .inDoubt("\(code): \(text)")
        case .clock: .notExecuted(.clock)
        case .rateLimited: .notExecuted(.rateLimited)
        case .halted: .notExecuted(.halted)
        }
    }
}

extension RequestPlan.Content {
    /// The creates of a request.
    fileprivate var placed: [PlaceTicket] {
        switch self {
        case .place(let tickets, _), .mixed(let tickets, _, _): tickets
        case .cancel, .modify, .query: []
        }
    }
}

extension ItemOutcome {
    /// A refusal in words that might mean that the venue has the order.
    var unlessFound: ItemOutcome {
        if case .refused(let code, let text) = self { .refusedUnlessFound(code: code, text: text) } else { self }
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
