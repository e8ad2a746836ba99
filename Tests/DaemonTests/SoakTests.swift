import CLinux
import Containers
import TestSupport
import Testing
import Wire

/// How long, by environment: short among the tests, long in `make soak`.
func setting(_ name: String, _ otherwise: Int) -> Int { getenv(name).flatMap { Int(String(cString: $0)) } ?? otherwise }

/// Prints at once: a long run that says nothing looks dead.
func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(1, line, line.count)
}

/// To one digit behind the point.
func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

/// Long runs of the real processes under load.
@Suite(.serialized) struct SoakTests {
    private static let kills = setting("OMSD_SOAK_KILLS", 20)
    private static let seconds = setting("OMSD_SOAK_SECONDS", 15)
    /// Whether the machine is ours, as in `make soak`.
    private static let isLong = seconds >= 120
    private static let limiterKills = setting("OMSD_SOAK_LIMITER_KILLS", 2)

    /// Of what goes wrong and when; a run's own, unless one is to be repeated.
    private static let seed = UInt64(setting("OMSD_SOAK_SEED", Int(omsd_clock_us(CLOCK_REALTIME) % 1_000_000)))

    @Test(.enabled(if: setting("OMSD_SOAK_EVENTS", 0) > 0, "three readers of 300,000 events are slow in a debug build"))
    func `an intent of 100,000 orders reaches three live subscribers as the record has it`() throws {
        try LiveEventsTests.follow(orders: setting("OMSD_SOAK_EVENTS", 100_000))
    }

    @Test func `restarts by kill -9 under load, with one reply in five lost, leave a sound journal each time and each order once`() throws {
        let seed = Self.seed
        say("soak: \(Self.kills) kills, seed \(seed)")
        var random = SplitMix64(seed: seed)
        let house = try House(options: ["--seed", "\(seed)"])
        let rules = ["place", "mixed"].flatMap { kind in
            ["before", "after"].map { "{kind: '\(kind)', probability: 0.1, fault: {type: 'lose_reply_\($0)_execution'}}" }
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")

        for kill in 1...Self.kills {
            let client = try house.start(untilReady: false)
            for (number, account) in house.accounts.enumerated() {
                let intent = account.intent("run-\(kill)-\(account.name)", orders: 10)
                client.send(raw: Array(#"{"jsonrpc":"2.0","id":\#(100 + number),"method":"intent.submit","params":\#(intent)}"#.utf8) + [0x0A])
            }
            // A moment nobody chose, up to when a restart has settled what was lost before.
            var quiet = pollfd(fd: -1, events: 0, revents: 0)
            _ = CLinux.poll(&quiet, 1, Int32.random(in: 0...(kill % 5 == 0 ? 5_000 : 900), using: &random))
            try house.killDaemon()
            let (code, report) = try house.verify()
            #expect(code == 0, "seed \(seed), after kill \(kill)\n\(report)")
            if kill % 20 == 0 { say("soak: \(kill) of \(Self.kills) kills, \(report.split(separator: "\n").last ?? "")") }
        }

        let client = try house.start()
        for kill in 1...Self.kills {
            for account in house.accounts {
                // Known or not: the same id is the same intent.
                try client.submit(account.intent("run-\(kill)-\(account.name)", orders: 10))
            }
        }
        try house.pages.setFaults("[]")
        for kill in 1...Self.kills {
            for account in house.accounts { try client.wait("run-\(kill)-\(account.name)", seconds: 170) }
        }
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == Self.kills * house.accounts.count * 10)
        let audit = try house.audit()
        #expect(audit.code == 0, "seed \(seed)\n\(audit.output)")
        say("soak: after \(Self.kills) kills\n\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "seed \(seed)\n\(report)")
    }

    // MARK: Limits

    /// A limit that is used as far as it goes.
    private struct Saturated {
        let venue: String
        var windowMs = 1_000
        /// Permits that orders leave alone.
        var reserve = 0
        /// How many orders are kept waiting: three seconds' worth.
        var wanted = 40
    }

    @Test func `saturated budgets with latency, losses and kills are never over in any window`() throws {
        try saturate(
            [.init(venue: "bitget-margin", reserve: 1), .init(venue: "bitget-uta"), .init(venue: "az-futures", wanted: 600)], twins: ["bitget-uta"],
            settings: ["mm-az": "batch_max: 1", "margin-bitget": "batch_max: 1", "uta-bitget-2": "batch_max: 1", "uta-bitget": "batch_max: 1"])
    }

    @Test func `saturated limits that count what a batch holds, of each market and of all, are never over in any window`() throws {
        try saturate([.init(venue: "bybit", wanted: 80), .init(venue: "okx", windowMs: 2_000, wanted: 500)])
    }

    private func saturate(_ limits: [Saturated], twins: [String] = [], settings: [String: String] = [:]) throws {
        let seed = Self.seed
        say("soak: limits for \(Self.seconds) s, \(Self.limiterKills) kills, seed \(seed)")
        var random = SplitMix64(seed: seed)
        // Every request, look-ups too, is on its way for 1 to 400 ms in all; the seed also says how much of it passes before the venue counts it.
        let house = try House(
            limits.map(\.venue), twins: twins, options: ["--seed", "\(seed)", "--latency-ms", "1-400"], settings: settings)
        let wanted = Dictionary(uniqueKeysWithValues: limits.map { ($0.venue, $0.wanted) })
        let rules = ["place", "mixed"].flatMap { kind in
            [
                "{kind: '\(kind)', probability: 0.005, fault: {type: 'lose_reply_before_execution'}}",
                "{kind: '\(kind)', probability: 0.005, fault: {type: 'lose_reply_after_execution'}}",
                "{kind: '\(kind)', probability: 0.003, fault: {type: 'execute_late', delay_ms: [50, 400]}}",
            ]
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")
        var client = try house.start()
        let start = omsd_clock_us(CLOCK_MONOTONIC)
        let end = start + Int64(Self.seconds) * 1_000_000
        // Somewhere in its part of the run, each.
        let killAt = (1...max(1, Self.limiterKills)).map { number in
            (end - start) * (Int64(number) * 100 - Int64.random(in: 0...60, using: &random)) / Int64(Self.limiterKills * 100 + 50)
        }
        // By venue: how long it could be sent to. After a kill an account first finds out what became of what was out.
        var ready: [String: Int64] = [:]
        var (last, killed, round) = (start, 0, 0)
        while last < end {
            round += 1
            let rows = try client.call("account.list")["accounts"]?.array ?? []
            for account in house.accounts { try refill(account, client, house, rows, round, wanted[account.venue] ?? 0) }
            let now = omsd_clock_us(CLOCK_MONOTONIC)
            for venue in Set(rows.filter { $0["ready"]?.bool == true }.compactMap { $0["venue"]?.string }) { ready[venue, default: 0] += now - last }
            last = now
            if killed < Self.limiterKills, last - start > killAt[killed] {
                try house.killDaemon()
                client = try house.start(untilReady: false)
                killed += 1
                say("soak: kill \(killed) of \(Self.limiterKills) after \((last - start) / 1_000_000) s")
            }
            var quiet = pollfd(fd: -1, events: 0, revents: 0)
            _ = CLinux.poll(&quiet, 1, 250)
        }
        let counts = try house.pages.get("/_sim/summary")["limits"]?.array ?? []
        // Unsent ones are not needed any more.
        try house.killDaemon()

        for limit in limits {
            let venue = limit.venue
            let line = try #require(
                counts.first { $0["venue"]?.string == venue && $0["budget"]?.string == "batch-place" }, "\(venue) was not counted")
            // Of orders, where the venue counts those.
            let taken = Double(line["requests"]?.integer ?? 0)
            let permits = Double(line["permits"]?.integer ?? 0)
            let busiest = line["busiest_window"]?.integer ?? .max
            #expect(line["violations"]?.integer == 0, "seed \(seed): \(line.lines)")
            #expect(Double(busiest) <= permits)
            let run = Double(ready[venue, default: 0]) / 1e6
            // Each permit: 200 ms on the way, 1.3 % lost and held a second longer, window and margin. All are free at the start and after each kill.
            let turn = Double(limit.windowMs) / 1e3 + 0.02 + 0.2005 + 0.013 * 1.0
            let most = (permits - Double(limit.reserve)) * (run / turn + 1 + Double(killed)) / run
            let rate = taken / run
            say(
                "soak: \(venue): busiest window \(busiest) of \(Int(permits)), \(rounded(rate)) a second of at most \(rounded(most)) "
                    + "(\(rounded(100 * rate / most)) %), ready for \(Int(run)) s of \((last - start) / 1_000_000), \(killed) kills")
            // That the limit was what held orders back at all; how fast is a figure, which a machine that does other work besides does not reach.
            #expect(taken > 2 * permits, "\(venue): seed \(seed): \(line.lines)")
            if Self.isLong { #expect(rate > 0.5 * most, "\(venue): seed \(seed)") }
        }
        for limit in counts { #expect(limit["violations"]?.integer == 0, "seed \(seed): \(limit.lines)") }
        let (code, report) = try house.verify()
        #expect(code == 0, "seed \(seed)\n\(report)")
    }

    /// Keeps orders waiting: as many as three seconds of the budget take. They close at once, so that nothing piles up at the venue.
    private func refill(_ account: TestAccount, _ client: ControlClient, _ house: House, _ rows: [JSON], _ round: Int, _ wanted: Int) throws {
        let queue = rows.first { $0["account"]?.string == account.name }?["queue"]?["place"]?.integer ?? 0
        guard queue < Int64(wanted) else { return }
        let items = Array(repeating: account.item(more: #","time_in_force":"ioc""#), count: wanted).joined(separator: ",")
        _ = try client.ask(
            "intent.submit", #"{"account":"\#(account.name)","intent_id":"fill-\#(house.starts)-\#(round)-\#(account.name)","place":[\#(items)]}"#)
    }

    // MARK: Others on the same budget

    /// Takes and releases a permit again and again, as another program of this host would; prints when each grant was heard of.
    private static let taker = #"""
        use IO::Socket::UNIX; use Time::HiRes 'time';
        my ($path, $account, $until) = @ARGV;
        my $socket = IO::Socket::UNIX->new(Peer => $path) or die "no socket: $!"; $socket->autoflush(1); $| = 1;
        while (time < $until) {
            print $socket qq({"jsonrpc":"2.0","id":1,"method":"limit.take","params":{"account":"$account","budget":"batch-place","permits":1}}\n);
            my $answer = <$socket>; my ($permit) = $answer =~ /"permit_id":(\d+)/ or die "refused: $answer";
            printf "%d\n", time * 1e6;
            print $socket qq({"jsonrpc":"2.0","id":2,"method":"limit.release","params":{"permit_id":$permit}}\n);
            <$socket> =~ /"result"/ or die "not released";
        }
        """#

    @Test(.enabled(if: access("/usr/bin/perl", X_OK) == 0, "no perl"))
    func `permits that eight other processes take and omsd's own requests are never over together, and all are served`() throws {
        let house = try House(["bitget-margin"], settings: ["margin-bitget": "batch_max: 1"])
        let client = try house.start()
        let account = house.accounts[0]
        let seconds = min(Self.seconds, 60)
        try client.submit(account.intent("own", orders: seconds * 12))
        let until = omsd_clock_us(CLOCK_REALTIME) / 1_000_000 + Int64(seconds)
        let takers = try (1...8).map { number in
            try ChildProcess(
                "/usr/bin/perl", ["-e", Self.taker, house.socket, account.name, "\(until)"], log: house.scratch.file("taker-\(number).log"))
        }
        var arrivals: [Int64] = []
        for taker in takers {
            #expect(try taker.end(seconds: Double(seconds) + 30) == 0, "\(taker.tail)")
            let granted = taker.output.split(separator: "\n").compactMap { Int64($0) }
            #expect(!granted.isEmpty, "a program was never served")
            arrivals += granted
        }
        let others = arrivals.count
        let own = try house.pages.requests { $0["kind"]?.string == "place" }.compactMap { $0["at"]?.integer }.filter { $0 < until * 1_000_000 }
        arrivals += own
        arrivals.sort()

        // Behind the first burst, which nobody else had a chance at, omsd is one of nine that wait.
        let settled = (until - Int64(seconds)) * 1_000_000 + 3_000_000
        let (later, all) = (own.count { $0 > settled }, arrivals.count { $0 > settled })
        #expect(later * 18 >= all, "omsd itself had \(later) of \(all)")
        var busiest = 0
        var first = 0
        for last in arrivals.indices {
            while arrivals[last] - arrivals[first] >= 1_000_000 { first += 1 }
            busiest = max(busiest, last - first + 1)
        }
        #expect(busiest <= 10, "\(busiest) in one window")
        say("soak: \(others) grants to eight processes beside \(own.count) requests of omsd in \(seconds) s; busiest window \(busiest) of 10")
    }
}
