import OMSCore

/// The writer's statements, prepared once. Parameter numbers are used where records become rows: `SQLiteJournal+Records.swift`, `SQLiteJournal+Orders.swift`.
struct WriterStatements: ~Copyable {
    let begin: Statement
    let commit: Statement
    let rollback: Statement
    let insertIntent: Statement
    let completeIntent: Statement
    let settleIntent: Statement
    let insertOrder: Statement
    let insertUsedID: Statement
    let insertSymbol: Statement
    let insertPredicted: Statement
    let insertEvent: Statement
    let submitOrder: Statement
    let acknowledgeOrder: Statement
    let changeOrder: Statement
    let changeOrderVenueID: Statement
    let closeOrder: Statement
    let closeOrderVenueID: Statement
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
    let setRest: Statement
    let endRest: Statement
    let setBan: Statement
    let endBan: Statement
    let setMeta: Statement
    let findIntent: Statement
    let findOrder: Statement
    let findOrderByVenueID: Statement
    let findOrderByPredictedID: Statement
    let findOwners: Statement
    let findUsedID: Statement
    let findTrades: Statement
    let predicted: Statement

    /// - Parameter failure: Set where SQLite refuses one of them: the tables are not what they should be.
    init(on connection: Connection, failure: inout JournalError?) {
        func prepare(_ sql: String) -> Statement { Statement(sql, on: connection.handle, failure: &failure) }
        begin = prepare("BEGIN IMMEDIATE")
        commit = prepare("COMMIT")
        rollback = prepare("ROLLBACK")
        insertIntent = prepare("INSERT INTO intents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, NULL, ?12)")
        completeIntent = prepare("UPDATE intents SET complete = 1 WHERE intent_key = ?1")
        settleIntent = prepare("UPDATE intents SET settled_at = ?2 WHERE intent_key = ?1")
        insertOrder = prepare(
            """
            INSERT INTO orders (order_key, client_order_id, intent_key, account_key, item, symbol, side, type, time_in_force, post_only,
                asked_price, asked_quantity, quote_quantity, reduce_only, position_side, margin_action, stp, take_profit, stop_loss,
                intended_at, expires_at, actor, state, evidence, filled_quantity, attempts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, 'intended', 'local', '0', 0)
            """)
        insertUsedID = prepare("INSERT INTO used_ids VALUES (?1, ?2)")
        insertSymbol = prepare("INSERT OR IGNORE INTO symbols VALUES (?1, ?2)")
        insertPredicted = prepare(
            "INSERT INTO predicted_ids VALUES (?1, (SELECT count(*) FROM predicted_ids WHERE order_key = ?1), ?2)")
        insertEvent = prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
        submitOrder = prepare(
            "UPDATE orders SET state = ?2, evidence = ?3, attempts = ?4, request_id = ?5, submitted_at = ?6 WHERE order_key = ?1")
        acknowledgeOrder = prepare(
            """
            UPDATE orders SET state = ?2, evidence = ?3, request_id = ?4, venue_order_id = ?5, acknowledged_at = coalesce(?6, acknowledged_at),
                venue_state = CASE WHEN ?7 THEN ?8 ELSE venue_state END WHERE order_key = ?1
            """)
        changeOrder = prepare(Self.changeOrder(venueID: false, closing: false))
        changeOrderVenueID = prepare(Self.changeOrder(venueID: true, closing: false))
        closeOrder = prepare(Self.changeOrder(venueID: false, closing: true))
        closeOrderVenueID = prepare(Self.changeOrder(venueID: true, closing: true))
        insertCommand = prepare(
            """
            INSERT INTO commands (command_id, kind, order_key, account_key, intent_key, price, quantity, on_failure, sequence, requested_at,
                expires_at, state, evidence, attempts)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'requested', 'local', 0)
            """)
        changeCommand = prepare(
            """
            UPDATE commands SET state = ?2, evidence = ?3, attempts = ?4, request_id = ?5, closed_at = ?6, reject_code = coalesce(?7, reject_code),
                reject_text = coalesce(?8, reject_text) WHERE command_id = ?1
            """)
        insertRequest = prepare(
            """
            INSERT INTO requests (request_id, account_key, endpoint, kind, items, venue_time_ms, signed_at, body_sha256, budgets)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        endRequest = prepare(
            """
            UPDATE requests SET sent_at = coalesce(?2, sent_at), answered_at = coalesce(?3, answered_at), outcome = ?4, http_status = ?5,
                venue_code = ?6 WHERE request_id = ?1
            """)
        addUnlisted = prepare("INSERT INTO unlisted VALUES (?1) ON CONFLICT DO NOTHING")
        dropUnlisted = prepare("DELETE FROM unlisted WHERE order_key = ?1")
        insertFill = prepare("INSERT INTO fills VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (order_key, trade_id) DO NOTHING")
        insertBreak = prepare(
            """
            INSERT INTO breaks (break_id, account_key, kind, client_order_id, venue_order_id, detail, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """)
        resolveBreak = prepare("UPDATE breaks SET resolved_at = ?2 WHERE break_id = ?1 RETURNING account_key, client_order_id")
        acknowledgeBreak = prepare(
            """
            UPDATE breaks SET acknowledged_at = ?2, acknowledged_by = ?3, reason = ?4, resolved_at = coalesce(?5, resolved_at) WHERE break_id = ?1
            RETURNING account_key, client_order_id
            """)
        setTradingState = prepare("INSERT OR REPLACE INTO trading_state VALUES (?1, ?2, ?3, ?4, ?5)")
        setBudget = prepare(
            """
            INSERT INTO budgets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (budget_id) DO UPDATE SET venue = excluded.venue,
                owner = excluded.owner, budget = excluded.budget, scope = excluded.scope, permits = excluded.permits,
                window_ms = excluded.window_ms
            """)
        setPermit = prepare(
            """
            INSERT INTO permits VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (budget_id, slot) DO UPDATE SET request_id = excluded.request_id,
                taken_at = excluded.taken_at, released_at = excluded.released_at, unanswered = excluded.unanswered
            """)
        countRate = prepare(
            """
            INSERT INTO rate_usage VALUES (?1, ?2, 1, ?3) ON CONFLICT (budget_id, second) DO UPDATE SET requests = requests + 1,
                busiest_ending = max(busiest_ending, excluded.busiest_ending)
            """)
        forgetPlaces = prepare("DELETE FROM former_places WHERE account_key = ?1")
        addPlace = prepare("INSERT INTO former_places VALUES (?1, ?2, ?3, ?4, ?5)")
        setIdentity = prepare("INSERT OR REPLACE INTO identities VALUES (?1, ?2, ?3, ?4)")
        forgetKeys = prepare("DELETE FROM account_keys WHERE account_key = ?1")
        addKey = prepare("INSERT INTO account_keys VALUES (?1, ?2)")
        setRest = prepare("INSERT OR REPLACE INTO budget_rests VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        endRest = prepare("DELETE FROM budget_rests WHERE budget_id = ?1")
        setBan = prepare("INSERT OR REPLACE INTO bans VALUES (?1, ?2, ?3, ?4, ?5)")
        endBan = prepare("DELETE FROM bans WHERE family = ?1")
        setMeta = prepare("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        findIntent = prepare(IntentRowReader.select + " WHERE i.intent_id = ?1 AND i.complete = 1")
        findOrder = prepare(
            OrderRow.select + " WHERE o.order_key = (SELECT order_key FROM used_ids WHERE client_order_id = ?1) AND i.complete = 1")
        findOrderByVenueID = prepare(
            OrderRow.select + " WHERE o.venue_order_id = ?1 AND o.account_key = ?2 AND i.complete = 1 ORDER BY o.order_key DESC LIMIT 1")
        findOrderByPredictedID = prepare(
            OrderRow.select
                + " WHERE o.order_key IN (SELECT order_key FROM predicted_ids WHERE venue_order_id = ?1) AND o.account_key = ?2 LIMIT 1")
        findOwners = prepare(
            OrderRow.select + """
                 WHERE o.order_key IN (SELECT order_key FROM orders WHERE venue_order_id = ?1
                    UNION SELECT order_key FROM predicted_ids WHERE venue_order_id = ?1) AND i.complete = 1 ORDER BY o.order_key DESC LIMIT 16
                """)
        findUsedID = prepare("SELECT 1 FROM used_ids WHERE client_order_id = ?1")
        findTrades = prepare("SELECT trade_id FROM fills WHERE order_key = ?1")
        predicted = prepare(OrderRow.selectPredicted)
    }

    /// Bits of `?4` beside those of `OrderFields`.
    static let writesSubmittedAt = 1 << 20
    static let writesAcknowledgedAt = 1 << 21

    /// Only the columns that are named change their indexes: hence four statements, of which one fits.
    private static func changeOrder(venueID: Bool, closing: Bool) -> String {
        func chosen(_ column: String, _ field: OrderFields, _ parameter: Int) -> String {
            "\(column) = CASE WHEN ?4 & \(field.rawValue) THEN ?\(parameter) ELSE \(column) END"
        }
        var columns = [
            "state = ?2", "evidence = ?3", "request_id = ?5", chosen("venue_state", .venueState, 6), chosen("price", .price, 7),
            chosen("quantity", .quantity, 8), chosen("filled_quantity", .filledQuantity, 9), chosen("average_price", .averagePrice, 10),
            chosen("reject_code", .reject, 11), chosen("reject_text", .reject, 12), chosen("attempts", .attempts, 13),
            chosen("parked_at", .parkedAt, 14), "submitted_at = CASE WHEN ?4 & \(writesSubmittedAt) THEN ?15 ELSE submitted_at END",
            "acknowledged_at = CASE WHEN ?4 & \(writesAcknowledgedAt) THEN coalesce(?16, acknowledged_at) ELSE acknowledged_at END",
            chosen("barred_by", .bars, 17), chosen("absences", .absences, 18),
        ]
        if closing { columns.append("closed_at = ?19") }
        if venueID { columns.append("venue_order_id = ?20") }
        return "UPDATE orders SET \(columns.joined(separator: ", ")) WHERE order_key = ?1"
    }
}
