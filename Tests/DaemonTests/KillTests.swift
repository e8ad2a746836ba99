import CLinux
import TestSupport
import Testing
import Wire

/// `omsctl kill` against real processes: what it says is what is so.
@Suite struct KillTests {
    /// Places orders and waits until the venue has taken all of them.
    private static func place(_ house: House, _ client: ControlClient, orders: Int) throws {
        let account = try house.account("az-futures")
        try client.submit(account.intent("rest", orders: orders))
        try client.wait("rest")
    }

    private static func kill(_ house: House, _ words: [String] = []) throws -> (code: Int32, result: JSON) {
        let (code, output) = try ChildProcess.run("omsctl", ["--socket", house.socket, "kill", "--json"] + words, in: house.scratch, seconds: 120)
        let line = output.split(separator: "\n").last { $0.hasPrefix("{") } ?? ""
        return (code, try JSONParser.parse(Array(line.utf8)))
    }

    @Test func `20,000 orders that rest are confirmed closed within 20 s by pages, and a second kill writes nothing down`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        try Self.place(house, client, orders: 20_000)
        let before = try house.pages.ledger()["requests"]?.array?.count ?? 0
        let start = omsd_clock_us(CLOCK_BOOTTIME)
        let (code, result) = try Self.kill(house)
        let took = omsd_clock_us(CLOCK_BOOTTIME) - start
        let account = try #require(result["accounts"]?.array?.first)
        #expect(code == 0 && account["confirmed_closed"]?.integer == 20_000, "\(code): \(account)")
        #expect(account["live_or_unknown"]?.integer == 0 && account["cancel_taken"]?.integer == 0 && account["foreign"]?.integer == 0)
        #expect(took < 20_000_000, "\(took) us")
        let requests = try #require(try house.pages.ledger()["requests"]?.array).dropFirst(before)
        #expect(requests.count < 2_000, "\(requests.count) requests for 20,000 orders")
        let rows = try house.journal.number("SELECT count(*) FROM v_commands")
        #expect(rows == 20_000)
        try pollUntil("the log: \(house.daemonLogs)") { house.daemonLogs.contains("kill is over: nothing rests at the venue") }
        #expect(house.daemonLogs.contains("confirmed_closed=\"20000\""), "\(house.daemonLogs)")
        #expect(try Self.kill(house).code == 0)
        #expect(try house.journal.number("SELECT count(*) FROM v_commands") == rows)
    }

    @Test func `orders that only the venue knows are told, and are 5`() throws {
        let house = try House(["az-futures"])
        let path = house.journal.path
        let backup = house.scratch.file("backup.db")
        let first = try house.start()
        try Self.place(house, first, orders: 100)
        #expect(try ChildProcess.run("omsd", ["backup", "--journal", path, "--to", backup], in: house.scratch).code == 0)
        let account = try house.account("az-futures")
        try first.submit(account.intent("unknown", orders: 60))
        try first.wait("unknown")
        try house.killDaemon()
        for end in ["", "-wal", "-shm"] { unlink(path + end) }
        #expect(rename(backup, path) == 0)
        _ = try house.start()
        let (code, result) = try Self.kill(house, ["--timeout", "30s"])
        let told = try #require(result["accounts"]?.array?.first)
        #expect(code == 5, "\(told)")
        #expect(told["foreign"]?.integer == 60 && told["live_or_unknown"]?.integer == 0 && told["cancel_all"]?.string == "not_asked", "\(told)")
        try pollUntil("the log: \(house.daemonLogs)") { house.daemonLogs.contains("orders of others do") }
        let (all, everything) = try Self.kill(house, ["--everything", "--timeout", "30s"])
        let left = try #require(everything["accounts"]?.array?.first)
        #expect(all == 0 && left["foreign"]?.integer == 0 && left["cancel_all"]?.string == "confirmed", "\(all): \(left)")
        // What an earlier kill had the venue confirm is nothing that this one asked for; asking the same again writes nothing.
        for _ in 0..<2 {
            let (again, plain) = try Self.kill(house, ["--timeout", "30s"])
            #expect(again == 0 && plain["accounts"]?.array?.first?["cancel_all"]?.string == "not_asked", "\(plain)")
            #expect(try house.journal.number("SELECT count(*) FROM v_timeline WHERE detail LIKE '%no cancel-all is wanted any more%'") == 1)
        }
    }

    @Test func `kill --everything before anything of the venue was measured ends nothing, and leaves once it was`() throws {
        let house = try House(["ascendex", "bitget-margin"])
        let client = try house.start(untilReady: false)
        let answer = try client.ask(
            "account.set_state", #"{"account":"*","state":"halted","reason":"test","cancel_open":true,"everything":true}"#)
        #expect(answer["result"] != nil, "\(answer)")
        try pollUntil("the cancel-all's answer: \(house.daemon?.tail ?? "")") {
            let rows = try client.call("account.kill_status")["accounts"]?.array ?? []
            let said = rows.map { $0["cancel_all"]?.string ?? "" }.sorted()
            return said == ["confirmed", "none"]
        }
        #expect(house.daemon?.exitCode == nil)
    }

    private static let cancelAll = "kind: 'cancel', endpoint: 'order-cancel-all'"

    @Test(arguments: ["lose_reply_before_execution", "lose_reply_after_execution", "status_5xx", "venue_error"])
    func `a cancel-all that is lost or refused is asked for again until the venue answers it`(fault: String) throws {
        let house = try House(["az-futures"], everywhere: "request_timeout_ms: 1000")
        let client = try house.start()
        try Self.place(house, client, orders: 10)
        let account = try house.account("az-futures")
        for _ in 0..<3 {
            try house.pages.post("/_sim/place", Self.external(account))
        }
        let code = fault == "venue_error" ? ", code: '98765', message: 'not now', status: 200" : ""
        try house.pages.setFaults("[{\(Self.cancelAll), count: 2, fault: {type: '\(fault)'\(code)}}]")
        let (exit, result) = try Self.kill(house, ["--everything", "--timeout", "60s"])
        let told = try #require(result["accounts"]?.array?.first)
        #expect(exit == 0 && told["cancel_all"]?.string == "confirmed" && told["foreign"]?.integer == 0, "\(exit): \(told)")
        #expect(told["confirmed_closed"]?.integer == 10 && told["live_or_unknown"]?.integer == 0, "\(told)")
        #expect(try house.pages.requests { $0["endpoint"]?.string == "order-cancel-all" }.count >= 3)
        let orders = try #require(try house.pages.ledger()["orders"]?.array)
        #expect(orders.count == 13 && orders.allSatisfy { $0["state"]?.string == "canceled" })
    }

    @Test func `a cancel-all that the venue refuses for good is told, and is 5`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        try Self.place(house, client, orders: 10)
        try house.pages.post("/_sim/place", Self.external(try house.account("az-futures")))
        try house.pages.setFaults("[{\(Self.cancelAll), fault: {type: 'venue_error', code: '98765', message: 'never', status: 200}}]")
        let (exit, result) = try Self.kill(house, ["--everything", "--timeout", "8s"])
        let told = try #require(result["accounts"]?.array?.first)
        #expect(exit == 5 && told["cancel_all"]?.string == "unanswered" && told["foreign"]?.integer == 1, "\(exit): \(told)")
        #expect(told["confirmed_closed"]?.integer == 10 && told["live_or_unknown"]?.integer == 0, "\(told)")
    }

    private static func external(_ account: TestAccount) -> String {
        #"{"venue":"\#(account.venue)","account":"\#(account.uid)","product":"\#(account.product)","symbol":"\#(account.symbol)","side":"buy","#
            + #""quantity":"10","price":"38000"}"#
    }
}
