import CLinux
import TestSupport
import Testing
import Wire

/// An account that is moved while orders of it rest: they stay where they are, and orders of others at the new place bear the same ids.
@Suite struct LeftBehindTests {
    private func rebind(_ house: House, _ account: TestAccount, _ words: [String]) throws -> String {
        let (code, output) = try ChildProcess.run(
            "omsd", ["rebind", "--journal", house.journal.path, "--account", account.name, "--reason", "a drill"] + words, in: house.scratch)
        #expect(code == 0, "\(output)")
        return output
    }

    private func orders(_ house: House) throws -> [JSON] { try #require(try house.pages.ledger()["orders"]?.array) }
    private func ids(_ house: House) throws -> [String] {
        try house.journal.texts("SELECT venue || ' ' || venue_order_id FROM v_orders ORDER BY venue, order_key")
    }

    private static let ours =
        "SELECT account || ' ' || state || ' ' || coalesce(barred_by, '-') FROM v_orders WHERE intent_id LIKE 'left-%' ORDER BY order_key"

    @Test func `strangers' orders with ids of ours are not touched where an account moved to, and ours are cancelled once it is back`() throws {
        let first = try House()
        let second = try House(like: first)
        let all = first.accounts
        for (house, name) in [(first, "left"), (second, "theirs")] {
            let client = try house.start()
            for account in all { try client.submit(account.intent("\(name)-\(account.name)", orders: 3)) }
            for account in all { try client.wait("\(name)-\(account.name)") }
            try pollUntil("resting orders") { try house.journal.states()["working"] ?? 0 == 3 * all.count }
            #expect(try house.stopDaemon() == 0)
        }
        let equal = Set(try ids(first)).intersection(try ids(second))
        // AscendEX's ids hold the time and the client's id.
        try #require(equal.count == 3 * (all.count - 1), "the premise: \(equal.sorted())")

        for account in all {
            #expect(try rebind(first, account, ["--base-url", second.origin]).contains("3 live orders are left behind"))
            first.origins[account.name] = second.origin
        }
        #expect(try first.verify().code == 0)
        try first.writeConfiguration()
        let moved = try first.start()
        for account in all {
            _ = try moved.call("intent.cancel", "{intent_id: 'left-\(account.name)'}")
            try moved.submit(#"{"account":"\#(account.name)","intent_id":"all-\#(account.name)","cancel":[{"symbol":"\#(account.symbol)"}]}"#)
            try moved.wait("all-\(account.name)")
            let refusals = try moved.call("intent.get", "{intent_id: 'all-\(account.name)'}")["refusals"]?.array ?? []
            #expect(refusals.count == 1 && refusals[0]["commands"]?.integer == 3 && refusals[0]["sent"] == .bool(false), "\(refusals.map(\.lines))")
            #expect(refusals.first?["text"]?.string?.contains("was left at") ?? false)
        }
        _ = try moved.call("account.set_state", "{account: '*', state: 'halted', reason: 'kill', cancel_open: true}")
        for account in all { _ = try moved.call("account.reconcile", "{account: '\(account.name)'}") }
        let kill = try moved.call("account.kill_status")["accounts"]?.array ?? []
        #expect(
            kill.count == all.count && kill.allSatisfy { $0["live_or_unknown"]?.integer == 3 && $0["foreign"]?.integer == 3 }, "\(kill.map(\.lines))")
        for house in [first, second] {
            let there = try orders(house)
            #expect(there.allSatisfy { $0["state"]?.string == "open" }, "\(there.map(\.lines))")
        }
        #expect(try first.journal.texts(Self.ours).allSatisfy { $0.hasSuffix(" working elsewhere") })
        #expect(try first.journal.number("SELECT count(*) FROM v_breaks WHERE kind = 'missing_there'") == 0)
        let one = try #require(try first.journal.texts("SELECT client_order_id FROM v_orders").first)
        let why = try ChildProcess.run("omsctl", ["--socket", first.socket, "why", one], in: first.scratch)
        #expect(why.code == 0 && why.output.contains("nothing of it is sent or asked elsewhere"), "\(why.output)")
        let breaks = try ChildProcess.run("omsctl", ["--socket", first.socket, "breaks"], in: first.scratch)
        #expect(breaks.output.contains("left behind by a rebinding: 3 live and 0 in doubt"), "\(breaks.output)")
        #expect(try first.stopDaemon() == 0)
        #expect(try first.verify().code == 0)

        // Back, once more said to be another place, and then that nothing moved.
        for account in all {
            #expect(try rebind(first, account, ["--base-url", first.origin]).contains("3 orders left behind before stay there"))
            #expect(try rebind(first, account, ["--same-venue"]).contains("3 live orders are the account's again"))
        }
        first.origins = [:]
        try first.writeConfiguration()
        let back = try first.start()
        for account in all { _ = try back.call("intent.cancel", "{intent_id: 'left-\(account.name)'}") }
        try pollUntil("canceled orders") { try first.journal.states(where: "intent_id LIKE 'left-%'") == ["canceled": 3 * all.count] }
        #expect(try orders(first).allSatisfy { $0["state"]?.string == "canceled" })
        #expect(try orders(second).allSatisfy { $0["state"]?.string == "open" })
        #expect(try first.verify().code == 0)
    }

    @Test func `back there by the words of the break, each order is where it was placed, and never sent a second time`() throws {
        let home = try House(everywhere: "request_timeout_ms: 2000")
        let away = try House(like: home)
        let all = home.accounts
        // What is in doubt when an account is moved is found at no other place.
        func trade(_ house: House, _ name: String) throws {
            let client = try home.start()
            for account in all { try client.submit(account.intent("\(name)-live-\(account.name)", orders: 2)) }
            for account in all { try client.wait("\(name)-live-\(account.name)") }
            let lost = "[{kind: 'place', fault: {type: 'lose_reply_after_execution', then: 'reset'}}, "
            try house.pages.setFaults(
                lost + "{kind: 'mixed', fault: {type: 'lose_reply_after_execution', then: 'reset'}}, {kind: 'lookup', fault: {type: 'status_5xx'}}]")
            for account in all { try client.submit(account.intent("\(name)-doubt-\(account.name)", orders: 2)) }
            try pollUntil("orders in doubt: \(home.daemonLogs)") {
                try home.journal.states(where: "intent_id LIKE '\(name)-doubt-%'")["in_doubt"] ?? 0 == 2 * all.count
            }
            try home.killDaemon()
            try house.pages.setFaults("[]")
        }
        func open(_ house: House) throws -> Int { try orders(house).count { $0["state"]?.string == "open" } }

        try trade(home, "home")
        for account in all {
            #expect(try rebind(home, account, ["--base-url", away.origin]).contains("2 live orders are left behind, 2 in doubt are parked"))
            home.origins[account.name] = away.origin
        }
        try home.writeConfiguration()
        try trade(away, "away")
        let detail = "SELECT detail FROM v_breaks WHERE kind = 'identity' AND resolved_at IS NULL ORDER BY break_id"
        let advice = try home.journal.texts(detail)
        for account in all {
            let words = "--account \(account.name) --uid \(account.uid) --base-url \(home.origin) --same-venue"
            #expect(advice.contains { $0.contains("omsd rebind \(words)") }, "\(advice)")
            let told = try rebind(home, account, ["--uid", account.uid, "--base-url", home.origin, "--same-venue"])
            #expect(told.contains("2 live orders are left behind, 2 in doubt are parked"), "\(told)")
            #expect(told.contains("2 live orders are the account's again"), "\(told)")
        }
        home.origins = [:]
        try home.writeConfiguration()
        #expect(try home.verify().code == 0)

        let back = try home.start()
        try pollUntil("home's doubts settled: \(home.daemonLogs)") {
            try home.journal.number("SELECT count(*) FROM v_orders WHERE intent_id LIKE 'home-%' AND state = 'working'") == 4 * all.count
        }
        for account in all { _ = try back.call("account.reconcile", "{account: '\(account.name)'}") }
        // Their ids at the venue are those of orders that rest here.
        let theirs = try home.journal.texts("SELECT client_order_id FROM v_orders WHERE intent_id LIKE 'away-%' ORDER BY order_key")
        #expect(theirs.count == 4 * all.count)
        for id in theirs {
            let (code, output) = try ChildProcess.run("omsctl", ["--socket", home.socket, "cancel", id], in: home.scratch)
            #expect(code == 3 && output.contains("was left at"), "\(output)")
        }
        #expect(try open(home) == 4 * all.count && open(away) == 4 * all.count)
        _ = try back.call("account.set_state", "{account: '*', state: 'halted', reason: 'kill', cancel_open: true}")
        try pollUntil("home's orders cancelled: \(home.daemonLogs)") {
            try home.journal.states(where: "intent_id LIKE 'home-%'") == ["canceled": 4 * all.count]
        }
        let kill = try back.call("account.kill_status")["accounts"]?.array ?? []
        #expect(kill.allSatisfy { $0["live_or_unknown"]?.integer == 4 }, "\(kill.map(\.lines))")
        #expect(try open(home) == 0 && open(away) == 4 * all.count)
        #expect(try home.journal.number("SELECT count(*) FROM v_orders WHERE attempts > 1") == 0)
        #expect(try home.stopDaemon() == 0)
        #expect(try home.verify().code == 0)

        // And forth: what was placed there is the account's again, found and cancelled there.
        for account in all {
            _ = try rebind(home, account, ["--base-url", away.origin, "--same-venue"])
            home.origins[account.name] = away.origin
        }
        try home.writeConfiguration()
        let forth = try home.start()
        _ = try forth.call("account.set_state", "{account: '*', state: 'halted', reason: 'kill', cancel_open: true}")
        try pollUntil("away's orders cancelled: \(home.daemonLogs)") {
            try home.journal.states(where: "intent_id LIKE 'away-%'") == ["canceled": 4 * all.count]
        }
        #expect(try open(away) == 0)
        #expect(try home.journal.number("SELECT count(*) FROM v_orders WHERE attempts > 1") == 0)
        #expect(try home.verify().code == 0)
    }

    @Test func `what a person called absent while it was elsewhere is found with its executions once the account is back`() throws {
        let home = try House()
        let away = try House(like: home)
        let all = home.accounts
        let client = try home.start()
        for account in all { try client.submit(account.intent("left-\(account.name)", orders: 2)) }
        for account in all { try client.wait("left-\(account.name)") }
        try pollUntil("resting orders") { try home.journal.states()["working"] ?? 0 == 2 * all.count }
        #expect(try home.stopDaemon() == 0)
        let executed = try home.journal.texts("SELECT max(client_order_id) FROM v_orders GROUP BY account")
        for account in all {
            _ = try rebind(home, account, ["--base-url", away.origin])
            home.origins[account.name] = away.origin
        }
        try home.writeConfiguration()
        let there = try home.start()
        for order in try orders(home) where executed.contains(where: { order["client_order_id"]?.string?.hasSuffix($0.suffix(9)) ?? false }) {
            let (venue, id) = (order["venue"]?.string ?? "", order["order_id"]?.string ?? "")
            try home.pages.post("/_sim/fill", #"{"venue":"\#(venue)","order_id":"\#(id)"}"#)
        }
        // They do not live, and that is all that a person can say of them: the others rest, and the person is wrong.
        for id in try home.journal.texts("SELECT client_order_id FROM v_orders") {
            _ = try there.call("order.resolve", "{client_order_id: '\(id)', verdict: 'absent', reason: 'looked there'}")
        }
        #expect(try home.stopDaemon() == 0)
        for account in all {
            #expect(try rebind(home, account, ["--base-url", home.origin, "--same-venue"]).contains("2 orders closed without the venue's word"))
        }
        home.origins = [:]
        try home.writeConfiguration()
        #expect(try home.verify().code == 0)
        _ = try home.start()
        try pollUntil("the venue's word: \(home.daemonLogs)") { try home.journal.states() == ["filled": all.count, "canceled": all.count] }
        let listing = all.count { $0.profile.listsFills }
        try pollUntil("executions") { try home.journal.number("SELECT count(DISTINCT client_order_id) FROM v_fills") == listing }
        #expect(Set(try home.journal.texts("SELECT client_order_id FROM v_orders WHERE state = 'filled'")) == Set(executed))
        #expect(try home.journal.number("SELECT count(*) FROM v_orders WHERE reject_text IS NOT NULL AND state = 'filled'") == 0)
        let told = "kind = 'state' AND detail LIKE 'closed here as canceled by operator%'"
        #expect(try home.journal.number("SELECT count(*) FROM v_breaks WHERE \(told)") > 0)
        #expect(try orders(home).allSatisfy { $0["state"]?.string != "open" } && orders(away).isEmpty)
        #expect(try home.stopDaemon() == 0)
        #expect(try home.verify().code == 0)
    }
}
