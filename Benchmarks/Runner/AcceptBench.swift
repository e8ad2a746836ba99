import CLinux

/// What it costs to make an intent durable, with a venue budget of one request a day so that nothing else happens.
struct AcceptBench {
    let options: Options

    func run() throws -> [Figure] {
        let rig = try Rig(programs: options.programs, limits: #"{ budget: "batch-place", permits: 1, window_ms: 86400000 }"#)
        let client = try rig.startDaemon().client
        try rig.awaitReady(client)
        try rig.warmUp()
        return try one(rig, client) + [throughput(rig)]
    }

    /// One order, one client: blocks of both sides taking turns.
    private func one(_ rig: Rig, _ client: ControlClient) throws -> [Figure] {
        let raw = try RawJournal()
        let echo = try Echo()
        let line = Rig.submitLine(orders: 1)
        var (own, commits, trips): ([Int64], [Int64], [Int64]) = ([], [], [])
        let cpu = rig.daemon?.cpuSeconds ?? .nan
        let block = 50
        for round in 0..<(options.isQuick ? 21 : 81) {
            var times: [Int64] = []
            for _ in 0..<block {
                let start = nanoseconds()
                try client.send(line)
                let answer = try client.answer()
                times.append(nanoseconds() - start)
                _ = try ControlClient.result(answer)
            }
            let rawTimes = try raw.commit(block, orders: 1)
            let tripTimes = try echo.trips(block)
            // The first block of each warms its file and caches.
            guard round > 0 else { continue }
            own += times
            commits += rawTimes
            trips += tripTimes
        }
        let used = (rig.daemon?.cpuSeconds ?? .nan) - cpu
        let (times, commit, trip) = (Times(own), Times(commits), Times(trips))
        let notes = [
            ("omsd", times.summary), ("C commit", commit.summary), ("socket round trip", trip.summary),
            ("omsd CPU us an order", (used / Double(own.count) * 1e6).brief),
        ]
        let limits = (commit.us(0.5) + trip.us(0.5), commit.us(0.99) + trip.us(0.5))
        return [
            Figure(
                name: "durable accept of one order, p50", value: times.us(0.5), unit: "us", limit: ("C commit p50 + socket round trip", limits.0),
                target: "<= 1.3 x", isMet: times.us(0.5) <= 1.3 * limits.0, notes: notes),
            Figure(
                name: "durable accept of one order, p99", value: times.us(0.99), unit: "us", limit: ("C commit p99 + socket round trip", limits.1),
                target: "<= 2 x", isMet: times.us(0.99) <= 2 * limits.1),
        ]
    }

    /// A hundred orders an intent from pipelining clients: rounds of both sides taking turns.
    private func throughput(_ rig: Rig) throws -> Figure {
        let raw = try RawJournal()
        let clients = try (0..<4).map { _ in
            guard let client = ControlClient(path: rig.socket) else { throw BenchError("omsd does not listen any more") }
            return client
        }
        let line = Rig.submitLine(orders: 100)
        let seconds = options.isQuick ? 0.5 : 1.0
        var (own, ownCPU, limit, limitCPU, ratios): ([Double], [Double], [Double], [Double], [Double]) = ([], [], [], [], [])
        for round in 0..<(options.isQuick ? 4 : 8) {
            // Each side pays for its own pages alone.
            sync()
            let rawRate = try raw.rate(seconds: seconds)
            sync()
            let (start, cpu) = (now(), rig.daemon?.cpuSeconds ?? .nan)
            var end = start
            let answers = try ControlClient.pour(line, into: clients, depth: 8) { _ in
                end = now()
                return end - start >= seconds
            }
            guard round > 0 else { continue }
            let orders = Double(answers * 100)
            own.append(orders / (end - start))
            // What was out at the end is in the CPU time and not in the orders: a few hundredths too much.
            ownCPU.append(((rig.daemon?.cpuSeconds ?? .nan) - cpu) / orders * 1e6)
            limit.append(rawRate.ordersASecond)
            limitCPU.append(rawRate.cpuUs)
            ratios.append(own[own.count - 1] / rawRate.ordersASecond)
        }
        return Figure(
            name: "durable accept, 100 an intent, pipelined", value: median(own), unit: "orders/s", limit: ("C, 100 a commit", median(limit)),
            target: ">= 0.6 x", isMet: median(own) >= 0.6 * median(limit),
            notes: [
                ("median of the rounds' ratios", median(ratios).brief), ("omsd CPU us an order", median(ownCPU).brief),
                ("C CPU us an order", median(limitCPU).brief),
            ])
    }
}
