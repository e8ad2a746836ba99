import CLinux
import Wire

extension Context {
    static let waitFlags: [VerbSpec.Flag] = [
        .option("--timeout", "TIME", "how long to wait until all is settled, such as 30s or 2m; default 60s"),
        .switch("--no-wait", "return once it is durable"),
    ]

    func timeoutMs() throws(Failure) -> Int64 { try arguments.duration("--timeout") ?? 60_000 }

    /// Sends an intent, waits unless told not to, shows the outcome.
    ///
    /// - Returns: the exit code, by the orders' states; and the last answer about the intent, nil for a plan or without waiting.
    func submitAndWait(_ intent: JSON) throws(Failure) -> (exit: Exit, intent: JSON?) {
        // A wrong option must not show only after the orders are out.
        _ = try timeoutMs()
        let isDry = intent["dry_run"] == .bool(true)
        if let id = intent["intent_id"]?.string, !isDry { sayWhenInterrupted(asking: id) }
        let accepted = try call("intent.submit", (intent.object ?? []).map { ($0.key, $0.value) })
        sayIfDuplicate(accepted)
        if isDry || arguments.has("--no-wait") {
            show(accepted) { Self.describe(accepted, isPlan: isDry) }
            return (.done, nil)
        }
        guard let id = accepted["intent_id"]?.string else {
            throw Failure(exitCode: .internal, text: "the daemon's answer names no intent")
        }
        let orders = accepted["orders"]?.array ?? []
        // One order is named at once: whoever placed it asks for it by its id.
        if orders.count == 1, let order = orders[0].string, !isJSON { terminal.out("order \(order) of intent \(id)\n".escapedForTerminalLines) }
        sayWhenInterrupted(waitingFor: [id])
        let settled = try waitUntilSettled([id], total: accepted["orders"]?.array?.count ?? 0)
        for result in settled { show(result) { Self.summary(result) } }
        return (settled.reduce(.done) { $0.and(.of(intent: $1)) }, settled.first)
    }

    /// Whoever repeats a command wants to know that it did nothing this time.
    func sayIfDuplicate(_ accepted: JSON) {
        guard accepted["duplicate"] == .bool(true) else { return }
        let (id, at) = (Table.cell(accepted["intent_id"], named: ""), Table.cell(accepted["accepted_at"], named: "accepted_at"))
        terminal.err("intent \(id): a duplicate, answered as the first time (accepted \(at)); nothing was sent for it now\n".escapedForTerminalLines)
    }

    /// Ctrl-C takes nothing back: it says what goes on and how to withdraw it.
    func sayWhenInterrupted(waitingFor ids: [String]) {
        let names = ids.prefix(3).map(\.escapedForTerminal)
        let more = ids.count > 3 ? " and \(ids.count - 3) more" : ""
        terminal.sayWhenInterrupted(
            "\nomsctl: interrupted, and nothing is taken back: \(names.joined(separator: ", "))\(more) \(ids.count == 1 ? "goes" : "go") on in omsd\n"
                + names.map { "  `omsctl wait \($0)` waits on, `omsctl cancel --intent \($0)` withdraws it\n" }.joined())
    }

    /// Before the answer came nobody can say whether it was taken.
    private func sayWhenInterrupted(asking id: String) {
        let name = id.escapedForTerminal
        terminal.sayWhenInterrupted(
            "\nomsctl: interrupted before the answer: \(name) may have been accepted, and goes on if it was\n"
                + "  `omsctl show \(name)` tells, `omsctl cancel --intent \(name)` withdraws it\n")
    }

    /// Waits for each intent until it is settled or the time is over, with a progress bar for a person.
    func waitUntilSettled(_ ids: [String], total: Int, until: String = "settled") throws(Failure) -> [JSON] {
        let end = omsd_clock_us(CLOCK_BOOTTIME) + (try timeoutMs()) * 1_000
        let showsProgress = terminal.isInteractive && !isJSON
        var results: [JSON] = []
        var settledBefore = 0
        for id in ids {
            while true {
                let left = max(0, (end - omsd_clock_us(CLOCK_BOOTTIME)) / 1_000)
                let step = showsProgress ? min(left, 200) : min(left, 3_600_000)
                let result = try call("intent.wait", [("intent_id", .string(id)), ("until", .string(until)), ("timeout_ms", .number(String(step)))])
                let isOver = result["timed_out"] != .bool(true)
                if showsProgress { terminal.err("\r" + Self.bar(result, settledBefore: settledBefore, total: total)) }
                if isOver || left <= step {
                    results.append(result)
                    settledBefore += Self.settledCount(result)
                    break
                }
            }
        }
        if showsProgress { terminal.err("\n") }
        return results
    }

    static func settledCount(_ intent: JSON) -> Int {
        // Clamped: a sum of whatever numbers stand there.
        (intent["counts"]?.object ?? []).filter { !["intended", "submitted", "in_doubt"].contains($0.key) }.reduce(0) {
            $0 + Int(min(max($1.value.integer ?? 0, 0), 1_000_000_000))
        }
    }

    private static func bar(_ intent: JSON, settledBefore: Int, total: Int) -> String {
        let done = min(total, settledBefore + settledCount(intent))
        let width = 40
        let filled = total == 0 ? width : done * width / total
        let doubt = intent["counts"]?["in_doubt"]?.integer ?? 0
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "] \(done)/\(total) settled"
            + (doubt > 0 ? ", \(doubt) in doubt" : "") + "   "
    }

    static func describe(_ accepted: JSON, isPlan: Bool) -> String {
        let id = (accepted["intent_id"]?.text ?? "-").escapedForTerminal
        let (orders, requests) = (accepted["orders"]?.array?.count ?? 0, accepted["planned_requests"])
        if !isPlan, orders == 1, let order = accepted["orders"]?.array?.first?.string {
            return "order \(order) of intent \(id) accepted\n".escapedForTerminalLines
        }
        if isPlan { return "plan, nothing journaled: " + Context.line(accepted).escapedForTerminalLines }
        return "intent \(id) accepted: \(orders) orders, \(Table.cell(requests, named: "").escapedForTerminal) requests planned\n"
    }

    /// Cancels and modifies of it that were refused, and why: a line each reason.
    static func refusals(_ intent: JSON) -> String {
        (intent["refusals"]?.array ?? []).map { refusal in
            let words = [refusal["code"]?.string, refusal["text"]?.string].compactMap(\.self).joined(separator: " ")
            let who = refusal["sent"] == .bool(true) ? "the venue refused" : "refused"
            return "\(Table.cell(refusal["commands"], named: "")) cancels or modifies \(who): \(words)".escapedForTerminal + "\n"
        }.joined()
    }

    /// A table of counts by state.
    static func summary(_ intent: JSON) -> String {
        let id = Table.cell(intent["intent_id"], named: "").escapedForTerminal
        let isOver = intent["timed_out"] != .bool(true)
        var table = Table(["state", ">orders"])
        for (state, count) in intent["counts"]?.object ?? [] where count.integer != 0 { table.add([state, count.text ?? "-"]) }
        var out = "intent \(id) \(isOver ? "is settled" : "is not settled yet")\n"
        if table.count > 0 { out += table.text }
        out += refusals(intent)
        if !isOver { out += "`omsctl wait \(id)` waits on; `omsctl orders --intent \(id)` lists its orders\n" }
        return out
    }
}
