import CLinux
import CSQLite
import OMSCore
import TestSupport
import Testing

@testable import Store

/// Not a check but a measurement, in release: `OMSD_MEASURE=1 swift test -c release -Xswiftc -enable-testing --filter SpeedMeasurement`.
@Suite(.enabled(if: getenv("OMSD_MEASURE") != nil, "measures only when OMSD_MEASURE is set"), .serialized)
struct SpeedMeasurement {
    private func seconds() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    private func cpu() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    /// The limit: one order row and one event row an order through SQLite's C interface, WAL, FULL.
    private final class Raw {
        let connection: Connection
        let folder = ScratchDirectory()
        var key: Int64 = 0
        init() throws {
            connection = try Connection(path: folder.file("raw.db"), .create)
            try connection.becomeWriter()
            try connection.execute(
                """
                CREATE TABLE orders (id INTEGER PRIMARY KEY, client TEXT NOT NULL UNIQUE, intent INTEGER, symbol TEXT, side TEXT, price TEXT,
                    quantity TEXT, state TEXT, padding TEXT, at INTEGER) STRICT;
                CREATE INDEX open ON orders (state) WHERE state <> 'closed';
                CREATE TABLE events (seq INTEGER PRIMARY KEY, ord INTEGER, kind TEXT, at INTEGER) STRICT;
                CREATE INDEX byorder ON events (ord);
                """)
        }
        func commit(_ count: Int) throws {
            let order = try connection.prepare("INSERT INTO orders VALUES (?, ?, 1, 'btc_usdt', 'buy', '39000.5', '0.001', 'intended', ?, ?)")
            let event = try connection.prepare("INSERT INTO events VALUES (?, ?, 'intended', ?)")
            let padding = String(repeating: "x", count: 120)
            try connection.execute("BEGIN IMMEDIATE")
            for _ in 0..<count {
                key += 1
                try order.run(key, "o4k2\(10_000_000 + key)", padding, key)
                try event.run(key, key, key)
            }
            try connection.execute("COMMIT")
            if connection.walFrames >= 4_000 { _ = try connection.checkpoint() }
        }
    }

    @Test func `accepting, against raw SQLite`() throws {
        for size in [1, 100] {
            let raw = try Raw()
            let sample = try Sample()
            let (rounds, commits) = (5, size == 1 ? 1_000 : 200)
            var (rawWall, ownWall, rawCPU, ownCPU) = (0.0, 0.0, 0.0, 0.0)
            for round in 0..<rounds {
                var (wall, used) = (seconds(), cpu())
                for _ in 0..<commits { try raw.commit(size) }
                rawWall += seconds() - wall
                rawCPU += cpu() - used
                var batches: [[JournalRecord]] = []
                for index in 0..<commits {
                    let (row, accepted) = sample.intent(IntentID("i\(size)-\(round)-\(index)"), orders: size)
                    batches.append(
                        [accepted] + (0..<size).map { .orderBorn(sample.order(row, item: $0), actor: .peer(uid: 1000, pid: 42)) }
                            + [.intentComplete(row.key)])
                }
                (wall, used) = (seconds(), cpu())
                for batch in batches { try sample.open.commit(batch) }
                ownWall += seconds() - wall
                ownCPU += cpu() - used
            }
            let orders = Double(rounds * commits * size)
            print(
                "\(size) a commit: raw \(Int(orders / rawWall))/s \(rawCPU / orders * 1e6) us CPU; journal \(Int(orders / ownWall))/s \(ownCPU / orders * 1e6) us CPU"
            )
        }
    }

    @Test func `placed and acknowledged`() throws {
        let sample = try Sample()
        let (batches, size) = (500, 100)
        var (wall, used) = (0.0, 0.0)
        for index in 0..<batches {
            let (row, accepted) = sample.intent(IntentID("i\(index)"), orders: size)
            var orders = (0..<size).map { sample.order(row, item: $0) }
            let birth = [accepted] + orders.map { .orderBorn($0, actor: .peer(uid: 1000, pid: 42)) } + [.intentComplete(row.key)]
            let request = sample.request(items: size, budgets: [1])
            var submit: [JournalRecord] = [.request(request)]
            for at in orders.indices { submit.append(sample.submit(&orders[at], in: request)) }
            var acknowledge: [JournalRecord] = [.requestEnded(RequestEnd(id: request.id, outcome: .acknowledged))]
            for at in orders.indices { acknowledge.append(sample.acknowledge(&orders[at])) }
            if index == 0 {
                try sample.open.commit([
                    .budget(BudgetRow(id: 1, venue: "az-futures", owner: "f", name: "batch-place", scope: .apikey, permits: 200, windowMs: 1_000))
                ])
            }
            let (start, cpuStart) = (seconds(), cpu())
            try sample.open.commit(birth)
            try sample.open.commit(submit)
            try sample.open.commit(acknowledge)
            wall += seconds() - start
            used += cpu() - cpuStart
        }
        let orders = Double(batches * size)
        print("three changes each, 100 a commit: \(Int(orders / wall)) orders/s, \(used / orders * 1e6) us CPU an order")
        let start = seconds()
        let live = try sample.reopen().load().orders.count
        print("open and load \(live) live orders: \((seconds() - start) * 1e3) ms")
        let checked = seconds()
        _ = try JournalVerifier.verify(path: sample.path)
        print("verify: \((seconds() - checked) * 1e3) ms")
    }
}
