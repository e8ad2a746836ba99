import Kernel
import OMSCore
import Wire

/// What `omsim` was asked to do. Reading the words is pure; files are read by the program.
package enum SimulatorCommand: Equatable, Sendable {
    case help(String)
    case version
    case serve(ServeCommand)
    case accounts(AccountsCommand)
    case explore(ExploreCommand)
    case audit(AuditCommand)

    /// - Parameter words: Without the program's name.
    /// - Throws: ``SimulatorInputError``, a usage error in one line.
    package static func read(_ words: [String]) throws(SimulatorInputError) -> SimulatorCommand {
        guard let verb = words.first else { throw SimulatorInputError("a verb is missing; try omsim --help") }
        let rest = words.dropFirst()
        let asksForHelp = rest.contains("--help") || rest.contains("-h")
        switch verb {
        case "--help", "-h", "help": return .help(generalHelp)
        case "--version": return .version
        case "serve":
            if asksForHelp { return .help(ServeCommand.help) }
            return .serve(try ServeCommand(rest))
        case "accounts":
            if asksForHelp { return .help(AccountsCommand.help) }
            return .accounts(try AccountsCommand(rest))
        case "explore":
            if asksForHelp { return .help(ExploreCommand.help) }
            return .explore(try ExploreCommand(rest))
        case "audit":
            if asksForHelp { return .help(AuditCommand.help) }
            return .audit(try AuditCommand(rest))
        default: throw SimulatorInputError("unknown verb `\(verb.escapedForLog)`; try omsim --help")
        }
    }

    package static let generalHelp = """
        omsim: simulated venues for omsd, behind one port.

          omsim serve --listen HOST:PORT [options]   answer as the venues would; a ledger at /_sim/ledger
          omsim explore --seeds A..B [options]       the whole daemon in virtual time, struck by faults; exit 1 if a promise breaks
          omsim accounts [options]                   print the accounts, or write an omsd configuration for them
          omsim audit --url URL --journal FILE       hold a journal against the venues' ledger
          omsim VERB --help                          options of a verb
          omsim --version

        """
}

/// `omsim serve`.
package struct ServeCommand: Equatable, Sendable {
    package var host = "127.0.0.1"
    package var port: UInt16 = 8899
    package var certificateFile: String?
    package var keyFile: String?
    package var accountsFile: String?
    package var faultsFile: String?
    package var seed: UInt64 = 1
    package var matching = Matching()
    package var freshnessMs: Int64?
    package var limits: [Setting] = []
    package var liftsLimits = false
    package var switches: [Setting] = []
    package var latency: Latency?
    package var isQuiet = false

    package struct Setting: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    package init() {}

    fileprivate init(_ words: ArraySlice<String>) throws(SimulatorInputError) {
        let words = try CommandWords(
            words, of: "serve",
            values: [
                "--listen", "--tls-cert", "--tls-key", "--accounts", "--faults", "--seed", "--fill", "--freshness-ms", "--latency-ms", "--limit",
                "--switch",
            ], flags: ["--cross", "--follow-market", "--no-limits", "--quiet"])
        if let text = words.text("--listen") { (host, port) = try Self.address(text) }
        (certificateFile, keyFile) = (words.text("--tls-cert"), words.text("--tls-key"))
        (accountsFile, faultsFile) = (words.text("--accounts"), words.text("--faults"))
        seed = try words.number(of: "--seed") ?? seed
        if let text = words.text("--fill") {
            guard let ratio = Double(text), (0...1).contains(ratio) else { throw SimulatorInputError("--fill: 0 to 1 should stand here") }
            matching.fillRatio = ratio
        }
        (matching.crosses, matching.followsMarket) = (words.has("--cross"), words.has("--follow-market"))
        if let ms = try words.number(of: "--freshness-ms") {
            guard (1...3_600_000).contains(ms) else { throw SimulatorInputError("--freshness-ms: 1 to 3600000 should stand here") }
            freshnessMs = Int64(ms)
        }
        latency = try words.text("--latency-ms").map { text throws(SimulatorInputError) in try Self.latency(text) }
        limits = try words.settings(of: "--limit")
        liftsLimits = words.has("--no-limits")
        switches = try words.settings(of: "--switch")
        isQuiet = words.has("--quiet")
        guard (certificateFile == nil) == (keyFile == nil) else { throw SimulatorInputError("--tls-cert and --tls-key go together") }
    }

    /// The world asked for. - Parameters: what the files named hold; nil: not named.
    package func worldOptions(accounts: [UInt8]?, faults: [UInt8]?) throws(SimulatorInputError) -> WorldOptions {
        var options = WorldOptions()
        (options.seed, options.matching, options.freshnessMs) = (seed, matching, freshnessMs)
        if let accounts { options.accounts = try [SimAccount](reading: accounts) }
        if liftsLimits {
            for dialect in DialectCatalog.dialects() { options.limits += dialect.allBudgets.map { ("\(dialect.venue)/\($0.name)", nil) } }
        }
        if let faults {
            let read = try FaultPlan.read(faults)
            options.faults = read.rules
            options.limits += read.limits
        }
        for limit in limits {
            if limit.value == "none" {
                options.limits.append((limit.name, nil))
            } else if let permits = Int(limit.value), permits >= 0 {
                options.limits.append((limit.name, permits))
            } else {
                throw SimulatorInputError("--limit \(limit.name.escapedForLog): a whole number or none should stand here")
            }
        }
        options.switches = switches.map { ($0.name, $0.value) }
        options.latency = latency
        return options
    }

    /// `LOW-HIGH`, or one number for both.
    private static func latency(_ text: String) throws(SimulatorInputError) -> Latency {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
        guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], low <= high, high <= 60_000 else {
            throw SimulatorInputError("--latency-ms: MS or LOW-HIGH, 0 to 60000, should stand here")
        }
        return Latency(lowMs: Int64(low), highMs: Int64(high))
    }

    private static func address(_ text: String) throws(SimulatorInputError) -> (String, UInt16) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw SimulatorInputError("--listen: HOST:PORT should stand here")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        // The server takes addresses in digits only: no name is ever looked up.
        if host == "localhost" { host = "127.0.0.1" }
        guard !host.isEmpty else { throw SimulatorInputError("--listen: HOST:PORT should stand here") }
        return (String(host), port)
    }

    package static let help = """
        omsim serve: simulated venues behind one port. Prints the accounts as JSON, then `listening URL`. SIGTERM or SIGINT stops it.

          --listen HOST:PORT      default 127.0.0.1:8899; port 0 picks one
          --tls-cert F --tls-key F  PEM files: speak TLS
          --accounts FILE         {accounts:[{venue, product, uid, key, secret, passphrase?, mode?, group?, name?}]} instead of the printed ones
          --faults FILE           what goes wrong (below)
          --seed N                for faults and fills; one seed and one sequence of requests give one history. Default 1
          --fill RATIO            share of resting orders that trade at once, 0 to 1, half of them in part. Default 0
          --cross                 limit orders beyond the reference price trade at once
          --follow-market         orders meet the walking price of the public pages instead of the reference price: those beyond it trade at once, those
                                  that rest trade when it reaches them
          --freshness-ms MS       how old a stamp may be, instead of each venue's own window (match omsd's freshness_ms)
          --latency-ms LOW-HIGH   each request's way there and back together; drawn from --seed, and so is how much of it passes before it arrives
                                  and is counted. One number: the same for all. Default 0
          --limit VENUE/BUDGET=N  permits instead of the venue's; N or none. Repeatable
          --no-limits             lift all limits (they are still counted)
          --switch VENUE/NAME=VALUE  a venue's open questions answered otherwise; see docs/OMSIM.md. Repeatable
          --quiet                 do not print the accounts

        Pages: GET /_sim/health /_sim/summary /_sim/ledger; POST /_sim/faults /_sim/fill /_sim/place /_sim/reference /_sim/instrument
               POST /_sim/stream

        FAULTS

        """ + FaultPlan.help + "\n"
}

/// `omsim accounts`.
package struct AccountsCommand: Equatable, Sendable {
    package var accountsFile: String?
    /// Where an omsd configuration goes; nil: print the accounts.
    package var directory: String?
    package var configuration = GeneratedConfiguration()

    fileprivate init(_ words: ArraySlice<String>) throws(SimulatorInputError) {
        let words = try CommandWords(
            words, of: "accounts", values: ["--accounts", "--write-config", "--base-url", "--journal", "--socket", "--ca-file"], flags: ["--all"])
        (accountsFile, directory) = (words.text("--accounts"), words.text("--write-config"))
        configuration.baseURL = words.text("--base-url") ?? configuration.baseURL
        (configuration.journal, configuration.socket) = (words.text("--journal"), words.text("--socket"))
        (configuration.caFile, configuration.takesAll) = (words.text("--ca-file"), words.has("--all"))
    }

    package static let help = """
        omsim accounts: print the accounts that `omsim serve` has by default, or write an omsd configuration for them.

          --accounts FILE         these instead
          --write-config DIR      write DIR/omsd.json5 and a credentials file (mode 0600) for each account; DIR must exist
          --base-url URL          where omsim listens. Default http://127.0.0.1:8899
          --journal PATH          default DIR/journal.db
          --socket PATH           default DIR/control.sock
          --ca-file PATH          PEM to trust, for https
          --all                   every account; else the first of each venue

        The configuration has freshness_ms 3000 and hold_unanswered_ms 2000: run `omsim serve --freshness-ms 3000` to match.

        """
}

/// `omsim audit`.
package struct AuditCommand: Equatable, Sendable {
    package let origin: HTTPOrigin
    package let journal: String
    package let archive: String?
    package let caFile: String?
    package let isJSON: Bool

    fileprivate init(_ words: ArraySlice<String>) throws(SimulatorInputError) {
        let words = try CommandWords(words, of: "audit", values: ["--url", "--journal", "--archive", "--ca-file"], flags: ["--json"])
        guard let url = words.text("--url") else { throw SimulatorInputError("audit: --url URL is missing") }
        guard let origin = HTTPOrigin(url) else { throw SimulatorInputError("audit: --url: http://HOST:PORT or https://HOST:PORT should stand here") }
        guard let journal = words.text("--journal") else { throw SimulatorInputError("audit: --journal FILE is missing") }
        (self.origin, self.journal, archive) = (origin, journal, words.text("--archive"))
        (caFile, isJSON) = (words.text("--ca-file"), words.has("--json"))
    }

    package static let help = """
        omsim audit: hold omsd's journal against the ledger of the simulated venues, order by order.

          --url URL               where omsim listens
          --journal FILE          omsd's journal; the daemon may run
          --archive FOLDER        where its archive lies, when not where the daemon has it
          --ca-file PATH          PEM to trust, for https
          --json                  the same as JSON, with every finding

        An order the journal calls acknowledged, working or filled must be at the venue exactly once; a closed one must not be live there; no order may be
        there without a record, none may be in doubt still, rows of executions must be the venue's (ids, quantity, price, fee), and no request may have been
        over a limit. Exit 0 when all of that holds, else 1.

        """
}

extension CommandWords {
    /// The options of a verb. Each may stand again: the last one counts, or all do.
    init(_ words: ArraySlice<String>, of verb: String, values: [String], flags: [String]) throws(SimulatorInputError) {
        let options = values.map { Option($0, takesValue: true, repeats: true) } + flags.map { Option($0, takesValue: false, repeats: true) }
        do throws(Problem) { try self.init(words, options: options) } catch {
            switch error {
            case .unknown(let word, _, _), .misplaced(let word): throw SimulatorInputError("\(verb): unknown option `\(word.escapedForLog)`")
            case .valueMissing(let name), .twice(let name): throw SimulatorInputError("\(name): a value should follow")
            case .valueNotTaken(let name): throw SimulatorInputError("\(verb): \(name) takes no value")
            }
        }
    }

    func number(of option: String) throws(SimulatorInputError) -> UInt64? {
        guard let text = text(option) else { return nil }
        guard let number = UInt64(text) else { throw SimulatorInputError("\(option): a whole number should follow") }
        return number
    }

    func settings(of option: String) throws(SimulatorInputError) -> [ServeCommand.Setting] {
        try texts(option).map { text throws(SimulatorInputError) in
            guard let equals = text.firstIndex(of: "="), text[..<equals].contains("/") else {
                throw SimulatorInputError("\(option): VENUE/NAME=VALUE should follow")
            }
            return ServeCommand.Setting(name: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
        }
    }
}
