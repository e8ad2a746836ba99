import CLinux
import CSQLite
import OMSCore
import TestSupport
import Testing
import Wire

/// The report that an auditor or a manager reads, held against SQL over the same journal.
@Suite struct ReportTests {
    /// What a venue's words may hold: markup, quotes, letters that run from right to left, and the character that turns what follows.
    private static let hostile = "<script>alert('x')</script> \"&amp; \u{5D0}\u{5D1} \u{202E}gnp.exe"

    private static func report(_ journal: String, _ words: [String], in scratch: ScratchDirectory) throws -> (code: Int32, output: String) {
        try ChildProcess.run("omsctl", ["report", "--journal", journal] + words, in: scratch)
    }

    private static func figures(_ journal: String, _ words: [String] = [], in scratch: ScratchDirectory) throws -> JSON {
        let (code, output) = try report(journal, ["--json"] + words, in: scratch)
        guard code == 0 else { throw Unexpected("omsctl report: \(code) \(output)") }
        return try JSONParser.parse(output)
    }

    /// Rows of a list of the report as SQL gives them, under these members; nested ones with dots between.
    private static func rows(_ list: JSON?, _ members: [String]) -> Set<[String?]> {
        Set(
            (list?.array ?? []).map { row in
                members.map { path in
                    let value = path.split(separator: ".").reduce(row as JSON?) { $0?[String($1)] }
                    return value.flatMap { $0.isNull ? nil : $0.text }
                }
            })
    }

    /// `[account, …, state, count]` of every tally in a list.
    private static func tallies(_ list: JSON?, _ members: [String]) -> Set<[String?]> {
        var found: Set<[String?]> = []
        for row in list?.array ?? [] {
            for (state, count) in row["orders"]?.object ?? [] where state != "all" {
                found.insert(members.map { row[$0]?.text } + [state, count.text])
            }
        }
        return found
    }

    private func busyHouse() throws -> House {
        let house = try House(options: ["--seed", "5", "--fill", "0.3"])
        let client = try house.start()
        let words = Self.hostile.split(separator: "\"").joined(separator: "\\\"")
        try house.pages.setFaults(
            """
            [{venue: 'xt-spot', kind: 'place', count: 1, fault: {type: 'item_error', code: 'ORDER_F0101', message: "\(words)", share: 0.5}},
             {kind: 'place', probability: 0.2, fault: {type: 'lose_reply_after_execution'}},
             {kind: 'mixed', probability: 0.2, fault: {type: 'lose_reply_before_execution'}}]
            """)
        for account in house.accounts { try client.submit(account.intent("of-\(account.name)", orders: 45)) }
        for account in house.accounts { try client.wait("of-\(account.name)", seconds: 120) }
        try house.pages.setFaults("[]")
        let az = try house.account("az-futures")
        try house.pages.post(
            "/_sim/place", #"{"venue":"az-futures","account":"\#(az.uid)","symbol":"\#(az.symbol)","side":"buy","quantity":"1","price":"38000"}"#)
        try pollUntil("a break") { try house.journal.number("SELECT count(*) FROM v_breaks WHERE kind = 'external_order'") == 1 }
        let number = try house.journal.number("SELECT max(break_id) FROM v_breaks WHERE kind = 'external_order'")
        _ = try client.call("break.acknowledge", #"{"break_id":\#(number),"reason":"ours by hand"}"#)
        _ = try client.call("account.set_state", #"{"account":"\#(az.name)","state":"reducing","reason":"\#(words)"}"#)
        let spot = try house.account("xt-spot").name
        let killed = try ChildProcess.run(
            "omsctl", ["--socket", house.socket, "kill", spot, "--reason", "over", "--timeout", "30s"], in: house.scratch)
        #expect(killed.code == 0, "\(killed.output)")
        return house
    }

    @Test func `what a report counts is what SQL over the journal counts`() throws {
        let house = try busyHouse()
        #expect(try house.stopDaemon() == 0)
        let journal = house.journal
        let report = try Self.figures(journal.path, in: house.scratch)
        func same(_ what: String, _ found: Set<[String?]>, _ sql: String) throws {
            let rows = try journal.rows(sql)
            #expect(!rows.isEmpty, "\(what): nothing to compare")
            #expect(found == Set(rows), "\(what)")
        }
        try same("orders by account", Self.tallies(report["accounts"], ["account"]), "SELECT account, state, count(*) FROM v_orders GROUP BY 1, 2")
        try same(
            "orders by day", Self.tallies(report["days"], ["day", "account"]),
            "SELECT strftime('%Y-%m-%d', intended_at / 1000000, 'unixepoch'), account, state, count(*) FROM v_orders GROUP BY 1, 2, 3")
        try same(
            "orders by market", Self.tallies(report["markets"], ["account", "symbol"]),
            "SELECT account, symbol, state, count(*) FROM v_orders GROUP BY 1, 2, 3")
        #expect(report["orders"]?["all"]?.text == (try journal.texts("SELECT count(*) FROM v_orders").first))
        let overTime = (report["steps"]?.array ?? []).reduce(0) { $0 + ($1["orders"]?["all"]?.integer ?? 0) }
        #expect(overTime == report["orders"]?["all"]?.integer)
        try same(
            "executions", Self.rows(report["markets"], ["account", "symbol", "executions"]).filter { $0[2] != "0" },
            "SELECT account, symbol, count(*) FROM v_fills GROUP BY 1, 2")
        for market in report["markets"]?.array ?? [] {
            let (account, symbol) = (market["account"]?.text ?? "", market["symbol"]?.text ?? "")
            let quantities = try journal.texts(
                "SELECT quantity FROM v_fills WHERE account = '\(account)' AND symbol = '\(symbol)' AND side = 'buy'")
            #expect(market["bought"]?.string == sum(quantities), "\(market)")
        }
        try same(
            "fees", Self.rows(report["fees"], ["account", "asset"]), "SELECT DISTINCT account, fee_asset FROM v_fills WHERE fee IS NOT NULL")
        try same(
            "who asked", Self.rows(report["callers"], ["actor", "account", "intents", "orders"]),
            "SELECT 'uid:\(getuid())', account, count(*), sum(orders) FROM v_intents GROUP BY 2")
        try same(
            "doubts", Set(endings(report).map { [$0.key, String($0.value)] }),
            """
            SELECT account, count(*) FROM v_timeline WHERE kind = 'order' AND command_id IS NULL AND to_state = 'in_doubt'
                AND from_state <> 'in_doubt' GROUP BY 1
            """)
        try same(
            "refusals", Self.rows(report["refusals"], ["account", "by", "what", "code", "count"]),
            """
            SELECT account, 'venue', 'order', reject_code, count(*) FROM v_orders WHERE state = 'rejected' GROUP BY 1, 4
            UNION ALL SELECT account, 'venue', kind, coalesce(reject_code, ''), count(*) FROM v_commands
            WHERE state = 'refused' AND evidence <> 'local' GROUP BY 1, 3, 4
            """)
        try same(
            "requests", Self.rows(report["requests"], ["account", "kind", "outcome", "count", "items"]),
            "SELECT account, kind, outcome, count(*), sum(items) FROM v_requests GROUP BY 1, 2, 3")
        try same(
            "limits", Self.rows(report["limits"], ["venue", "owner", "budget", "requests", "busiest_window", "permits"]).filter { $0[3] != "0" },
            "SELECT venue, owner, budget, sum(requests), max(busiest_window), permits FROM v_rate_usage GROUP BY 1, 2, 3")
        try same(
            "breaks", Self.rows(report["break_kinds"], ["account", "kind", "found", "ended", "acknowledged"]),
            """
            SELECT account, kind, count(*), sum(resolved_at IS NOT NULL), sum(resolved_at IS NULL AND acknowledged_at IS NOT NULL)
            FROM v_breaks GROUP BY 1, 2
            """)
        try same(
            "times",
            Self.rows(
                report["accounts"],
                ["account", "latency.acknowledge.count", "latency.acknowledge.max", "latency.answer.count", "latency.answer.max"]),
            """
            SELECT account, count(acknowledge_us), max(acknowledge_us), count(wire_us), max(wire_us)
            FROM v_latency JOIN v_orders USING (client_order_id) GROUP BY 1
            """)
        for account in report["accounts"]?.array ?? [] {
            let times = try journal.texts(
                """
                SELECT acknowledge_us FROM v_latency JOIN v_orders USING (client_order_id) WHERE account = '\(account["account"]?.text ?? "")'
                    AND acknowledge_us IS NOT NULL ORDER BY 1
                """
            ).compactMap { Int64($0) }.sorted()
            let half = try #require(account["latency"]?["acknowledge"]?["p50"]?.integer)
            let exact = times[(times.count + 1) / 2 - 1]
            #expect(half >= exact && half <= exact + exact / 64 + 1, "half within \(half), exactly \(exact)")
        }
        let spot = try house.account("xt-spot").name
        let kills = report["kills"]?.array ?? []
        #expect(kills.count == 1 && kills.first?["account"]?.string == spot && kills.first?["left"]?.integer == 0)
        let begun = try journal.number("SELECT seq FROM v_timeline WHERE kind = 'note' AND detail LIKE '%is being emptied%'")
        let terminal = OrderState.allCases.filter(\.isTerminal).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let ended = """
            SELECT count(*) FROM v_timeline WHERE account = '\(spot)' AND kind = 'order' AND seq > \(begun) AND to_state IN (\(terminal))
                AND from_state NOT IN (\(terminal))
            """
        #expect(kills.first?["closed"]?.integer == Int64(try journal.number(ended)))
        #expect((report["decisions"]?.array ?? []).contains { $0["text"]?.string == "ours by hand" && $0["kind"]?.string == "break_acknowledged" })
        #expect((report["decisions"]?.array ?? []).contains { $0["text"]?.string == Self.hostile && $0["state"]?.string == "reducing" })
        #expect(report["starts"]?.array?.count == 1)
        #expect(report["verify"]?["sound"]?.bool == true)
    }

    /// Doubts by account, however they ended.
    private func endings(_ report: JSON) -> [String: Int64] {
        (report["doubt_ends"]?.array ?? []).reduce(into: [:]) { $0[$1["account"]?.text ?? "", default: 0] += $1["lasted"]?["count"]?.integer ?? 0 }
    }

    private func sum(_ quantities: [String]) -> String {
        // Of equal orders: tenths of thousandths are exact here.
        let parts = quantities.reduce(0) { $0 + Int((Double($1) ?? 0) * 1_000_000 + 0.5) }
        var text = String(parts)
        text = String(repeating: "0", count: max(0, 7 - text.count)) + text
        var (whole, fraction) = (text.dropLast(6), text.suffix(6))
        while fraction.last == "0" { fraction.removeLast() }
        if whole.isEmpty { whole = "0" }
        return fraction.isEmpty ? String(whole) : "\(whole).\(fraction)"
    }

    @Test func `a report of some time, or of one account, counts what lies in it and nothing else`() throws {
        let house = try House(["xt-spot", "az-futures"])
        let client = try house.start()
        for account in house.accounts {
            try client.submit(account.intent("early-\(account.name)", orders: 7))
            try client.wait("early-\(account.name)")
        }
        let between = try house.journal.number("SELECT max(intended_at) + 1 FROM v_orders")
        try pollUntil("a later second") { omsd_clock_us(CLOCK_REALTIME) / 1_000_000 > Int64(between) / 1_000_000 + 1 }
        for account in house.accounts {
            try client.submit(account.intent("late-\(account.name)", orders: 4))
            try client.wait("late-\(account.name)")
        }
        let moment = try house.journal.texts("SELECT strftime('%Y-%m-%dT%H:%M:%S', \(between) / 1000000 + 1, 'unixepoch')")[0]
        // While the daemon goes on.
        func asked(_ words: [String]) throws -> Int64? { try Self.figures(house.journal.path, words, in: house.scratch)["orders"]?["all"]?.integer }
        #expect(try asked([]) == 22)
        #expect(try asked(["--from", moment]) == 8)
        #expect(try asked(["--to", moment]) == 14)
        #expect(try asked(["--from", moment, "--account", house.accounts[0].name]) == 4)
        #expect(try asked(["--from", "1h", "--no-verify"]) == 22)
        #expect(try asked(["--to", "2026-01-01"]) == 0)
        let unknown = try Self.report(house.journal.path, ["--json", "--account", "nobody"], in: house.scratch)
        #expect(unknown.code == 1 && unknown.output.contains("knows no account nobody"))
        #expect(try house.verify().code == 0)
    }

    @Test func `words of venues and people stay words: no markup, no script, no turned letters, and nothing is asked for outside`() throws {
        let house = try busyHouse()
        #expect(try house.stopDaemon() == 0)
        // What no venue of the simulator can be made to say, by hand.
        let copy = house.scratch.file("copy.db")
        #expect(try ChildProcess.run("omsd", ["backup", "--journal", house.journal.path, "--to", copy], in: house.scratch).code == 0)
        try edit(copy, "DROP TRIGGER orders_fixed; UPDATE orders SET symbol = '\"><img src=x onerror=alert(1)>' WHERE order_key % 2 = 0")
        let page = house.scratch.file("report.html")
        let (code, output) = try Self.report(copy, ["--no-verify", "-o", page], in: house.scratch)
        #expect(code == 0, "\(output)")
        let html = try #require(readText(page))
        #expect(html.hasPrefix("<!DOCTYPE html>") && html.hasSuffix("</html>\n"))
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &quot;&amp;amp;"), "the venue's words")
        #expect(html.contains("\\u{202e}gnp.exe") && !html.unicodeScalars.contains("\u{202E}"))
        #expect(html.contains("&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"), "the market's name")
        let lower = html.lowercased()
        for bad in ["<script", "<img", "<link", "<iframe", "<object", "@import", "url(", "http:", "https:", " src=", "javascript:"] {
            #expect(!lower.split(separator: "&lt;img src=x").joined().contains(bad), "\(bad)")
        }
        #expect(html.contains("default-src 'none'"))
        var status = stat()
        #expect(stat(page, &status) == 0 && status.st_mode & 0o007 == 0, "nobody else may read it")
    }

    private func edit(_ path: String, _ sql: String) throws {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK, sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw Unexpected("\(sql): \(String(cString: sqlite3_errmsg(handle)))")
        }
    }

    @Test func `a journal that was edited makes a report that says so, and ends with 1`() throws {
        let house = try House(["xt-spot"])
        let client = try house.start()
        try client.submit(house.accounts[0].intent("some", orders: 5))
        try client.wait("some")
        #expect(try house.stopDaemon() == 0)
        let copy = house.scratch.file("copy.db")
        #expect(try ChildProcess.run("omsd", ["backup", "--journal", house.journal.path, "--to", copy], in: house.scratch).code == 0)
        // Numbers beyond all sense, too: they are told, and overflow nothing.
        try edit(
            copy,
            """
            UPDATE orders SET filled_quantity = '1', acknowledged_at = 9223372036854775807 WHERE order_key = (SELECT max(order_key) FROM orders);
            UPDATE budgets SET permits = -9223372036854775808, window_ms = 9223372036854775807;
            UPDATE rate_usage SET busiest_ending = 9223372036854775807, requests = 9223372036854775807;
            UPDATE intents SET settled_at = -9223372036854775808
            """)
        let (code, output) = try Self.report(copy, ["-o", house.scratch.file("report.html")], in: house.scratch)
        #expect(code == 1 && output.contains("the journal is not sound"), "\(output)")
        #expect(readText(house.scratch.file("report.html"))?.contains("<strong>not sound</strong>") == true)
    }

    @Test func `a journal without an order makes a report that says so`() throws {
        let house = try House(["az-futures"])
        _ = try house.start()
        #expect(try house.stopDaemon() == 0)
        let page = house.scratch.file("report.html")
        #expect(try Self.report(house.journal.path, ["-o", page], in: house.scratch).code == 0)
        let html = try #require(readText(page))
        #expect(html.contains("No order was asked for.") && html.contains("no doubt arose") && html.contains("Nothing was refused."))
        #expect(!html.contains("<figure>"))
        #expect(try Self.figures(house.journal.path, in: house.scratch)["orders"]?["all"]?.integer == 0)
    }
}
