import CLinux
import Wire

/// A venue budget used to its last permit, with a backlog that never ends, and cancels submitted into it.
struct SaturatedBench {
    let options: Options

    /// az-futures as it is: 200 requests a second, nothing kept back, 20 ms of margin.
    private static let (permits, windowMs, marginMs) = (200.0, 1_000.0, 20.0)

    func run() throws -> [Figure] {
        let rig = try Rig(programs: options.programs)
        let client = try rig.startDaemon().client
        try rig.awaitReady(client)
        let first = try ControlClient.result(try client.ask(Rig.submitLine(orders: 1_000)))["orders"]?.array?.compactMap(\.string) ?? []
        guard let feed = ControlClient(path: rig.socket) else { throw BenchError("omsd does not listen any more") }
        let line = Rig.submitLine(orders: 100)
        // A backlog of three seconds; then as many as can leave, and a few more.
        _ = try ControlClient.pour(line, into: [feed], depth: 8, most: 600)
        let warmUp = 3.0
        let seconds = options.isQuick ? 12.0 : 60.0
        let start = now()
        var cpu = Double.nan
        var wall = 0.0
        var from = Int64(0)
        var victims = first[...]
        var ticks = 0
        while now() - start < warmUp + seconds {
            if from == 0, now() - start >= warmUp {
                (from, wall, cpu) = (omsd_clock_us(CLOCK_REALTIME), now(), rig.daemon?.cpuSeconds ?? .nan)
            }
            _ = try ControlClient.pour(line, into: [feed], depth: 10, most: 10)
            if from > 0, ticks % 2 == 0, let victim = victims.popFirst() {
                _ = try client.call("intent.submit", #"{"account":"mm-az","cancel":["\#(victim)"]}"#)
            }
            ticks += 1
            let due = start + Double(ticks) * 0.05
            if due > now() { usleep(UInt32((due - now()) * 1e6)) }
        }
        let to = omsd_clock_us(CLOCK_REALTIME)
        let used = (rig.daemon?.cpuSeconds ?? .nan) - cpu
        let elapsed = now() - wall
        let queue = try rig.account(client).queue.place
        usleep(300_000)
        let summary = try rig.summary()
        rig.venue?.stop()
        return try figures(rig, from: from, to: to, cpuASecond: used / elapsed, queue: queue, summary: summary)
    }

    private func figures(_ rig: Rig, from: Int64, to: Int64, cpuASecond: Double, queue: Int64, summary: JSON) throws -> [Figure] {
        // Requests leave in bursts of all permits once a window. From one request to another a whole number of bursts later: cut anywhere else, the rate
        // would depend on where.
        let sent = try SQL.rows(
            rig.journal, "SELECT sent_at FROM v_requests WHERE kind <> 'lookup' AND sent_at BETWEEN \(from) AND \(to) ORDER BY sent_at", columns: 1,
            most: 100_000
        ).map { $0[0] }
        let bursts = (sent.count - 1) / Int(Self.permits)
        guard bursts > 0 else { throw BenchError("\(sent.count) requests are too few to measure") }
        let (first, end) = (sent[0], sent[bursts * Int(Self.permits)])
        let seconds = (end - first) / 1e6
        let inside = "sent_at >= \(Int64(first)) AND sent_at < \(Int64(end))"
        let requests = try SQL.rows(
            rig.journal,
            """
            SELECT count(*), avg(answered_at - sent_at) / 1000.0, avg(sent_at - signed_at) / 1000.0 FROM v_requests
            WHERE kind <> 'lookup' AND \(inside)
            """, columns: 3)[0]
        let acknowledged = try SQL.number(
            rig.journal, "SELECT count(*) FROM orders JOIN requests USING (request_id) WHERE acknowledged_at IS NOT NULL AND \(inside)")
        let cancels = try SQL.rows(
            rig.journal,
            """
            SELECT r.sent_at - c.requested_at FROM v_commands c JOIN v_requests r ON r.request_id = c.request_id
            WHERE c.kind = 'cancel' AND r.sent_at IS NOT NULL
            """, columns: 1, most: 10_000)
        let asked = try SQL.number(rig.journal, "SELECT count(*) FROM v_commands WHERE kind = 'cancel'")
        let waits = Times(cancels.map { Int64($0[0]) * 1_000 })
        let rtt = requests[1]
        let most = Self.permits / ((Self.windowMs + Self.marginMs + rtt) / 1_000)
        let limits = summary["limits"]?.array ?? []
        let over = limits.reduce(0) { $0 + ($1["violations"]?.integer ?? 0) }
        let busiest = limits.first { $0["budget"]?.string == "batch-place" }?["busiest_window"]?.integer ?? -1
        let (rate, orders) = (requests[0] / seconds, acknowledged / seconds)
        let cancelLimit = Self.windowMs + Self.marginMs + rtt
        return [
            Figure(
                name: "saturated budget: requests/s", value: rate, unit: "requests/s", limit: ("(N - reserve) / (W + margin + mean RTT)", most),
                target: ">= 0.99 x, 0 windows over", isMet: rate >= 0.99 * most && over == 0,
                notes: [
                    ("windows over", "\(over)"), ("busiest window at the venue", "\(busiest) of 200"), ("mean RTT", "\(rtt.brief) ms"),
                    ("signed -> sent", "\(requests[2].brief) ms"), ("measured for", "\(seconds.brief) s"),
                    ("backlog at the end", Double(queue).brief),
                ]),
            Figure(
                name: "saturated budget: orders/s acknowledged", value: orders, unit: "orders/s", limit: ("100 a request at that rate", most * 100),
                target: ">= 19,000 where mean RTT <= 25 ms; omsd <= 1 core", isMet: (orders >= 19_000 || rtt > 25) && cpuASecond <= 1,
                notes: [
                    ("omsd CPU seconds a second", cpuASecond.brief), ("omsd CPU us an order", (cpuASecond / orders * 1e6).brief),
                ]),
            Figure(
                name: "cancel under a saturated budget, p99", value: waits.us(0.99) / 1_000, unit: "ms",
                limit: ("window + margin + RTT", cancelLimit),
                target: "<= the limit", isMet: waits.us(0.99) / 1_000 <= cancelLimit && Double(cancels.count) == asked,
                notes: [("accepted -> first byte", waits.summary), ("cancels sent", "\(cancels.count) of \(Int(asked))")]),
        ]
    }
}
