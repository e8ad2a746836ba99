import CLinux

/// From a request line to the first byte on its way to the venue, on a quiet daemon with permits to spare.
struct FirstByteBench {
    let options: Options

    func run() throws -> [Figure] {
        let rig = try Rig(
            programs: options.programs, limits: #"{ budget: "batch-place", permits: 100000, window_ms: 1000 }"#, venueOptions: ["--no-limits"])
        let client = try rig.startDaemon().client
        try rig.awaitReady(client)
        try rig.warmUp()
        try rig.awaitSent(client)
        let raw = try RawJournal()
        let echo = try Echo()
        let line = Rig.submitLine(orders: 1)
        var (sent, commits, trips): ([String: Int64], [Int64], [Int64]) = ([:], [], [])
        for round in 0..<(options.isQuick ? 220 : 1_020) {
            let start = omsd_clock_us(CLOCK_REALTIME)
            try client.send(line)
            let result = try ControlClient.result(try client.answer())
            // The venue's answer is written down meanwhile; then it is the limit's turn.
            usleep(4_000)
            let (commit, trip) = (try raw.commit(1, orders: 1), try echo.trips(1))
            guard round >= 20, let id = result["orders"]?.array?.first?.string else { continue }
            sent[id] = start
            commits += commit
            trips += trip
        }
        try rig.wait(seconds: 10, for: rig.daemon!) {
            try SQL.number(rig.journal, "SELECT count(*) FROM v_orders WHERE acknowledged_at IS NULL") == 0
        }
        // Orders in the order in which they were made are requests in the order in which they were sent: one each.
        let rows = try SQL.rows(
            rig.journal,
            "SELECT r.sent_at, o.intended_at, r.signed_at FROM v_orders o JOIN v_requests r ON r.request_id = o.request_id ORDER BY o.order_key DESC LIMIT 2000",
            columns: 3,
            most: 2_000)
        let starts = sent.sorted { $0.key < $1.key }.map(\.value)
        guard rows.count >= starts.count else { throw BenchError("\(starts.count) orders were sent, the journal holds \(rows.count)") }
        let last = Array(rows.prefix(starts.count).reversed())
        let own = Times(zip(last, starts).map { Int64($0[0]) * 1_000 - $1 * 1_000 })
        let turn = Times(last.map { Int64($0[0] - $0[1]) * 1_000 })
        let (commit, trip) = (Times(commits), Times(trips))
        let limit = commit.us(0.5) + trip.us(0.5)
        return [
            Figure(
                name: "request line written -> first byte to the venue, p50", value: own.us(0.5), unit: "us",
                limit: ("C commit p50 + socket round trip", limit), target: "<= 1.3 x", isMet: own.us(0.5) <= 1.3 * limit,
                notes: [
                    ("line written -> first byte", own.summary), ("turn began -> first byte", turn.summary), ("C commit", commit.summary),
                    ("socket round trip", trip.summary),
                ])
        ]
    }
}
