import OMSCore
import Wire

extension OKX {
    /// What an answer as a whole amounts to, before its items are looked at.
    enum Meeting {
        /// 2xx with code 0: the whole envelope.
        case success(JSON)
        /// 2xx with code 1 or 2, which say no more than that all, or some, of a write's items failed.
        case items(JSON, allFailed: Bool)
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
    /// New and changed orders of the account, all markets together.
    private static let accountLimitCode = "50061"

    /// Reads status and envelope. Codes come before statuses: 429 is of a rate (`50011`), and of systems that are busy (`50013`).
    static func read(_ response: HTTPResponse) -> (answer: VenueAnswer, meeting: Meeting) {
        var answer = VenueAnswer(httpStatus: response.status, disposition: .inDoubt)
        let envelope = response.json
        let code = envelope?["code"]?.text
        let text = String((envelope?["msg"]?.text ?? "").prefix(textMax))
        answer.venueCode = code.map { String($0.prefix(textMax)) }
        answer.venueText = text.isEmpty ? nil : text
        let meeting = meeting(status: response.status, envelope: envelope, code: code, text: text)
        answer.disposition = disposition(of: meeting, retryAfterMs: response.retryAfterMs.map { min($0, 600_000) })
        // Its own word for the account's limit, above those of markets: nothing of it is left.
        let codes = [code] + (envelope?["data"]?.array ?? []).map { $0["sCode"]?.text }
        if codes.contains(accountLimitCode) { answer.limits = [LimitWord("account-orders", remaining: 0)] }
        return (answer, meeting)
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
        case 429 where meaning == .rateLimited: return .code(meaning, code: code, text: text, envelope)
        case 200..<300 where code == "1" || code == "2": return .items(envelope, allFailed: code == "1")
        case 200..<300: return meaning == .success ? .success(envelope) : .code(meaning, code: code, text: text, envelope)
        // A gateway's number, as a path that does not exist is answered, is no code of the venue's.
        case 400..<500 where code == "\(status)" && status != 429 && status != 408:
            return .unreadable("HTTP \(status) with its own number for a code")
        case 400..<500 where status != 408 && status != 429 && meaning != .success: return .code(meaning, code: code, text: text, envelope)
        case 408 where meaning != .success, 429 where meaning != .success, 500..<600 where meaning != .success:
            return .shaky(meaning, code: code, text: text, status: status)
        default: return .unreadable("HTTP \(status) with code \(code.prefix(textMax).escapedForLog)")
        }
    }

    private static func disposition(of meeting: Meeting, retryAfterMs: Int64?) -> VenueAnswer.Disposition {
        switch meeting {
        case .success, .items: .answered
        case .slowDown, .shaky(_, _, _, status: 429): .rateLimited(retryAfterMs: retryAfterMs)
        case .unreadable, .shaky: .inDoubt
        case .code(let meaning, _, _, _):
            switch meaning {
            case .rateLimited: .rateLimited(retryAfterMs: retryAfterMs)
            case .clock: .clockRefused
            case .halted: .halted
            case .ambiguous, .unknown: .inDoubt
            // A phase is one market's, not the venue's.
            case .success, .maintenance, .refused, .duplicate, .notFound, .notOpen, .noMarket, .changed, .sibling: .answered
            }
        }
    }

    /// What an answer that lists no items says of each of `count`.
    static func outcomes(of meeting: Meeting, for operation: Operation, count: Int) -> [ItemOutcome] {
        let outcome: ItemOutcome =
            switch meeting {
            case .success, .items: .inDoubt("the answer lists no items")
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
        case .items(let envelope, _): .failed("code \(envelope["code"]?.text ?? ""): \((envelope["msg"]?.text ?? "").escapedForLog)")
        case .unreadable(let why), .slowDown(let why): .failed(why)
        case .code(_, let code, let text, _), .shaky(_, let code, let text, _): .failed("code \(code.escapedForLog): \(text.escapedForLog)")
        }
    }
}
