import CLinux
import Kernel

/// What was asked of the runner.
struct Options {
    var isQuick = false
    var isJSON = false
    /// Parts to run; empty: all.
    var parts: [String] = []
    /// Where the chart of the curve goes; nil: no curve.
    var curve: String?
    /// Closed orders in the journals of the curve.
    var sizes = [0, 100_000, 1_000_000]
    /// The folder of omsd and omsim.
    var programs: String

    static let help = """
        benchmarks: omsd's figures beside what this machine allows.

          --quick        shorter runs: directions, not figures
          --json         JSON instead of a table
          --curve FILE   instead: what an order costs by the size of the journal and by live orders, as a chart in FILE (SVG) and a table
          --sizes A,B    of the curve's journals, in closed orders: 0,100000,1000000. Ten million need about 8 GB and a quarter of an hour
          --only A,B     only these parts: \(Part.allCases.map(\.rawValue).joined(separator: ", "))

        Run it with `make bench`. Scratch files go to TMPDIR, or /tmp: the disk below it is what is measured. About 2 GB are needed.

        """

    init(_ words: [String]) throws {
        var path = [UInt8](repeating: 0, count: 4_096)
        let count = path.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
        guard count > 0 else { throw BenchError("/proc/self/exe cannot be read") }
        programs = String(
            String(decoding: path[..<count], as: UTF8.self).split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"))
        let sizesAsked: String?
        do throws(CommandWords.Problem) {
            let words = try CommandWords(
                words,
                options: [
                    CommandWords.Option("--quick", takesValue: false, repeats: true), CommandWords.Option("--json", takesValue: false, repeats: true),
                    CommandWords.Option("--only", takesValue: true, repeats: true), CommandWords.Option("--curve", takesValue: true),
                    CommandWords.Option("--sizes", takesValue: true),
                ])
            (isQuick, isJSON) = (words.has("--quick"), words.has("--json"))
            curve = words.text("--curve")
            sizesAsked = words.text("--sizes")
            parts = (words.text("--only") ?? "").split(separator: ",").map(String.init)
        } catch {
            switch error {
            case .misplaced(let word), .unknown(let word, _, _): throw BenchError("unknown word \(word); see --help")
            case .valueNotTaken(let name): throw BenchError("\(name) takes no value")
            case .valueMissing(let name), .twice(let name): throw BenchError("\(name) needs a value, once; see --help")
            }
        }
        if let sizesAsked {
            let words = sizesAsked.split(separator: ",", omittingEmptySubsequences: false)
            sizes = words.compactMap { Int($0) }.filter { $0 >= 0 && $0 % 100 == 0 }
            guard sizes.count == words.count, sizes == sizes.sorted() else {
                throw BenchError("--sizes needs numbers of orders, whole hundreds, ascending; see --help")
            }
        }
        for part in parts where Part(rawValue: part) == nil { throw BenchError("no part \(part); see --help") }
    }
}

enum Part: String, CaseIterable {
    case accept
    case firstByte = "first-byte"
    case saturated, lifted, start, metrics, seals, vacuum, streams

    func run(_ options: Options) throws -> [Figure] {
        switch self {
        case .accept: try AcceptBench(options: options).run()
        case .firstByte: try FirstByteBench(options: options).run()
        case .saturated: try SaturatedBench(options: options).run()
        case .lifted: try LiftedBench(options: options).run()
        case .start: try StartBench(options: options).run()
        case .metrics: try MetricsBench(options: options).run()
        case .seals: try SealBench(options: options).run()
        case .vacuum: try VacuumBench(options: options).run()
        case .streams: try StreamBench(options: options).run()
        }
    }
}
