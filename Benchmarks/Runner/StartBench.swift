/// A start over a journal with a long history: live rows are read, closed ones are not.
struct StartBench {
    let options: Options

    func run() throws -> [Figure] {
        let live = 10_000
        let closed = options.isQuick ? 200_000 : 1_000_000
        let young = try rig(closed: 0, live: live)
        let old = try rig(closed: closed, live: live)
        var (short, long, reads): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<(options.isQuick ? 3 : 7) {
            let read = try SQL.readingMs(old.journal, "SELECT * FROM orders WHERE closed_at IS NULL ORDER BY order_key")
            guard read.rows == live else { throw BenchError("\(read.rows) live rows instead of \(live)") }
            reads.append(read.ms)
            long.append(try start(old))
            short.append(try start(young))
        }
        let (value, limit) = (median(long), median(reads))
        return [
            Figure(
                name: "start until the socket answers, 10,000 live orders", value: value, unit: "ms", limit: ("C reading the live rows", limit),
                target: "<= 1 s, no growth with closed orders", isMet: value <= 1_000 && value <= 1.5 * median(short) + 20,
                notes: [
                    ("closed orders in the journal", Double(closed).brief), ("with no closed order", "\(median(short).brief) ms"),
                    ("journal", "\((try SQL.number(old.journal, "PRAGMA page_count") * SQL.number(old.journal, "PRAGMA page_size") / 1e6).brief) MB"),
                ])
        ]
    }

    /// The venue is gone: the socket answers before any account is ready.
    private func rig(closed: Int, live: Int) throws -> Rig {
        let rig = try Rig(programs: options.programs)
        rig.stop()
        // Dropped at the end of this scope: the journal's lock with it.
        let maker = try JournalMaker(path: rig.journal)
        try maker.add(live / 2, areLive: true)
        try maker.add(closed, areLive: false)
        try maker.add(live / 2, areLive: true)
        return rig
    }

    private func start(_ rig: Rig) throws -> Double {
        let seconds = try rig.startDaemon().seconds
        rig.stopDaemon()
        return seconds * 1_000
    }
}
