import ControlAPI
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

    private mutating func ask<M: Method>(_ method: M.Type, _ parameters: M.Parameters = M.Parameters()) throws(Failure) -> Answer<M.Result> {
        if opened == nil { opened = try Connection(path: socketPath, patienceSeconds: ConsoleDesk.patienceSeconds) }
        guard let opened else { throw Failure(exitCode: .internal, text: "no connection") }
        do throws(Failure) { return try opened.ask(method, parameters) } catch {
            if error.exitCode == .unreachable || error.exitCode == .internal { hangUp() }
            throw error
        }
    }

    /// How the daemon and its accounts stand.
    mutating func standing(now: Int64) throws(Failure) -> ConsoleModel.Answers {
        var answers = ConsoleModel.Answers()
        answers.daemon = try ask(DaemonStatus.self).value
        answers.accounts = try ask(AccountList.self).accounts
        answers.budgets = try ask(LimitList.self).budgets
        if answers.accounts.contains(where: { $0.breaks > 0 }) {
            var open = BreakList.Parameters()
            (open.isOpen, open.page) = (true, Page(limit: Int64(ConsoleModel.breaksMax)))
            answers.breaks = try ask(BreakList.self, open).breaks
        }
        if answers.accounts.contains(where: { $0.inDoubt > 0 || $0.parked > 0 }) {
            var doubts = OrderList.Parameters()
            (doubts.selection.states, doubts.page) = (["in_doubt"], Page(limit: Int64(ConsoleModel.doubtsRead)))
            answers.doubts = try ask(OrderList.self, doubts).orders
        }
        var requests: [String: Int64] = [:]
        for account in answers.accounts { requests[account.account] = account.requests }
        answers.rates = before.map { WatchVerbs.rates(from: $0.requests, to: requests, inUs: now - $0.at) } ?? [:]
        before = (now, requests)
        return answers
    }

    // MARK: A search

    /// An order by either of its ids, or an intent: `{"kind":"order"|"intent"|"none", …}`.
    mutating func find(_ id: String) throws(Failure) -> JSON {
        if let order = try found(OrderGet.self, OrderGet.Parameters(id)) { return try story(order.value) }
        // What is no name of an intent is refused as a parameter, and is none.
        if let intent = try found(IntentGet.self, IntentGet.Parameters(id)) { return try self.intent(intent.value, id) }
        for account in try ask(AccountList.self).accounts {
            let parameters = OrderGet.Parameters(account: account.account, venueOrderID: id)
            if let order = try found(OrderGet.self, parameters) { return try story(order.value) }
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

    private mutating func found<M: Method>(_ method: M.Type, _ parameters: M.Parameters) throws(Failure) -> Answer<M.Result>? {
        do throws(Failure) { return try ask(method, parameters) } catch {
            if error.isUnknownOrder || error.isWrongParameter { return nil }
            throw error
        }
    }

    private mutating func story(_ order: ShownOrder) throws(Failure) -> JSON {
        let id = order.clientOrderID
        let timeline = try ask(OrderTimeline.self, OrderTimeline.Parameters(id))
        let intent = try order.intentID.map { id throws(Failure) in try ask(IntentGet.self, IntentGet.Parameters(id)) }
        let text = StoryVerbs.story(order: order, intent: intent?.intent, timeline: timeline.value)
        let line = "omsctl why \(id.quotedForShell)"
        return .object([
            ("kind", .string("order")), ("id", .string(id)), ("state", .string(order.state)), ("parts", Need.json([.command(line)])),
            ("lines", .array(Self.cut(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)).map { .string($0) })),
        ])
    }

    private mutating func intent(_ intent: IntentStanding, _ id: String) throws(Failure) -> JSON {
        var filter = OrderList.Parameters()
        (filter.intentID, filter.page) = (id, Page(limit: Int64(Self.ordersMax)))
        let orders = try ask(OrderList.self, filter)
        let columns = ["client_order_id", "symbol", "side", "price", "quantity", "filled_quantity", "state"]
        let rows = (orders.json["orders"]?.array ?? []).map { order in
            JSON.object(columns.map { ($0, .string(ConsoleModel.clipped(Table.cell(order[$0], named: $0)))) })
        }
        return .object([
            ("kind", .string("intent")), ("id", .string(id)), ("state", .string(intent.intent.state)),
            ("parts", Need.json([.command("omsctl orders --intent \(id.quotedForShell)")])),
            ("lines", .array(Context.summary(intent).split(separator: "\n").map { .string(String($0)) })),
            ("orders", .array(rows)), ("more", .bool(orders.next != nil)),
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
        return try ask(StatsGet.self, StatsGet.Parameters(from: to - Self.plotSpanUs, to: to, stepMs: Self.plotStepMs)).json
    }
}
