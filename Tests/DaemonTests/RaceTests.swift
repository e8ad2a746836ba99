import CLinux
import Containers
import OMSCore
import TestSupport
import Testing
import Wire

/// Cancels against fills at the venue, and against the daemon's own sending.
@Suite struct RaceTests {
    @Test func `orders whose cancels race their fills end filled or canceled, each as its venue says`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix64(seed: seed)
        let house = try House(options: ["--seed", "\(seed % 1_000_000)"])
        let client = try house.start()
        var ids: [String: [String]] = [:]
        for account in house.accounts { ids[account.name] = try client.submit(account.intent("place-\(account.name)", orders: 40)) }
        for account in house.accounts { try client.wait("place-\(account.name)") }
        let rules = ["cancel", "mixed"].flatMap { kind in
            [
                "{kind: '\(kind)', probability: 0.1, fault: {type: 'lose_reply_after_execution'}}",
                "{kind: '\(kind)', probability: 0.1, fault: {type: 'lose_reply_before_execution'}}",
                "{kind: '\(kind)', probability: 0.3, fault: {type: 'execute_late', delay_ms: [1, 40], then: 'reset'}}",
            ]
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")

        // Ten cancels are asked for, and while they are under way the market trades the same ten, in whole or in part.
        for round in 0..<4 {
            for (number, account) in house.accounts.enumerated() {
                let chosen = Array((ids[account.name] ?? [])[round * 10..<round * 10 + 10])
                let list = chosen.map { "\"\($0)\"" }.joined(separator: ",")
                let intent = #"{"account":"\#(account.name)","intent_id":"cancel-\#(round)-\#(account.name)","cancel":[\#(list)]}"#
                let id = 1_000 + round * 10 + number
                client.send(raw: Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"intent.submit","params":\#(intent)}"#.utf8) + [0x0A])
                for id in chosen.shuffled(using: &random) {
                    let part = account.isWhole ? "4" : "0.004"
                    let quantity = Int.random(in: 0..<3, using: &random) == 0 ? #","quantity":"\#(part)""# : ""
                    // Refused when the cancel was faster.
                    _ = try? house.pages.post("/_sim/fill", #"{"venue":"\#(account.venue)","client_order_id":"\#(id)"\#(quantity)}"#)
                }
            }
        }
        for round in 0..<4 {
            for account in house.accounts { try client.wait("cancel-\(round)-\(account.name)", seconds: 100) }
        }

        let states = try house.journal.states()
        #expect(Set(states.keys).isSubset(of: ["filled", "canceled"]), "seed \(seed): \(states)")
        #expect(states["filled"] ?? 0 > 0 && states["canceled"] ?? 0 > 0, "seed \(seed): nothing raced, \(states)")
        var venues: [String: (venue: String, state: String, filled: Decimal)] = [:]
        for order in try house.pages.ledger()["orders"]?.array ?? [] {
            let filled = try #require(order["filled"]?.string.flatMap { Decimal($0) })
            let truth = (order["venue"]?.string ?? "", order["state"]?.string ?? "", filled)
            #expect(venues.updateValue(truth, forKey: order["client_order_id"]?.string ?? "") == nil, "seed \(seed): twice at its venue")
        }
        #expect(venues.count == 40 * house.accounts.count)
        // Which executions there were is listed behind the states, where a venue lists them at all.
        let listing = house.accounts.filter(\.profile.listsFills).map(\.venue)
        try pollUntil("all executions, seed \(seed)") {
            let sums = try house.journal.rows("SELECT client_order_id, quantity FROM v_fills").reduce(into: [String: Decimal]()) { sums, row in
                sums[row[0] ?? ""] = (sums[row[0] ?? ""] ?? .zero).adding(row[1].flatMap { Decimal($0) } ?? .zero)
            }
            return venues.allSatisfy { !listing.contains($0.value.venue) || $0.value.filled == sums[$0.key] ?? .zero }
        }
        for row in try house.journal.rows("SELECT client_order_id, state, filled_quantity FROM v_orders") {
            let truth = try #require(venues[row[0] ?? ""], "seed \(seed): \(row) is not at its venue")
            #expect(row[1] == truth.state && row[2].flatMap { Decimal($0) } == truth.filled, "seed \(seed): \(row) here, \(truth) there")
        }
        // Which was first is the venue's to say, and the command says it: nothing was left to cancel of what is filled.
        let commands = try house.journal.texts(
            "SELECT DISTINCT o.state || ', ' || c.state FROM v_commands c JOIN v_orders o USING (client_order_id) ORDER BY 1")
        #expect(Set(commands).isSubset(of: ["canceled, done", "filled, refused", "filled, done"]), "seed \(seed): \(commands)")
        // One that is asked for behind the fill's being known is done without a request.
        let late = try house.journal.number(
            "SELECT count(*) FROM v_commands c JOIN v_orders o USING (client_order_id) WHERE o.state = 'filled' AND c.state = 'done' AND c.attempts > 0"
        )
        #expect(late == 0, "seed \(seed): sent, in vain, and called done")
        let audit = try house.audit()
        #expect(audit.code == 0, "seed \(seed)\n\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "seed \(seed)\n\(report)")
    }

    @Test func `an intent that is canceled while it is being sent makes no request for what had not left`() throws {
        let house = try House(["bitget-margin", "ascendex"], settings: ["margin-bitget": "batch_max: 1", "cash-ascendex": "batch_max: 1"])
        let client = try house.start()
        for account in house.accounts { try client.submit(account.intent("half-\(account.name)", orders: 60)) }
        try pollUntil("orders on their way") {
            try house.accounts.allSatisfy {
                try house.journal.number("SELECT count(*) FROM v_orders WHERE account = '\($0.name)' AND attempts > 0") > 0
            }
        }

        for account in house.accounts { _ = try client.call("intent.cancel", "{intent_id: 'half-\(account.name)'}") }
        for account in house.accounts { try client.wait("half-\(account.name)") }

        let unsent = try house.journal.texts("SELECT client_order_id FROM v_orders WHERE attempts = 0")
        let states = try house.journal.rows("SELECT DISTINCT state, evidence FROM v_orders WHERE attempts = 0")
        #expect(states == [["canceled", "local"]])
        let seen = Set(
            try house.pages.requests { $0["kind"]?.string != "public" }.flatMap { $0["client_order_ids"]?.array?.compactMap(\.string) ?? [] })
        #expect(!unsent.isEmpty && seen.isDisjoint(with: unsent), "\(unsent.count) had not left")
        let commands = try house.journal.number(
            "SELECT count(*) FROM v_commands WHERE attempts > 0 AND client_order_id IN (SELECT client_order_id FROM v_orders WHERE attempts = 0)")
        #expect(commands == 0)
        // What had left is canceled where it is.
        try pollUntil("cancels") { try house.journal.states() == ["canceled": 120] }
        #expect(try house.audit().code == 0)
    }
}
