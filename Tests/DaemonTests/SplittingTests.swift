import Testing
import Wire

/// How an intent becomes requests, as the venue sees it.
@Suite struct SplittingTests {
    @Test func `150 creates and 150 cancels of one intent take two requests at AZ`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let account = try house.account("az-futures")
        let ids = try client.submit(account.intent("old", orders: 150))
        try client.wait("old")
        let before = try orderRequests(house)

        let cancels = ids.map { "\"\($0)\"" }.joined(separator: ",")
        let items = Array(repeating: account.item(price: "38000"), count: 150).joined(separator: ",")
        try client.submit(#"{"account":"\#(account.name)","intent_id":"both","place":[\#(items)],"cancel":[\#(cancels)]}"#)
        try client.wait("both")

        let requests = try orderRequests(house)[before.count...]
        #expect(requests.map { $0["items"]?.integer ?? 0 }.sorted() == [100, 200])
        #expect(try house.journal.states(where: "intent_id = 'old'") == ["canceled": 150])
        let placed = try house.journal.states(where: "intent_id = 'both'")
        #expect(placed.filter { ["acknowledged", "working"].contains($0.key) }.values.reduce(0, +) == 150, "\(placed)")
        #expect(try house.audit().code == 0)
    }

    @Test func `one bad order among 25 costs that order alone at AscendEX`() throws {
        let house = try House(["ascendex"], options: ["--switch", "ascendex/balance=100000", "--switch", "ascendex/batch_balance=single"])
        let client = try house.start()
        let account = try house.account("ascendex")

        // 390,000 is more than the account holds: the venue refuses the whole batch and names this one.
        var items = Array(repeating: account.item(), count: 25)
        items[7] = account.item(quantity: "10")
        let ids = try client.submit(#"{"account":"\#(account.name)","intent_id":"mixed","place":[\#(items.joined(separator: ","))]}"#)
        try client.wait("mixed")

        let rejected = try house.journal.rows("SELECT client_order_id, reject_code FROM v_orders WHERE state = 'rejected'")
        #expect(rejected.map(\.[0]) == [ids[7]])
        #expect(rejected.first?[1] != nil)
        let states = try house.journal.states(where: "client_order_id <> '\(ids[7])'")
        #expect(states.filter { ["acknowledged", "working"].contains($0.key) }.values.reduce(0, +) == 24, "\(states)")
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test func `a burst of eight changes for each of 200 orders ends at the last one asked`() throws {
        // An engine far slower than the gateway: changes pile up in it.
        let house = try House(
            ["bitget-uta"], options: ["--switch", "bitget-uta/modify_ms=1000", "--limit", "bitget-uta/batch-modify=none"],
            settings: ["uta-bitget": #"limits: [{ budget: "batch-modify", permits: 1000, share: 1000 }]"#])
        let client = try house.start()
        let account = try house.account("bitget-uta")
        let ids = try client.submit(account.intent("resting", orders: 200))
        try client.wait("resting")

        for round in 1...8 {
            let items = ids.map { #"{"client_order_id":"\#($0)","price":"\#(39_000 + round)","quantity":"0.0\#(10 + round)"}"# }
            try client.submit(#"{"account":"\#(account.name)","intent_id":"round-\#(round)","modify":[\#(items.joined(separator: ","))]}"#)
        }
        for round in 1...8 { try client.wait("round-\(round)", seconds: 110) }

        let commands = try house.journal.rows("SELECT state, count(*) FROM v_commands GROUP BY state ORDER BY state")
        #expect(Set(commands.map { $0[0] ?? "" }).isSubset(of: ["done", "superseded"]), "\(commands)")
        #expect(try house.journal.number("SELECT count(*) FROM v_commands") == 1_600)
        // The last one asked for each order is done; whatever gave way to another says so.
        #expect(try house.journal.number("SELECT count(*) FROM v_commands WHERE price = '39008' AND state = 'done'") == 200)
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE price = '39008' AND quantity = '0.018'") == 200)
        let ledger = try house.pages.ledger()
        let orders = ledger["orders"]?.array ?? []
        #expect(orders.count { $0["price"]?.string == "39008" && $0["quantity"]?.string == "0.018" } == 200)
        let modifies = ledger["requests"]?.array?.filter { $0["kind"]?.string == "modify" } ?? []
        #expect(!modifies.isEmpty)
        for request in modifies {
            let named = request["client_order_ids"]?.array?.compactMap(\.string) ?? []
            #expect(named.count == Set(named).count && named.count <= 20 && !named.isEmpty)
            // The venue refuses a change of an order that has five unfinished: nothing was refused.
            #expect(request["outcome"]?.string == "accepted", "\(request.lines)")
        }
    }

    private func orderRequests(_ house: House) throws -> [JSON] {
        try house.pages.requests { ["place", "cancel", "mixed"].contains($0["kind"]?.string ?? "") }
    }
}
