import CLinux
import ControlAPI
import Wire

/// What a private stream is worth, and what it costs: at Bitget's unified account, whose pushes hold all that a fill's row needs.
struct StreamBench {
    let options: Options
    private static let lifted = #"{ budget: "batch-place", permits: 100000, window_ms: 1000 }"#

    func run() throws -> [Figure] { try [oneByOne(), atOnce(), idle(), lookUps()].flatMap { $0 } }

    private func rig(hasStream: Bool = true, pace: String? = nil) throws -> (rig: Rig, client: ControlClient) {
        let pace = pace ?? "reconcile_interval_ms: 3600000, reconcile_live_ms: 3600000"
        let rig = try Rig(
            at: .uta, programs: options.programs, limits: Self.lifted, venueOptions: ["--no-limits"], hasStream: hasStream, pace: pace)
        let client = try rig.startDaemon().client
        try rig.awaitReady(client)
        if hasStream { try rig.awaitStream(client) }
        return (rig, client)
    }

    /// Orders that rest at the venue, by their ids.
    private func rest(_ count: Int, _ rig: Rig, _ client: ControlClient) throws -> [String] {
        var ids: [String] = []
        while ids.count < count {
            let result = try ControlClient.result(try client.ask(Rig.submitUTALine(orders: min(1_000, count - ids.count))))
            ids += result["orders"]?.array?.compactMap(\.string) ?? []
        }
        try rig.awaitSent(client)
        return ids
    }

    /// A subscriber, and its next event of an execution.
    private func subscribe(_ rig: Rig) throws -> ControlClient {
        guard let client = ControlClient(path: rig.socket) else { throw BenchError("omsd does not listen any more") }
        _ = try client.call("event.subscribe")
        return client
    }

    private func awaitExecutions(_ count: Int, _ client: ControlClient) throws {
        var seen = 0
        while seen < count {
            let line = try client.answer()
            if line.holds(Self.execution) { seen += 1 }
        }
    }
    private static let execution = Array(#""kind":"execution""#.utf8)

    private func oneByOne() throws -> [Figure] {
        let (rig, client) = try rig()
        let rounds = options.isQuick ? 220 : 1_020
        let ids = try rest(rounds, rig, client)
        let subscriber = try subscribe(rig)
        let (raw, echo) = (try RawJournal(), try Echo())
        guard let relay = rig.relay else { throw BenchError("no relay") }
        var (own, commits, trips): ([Int64], [Int64], [Int64]) = ([], [], [])
        for (round, id) in ids.enumerated() {
            _ = relay.takeSentAt()
            try rig.wait(seconds: 10, for: rig.venue!) { try rig.fill(id) }
            try awaitExecutions(1, subscriber)
            let heardAt = nanoseconds()
            // The order's own push follows, or came first; then it is the limit's turn.
            usleep(3_000)
            let (commit, trip) = (try raw.commit(1, orders: 1), try echo.trips(1))
            guard round >= 20, let sentAt = relay.takeSentAt().first else { continue }
            own.append(heardAt - sentAt)
            commits += commit
            trips += trip
        }
        let (times, commit, trip) = (Times(own), Times(commits), Times(trips))
        return [(0.5, "p50", 1.5), (0.99, "p99", 3.0)].map { share, word, most in
            let limit = commit.us(share) + trip.us(share)
            return Figure(
                name: "fill pushed -> durable event on a subscriber's socket, \(word)", value: times.us(share), unit: "us",
                limit: ("C commit + socket round trip, \(word)", limit), target: "<= \(most.brief) x", isMet: times.us(share) <= most * limit,
                notes: [("all", times.summary), ("C commit", commit.summary), ("socket round trip", trip.summary)])
        }
    }

    private func atOnce() throws -> [Figure] {
        let (rig, client) = try rig()
        let orders = options.isQuick ? 2_000 : 10_000
        let ids = try rest(orders, rig, client)
        let subscriber = try subscribe(rig)
        guard let relay = rig.relay, let daemon = rig.daemon else { throw BenchError("no relay") }
        relay.hold()
        for id in ids { try rig.wait(seconds: 10, for: rig.venue!) { try rig.fill(id) } }
        // Two pushes an order; none comes any more.
        var bytes = -1
        try rig.wait(seconds: 30, for: daemon, everyUs: 200_000) {
            defer { bytes = relay.heldBytes }
            return bytes == relay.heldBytes
        }
        let cpu = daemon.cpuSeconds
        // The acknowledgement of the subscription names the channel, too.
        _ = relay.takeSentAt()
        relay.release()
        try awaitExecutions(orders, subscriber)
        guard let releasedAt = relay.takeSentAt().first else { throw BenchError("nothing was pushed") }
        let seconds = Double(nanoseconds() - releasedAt) / 1e9
        let used = daemon.cpuSeconds - cpu
        let booked = try SQL.rows(
            rig.journal, "SELECT sum(evidence = 'stream'), (max(at) - min(at)) / 1000.0 FROM v_timeline WHERE kind = 'execution'", columns: 2)
        let limit = try RawJournal().fillsASecond(orders)
        let rate = Double(orders) / seconds
        return [
            Figure(
                name: "orders filled at once: fills pushed and durable, a second", value: rate, unit: "/s",
                limit: ("C: update, fill row, two events a push; 100 a commit", limit), target: ">= 0.4 x", isMet: rate >= 0.4 * limit,
                notes: [
                    ("orders", Double(orders).brief), ("bytes pushed", Double(bytes).brief), ("CPU us an order", (used / Double(orders) * 1e6).brief),
                    ("booked from pushes", booked[0][0].brief), ("first to last on record, ms", booked[0][1].brief),
                    ("stream", try rig.account(client).stream.state),
                ])
        ]
    }

    private func idle() throws -> [Figure] {
        let (rig, client) = try rig()
        _ = try rest(100, rig, client)
        guard let daemon = rig.daemon else { throw BenchError("no daemon") }
        let seconds: UInt32 = options.isQuick ? 20 : 60
        usleep(2_000_000)
        let cpu = daemon.cpuSeconds
        usleep(seconds * 1_000_000)
        let share = (daemon.cpuSeconds - cpu) / Double(seconds) * 100
        return [
            Figure(
                name: "CPU of a daemon with one idle live stream", value: share, unit: "% of a core", limit: nil, target: "<= 0.1",
                isMet: share <= 0.1,
                notes: [("over s", Double(seconds).brief), ("stream", try rig.account(client).stream.state)])
        ]
    }

    /// Requests beside placing, an hour, while 1,000 orders rest and ten a second are filled.
    private func lookUps() throws -> [Figure] {
        let seconds = options.isQuick ? 20 : 120
        func requests(hasStream: Bool) throws -> Double {
            let (rig, client) = try rig(hasStream: hasStream, pace: "reconcile_interval_ms: 10000, reconcile_live_ms: 60000")
            let ids = try rest(1_000 + 10 * seconds, rig, client)
            let start = (requests: try rig.account(client).requests, at: now())
            for (index, id) in ids.prefix(10 * seconds).enumerated() {
                try rig.wait(seconds: 10, for: rig.venue!) { try rig.fill(id) }
                let due = start.at + Double(index + 1) / 10
                while now() < due { usleep(2_000) }
            }
            return Double(try rig.account(client).requests - start.requests) / (now() - start.at) * 3_600
        }
        let (live, off) = (try requests(hasStream: true), try requests(hasStream: false))
        return [
            Figure(
                name: "look-up requests an hour, 1,000 resting orders, 10 fills/s", value: live, unit: "/h", limit: ("without a stream", off),
                target: "<= 0.1 x", isMet: live <= 0.1 * off, notes: [("over s each", Double(seconds).brief)])
        ]
    }
}
