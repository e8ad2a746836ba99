import CLinux
import ControlAPI
import Kernel
import OMSCore
import Store
import Venues
import Wire

/// `omsd rehearse`: asks a venue whether what is taken for granted of it holds.
struct Rehearse: Equatable {
    let config: String
    let account: String
    /// Which market questions name.
    let symbol: String?
    let isJSON: Bool

    init(_ words: ArraySlice<String>) throws(ArgumentError) {
        let options = try CommandWords(words, values: ["--config", "--account", "--symbol"], flags: ["--json"])
        config = try options.required("--config")
        account = try options.required("--account", "NAME")
        symbol = options.text("--symbol")
        if let symbol, !Symbol(symbol).isNameable { throw ArgumentError("--symbol \"\(symbol.prefix(64).escapedForLog)\" is no name of a market") }
        isJSON = options.has("--json")
    }

    func run() -> ExitCode {
        do {
            // Before the first thread: a daemon in this process reads them.
            let signals = try Signals()
            var environment = processEnvironment()
            let configuration = try Configuration.load(config, environment: environment)
            guard let account = configuration.accounts.first(where: { $0.id.text == account }) else {
                let names = configuration.accounts.map(\.id.text)
                let hint = closest(to: account, among: names).map { "did you mean \($0)?" } ?? "it has: \(names.joined(separator: ", "))"
                writeToStandardError("omsd: \(config.escapedForLog) has no account \"\(account.escapedForLog)\"; \(hint.escapedForLog)\n")
                return .usage
            }
            let credentials = try configuration.loadCredentials()
            if let caller = try? ControlCaller(path: configuration.control.socketPath, patienceSeconds: 90) {
                // The terminal's own way to end a command holds where no daemon is in it.
                Signals.release()
                return try rehearse(account, credentials, through: caller, isDaemonsOwn: false)
            }
            let waiting = try SQLiteJournal.unfinished(configuration.journalPath, of: account.id)
            guard waiting == 0 else {
                writeToStandardError(
                    "omsd: \(waiting) orders or cancels of \(account.id.text.escapedForLog) are not sent, or in doubt, and nothing is to be sent here: "
                        + "start omsd, and rehearse through it\n")
                return .held
            }
            Log.quiet()
            // What systemd handed to this process, if it did, is not for a daemon that lasts a minute.
            for name in ["NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "WATCHDOG_USEC"] { environment[name] = nil }
            let stage = try RehearsalStage(configuration, account: account, credentials: credentials, environment: environment, signals: signals)
            defer { stage.strike() }
            guard let caller = stage.caller() else { return stage.exitCode ?? .inputOutput }
            return try rehearse(account, credentials, through: caller, isDaemonsOwn: true)
        } catch let error as ControlCaller.Problem {
            writeToStandardError("omsd: \(error)\n")
            guard case .refused(let code, _) = error else { return .inputOutput }
            return code == ControlError.journalUnavailable("").code ? .inputOutput : .usage
        } catch {
            return Daemon.ended(by: error)
        }
    }

    private func rehearse(
        _ account: AccountConfiguration, _ credentials: [AccountID: Credentials], through caller: ControlCaller, isDaemonsOwn: Bool
    ) throws -> ExitCode {
        guard let adapter = account.adapter, let line = VenueCatalog.line(account.venue), let key = credentials[account.id]?.key else {
            preconditionFailure("an account that the configuration should have refused")
        }
        // What is seen is another account's otherwise, and would stand, or be forgiven, under this one's name.
        let shown = try caller.ask(AccountList.self, AccountList.Parameters()).accounts.first { $0.account == account.id.text }
        if let shown, (shown.venue, shown.product, shown.uid) != (account.venue, account.product, account.uid) {
            let (there, here) = ("\(shown.venue) \(shown.product) \(shown.uid)", "\(account.venue) \(account.product) \(account.uid)")
            let name = account.id.text.escapedForLog
            writeToStandardError("omsd: the daemon's account \(name) is \(there.escapedForLog), and here \(here.escapedForLog)\n")
            return .configuration
        }
        let generation = account.stream?.generation ?? .newer
        let assumptions = try line.assumptions(account.product, quantityUnit: account.quantityUnit, generation: generation)
        var run = try RehearsalRun(account, adapter, key: key, caller: caller, ownsStream: isDaemonsOwn)
        let rehearsal = run.rehearse(symbol: symbol.map { Symbol($0) }, assumptions: assumptions)
        if let problem = run.problem { throw problem }
        var told = RehearsalRecord.Parameters()
        told.account = account.id.text
        told.assumptions = rehearsal.seen.map { RehearsedAssumption($0) }
        let result = try caller.ask(RehearsalRecord.self, told)
        let report = RehearsalReport(result, stopped: rehearsal.stopped)
        writeToStandardOutput(isJSON ? report.json : report.text)
        if result.assumptions.contains(where: { $0.verdict == RehearsalRow.Verdict.contradicts.rawValue }) { return .contradicted }
        return rehearsal.stopped == nil ? .done : .inputOutput
    }
}

extension RehearsedAssumption {
    fileprivate init(_ seen: RehearsalRow.Seen) {
        self.init()
        (name, assumed, self.seen, verdict, bears) = (seen.name, seen.assumed, seen.seen, seen.verdict.rawValue, seen.bears)
    }
}
