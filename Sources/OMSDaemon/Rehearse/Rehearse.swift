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
    /// Which market questions name, and orders are placed in.
    let symbol: String?
    /// A few orders are placed and cancelled, too.
    let places: Bool
    /// Of those orders; nil: a fifth below the last price that an order of the account shows.
    let price: Decimal?
    /// One more order is to execute.
    let fills: Bool
    /// What that may cost a unit; nil: a twentieth above the last price that an order of the account shows.
    let atMost: Decimal?
    /// Nobody is asked first.
    let isAgreed: Bool
    let isJSON: Bool

    init(_ words: ArraySlice<String>) throws(ArgumentError) {
        let options = try CommandWords(
            words, values: ["--config", "--account", "--symbol", "--price", "--at-most"], flags: ["--json", "--place", "--fill", "--yes"])
        config = try options.required("--config")
        account = try options.required("--account", "NAME")
        symbol = options.text("--symbol")
        if let symbol, !Symbol(symbol).isNameable { throw ArgumentError("--symbol \"\(symbol.prefix(64).escapedForLog)\" is no name of a market") }
        isJSON = options.has("--json")
        places = options.has("--place")
        isAgreed = options.has("--yes")
        fills = options.has("--fill")
        price = try Self.price("--price", options)
        atMost = try Self.price("--at-most", options)
        guard places else {
            if price != nil || fills || isAgreed { throw ArgumentError("--price, --fill and --yes go with --place") }
            guard atMost == nil else { throw ArgumentError("--at-most goes with --fill") }
            return
        }
        guard fills || atMost == nil else { throw ArgumentError("--at-most goes with --fill") }
        guard symbol != nil else { throw ArgumentError("--place needs --symbol S: the market to place in") }
    }

    private static func price(_ name: String, _ options: CommandWords) throws(ArgumentError) -> Decimal? {
        guard let text = options.text(name) else { return nil }
        guard let price = Decimal(text), price.isPositive else {
            throw ArgumentError("\(name) \"\(text.prefix(64).escapedForLog)\" is no price: a decimal above zero")
        }
        return price
    }

    func run() -> ExitCode {
        guard !places || isAgreed || isatty(STDIN_FILENO) == 1 else {
            writeToStandardError("omsd: --place asks before it sends anything, and standard input is no terminal: --yes says that it may\n")
            return .usage
        }
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
            guard let turn = try RehearsalTurn(config) else {
                writeToStandardError("omsd: another rehearsal by \(config.escapedForLog) is under way\n")
                return .held
            }
            defer { withExtendedLifetime(turn) {} }
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
            let stage = try RehearsalStage(
                configuration, account: account, credentials: credentials, environment: environment, signals: signals,
                places: places)
            defer { stage.strike() }
            guard let caller = stage.caller() else { return stage.exitCode ?? .inputOutput }
            return try rehearse(account, credentials, through: caller, isDaemonsOwn: true)
        } catch let error as ControlCaller.Problem {
            writeToStandardError("omsd: \(error)\n")
            return Self.exitCode(of: error)
        } catch {
            return Daemon.ended(by: error)
        }
    }

    private func rehearse(
        _ account: AccountConfiguration, _ credentials: [AccountID: Credentials], through caller: ControlCaller, isDaemonsOwn: Bool
    ) throws -> ExitCode {
        guard let adapter = account.adapter, let line = VenueCatalog.line(account.venue), let own = credentials[account.id] else {
            preconditionFailure("an account that the configuration should have refused")
        }
        if let words = try difference(account, own, from: caller) {
            writeToStandardError("omsd: \(words)\n")
            return .configuration
        }
        let generation = account.stream?.generation ?? .newer
        let assumptions = try line.assumptions(account.product, quantityUnit: account.quantityUnit, generation: generation)
        var run = try RehearsalRun(account, adapter, key: own.key, caller: caller, ownsStream: isDaemonsOwn)
        defer { run.end() }
        var rehearsal = run.rehearse(symbol: symbol.map { Symbol($0) }, assumptions: assumptions)
        if let problem = run.problem {
            // Nothing was asked, and there is nothing to tell.
            guard rehearsal.seen.contains(where: { $0.verdict != .notSeen }) else { throw problem }
            rehearsal.broke("\(problem)")
        }
        let tried = places ? tried(rehearsal, &run) : nil
        rehearsal.heard(beside: (tried?.seen ?? []) + run.unitSeen)
        for words in rehearsal.remarks + (tried?.surprises ?? []) { writeToStandardError("omsd: \(words)\n") }
        let (result, loss) = kept(told(rehearsal, tried, of: account), by: caller)
        let report = RehearsalReport(result, stopped: rehearsal.stopped)
        writeToStandardOutput(isJSON ? report.json : report.text)
        if let loss { writeToStandardError("omsd: none of it is on record: \(loss)\n") }
        if let words = leftOpen(tried, run, isDaemonsOwn: isDaemonsOwn) {
            writeToStandardError("omsd: \(words)\n")
            return .open
        }
        if let loss { return Self.exitCode(of: loss) }
        if result.assumptions.contains(where: { $0.verdict == RehearsalRow.Verdict.contradicts.rawValue }) { return .contradicted }
        return rehearsal.stopped == nil && (!places || tried?.surprises.isEmpty ?? false) ? .done : .inputOutput
    }

    /// How the daemon's account of this name is another, in words; nil: it is this one. What is seen would stand, or be forgiven, under its name.
    private func difference(_ account: AccountConfiguration, _ own: Credentials, from caller: ControlCaller) throws(ControlCaller.Problem) -> String?
    {
        guard let shown = try caller.ask(AccountList.self, AccountList.Parameters()).accounts.first(where: { $0.account == account.id.text }) else {
            return "the daemon has no account \(account.id.text.escapedForLog)"
        }
        let facts: [(there: String?, here: String)] = [
            (shown.venue, account.venue), (shown.product, account.product), (shown.uid, account.uid), (shown.origin, account.pinnedOrigin),
            (shown.key.map { "key \($0)" }, "key \(own.fingerprint)"),
        ]
        // A fact that an older daemon does not tell is not compared.
        let apart = facts.filter { $0.there != nil && $0.there != $0.here }
        guard !apart.isEmpty else { return nil }
        let (there, here) = (apart.compactMap(\.there).joined(separator: " "), apart.map(\.here).joined(separator: " "))
        return "the daemon's account \(account.id.text.escapedForLog) is \(there.escapedForLog), and here \(here.escapedForLog)"
    }

    /// What was placed, and what that showed.
    private struct Tried {
        var placed = 0
        var seen: [RehearsalRow.Seen] = []
        var surprises: [String] = []
    }

    /// The placing part, as far as it came; nil: nothing was placed.
    private func tried(_ rehearsal: Rehearsal, _ run: inout RehearsalRun) -> Tried? {
        let why: String
        do throws(ControlCaller.Problem) {
            for words in try run.boughtUntold() { writeToStandardError("omsd: \(words)\n") }
            switch try plan(rehearsal, run) {
            case .refused(let words): why = words
            case .orders(let order, let market, let dearer):
                try run.cancelLeftovers()
                let placing = run.place(order, in: market, ids: RehearsalRun.ids(run.adapter.profile.clientIDs), rehearsal)
                var tried = Tried(placed: placing.placed, seen: placing.seen, surprises: placing.surprises)
                if let dearer { fill(dearer, beside: order, in: market, rehearsal, &run, &tried) }
                return tried
            }
        } catch { why = "\(error)" }
        writeToStandardError("omsd: nothing is placed: \(why)\n")
        return nil
    }

    /// Nothing executes behind what went wrong.
    private func fill(
        _ order: SmallestOrder, beside resting: SmallestOrder, in market: Instrument, _ rehearsal: Rehearsal, _ run: inout RehearsalRun,
        _ tried: inout Tried
    ) {
        var heard = rehearsal
        heard.heard(beside: tried.seen)
        guard tried.surprises.isEmpty, !heard.seen.contains(where: { $0.verdict == .contradicts && $0.bears != nil }) else {
            return tried.surprises.append("nothing is bought behind that")
        }
        let (filling, stream) = run.fill(order, beside: resting, in: market, rehearsal)
        if let bill = filling.bill { writeToStandardError("omsd: \(bill)\n") }
        tried.placed += filling.placed
        tried.seen += filling.seen + stream
        tried.surprises += filling.surprises
    }

    private func told(_ rehearsal: Rehearsal, _ tried: Tried?, of account: AccountConfiguration) -> RehearsalRecord.Parameters {
        var told = RehearsalRecord.Parameters()
        (told.account, told.orders) = (account.id.text, Int64(tried?.placed ?? 0))
        told.assumptions = rehearsal.seen.map { RehearsedAssumption($0) }
        return told
    }

    /// What was seen, as it is on record; or, where that cannot be, as it was told.
    private func kept(_ told: RehearsalRecord.Parameters, by caller: ControlCaller) -> (RehearsalRecord.Result, ControlCaller.Problem?) {
        do throws(ControlCaller.Problem) { return (try caller.ask(RehearsalRecord.self, told), nil) } catch {
            var result = RehearsalRecord.Result()
            (result.account, result.orders, result.assumptions) = (told.account, told.orders, told.assumptions)
            result.at = omsd_clock_us(CLOCK_REALTIME)
            return (result, error)
        }
    }

    /// What may still rest at the venue of this rehearsal or one before it, in words; nil: nothing.
    private func leftOpen(_ tried: Tried?, _ run: RehearsalRun, isDaemonsOwn: Bool) -> String? {
        let who = isDaemonsOwn ? "the next start of omsd cancels it" : "the daemon cancels it"
        guard let open = try? run.open() else {
            return tried == nil ? nil : "whether anything is still open is not known: \(who)"
        }
        return open.isEmpty ? nil : "still open: \(open.map(\.clientOrderID).joined(separator: ", ")); \(who)"
    }

    private static func exitCode(of problem: ControlCaller.Problem) -> ExitCode {
        guard case .refused(let code, _) = problem else { return .inputOutput }
        return code == ControlError.journalUnavailable("").code ? .inputOutput : .usage
    }
}

extension RehearsedAssumption {
    fileprivate init(_ seen: RehearsalRow.Seen) {
        self.init()
        (name, assumed, self.seen, verdict, bears) = (seen.name, seen.assumed, seen.seen, seen.verdict.rawValue, seen.bears)
    }
}
