import CLinux

/// No budget in the way: how fast orders go from a client to the venue's receipt and into the record, with the simulator on the same cores.
struct LiftedBench {
    let options: Options

    func run() throws -> [Figure] {
        let rig = try Rig(
            programs: options.programs, limits: #"{ budget: "batch-place", permits: 100000, window_ms: 1000 }"#, venueOptions: ["--no-limits"])
        let client = try rig.startDaemon().client
        try rig.awaitReady(client)
        guard let daemon = rig.daemon, let venue = rig.venue else { throw BenchError("nothing runs") }
        usleep(1_000_000)
        let idle = daemon.memoryMB
        let emptyPages = try SQL.number(rig.journal, "PRAGMA page_count")
        let raw = try RawJournal()
        let clients = try (0..<4).map { _ in
            guard let client = ControlClient(path: rig.socket) else { throw BenchError("omsd does not listen any more") }
            return client
        }
        let line = Rig.submitLine(orders: 100)
        var (own, ownCPU, venueCPU, limit): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        var live = idle
        let rounds = options.isQuick ? 2 : 4
        let each = 100_000
        for round in 0..<rounds {
            sync()
            limit.append(try raw.rate(seconds: options.isQuick ? 0.5 : 1.0).ordersASecond)
            sync()
            let (start, cpu, otherCPU) = (now(), daemon.cpuSeconds, venue.cpuSeconds)
            _ = try ControlClient.pour(line, into: clients, depth: 8, most: each / 100)
            try rig.awaitSent(client)
            let elapsed = now() - start
            own.append(Double(each) / elapsed)
            ownCPU.append((daemon.cpuSeconds - cpu) / Double(each) * 1e6)
            venueCPU.append((venue.cpuSeconds - otherCPU) / Double(each) * 1e6)
            if round == 0 {
                usleep(1_500_000)
                live = daemon.memoryMB
            }
        }
        let acknowledged = try SQL.number(rig.journal, "SELECT count(*) FROM orders WHERE acknowledged_at IS NOT NULL")
        guard Int(acknowledged) == rounds * each else { throw BenchError("\(Int(acknowledged)) of \(rounds * each) orders are acknowledged") }
        let bytes = (try SQL.number(rig.journal, "PRAGMA page_count") - emptyPages) * (try SQL.number(rig.journal, "PRAGMA page_size")) / acknowledged
        return [
            Figure(
                name: "budget lifted: orders/s end to end", value: median(own), unit: "orders/s", limit: ("C, 100 a commit", median(limit)),
                target: ">= 40,000", isMet: median(own) >= 40_000,
                notes: [
                    ("rounds", own.map(\.brief).joined(separator: " ")), ("omsd CPU us an order", median(ownCPU).brief),
                    ("omsim CPU us an order", median(venueCPU).brief),
                ]),
            Figure(name: "memory, idle", value: idle.now, unit: "MB", target: "<= 25 MB", isMet: idle.now <= 25),
            Figure(
                name: "memory, 100,000 live orders", value: live.now, unit: "MB", target: "<= 150 MB", isMet: live.now <= 150,
                notes: [("peak while they came", "\(live.peak.brief) MB"), ("after \(rounds * each) live orders", "\(daemon.memoryMB.now.brief) MB")]),
            Figure(
                name: "journal bytes per order, placed and acknowledged", value: bytes, unit: "bytes",
                limit: ("the order's own fields", try fields(rig.journal)),
                target: "<= 1,500", isMet: bytes <= 1_500),
        ]
    }

    /// What the columns of an order's row hold as text, on average.
    private func fields(_ journal: String) throws -> Double {
        let columns = [
            "client_order_id", "intent_id", "account", "venue", "symbol", "side", "type", "time_in_force", "price", "quantity", "position_side",
            "filled_quantity", "state", "evidence", "venue_order_id", "attempts", "request_id", "intended_at", "submitted_at", "acknowledged_at",
        ]
        let sum = columns.map { "coalesce(length(\($0)), 0)" }.joined(separator: " + ")
        return try SQL.number(journal, "SELECT avg(\(sum)) FROM (SELECT * FROM v_orders LIMIT 10000)")
    }
}
