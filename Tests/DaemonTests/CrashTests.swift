import CLinux
import Testing
import Wire

/// kill -9 at moments nobody chose.
@Suite struct CrashTests {
    static let counts = ["az-futures": 2_000, "xt-spot": 1_200, "bitget-margin": 700, "bitget-uta": 600, "ascendex": 500]

    @Test func `ten kills in a run of 5,000 orders with lost replies leave each order at its venue exactly once`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix(state: seed)
        let house = try House(options: ["--seed", "\(seed % 1_000_000)"])
        let rules = ["place", "mixed"].flatMap { kind in
            ["before", "after"].map { "{kind: '\(kind)', probability: 0.025, fault: {type: 'lose_reply_\($0)_execution'}}" }
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")

        for kill in 1...10 {
            let client = try house.start(untilReady: false)
            let deadline = omsd_clock_us(CLOCK_MONOTONIC) + Int64(random.next() % 1_500_000)
            if kill <= 3 { sendIntents(house, client) }
            // The socket is quiet from here on: whatever comes, the moment is when the time is over.
            var quiet = pollfd(fd: -1, events: 0, revents: 0)
            let left = max(0, deadline - omsd_clock_us(CLOCK_MONOTONIC)) / 1_000
            _ = CLinux.poll(&quiet, 1, Int32(left))
            try house.killDaemon()
        }
        let client = try house.start()
        for account in house.accounts {
            try client.submit(account.intent("run-\(account.name)", orders: Self.counts[account.venue] ?? 0))
            try client.wait("run-\(account.name)", seconds: 170)
        }

        let audit = try house.audit()
        #expect(audit.code == 0, "seed \(seed)\n\(audit.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 5_000)
        let (code, report) = try ChildProcess.run("omsd", ["verify", "--journal", house.journal.path], in: house.scratch)
        #expect(code == 0, "seed \(seed)\n\(report)")
    }

    /// Sends all intents without waiting for answers: a kill may come before, between or after them. Sent again they are known by their ids.
    private func sendIntents(_ house: House, _ client: ControlClient) {
        for (number, account) in house.accounts.enumerated() {
            let intent = account.intent("run-\(account.name)", orders: Self.counts[account.venue] ?? 0)
            client.send(raw: Array(#"{"jsonrpc":"2.0","id":\#(100 + number),"method":"intent.submit","params":\#(intent)}"#.utf8) + [0x0A])
        }
    }
}

/// A small generator whose whole state is its seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
