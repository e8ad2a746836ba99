import CLinux
import ControlAPI
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
    func submitAndWait(_ intent: JSON) throws(Failure) -> (exit: Exit, intent: IntentWait.Result?) {
        // A wrong option must not show only after the orders are out.
        _ = try timeoutMs()
        let isDry = intent["dry_run"] == .bool(true)
        if !isDry { try holdGuard() }
        if let id = intent["intent_id"]?.string, !isDry { sayWhenInterrupted(asking: id) }
        let accepted = try submit(intent)
        sayIfDuplicate(accepted)
        if isDry || arguments.has("--no-wait") {
            show(accepted) { Self.describe(accepted, isPlan: isDry) }
            return (.done, nil)
        }
        let id = accepted.intentID
        guard !id.isEmpty else { throw Failure(exitCode: .internal, text: "the daemon's answer names no intent") }
        // One order is named at once: whoever placed it asks for it by its id.
        if accepted.orders.count == 1, !isJSON { terminal.out("order \(accepted.orders[0].text) of intent \(id)\n".escapedForTerminalLines) }
        sayWhenInterrupted(waitingFor: [id])
        let settled = try waitUntilSettled([id], total: accepted.orders.count)
        try releaseGuard(isSettled: settled.allSatisfy { !$0.isTimedOut })
        for result in settled { show(result, touching: isJSON ? Self.touched(by: intent, accepted) : []) }
        return (settled.reduce(.done) { $0.and(.of(intent: $1.value)) }, settled.first?.value)
    }

    /// How it stands; a program is told which orders it is about, since counts alone name none.
    ///
    /// - Parameter ids: none: what a filter matched, which `commands` counts.
    func show(_ result: Answer<IntentWait.Result>, touching ids: [String]) {
        let named: [(key: String, value: JSON)] = ids.isEmpty ? [] : [("client_order_ids", .array(ids.map { .string($0) }))]
        show(.object((result.json.object ?? []) + named)) {
            Self.summary(result.standing, isTimedOut: result.isTimedOut)
        }
    }

    /// Orders that came with an intent, and those that its cancels and modifies name; what a filter matched is counted alone.
    static func touched(by intent: JSON, _ accepted: Answer<IntentSubmit.Result>) -> [String] {
        var (ids, known) = (accepted.orders.map(\.text), Set(accepted.orders.map(\.text)))
        for item in (intent["modify"]?.array ?? []) + (intent["cancel"]?.array ?? []) {
            if let id = item.string ?? item["client_order_id"]?.string, known.insert(id).inserted { ids.append(id) }
        }
        return ids
    }

    /// Whoever repeats a command wants to know that it did nothing this time.
    func sayIfDuplicate(_ accepted: Answer<IntentSubmit.Result>) {
        guard accepted.isDuplicate else { return }
        let (id, at) = (accepted.intentID.orDash, utc(accepted.acceptedAt))
        terminal.err("intent \(id): a duplicate, answered as the first time (accepted \(at)); nothing was sent for it now\n".escapedForTerminalLines)
    }

    /// Ctrl-C takes nothing back: it says what goes on and how to withdraw it.
    func sayWhenInterrupted(waitingFor ids: [String]) {
        let names = ids.prefix(3).map(\.escapedForTerminal)
        let more = ids.count > 3 ? " and \(ids.count - 3) more" : ""
        terminal.sayWhenInterrupted(
            "\nomsctl: interrupted, " + (guardID == nil ? "and nothing is taken back: " : "its guard trips unless it is taken over, until then: ")
                + "\(names.joined(separator: ", "))\(more) \(ids.count == 1 ? "goes" : "go") on in omsd\n"
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
    func waitUntilSettled(_ ids: [String], total: Int, until: String = "settled") throws(Failure) -> [Answer<IntentWait.Result>] {
        let end = omsd_clock_us(CLOCK_BOOTTIME) + (try timeoutMs()) * 1_000
        let showsProgress = terminal.isInteractive && !isJSON
        var results: [Answer<IntentWait.Result>] = []
        var settledBefore = 0
        for id in ids {
            while true {
                let left = max(0, (end - omsd_clock_us(CLOCK_BOOTTIME)) / 1_000)
                let step = showsProgress ? min(left, 200) : min(left, 3_600_000)
                let result = try ask(IntentWait.self, IntentWait.Parameters(id, until: until, timeoutMs: step))
                let counts = result.standing.counts
                if showsProgress { terminal.err("\r" + Self.bar(counts, settledBefore: settledBefore, total: total)) }
                if !result.isTimedOut || left <= step {
                    results.append(result)
                    settledBefore += Self.settled(counts)
                    break
                }
            }
        }
        if showsProgress { terminal.err("\n") }
        return results
    }

    static func settled(_ counts: Counts) -> Int {
        // Clamped: a sum of whatever numbers stand there.
        counts.all.filter { !["intended", "submitted", "in_doubt"].contains($0.word) }.reduce(0) { $0 + Int(min(max($1.count, 0), 1_000_000_000)) }
    }

    private static func bar(_ counts: Counts, settledBefore: Int, total: Int) -> String {
        let done = min(total, settledBefore + settled(counts))
        let width = 40
        let filled = total == 0 ? width : done * width / total
        let doubt = counts["in_doubt"] ?? 0
        return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "] \(done)/\(total) settled"
            + (doubt > 0 ? ", \(doubt) in doubt" : "") + "   "
    }

    static func describe(_ accepted: Answer<IntentSubmit.Result>, isPlan: Bool) -> String {
        if isPlan { return "plan, nothing journaled: " + Context.line(accepted.json).escapedForTerminalLines }
        let (id, orders) = (accepted.intentID.orDash.escapedForTerminal, accepted.orders)
        if orders.count == 1 { return "order \(orders[0].text) of intent \(id) accepted\n".escapedForTerminalLines }
        return "intent \(id) accepted: \(orders.count) orders, \(accepted.plannedRequests) requests planned\n"
    }

    /// Cancels and modifies of it that were refused, and why: a line each reason.
    static func refusals(_ intent: IntentStanding) -> String {
        intent.refusals.map { refusal in
            let words = [refusal.code, refusal.text].compactMap(\.self).joined(separator: " ")
            let who = refusal.isSent ? "the venue refused" : "refused"
            return "\(refusal.commands) cancels or modifies \(who): \(words)".escapedForTerminal + "\n"
        }.joined()
    }

    /// A table of counts by state.
    static func summary(_ standing: IntentStanding, isTimedOut: Bool = false) -> String {
        let id = standing.intent.intentID.orDash.escapedForTerminal
        var table = Table(["state", ">orders"])
        for count in standing.counts.all where count.count != 0 { table.add([count.word, String(count.count)]) }
        var out = "intent \(id) \(isTimedOut ? "is not settled yet" : "is settled")\n"
        if table.count > 0 { out += table.text }
        out += refusals(standing)
        if isTimedOut { out += "`omsctl wait \(id)` waits on; `omsctl orders --intent \(id)` lists its orders\n" }
        return out
    }
}
