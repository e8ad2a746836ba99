import OMSCore
import Wire

/// What the page shows of a daemon, made of its answers alone. All text is written out for a person; the page only lays it out.
struct ConsoleModel {
    /// What the daemon answered, at one time.
    struct Answers: Sendable {
        var daemon: JSON = .null
        var accounts: [JSON] = []
        var budgets: [JSON] = []
        /// Open ones, at most ``breaksMax``.
        var breaks: [JSON] = []
        /// Orders in doubt, oldest first, at most ``doubtsRead``.
        var doubts: [JSON] = []
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
        let kinds = answers.breaks.map { (account: $0["account"]?.string ?? "", kind: $0["kind"]?.string ?? "") }
        kindsOfBreaks = Dictionary(grouping: kinds, by: \.account).mapValues { $0.map(\.kind) }
    }

    var json: JSON {
        let needs = Need.all(daemon: answers.daemon, accounts: answers.accounts, openBreaks: openBreaks)
        let doubts = answers.accounts.reduce(0 as Int64) { $0 + Self.count($1, "in_doubt") }
        var model: [(key: String, value: JSON)] = [
            ("version", text(answers.daemon["version"])), ("uptime_us", answers.daemon["uptime_us"] ?? .null),
            ("seq", answers.daemon["seq"] ?? .null),
            ("verdict", .string(verdict(needs))), ("headline", .string(headline(needs, doubts))),
        ]
        model.append(("needs", .array(needs.prefix(Self.accountsMax).map { .object([("account", text($0.account)), ("parts", parts(of: $0))]) })))
        model.append(("accounts", .array(sorted(answers.accounts).prefix(Self.accountsMax).map(account))))
        model.append(("accounts_left_out", .number(String(max(0, answers.accounts.count - Self.accountsMax)))))
        model.append(("budgets", .array(answers.budgets.prefix(Self.budgetsMax).map(budget))))
        model.append(("breaks", .array(answers.breaks.prefix(Self.breaksMax).map(oneBreak))))
        model.append(("breaks_total", .number(String(answers.accounts.reduce(0 as Int64) { $0 + Self.count($1, "breaks") }))))
        model.append(("doubts", .array(shownDoubts.map(doubt))))
        model.append(("doubts_total", .number(String(doubts))))
        return .object(model)
    }

    // MARK: In a word

    private func verdict(_ needs: [Need]) -> String {
        if !needs.isEmpty { return "person" }
        let isCalm = answers.accounts.allSatisfy { $0["state"]?.string == "active" && Self.count($0, "in_doubt") == 0 }
        return isCalm ? "right" : "watch"
    }

    private func headline(_ needs: [Need], _ doubts: Int64) -> String {
        if answers.accounts.isEmpty { return "No account is configured" }
        if !needs.isEmpty { return needs.count == 1 ? "One thing needs a person" : "\(needs.count) things need a person" }
        var words: [String] = []
        if doubts > 0 { words.append("\(doubts) in doubt, and being settled") }
        let reducing = answers.accounts.count { $0["state"]?.string == "reducing" }
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
    private func sorted(_ accounts: [JSON]) -> [JSON] {
        let troubled = accounts.filter(isTroubled)
        return troubled + accounts.filter { !isTroubled($0) }
    }

    private func isTroubled(_ account: JSON) -> Bool {
        account["ready"] != .bool(true) || account["state"]?.string != "active"
            || ["parked", "breaks", "in_doubt"].contains { Self.count(account, $0) > 0 }
    }

    private func openBreaks(of account: JSON) -> String {
        let total = Self.count(account, "breaks")
        let kinds = kindsOfBreaks[account["account"]?.string ?? ""] ?? []
        // The list may have been cut, or be a moment older.
        guard Int64(kinds.count) == total else { return total > 0 ? String(total) : "" }
        return Dictionary(grouping: kinds, by: { $0 }).sorted { $0.key < $1.key }.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
    }

    private func account(_ account: JSON) -> JSON {
        let numbers = [
            "open", "in_doubt", "parked", "breaks", "in_flight", "clock_offset_ms", "last_answer_at", "last_reconcile_at", "last_error_at",
            "oldest_doubt_at",
        ]
        let lanes = ["place", "cancel", "modify", "lookup"]
        let name = account["account"]?.string ?? ""
        var members = texts(account, ["account", "venue", "product", "state", "reason", "last_error"]) + self.numbers(account, numbers)
        members.append(("ready", .bool(account["ready"] == .bool(true))))
        members.append(("troubled", .bool(isTroubled(account))))
        members.append(("queue", .object(self.numbers(account["queue"] ?? .null, lanes))))
        let states = OrderCounts.states.map(\.rawValue)
        members.append(("counts", account["counts"].map { .object(self.numbers($0, states)) } ?? .null))
        members.append(("rate", answers.rates[name].map { .number(Self.oneDecimal($0)) } ?? .null))
        return .object(members)
    }

    private func budget(_ budget: JSON) -> JSON {
        .object(
            texts(budget, ["account", "budget", "scope"])
                + numbers(budget, ["permits", "window_ms", "in_use", "share", "next_free_at", "busiest_window"]))
    }

    // MARK: What waits

    private func oneBreak(_ row: JSON) -> JSON {
        let kind = row["kind"]?.string ?? ""
        let words = ExplainVerb.own.first { $0.names.contains(kind) }?.words
        var lines: [Need.Part] = []
        if let order = row["client_order_id"]?.string { lines.append(.command("omsctl why \(order.quotedForShell)")) }
        if let id = row["break_id"]?.integer { lines.append(.command("omsctl break acknowledge \(id) --reason TEXT")) }
        var members = texts(row, ["account", "kind", "client_order_id", "venue_order_id", "detail"]) + numbers(row, ["break_id", "at"])
        members.append(("words", Need.json(words.map(Need.parts(ofOwnWords:)) ?? [])))
        members.append(("parts", Need.json(lines)))
        return .object(members)
    }

    private var shownDoubts: [JSON] {
        let parked = answers.doubts.filter(Self.isParked)
        return Array((parked + answers.doubts.filter { !Self.isParked($0) }).prefix(Self.doubtsMax))
    }

    private static func isParked(_ order: JSON) -> Bool { order["parked_at"]?.integer != nil }

    private func doubt(_ order: JSON) -> JSON {
        let id = (order["client_order_id"]?.string ?? "").quotedForShell
        var lines: [Need.Part] = [.command("omsctl why \(id)")]
        if Self.isParked(order) { lines.append(.command("omsctl resolve \(id) absent|placed --reason TEXT")) }
        let texts = texts(order, ["client_order_id", "account", "symbol", "side", "price", "quantity"])
        return .object(texts + numbers(order, ["intended_at", "parked_at", "attempts"]) + [("parts", Need.json(lines))])
    }

    // MARK: Values

    private func texts(_ object: JSON, _ names: [String]) -> [(key: String, value: JSON)] { names.map { ($0, text(object[$0])) } }
    private func numbers(_ object: JSON, _ names: [String]) -> [(key: String, value: JSON)] { names.map { ($0, number(object[$0])) } }

    static func count(_ object: JSON, _ name: String) -> Int64 { min(max(object[name]?.integer ?? 0, 0), 1_000_000_000_000) }

    /// What steers a terminal or turns a line of text around is written out, as the page is read next to lines to copy.
    static func clipped(_ text: String) -> String {
        let text = text.escapedForTerminal
        return text.count > textMax ? text.prefix(textMax) + "…" : text
    }

    private func text(_ value: JSON?) -> JSON { value?.text.map { .string(Self.clipped($0)) } ?? .null }
    private func text(_ value: String?) -> JSON { value.map { .string(Self.clipped($0)) } ?? .null }
    /// Whole numbers that a browser holds exactly; nothing else.
    private func number(_ value: JSON?) -> JSON {
        guard let number = value?.integer, number.magnitude < 1 << 53 else { return .null }
        return .number(String(number))
    }

    private static func oneDecimal(_ rate: Double) -> String {
        rate.isFinite ? String((min(max(rate, 0), 1e12) * 10).rounded() / 10) : "0"
    }
}
