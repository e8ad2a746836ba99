import OMSCore
import Wire

extension Bybit {
    /// What an answer as a whole amounts to, before its items are looked at.
    enum Meeting {
        /// 2xx with code 0: the whole envelope.
        case success(JSON)
        /// The venue's own code, on a status that leaves no doubt that it is the venue that speaks; and the envelope.
        case code(CodeClass, code: String, text: String, JSON)
        /// Not the venue's words, or words that contradict the status.
        case unreadable(String)
        /// HTTP 429 without words of the venue's: asked too often, and whether it was executed is not said.
        case slowDown(String)
        /// The venue's own code on a status that does not bear it out: 408, 5xx, or 429 in other words than the venue's for a rate.
        case shaky(CodeClass, code: String, text: String, status: Int)
    }

    /// Texts are kept to this many characters.
    static let textMax = 500

    /// Reads status, headers and envelope. Business errors come with HTTP 200, so that the body decides.
    static func read(_ response: HTTPResponse, isCounted: Bool) -> (answer: VenueAnswer, meeting: Meeting) {
        var answer = VenueAnswer(httpStatus: response.status, disposition: .inDoubt)
        let envelope = response.json
        let code = envelope?["retCode"]?.text
        let text = String((envelope?["retMsg"]?.text ?? "").prefix(textMax))
        answer.venueCode = code.map { String($0.prefix(textMax)) }
        answer.venueText = text.isEmpty ? nil : text
        if isCounted { answer.limits = limits(response) }
        let meeting = meeting(status: response.status, envelope: envelope, code: code, text: text)
        answer.disposition = disposition(of: meeting, retryAfterMs: retryAfterMs(response, at: envelope?["time"]?.integer))
        return (answer, meeting)
    }

    /// What the endpoint's own limit is, and what is left of it in this second.
    private static func limits(_ response: HTTPResponse) -> [LimitWord] {
        func count(_ name: String) -> Int? { response.header(name).flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil } }
        let (remaining, permits) = (count("X-Bapi-Limit-Status"), count("X-Bapi-Limit"))
        return remaining == nil && permits == nil ? [] : [LimitWord(remaining: remaining, permits: permits)]
    }

    /// How long until the limit that was passed frees, a minute at most: it is of a second. By the venue's clock on both sides.
    private static func retryAfterMs(_ response: HTTPResponse, at timeMs: Int64?) -> Int64? {
        if let header = response.retryAfterMs { return min(header, 600_000) }
        guard let reset = response.header("X-Bapi-Limit-Reset-Timestamp").flatMap({ Int64($0) }), let timeMs, timeMs > 0, reset >= timeMs else {
            return nil
        }
        return min(reset - timeMs, 60_000)
    }

    private static func meeting(status: Int, envelope: JSON?, code: String?, text: String) -> Meeting {
        guard let envelope, let code, !code.isEmpty else {
            return status == 429 ? .slowDown("HTTP 429 without an envelope") : .unreadable("HTTP \(status) without an envelope")
        }
        let meaning = classify(code)
        // Other venues' words for success: no refusal, and no success of its own.
        if meaning == .unknown, code == "200" || ["ok", "success"].contains(text.lowercased()) {
            return .unreadable("HTTP \(status) with code \(code.prefix(textMax).escapedForLog): neither success nor refusal")
        }
        switch status {
        case 429 where meaning == .success: return .slowDown("HTTP 429 with the code of a success")
        case 429 where meaning == .rateLimited && (RefusalWords.tellRate(text) || RefusalWords(text) != .doubt):
            return .code(meaning, code: code, text: text, envelope)
        case 200..<300: return meaning == .success ? .success(envelope) : .code(meaning, code: code, text: text, envelope)
        case 400..<500 where status != 408 && status != 429 && meaning != .success: return .code(meaning, code: code, text: text, envelope)
        case 408 where meaning != .success, 429 where meaning != .success, 500..<600 where meaning != .success:
            return .shaky(meaning, code: code, text: text, status: status)
        default: return .unreadable("HTTP \(status) with code \(code.prefix(textMax).escapedForLog)")
        }
    }

    private static func disposition(of meeting: Meeting, retryAfterMs: Int64?) -> VenueAnswer.Disposition {
        switch meeting {
        case .success: .answered
        case .slowDown, .shaky(_, _, _, status: 429): .rateLimited(retryAfterMs: retryAfterMs)
        case .unreadable, .shaky: .inDoubt
        case .code(let meaning, _, _, _):
            switch meaning {
            case .rateLimited: .rateLimited(retryAfterMs: retryAfterMs)
            case .clock: .clockRefused
            case .halted: .halted
            case .ambiguous, .unknown: .inDoubt
            // A phase is one market's, not the venue's.
            case .success, .maintenance, .refused, .duplicate, .notFound, .changed: .answered
            }
        }
    }

    /// What an answer that lists no items says of each of `count`.
    static func outcomes(of meeting: Meeting, for operation: Operation, count: Int) -> [ItemOutcome] {
        let outcome: ItemOutcome =
            switch meeting {
            case .success: .inDoubt("the answer lists no items")
            case .unreadable(let why), .slowDown(let why): .inDoubt(why)
            case .code(_, let code, let text, _): outcome(of: code, text: text, isSteady: true, for: operation)
            // A gateway's number, not the venue's.
            case .shaky(_, let code, let text, let status) where code == "\(status)": .inDoubt(code: code, text: text)
            case .shaky(_, let code, let text, _): outcome(of: code, text: text, isSteady: false, for: operation)
            }
        return Array(repeating: whole(outcome, count: count), count: count)
    }

    /// What a code that stands for a whole request says of each of its orders: which of several it means, it does not tell.
    private static func whole(_ outcome: ItemOutcome, count: Int) -> ItemOutcome {
        guard count > 1 else { return outcome }
        return switch outcome {
        case .duplicate(let code, let text): .oneIsDuplicate(code: code, text: text)
        case .gone(let code, let text): .inDoubt(code: code, text: text)
        case .acknowledged, .refused, .refusedUnlessFound, .notExecuted, .oneIsDuplicate, .inDoubt: outcome
        }
    }

    /// What an unsuccessful answer says to a question: never absence.
    static func failure(of meeting: Meeting) -> QueryAnswer {
        switch meeting {
        case .success: .failed("a success that was not read")
        case .unreadable(let why), .slowDown(let why): .failed(why)
        case .code(_, let code, let text, _), .shaky(_, let code, let text, _): .failed("code \(code.escapedForLog): \(text.escapedForLog)")
        }
    }
}
