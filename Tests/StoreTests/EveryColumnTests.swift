import CLinux
import CSQLite
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

extension Sample {
    /// One row at least in every table, all of it sealed, closed.
    static func full() throws -> Sample {
        let sample = try Sample()
        let journal = try sample.open
        let pinned = PinnedIdentity(
            account: az, venue: "az-futures", product: "usdt", uid: "U1", origin: "https://a:443", keyInUse: "k2", keys: ["k1", "k2"],
            former: [FormerPlace(since: 0, until: 1, uid: "U0", origin: "https://b:443")])
        try journal.commit([.identity(pinned, sample.event(.identity))])
        let budget = BudgetRow(id: 1, venue: "az-futures", owner: "k2", name: "batch-place", scope: .apikey, permits: 9, windowMs: 1_000, learned: 8)
        let rest = BudgetRest(budget: 1, usableShare: 5, rest: Rest(until: 10, lastsUs: 5, untilWall: 20), recoversAt: 30)
        let ban = VenueBan(family: "az", rest: Rest(until: 1, lastsUs: 2, untilWall: 3), words: "go away")
        try journal.commit([.budget(budget), .budgetRest(rest), .ban(ban), .boot(id: "boot-1"), .idHighWater(4_096)])
        let opened = sample.event(.sessionGuard) { ($0.state, $0.note, $0.facts) = ("held", "began", [.init("guard_id", $0.seq)]) }
        let held = GuardRow(
            id: GuardID(opened.seq), user: 7, accounts: [az], onLost: .cancel, heartbeatMs: 500, graceMs: 5_000, openedAt: opened.at,
            token: Digest256([UInt8](repeating: 9, count: 32)), reason: "began")
        try journal.commit([.sessionGuard(held, opened)])
        var orders = try sample.place("one", count: 2, tag: "desk-1", under: held.id)
        orders += try sample.place("two", count: 3)
        let request = sample.request(budgets: [1])
        try journal.commit([
            .request(request), .permit(PermitRow(budget: 1, slot: 0, request: request.id, takenAt: 5, releasedAt: nil, isUnanswered: false)),
        ])
        let (row, accepted) = sample.intent("three", orders: 1)
        var sent = sample.order(row) { ($0.takeProfit, $0.stopLoss) = (nil, nil) }
        try journal.commit([accepted, .orderBorn(sent, actor: .daemon), .intentComplete(row.key)])
        try journal.commit([sample.submit(&sent, in: request, predicted: "p1")])
        for id in [1, 2, 3] as [Int64] { try sample.end(RequestID(id)) }
        try sample.fill(orders[0], trade: "t1")
        var position = PositionRow(account: az, key: PositionKey(symbol: "btc_usdt", positionSide: nil))
        (position.bought, position.listedBought, position.fills) = (Decimal("0.0005"), Decimal("0.0005"), 1)
        try journal.commit([.position(position)])
        try sample.settleCommands(on: orders)
        try sample.endBreaks(of: orders)
        let halted = sample.event(.tradingState) { $0.actor = .peer(uid: 0, pid: 1) }
        try journal.commit([
            .tradingState(TradingStateRow(account: az, state: .halted, reason: "lunch", actor: halted.actor, at: halted.at), halted),
            .kill(KillRow(account: az, since: sample.seq, cancelAll: .unanswered), sample.event(.note) { $0.note = "mm-az: " + KillRow.begun }),
            .formulaBroken(az, true, sample.event(.note) { $0.note = "no formula" }),
            .lookupLag(az, 70_000, sample.event(.note) { $0.note = "they lag" }), .unlisted(orders[3].key, true),
        ])
        try RehearsalRowTests.rehearse(sample, [("freshness", .contradicts)])
        try sample.settle("four")
        try sample.seal(key: SealKeys(seed: 1).key)
        sample.close()
        return sample
    }

    /// A modify that was refused, and a cancel that is done.
    private func settleCommands(on orders: [Order]) throws {
        for (order, kind) in zip(orders, [CommandKind.modify, .cancel]) {
            let birth = event(.commandRequested) { $0.actor = .peer(uid: 1000, pid: 42) }
            var command = OrderCommand(
                id: CommandID(birth.seq), kind: kind, order: order.key, clientOrderID: order.clientOrderID, account: Self.az, intent: order.intent,
                price: kind == .modify ? Decimal("38000") : nil, requestedAt: now)
            try open.commit([.commandBorn(command, birth)])
            let end = event(.commandChanged) { $0.evidence = .response }
            (command.state, command.evidence, command.closedAt) = (kind == .modify ? .refused : .done, .response, end.at)
            if kind == .modify { (command.rejectCode, command.rejectText) = ("7", "no") }
            try open.commit([.commandChanged(command, from: .requested, end)])
        }
    }

    private func endBreaks(of orders: [Order]) throws {
        let first = seq + 1
        try breakFound(orders[1])
        try breakFound(orders[2])
        let over = event(.breakResolved)
        try open.commit([.breakResolved(id: first, at: over.at, over)])
        let seen = event(.breakAcknowledged) { $0.actor = .peer(uid: 7, pid: 8) }
        try open.commit([.breakAcknowledged(id: first + 1, at: seen.at, reason: "seen", isOver: false, seen)])
    }

    /// An intent of which nothing is left to do.
    func settle(_ id: IntentID) throws {
        let (row, accepted) = intent(id, orders: 1, expiresAt: now + 5)
        var order = order(row)
        try open.commit([accepted, .orderBorn(order, actor: .peer(uid: 1, pid: 2)), .intentComplete(row.key)])
        let late = event(.closed) { $0.evidence = .local }
        (order.state, order.closedAt) = (.expired, late.at)
        try open.commit([.orderChanged(order, from: .intended, fields: [], late), .intentSettled(row.key, at: now, event(.intentSettled))])
    }
}

/// Every value of a journal, changed by itself.
@Suite struct `An alteration of one value` {
    /// What `verify` need not find, and why.
    private static let free: [(columns: String, why: String)] = [
        (
            "meta.id_tag meta.created_at meta.boot_id meta.gone_back_seq",
            "what ids are made of, and of which boot clocks were: tells nothing of what was done"
        ),
        ("meta.id_high_water", "ids that were used are held against used_ids, whatever stands here"),
        ("meta.request_max", "only too low a number would let ids repeat, and that is found"),
        ("permits.slot permits.taken_at permits.released_at permits.unanswered", "what holds a limit now; the requests that took it are under seal"),
        (
            "budgets.venue budgets.owner budgets.budget budgets.scope budgets.permits budgets.window_ms budgets.begins_ms budgets.learned",
            "limits in force: set anew by each start from its configuration"
        ),
        (
            "budget_rests.usable_share budget_rests.frozen_until budget_rests.frozen_us budget_rests.frozen_wall budget_rests.recovers_at",
            "how long a limit rests now"
        ),
        ("bans.family bans.until bans.lasts_us bans.until_wall bans.words", "who shuts us out now"),
        ("meta.positions", "whether executions of a journal from before are still to be counted; what they come to is held against them"),
        ("positions.since positions.before positions.last_fill_at", "from when max_position counts, and what was before: found anew from fills"),
        ("rate_usage.busiest_ending", "look-ups without a row count, too: no record tells all of it"),
        ("rate_usage.requests", "more than requests took may be look-ups without a row; fewer is found"),
        ("archives.begun_at", "when a file was begun: tells which month is worth another one"),
        ("meta.archive_folder", "where files lie; what lies there is held against the record, wherever that is"),
        ("seals.key seals.signature", "held against the key that --public-key names"),
        ("accounts.account_key accounts.account accounts.venue accounts.product", "of an account without orders, about which no line says anything"),
        (
            "requests.sent_at requests.answered_at requests.outcome requests.http_status requests.venue_code",
            "of a request whose end is on no line yet"
        ),
    ]

    /// Behind what `full` has: an order that lies in a file of the archive.
    private static func filed() throws -> Sample {
        let sample = try Sample.full()
        try sample.reopen()
        try sample.open.commit([.kill(KillRow(account: Sample.az, since: nil, cancelAll: .unanswered), sample.event(.note) { $0.note = "over" })])
        try sample.archive()
        try sample.open.commit([
            .kill(KillRow(account: Sample.az, since: sample.seq, cancelAll: .unanswered), sample.event(.note) { $0.note = "begun anew" })
        ])
        try sample.seal(key: SealKeys(seed: 1).key)
        sample.close()
        return sample
    }

    private static func isFree(_ name: String) -> Bool { free.contains { $0.columns.split(separator: " ").contains(Substring(name)) } }

    private struct Place {
        let table, column: String
        /// Of the row, as SQL that finds it.
        let condition: String
        let type: String
        let value: String?
        /// For the list above; of `meta` its key without the account.
        var name: String
    }

    private static func places(in path: String) throws -> [Place] {
        let connection = try Connection(path: path, .readOnly)
        var places: [Place] = []
        let columns = try connection.prepare(
            """
            SELECT m.name, c.name, c.type, (SELECT group_concat(quote(k.name)) FROM pragma_table_info(m.name) k WHERE k.pk > 0)
            FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid
            """)
        while try columns.step() {
            let (table, column): (String, String) = (try columns.next(), try columns.next())
            let (type, keys): (String, String) = (try columns.next(), try columns.next())
            let names = keys.split(separator: ",").map { $0.dropFirst().dropLast() }
            let finds = names.map { "'\($0) = ' || quote(\($0))" }.joined(separator: " || ' AND ' || ")
            // The first and the last row, and one of each kind of value; of what is remembered by name, all.
            let some = table == "meta" ? "1" : "n = 1 OR n = all_of OR k = 1"
            let rows = try connection.prepare(
                """
                SELECT found, quote(value), \(table == "meta" ? "key" : "''") FROM (SELECT \(finds) AS found, \(column) AS value, *,
                    row_number() OVER () AS n, count(*) OVER () AS all_of, row_number() OVER (PARTITION BY \(column) IS NULL) AS k FROM \(table)) WHERE \(some)
                """)
            while try rows.step() {
                let (condition, value): (String, String) = (try rows.next(), try rows.next())
                let key = try rows.next(String.self).prefix { $0 != "/" }
                places.append(
                    Place(
                        table: table, column: column, condition: condition, type: type, value: value == "NULL" ? nil : value,
                        name: "\(table).\(key.isEmpty ? column : String(key))"))
            }
        }
        return places
    }

    private static func tables(in path: String) throws -> Set<String> {
        let names = try Connection(path: path, .readOnly).prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        var tables: Set<String> = []
        while try names.step() { tables.insert(try names.next()) }
        return tables
    }

    private static func altered(_ place: Place) -> String {
        let type = place.type == "ANY" ? place.value.map { $0.hasPrefix("'") ? "TEXT" : "INTEGER" } ?? "TEXT" : place.type
        switch (type, place.value) {
        case ("INTEGER", nil): return "7"
        // A number that no other row has.
        case ("INTEGER", _) where place.condition.contains("\(place.column) = "): return "\(place.column) + 100000"
        case ("INTEGER", let value?): return value == "0" ? "1" : "\(place.column) - 1"
        case ("BLOB", nil): return "zeroblob(64)"
        case ("BLOB", _): return "CAST(zeroblob(length(\(place.column))) AS BLOB)"
        case (_, nil): return "'x'"
        case (_, _): return "\(place.column) || 'x'"
        }
    }

    @Test func `is found in every column of every table, or need not be for a reason that is written here`() throws {
        let sample = try Self.filed()
        #expect(try sample.verify().problems == [])
        let places = try Self.places(in: sample.path)
        let tables = Set(places.map(\.table))
        let missing = try Self.tables(in: sample.path).subtracting(tables)
        #expect(missing.isEmpty, "without a row here, and so not tried: \(missing)")
        let whole = try read(sample.path)
        var unseen: [String] = []
        var found: Set<String> = []
        for place in places {
            for end in ["-wal", "-shm"] { unlink(sample.path + end) }
            write(whole, to: sample.path)
            let sql = "UPDATE \(place.table) SET \(place.column) = \(Self.altered(place)) WHERE \(place.condition)"
            try sample.edit(sql)
            if try sample.verify().isSound { unseen.append("\(place.name): \(sql)") } else { found.insert(place.name) }
        }
        let passed = unseen.filter { line in !Self.isFree(String(line.prefix { $0 != ":" })) }
        #expect(passed.isEmpty, "\(passed.joined(separator: "\n"))")
        // Free only where no line speaks of the row.
        #expect(found.isSuperset(of: ["accounts.account_key", "accounts.account", "accounts.venue", "requests.outcome", "requests.answered_at"]))
        print("\(places.count) values altered, \(found.count) columns found, \(unseen.count) values free")
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw SampleError(text: "open") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 22)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }
}
