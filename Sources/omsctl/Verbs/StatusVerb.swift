import Wire

/// `status`: is it all right, and if not, what is to be done.
enum StatusVerb {
    static let all: [VerbSpec] = [
        VerbSpec(
            name: "status", operands: "", operandCount: 0...0, summary: "the daemon and its accounts; what needs a person first", flags: [], run: run)
    ]

    @Sendable private static func run(_ context: Context) throws(Failure) -> Exit {
        let daemon = try context.call("daemon.status")
        if context.isJSON {
            context.show(daemon) { "" }
            return .done
        }
        let accounts = try context.call("account.list")["accounts"]?.array ?? []
        var breaks: [JSON] = []
        try context.pages("break.list", "breaks", [("open", .bool(true))]) { breaks += $0 }
        let text = StatusText(now: context.terminal.now(), width: context.terminal.width)
        context.terminal.out(text.daemon(daemon, accounts: accounts, breaks: breaks) + text.accounts(accounts, breaks: breaks))
        return .done
    }
}

/// What `status` and `top` say, in lines of at most `width` characters.
struct StatusText {
    /// Microseconds since 1970 UTC.
    let now: Int64
    let width: Int

    func daemon(_ daemon: JSON, accounts: [JSON], breaks: [JSON]) -> String {
        func cell(_ name: String) -> String { Table.cell(daemon[name], named: name) }
        var out = "omsd \(cell("version")), up \(daemon["uptime_us"]?.integer.map(span) ?? "-"), record at \(cell("seq")),"
        out += " \(daemon["ready"] == .bool(true) ? "all accounts ready" : "NOT all accounts ready")"
        var text = wrapped(out, indent: "")
        let needs = needs(daemon, accounts: accounts, breaks: breaks)
        if !needs.isEmpty { text += "\nneeds a person:\n" + needs.map { wrapped($0, indent: "  ") }.joined() }
        return text + "\n"
    }

    /// What does not end by itself, each with what to do.
    private func needs(_ daemon: JSON, accounts: [JSON], breaks: [JSON]) -> [String] {
        var needs: [String] = []
        switch daemon["journal"]?.string {
        case nil, "ok"?: break
        case "full"?: needs.append("the journal's disk is full: free space on it; nothing new is accepted")
        case "wal_held"?: needs.append("a reader holds the journal's WAL: `fuser -v` on the journal names it")
        case let other?: needs.append("journal: \(other)")
        }
        for account in accounts {
            let name = Table.cell(account["account"], named: "")
            let parked = account["parked"]?.integer ?? 0
            if parked > 0 {
                needs.append("\(name): \(parked) parked: look at the venue, `omsctl orders --account \(name) --state in_doubt`, `omsctl resolve`")
            }
            if account["ready"] == .bool(false) {
                needs.append("\(name): not ready: \(account["reason"]?.string ?? account["last_error"]?.string ?? "no reconciliation yet")")
            }
            if account["state"]?.string == "halted" { needs.append("\(name): halted: `omsctl resume \(name) --reason TEXT` opens it") }
            let open = counts(of: breaks, account: name)
            if !open.isEmpty {
                needs.append("\(name): open breaks: \(open): `omsctl breaks --account \(name) --open`, `omsctl break acknowledge`")
            }
        }
        for account in daemon["unconfigured"]?.array ?? [] {
            let name = Table.cell(account["account"], named: "")
            let (orders, unsent) = (account["orders"]?.integer ?? 0, account["unsent"]?.integer ?? 0)
            var parts: [String] = []
            if orders > unsent { parts.append("\(orders - unsent) live or in doubt") }
            if unsent > 0 { parts.append("\(unsent) unsent") }
            if parts.isEmpty { parts.append("\(account["intents"]?.integer ?? 0) intents") }
            needs.append("\(name): not configured; \(parts.joined(separator: ", ")): nothing is done for them until it is again")
        }
        return needs
    }

    /// `2 external_order, 1 limit`.
    private func counts(of breaks: [JSON], account: String) -> String {
        let kinds = breaks.filter { $0["account"]?.string == account }.compactMap { $0["kind"]?.string }
        return Dictionary(grouping: kinds, by: { $0 }).sorted { $0.key < $1.key }.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
    }

    func accounts(_ accounts: [JSON], breaks: [JSON]) -> String {
        if accounts.isEmpty { return "no account is configured\n" }
        return accounts.map { account in
            func cell(_ name: String) -> String { Table.cell(account[name], named: name) }
            func number(_ name: String) -> Int64 { account[name]?.integer ?? 0 }
            let isReady = account["ready"] == .bool(true)
            let place = "\(cell("account")): \(cell("venue")) \(cell("product"))"
            var out = wrapped("\(place), \(cell("state")), \(isReady ? "ready" : "NOT READY")", indent: "")
            // What is nothing is not said: five accounts fit a screen of 24 lines.
            var parts = ["last answer \(age(account["last_answer_at"]))", "open \(cell("open"))"]
            if number("in_flight") > 0 { parts.append("in flight \(number("in_flight"))") }
            let lanes = ["cancel", "lookup", "modify", "place"].compactMap { lane -> String? in
                let count = account["queue"]?[lane]?.integer ?? 0
                return count > 0 ? "\(lane) \(count)" : nil
            }
            if !lanes.isEmpty { parts.append("queued: \(lanes.joined(separator: ", "))") }
            if number("in_doubt") > 0 {
                let oldest = account["oldest_doubt_at"].flatMap { $0.isNull ? nil : ", the oldest \(age($0))" } ?? ""
                parts.append("in doubt \(number("in_doubt"))\(oldest)")
            }
            if let offset = account["clock_offset_ms"]?.integer {
                if !(-500...500).contains(offset) { parts.append("clock off by \(offset) ms") }
            } else {
                parts.append("the venue's clock is unknown")
            }
            parts.append("reconciled \(age(account["last_reconcile_at"]))")
            let open = counts(of: breaks, account: cell("account"))
            if !open.isEmpty { parts.append("breaks: \(open)") }
            out += wrapped(parts.joined(separator: "; "), indent: "  ")
            if !isReady, let reason = account["reason"]?.string { out += wrapped("not ready: \(reason)", indent: "  ") }
            if let error = account["last_error"]?.string {
                let when = account["last_error_at"]?.integer == nil ? "" : " " + age(account["last_error_at"])
                out += wrapped("last error\(when): \(error)", indent: "  ")
            }
            return out
        }.joined()
    }

    /// Budgets of which something is taken, the tightest first; idle ones never.
    func budgets(_ budgets: [JSON]) -> String {
        func use(_ budget: JSON) -> Double {
            Double(budget["in_use"]?.integer ?? 0) / Double(max(1, budget["share"]?.integer ?? budget["permits"]?.integer ?? 1))
        }
        let busy = budgets.filter { ($0["in_use"]?.integer ?? 0) > 0 }.sorted { use($0) > use($1) }
        guard !busy.isEmpty else { return "no budget is in use\n" }
        return busy.map { budget in
            func cell(_ name: String) -> String { Table.cell(budget[name], named: name) }
            let free = budget["next_free_at"].flatMap { $0.isNull ? nil : $0.integer }.map { ", next free in \(span(until($0)))" } ?? ""
            return wrapped("\(cell("account")) \(cell("budget")): \(cell("in_use")) of \(cell("share")) in use\(free)", indent: "")
        }.joined()
    }

    /// `12 s ago`; `never` where there is no time.
    func age(_ value: JSON?) -> String {
        guard let at = value?.integer else { return "never" }
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

    /// Broken between words; a word longer than a line is broken too. Later lines stand two deeper.
    func wrapped(_ text: String, indent: String) -> String {
        var (lines, line): ([String], String) = ([], indent)
        var isEmpty = true
        for word in text.escapedForTerminal.split(separator: " ") {
            var word = String(word)
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                (line, isEmpty) = (indent + "  ", true)
            }
            while line.count + word.count > width, line.count < width {
                let part = word.prefix(width - line.count)
                lines.append(line + part)
                word = String(word.dropFirst(part.count))
                (line, isEmpty) = (indent + "  ", true)
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return (lines + [line]).map { $0 + "\n" }.joined()
    }
}
