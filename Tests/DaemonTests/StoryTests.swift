import Testing
import Wire

/// What was asked of an order stands beside what became of it, for whoever reads its story.
@Suite struct StoryTests {
    @Test(arguments: ["bitget-uta", "xt-spot"])
    func `what was asked stands beside what a modify made of it, in the views and in why`(venue: String) throws {
        let house = try House([venue])
        let client = try house.start()
        let account = house.accounts[0]
        let ids = try client.submit(account.intent("rest", orders: 2))
        try client.wait("rest")
        try client.submit(
            #"{"account":"\#(account.name)","intent_id":"change","modify":[{"client_order_id":"\#(ids[0])","price":"38500","quantity":"0.02"}]}"#)
        try client.wait("change")
        for view in ["v_orders", "v_open"] {
            let rows = try house.journal.rows("SELECT price, quantity, asked_price, asked_quantity FROM \(view) ORDER BY order_key")
            let asked: [String?] = ["39000", account.quantity]
            #expect(rows == [["38500", "0.02"] + asked, asked + asked], "\(view): \(rows)")
        }
        let births = try house.journal.texts("SELECT detail FROM v_timeline WHERE kind = 'order_born' ORDER BY seq")
        #expect(births.allSatisfy { $0.contains(#""price":"39000","quantity":"\#(account.quantity)""#) }, "\(births)")
        func why(_ id: String) throws -> String {
            let (code, output) = try ChildProcess.run("omsctl", ["--socket", house.socket, "why", id], in: house.scratch)
            #expect(code == 0)
            return output
        }
        let changed = try why(ids[0])
        #expect(changed.contains("asked: buy \(account.quantity) \(account.symbol) limit at 39000"), "\(changed)")
        #expect(changed.contains("38500") && changed.contains("0.02"), "\(changed)")
        let other = try why(ids[1])
        #expect(other.contains("asked: buy \(account.quantity) \(account.symbol) limit at 39000") && !other.contains("38500"), "\(other)")
        #expect(try house.verify().code == 0)
    }
}
