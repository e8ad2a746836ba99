import CLinux
import TestSupport

/// What an order costs as the journal grows, and as more orders live: `make bench-curve`.
///
/// The journal is filled beforehand with closed orders; live ones are placed through the daemon, a step at a time. At each point one order alone takes turns with
/// a commit in plain C on the same disk, and 50,000 in hundreds go to the simulated venue with no budget in the way.
struct CurveBench {
    let programs: String
    /// Closed orders in the journal, ascending.
    let sizes: [Int]
    /// Live orders, ascending; the first is 0.
    let live: [Int]

    struct Point {
        /// How many orders are closed, or live.
        let orders: Int
        /// The median accept of one order by the median commit in C.
        let accept: Double
        /// omsd's CPU for an order in hundreds, from its line to the venue's receipt on record.
        let cpuUs: Double
        let ordersASecond: Double
    }

    private static let step = 50_000

    func run() throws -> (closed: [Point], live: [Point]) {
        let closed = try sizes.map { size in try point(size, in: rig(closed: size)) }
        let young = try rig(closed: 0)
        var reached = 0
        let live = try live.map { count in
            if count > reached { try place(count - reached, by: young) }
            reached = max(count, reached) + Self.step
            return try point(count, in: young)
        }
        return (closed, live)
    }

    private func rig(closed: Int) throws -> Rig {
        let rig = try Rig(
            programs: programs, limits: #"{ budget: "batch-place", permits: 100000, window_ms: 1000 }"#, venueOptions: ["--no-limits"])
        // Its lock is gone at the end of this line.
        if closed > 0 { try JournalMaker(path: rig.journal).add(closed, areLive: false) }
        try rig.awaitReady(rig.startDaemon().client)
        try rig.warmUp()
        return rig
    }

    private func clients(of rig: Rig) throws -> [ControlClient] {
        try (0..<4).map { _ in
            guard let client = ControlClient(path: rig.socket) else { throw BenchError("omsd does not listen any more") }
            return client
        }
    }

    private func place(_ orders: Int, by rig: Rig) throws {
        let clients = try clients(of: rig)
        _ = try ControlClient.pour(Rig.submitLine(orders: 100), into: clients, depth: 8, most: orders / 100)
        try rig.awaitSent(clients[0])
    }

    private func point(_ orders: Int, in rig: Rig) throws -> Point {
        guard let daemon = rig.daemon, let client = ControlClient(path: rig.socket) else { throw BenchError("omsd does not listen any more") }
        let raw = try RawJournal()
        let line = Rig.submitLine(orders: 1)
        var (own, commits): ([Int64], [Int64]) = ([], [])
        for round in 0..<21 {
            var times: [Int64] = []
            for _ in 0..<50 {
                let start = nanoseconds()
                _ = try ControlClient.result(try client.ask(line))
                times.append(nanoseconds() - start)
            }
            let rawTimes = try raw.commit(50, orders: 1)
            guard round > 0 else { continue }
            own += times
            commits += rawTimes
        }
        try rig.awaitSent(client)
        sync()
        let (start, cpu) = (now(), daemon.cpuSeconds)
        try place(Self.step, by: rig)
        let (elapsed, used) = (now() - start, daemon.cpuSeconds - cpu)
        return Point(
            orders: orders, accept: Times(own).us(0.5) / Times(commits).us(0.5), cpuUs: used / Double(Self.step) * 1e6,
            ordersASecond: Double(Self.step) / elapsed)
    }
}
