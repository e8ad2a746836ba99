import CLinux
import Kernel

/// What was asked of the runner.
struct Options {
    var isQuick = false
    var isJSON = false
    /// Parts to run; empty: all.
    var parts: [String] = []
    /// The folder of omsd and omsim.
    var programs: String

    static let help = """
        benchmarks: omsd's figures beside what this machine allows.

          --quick        shorter runs: directions, not figures
          --json         JSON instead of a table
          --only A,B     only these parts: \(Part.allCases.map(\.rawValue).joined(separator: ", "))

        Run it with `make bench`. Scratch files go to TMPDIR, or /tmp: the disk below it is what is measured. About 2 GB are needed.

        """

    init(_ words: [String]) throws {
        var path = [UInt8](repeating: 0, count: 4_096)
        let count = path.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
        guard count > 0 else { throw BenchError("/proc/self/exe cannot be read") }
        programs = String(
            String(decoding: path[..<count], as: UTF8.self).split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"))
        do throws(CommandWords.Problem) {
            let words = try CommandWords(
                words,
                options: [
                    CommandWords.Option("--quick", takesValue: false, repeats: true), CommandWords.Option("--json", takesValue: false, repeats: true),
                    CommandWords.Option("--only", takesValue: true, repeats: true),
                ])
            (isQuick, isJSON) = (words.has("--quick"), words.has("--json"))
            parts = (words.text("--only") ?? "").split(separator: ",").map(String.init)
        } catch {
            switch error {
            case .misplaced(let word), .unknown(let word, _, _): throw BenchError("unknown word \(word); see --help")
            case .valueNotTaken(let name): throw BenchError("\(name) takes no value")
            case .valueMissing(let name), .twice(let name): throw BenchError("\(name) needs names of parts")
            }
        }
        for part in parts where Part(rawValue: part) == nil { throw BenchError("no part \(part); see --help") }
    }
}

enum Part: String, CaseIterable {
    case accept
    case firstByte = "first-byte"
    case saturated, lifted, start, metrics, seals

    func run(_ options: Options) throws -> [Figure] {
        switch self {
        case .accept: try AcceptBench(options: options).run()
        case .firstByte: try FirstByteBench(options: options).run()
        case .saturated: try SaturatedBench(options: options).run()
        case .lifted: try LiftedBench(options: options).run()
        case .start: try StartBench(options: options).run()
        case .metrics: try MetricsBench(options: options).run()
        case .seals: try SealBench(options: options).run()
        }
    }
}
