/// Every code of an error answer: JSON-RPC's own, and the daemon's.
package enum ErrorCode: Int, Sendable, CaseIterable {
    case requestUnreadable = -32700
    case requestInvalid = -32600
    case methodUnknown = -32601
    case paramsInvalid = -32602
    case unknownAccount = 1001
    case intentConflict = 1002
    case invalidOrder = 1003
    case tradingHalted = 1004
    case risk = 1005
    case notPermitted = 1006
    case unknownOrder = 1007
    case queueFull = 1008
    case notReady = 1009
    case journalUnavailable = 1010

    /// `CATEGORY_CONDITION`; what ends in an underscore goes on with the rule that forbids.
    package var reason: String {
        switch self {
        case .requestUnreadable: "REQUEST_UNREADABLE"
        case .requestInvalid: "REQUEST_INVALID"
        case .methodUnknown: "METHOD_UNKNOWN"
        case .paramsInvalid: "PARAMS_INVALID"
        case .unknownAccount: "UNKNOWN_ACCOUNT"
        case .intentConflict: "INTENT_CONFLICT"
        case .invalidOrder: "INVALID_ORDER"
        case .tradingHalted: "TRADING_HALTED"
        case .risk: "RISK_"
        case .notPermitted: "NOT_PERMITTED"
        case .unknownOrder: "UNKNOWN_ORDER"
        case .queueFull: "QUEUE_FULL"
        case .notReady: "NOT_READY"
        case .journalUnavailable: "JOURNAL_UNAVAILABLE"
        }
    }

    /// For docs/CONTROL_API.md.
    package var meaning: String {
        switch self {
        case .requestUnreadable: "no JSON, or broken UTF-8"
        case .requestInvalid: "no JSON-RPC 2.0 request"
        case .methodUnknown: "no such method"
        case .paramsInvalid: "a wrong parameter; the message begins with its path"
        case .unknownAccount: "not configured"
        case .intentConflict: "the `intent_id` was used with other content"
        case .invalidOrder:
            "wrong items; the whole intent is refused, nothing was journaled. `list` is `place`, `modify`, `cancel`, or `intent` for `sequence` and the "
                + "like; `index` counts from 0; at most 1,000 details"
        case .tradingHalted: "the account is halted or reducing"
        case .risk: "a risk rule of the configuration"
        case .notPermitted: "the peer's role does not suffice"
        case .unknownOrder: "the journal holds no such order or intent"
        case .queueFull: "too much waits; try again"
        case .notReady:
            "the account's markets are not known yet, or the intent is still being written; an account that is not ready for another reason takes intents"
        case .journalUnavailable: "the disk is full or failing"
        }
    }
}

/// `error` of an answer.
package struct CallError: Message {
    /// One wrong field of one item of one list.
    package struct Detail: Message {
        /// `place`, `modify` or `cancel`; `intent`; `filter`.
        package var list = ""
        package var index: Int64 = 0
        package var field = "", problem = ""
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("list", &list)
            each.member("index", &index)
            each.member("field", &field)
            each.member("problem", &problem)
        }
    }
    package struct Data: Message {
        package var reason: String?
        /// `yes`, `no` or `unknown`.
        package var retryable = "unknown"
        package var details: [Detail] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("reason", &reason)
            each.member("retryable", &retryable)
            each.member("details", &details)
        }
    }
    package var code: Int64 = 0
    package var message: String?
    package var data = Data()
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("code", &code)
        each.member("message", &message)
        each.member("data", &data)
    }
    /// nil: a code of another version.
    package var kind: ErrorCode? { ErrorCode(rawValue: Int(clamping: code)) }
}
