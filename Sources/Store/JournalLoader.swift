import OMSCore

/// Reads what a start needs, from the writer's connection or, to see whether the file can be trusted, from a read-only one.
struct JournalLoader {
    let connection: Connection

    func accounts() throws(JournalError) -> [Int64: AccountID] {
        var accounts: [Int64: AccountID] = [:]
        let rows = try connection.prepare("SELECT account_key, account FROM accounts")
        while try rows.step() { accounts[rows.integer(0)] = AccountID(rows.text(1)) }
        return accounts
    }

    /// The last sequence number in use.
    func seq() throws(JournalError) -> Int64 {
        try connection.integer("SELECT max(coalesce((SELECT max(order_key) FROM orders), 0), coalesce((SELECT max(seq) FROM events), 0))") ?? 0
    }

    /// Not settled, or canceled since with a command still open. What is not settled has a live order or an open command: an index of its own would
    /// cost each small intent one more page.
    static let busyIntents = """
        i.complete = 1 AND i.intent_key IN (
            SELECT o.intent_key FROM orders o JOIN intents n ON n.intent_key = o.intent_key WHERE o.closed_at IS NULL AND n.settled_at IS NULL
            UNION SELECT intent_key FROM commands WHERE closed_at IS NULL) ORDER BY i.intent_key
        """

    /// Live rows only, whatever the journal's age: partial indexes lead to them.
    func load() throws(JournalError) -> JournalState {
        var state = JournalState()
        let accounts = try accounts()
        func account(_ key: Int64) throws(JournalError) -> AccountID {
            guard let account = accounts[key] else { throw JournalError(.damaged, "a row of an account that has no row") }
            return account
        }
        state.seq = try seq()
        try loadMeta(into: &state)
        try loadOrders(into: &state, accounts: accounts)
        try loadCommands(into: &state, account: account)

        let intents = try connection.prepare(IntentRowReader.select + " WHERE " + Self.busyIntents)
        while try intents.step() { state.intents.append(try IntentRowReader.read(intents)) }

        for pinned in try pinnedIdentities() { state.identities[pinned.account] = pinned }
        try loadLimits(into: &state)
        let trading = try connection.prepare("SELECT account_key, state, reason, actor, at FROM trading_state ORDER BY account_key")
        while try trading.step() {
            state.tradingStates.append(
                TradingStateRow(
                    account: try account(trading.integer(0)), state: try trading.word(1, as: TradingState.self), reason: trading.text(2),
                    actor: try Self.actor(trading.text(3)), at: trading.integer(4)))
        }
        let breaks = try connection.prepare(
            """
            SELECT break_id, account_key, kind, client_order_id, venue_order_id, detail, at, acknowledged_at FROM breaks WHERE resolved_at IS NULL
            ORDER BY break_id
            """)
        while try breaks.step() {
            var broken = Break(
                id: breaks.integer(0), account: try account(breaks.integer(1)), kind: try breaks.word(2, as: BreakKind.self),
                clientOrderID: breaks.optionalText(3).map { ClientOrderID($0) }, venueOrderID: breaks.optionalText(4).map { VenueOrderID($0) },
                detail: breaks.text(5), at: breaks.integer(6))
            broken.acknowledgedAt = breaks.optionalInteger(7)
            state.openBreaks.append(broken)
        }
        let symbols = try connection.prepare("SELECT account_key, symbol FROM symbols ORDER BY account_key, symbol")
        while try symbols.step() { state.symbols[try account(symbols.integer(0)), default: []].append(Symbol(symbols.text(1))) }
        try checkRanges(of: state)
        return state
    }

    /// 1: the account's ids at the venue were seen not to follow their formula; its name follows.
    static let formulaBroken = "formula_broken/"
    /// The last number of the record when emptying the account began (0: it is over), and how its cancel-all stands; its name follows.
    static let killSince = "kill_since/"
    static let cancelAll = "cancel_all/"

    /// How far behind look-ups of an account were seen to be, microseconds; its name follows.
    static let lookupLag = "lookup_lag_us/"

    private func loadMeta(into state: inout JournalState) throws(JournalError) {
        var (since, cancelAll): ([String: Int64], [String: KillSnapshot.CancelAll]) = ([:], [:])
        let rows = try connection.prepare("SELECT key, value FROM meta")
        while try rows.step() {
            switch rows.text(0) {
            case "id_tag": state.idTag = rows.text(1)
            case "id_high_water": state.idHighWater = rows.integer(1)
            case "request_max": state.requestMax = rows.integer(1)
            case "gone_back_seq": state.goneBackSeq = rows.integer(1)
            case "boot_id": state.bootID = rows.text(1)
            case let name where name.hasPrefix(Self.formulaBroken):
                if rows.integer(1) != 0 { state.formulaBroken.insert(AccountID(String(name.dropFirst(Self.formulaBroken.count)))) }
            case let name where name.hasPrefix(Self.lookupLag):
                state.lookupLags[AccountID(String(name.dropFirst(Self.lookupLag.count)))] = rows.integer(1)
            case let name where name.hasPrefix(Self.killSince): since[String(name.dropFirst(Self.killSince.count))] = rows.integer(1)
            case let name where name.hasPrefix(Self.cancelAll):
                cancelAll[String(name.dropFirst(Self.cancelAll.count))] = try rows.word(1, as: KillSnapshot.CancelAll.self)
            default: continue  // Written for people.
            }
        }
        for account in Set(since.keys).union(cancelAll.keys).sorted() {
            let begun = since[account].flatMap { $0 > 0 ? $0 : nil }
            var kill = KillRow(account: AccountID(account), since: begun, cancelAll: cancelAll[account] ?? .notAsked)
            guard begun != nil || kill.cancelAll != .notAsked else { continue }
            if let begun { kill.closed = try closedOrders(of: account, since: begun) }
            state.kills.append(kill)
        }
        guard state.idTag.utf8.count == 4 else { throw JournalError(.damaged, "the journal's id tag is missing") }
    }

    /// How far behind a kill's beginning its ends are looked for: a start must not read what was recorded in months of a halt.
    private static let killLines: Int64 = 1_000_000

    /// Orders of an account that ended behind a number of the record, and did not stand up again.
    private func closedOrders(of account: String, since seq: Int64) throws(JournalError) -> Int {
        let rows = try connection.prepare(
            """
            SELECT count(DISTINCT o.order_key) FROM events e CROSS JOIN orders o USING (order_key) JOIN accounts a ON a.account_key = o.account_key
            WHERE e.seq > ?1 AND e.seq <= ?3 AND e.kind IN ('closed', 'rejected', 'filled', 'resolved') AND a.account = ?2
                AND o.closed_at IS NOT NULL
            """)
        try rows.bind(seq, at: 1)
        try rows.bind(account, at: 2)
        try rows.bind(seq.addingReportingOverflow(Self.killLines).partialValue, at: 3)
        return try rows.step() ? Int(clamping: rows.integer(0)) : 0
    }

    private func loadOrders(into state: inout JournalState, accounts: [Int64: AccountID]) throws(JournalError) {
        let predicted = try connection.prepare(OrderRow.selectPredicted)
        let rows = try connection.prepare(OrderRow.select + " WHERE o.closed_at IS NULL AND i.complete = 1 ORDER BY o.order_key")
        while try rows.step() { state.orders.append(try OrderRow.read(rows, accounts: accounts, predicted: predicted)) }
        let unlisted = try connection.prepare(
            OrderRow.select + " WHERE o.order_key IN (SELECT order_key FROM unlisted) AND o.closed_at IS NOT NULL ORDER BY o.order_key")
        while try unlisted.step() { state.unlisted.append(try OrderRow.read(unlisted, accounts: accounts, predicted: predicted)) }
    }

    private func loadCommands(into state: inout JournalState, account: (Int64) throws(JournalError) -> AccountID) throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT c.command_id, c.kind, c.order_key, o.client_order_id, c.account_key, c.intent_key, c.price, c.quantity, c.on_failure,
                c.requested_at, c.sequence, c.expires_at, c.state, c.attempts, c.request_id, c.closed_at, c.evidence, c.reject_code, c.reject_text
            FROM commands c CROSS JOIN orders o ON o.order_key = c.order_key LEFT JOIN intents i ON i.intent_key = c.intent_key
            WHERE c.closed_at IS NULL AND i.complete IS NOT 0 ORDER BY c.command_id
            """)
        while try rows.step() {
            var command = OrderCommand(
                id: CommandID(rows.integer(0)), kind: try rows.word(1, as: CommandKind.self), order: OrderKey(rows.integer(2)),
                clientOrderID: ClientOrderID(rows.text(3)), account: try account(rows.integer(4)),
                intent: rows.optionalInteger(5).map { IntentKey($0) }, price: try rows.optionalDecimal(6), quantity: try rows.optionalDecimal(7),
                onFailure: try rows.word(8, as: OnFailure.self), requestedAt: rows.integer(9),
                sequence: try rows.word(10, as: IntentSequence.self), expiresAt: rows.optionalInteger(11))
            command.state = try rows.word(12, as: CommandState.self)
            command.attempts = Int(rows.integer(13))
            command.request = rows.optionalInteger(14).map { RequestID($0) }
            command.closedAt = rows.optionalInteger(15)
            command.evidence = try rows.word(16, as: Evidence.self)
            command.rejectCode = rows.optionalText(17)
            command.rejectText = rows.optionalText(18)
            state.commands.append(command)
        }
    }

    /// `Actor.text`, read back.
    static func actor(_ text: String) throws(JournalError) -> Actor {
        switch text {
        case Actor.daemon.text: return .daemon
        case Actor.venue.text: return .venue
        default:
            let parts = text.split(separator: " ")
            guard parts.count == 2, parts[0].hasPrefix("uid:"), parts[1].hasPrefix("pid:"), let uid = UInt32(parts[0].dropFirst(4)),
                let pid = Int32(parts[1].dropFirst(4))
            else { throw JournalError(.damaged, "an actor that cannot be read") }
            return .peer(uid: uid, pid: pid)
        }
    }
}

/// Reading an `IntentRow` back.
enum IntentRowReader {
    static let select = """
        SELECT i.intent_key, i.intent_id, a.account, i.content, i.orders, i.commands, i.sequence, i.planned_requests, i.accepted_at,
            i.expires_at, i.settled_at
        FROM intents i JOIN accounts a ON a.account_key = i.account_key
        """

    static func read(_ row: borrowing Statement) throws(JournalError) -> IntentRow {
        let content = row.bytes(3)
        guard content.count == 32 else { throw JournalError(.damaged, "an intent's content is not 32 bytes") }
        var intent = IntentRow(
            key: IntentKey(row.integer(0)), id: IntentID(row.text(1)), account: AccountID(row.text(2)), content: Digest256(content),
            orders: Int(row.integer(4)), commands: Int(row.integer(5)), sequence: try row.word(6, as: IntentSequence.self),
            plannedRequests: Int(row.integer(7)), acceptedAt: row.integer(8), expiresAt: row.optionalInteger(9))
        intent.settledAt = row.optionalInteger(10)
        return intent
    }
}
