import OMSCore

/// Reads what a start needs, from the writer's connection or, to see whether the file can be trusted, from a read-only one.
struct JournalLoader {
    let connection: Connection

    func accounts() throws(JournalError) -> [Int64: AccountID] {
        var accounts: [Int64: AccountID] = [:]
        var names: Set<AccountID> = []
        let rows = try connection.prepare("SELECT account_key, account FROM accounts")
        while try rows.step() {
            let (key, account): (Int64, AccountID) = (try rows.next(), try rows.next())
            // Bytes that differ may be one name all the same.
            guard names.insert(account).inserted else { throw JournalError(.damaged, "two rows of accounts, \(key) and another, bear one name") }
            accounts[key] = account
        }
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
        state.accounts = Set(accounts.values)
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
        try loadGuards(into: &state)
        try loadPositions(into: &state, accounts: accounts)
        let trading = try connection.prepare("SELECT account_key, state, reason, actor, at FROM trading_state ORDER BY account_key")
        while try trading.step() {
            state.tradingStates.append(
                TradingStateRow(
                    account: try account(trading.next()), state: try trading.next(), reason: try trading.next(), actor: try trading.next(),
                    at: try trading.next()))
        }
        let breaks = try connection.prepare(
            """
            SELECT break_id, account_key, kind, client_order_id, venue_order_id, detail, at, acknowledged_at FROM breaks WHERE resolved_at IS NULL
            ORDER BY break_id
            """)
        while try breaks.step() {
            var broken = Break(
                id: try breaks.next(), account: try account(breaks.next()), kind: try breaks.next(), clientOrderID: try breaks.next(),
                venueOrderID: try breaks.next(), detail: try breaks.next(), at: try breaks.next())
            broken.acknowledgedAt = try breaks.next()
            state.openBreaks.append(broken)
        }
        try loadRehearsals(into: &state, account: account)
        let symbols = try connection.prepare("SELECT account_key, symbol FROM symbols ORDER BY account_key, symbol")
        while try symbols.step() {
            let account = try account(symbols.next())
            state.symbols[account, default: []].append(try symbols.next())
        }
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
            switch try rows.next(String.self) {
            case "id_tag": state.idTag = try rows.next()
            case "id_high_water": state.idHighWater = try rows.next()
            case "request_max": state.requestMax = try rows.next()
            case "gone_back_seq": state.goneBackSeq = try rows.next()
            case "boot_id": state.bootID = try rows.next(String.self)
            case let name where name.hasPrefix(Self.formulaBroken):
                if try rows.next() { state.formulaBroken.insert(AccountID(String(name.dropFirst(Self.formulaBroken.count)))) }
            case let name where name.hasPrefix(Self.lookupLag):
                state.lookupLags[AccountID(String(name.dropFirst(Self.lookupLag.count)))] = try rows.next(Int64.self)
            case let name where name.hasPrefix(Self.killSince): since[String(name.dropFirst(Self.killSince.count))] = try rows.next(Int64.self)
            case let name where name.hasPrefix(Self.cancelAll):
                cancelAll[String(name.dropFirst(Self.cancelAll.count))] = try rows.next(KillSnapshot.CancelAll.self)
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
            WHERE e.seq > ? AND e.seq <= ? AND e.kind IN ('closed', 'rejected', 'filled', 'resolved') AND a.account = ?
                AND o.closed_at IS NOT NULL
            """)
        try rows.bind(seq, seq.addingReportingOverflow(Self.killLines).partialValue, account)
        return try rows.step() ? try rows.next() : 0
    }

    private func loadOrders(into state: inout JournalState, accounts: [Int64: AccountID]) throws(JournalError) {
        let predicted = try connection.prepare(OrderColumns.selectPredicted)
        let rows = try connection.prepare(OrderColumns.select + " WHERE o.closed_at IS NULL AND i.complete = 1 ORDER BY o.order_key")
        while try rows.step() { state.orders.append(try OrderColumns.read(rows, accounts: accounts, predicted: predicted)) }
        let unlisted = try connection.prepare(
            OrderColumns.select + " WHERE o.order_key IN (SELECT order_key FROM unlisted) AND o.closed_at IS NOT NULL ORDER BY o.order_key")
        while try unlisted.step() { state.unlisted.append(try OrderColumns.read(unlisted, accounts: accounts, predicted: predicted)) }
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
                id: try rows.next(), kind: try rows.next(), order: try rows.next(), clientOrderID: try rows.next(), account: try account(rows.next()),
                intent: try rows.next(), price: try rows.next(), quantity: try rows.next(), onFailure: try rows.next(), requestedAt: try rows.next(),
                sequence: try rows.next(), expiresAt: try rows.next())
            command.state = try rows.next()
            command.attempts = try rows.next()
            command.request = try rows.next()
            command.closedAt = try rows.next()
            command.evidence = try rows.next()
            command.rejectCode = try rows.next()
            command.rejectText = try rows.next()
            state.commands.append(command)
        }
    }
}

/// Reading an `IntentRow` back.
enum IntentRowReader {
    static let select = """
        SELECT i.intent_key, i.intent_id, a.account, i.content_version, i.content, i.orders, i.commands, i.sequence, i.planned_requests, i.accepted_at,
            i.expires_at, i.tag, i.settled_at
        FROM intents i JOIN accounts a ON a.account_key = i.account_key
        """

    static func read(_ row: borrowing Statement) throws(JournalError) -> IntentRow {
        var intent = IntentRow(
            key: try row.next(), id: try row.next(), account: try row.next(),
            content: IntentContent(version: try row.next(), digest: try row.next()), orders: try row.next(),
            commands: try row.next(), sequence: try row.next(), plannedRequests: try row.next(), acceptedAt: try row.next(),
            expiresAt: try row.next(), tag: try row.next())
        intent.settledAt = try row.next()
        return intent
    }
}
