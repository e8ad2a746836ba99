import ControlAPI
import Wire

/// What the page shows of a daemon, made of its answers alone. All text is written out for a person; the page only lays it out.
struct ConsoleModel {
    /// What the daemon answered, at one time.
    struct Answers: Sendable {
        var daemon = DaemonStatus.Result()
        var accounts: [ShownAccount] = []
        var budgets: [ShownBudget] = []
        /// Open ones, at most ``breaksMax``.
        var breaks: [ShownBreak] = []
        /// Orders in doubt, oldest first, at most ``doubtsRead``.
        var doubts: [ShownOrder] = []
        /// Requests a second by account, since the answers before.
        var rates: [String: Double] = [:]
    }

    static let breaksMax = 100
    static let doubtsRead = 200
    /// Of the orders in doubt so many are shown, those that wait for a person first.
    static let doubtsMax = 40
    static let accountsMax = 200
    static let budgetsMax = 1_000
    /// Letters of a text from outside.
    static let textMax = 300

    let answers: Answers
    private let kindsOfBreaks: [String: [String]]

    init(answers: Answers) {
        self.answers = answers
        kindsOfBreaks = Dictionary(grouping: answers.breaks, by: \.account).mapValues { $0.map(\.kind) }
    }

    var json: JSON {
        let needs = Need.all(daemon: answers.daemon, accounts: answers.accounts, openBreaks: openBreaks)
        let doubts = answers.accounts.reduce(0 as Int64) { $0 + Self.clamped($1.inDoubt) }
        var model: [(key: String, value: JSON)] = [
            ("version", text(answers.daemon.version)), ("uptime_us", number(answers.daemon.uptimeUs)), ("seq", number(answers.daemon.seq)),
            ("verdict", .string(verdict(needs))), ("headline", .string(headline(needs, doubts))),
        ]
        model.append(("needs", .array(needs.prefix(Self.accountsMax).map { .object([("account", text($0.account)), ("parts", parts(of: $0))]) })))
        model.append(("accounts", .array(sorted(answers.accounts).prefix(Self.accountsMax).map(account))))
        model.append(("accounts_left_out", .number(String(max(0, answers.accounts.count - Self.accountsMax)))))
        model.append(("budgets", .array(answers.budgets.prefix(Self.budgetsMax).map(budget))))
        model.append(("breaks", .array(answers.breaks.prefix(Self.breaksMax).map(oneBreak))))
        model.append(("breaks_total", .number(String(answers.accounts.reduce(0 as Int64) { $0 + Self.clamped($1.breaks) }))))
        model.append(("doubts", .array(shownDoubts.map(doubt))))
        model.append(("doubts_total", .number(String(doubts))))
        return .object(model)
    }

    // MARK: In a word

    private func verdict(_ needs: [Need]) -> String {
        if !needs.isEmpty { return "person" }
        let isCalm = answers.accounts.allSatisfy { $0.state == "active" && $0.inDoubt == 0 }
        return isCalm ? "right" : "watch"
    }

    private func headline(_ needs: [Need], _ doubts: Int64) -> String {
        if answers.accounts.isEmpty { return "No account is configured" }
        if !needs.isEmpty { return needs.count == 1 ? "One thing needs a person" : "\(needs.count) things need a person" }
        var words: [String] = []
        if doubts > 0 { words.append("\(doubts) in doubt, and being settled") }
        let reducing = answers.accounts.count { $0.state == "reducing" }
        if reducing > 0 { words.append("\(reducing) reducing") }
        return words.isEmpty ? "It is all right" : "Nothing needs a person: " + words.joined(separator: "; ")
    }

    private func parts(of need: Need) -> JSON {
        var parts = need.parts.map { part -> Need.Part in
            if case .words(let words) = part { .words(Self.clipped(words)) } else { part }
        }
        if case .words(let words)? = need.parts.first, words.hasPrefix("not ready: ") {
            parts += [.words(". It is tried again by itself; what led to it: "), .command("journalctl -u omsd -n 50")]
        }
        return Need.json(parts)
    }

    // MARK: Accounts

    /// Those that need a look first; among equals as the configuration has them.
    private func sorted(_ accounts: [ShownAccount]) -> [ShownAccount] { accounts.filter(\.isTroubled) + accounts.filter { !$0.isTroubled } }

    private func openBreaks(of account: ShownAccount) -> String {
        let total = Self.clamped(account.breaks)
        let kinds = kindsOfBreaks[account.account] ?? []
        // The list may have been cut, or be a moment older.
        guard Int64(kinds.count) == total else { return total > 0 ? String(total) : "" }
        return Dictionary(grouping: kinds, by: { $0 }).sorted { $0.key < $1.key }.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
    }

    private func account(_ account: ShownAccount) -> JSON {
        let queue = account.queue
        let lanes: [(key: String, value: JSON)] = [
            ("place", number(queue.place)), ("cancel", number(queue.cancel)), ("modify", number(queue.modify)), ("lookup", number(queue.lookup)),
        ]
        let counts = account.counts.map { counts in JSON.object(Words.openState.map { ($0, number(counts[$0])) }) }
        return .object([
            ("account", text(account.account)), ("venue", text(account.venue)), ("product", text(account.product)), ("state", text(account.state)),
            ("state_by", text(account.stateBy)), ("state_reason", text(account.stateReason)), ("state_at", number(account.stateAt)),
            ("reason", text(account.reason)), ("last_error", text(account.lastError)), ("open", number(account.open)),
            ("in_doubt", number(account.inDoubt)), ("parked", number(account.parked)), ("breaks", number(account.breaks)),
            ("in_flight", number(account.inFlight)), ("clock_offset_ms", number(account.clockOffsetMs)),
            ("last_answer_at", number(account.lastAnswerAt)), ("last_reconcile_at", number(account.lastReconcileAt)),
            ("last_error_at", number(account.lastErrorAt)), ("oldest_doubt_at", number(account.oldestDoubtAt)), ("ready", .bool(account.isReady)),
            (
                "stream",
                .object([
                    ("state", text(account.stream.state)), ("since", number(account.stream.since)), ("late", number(account.stream.late)),
                    ("last_error", text(account.stream.lastError)),
                ])
            ), ("troubled", .bool(account.isTroubled)), ("queue", .object(lanes)), ("counts", counts ?? .null),
            ("rate", answers.rates[account.account].map { .number(Self.oneDecimal($0)) } ?? .null),
        ])
    }

    private func budget(_ budget: ShownBudget) -> JSON {
        .object([
            ("account", text(budget.account)), ("budget", text(budget.budget)), ("scope", text(budget.scope)), ("permits", number(budget.permits)),
            ("window_ms", number(budget.windowMs)), ("in_use", number(budget.inUse)), ("share", number(budget.share)),
            ("next_free_at", number(budget.nextFreeAt)), ("busiest_window", number(budget.busiestWindow)),
        ])
    }

    // MARK: What waits

    private func oneBreak(_ row: ShownBreak) -> JSON {
        let words = ExplainVerb.own.first { $0.names.contains(row.kind) }?.words
        var lines: [Need.Part] = []
        if let order = row.clientOrderID { lines.append(.command("omsctl why \(order.quotedForShell)")) }
        lines.append(.command("omsctl break acknowledge \(row.breakID) --reason TEXT"))
        return .object([
            ("account", text(row.account)), ("kind", text(row.kind)), ("client_order_id", text(row.clientOrderID)),
            ("venue_order_id", text(row.venueOrderID)), ("detail", text(row.detail)), ("break_id", number(row.breakID)), ("at", number(row.at)),
            ("words", Need.json(words.map(Need.parts(ofOwnWords:)) ?? [])), ("parts", Need.json(lines)),
        ])
    }

    private var shownDoubts: [ShownOrder] {
        let parked = answers.doubts.filter { $0.parkedAt != nil }
        return Array((parked + answers.doubts.filter { $0.parkedAt == nil }).prefix(Self.doubtsMax))
    }

    private func doubt(_ order: ShownOrder) -> JSON {
        let id = order.clientOrderID.quotedForShell
        var lines: [Need.Part] = [.command("omsctl why \(id)")]
        if order.parkedAt != nil { lines.append(.command("omsctl resolve \(id) absent|placed --reason TEXT")) }
        return .object([
            ("client_order_id", text(order.clientOrderID)), ("account", text(order.account)), ("symbol", text(order.symbol)),
            ("side", text(order.side)), ("price", text(order.price)), ("quantity", text(order.quantity)), ("intended_at", number(order.intendedAt)),
            ("parked_at", number(order.parkedAt)), ("attempts", number(order.attempts)), ("parts", Need.json(lines)),
        ])
    }

    // MARK: Values

    static func clamped(_ count: Int64) -> Int64 { min(max(count, 0), 1_000_000_000_000) }

    /// What steers a terminal or turns a line of text around is written out, as the page is read next to lines to copy.
    static func clipped(_ text: String) -> String {
        let text = text.escapedForTerminal
        return text.count > textMax ? text.prefix(textMax) + "…" : text
    }

    private func text(_ value: String?) -> JSON { value.map { .string(Self.clipped($0)) } ?? .null }
    /// Whole numbers that a browser holds exactly; nothing else.
    private func number(_ value: Int64?) -> JSON {
        guard let number = value, number.magnitude < 1 << 53 else { return .null }
        return .number(String(number))
    }

    private static func oneDecimal(_ rate: Double) -> String {
        rate.isFinite ? String((min(max(rate, 0), 1e12) * 10).rounded() / 10) : "0"
    }
}
