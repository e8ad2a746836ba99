import CLinux
import OMSCore

/// What the engine notices, as lines for whoever is on watch: one a change; repeats are counted, not repeated.
///
/// Called by one turn at a time.
final class NoticeLog {
    /// How a notice reads.
    struct Line {
        let level: Log.Level
        let message: String
        /// What repeats are counted by, beside the account.
        let subject: String
        var fields: [Log.Field] = []
    }

    private var limiter = LineLimiter()
    private let write: (Log.Level, String, [Log.Field]) -> Void

    /// - Parameter write: takes each line.
    init(write: @escaping (Log.Level, String, [Log.Field]) -> Void = { Log.write($0, $1, $2) }) { self.write = write }

    func note(_ notice: Notice, at now: Int64 = omsd_clock_us(CLOCK_BOOTTIME)) {
        tellHeld(at: now)
        let line = Self.line(notice.event)
        let account = notice.account?.text
        guard limiter.passes("\(line.subject)\(account.map { " of \($0)" } ?? "")", at: now) else { return }
        write(line.level, line.message, (account.map { [("account", $0)] } ?? []) + line.fields)
    }

    /// Tells how many lines were held back in windows that are over.
    func tellHeld(at now: Int64 = omsd_clock_us(CLOCK_BOOTTIME)) {
        for (subject, held) in limiter.due(at: now) {
            write(.warning, "more of the same were not written", [("subject", subject), ("lines", String(held)), ("within_s", "60")])
        }
    }

    static func line(_ event: Notice.Event) -> Line {
        switch event {
        case .ready: Line(level: .info, message: "account is ready", subject: "readiness")
        case .notReady(let why): Line(level: .warning, message: "account is not ready", subject: "readiness", fields: [("reason", why)])
        case .unreachable(let why): Line(level: .error, message: "venue does not answer", subject: "reach", fields: [("reason", why)])
        case .reachable: Line(level: .info, message: "venue answers again", subject: "reach")
        case .shutOut(let ms, let words):
            Line(
                level: .error, message: "venue shuts this client out: nothing is sent to it", subject: "shut out",
                fields: [("seconds", String(ms / 1_000)), ("words", words)])
        case .doubts(let count):
            Line(
                level: .warning, message: "orders are in doubt: the venue is asked about them", subject: "doubts",
                fields: [("orders", String(count))])
        case .doubtsOver: Line(level: .info, message: "no order is in doubt any more", subject: "doubts")
        case .parked(let id):
            Line(
                level: .error, message: "order in doubt could not be settled: look at the venue, then `omsctl resolve`", subject: "parked orders",
                fields: [("order", id.text)])
        case .breakFound(let broken):
            Line(level: .warning, message: "break found", subject: "breaks \(broken.kind.rawValue)", fields: fields(of: broken))
        case .breakResolved(let broken):
            Line(level: .info, message: "break is over", subject: "breaks \(broken.kind.rawValue) over", fields: fields(of: broken))
        case .breakAcknowledged(let broken):
            Line(level: .info, message: "break acknowledged", subject: "breaks \(broken.kind.rawValue) acknowledged", fields: fields(of: broken))
        case .tradingState(let row):
            Line(
                level: row.state == .active ? .info : .warning, message: "trading state is \(row.state.rawValue)", subject: "trading state",
                fields: [("by", row.actor.text), ("reason", row.reason)])
        case .unconfigured(let orders, let unsent, let intents):
            Line(
                level: .warning, message: "orders are open of an account that is not configured: nothing is done for them", subject: "unconfigured",
                fields: [("orders", String(orders)), ("unsent", String(unsent)), ("intents", String(intents))])
        case .killed(let kill):
            Line(
                level: kill.foreign > 0 ? .warning : .info,
                message: kill.foreign > 0
                    ? "kill is over: nothing of ours rests at the venue, orders of others do" : "kill is over: nothing rests at the venue",
                subject: "kill", fields: fields(of: kill))
        case .killTakesLong(let kill):
            Line(
                level: .error, message: "kill is not over: what may rest at the venue is asked about on", subject: "kill",
                fields: fields(of: kill) + (kill.lastError.map { [("reason", $0)] } ?? []))
        case .market(let words): Line(level: .warning, message: "market is not traded", subject: "markets", fields: [("detail", words)])
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
