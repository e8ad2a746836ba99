import CLinux
import TestSupport

/// `make bench`: omsd's figures beside what this machine allows.
@main struct Main {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        if words.contains("--help") { return say(Options.help, to: 1) }
        do {
            let options = try Options(words)
            omsd_ignore_sigpipe()
            try run(options)
        } catch {
            say("benchmarks: \(error)\n", to: 2)
            exit(1)
        }
    }

    private static func run(_ options: Options) throws {
        if let path = options.curve { return try draw(options, to: path) }
        let machine = Machine.description()
        var figures: [Figure] = []
        for part in Part.allCases where options.parts.isEmpty || options.parts.contains(part.rawValue) {
            say("measuring \(part.rawValue) …\n", to: 2)
            figures += try part.run(options)
        }
        let table = Table(machine: machine, figures: figures)
        say(options.isJSON ? table.json : table.text, to: 1)
    }

    private static func draw(_ options: Options, to path: String) throws {
        let machine = Machine.description()
        let live = options.isQuick ? [0, 100_000] : [0, 100_000, 200_000, 400_000]
        let (closed, resting) = try CurveBench(programs: options.programs, sizes: options.sizes, live: live).run()
        let words = machine.map { "\($0.name) \($0.value)" }.joined(separator: "; ")
        try writeText(CurveChart(machine: words, closed: closed, live: resting).svg, to: path)
        for (name, points) in [("closed orders", closed), ("live orders", resting)] {
            for point in points {
                say(
                    "\(Double(point.orders).brief) \(name): accept \(point.accept.brief) of a commit in C, \(point.cpuUs.brief) us CPU an order, "
                        + "\(point.ordersASecond.brief) orders/s\n", to: 1)
            }
        }
    }

    private static func say(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBufferPointer { write(descriptor, $0.baseAddress! + at, bytes.count - at) }
            guard count > 0 else { return }
            at += count
        }
    }
}
