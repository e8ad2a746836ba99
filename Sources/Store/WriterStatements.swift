import OMSCore

/// The writer's statements, prepared once. What is bound to them is handed over in the order of their parameters, where records become rows.
struct WriterStatements: ~Copyable {
    let begin: Statement
    let commit: Statement
    let rollback: Statement
    let insertIntent: Statement
    let completeIntent: Statement
    let settleIntent: Statement
    let insertOrder: RowInsert
    let insertUsedID: RowInsert
    let insertSymbol: Statement
    let insertPredicted: Statement
    let insertEvent: RowInsert
    let submitOrder: OrderUpdate
    let acknowledgeOrder: OrderUpdate
    let changeOrder: OrderUpdate
    let changeOrderVenueID: OrderUpdate
    let closeOrder: OrderUpdate
    let closeOrderVenueID: OrderUpdate
    let insertCommand: Statement
    let changeCommand: Statement
    let insertRequest: Statement
    let endRequest: Statement
    let insertFill: Statement
    let addUnlisted: Statement
    let dropUnlisted: Statement
    let insertBreak: Statement
    let resolveBreak: Statement
    let acknowledgeBreak: Statement
    let setTradingState: Statement
    let setBudget: Statement
    let setPermit: Statement
    let countRate: Statement
    let setIdentity: Statement
    let forgetPlaces: Statement
    let addPlace: Statement
    let forgetKeys: Statement
    let addKey: Statement
    let addFormerKey: Statement
    let keysEver: Statement
    let setRest: Statement
    let endRest: Statement
    let setBan: Statement
    let endBan: Statement
    let setGuard: Statement
    let insertRehearsal: Statement
    let setPosition: Statement
    let bindIntent: Statement
    let setMeta: Statement
    let insertSeal: Statement
    let findIntent: Statement
    let findOrder: Statement
    let findOrderByVenueID: Statement
    let findOrderByPredictedID: Statement
    let findOwners: Statement
    let findUsedID: Statement
    let findOrderRow: Statement
    let findTrades: Statement
    let findTradesSince: Statement
    let findExecuted: Statement
    let predicted: Statement

    /// - Parameter failure: Set where SQLite refuses one of them: the tables are not what they should be.
    init(on connection: Connection, failure: inout JournalError?) {
        func prepare(_ sql: String) -> Statement { Statement(sql, on: connection.handle, failure: &failure) }
        func insert(into table: String, _ columns: String, _ rest: String = "") -> Statement {
            let places = columns.split(separator: ",").map { _ in "?" }.joined(separator: ", ")
            return prepare("INSERT INTO \(table) (\(columns)) VALUES (\(places)) \(rest)")
        }
        func rows(into table: String, _ columns: [String]) -> RowInsert {
            RowInsert("INSERT INTO \(table) (\(columns.joined(separator: ", ")))", places: columns.count, on: connection, failure: &failure)
        }
        func replace(in table: String, _ columns: String) -> Statement {
            let places = columns.split(separator: ",").map { _ in "?" }.joined(separator: ", ")
            return prepare("INSERT OR REPLACE INTO \(table) (\(columns)) VALUES (\(places))")
        }
        begin = prepare("BEGIN IMMEDIATE")
        commit = prepare("COMMIT")
        rollback = prepare("ROLLBACK")
        insertIntent = insert(
            into: "intents",
            """
            intent_key, intent_id, account_key, content, orders, commands, sequence, planned_requests, accepted_at, expires_at, actor, complete,
            content_version, tag
            """)
        completeIntent = prepare("UPDATE intents SET complete = 1 WHERE intent_key = ?")
        settleIntent = prepare("UPDATE intents SET settled_at = ? WHERE intent_key = ?")
        insertOrder = rows(into: "orders", OrderColumns.ofBirth)
        insertUsedID = rows(into: "used_ids", ["client_order_id", "order_key"])
        insertSymbol = prepare("INSERT OR IGNORE INTO symbols (account_key, symbol) VALUES (?, ?)")
        insertPredicted = prepare(
            """
            INSERT INTO predicted_ids (order_key, attempt, venue_order_id)
            VALUES (:order, (SELECT count(*) FROM predicted_ids WHERE order_key = :order), ?)
            """)
        insertEvent = rows(
            into: "events",
            [
                "seq", "at", "kind", "account_key", "order_key", "command_id", "from_state", "to_state", "evidence", "request_id", "actor", "detail",
            ])
        submitOrder = .submission(on: connection, failure: &failure)
        acknowledgeOrder = .acknowledgement(on: connection, failure: &failure)
        changeOrder = .change([], on: connection, failure: &failure)
        changeOrderVenueID = .change(.venueID, on: connection, failure: &failure)
        closeOrder = .change(.closing, on: connection, failure: &failure)
        closeOrderVenueID = .change([.venueID, .closing], on: connection, failure: &failure)
        insertCommand = prepare(
            """
            INSERT INTO commands (command_id, kind, order_key, account_key, intent_key, price, quantity, on_failure, sequence, requested_at,
                expires_at, state, evidence, attempts)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'requested', 'local', 0)
            """)
        changeCommand = prepare(
            """
            UPDATE commands SET state = ?, evidence = ?, attempts = ?, request_id = ?, closed_at = ?, reject_code = coalesce(?, reject_code),
                reject_text = coalesce(?, reject_text) WHERE command_id = ?
            """)
        insertRequest = insert(
            into: "requests", "request_id, account_key, endpoint, kind, items, venue_time_ms, signed_at, body_sha256, budgets")
        endRequest = prepare(
            """
            UPDATE requests SET sent_at = coalesce(?, sent_at), answered_at = coalesce(?, answered_at), outcome = ?, http_status = ?,
                venue_code = ? WHERE request_id = ?
            """)
        addUnlisted = prepare("INSERT INTO unlisted (order_key) VALUES (?) ON CONFLICT DO NOTHING")
        dropUnlisted = prepare("DELETE FROM unlisted WHERE order_key = ?")
        insertFill = insert(
            into: "fills", "seq, order_key, account_key, trade_id, venue_order_id, quantity, price, fee, fee_asset, at",
            "ON CONFLICT (order_key, trade_id) DO NOTHING")
        insertBreak = insert(into: "breaks", "break_id, account_key, kind, client_order_id, venue_order_id, detail, at")
        resolveBreak = prepare("UPDATE breaks SET resolved_at = ? WHERE break_id = ? RETURNING account_key, client_order_id")
        acknowledgeBreak = prepare(
            """
            UPDATE breaks SET acknowledged_at = ?, acknowledged_by = ?, reason = ?, resolved_at = coalesce(?, resolved_at) WHERE break_id = ?
            RETURNING account_key, client_order_id
            """)
        setTradingState = replace(in: "trading_state", "account_key, state, reason, actor, at")
        setBudget = insert(
            into: "budgets", "budget_id, venue, owner, budget, scope, permits, window_ms, begins_ms, learned",
            """
            ON CONFLICT (budget_id) DO UPDATE SET venue = excluded.venue, owner = excluded.owner, budget = excluded.budget,
                scope = excluded.scope, permits = excluded.permits, window_ms = excluded.window_ms, begins_ms = excluded.begins_ms,
                learned = excluded.learned
            """)
        setPermit = insert(
            into: "permits", "budget_id, slot, count, request_id, taken_at, released_at, unanswered",
            """
            ON CONFLICT (budget_id, slot) DO UPDATE SET count = excluded.count, request_id = excluded.request_id, taken_at = excluded.taken_at,
                released_at = excluded.released_at, unanswered = excluded.unanswered
            """)
        countRate = prepare(
            """
            INSERT INTO rate_usage (budget_id, second, requests, busiest_ending) VALUES (?, ?, ?, ?) ON CONFLICT (budget_id, second)
            DO UPDATE SET requests = requests + excluded.requests, busiest_ending = max(busiest_ending, excluded.busiest_ending)
            """)
        forgetPlaces = prepare("DELETE FROM former_places WHERE account_key = ?")
        addPlace = insert(into: "former_places", "account_key, since, until, uid, origin")
        setIdentity = replace(in: "identities", "account_key, uid, origin, key_in_use, stream_origin")
        forgetKeys = prepare("DELETE FROM account_keys WHERE account_key = ?")
        addKey = insert(into: "account_keys", "account_key, fingerprint")
        addFormerKey = prepare("INSERT OR IGNORE INTO former_keys (account_key, fingerprint) VALUES (?, ?)")
        keysEver = prepare("SELECT fingerprint FROM former_keys WHERE account_key = ? ORDER BY fingerprint")
        setRest = replace(in: "budget_rests", "budget_id, usable_share, frozen_until, frozen_us, frozen_wall, recovers_at")
        endRest = prepare("DELETE FROM budget_rests WHERE budget_id = ?")
        setBan = replace(in: "bans", "family, until, lasts_us, until_wall, words")
        endBan = prepare("DELETE FROM bans WHERE family = ?")
        setGuard = insert(
            into: "guards", "guard_id, user, accounts, on_lost, heartbeat_ms, grace_ms, opened_at, token, state, since, reason",
            "ON CONFLICT (guard_id) DO UPDATE SET token = excluded.token, state = excluded.state, since = excluded.since, reason = excluded.reason")
        insertRehearsal = insert(into: "rehearsals", "rehearsal_id, account_key, at, orders, assumptions, standing")
        setPosition = replace(
            in: "positions",
            "account_key, symbol, position_side, position, bought, sold, listed_bought, listed_sold, fees_in_base, fills, last_fill_at, since, before"
        )
        bindIntent = insert(into: "guarded_intents", "intent_key, guard_id")
        setMeta = insert(into: "meta", "key, value", "ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        insertSeal = prepare(
            "INSERT INTO seals (\(Seal.columns)) SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE ? = coalesce((SELECT max(last_seq) FROM seals), 0) + 1")
        findIntent = prepare(IntentRowReader.select + " WHERE i.intent_id = ? AND i.complete = 1")
        let order = OrderColumns.select
        findOrder = prepare(order + " WHERE o.order_key = (SELECT order_key FROM used_ids WHERE client_order_id = ?) AND i.complete = 1")
        findOrderByVenueID = prepare(
            order + " WHERE o.venue_order_id = ? AND o.account_key = ? AND i.complete = 1 ORDER BY o.order_key DESC LIMIT 1")
        findOrderByPredictedID = prepare(
            order + " WHERE o.order_key IN (SELECT order_key FROM predicted_ids WHERE venue_order_id = ?) AND o.account_key = ? LIMIT 1")
        findOwners = prepare(
            order + """
                 WHERE o.order_key IN (SELECT order_key FROM orders WHERE venue_order_id = :id
                    UNION SELECT order_key FROM predicted_ids WHERE venue_order_id = :id) AND i.complete = 1 ORDER BY o.order_key DESC LIMIT 16
                """)
        findUsedID = prepare("SELECT order_key FROM used_ids WHERE client_order_id = ?")
        findOrderRow = prepare("SELECT 1 FROM orders WHERE order_key = ?")
        findTrades = prepare(SQLiteJournal.tradesOfOrder)
        findTradesSince = prepare(
            """
            SELECT o.symbol, o.position_side, o.side, f.quantity, f.fee, f.fee_asset, f.at
            FROM fills f CROSS JOIN orders o USING (order_key) WHERE f.account_key = ? AND f.at >= ?
            """)
        findExecuted = prepare(
            order + """
                 WHERE o.order_key > ? AND i.complete = 1
                    AND (o.filled_quantity <> '0' OR EXISTS (SELECT 1 FROM fills f WHERE f.order_key = o.order_key)) ORDER BY o.order_key LIMIT ?
                """)
        predicted = prepare(OrderColumns.selectPredicted)
    }
}
