import Wire

/// The questions that a console asks a daemon, over a connection that is opened when it is needed.
struct ConsoleQuestions {
    let socketPath: String
    private var opened: Connection?
    /// Requests of each account, and when they were counted, by the boot clock.
    private var before: (at: Int64, requests: [String: Int64])?

    /// Lines of an order's story; of a longer one the beginning and the end are told.
    static let linesMax = 400
    static let ordersMax = 50

    init(socketPath: String) { self.socketPath = socketPath }

    /// After an error nobody can say what the connection still holds.
    mutating func hangUp() { (opened, before) = (nil, nil) }

    private mutating func call(_ method: String, _ members: [(String, JSON?)] = []) throws(Failure) -> JSON {
        if opened == nil { opened = try Connection(path: socketPath, patienceSeconds: ConsoleDesk.patienceSeconds) }
        guard let opened else { throw Failure(exitCode: .internal, text: "no connection") }
        do throws(Failure) { return try opened.call(method, members) } catch {
            if error.exitCode == .unreachable || error.exitCode == .internal { hangUp() }
            throw error
        }
    }

    /// How the daemon and its accounts stand.
    mutating func standing(now: Int64) throws(Failure) -> ConsoleModel.Answers {
        var answers = ConsoleModel.Answers()
        answers.daemon = try call("daemon.status")
        answers.accounts = try call("account.list")["accounts"]?.array ?? []
        answers.budgets = try call("limit.list")["budgets"]?.array ?? []
        func any(_ name: String) -> Bool { answers.accounts.contains { ConsoleModel.count($0, name) > 0 } }
        if any("breaks") {
            answers.breaks =
                try call("break.list", [("open", .bool(true)), ("limit", .number(String(ConsoleModel.breaksMax)))])["breaks"]?.array ?? []
        }
        if any("in_doubt") || any("parked") {
            let filter: [(String, JSON?)] = [("states", .array([.string("in_doubt")])), ("limit", .number(String(ConsoleModel.doubtsRead)))]
            answers.doubts = try call("order.list", filter)["orders"]?.array ?? []
        }
        var requests: [String: Int64] = [:]
        for account in answers.accounts { requests[account["account"]?.string ?? ""] = account["requests"]?.integer }
        answers.rates = before.map { WatchVerbs.rates(from: $0.requests, to: requests, inUs: now - $0.at) } ?? [:]
        before = (now, requests)
        return answers
    }

    // MARK: A search

    /// An order by either of its ids, or an intent: `{"kind":"order"|"intent"|"none", …}`.
    mutating func find(_ id: String) throws(Failure) -> JSON {
        if let order = try found("order.get", [("client_order_id", .string(id))]) { return try story(order) }
        // What is no name of an intent is refused as a parameter, and is none.
        if let intent = try found("intent.get", [("intent_id", .string(id))]) { return try self.intent(intent, id) }
        for account in try call("account.list")["accounts"]?.array ?? [] {
            if let order = try found("order.get", [("account", account["account"]), ("venue_order_id", .string(id))]) { return try story(order) }
        }
        return .object([
            ("kind", .string("none")),
            (
                "words",
                .string(
                    "nothing on record bears \(ConsoleModel.clipped(id)), as an order, an intent or at a venue: a typing error, or another journal")
            ),
        ])
    }

    private mutating func found(_ method: String, _ members: [(String, JSON?)]) throws(Failure) -> JSON? {
        do throws(Failure) { return try call(method, members) } catch {
            if error.isUnknownOrder || error.exitCode == .denied && error.text.contains("(-32602") { return nil }
            throw error
        }
    }

    private mutating func story(_ order: JSON) throws(Failure) -> JSON {
        let id = order["client_order_id"] ?? .null
        let timeline = try call("order.timeline", [("client_order_id", id)])
        let intent = try order["intent_id"].flatMap { $0.isNull ? nil : $0 }.map { id throws(Failure) in try call("intent.get", [("intent_id", id)]) }
        let text = StoryVerbs.story(order: order, intent: intent, timeline: timeline)
        let line = "omsctl why \((id.string ?? "").quotedForShell)"
        return .object([
            ("kind", .string("order")), ("id", id), ("state", order["state"] ?? .null), ("parts", Need.json([.command(line)])),
            ("lines", .array(Self.cut(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)).map { .string($0) })),
        ])
    }

    private mutating func intent(_ intent: JSON, _ id: String) throws(Failure) -> JSON {
        let filter: [(String, JSON?)] = [("intent_id", .string(id)), ("limit", .number(String(Self.ordersMax)))]
        let orders = try call("order.list", filter)
        let columns = ["client_order_id", "symbol", "side", "price", "quantity", "filled_quantity", "state"]
        let rows = (orders["orders"]?.array ?? []).map { order in
            JSON.object(columns.map { ($0, .string(ConsoleModel.clipped(Table.cell(order[$0], named: $0)))) })
        }
        return .object([
            ("kind", .string("intent")), ("id", .string(id)), ("state", intent["state"] ?? .null),
            ("parts", Need.json([.command("omsctl orders --intent \(id.quotedForShell)")])),
            ("lines", .array(Context.summary(intent).split(separator: "\n").map { .string(String($0)) })),
            ("orders", .array(rows)), ("more", .bool(!(orders["next"]?.isNull ?? true))),
        ])
    }

    static func cut(_ lines: [String]) -> [String] {
        guard lines.count > linesMax else { return lines.map { clip($0) } }
        let head = 100
        let tail = linesMax - head - 1
        return (lines.prefix(head) + ["… \(lines.count - head - tail) lines are left out here; the line above shows all"] + lines.suffix(tail)).map {
            clip($0)
        }
    }

    private static func clip(_ line: String) -> String { line.count > 2_000 ? line.prefix(2_000) + "…" : line }

    // MARK: Plots

    static let plotSpanUs: Int64 = 3_600_000_000
    static let plotStepMs: Int64 = 60_000

    /// `stats.get` of the last hour, in whole steps: `{"points":[…]}`.
    mutating func plots(now: Int64) throws(Failure) -> JSON {
        let step = Self.plotStepMs * 1_000
        let to = (now / step + 1) * step
        let numbers: [(String, Int64)] = [("from", to - Self.plotSpanUs), ("to", to), ("step_ms", Self.plotStepMs)]
        return try call("stats.get", numbers.map { ($0.0, .number(String($0.1))) })
    }
}
