import CLinux
import TestSupport
import Testing
import Wire

/// A machine that stands still and goes on: every clock that counts has gone on without the daemon.
@Suite struct PauseTests {
    @Test func `requests whose deadlines pass while the daemon is stopped are in doubt, then settled by evidence, over no limit and nothing twice`()
        throws
    {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        let house = try House(options: ["--seed", "\(seed % 1_000_000)"], everywhere: "request_timeout_ms: 1000, batch_max: 2")
        let client = try house.start()
        let rules = ["place", "mixed"].flatMap { kind in
            [
                "{kind: '\(kind)', probability: 0.3, fault: {type: 'lose_reply_after_execution', then: 'silence'}}",
                "{kind: '\(kind)', probability: 0.3, fault: {type: 'lose_reply_before_execution', then: 'silence'}}",
                "{kind: '\(kind)', fault: {type: 'delay', delay_ms: [50, 500]}}",
            ]
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")

        for round in 1...3 {
            for account in house.accounts { try client.submit(account.intent("round-\(round)-\(account.name)", orders: 30)) }
            try pollUntil("requests in flight") { try house.journal.states()["submitted"] ?? 0 > 0 }
            house.daemon?.signal(SIGSTOP)
            let inFlight = Set(try house.journal.texts("SELECT client_order_id FROM v_orders WHERE state = 'submitted'"))
            let seq = try house.journal.number("SELECT max(seq) FROM v_timeline")
            // Longer than a request may take, than it may still arrive, and than the venues take its stamp.
            standStill(ms: 4_000)
            house.daemon?.signal(SIGCONT)
            try pollUntil("seed \(seed): doubt about \(inFlight.count) orders") {
                let doubted = try house.journal.texts("SELECT client_order_id FROM v_timeline WHERE to_state = 'in_doubt' AND seq > \(seq)")
                return !inFlight.isDisjoint(with: doubted)
            }
        }
        try house.pages.setFaults("[]")
        for round in 1...3 {
            for account in house.accounts { try client.wait("round-\(round)-\(account.name)", seconds: 120) }
        }

        let states = try house.journal.states()
        #expect(
            Set(states.keys).isSubset(of: ["acknowledged", "working"]) && states.values.reduce(0, +) == 90 * house.accounts.count,
            "seed \(seed): \(states)")
        let ledger = try house.pages.ledger()
        #expect(ledger["duplicates"]?.array?.isEmpty == true, "seed \(seed)")
        for limit in ledger["limits"]?.array ?? [] { #expect(limit["violations"]?.integer == 0, "seed \(seed): \(limit.lines)") }
        let audit = try house.audit()
        #expect(audit.code == 0, "seed \(seed)\n\(audit.output)")
        #expect(try house.verify().code == 0, "seed \(seed)")
    }

    /// The pause is the fault itself: nothing else could be waited for.
    private func standStill(ms: Int32) {
        var quiet = pollfd(fd: -1, events: 0, revents: 0)
        _ = CLinux.poll(&quiet, 1, ms)
    }
}
