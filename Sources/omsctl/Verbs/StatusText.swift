import ControlAPI
import Wire

/// What `status` and `top` say, in lines of at most `width` columns; colours only say again what the words say.
struct StatusText {
    /// What is known of the daemon at one time.
    struct Facts {
        let daemon: DaemonStatus.Result
        let accounts: [ShownAccount]
        let budgets: [ShownBudget]
        /// nil: only how many each account has.
        var openBreaks: [(account: String, kind: String)]?
        /// Requests a second, by account; nil: not known, or none.
        var rates: [String: Double] = [:]
    }

    enum Style: String {
        case plain = ""
        case bad = "1;31"
        case warning = "33"
        case heading = "1"
    }

    /// Microseconds since 1970 UTC.
    let now: Int64
    let width: Int
    var hasColor = false

    func page(_ facts: Facts) -> String {
        let daemon = facts.daemon
        let readiness = daemon.isReady ? "all accounts ready" : "NOT all accounts ready"
        var text = wrapped(
            "omsd \(daemon.version.orDash), up \(span(daemon.uptimeUs)), record at \(daemon.seq), \(readiness)", style: .heading)
        if let group = daemon.replica {
            let part = daemon.role == "owner" ? "owns it" : "is a \(daemon.role.orDash), \(group.owner.orDash) owns it"
            text += wrapped("group \(group.group.orDash): host \(group.host.orDash) \(part), epoch \(group.epoch), turn \(group.turn)")
        }
        let needs = Need.all(daemon: daemon, accounts: facts.accounts) { openBreaks(of: $0, facts) }
        if !needs.isEmpty {
            text += "\n" + wrapped("needs a person:", style: .bad) + needs.map { wrapped($0.text, indent: "  ", style: .bad) }.joined()
        }
        return text + "\n" + accounts(facts)
    }

    /// What stands above a page that holds no more.
    ///
    /// - Parameter since: when it held.
    func old(_ why: String, since: Int64) -> String {
        let words = why.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "; ")
        return wrapped("NOT UP TO DATE: \(words)", style: .bad) + wrapped("what follows is OLD: as of \(age(since))", style: .bad) + "\n"
    }

    /// `2 external_order, 1 limit`; only a number where kinds are not known; empty: none.
    private func openBreaks(of account: ShownAccount, _ facts: Facts) -> String {
        guard let breaks = facts.openBreaks else {
            return account.breaks > 0 ? String(account.breaks) : ""
        }
        let kinds = breaks.filter { $0.account == account.account }.map(\.kind)
        return Dictionary(grouping: kinds, by: { $0 }).sorted { $0.key < $1.key }.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
    }

    private func accounts(_ facts: Facts) -> String {
        if facts.accounts.isEmpty { return "no account is configured\n" }
        // Those that need a look first; among equals as the configuration has them.
        let calm = facts.accounts.filter { !$0.isTroubled }
        return (facts.accounts.filter(\.isTroubled) + calm).map { account($0, facts) }.joined()
    }

    private func account(_ account: ShownAccount, _ facts: Facts) -> String {
        let isReady = account.isReady
        let place = "\(account.venue.orDash) \(account.product.orDash)"
        let heading = "\(account.account.orDash): \(place), \(account.state.orDash), \(isReady ? "ready" : "NOT READY")"
        var out = wrapped(heading, style: isReady ? account.state == "active" ? .heading : .warning : .bad)
        // What is nothing is not said: five accounts fit a screen of 24 lines.
        var parts = ["last answer \(age(account.lastAnswerAt))", "open \(account.open)"]
        if account.state == "reducing" { parts.insert("reducing\(account.whyState), \(age(account.stateAt))", at: 0) }
        if account.state == "halted", account.stateAt != nil { parts.insert("halted \(age(account.stateAt))", at: 0) }
        if account.inFlight > 0 { parts.append("in flight \(account.inFlight)") }
        let queue = account.queue
        let lanes = [("cancel", queue.cancel), ("lookup", queue.lookup), ("modify", queue.modify), ("place", queue.place)].compactMap { lane, count in
            count > 0 ? "\(lane) \(count)" : nil
        }
        if !lanes.isEmpty { parts.append("queued: \(lanes.joined(separator: ", "))") }
        if account.inDoubt > 0 {
            let oldest = account.oldestDoubtAt.map { ", the oldest \(age($0))" } ?? ""
            parts.append("in doubt \(account.inDoubt)\(oldest)")
        }
        if let offset = account.clockOffsetMs {
            if !(-500...500).contains(offset) { parts.append("clock off by \(offset) ms") }
        } else {
            parts.append("the venue's clock is unknown")
        }
        // Where a venue lists market by market and none was used yet, a ready account has nothing to compare.
        let isReconciled = account.lastReconcileAt != nil
        parts.append(isReady && !isReconciled ? "nothing to reconcile yet" : "reconciled \(age(account.lastReconcileAt))")
        if let rate = facts.rates[account.account], rate > 0 { parts.append("\(figure(rate)) requests/s") }
        if let tightest = tightest(of: account.account, facts.budgets) { parts.append(tightest) }
        let stream = account.stream
        if stream.state != "off" {
            let late = stream.late > 0 ? ", \(stream.late) late" : ""
            parts.append("stream \(stream.state.orDash) since \(age(stream.since))\(late)")
        }
        if let rehearsal = account.rehearsal {
            let broken = rehearsal.contradicted.isEmpty ? "" : ", which contradicts \(rehearsal.contradicted.joined(separator: ", "))"
            parts.append("rehearsed \(age(rehearsal.at))\(broken)")
        }
        let open = openBreaks(of: account, facts)
        if !open.isEmpty { parts.append("breaks: \(open)") }
        out += wrapped(parts.joined(separator: "; "), indent: "  ")
        if let error = account.lastError, error != account.reason {
            let when = account.lastErrorAt.map { " " + age($0) } ?? ""
            out += wrapped("last error\(when): \(error)", indent: "  ", style: .warning)
        }
        if stream.state != "off", stream.state != "live", let error = stream.lastError {
            out += wrapped("stream: \(error)", indent: "  ", style: .warning)
        }
        return out
    }

    /// The budget of an account of which the largest part is taken; nil: of none a tenth is.
    private func tightest(of account: String, _ budgets: [ShownBudget]) -> String? {
        func share(_ budget: ShownBudget) -> Int64 { max(1, budget.share > 0 ? budget.share : budget.permits) }
        func use(_ budget: ShownBudget) -> Double { Double(budget.inUse) / Double(share(budget)) }
        guard let budget = budgets.filter({ $0.account == account && use($0) >= 0.1 }).max(by: { use($0) < use($1) }) else { return nil }
        let free = budget.nextFreeAt.map { ", next free in \(span(until($0)))" } ?? ""
        let isFull = budget.inUse >= share(budget)
        return "\(budget.budget.orDash) \(budget.inUse) of \(share(budget)) taken\(isFull ? free : "")"
    }

    private func figure(_ rate: Double) -> String {
        rate < 10 ? String((rate * 10).rounded() / 10) : String(Int64(min(rate, 1e15).rounded()))
    }

    // MARK: Words for times

    /// `12 s ago`; `never` where there is no time.
    func age(_ at: Int64?) -> String {
        guard let at else { return "never" }
        let (age, overflow) = now.subtractingReportingOverflow(at)
        return overflow ? "at \(at)" : "\(span(max(0, age))) ago"
    }

    private func until(_ at: Int64) -> Int64 {
        let (wait, overflow) = at.subtractingReportingOverflow(now)
        return overflow ? 0 : max(0, wait)
    }

    /// A length of time in its two largest units.
    func span(_ micros: Int64) -> String {
        let seconds = micros / 1_000_000
        switch seconds {
        case ..<1: return "\(micros / 1_000) ms"
        case ..<120: return "\(seconds) s"
        case ..<7_200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3_600) h \(seconds / 60 % 60) min"
        default: return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
        }
    }

    // MARK: Lines

    /// Broken between words; a word longer than a line is broken too. Later lines stand two deeper.
    func wrapped(_ text: String, indent: String = "", style: Style = .plain) -> String {
        let width = max(8, width)
        var (lines, line): ([String], String) = ([], indent)
        var isEmpty = true
        for word in text.escapedForTerminal.split(separator: " ") {
            var word = String(word)
            if !isEmpty, line.columns + 1 + word.columns > width {
                lines.append(line)
                (line, isEmpty) = (indent + "  ", true)
            }
            while line.columns + word.columns > width, line.columns < width - 1 {
                let part = word.prefix(columns: width - line.columns)
                lines.append(line + part)
                word = String(word.dropFirst(part.count))
                (line, isEmpty) = (indent + "  ", true)
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        let isPainted = hasColor && style != .plain
        return (lines + [line]).map { isPainted ? "\u{1B}[\(style.rawValue)m\($0)\u{1B}[0m\n" : $0 + "\n" }.joined()
    }
}

extension ShownAccount {
    /// Something about it needs a look.
    var isTroubled: Bool { !isReady || state != "active" || parked > 0 || breaks > 0 || inDoubt > 0 }
}
