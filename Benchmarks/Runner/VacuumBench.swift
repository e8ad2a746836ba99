import CLinux
import TestSupport

/// What it costs that a journal can give space back: `auto_vacuum = INCREMENTAL` keeps a page of pointers for every thousand or so, and writes it whenever one of
/// them moves. The same intents into two journals by turns, one of which was made without.
struct VacuumBench {
    let options: Options

    func run() throws -> [Figure] {
        let rounds = options.isQuick ? 10 : 60
        let ordersARound = 10_000
        let folder = ScratchDirectory()
        let paths = (giving: folder.file("giving.db"), keeping: folder.file("keeping.db"))
        // Made by whoever opens it first; rewritten without, it is opened as it is.
        for path in [paths.giving, paths.keeping] { _ = try JournalMaker(path: path) }
        try SQL.run(paths.keeping, "PRAGMA auto_vacuum = NONE; VACUUM")
        guard try SQL.number(paths.keeping, "PRAGMA auto_vacuum") == 0,
            try SQL.number(paths.giving, "PRAGMA auto_vacuum") == 2
        else { throw BenchError("the journals are not made as they should be") }
        let (giving, keeping) = (try JournalMaker(path: paths.giving), try JournalMaker(path: paths.keeping))
        var (with, without): (Spent, Spent) = (Spent(), Spent())
        for round in 0..<rounds {
            // Whoever comes first meets another disk than whoever comes second.
            if round % 2 == 0 { try with.measure { try giving.add(ordersARound, areLive: false) } }
            try without.measure { try keeping.add(ordersARound, areLive: false) }
            if round % 2 == 1 { try with.measure { try giving.add(ordersARound, areLive: false) } }
        }
        let orders = Double(rounds * ordersARound)
        let bytes = try (SQL.number(paths.giving, "PRAGMA page_count"), SQL.number(paths.keeping, "PRAGMA page_count"))
        let (cpu, other) = (with.cpu / orders * 1e6, without.cpu / orders * 1e6)
        return [
            Figure(
                name: "a journal that gives space back: CPU of an order", value: cpu, unit: "us", limit: ("one that does not", other),
                target: "<= 1.05 x", isMet: cpu <= 1.05 * other,
                notes: [
                    ("wall us an order", "\((with.wall / orders * 1e6).brief), \((without.wall / orders * 1e6).brief)"),
                    ("bytes an order", "\((bytes.0 * 4_096 / orders).brief), \((bytes.1 * 4_096 / orders).brief)"), ("orders in each", orders.brief),
                ])
        ]
    }

    /// Seconds.
    private struct Spent {
        private(set) var (cpu, wall) = (0.0, 0.0)

        mutating func measure(_ body: () throws -> Void) rethrows {
            let (cpuBefore, wallBefore) = (threadCPU(), now())
            try body()
            (cpu, wall) = (cpu + threadCPU() - cpuBefore, wall + now() - wallBefore)
        }
    }
}
