import ControlAPI
import Wire

/// One line of the page's list of events.
enum ConsoleEvent {
    /// - Parameter event: the parameters of a notification `event`.
    static func json(_ event: JSON) -> JSON {
        func text(_ name: String) -> JSON { event[name]?.string.map { .string(ConsoleModel.clipped($0)) } ?? .null }
        return .object([
            ("seq", event["seq"] ?? .null), ("at", event["at"] ?? .null), ("kind", text("kind")), ("account", text("account")),
            ("order", text("client_order_id")), ("mark", .string(mark(event))), ("text", .string(ConsoleModel.clipped(words(event)))),
        ])
    }

    /// What happened, in a line.
    static func words(_ event: JSON) -> String {
        func cell(_ name: String) -> String? { (event["detail"]?[name] ?? event[name])?.text }
        let (kind, to) = (event["kind"]?.string ?? "event", event["to_state"]?.string)
        func said(_ names: String...) -> String { names.compactMap(cell).joined(separator: ", ") }
        let words =
            switch kind {
            case "order_born":
                "\(said("side")) \(cell("quantity") ?? cell("quote_quantity").map { "for \($0)" } ?? "") \(said("symbol")) \(said("type"))"
                    + (cell("price").map { " at \($0)" } ?? "")
            case "order": order(event)
            case "execution": "\(said("quantity")) at \(said("price")), trade \(said("trade_id"))"
            case "request": "\(said("kind")) of \(said("items")): \(to ?? "ended")" + (cell("http_status").map { ", HTTP \($0)" } ?? "")
            case "break": "\(said("break")) \(to ?? ""): \(said("text", "reason"))"
            case "account":
                // The note says the reason once more.
                [to?.replacing("_", with: " "), cell("reason") ?? cell("note")].compactMap { $0?.isEmpty ?? true ? nil : $0 }.joined(separator: ": ")
            case "command": "\(said("command")): \(to ?? "asked for") \(said("reject_code", "reject_text"))"
            case "intent": "\(event["intent_id"]?.text ?? said("intent_id")) \(to ?? "")"
            default: said("note", "reason", "text")
            }
        let actor = event["actor"]?.string.flatMap { $0 == "daemon" || $0 == "venue" ? nil : ", by \($0)" } ?? ""
        return "\(kind.replacing("_", with: " ")): \(words)\(actor)"
    }

    private static func order(_ event: JSON) -> String {
        let detail = event["detail"]
        var out = StoryVerbs.change(ShownEvent(event) ?? ShownEvent())
        if let from = event["from_state"]?.string, let to = event["to_state"]?.string, from != to { out += " (\(from) → \(to))" }
        var told: Set<String> = []
        for (name, word) in [("filled_quantity", "filled "), ("reject_code", ""), ("reject_text", ""), ("note", "")] {
            // A person's reason is on record as the order's and as the change's.
            if let value = detail?[name]?.text, told.insert(value).inserted { out += ", \(word)\(value)" }
        }
        return out
    }

    /// Events that were not shown, because more came than anybody reads.
    static func gap(after seq: Int64?) -> JSON {
        let line = seq.map { "`omsctl tail --after \($0)` has them all" } ?? "`omsctl tail` shows all"
        return .object([
            ("seq", .null), ("at", .null), ("kind", .string("gap")), ("account", .null), ("order", .null), ("mark", .string("gap")),
            ("text", .string("more events came than anybody reads, and are left out here; \(line)")),
        ])
    }

    /// `bad`: something needs a look; `watch`: it may; empty: the ordinary course.
    static func mark(_ event: JSON) -> String {
        let (kind, to) = (event["kind"]?.string, event["to_state"]?.string)
        switch (kind, to) {
        case ("break", "open"), ("account", "not_ready"), ("account", "halted"), ("guard", _): return "bad"
        case ("order", "in_doubt") where event["detail"]?["parked_at"]?.integer != nil: return "bad"
        case ("order", "rejected"), ("order", "in_doubt"), ("order", "denied"), ("order", "abandoned"), ("account", "reducing"), ("start", _),
            ("stream_down", _), ("command", "refused"):
            return "watch"
        default: return ""
        }
    }
}

/// The newest events, so many and no more, each with its place in the list.
struct ConsoleEventList {
    static let kept = 300
    /// As many go out at once.
    static let pageMax = 200

    private var lines: [[UInt8]] = []
    /// The place of the first line kept; the first of all stands at 1.
    private var first: Int64 = 1

    /// The place of the newest; 0: there is none.
    var last: Int64 { first + Int64(lines.count) - 1 }

    mutating func add(_ event: JSON) {
        lines.append(event.serialized())
        guard lines.count > Self.kept else { return }
        lines.removeFirst()
        first += 1
    }

    /// `{"events":[…],"next":N}`; nil: none came behind `after`. A place ahead of the list is another console's: all that is kept is told.
    func page(after: Int64?) -> [UInt8]? {
        let from = after.map { $0 > last ? first : max($0 + 1, first) } ?? max(first, last - Int64(Self.pageMax) + 1)
        guard from <= last else { return nil }
        let page = lines[Int(from - first)...].suffix(Self.pageMax)
        var out = JSONWriter(reserving: 256 * page.count)
        out.beginObject()
        out.member("next", last)
        out.key("events")
        out.beginArray()
        for line in page { out.raw(line) }
        out.endArray()
        out.endObject()
        return out.bytes
    }
}
