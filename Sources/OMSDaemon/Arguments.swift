import Kernel
import Wire

/// What the command line asks for.
enum Arguments: Equatable {
    /// `omsd --config FILE`
    case run(config: String)
    /// `omsd check-config --config FILE`
    case checkConfig(config: String)
    /// `omsd verify --journal FILE [--archive FOLDER] [--head HEX] [--public-key FILE] [--json]`
    case verify(Verify)
    /// `omsd backup --journal FILE --to FILE`
    case backup(journal: String, to: String)
    /// `omsd compact --journal FILE`
    case compact(journal: String)
    /// `omsd rebind --journal FILE --account NAME [--base-url URL] [--uid UID] [--stream-url URL] --reason TEXT [--same-venue]`
    case rebind(Rebind)
    /// `omsd rehearse --config FILE --account NAME [--symbol S] [--place [--price P] [--fill [--at-most P]] [--yes]] [--json]`
    case rehearse(Rehearse)
    /// `omsd log-init --log CONNINFO --daemon-role ROLE`
    case logInit(LogInit)
    /// `omsd log-leave --journal FILE`
    case logLeave(journal: String)
    case help
    case version

    static let usage = """
        omsd \(omsdVersion): sends orders to exchanges, writes down each step first, and never sends one twice.

        usage:
          omsd --config FILE                      run in the foreground
          omsd check-config --config FILE         read the configuration and its credentials, name every error, exit
          omsd verify --journal FILE [--archive FOLDER] [--head HEX] [--public-key FILE] [--json]
                                                  check a journal: live, stopped or killed; with --archive also
                                                  the files of its archive. Its seals are held against a head
                                                  that was kept elsewhere, or against the public key (Ed25519,
                                                  PEM) of the one that signed them
          omsd backup --journal FILE --to FILE    copy a live journal
          omsd compact --journal FILE             write a journal anew without what it does not use, once, so that
                                                  it gives space back from then on; no daemon may run
          omsd rebind --journal FILE --account NAME [--base-url URL] [--uid UID] [--stream-url URL] --reason TEXT [--same-venue]
                                                  record that an account is elsewhere, or somebody else, than the
                                                  journal has it; no daemon may run. Without --same-venue what is
                                                  in doubt is parked and what is unsent is withdrawn
          omsd rehearse --config FILE --account NAME [--symbol S] [--place [--price P] [--fill [--at-most P]] [--yes]] [--json]
                                                  ask the venue whether what is taken for granted of it holds: only
                                                  questions, which change nothing there; what was seen goes on
                                                  record. Through the daemon where one runs, else in its place.
                                                  --place: also by four of the smallest orders of S, post-only at P
                                                  (else a fifth below a price that an order of the account shows),
                                                  each cancelled; asks first, unless --yes is there.
                                                  --fill: then the smallest order is bought, for --at-most a unit
                                                  (else a twentieth above that price): it stays in the account
          omsd log-init --log CONNINFO --daemon-role ROLE
                                                  make the tables of a group's log in PostgreSQL, as the role that
                                                  is to own them, and let ROLE do what a daemon needs and no more;
                                                  as often as one likes
          omsd log-leave --journal FILE           a journal that was a group's goes on without its log: for good, and
                                                  only where no other host runs the group; no daemon may run
          omsd --help | --version

        exit codes:
          0 done   1 a rehearsal saw an assumption contradicted   5 it may have left an order open   64 usage   65 journal not to be trusted   74 I/O error
          75 another daemon of this host holds the journal, a venue uid, a key or an address's limits, or another host owns the group
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
            let options = try CommandWords(words[...], values: ["--config"], flags: [])
            return .run(config: try options.required("--config"))
        }
        let rest = words.dropFirst()
        switch first {
        case "check-config":
            let options = try CommandWords(rest, values: ["--config"], flags: [])
            return .checkConfig(config: try options.required("--config"))
        case "verify":
            return .verify(try Verify(rest))
        case "backup":
            let options = try CommandWords(rest, values: ["--journal", "--to"], flags: [])
            return .backup(journal: try options.required("--journal"), to: try options.required("--to"))
        case "compact":
            let options = try CommandWords(rest, values: ["--journal"], flags: [])
            return .compact(journal: try options.required("--journal"))
        case "rebind": return .rebind(try Rebind(rest))
        case "rehearse": return .rehearse(try Rehearse(rest))
        case "log-init": return .logInit(try LogInit(rest))
        case "log-leave":
            let options = try CommandWords(rest, values: ["--journal"], flags: [])
            return .logLeave(journal: try options.required("--journal"))
        default:
            let known = ["check-config", "verify", "backup", "compact", "rebind", "rehearse", "log-init", "log-leave"]
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

extension ArgumentError {
    init(_ problem: CommandWords.Problem) {
        switch problem {
        case .misplaced(let word): self.init("\"\(word.escapedForLog)\" stands where an option should")
        case .unknown(let word, _, _) where !word.hasPrefix("--"): self.init("\"\(word.escapedForLog)\" stands where an option should")
        case .unknown(_, let name, let near): self.init("unknown option \(name.escapedForLog)\(near.map { "; did you mean \($0)?" } ?? "")")
        case .valueMissing(let name): self.init("\(name) needs a value")
        case .valueNotTaken(let name): self.init("\(name) takes no value")
        case .twice(let name): self.init("\(name) stands twice")
        }
    }
}

extension CommandWords {
    /// The options of one command.
    init(_ words: ArraySlice<String>, values: [String], flags: [String]) throws(ArgumentError) {
        let options = values.map { Option($0, takesValue: true) } + flags.map { Option($0, takesValue: false, repeats: true) }
        do throws(Problem) { try self.init(words, options: options) } catch { throw ArgumentError(error) }
    }

    func required(_ name: String, _ what: String = "FILE") throws(ArgumentError) -> String {
        guard let value = text(name) else { throw ArgumentError("\(name) \(what) is missing") }
        return value
    }
}
