import CLinux
import OMSCore
import TestSupport
import Testing
import Wire

/// Events are gap-free live too: whoever follows is told the same as whoever reads the record afterwards.
@Suite struct LiveEventsTests {
    @Test(arguments: [1, 999, 1_000, 1_001, 5_000])
    func `an intent of any size reaches three live subscribers as the record has it, byte for byte`(orders: Int) throws {
        try Self.follow(orders: orders)
    }

    /// One follows from the record's start and reads at once, one follows the account from now on and reads when all is over, one comes when the intent
    /// is half written. Others submit meanwhile.
    static func follow(orders: Int) throws {
        let house = try House(["az-futures", "xt-spot"])
        let (account, other) = (try house.account("az-futures"), try house.account("xt-spot"))
        let client = try house.start()
        let before = try #require(try client.call("daemon.status")["seq"]?.integer.map { Int($0) })
        let prompt = try Follower(house.socket, "{after_seq: 0}")
        let slow = try Follower(house.socket, "{account: '\(account.name)'}")
        let loud = try house.client()

        loud.send(raw: Array((#"{"jsonrpc":"2.0","id":1,"method":"intent.submit","params":"# + account.intent("large", orders: orders) + "}\n").utf8))
        let late = try Follower(house.socket, "{after_seq: \(before)}")
        for number in 1...3 { try client.submit(other.intent("small-\(number)", orders: 2)) }
        #expect(try loud.message()?["result"]?["orders"]?.array?.count == orders)
        try client.wait("large", seconds: 150)
        for number in 1...3 { try client.wait("small-\(number)") }
        // A line that ends what is compared, whatever else is written meanwhile.
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'halted', reason: 'enough'}")
        let end = try house.journal.number("SELECT max(seq) FROM v_timeline WHERE kind = 'account' AND to_state = 'halted'")
        let reading = [prompt, slow, late].map { follower in Aside { try follower.read(to: end) } }
        for one in reading { try one.join() }

        let all = try Follower(house.socket, "{after_seq: 0}")
        try all.read(to: end)
        let mine = try Follower(house.socket, "{after_seq: 0, account: '\(account.name)'}")
        try mine.read(to: end)
        #expect(Self.differences(prompt, all, after: 0, to: end) == [])
        #expect(Self.differences(late, all, after: before, to: end) == [])
        let from = try #require(try slow.events.first?["seq"]?.integer.map { Int($0) })
        #expect(from > before - 50 && Self.differences(slow, mine, after: from - 1, to: end) == [])
        let born = try house.journal.number("SELECT count(*) FROM v_timeline WHERE kind = 'order_born' AND account = '\(account.name)'")
        #expect(try slow.events.count { $0["kind"]?.string == "order_born" } == born && born == orders)
        #expect(try all.events.compactMap { $0["seq"]?.integer.map { Int($0) } } == Array(1...(all.lastSeq)), "numbers without a gap")
    }

    @Test func `an intent that a kill leaves half written is never told, and who followed misses nothing of what comes later`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start(environment: ["OMSD_KILL_AT": "after_intent_commit:2"])
        try client.submit(account.intent("first", orders: 2))
        try client.wait("first")
        let follower = try Follower(house.socket, "{after_seq: 0}")
        _ = try? client.submit(account.intent("half", orders: 5_000))
        #expect(try house.daemon?.end() == 128 + SIGKILL)
        #expect(throws: Unexpected.self) { try follower.read(to: .max) }
        let told = try follower.events
        #expect(told.allSatisfy { $0["intent_id"]?.string != "half" })

        let again = try house.start()
        let next = try Follower(house.socket, "{after_seq: \(follower.lastSeq)}")
        try again.submit(account.intent("later", orders: 1_500))
        try again.wait("later")
        _ = try again.call("account.set_state", "{account: '*', state: 'halted', reason: 'enough'}")
        let end = try house.journal.number("SELECT max(seq) FROM v_timeline WHERE kind = 'account' AND to_state = 'halted'")
        try next.read(to: end)
        let all = try Follower(house.socket, "{after_seq: 0}")
        try all.read(to: end)

        #expect((follower.lines + next.lines).elementsEqual(all.lines.prefix(follower.lines.count + next.lines.count)))
        #expect(try next.events.contains { $0["kind"]?.string == "intent" && $0["to_state"]?.string == "discarded" })
        #expect(try all.events.count { $0["kind"]?.string == "order_born" } == 1_502)
        #expect(try house.verify().code == 0)
    }

    @Test func `a subscriber that knows a number the record never gave is told so`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let seq = try #require(try client.call("daemon.status")["seq"]?.integer.map { Int($0) })

        let answer = try client.ask("event.subscribe", "{after_seq: \(seq + 1_000)}")

        #expect(answer.member("error", "code")?.integer == -32602)
        #expect(answer.member("error", "message")?.string?.contains("ahead of the record") == true)
    }

    @Test func `a birth tells its item, an execution its fill row, a command its id, a start its version, a reload its changes and by whom`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        let follower = try Follower(house.socket, "{after_seq: 0}")
        let id = try client.submit(account.intent("resting", orders: 1))[0]
        try client.wait("resting", until: "acknowledged")
        _ = try client.call("intent.submit", "{account: '\(account.name)', intent_id: 'gone', cancel: ['\(id)']}")
        try client.wait("gone")
        let market = #"{"symbol":"\#(account.symbol)","side":"buy","type":"market","quantity":"10","position_side":"long"}"#
        try client.submit(#"{"account":"\#(account.name)","intent_id":"taken","place":[\#(market)]}"#)
        try client.wait("taken")
        try pollUntil("a fill") { try house.journal.number("SELECT count(*) FROM v_fills") > 0 }
        house.settings[account.name] = "risk: { max_open_orders: 7 }"
        try house.writeConfiguration()
        house.daemon?.signal(SIGHUP)
        try pollUntil("a reload") { try house.journal.number("SELECT count(*) FROM v_timeline WHERE kind = 'reload'") > 0 }
        try follower.read(to: try house.journal.number("SELECT max(seq) FROM v_timeline"))
        let events = try follower.events
        func first(_ kind: String) -> JSON? { events.first { $0["kind"]?.string == kind } }

        let born = try #require(first("order_born"))
        #expect(born["symbol"]?.string == account.symbol && born["side"]?.string == "buy" && born["type"]?.string == "limit")
        #expect(born["price"]?.string == "39000" && born["quantity"]?.string == "10" && born["post_only"] == .bool(false))
        #expect(born["position_side"]?.string == "long" && born["intent_id"]?.string == "resting" && born["client_order_id"]?.string == id)
        #expect(born["time_in_force"]?.string == "gtc" && born.member("detail", "symbol")?.string == account.symbol)
        let execution = try #require(first("execution"))
        for name in ["trade_id", "quantity", "price"] { #expect(execution[name]?.string?.isEmpty == false, "\(name)") }
        let command = try #require(first("command"))
        #expect(command["command_id"]?.integer == command["seq"]?.integer && command["client_order_id"]?.string == id)
        let start = try #require(first("start"))
        #expect(start.member("detail", "version")?.string == omsdVersion && start.member("detail", "boot")?.string?.isEmpty == false)
        let reload = try #require(first("reload"))
        #expect(reload["actor"]?.string == "uid:\(getuid()) pid:\(getpid())")
        #expect(reload.member("detail", "note")?.string == "accounts.\(account.name).risk.max_open_orders: none -> 7")
        let places = events.filter { $0["kind"]?.string == "request" && ["place", "mixed"].contains($0.member("detail", "kind")?.string ?? "") }
        let request = try #require(places.last)
        #expect(request["to_state"]?.string == "acknowledged" && request.member("detail", "http_status")?.integer == 200)
        let kinds = Set(events.compactMap { $0["kind"]?.string })
        #expect(kinds.isSubset(of: EventFamily.allCases.map(\.rawValue)), "\(kinds)")
        #expect(try house.journal.number("SELECT count(*) FROM v_timeline WHERE seq <= \(follower.lastSeq)") == events.count)
    }

    /// What two subscribers were told differently in `after + 1 ... end`: empty, or the first difference.
    private static func differences(_ one: Follower, _ other: Follower, after: Int, to end: Int) -> [String] {
        func part(_ follower: Follower) -> [String] {
            follower.lines.filter { line in
                let seq = line[6...].prefix { (0x30...0x39).contains($0) }.reduce(0) { $0 * 10 + Int($1 - 0x30) }
                return seq > after && seq <= end
            }.map { String(decoding: $0, as: UTF8.self) }
        }
        let (one, other) = (part(one), part(other))
        if one == other { return [] }
        let index = zip(one, other).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(one.count, other.count)
        return ["\(one.count) and \(other.count) events", index < one.count ? one[index] : "-", index < other.count ? other[index] : "-"]
    }
}
