import ControlAPI
import Wire

/// `show` and `why`: what is on record of one order.
enum StoryVerbs {
    static let all: [VerbSpec] = [
        VerbSpec(name: "show", operands: "ID", operandCount: 1...1, summary: "one order, or one intent, as it stands", flags: [], run: show),
        VerbSpec(name: "why", operands: "ID", operandCount: 1...1, summary: "the whole story of one order, and what comes next", flags: [], run: why),
    ]

    /// What stands is shown, whatever it is: the exit code tells whether it could be, not the order's fate.
    @Sendable private static func show(_ context: Context) throws(Failure) -> Exit {
        let id = context.arguments.operands[0]
        let found: JSON
        do throws(Failure) { found = try context.ask(OrderGet.self, OrderGet.Parameters(id)).json } catch {
            guard error.isUnknownOrder, let intent = try? context.ask(IntentGet.self, IntentGet.Parameters(id)) else { throw error }
            found = intent.json
        }
        context.show(found) {
            var table = Table(["field", "value"])
            for (name, value) in found.object ?? [] where !value.isNull { table.add([name, Table.cell(value, named: name)]) }
            return table.text
        }
        return .done
    }

    @Sendable private static func why(_ context: Context) throws(Failure) -> Exit {
        let id = context.arguments.operands[0]
        let order = try context.ask(OrderGet.self, OrderGet.Parameters(id))
        let timeline = try context.ask(OrderTimeline.self, OrderTimeline.Parameters(id))
        let intent = try order.intentID.map { id throws(Failure) in try context.ask(IntentGet.self, IntentGet.Parameters(id)) }
        context.show(.object([("order", order.json), ("intent", intent?.json ?? .null), ("timeline", timeline.json)])) {
            story(order: order.value, intent: intent?.intent, timeline: timeline.value)
        }
        return .done
    }

    /// Times at the left, sentences at the right.
    static func story(order: ShownOrder, intent: ShownIntent?, timeline: OrderTimeline.Result) -> String {
        // As asked, which never changes; beside it what stands now where a modify or the venue changed it.
        let (askedPrice, askedQuantity) = (order.askedPrice ?? order.price, order.askedQuantity ?? order.quantity)
        let amount = order.quoteQuantity.map { "for \($0)" } ?? askedQuantity.orDash
        let price = askedPrice.map { " at \($0)" } ?? ""
        let force = order.timeInForce.map { " \($0)" } ?? ""
        let flags = (order.isPostOnly ? " post_only" : "") + (order.isReduceOnly ? " reduce_only" : "")
        var lines = [
            "order \(order.clientOrderID.orDash), account \(order.account.orDash) at \(order.venue.orDash)",
            "  asked: \(order.side.orDash) \(amount) \(order.symbol.orDash) \(order.type.orDash)\(price)\(force)\(flags)",
        ]
        let stands = [("quantity", order.quantity, askedQuantity), ("price", order.price, askedPrice)].compactMap { name, now, asked in
            now != asked ? now.map { "\(name) \($0)" } : nil
        }
        if !stands.isEmpty { lines.append("  stands: " + stands.joined(separator: ", ") + ", as the venue last confirmed it") }
        lines.append(
            "  now: \(order.state.orDash), known by \(order.evidence.orDash); filled \(order.filledQuantity); the venue's id"
                + " \(order.venueOrderID.orDash), its word \(order.venueState.orDash)")
        if let intent {
            lines.append(
                "  intent \(order.intentID.orDash)\(order.tag.map { ", tag \($0)" } ?? ""): accepted \(utc(intent.acceptedAt)), \(intent.orders) orders, \(intent.state.orDash)"
                    + (intent.expiresAt.map { ", not sent after \(utc($0))" } ?? ""))
        }
        lines.append("")
        let requests = Dictionary(timeline.requests.map { ($0.requestID, $0) }, uniquingKeysWith: { $1 })
        var told: Set<Int64> = []
        for event in timeline.events {
            lines.append("\(utc(event.at))  \(sentence(event))")
            if let id = event.requestID, let request = requests[id], told.insert(id).inserted {
                lines += describe(request).map { "                             " + $0 }
            }
        }
        for request in timeline.requests.sorted(by: { $0.requestID < $1.requestID }) where !told.contains(request.requestID) {
            lines.append("\(request.signedAt.asTime)  request \(request.requestID)")
            lines += describe(request).map { "                             " + $0 }
        }
        if !timeline.commands.isEmpty { lines.append("") }
        for command in timeline.commands {
            let change = [command.price.map { "to price \($0)" }, command.quantity.map { "to quantity \($0)" }].compactMap(\.self)
                .joined(separator: " and ")
            let words = [command.rejectCode, command.rejectText].compactMap(\.self).joined(separator: " ")
            lines.append(
                "\(utc(command.requestedAt))  \(command.kind.orDash) \(change.isEmpty ? "" : change + " ")was asked for: \(command.state.orDash),"
                    + " \(command.attempts) tries" + (words.isEmpty ? "" : ", answered \(words)")
                    + (command.closedAt.map { ", closed \(utc($0))" } ?? ""))
        }
        // What holds an order that has not left is known better than what holds any.
        lines += [""] + (timeline.waitsFor == nil || order.state != "intended" ? [next(order)] : [])
        if let waits = timeline.waitsFor { lines.append("now: \(waits)") }
        return lines.map(\.escapedForTerminal).joined(separator: "\n") + "\n"
    }

    static func sentence(_ event: ShownEvent) -> String {
        let kind = event.kind.isEmpty ? "event" : event.kind
        let meaning =
            switch kind {
            case "order_born": "written down, not sent yet"
            case "order": change(event)
            case "execution": "an execution"
            case "command": event.fromState == nil ? "a change was asked for" : "the change went on"
            case "lookup": "asked the venue about it"
            case "break": event.toState == "open" ? "record and venue disagree" : "a disagreement is over, or taken note of"
            default: kind
            }
        var out = "\(kind): \(meaning)"
        if let from = event.fromState, let to = event.toState, from != to { out += " (\(from) → \(to))" }
        if let evidence = event.evidence { out += ", evidence \(evidence)" }
        if let request = event.requestID { out += ", request \(request)" }
        if let actor = event.actor, actor != "daemon" { out += ", by \(actor)" }
        if let detail = event.detail, !detail.isNull {
            let words = Table.cell(detail, named: "detail")
            if !words.isEmpty { out += ": \(words)" }
        }
        return out
    }

    /// What an order's new state means.
    static func change(_ event: ShownEvent) -> String {
        if event.evidence == "operator" { return "a person decided" }
        switch event.toState {
        case "submitted": return "put into a request; from here on it may have left"
        case "acknowledged": return "the venue took it"
        case "rejected": return "the venue refused it"
        case "in_doubt" where event.detail?["parked_at"]?.integer != nil: return "could not be settled in time: it waits for a person"
        case "in_doubt" where event.fromState != event.toState:
            return "the answer was lost: nobody knows whether the venue has it; it is asked about, not sent again"
        case "in_doubt": return "still in doubt"
        case "intended": return "surely not executed: back in the queue under the same id"
        case "filled", "canceled", "expired", "denied", "abandoned": return "closed"
        default: return "the venue told how it stands"
        }
    }

    private static func describe(_ request: ShownRequest) -> [String] {
        let answer =
            switch request.outcome {
            case "acknowledged": "the venue took all of it"
            case "refused": "refused"
            case "partial": "taken in part"
            case "in_doubt": request.answeredAt == nil ? "no answer came: it may have arrived" : "the answer could not be relied on"
            case "not_sent": "it never left"
            case let other?: other
            case nil: "no answer yet"
            }
        return [
            "request \(request.requestID): \(request.kind.orDash) of \(request.items) to \(request.endpoint.orDash), signed \(request.signedAt.asTime),"
                + " sent \(request.sentAt.asTime), answered \(request.answeredAt.asTime)",
            "  \(answer); HTTP \(request.httpStatus.orDash), the venue's code \(request.venueCode.orDash), body"
                + " \(request.bodySHA256.orDash.prefix(16))",
        ]
    }

    private static func next(_ order: ShownOrder) -> String {
        switch order.state {
        case "intended": "next: it leaves when a permit of the venue's budget is free and the account may trade"
        case "submitted": "next: its answer; without one it is in doubt, and the venue is asked"
        case "in_doubt":
            order.parkedAt != nil
                ? "next: look at the venue yourself, then `omsctl resolve ID absent|placed --reason TEXT`; the daemon still asks now and then"
                : "next: the venue is asked until it names the order, or has proven twice that it never had it"
        case "acknowledged", "working", "partially_filled": "next: it rests at the venue; fills and its end are polled for"
        case "rejected":
            "the end: the venue refused it, in its words \(order.rejectCode.orDash) \(order.rejectText.orDash)"
        default: (["the end: nothing more will be sent for it"] + lastWords(of: order)).joined(separator: "; ")
        }
    }

    /// What an order that is closed was told last, by the venue or by the daemon; empty: nothing.
    private static func lastWords(of order: ShownOrder) -> [String] {
        let words = [order.rejectCode, order.rejectText].compactMap(\.self)
        return words.isEmpty ? [] : [words.joined(separator: " ")]
    }
}
