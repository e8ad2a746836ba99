import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

@Suite struct `What auditors read` {
    /// The views' names and columns as promised: none may go, none may change its name.
    static let promised: [(view: String, columns: String)] = [
        ("v_intents", "intent_id account state orders accepted_at expires_at settled_at"),
        (
            "v_orders",
            """
            client_order_id intent_id item account venue symbol side type time_in_force price quantity quote_quantity filled_quantity average_price
            state evidence venue_state venue_order_id attempts reject_code reject_text intended_at submitted_at acknowledged_at closed_at product
            post_only reduce_only position_side margin_action stp take_profit stop_loss expires_at parked_at request_id asked_price asked_quantity
            """
        ),
        ("v_open", "client_order_id intent_id account state evidence venue_order_id age_us parked_at closed_at"),
        ("v_in_doubt", "client_order_id intent_id account state evidence venue_order_id age_us parked_at closed_at"),
        (
            "v_requests",
            """
            request_id account venue endpoint kind items venue_time_ms signed_at sent_at answered_at outcome http_status venue_code body_sha256
            """
        ),
        ("v_timeline", "seq at client_order_id kind from_state to_state evidence request_id actor detail"),
        (
            "v_commands",
            """
            command_id client_order_id account kind price quantity state attempts requested_at closed_at request_id reject_code reject_text
            """
        ),
        ("v_fills", "client_order_id account trade_id quantity price fee fee_asset at"),
        ("v_breaks", "account kind client_order_id venue_order_id detail at resolved_at break_id acknowledged_at acknowledged_by reason"),
        ("v_trading_state", "account state reason actor at"),
        ("v_rate_usage", "venue owner budget scope permits window_ms second requests busiest_window"),
        ("v_budgets", "account budget scope venue owner permits window_ms"), ("v_seals", "first_seq last_seq lines at seal key signature form"),
        ("v_guarded_intents", "guard_id intent_id account accepted_at tag user on_lost guard_state"),
        ("v_rehearsals", "account at assumptions orders standing rehearsal_id"),
        ("v_starts", "seq at version boot quiet_us"), ("v_reloads", "seq at actor changes"),
        ("v_latency", "client_order_id accept_us permit_wait_us wire_us acknowledge_us"),
    ]

    @Test(arguments: promised.map(\.view)) func `a view has every column that was promised`(view: String) throws {
        let sample = try Sample()
        let reader = try SQLiteJournalReader(path: sample.path)
        let rows = try reader.connection.prepare("SELECT * FROM \(view)")
        let columns = Set((0..<rows.columns).map { rows.name(of: $0) })
        let promised = Self.promised.first { $0.view == view }?.columns.split { $0 == " " || $0 == "\n" }.map(String.init) ?? []
        #expect(Set(promised).subtracting(columns) == [])
    }

    @Test func `limits of an account's former uids and keys are its own still, and said to be of before`() throws {
        let sample = try Sample()
        func pinned(uid: String, keys: Set<String>, former: [FormerPlace] = []) throws {
            let pinned = PinnedIdentity(
                account: Sample.az, venue: "az-futures", product: "usdt", uid: uid, origin: "https://a:443", keyInUse: keys.first, keys: keys,
                former: former)
            try sample.open.commit([.identity(pinned, sample.event(.identity))])
        }
        let owners = ["U1", "k1", "U2", "k2", "U3"]
        for (index, owner) in owners.enumerated() {
            let row = BudgetRow(
                id: Int64(index + 1), venue: "az-futures", owner: owner, name: "batch-place", scope: owner.hasPrefix("U") ? .uid : .apikey,
                permits: 5,
                windowMs: 1_000)
            try sample.open.commit([.budget(row)])
        }
        try pinned(uid: "U1", keys: ["k1"])
        try pinned(uid: "U2", keys: [], former: [FormerPlace(since: 0, until: 1, uid: "U1", origin: "https://a:443")])
        try pinned(uid: "U2", keys: ["k2"], former: [FormerPlace(since: 0, until: 1, uid: "U1", origin: "https://a:443")])
        let reader = try SQLiteJournalReader(path: sample.path).connection
        #expect(
            try reader.text("SELECT group_concat(owner || formerly, ' ') FROM (SELECT * FROM v_budgets WHERE account = 'mm-az' ORDER BY budget_id)")
                == "U11 k11 U20 k20")
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `starts tell version and boot, reloads who asked and what changed`() throws {
        let sample = try Sample()
        let start = sample.event(.start) {
            ($0.facts, $0.note) = ([.init("version", "9.8.7"), .init("boot", "b-1")], "omsd 9.8.7 writes")
        }
        let reload = sample.event(.reload) { ($0.actor, $0.note) = (.peer(uid: 7, pid: 8), "risk of \"mm\\az\": max_open_orders 5 becomes 6") }
        try sample.open.commit([.note(account: nil, nil, start), .note(account: nil, nil, reload)])
        let reader = try SQLiteJournalReader(path: sample.path).connection
        #expect(try reader.text("SELECT seq || ' ' || version || ' ' || boot FROM v_starts") == "1 9.8.7 b-1")
        #expect(try reader.text("SELECT actor || ': ' || changes FROM v_reloads") == "uid:7 pid:8: risk of \"mm\\az\": max_open_orders 5 becomes 6")
    }

    @Test func `what was submitted under a guard shows with a tag and without`() throws {
        let sample = try Sample()
        let opened = sample.event(.sessionGuard) { ($0.state, $0.note, $0.facts) = ("held", "began", [.init("guard_id", $0.seq)]) }
        let row = GuardRow(
            id: GuardID(opened.seq), user: 7, accounts: [], onLost: .cancel, heartbeatMs: nil, graceMs: 5_000, openedAt: opened.at,
            token: Digest256([UInt8](repeating: 9, count: 32)), reason: "began")
        try sample.open.commit([.sessionGuard(row, opened)])
        try sample.place("plain", under: row.id)
        try sample.place("tagged", tag: "desk-1", under: row.id)
        try sample.place("free")
        let reader = try SQLiteJournalReader(path: sample.path).connection
        #expect(
            try reader.text("SELECT group_concat(intent_id || ' ' || coalesce(tag, '-') || ' ' || user, ', ') FROM v_guarded_intents")
                == "plain - 7, tagged desk-1 7")
    }

    @Test func `an order tells its story in views`() throws {
        let sample = try Sample()
        let order = try sample.place("story")[0]
        let reader = try SQLiteJournalReader(path: sample.path).connection
        let id = order.clientOrderID.text
        #expect(
            try reader.text(
                "SELECT group_concat(kind || '/' || to_state) FROM (SELECT * FROM v_timeline WHERE client_order_id = '\(id)' ORDER BY seq)")
                == "order_born/intended,order/submitted,order/acknowledged")
        #expect(try reader.text("SELECT actor FROM v_timeline WHERE client_order_id = '\(id)' AND kind = 'order_born'") == "uid:1000 pid:42")
        #expect(
            try reader.text("SELECT price || ' ' || quantity || ' ' || filled_quantity FROM v_orders WHERE client_order_id = '\(id)'")
                == "39000.5 0.001 0")
        #expect(try reader.integer("SELECT wire_us FROM v_latency WHERE client_order_id = '\(id)'") == 19_999)
        #expect(try reader.integer("SELECT acknowledge_us FROM v_latency WHERE client_order_id = '\(id)'") == 20)
        #expect(try reader.text("SELECT body_sha256 FROM v_requests") == String(repeating: "ab", count: 32))
        #expect(try reader.integer("SELECT count(*) FROM v_in_doubt") == 0)
        #expect(try reader.text("SELECT state FROM v_intents") == "open")
        #expect(try reader.text("SELECT group_concat(state) FROM v_trading_state") == "active,active")
    }

    @Test func `decimals are kept to the last digit`() throws {
        let sample = try Sample()
        let texts = ["0.000000000000000001", "12345678901234567890.123456789012345678", "0.1", "1", "100000000000000000000"]
        let (row, accepted) = sample.intent("exact", orders: texts.count)
        let orders = texts.map { text in sample.order(row) { $0.price = Decimal(text) } }
        try sample.open.commit([accepted] + orders.map { .orderBorn($0, actor: .daemon) } + [.intentComplete(row.key)])
        let reader = try SQLiteJournalReader(path: sample.path)
        let answer = try JSONParser.parse(try reader.answer(.orders(OrderFilter())).get())
        #expect(answer["orders"]?.array?.map { $0["price"]?.string } == texts)
        #expect(try sample.open.load().orders.map { $0.price?.description } == texts)
    }

    @Test func `the busiest window of a second is the most that any window touching it held`() throws {
        let sample = try Sample()
        let second = sample.now / 1_000_000
        var records: [JournalRecord] = [
            .budget(BudgetRow(id: 3, venue: "az-futures", owner: "f00d", name: "batch-place", scope: .apikey, permits: 9, windowMs: 1_000))
        ]
        // Two at the end of one second, three at the start of the next: one window holds all five.
        for offset in [900_000, 950_000, 1_000_100, 1_000_200, 1_000_300, 5_000_000] as [Int64] {
            sample.now = second * 1_000_000 + offset
            records.append(.request(sample.request(budgets: [3])))
        }
        try sample.open.commit(records)
        let reader = try SQLiteJournalReader(path: sample.path).connection
        #expect(
            try reader.text(
                "SELECT group_concat((second - \(second)) || ':' || requests || ':' || busiest_window) FROM (SELECT * FROM v_rate_usage ORDER BY second)"
            )
                == "0:2:5,1:3:5,5:1:1")
    }

    @Test func `a request counts by what it weighs, with a row or by its permits alone`() throws {
        let sample = try Sample()
        let budget = BudgetRow(id: 3, venue: "az-futures", owner: "f00d", name: "batch-place", scope: .apikey, permits: 90, windowMs: 1_000)
        let lookup = PermitRow(budget: 3, slot: 0, count: 4, request: 50, takenAt: 1, releasedAt: nil, isUnanswered: false)
        try sample.open.commit([.budget(budget), .request(sample.request(items: 20, budgets: [3], permits: 20)), .permit(lookup)])
        // What was counted is taken up by the next run, too.
        try sample.reopen().commit([.request(sample.request(budgets: [3]))])
        let reader = try SQLiteJournalReader(path: sample.path).connection
        #expect(try reader.integer("SELECT sum(requests) FROM v_rate_usage") == 25)
        #expect(try reader.integer("SELECT max(busiest_window) FROM v_rate_usage") ?? 0 >= 21)
    }

    @Test func `a look-up without a row counts once by its permit`() throws {
        let sample = try Sample()
        let taken = PermitRow(budget: 3, slot: 0, request: 5, takenAt: 1, releasedAt: nil, isUnanswered: false)
        let freed = PermitRow(budget: 3, slot: 0, request: nil, takenAt: 1, releasedAt: 2, isUnanswered: false)
        let covered = sample.request(budgets: [3])
        try sample.open.commit([
            .budget(BudgetRow(id: 3, venue: "az-futures", owner: "f00d", name: "lookup:order", scope: .apikey, permits: 9, windowMs: 1_000)),
            .permit(taken),
        ])
        try sample.open.commit([.permit(taken)])
        try sample.open.commit([.permit(freed)])
        try sample.open.commit([
            .permit(PermitRow(budget: 3, slot: 0, request: covered.id, takenAt: 3, releasedAt: nil, isUnanswered: false)), .request(covered),
        ])
        let reader = try SQLiteJournalReader(path: sample.path).connection
        #expect(try reader.integer("SELECT sum(requests) FROM v_rate_usage") == 2)
    }

    @Test(arguments: [
        "UPDATE events SET at = 1", "DELETE FROM events", "DELETE FROM orders", "UPDATE orders SET asked_price = '1'",
        "UPDATE orders SET client_order_id = 'x'", "DELETE FROM used_ids", "UPDATE used_ids SET order_key = 1", "DELETE FROM fills",
        "UPDATE fills SET price = '2'", "DELETE FROM intents", "UPDATE intents SET complete = 0", "UPDATE intents SET content = zeroblob(32)",
        "DELETE FROM commands", "DELETE FROM requests", "UPDATE requests SET signed_at = 0", "UPDATE orders SET state = 'lost'",
        "UPDATE orders SET state = 'filled'",
    ]) func `the record refuses what would rewrite it`(sql: String) throws {
        let sample = try Sample()
        let order = try sample.place("one")[0]
        let birth = sample.event(.commandRequested)
        let cancel = OrderCommand(
            id: CommandID(birth.seq), kind: .cancel, order: order.key, clientOrderID: order.clientOrderID, account: Sample.az, intent: nil,
            requestedAt: birth.at)
        let fill = Fill(tradeID: "t1", venueOrderID: "v1", quantity: .one, price: .one, fee: nil, feeAsset: nil, at: 5)
        try sample.open.commit([.commandBorn(cancel, birth), .fill(order.key, Sample.az, order.clientOrderID, fill, sample.event(.filled))])
        #expect(throws: SampleError.self) { try sample.tamper(sql) }
        sample.close()
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `lines of a command bear the intent that asked for it, as v_commands has it, and lines of the order its own`() throws {
        let sample = try Sample()
        let order = try sample.place("mine")[0]
        let (asking, accepted) = sample.intent("away", orders: 0)
        try sample.open.commit([accepted, .intentComplete(asking.key)])
        for intent in [asking.key, nil] as [IntentKey?] {
            let birth = sample.event(.commandRequested)
            let cancel = OrderCommand(
                id: CommandID(birth.seq), kind: .cancel, order: order.key, clientOrderID: order.clientOrderID, account: Sample.az, intent: intent,
                requestedAt: birth.at)
            try sample.open.commit([.commandBorn(cancel, birth)])
        }
        let reader = try SQLiteJournalReader(path: sample.path).connection
        let differ = """
            SELECT count(*) FROM v_timeline t JOIN v_commands c USING (command_id) WHERE t.kind = 'command' AND t.intent_id IS NOT c.intent_id
            """
        #expect(try reader.integer(differ) == 0)
        #expect(try reader.integer("SELECT count(*) FROM v_timeline WHERE kind = 'command' AND intent_id = 'away'") == 1)
        #expect(try reader.integer("SELECT count(*) FROM v_timeline WHERE kind = 'command' AND intent_id IS NULL") == 1)
        #expect(try reader.integer("SELECT count(*) FROM v_timeline WHERE kind LIKE 'order%' AND intent_id = 'mine'") == 3)
    }

    @Test func `an account that a question names is told of only while its caller sees it`() throws {
        let sample = try Sample()
        let order = try sample.place("hidden")[0]
        let reader = try SQLiteJournalReader(path: sample.path)
        var filter = OrderFilter()
        filter.account = Sample.az
        let whole: [JournalQuery] = [.orders(filter), .intents(account: Sample.az, after: nil, limit: 10)]
        func texts(_ rights: Rights) throws -> [String] {
            try whole.map { String(decoding: try reader.answer($0.narrowed(to: rights)) ?? [], as: UTF8.self) }
        }
        #expect(try texts(.all).allSatisfy { $0.contains("\"next\":null") && $0.contains("hidden") })
        let others = try texts(Rights(visible: ["another"], less: [:]))
        #expect(others.allSatisfy { !$0.contains("hidden") && !$0.contains("BTC") }, "\(others)")
        filter.clientOrderID = order.clientOrderID
        #expect(try reader.answer(JournalQuery.order(filter).narrowed(to: .none)) == nil)
        var stats = try #require(StatsQuery(account: Sample.az, from: 0, to: 10, stepUs: 10))
        stats.visible = ["another"]
        #expect(stats.seen == [])
    }

    @Test func `a listing comes in pages and finds by state, symbol, intent and account`() throws {
        let sample = try Sample()
        let orders = try sample.place("five", count: 5)
        try sample.place("other", count: 2)
        let reader = try SQLiteJournalReader(path: sample.path)
        func list(_ change: (inout OrderFilter) -> Void) throws -> JSON {
            var filter = OrderFilter()
            change(&filter)
            return try JSONParser.parse(try reader.answer(.orders(filter)).get())
        }
        let first = try list {
            $0.intentID = "five"
            $0.limit = 3
        }
        #expect(first["orders"]?.array?.count == 3 && first["next"]?.integer == orders[2].key.number)
        let second = try list {
            $0.intentID = "five"
            $0.limit = 3
            $0.after = first["next"]?.integer
        }
        #expect(second["orders"]?.array?.map { $0["client_order_id"]?.string } == orders[3...].map(\.clientOrderID.text))
        #expect(second["next"] == .null)
        #expect(try list { $0.states = [.acknowledged, .working] }["orders"]?.array?.count == 7)
        #expect(try list { $0.states = [.filled] }["orders"]?.array?.count == 0)
        #expect(try list { $0.account = "asc" }["orders"]?.array?.count == 0)
        #expect(try list { $0.symbol = "btc_usdt'; DROP TABLE orders; --" }["orders"]?.array?.count == 0)
        let row = try list { $0.limit = 1 }["orders"]?.array?.first
        #expect(row?["post_only"] == .bool(false) && row?["attempts"] == .number("1") && row?["price"] == .string("39000.5"))
        var found = OrderFilter()
        found.account = Sample.az
        found.venueOrderID = orders[0].venueOrderID
        let one = try JSONParser.parse(try reader.answer(.order(found)).get())
        #expect(one["client_order_id"]?.string == orders[0].clientOrderID.text)
        let submission = try JSONParser.parse(try reader.answer(.submission("five", duplicate: true)).get())
        #expect(submission["orders"]?.array?.count == 5 && submission["duplicate"] == .bool(true))
        let intents = try JSONParser.parse(try reader.answer(.intents(account: nil, after: nil, limit: 10)).get())
        #expect(intents["intents"]?.array?.map { $0["intent_id"]?.string } == ["five", "other"])
    }

    @Test func `fills and breaks are listed by account, symbol, intent, order and the state of their order`() throws {
        let sample = try Sample()
        let orders = try sample.place("two", count: 2)
        let fill = Fill(tradeID: "t1", venueOrderID: "v1", quantity: .one, price: .one, fee: nil, feeAsset: nil, at: 5)
        let (found, external) = (sample.event(.breakFound), sample.event(.breakFound))
        try sample.open.commit([
            .breakFound(
                Break(
                    id: found.seq, account: Sample.az, kind: .missingThere, clientOrderID: orders[1].clientOrderID, venueOrderID: "v2",
                    detail: "gone", at: found.at), found),
            .breakFound(
                Break(
                    id: external.seq, account: Sample.az, kind: .externalOrder, clientOrderID: nil, venueOrderID: "v9", detail: "whose?",
                    at: external.at), external),
            .fill(orders[0].key, Sample.az, orders[0].clientOrderID, fill, sample.event(.filled)),
        ])
        let reader = try SQLiteJournalReader(path: sample.path)
        func count(_ change: (inout OrderFilter) -> Void) throws -> [Int?] {
            var filter = OrderFilter()
            change(&filter)
            let fills = try JSONParser.parse(try reader.answer(.fills(filter)).get())
            let breaks = try JSONParser.parse(try reader.answer(.breaks(filter)).get())
            return [fills["fills"]?.array?.count, breaks["breaks"]?.array?.count]
        }
        #expect(try count { $0.account = Sample.az } == [1, 2])
        #expect(try count { $0.account = "asc" } == [0, 0])
        #expect(try count { $0.symbol = "btc_usdt" } == [1, 1])
        #expect(try count { $0.symbol = "eth_usdt" } == [0, 0])
        #expect(try count { $0.intentID = "two" } == [1, 1])
        #expect(try count { $0.states = [.acknowledged] } == [1, 1])
        #expect(try count { $0.states = [.filled, .canceled] } == [0, 0])
        #expect(try count { $0.clientOrderID = orders[1].clientOrderID } == [0, 1])
    }

    @Test func `events follow each other without a gap and carry their detail as JSON`() throws {
        let sample = try Sample()
        try sample.place("one", count: 2)
        let reader = try SQLiteJournalReader(path: sample.path)
        var (seen, position): ([Int64], Int64) = ([], 0)
        while true {
            let page = try reader.events(after: position, of: .account(Sample.az), limit: 2)
            (seen, position) = (seen + page.lines.map(\.seq), page.completeTo)
            if page.isLast { break }
        }
        #expect(seen == Array(1...sample.seq) && position == sample.seq)
        let last = try told(reader.events(after: sample.seq - 1, of: .all, limit: 9)).first
        #expect(last?["detail"]?["venue_order_id"]?.string?.isEmpty == false)
        // Of another account there is nothing, up to the record's end.
        let none = try reader.events(after: 0, of: .account("asc"), limit: 9)
        #expect(none.lines.isEmpty && none.completeTo == sample.seq && none.isLast)
    }

    @Test(arguments: EventKind.allCases)
    func `every kind of line shows in the timeline under the name of its family, also where the first release wrote it`(kind: EventKind) throws {
        guard kind != .intended else { return }
        let sample = try Sample()
        let order = try sample.place("one")[0]
        let isAboutOrder = [.order, .execution, .command, .lookup].contains(kind.family)
        try sample.open.commit([.note(account: Sample.az, isAboutOrder ? order.key : nil, sample.event(kind))])
        let reader = try SQLiteJournalReader(path: sample.path)

        #expect(try reader.connection.text("SELECT kind FROM v_timeline WHERE seq = \(sample.seq)") == kind.family.rawValue)
        #expect(try told(reader.events(after: sample.seq - 1, of: .all, limit: 1)).first?["kind"]?.string == kind.family.rawValue)
    }

    @Test func `a key noted by the first release shows as an account's line`() throws {
        let sample = try Sample()
        try sample.open.commit([.note(account: Sample.az, nil, sample.event(.note) { $0.note = "signs with key 0123456789ab" })])
        let reader = try SQLiteJournalReader(path: sample.path)
        #expect(try reader.connection.text("SELECT kind FROM v_timeline WHERE seq = \(sample.seq)") == "account")
    }

    @Test func `a start finds busy intents without passing by those that are settled`() throws {
        let sample = try Sample()
        let plan = try SQLiteJournalReader(path: sample.path).connection
            .prepare("EXPLAIN QUERY PLAN " + IntentRowReader.select + " WHERE " + JournalLoader.busyIntents)
        while try plan.step() {
            let step = plan.text(3)
            #expect(!step.hasPrefix("SCAN") || step.contains("INDEX orders_live") || step.contains("INDEX commands_open"), "\(step)")
        }
    }

    @Test func `listings and stories use indexes`() throws {
        let sample = try Sample()
        let reader = try SQLiteJournalReader(path: sample.path).connection
        for sql in [
            "SELECT * FROM v_orders WHERE client_order_id = 'x'", "SELECT * FROM v_orders WHERE venue_order_id = 'x' AND account = 'y'",
            "SELECT * FROM v_orders WHERE intent_id = 'x' ORDER BY order_key", "SELECT * FROM v_timeline WHERE seq > 5 ORDER BY seq LIMIT 9",
            "SELECT * FROM v_orders WHERE order_key > 7 AND closed_at IS NULL ORDER BY order_key LIMIT 9",
            "SELECT * FROM v_intents WHERE tag = 'x' AND intent_key > 7 ORDER BY intent_key LIMIT 9",
            "SELECT * FROM v_orders WHERE tag = 'x' AND order_key > 7 ORDER BY order_key LIMIT 9",
            "SELECT * FROM v_orders WHERE +tag = 'x' AND closed_at IS NULL AND order_key > 7 ORDER BY order_key LIMIT 9",
            "SELECT * FROM v_fills WHERE +tag = 'x' AND seq > 7 ORDER BY seq LIMIT 9",
            "SELECT * FROM v_commands WHERE client_order_id = 'x'", "SELECT * FROM v_fills WHERE client_order_id = 'x'",
        ] {
            let plan = try reader.prepare("EXPLAIN QUERY PLAN " + sql)
            while try plan.step() {
                let step = plan.text(3)
                #expect(!step.hasPrefix("SCAN") && !step.contains("TEMP B-TREE"), "\(sql): \(step)")
            }
        }
    }
}
