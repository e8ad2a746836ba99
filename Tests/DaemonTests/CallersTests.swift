import CLinux
import TestSupport
import Testing
import Wire

/// What programs beside the daemon are handed: whole answers, and configurations that it takes.
@Suite struct CallersTests {
    @Test func `a verdict is answered with the whole order, and the order leaves doubt`() throws {
        let house = try House(["xt-spot"], settings: ["spot-xt": "request_timeout_ms: 500"])
        let client = try house.start()
        let account = try house.account("xt-spot")
        try house.pages.setFaults(
            "[{kind: 'place', fault: {type: 'lose_reply_before_execution'}}, {kind: 'lookup', fault: {type: 'status_5xx'}}]")
        let ids = try client.submit(account.intent("doubt", orders: 2))
        try pollUntil("both in doubt") { try house.journal.number("SELECT count(*) FROM v_in_doubt") == 2 }

        for (id, verdict, state) in [(ids[0], "absent", "abandoned"), (ids[1], "placed", "acknowledged")] {
            let answer = try client.call("order.resolve", "{client_order_id: '\(id)', verdict: '\(verdict)', reason: 'by phone'}")
            #expect(answer["client_order_id"]?.string == id && answer["state"]?.string == state && answer["evidence"]?.string == "operator")
            #expect(answer.object?.map(\.key) == (try client.call("order.get", "{client_order_id: '\(id)'}")).object?.map(\.key))
        }
    }

    @Test func `who cancels an intent and waits for it finds its orders canceled, though it was settled before`() throws {
        let house = try House(["xt-spot"])
        let client = try house.start()
        try client.submit(try house.account("xt-spot").intent("resting", orders: 3))
        try client.wait("resting")

        let answer = try client.call("intent.cancel", "{intent_id: 'resting'}")
        try client.wait("resting")

        #expect(answer["cancels"]?.integer == 3 && answer["withdrawn"]?.integer == 0)
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state = 'canceled'") == 3)
        #expect(try house.journal.number("SELECT count(*) FROM v_commands WHERE intent_id = 'resting' AND state = 'done'") == 3)
        let (code, output) = try ChildProcess.run("omsd", ["verify", "--journal", house.journal.path], in: house.scratch)
        #expect(code == 0, "\(output)")
    }

    @Test func `a subscription is ended by the name it was given`() throws {
        let house = try House(["xt-spot"])
        let client = try house.start()
        let name = try #require(try client.call("event.subscribe", "{after_seq: 0}")["subscription"])
        #expect(try client.call("event.unsubscribe", .object([("subscription", name)]))["subscription"] == name)
    }

    @Test func `a listing that cannot be written out ends with 1 and says so`() throws {
        let house = try House(["xt-spot"])
        try house.start()
        let command = "exec \(ChildProcess.folder)/omsctl --socket \(house.socket) orders > /dev/full"
        let (code, output) = try ChildProcess.run("/bin/sh", ["-c", command], log: house.scratch.file("full.log"))
        #expect(code == 1 && output.contains("standard output cannot be written: No space left on device"), "\(code): \(output)")
    }

    @Test func `a configuration that omsim writes into a folder named from where it stands is one that omsd takes`() throws {
        let scratch = ScratchDirectory()
        let here = try #require(getcwd(nil, 0))
        defer { free(here) }
        let up = String(cString: here).split(separator: "/").map { _ in ".." }.joined(separator: "/")

        let made = try ChildProcess.run("omsim", ["accounts", "--write-config", up + scratch.file("written")], in: scratch)
        let checked = try ChildProcess.run("omsd", ["check-config", "--config", scratch.file("written/omsd.json5")], in: scratch)

        #expect(made.code == 0 && checked.code == 0, "\(made.output) \(checked.output)")
    }
}
