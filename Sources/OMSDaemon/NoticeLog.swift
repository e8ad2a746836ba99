import CLinux
import OMSCore

/// What the engine notices, as lines for whoever is on watch: one a change; repeats are counted, not repeated.
///
/// Called by one turn at a time.
final class NoticeLog {
    private var limiter = LineLimiter()
    private let write: (Log.Line) -> Void

    /// - Parameter write: takes each line.
    init(write: @escaping (Log.Line) -> Void = { Log.write($0) }) { self.write = write }

    func note(_ notice: Notice, at now: Int64 = omsd_clock_us(CLOCK_BOOTTIME)) {
        tellHeld(at: now)
        let (unsigned, subject) = Self.line(notice.event)
        var line = unsigned
        let account = notice.account?.text
        guard limiter.passes("\(subject)\(account.map { " of \($0)" } ?? "")", at: now) else { return }
        if let account { line.fields.insert(("account", account), at: 0) }
        write(line)
    }

    /// Tells how many lines were held back in windows that are over.
    func tellHeld(at now: Int64 = omsd_clock_us(CLOCK_BOOTTIME)) {
        for (subject, held) in limiter.due(at: now) { write(.repeated(held, of: subject)) }
    }

    /// How a notice reads, and what its repeats are counted by, beside the account.
    static func line(_ event: Notice.Event) -> (Log.Line, subject: String) {
        func line(_ level: Log.Level, _ kind: Log.Event, _ message: String, _ subject: String, _ fields: [Log.Field] = []) -> (Log.Line, String) {
            (Log.Line(level, kind, message, fields), subject)
        }
        switch event {
        case .ready: return line(.info, .ready, "account is ready", "readiness")
        case .notReady(let why): return line(.warning, .notReady, "account is not ready", "readiness", [("reason", why)])
        case .unreachable(let why): return line(.error, .unreachable, "venue does not answer", "reach", [("reason", why)])
        case .reachable: return line(.info, .reachable, "venue answers again", "reach")
        case .shutOut(let ms, let words):
            let fields: [Log.Field] = [("seconds", String(ms / 1_000)), ("words", words)]
            return line(.error, .shutOut, "venue shuts this client out: nothing is sent to it", "shut out", fields)
        case .streamDown(let why):
            return line(.warning, .streamDown, "private stream is down: fills and ends are polled for until it is live", "stream", [("reason", why)])
        case .streamUp: return line(.info, .streamUp, "private stream is live", "stream")
        case .streamMute(let why):
            return line(.error, .streamMute, "private stream is open and tells nothing: it is made anew", "stream", [("reason", why)])
        case .doubts(let count):
            return line(.warning, .doubts, "orders are in doubt: the venue is asked about them", "doubts", [("orders", String(count))])
        case .doubtsOver: return line(.info, .doubtsOver, "no order is in doubt any more", "doubts")
        case .parked(let id):
            let words = "order in doubt could not be settled: look at the venue, then `omsctl resolve`"
            return line(.error, .parked, words, "parked orders", [("order", id.text)])
        case .breakFound(let broken):
            return line(.warning, .breakFound, "break found", "breaks \(broken.kind.rawValue)", fields(of: broken))
        case .breakResolved(let broken):
            return line(.info, .breakOver, "break is over", "breaks \(broken.kind.rawValue) over", fields(of: broken))
        case .breakAcknowledged(let broken):
            return line(.info, .breakAcknowledged, "break acknowledged", "breaks \(broken.kind.rawValue) acknowledged", fields(of: broken))
        case .tradingState(let row):
            let fields: [Log.Field] = [("by", row.actor.text), ("reason", row.reason)]
            let level: Log.Level = row.state == .active ? .info : .warning
            return line(level, .tradingState, "trading state is \(row.state.rawValue)", "trading state", fields)
        case .guardTripped(let row):
            let fields: [Log.Field] = [("guard", String(row.id.number)), ("on_lost", row.onLost.rawValue), ("reason", row.reason)]
            return line(.error, .guardTripped, "guard tripped: what it stands for is cancelled", "guards", fields)
        case .rulesPassed(let words):
            return line(.warning, .rulesPassed, "what lives passes its rules: nothing is cancelled, no more is taken", "risk", [("detail", words)])
        case .rulesWithoutMarket(let words):
            return line(.warning, .rulesWithoutMarket, "rules name markets that are not there, and bound nothing", "risk", [("detail", words)])
        case .unconfigured(let orders, let unsent, let intents):
            let words = "orders are open of an account that is not configured: nothing is done for them"
            let fields: [Log.Field] = [("orders", String(orders)), ("unsent", String(unsent)), ("intents", String(intents))]
            return line(.warning, .unconfigured, words, "unconfigured", fields)
        case .market(let words): return line(.warning, .market, "market is not traded", "markets", [("detail", words)])
        case .killed(let kill):
            let isAlone = kill.foreign == 0
            let words = isAlone ? "nothing rests at the venue" : "nothing of ours rests at the venue, orders of others do"
            return line(isAlone ? .info : .warning, .kill, "kill is over: \(words)", "kill", fields(of: kill))
        case .killTakesLong(let kill):
            let reason: [Log.Field] = kill.lastError.map { [("reason", $0)] } ?? []
            return line(.error, .kill, "kill is not over: what may rest at the venue is asked about on", "kill", fields(of: kill) + reason)
        }
    }

    private static func fields(of kill: KillSnapshot) -> [Log.Field] {
        [
            ("confirmed_closed", String(kill.confirmedClosed)), ("cancel_taken", String(kill.cancelTaken)),
            ("live_or_unknown", String(kill.liveOrUnknown)), ("foreign", kill.isListed ? String(kill.foreign) : "\(kill.foreign), not listed yet"),
            ("cancel_all", kill.cancelAll.rawValue),
        ]
    }

    private static func fields(of broken: Break) -> [Log.Field] {
        var fields: [Log.Field] = [("break", String(broken.id)), ("kind", broken.kind.rawValue)]
        if let id = broken.clientOrderID { fields.append(("order", id.text)) }
        if let id = broken.venueOrderID { fields.append(("venue_order", id.text)) }
        return fields + [("detail", broken.detail)]
    }
}
