import CLinux
import TestSupport

/// What sealing costs at 19,000 orders a second, each born, submitted and acknowledged: a seal over the lines of a second, and its commit.
struct SealBench {
    let options: Options
    private static let ordersASecond = 19_000

    func run() throws -> [Figure] {
        let seconds = options.isQuick ? 5 : 20
        let folder = ScratchDirectory()
        let maker = try JournalMaker(path: folder.file("journal.db"))
        try maker.add(seconds * Self.ordersASecond, areLive: true)
        // Three lines an order, and two an intent of a hundred.
        let (making, committing, seals) = try maker.seal(numbers: Int64(Self.ordersASecond * 302 / 100))
        guard seals == seconds else { throw BenchError("\(seals) seals instead of \(seconds)") }
        let share = (making + committing) / Double(seconds) * 100
        return [
            Figure(
                name: "sealing 19,000 orders/s: CPU of one core", value: share, unit: "%", limit: nil, target: "<= 2 of the machine's",
                isMet: share / Double(sysconf(Int32(_SC_NPROCESSORS_ONLN))) <= 2,
                notes: [
                    ("of all cores, %", (share / Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))).brief),
                    ("CPU us an order", ((making + committing) / Double(seconds * Self.ordersASecond) * 1e6).brief),
                    ("its commit, us", (committing / Double(seals) * 1e6).brief),
                ])
        ]
    }
}
