import TestSupport
import Testing
import Wire

/// Streams of simulated venues that do what streams do in the world, and worse. Whatever they say or hold back, the record is the venue's in the end.
@Suite struct StreamFaultTests {
    /// Fields of a rule, beside its venue; `every` strikes what it strikes again and again.
    static let faults: [String] =
        [
            #"fault: { type: "push_lost" }, probability: 0.5"#, #"fault: { type: "push_twice", delay_ms: 300 }"#,
            #"fault: { type: "push_late", delay_ms: [200, 1500] }, probability: 0.5"#, #"fault: { type: "push_swapped" }, probability: 0.5"#,
            #"fault: { type: "push_same_time" }"#, #"fault: { type: "push_no_update_time" }"#, #"fault: { type: "push_numeric_ids" }"#,
            #"fault: { type: "push_reshaped" }, every: 2"#, #"fault: { type: "push_fragmented", parts: 5 }"#,
            #"fault: { type: "push_giant" }, every: 5"#,
            #"fault: { type: "push_flood", messages: 2000 }, first: 1"#, #"fault: { type: "fill_first" }"#, #"fault: { type: "end_without_fills" }"#,
            #"fault: { type: "fill_twice" }"#, #"fault: { type: "ack_missing", subscribes: false }, first: 1"#,
            #"fault: { type: "ack_missing" }, first: 1"#, #"fault: { type: "subscribe_refused", code: "30003" }, first: 1"#,
            #"fault: { type: "upgrade_refused" }, first: 2"#, #"fault: { type: "upgrade_refused", status: 302 }, first: 1"#,
            #"fault: { type: "upgrade_wrong_accept" }, first: 1"#, #"fault: { type: "upgrade_extension" }, first: 1"#,
            #"fault: { type: "stream_close", code: 1001 }, every: 3"#, #"fault: { type: "stream_close" }, every: 4"#,
            #"fault: { type: "stream_notice", delay_ms: 100 }, every: 6"#, #"fault: { type: "stream_mute" }, after: 2, first: 1"#,
            #"fault: { type: "stream_deaf" }, after: 2, first: 1"#, #"fault: { type: "token_dies" }, after: 3, first: 1"#,
        ]
        + ["masked", "compressed", "bad_text", "opcode", "long_control", "long_length", "continuation", "unfinished"].map {
            #"fault: { type: "push_broken", how: "\#($0)" }, every: 4"#
        }

    @Test(arguments: faults)
    func `whatever a stream does, each execution is on record once and each order as the venue has it`(fault: String) throws {
        // Late orders are told of by polls at the pace without a stream: nothing here waits for a minute.
        let house = try House(everywhere: "reconcile_live_ms: 3000", hasStreams: true)
        try house.pages.setFaults("{ rules: [{ \(fault) }] }")
        let client = try house.start()
        var ids: [String: [String]] = [:]
        for account in house.accounts { ids[account.venue] = try client.submit(account.intent("f-\(account.name)", orders: 6)) }
        for account in house.accounts { try client.wait("f-\(account.name)", seconds: 60) }
        for account in house.accounts {
            for id in (ids[account.venue] ?? []).prefix(3) {
                try pollUntil("order \(id) rests") {
                    (try? house.pages.post("/_sim/fill", "{\"venue\":\"\(account.venue)\",\"client_order_id\":\"\(id)\"}")) != nil
                }
            }
            // What was not filled goes by its owner's word while the venue talks.
            _ = try client.call("intent.cancel", "{\"intent_id\":\"f-\(account.name)\"}")
        }

        try pollUntil("all that happened on record: \((try? house.journal.states()) ?? [:]) \(house.daemon?.tail ?? "")", seconds: 60) {
            let states = try house.journal.states()
            return states["filled"] == 3 * house.accounts.count && states["canceled"] == 3 * house.accounts.count
        }
        let struck = try house.pages.ledger()["faults"]?.array?.first?["struck"]?.integer ?? 0
        #expect(struck > 0, "the fault never came up")
        let listed = house.accounts.filter(\.profile.listsFills).count * 3
        try pollUntil("rows of executions: \(house.daemon?.tail ?? "")", seconds: 60) {
            try house.journal.number("SELECT count(*) FROM v_fills") == listed
        }
        #expect(try house.journal.number("SELECT count(*) FROM (SELECT 1 FROM v_fills GROUP BY account, trade_id HAVING count(*) > 1)") == 0)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        let verified = try house.verify()
        #expect(verified.code == 0, "\(verified.output)")
        for account in house.accounts { #expect(!house.daemonLogs.contains(account.key), "a key in the log") }
    }
}
