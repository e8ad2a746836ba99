import Kernel
import Wire

/// What the command line asks for.
enum Arguments: Equatable {
    /// `omsd --config FILE`
    case run(config: String)
    /// `omsd check-config --config FILE`
    case checkConfig(config: String)
    /// `omsd verify --journal FILE [--json]`
    case verify(journal: String, json: Bool)
    /// `omsd backup --journal FILE --to FILE`
    case backup(journal: String, to: String)
    /// `omsd rebind --journal FILE --account NAME [--base-url URL] [--uid UID] --reason TEXT [--same-venue]`
    case rebind(Rebind)
    case help
    case version

    static let usage = """
        omsd \(omsdVersion): sends orders to exchanges, writes down each step first, and never sends one twice.

        usage:
          omsd --config FILE                      run in the foreground
          omsd check-config --config FILE         read the configuration and its credentials, name every error, exit
          omsd verify --journal FILE [--json]     check a journal: live, stopped or killed
          omsd backup --journal FILE --to FILE    copy a live journal
          omsd rebind --journal FILE --account NAME [--base-url URL] [--uid UID] --reason TEXT [--same-venue]
                                                  record that an account is elsewhere, or somebody else, than the
                                                  journal has it; no daemon may run. Without --same-venue what is
                                                  in doubt is parked and what is unsent is withdrawn
          omsd --help | --version

        exit codes:
          0 done   64 usage   65 journal not to be trusted   74 I/O error
          75 another daemon of this host holds the journal, a venue uid, a key or an address's limits
          78 configuration, or an account that is another one than the journal has it

        """

    /// Reads the words behind the program's name. Options may stand in any order, as `--name VALUE` or `--name=VALUE`.
    ///
    /// - Throws: ``ArgumentError``, with words for the person who typed it.
    static func parse(_ words: [String]) throws(ArgumentError) -> Arguments {
        if words.contains("--help") || words.contains("-h") || words.first == "help" { return .help }
        if words.contains("--version") || words.first == "version" { return .version }
        guard let first = words.first else { throw ArgumentError("--config FILE is missing") }
        if first.hasPrefix("-") {
            let options = try Options(words[...], values: ["--config"], flags: [])
            return .run(config: try options.required("--config"))
        }
        let rest = words.dropFirst()
        switch first {
        case "check-config":
            let options = try Options(rest, values: ["--config"], flags: [])
            return .checkConfig(config: try options.required("--config"))
        case "verify":
            let options = try Options(rest, values: ["--journal"], flags: ["--json"])
            return .verify(journal: try options.required("--journal"), json: options.flags.contains("--json"))
        case "backup":
            let options = try Options(rest, values: ["--journal", "--to"], flags: [])
            return .backup(journal: try options.required("--journal"), to: try options.required("--to"))
        case "rebind": return .rebind(try Rebind(rest))
        default:
            let known = ["check-config", "verify", "backup", "rebind"]
            let hint = closest(to: first, among: known).map { "; did you mean \($0)?" } ?? "; known: \(known.joined(separator: ", "))"
            throw ArgumentError("unknown command \"\(first.escapedForLog)\"\(hint)")
        }
    }
}

/// A command line that cannot be understood: exit 64.
struct ArgumentError: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The options of one command.
struct Options {
    private(set) var values: [String: String] = [:]
    private(set) var flags: Set<String> = []

    init(_ words: ArraySlice<String>, values known: [String], flags knownFlags: [String]) throws(ArgumentError) {
        var rest = words
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else { throw ArgumentError("\"\(word.escapedForLog)\" stands where an option should") }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if knownFlags.contains(name), parts.count == 1 {
                flags.insert(name)
                continue
            }
            guard known.contains(name) else {
                let hint = closest(to: name, among: known + knownFlags).map { "; did you mean \($0)?" } ?? ""
                throw ArgumentError("unknown option \(name.escapedForLog)\(hint)")
            }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                throw ArgumentError("\(name) needs a value")
            }
            guard values.updateValue(value, forKey: name) == nil else { throw ArgumentError("\(name) stands twice") }
        }
    }

    func required(_ name: String, _ what: String = "FILE") throws(ArgumentError) -> String {
        guard let value = values[name] else { throw ArgumentError("\(name) \(what) is missing") }
        return value
    }
}
