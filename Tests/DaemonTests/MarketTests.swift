import CLinux
import TestSupport
import Testing
import Wire

/// Markets whose rules change, and markets that end, while orders are on their way.
@Suite struct MarketTests {
    @Test(arguments: TestAccount.venues)
    func `an order that a changed precision forbids is refused in the venue's words, once, and the new rules are read at once`(venue: String) throws {
        let house = try House([venue])
        let client = try house.start()
        let account = house.accounts[0]
        #expect(try instrument(client, account.symbol)?["tick"]?.string != "100")
        try house.pages.post("/_sim/instrument", #"{"venue":"\#(venue)","symbol":"\#(account.symbol)","price_places":0,"quantity_places":0}"#)

        // Fine by the rules as they were read: tick and lot are whole now.
        let quantity = account.isWhole ? account.quantity : account.quantity + "1"
        let item = account.item(price: "39000.1", quantity: quantity)
        let ids = try client.submit(#"{"account":"\#(account.name)","intent_id":"late","place":[\#(item)]}"#)
        try client.wait("late")

        try expectRefusedOnce(ids, house)
        try pollUntil("the new rules") { try instrument(client, account.symbol)?["tick"]?.string == "1" }
        let again = try client.ask("intent.submit", #"{"account":"\#(account.name)","intent_id":"again","place":[\#(item)]}"#)
        #expect(again.member("error", "code")?.integer == 1003, "\(again.lines)")
        let whole = account.item(quantity: account.isWhole ? account.quantity : "1")
        try client.submit(#"{"account":"\#(account.name)","intent_id":"whole","place":[\#(whole)]}"#)
        try client.wait("whole")
        #expect(try house.journal.states(where: "intent_id = 'whole'").keys.allSatisfy { ["acknowledged", "working"].contains($0) })
        #expect(try house.audit().code == 0)
    }

    @Test(arguments: TestAccount.venues)
    func `a market that ends costs its own orders alone: refused in the venue's words, once, and unknown from then on`(venue: String) throws {
        let house = try House([venue], options: ["--switch", "bitget-margin/unknown_symbol=refused"])
        let client = try house.start()
        let account = house.accounts[0]
        let other = try #require(account.sample.markets.dropFirst().first, "\(venue) has one sample market")
        let sister = other.symbol.text
        func sisterly(_ price: String, _ quantity: String) -> String {
            account.item(price: price, quantity: quantity).replacing(#""\#(account.symbol)""#, with: #""\#(sister)""#)
        }
        let (price, quantity) = (other.price.description, other.quantity.description)
        try client.submit(account.intent("ending", orders: 3))
        try client.submit(#"{"account":"\#(account.name)","intent_id":"lasting","place":[\#(sisterly(price, quantity))]}"#)
        for intent in ["ending", "lasting"] { try client.wait(intent) }
        try house.pages.post("/_sim/instrument", #"{"venue":"\#(venue)","symbol":"\#(account.symbol)","delisted":true}"#)

        let ids = try client.submit(account.intent("late", orders: 1))
        try client.wait("late")

        try expectRefusedOnce(ids, house)
        try pollUntil("the market is gone") { try instrument(client, account.symbol) == nil }
        let again = try client.ask("intent.submit", account.intent("again", orders: 1))
        #expect(again.member("error", "code")?.integer == 1003 && again.lines.contains("has no market"), "\(again.lines)")
        // The other market goes on, over a restart too, and the account is compared as ever.
        try house.killDaemon()
        let restarted = try house.start()
        try restarted.submit(#"{"account":"\#(account.name)","intent_id":"on","place":[\#(sisterly(price, quantity))]}"#)
        try restarted.wait("on")
        var summary = JSON.null
        try pollUntil("both orders: \(summary.lines)") {
            summary = try restarted.call("account.reconcile", "{account: '\(account.name)'}")
            return summary["venue_open"]?.integer == 2
        }
        if account.profile.listsBySymbol {
            // Such a one does not even tell any more what became of the orders of that market: a person must know.
            try pollUntil("breaks") {
                try house.journal.number(
                    "SELECT count(*) FROM v_breaks WHERE kind = 'missing_there' AND detail LIKE '%is gone%' AND resolved_at IS NULL") == 3
            }
            let told = try restarted.call("account.reconcile", "{account: '\(account.name)'}")["breaks"]?.array ?? []
            let kinds = told.compactMap { $0["kind"]?.string }
            // That it asked about them in vain is a break as well.
            #expect(kinds.filter { $0 != "loop" } == ["missing_there", "missing_there", "missing_there"], "\(told.map(\.lines))")
        } else {
            try pollUntil("canceled orders") { try house.journal.states(where: "intent_id = 'ending'") == ["canceled": 3] }
            #expect(try house.audit().code == 0)
        }
        #expect(try house.verify().code == 0)
    }

    @Test(arguments: [("bitget-margin", "龙虾USDT"), ("bitget-uta", "龙虾USDT"), ("xt-spot", "龙虾_usdt")])
    func `a market whose name is beyond ASCII is traded as any other: placed, lost and found again, listed, canceled, in journal and answers`(
        venue: String, symbol: String
    ) throws {
        let house = try House([venue])
        let client = try house.start()
        let account = house.accounts[0]
        #expect(try instrument(client, symbol)?["tradable"]?.bool == true)
        let item = account.item(price: "0.04", quantity: "100").replacing(#""\#(account.symbol)""#, with: #""\#(symbol)""#)
        // The answer to the first request gets lost: the order is found by look-ups that name the symbol in their query.
        try house.pages.setFaults("[{kind: 'place', count: 1, fault: {type: 'lose_reply_after_execution'}}]")
        let ids = try client.submit(#"{"account":"\#(account.name)","intent_id":"lobster","place":[\#(item),\#(item)]}"#)
        try client.wait("lobster")

        try pollUntil("both orders rest") {
            try house.journal.states(where: "intent_id = 'lobster' AND state IN ('acknowledged', 'working')").values.reduce(0, +) == 2
        }
        #expect(try house.journal.rows("SELECT DISTINCT symbol FROM v_orders") == [[symbol]])
        try pollUntil("listed") { try client.call("account.reconcile", "{account: '\(account.name)'}")["venue_open"]?.integer == 2 }
        let listed = try client.call("order.list", "{account: '\(account.name)', symbol: '\(symbol)'}")
        #expect(listed["orders"]?.array?.compactMap { $0["symbol"]?.string } == [symbol, symbol], "\(listed.lines)")
        let (code, output) = try ChildProcess.run("omsctl", ["--socket", house.socket, "orders"], in: house.scratch)
        #expect(code == 0 && output.contains(symbol), "\(output)")
        try client.submit(#"{"account":"\#(account.name)","intent_id":"away","cancel":[{"symbol":"\#(symbol)"}]}"#)
        try client.wait("away")
        try pollUntil("canceled") { try house.journal.states(where: "intent_id = 'lobster'") == ["canceled": 2] }
        #expect(ids.count == 2)
        #expect(try house.audit().code == 0)
        #expect(try house.verify().code == 0)
    }

    private func instrument(_ client: ControlClient, _ symbol: String) throws -> JSON? {
        try client.call("instrument.list")["instruments"]?.array?.first { $0["symbol"]?.string == symbol }
    }

    /// Rejected with the venue's word, by the only request that ever carried it.
    private func expectRefusedOnce(_ ids: [String], _ house: House, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let rows = try house.journal.rows(
            "SELECT client_order_id, state, evidence, attempts, reject_code, reject_text FROM v_orders WHERE intent_id = 'late'")
        #expect(rows.map { $0[0] } == ids, sourceLocation: sourceLocation)
        for row in rows {
            #expect(Array(row[1...3]) == ["rejected", "response", "1"], "\(row)", sourceLocation: sourceLocation)
            #expect(row[4]?.isEmpty == false || row[5]?.isEmpty == false, "\(row)", sourceLocation: sourceLocation)
        }
        let carried = try house.pages.requests { request in
            ["place", "mixed"].contains(request["kind"]?.string ?? "") && request["client_order_ids"]?.array?.contains { $0.string == ids[0] } == true
        }
        #expect(carried.count == 1, "\(carried.map(\.lines))", sourceLocation: sourceLocation)
    }
}
