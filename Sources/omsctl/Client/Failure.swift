import ControlAPI
import Wire

/// Why a verb ends early: what to say and with which code to exit (CONTRACT 2).
struct Failure: Error {
    let exitCode: Exit
    var text: String
    /// The daemon's own `error`: code, message, and data with every detail; nil: it did not answer one.
    var answer: JSON?
    /// The daemon holds nothing under that id.
    var isUnknownOrder = false
    /// What was asked for can be none of its kind.
    var isWrongParameter = false

    static func usage(_ text: String) -> Failure { Failure(exitCode: .usage, text: text) }
}

enum Exit: Int32 {
    case done = 0
    case `internal` = 1
    case usage = 2
    case denied = 3
    case refused = 4
    case inDoubt = 5
    case unreachable = 7

    /// Mixed results: 5 before 4 before 3; a failure of the daemon or the line before all.
    func and(_ other: Exit) -> Exit {
        let order: [Exit] = [.unreachable, .internal, .usage, .inDoubt, .refused, .denied, .done]
        return order.first { $0 == self || $0 == other } ?? .internal
    }

    /// What the states of orders mean for the caller.
    static func of(orderState state: String) -> Exit {
        switch state {
        case "intended", "submitted", "in_doubt": .inDoubt
        case "rejected": .refused
        case "denied", "expired", "abandoned": .denied
        default: .done
        }
    }

    /// What an intent's counts by state mean, and the refusals of its commands: by the venue where they were sent, by the daemon where not.
    static func of(intent: IntentWait.Result) -> Exit {
        var exit: Exit = intent.isTimedOut ? .inDoubt : .done
        for (state, count) in intent.standing.counts.all.map({ ($0.word, $0.count) }) where count > 0 { exit = exit.and(of(orderState: state)) }
        for refusal in intent.standing.refusals { exit = exit.and(refusal.isSent ? .refused : .denied) }
        return exit
    }
}

extension Failure {
    /// An error answer of the daemon.
    init(answer json: JSON) {
        let error = CallError(json) ?? CallError()
        let message = (error.message ?? "no message").escapedForTerminal
        var text = "\(message) (\(error.code)\(error.data.reason.map { " " + $0.escapedForTerminal } ?? ""))"
        let details = error.data.details
        for detail in details.prefix(20) {
            text += "\n  \(detail.list)[\(detail.index)].\(detail.field): \(detail.problem)".escapedForTerminalLines
        }
        if details.count > 20 { text += "\n  … and \(details.count - 20) more; --json shows all" }
        switch error.kind {
        case .notPermitted: text += "\n  control.roles in the daemon's configuration names who may; your groups count as of the login"
        case .tradingHalted: text += "\n  `omsctl status` shows the accounts' states, `omsctl resume ACCOUNT --reason TEXT` opens one"
        case .queueFull, .notReady: text += "\n  try again in a moment; `omsctl status` shows what is not ready"
        case .journalUnavailable: text += "\n  the journal's disk is full or failing: see the daemon's log"
        default: break
        }
        let exit: Exit =
            switch error.kind {
            case .paramsInvalid, .unknownAccount, .intentConflict, .invalidOrder, .tradingHalted, .risk, .notPermitted, .unknownOrder, .queueFull,
                .notReady:
                .denied
            case .requestUnreadable, .requestInvalid, .methodUnknown, .journalUnavailable, nil: .internal
            }
        self.init(
            exitCode: exit, text: text, answer: json, isUnknownOrder: error.kind == .unknownOrder, isWrongParameter: error.kind == .paramsInvalid)
    }
}

extension StringProtocol {
    /// Safe to show: control characters and what may steer a terminal are written out; other letters stay.
    var escapedForTerminal: String {
        var out = ""
        for scalar in unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            let isSteering = scalar.properties.generalCategory == .format || [0x2028, 0x2029].contains(scalar.value)
            if isControl || isSteering { out += "\\u{" + String(scalar.value, radix: 16) + "}" } else { out.unicodeScalars.append(scalar) }
        }
        return out
    }

    /// As above, but line breaks and indents of our own stay.
    var escapedForTerminalLines: String { split(separator: "\n", omittingEmptySubsequences: false).map(\.escapedForTerminal).joined(separator: "\n") }
}
