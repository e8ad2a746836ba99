import Wire

/// `show` and `why`: what is on record of one order.
enum StoryVerbs {
    static let all: [VerbSpec] = [
        VerbSpec(name: "show", operands: "ID", operandCount: 1...1, summary: "one order, or one intent, as it stands", flags: [], run: show),
        VerbSpec(name: "why", operands: "ID", operandCount: 1...1, summary: "the whole story of one order, and what comes next", flags: [], run: why),
    ]

    /// What stands is shown, whatever it is: the exit code tells whether it could be, not the order's fate.
    @Sendable private static func show(_ context: Context) throws(Failure) -> Exit {
        let id = JSON.string(context.arguments.operands[0])
        let found: JSON
        do throws(Failure) { found = try context.call("order.get", [("client_order_id", id)]) } catch {
            guard error.isUnknownOrder, let intent = try? context.call("intent.get", [("intent_id", id)]) else { throw error }
            found = intent
        }
        context.show(found) {
            var table = Table(["field", "value"])
            for (name, value) in found.object ?? [] where !value.isNull { table.add([name, Table.cell(value, named: name)]) }
            return table.text
        }
        return .done
    }

    @Sendable private static func why(_ context: Context) throws(Failure) -> Exit {
        let id = JSON.string(context.arguments.operands[0])
        let order = try context.call("order.get", [("client_order_id", id)])
        let timeline = try context.call("order.timeline", [("client_order_id", id)])
        let intent = try order["intent_id"].map { intentID throws(Failure) in try context.call("intent.get", [("intent_id", intentID)]) }
        context.show(.object([("order", order), ("intent", intent ?? .null), ("timeline", timeline)])) {
            story(order: order, intent: intent, timeline: timeline)
        }
        return .done
    }

    /// Times at the left, sentences at the right.
    static func story(order: JSON, intent: JSON?, timeline: JSON) -> String {
        func text(_ name: String) -> String { Table.cell(order[name], named: name) }
        // As asked, which never changes; beside it what stands now where a modify or the venue changed it.
        func asked(_ name: String) -> JSON? { order["asked_" + name].flatMap { $0.isNull ? nil : $0 } ?? order[name] }
        func given(_ value: JSON?) -> String? { value.flatMap { $0.isNull ? nil : Table.cell($0, named: "") } }
        let amount = given(order["quote_quantity"]).map { "for \($0)" } ?? Table.cell(asked("quantity"), named: "")
        let price = given(asked("price")).map { " at \($0)" } ?? ""
        let force = given(order["time_in_force"]).map { " \($0)" } ?? ""
        let flags = ["post_only", "reduce_only"].filter { order[$0] == .bool(true) }.map { " " + $0 }.joined()
        var lines = [
            "order \(text("client_order_id")), account \(text("account")) at \(text("venue"))",
            "  asked: \(text("side")) \(amount) \(text("symbol")) \(text("type"))\(price)\(force)\(flags)",
        ]
        let stands = ["quantity", "price"].filter { given(order[$0]) != nil && given(order[$0]) != given(asked($0)) }
        if !stands.isEmpty {
            lines.append("  stands: " + stands.map { "\($0) \(text($0))" }.joined(separator: ", ") + ", as the venue last confirmed it")
        }
        lines.append(
            "  now: \(text("state")), known by \(text("evidence")); filled \(text("filled_quantity")); the venue's id \(text("venue_order_id")),"
                + " its word \(text("venue_state"))")
        if let intent {
            lines.append(
                "  intent \(text("intent_id")): accepted \(Table.cell(intent["accepted_at"], named: "accepted_at")), \(Table.cell(intent["orders"], named: "")) orders,"
                    + " \(Table.cell(intent["state"], named: ""))"
                    + (intent["expires_at"].map { $0.isNull ? "" : ", not sent after \(Table.cell($0, named: "expires_at"))" } ?? ""))
        }
        lines.append("")
        var requests: [String: JSON] = [:]
        for request in timeline["requests"]?.array ?? [] { if let id = request["request_id"]?.text { requests[id] = request } }
        var told: Set<String> = []
        for event in timeline["events"]?.array ?? [] {
            lines.append("\(Table.cell(event["at"], named: "at"))  \(sentence(event))")
            if let id = event["request_id"]?.text, let request = requests[id], told.insert(id).inserted {
                lines += describe(request).map { "                             " + $0 }
            }
        }
        for (id, request) in requests.sorted(by: { (Int64($0.key) ?? 0) < (Int64($1.key) ?? 0) }) where !told.contains(id) {
            lines.append("\(Table.cell(request["signed_at"], named: "signed_at"))  request \(id)")
            lines += describe(request).map { "                             " + $0 }
        }
        let commands = timeline["commands"]?.array ?? []
        if !commands.isEmpty { lines.append("") }
        for command in commands {
            func cell(_ name: String) -> String { Table.cell(command[name], named: name) }
            let change = [("price", "to price "), ("quantity", "to quantity ")].compactMap { name, words in
                command[name]?.text.map { words + $0 }
            }.joined(separator: " and ")
            let words = [command["reject_code"]?.text, command["reject_text"]?.text].compactMap(\.self).joined(separator: " ")
            lines.append(
                "\(cell("requested_at"))  \(cell("kind")) \(change.isEmpty ? "" : change + " ")was asked for: \(cell("state")), \(cell("attempts")) tries"
                    + (words.isEmpty ? "" : ", answered \(words)") + (command["closed_at"]?.isNull ?? true ? "" : ", closed \(cell("closed_at"))"))
        }
        let waits = timeline["waits_for"]?.string
        // What holds an order that has not left is known better than what holds any.
        lines += [""] + (waits == nil || order["state"]?.string != "intended" ? [next(order)] : [])
        if let waits { lines.append("now: \(waits)") }
        return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
    }

    static func sentence(_ event: JSON) -> String {
        func cell(_ name: String) -> String? { event[name].flatMap { $0.isNull ? nil : Table.cell($0, named: name) } }
        let kind = cell("kind") ?? "event"
        let meaning =
            switch kind {
            case "order_born": "written down, not sent yet"
            case "order": change(event)
            case "execution": "an execution"
            case "command": cell("from_state") == nil ? "a change was asked for" : "the change went on"
            case "lookup": "asked the venue about it"
            case "break": cell("to_state") == "open" ? "record and venue disagree" : "a disagreement is over, or taken note of"
            default: kind
            }
        var out = "\(kind): \(meaning)"
        if let from = cell("from_state"), let to = cell("to_state"), from != to { out += " (\(from) → \(to))" }
        if let evidence = cell("evidence") { out += ", evidence \(evidence)" }
        if let request = cell("request_id") { out += ", request \(request)" }
        if let actor = cell("actor"), actor != "daemon" { out += ", by \(actor)" }
        if let detail = cell("detail"), !detail.isEmpty { out += ": \(detail)" }
        return out
    }

    /// What an order's new state means.
    static func change(_ event: JSON) -> String {
        if event["evidence"]?.string == "operator" { return "a person decided" }
        let (from, to) = (event["from_state"]?.string, event["to_state"]?.string)
        switch to {
        case "submitted": return "put into a request; from here on it may have left"
        case "acknowledged": return "the venue took it"
        case "rejected": return "the venue refused it"
        case "in_doubt" where event["detail"]?["parked_at"]?.integer != nil: return "could not be settled in time: it waits for a person"
        case "in_doubt" where from != to: return "the answer was lost: nobody knows whether the venue has it; it is asked about, not sent again"
        case "in_doubt": return "still in doubt"
        case "intended": return "surely not executed: back in the queue under the same id"
        case "filled", "canceled", "expired", "denied", "abandoned": return "closed"
        default: return "the venue told how it stands"
        }
    }

    private static func describe(_ request: JSON) -> [String] {
        func cell(_ name: String) -> String { Table.cell(request[name], named: name) }
        let answer =
            switch request["outcome"]?.string {
            case "acknowledged": "the venue took all of it"
            case "refused": "refused"
            case "partial": "taken in part"
            case "in_doubt": request["answered_at"]?.isNull ?? true ? "no answer came: it may have arrived" : "the answer could not be relied on"
            case "not_sent": "it never left"
            case let other?: other
            case nil: "no answer yet"
            }
        return [
            "request \(cell("request_id")): \(cell("kind")) of \(cell("items")) to \(cell("endpoint")), signed \(cell("signed_at")),"
                + " sent \(cell("sent_at")), answered \(cell("answered_at"))",
            "  \(answer); HTTP \(cell("http_status")), the venue's code \(cell("venue_code")), body \(cell("body_sha256").prefix(16))",
        ]
    }

    private static func next(_ order: JSON) -> String {
        switch order["state"]?.string {
        case "intended": "next: it leaves when a permit of the venue's budget is free and the account may trade"
        case "submitted": "next: its answer; without one it is in doubt, and the venue is asked"
        case "in_doubt":
            order["parked_at"].map { !$0.isNull } ?? false
                ? "next: look at the venue yourself, then `omsctl resolve ID absent|placed --reason TEXT`; the daemon still asks now and then"
                : "next: the venue is asked until it names the order, or has proven twice that it never had it"
        case "acknowledged", "working", "partially_filled": "next: it rests at the venue; fills and its end are polled for"
        case "rejected":
            "the end: the venue refused it, in its words \(Table.cell(order["reject_code"], named: "")) \(Table.cell(order["reject_text"], named: ""))"
        default: (["the end: nothing more will be sent for it"] + lastWords(of: order)).joined(separator: "; ")
        }
    }

    /// What an order that is closed was told last, by the venue or by the daemon; empty: nothing.
    private static func lastWords(of order: JSON) -> [String] {
        let words = ["reject_code", "reject_text"].compactMap { name in order[name].flatMap { $0.isNull ? nil : Table.cell($0, named: "") } }
        return words.isEmpty ? [] : [words.joined(separator: " ")]
    }
}
