import Wire

/// Why a verb ends early: what to say and with which code to exit (CONTRACT 2).
struct Failure: Error {
    let exitCode: Exit
    let text: String
    /// The daemon holds nothing under that id.
    var isUnknownOrder = false

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
    static func of(intent: JSON) -> Exit {
        var exit: Exit = intent["timed_out"] == .bool(true) ? .inDoubt : .done
        for (state, count) in intent["counts"]?.object ?? [] where (count.integer ?? 0) > 0 { exit = exit.and(of(orderState: state)) }
        for refusal in intent["refusals"]?.array ?? [] { exit = exit.and(refusal["sent"] == .bool(true) ? .refused : .denied) }
        return exit
    }
}

extension Failure {
    /// An error answer of the daemon.
    init(answer error: JSON) {
        let code = error["code"]?.integer ?? 0
        let message = (error["message"]?.string ?? "no message").escapedForTerminal
        var text = "\(message) (\(code)\((error["data"]?["reason"]?.string).map { " " + $0.escapedForTerminal } ?? ""))"
        let details = error["data"]?["details"]?.array ?? []
        for detail in details.prefix(20) {
            let list = detail["list"]?.string ?? ""
            let index = detail["index"]?.text ?? ""
            let field = detail["field"]?.string ?? ""
            text += "\n  \(list)[\(index)].\(field): \(detail["problem"]?.string ?? "")".escapedForTerminalLines
        }
        if details.count > 20 { text += "\n  … and \(details.count - 20) more; --json shows all" }
        switch code {
        case 1006: text += "\n  control.roles in the daemon's configuration names who may; your groups count as of the login"
        case 1004: text += "\n  `omsctl status` shows the accounts' states, `omsctl resume ACCOUNT --reason TEXT` opens one"
        case 1008, 1009: text += "\n  try again in a moment; `omsctl status` shows what is not ready"
        case 1010: text += "\n  the journal's disk is full or failing: see the daemon's log"
        default: break
        }
        let exit: Exit =
            switch code {
            case 1001...1009, -32602: .denied
            default: .internal
            }
        self.init(exitCode: exit, text: text, isUnknownOrder: code == 1007)
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
