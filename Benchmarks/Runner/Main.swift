import CLinux

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
        let machine = Machine.description()
        var figures: [Figure] = []
        for part in Part.allCases where options.parts.isEmpty || options.parts.contains(part.rawValue) {
            say("measuring \(part.rawValue) …\n", to: 2)
            figures += try part.run(options)
        }
        let table = Table(machine: machine, figures: figures)
        say(options.isJSON ? table.json : table.text, to: 1)
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
