import CLinux
import Control
import Kernel
import OMSCore
import Replica
import Runtime
import Store
import Synchronization
import Transport
import Venues
import Wire

/// The daemon, put together: the only place that sees journal, venues and socket at once.
final class Daemon {
    private let configuration: Configuration
    private let environment: [String: String]
    private let systemd: Systemd
    private let signals: Signals
    private let mailbox = Mailbox()
    private let notices = NoticeLog()
    private var locks: [VenueLock] = []

    /// Runs until it is told to stop. What went wrong is on standard error.
    static func run(configurationPath: String) -> ExitCode {
        let environment = processEnvironment()
        do {
            // Signals are blocked before the first thread, so that all threads inherit it.
            let signals = try Signals()
            let configuration = try Configuration.load(configurationPath, environment: environment)
            Log.use(configuration.logFormat)
            let credentials = try configuration.loadCredentials()
            let sealKey = try configuration.loadSealKey()
            try configuration.checkReplica()
            let daemon = Daemon(configuration, environment: environment, signals: signals)
            return try daemon.serve(credentials, sealKey: sealKey)
        } catch {
            return ended(by: error)
        }
    }

    /// Says what a daemon ended with.
    static func ended(by error: any Error) -> ExitCode {
        switch error {
        case let error as ConfigurationError:
            Log.problems("\(error)")
            return .configuration
        case let error as GroupError:
            if error.code == .done { Log.warning(.stop, error.description) } else { Log.error(.stop, error.description) }
            return error.code
        case let error as OpenError:
            Log.error(.stop, error.description)
            return ExitCode(rawValue: error.exitCode) ?? .inputOutput
        case let error as JournalError:
            Log.error(.stop, error.description)
            return error.kind == .damaged ? .journal : .inputOutput
        case let error as VenueLockError:
            Log.error(.stop, error.description)
            return error.isHeld ? .held : .inputOutput
        case let error as ControlListenerError:
            Log.error(.stop, error.description)
            return error.kind == .inUse ? .held : .configuration
        default:
            Log.error(.stop, "\(error)")
            return .inputOutput
        }
    }

    init(_ configuration: Configuration, environment: [String: String], signals: Signals) {
        (self.configuration, self.environment, self.signals) = (configuration, environment, signals)
        systemd = Systemd(environment: environment)
    }

    func serve(_ credentials: [AccountID: Credentials], sealKey: Ed25519Key?) throws -> ExitCode {
        do throws(VenueLockError) { try takeVenueLocks(credentials) } catch {
            // Whoever reads it wants to know which of two daemons this is.
            throw VenueLockError(isHeld: error.isHeld, description: "\(error.description); this one was to write \(configuration.journalPath)")
        }
        let shares = try AddressShares(configuration.addressClaims(), journal: configuration.journalPath)
        let clock = SystemClock()
        let bootID = Self.bootID()
        let log = try configuration.probeLog(credentials)
        let journal = try SQLiteJournal.open(
            path: configuration.journalPath, accounts: configuration.journalAccounts,
            identities: configuration.identities(credentials), bootID: bootID, for: configuration.replica.map { JournalUse.group($0.group) } ?? .alone
        )
        for warning in journal.warnings + configuration.rolesOfNobody { Log.warning(.start, warning) }
        // Before anything is asked of it: what lies there may be what a venue speaks of next.
        try journal.openArchive(folder: configuration.archive.map { configuration.archiveFolder($0) })
        let member = try join(log, journal: journal, credentials)
        defer { member?.stop() }
        let reader = try SQLiteJournalReader(path: journal.path, isOpenHere: true)
        var sending = TLSTransport.Settings()
        if let keeper = member?.keeper { sending.maySend = { keeper.maySend(at: $0) } }
        let transport = try TLSTransport(settings: sending)
        let links = try makeLinks(credentials, transport: transport)
        let streams = makeStreamLinks(credentials)
        let server = try ControlServer(
            listener: openListener(), roles: configuration.roles, reservedDescriptors: reservedDescriptors,
            log: { Log.repeated(.warning, $0) })
        let reads = ReaderThread(
            reader: reader, replies: server, log: { Log.repeated(.error, $0) }, storageFailed: { [mailbox] in mailbox.fail($0) })
        let setups = configuration.setups(credentials)
        let board = Archiving.Board()
        let seed = UInt64.random(in: 0 ... .max)
        let facts = DaemonFacts(
            version: omsdVersion, sqliteVersion: SQLiteJournal.libraryVersion, startedAt: clock.now().wall,
            journalPath: journal.path, journalSpace: { [path = journal.path] in JournalSpace(of: path) }, archive: { [board] in board.figures },
            group: { [keeper = member?.keeper] in keeper?.standing })
        var firstSeq: Int64?
        let runner = try Runner(
            ports: RunnerPorts(
                journal: member?.journal ?? journal, transport: transport, replies: server, reads: reads, clock: clock,
                checkJournal: { () throws(JournalError) in
                    guard !journal.fileIdentityChanged() else {
                        throw JournalError(.failed, "the journal's file was moved, replaced or deleted under the daemon: \(journal.path)")
                    }
                }, releaseBallast: { journal.releaseBallast() },
                // A log that takes no beat takes no turn.
                restoreBallast: { [keeper = member?.keeper] in keeper?.standing.trouble == nil && journal.restoreBallast() },
                streams: streams.isEmpty
                    ? nil : StreamLinks(streams, transport: transport, streams: transport, clock: clock) { [mailbox] in mailbox.post($0) },
                walBytes: { journal.walBytes }, log: { Log.repeated(.warning, $0) }, notice: { [notices] in notices.note($0) }),
            links: links, facts: facts, meter: configuration.metricsListen == nil ? nil : Meter(),
            post: { [mailbox] in mailbox.post($0) },
            makeEngine: { state, now in
                // Until this process wrote a line, also after a first commit that found no space.
                firstSeq = firstSeq ?? state.seq
                let version = state.seq == firstSeq ? omsdVersion : nil
                return Engine(accounts: setups, state: state, history: journal, seed: seed, bootID: bootID, at: now, version: version)
            })
        // That it started, and what recovery found, is durable before anybody is answered.
        try runner.turn([])
        try Thread.start("omsd-reader") { reads.run() }.letGo()
        let core = CoreLoop(runner: runner, mailbox: mailbox, runsAtOnce: member == nil)
        // Used by whoever runs a turn, or keeps others from running one.
        nonisolated(unsafe) let writer = journal
        let sealing = try Sealing(
            JournalSealer(path: journal.path, key: sealKey), seq: runner.engine.journalSeq, key: sealKey?.fingerprint,
            write: { seal in
                // The space that was kept back on a full disk is for cancels.
                try core.exclusively { runner in try runner.engine.isJournalFull ? false : writer.write(seal) }
            }, failed: { [mailbox] in mailbox.fail($0) })
        let sealingThread = try Thread.start("omsd-seals") { sealing.run() }
        let archiving = try Archiving(journal: journal, configuration: configuration, core: core, mailbox: mailbox, board: board)
        try Thread.start("omsd-archive") { archiving.run() }.letGo()
        try server.start(sink: CoreSink(core: core, mailbox: mailbox))
        // From here on somebody else reads signals.
        member?.patience.isStarting = false
        let listener = SignalListener(
            signals: signals, mailbox: mailbox, server: server, configuration: configuration, environment: environment, archiving: archiving,
            shares: shares)
        try Thread.start("omsd-signals") { listener.run() }.letGo()
        let metrics = try configuration.metricsListen.map {
            try MetricsServer($0, board: .init(facts: facts, journalPath: journal.path, now: omsd_clock_us(CLOCK_BOOTTIME)))
        }
        member?.patience.onLife = { [mailbox] in metrics?.turned(at: $0, isStopping: mailbox.isToStop) }
        systemd.notify(.ready, .status("answering; accounts are being reconciled"))
        if !runner.engine.isClockSet {
            Log.warning(.problem, "this machine's clock shows a time before 2020: nothing is sent to any venue before it is set")
        }
        Log.info(.start, "omsd answers", ["version": omsdVersion, "journal": journal.path, "sqlite": SQLiteJournal.libraryVersion])
        defer {
            systemd.notify(.stopping)
            metrics?.stop()
            server.stop()
            transport.shutdown(graceMs: 0)
            reads.stop()
            archiving.stop()
            // The last: from here on nothing is recorded any more.
            sealing.finish(sealingThread)
        }
        do {
            try loop(core, member: member, sealing: sealing, metrics: metrics)
            member?.release()
        } catch let error as JournalError {
            journal.latch(error)
            throw member?.end(by: error) ?? error
        }
        return .done
    }

    /// The group, once it is this host's; nil: there is none.
    private func join(
        _ log: (probe: LogProbe, found: LogFindings)?, journal: SQLiteJournal, _ credentials: [AccountID: Credentials]
    ) throws -> GroupMember? {
        guard let replica = configuration.replica, let log else { return nil }
        let patience = GroupPatience(systemd: systemd, signals: signals, mailbox: mailbox)
        let member = try GroupMember(
            replica, over: journal, found: log.found, library: try PostgresLibrary(), patience: patience, wake: { [mailbox] in mailbox.ring() })
        do {
            try member.own { () throws(LogTrouble) in
                // What was drained may know an account otherwise than the file did when it was opened.
                let problems: [String]
                do throws(JournalError) { problems = try journal.identityProblems(configuration.identities(credentials)) } catch {
                    throw LogTrouble(error.description, mayPass: true)
                }
                guard problems.isEmpty else { throw LogTrouble(problems.map { "\(journal.path): \($0)" }.joined(separator: "\n")) }
                try log.probe.register(configuration.logClaims(credentials), group: replica.group)
            }
        } catch {
            member.stop()
            throw (error as? JournalError).map { member.end(by: $0) } ?? error
        }
        return member
    }

    /// From any thread: as SIGTERM would.
    func stop() { mailbox.askStop() }

    // MARK: The core loop

    /// Turns until told to stop; then waits for what is in flight, at most as long as a request may take.
    private func loop(_ core: CoreLoop, member: GroupMember?, sealing: Sealing, metrics: MetricsServer?) throws {
        var status = StatusLine(systemd: systemd)
        var stopBy: Int64?
        var idleSince: Int64?
        var isDone = false
        while !isDone {
            let isStopAsked = core.wait()
            isDone = try core.exclusively { runner in
                let now = omsd_clock_us(CLOCK_BOOTTIME)
                if isStopAsked, stopBy == nil {
                    stopBy = now + stopGraceUs
                    runner.engine.isStopping = true
                    systemd.notify(.stopping, .status("stopping: waiting for \(runner.engine.requestsOut) requests in flight"))
                    Log.info(.stop, "stopping: waiting for requests in flight", ["requests": "\(runner.engine.requestsOut)"])
                }
                try member?.journal.tend()
                let isIdle = try !core.turn()
                status.update(runner, metrics: metrics, at: now)
                sealing.grew(to: runner.engine.journalSeq)
                notices.tellHeld(at: now)
                Log.tellHeld(at: now)
                // A while without anything to do: the journal may tidy up.
                if !isIdle { idleSince = nil } else if idleSince == nil { idleSince = now }
                if let since = idleSince, now - since > 200_000 {
                    try runner.rest()
                    // What a burst needed and nobody uses goes back to the system.
                    malloc_trim(0)
                    idleSince = now + 60_000_000
                }
                let isAwaited = runner.engine.requestsOut > 0 || runner.engine.hasCountdowns
                guard let stopBy, !isAwaited || now > stopBy else { return false }
                if runner.engine.hasCountdowns {
                    Log.warning(.stop, "a venue did not confirm that its countdown is off: it may cancel all orders of its user when that runs out")
                }
                let left = runner.engine.snapshot().reduce(0) { $0 + $1.open }
                Log.info(.stop, "stopped", ["requests_unanswered": "\(runner.engine.requestsOut)", "orders_left_working": "\(left)"])
                return true
            }
        }
    }

    private var stopGraceUs: Int64 {
        (configuration.accounts.map(\.requestTimeoutMs).max() ?? AccountSetup.requestTimeoutMsDefault) * 1_000 + 1_000_000
    }

    // MARK: Parts

    private func takeVenueLocks(_ credentials: [AccountID: Credentials]) throws(VenueLockError) {
        let owners = Set(configuration.accounts.map { [$0.venue, $0.uid] })
        for owner in owners.sorted(by: { $0.lexicographicallyPrecedes($1) }) { locks.append(try VenueLock(venue: owner[0], uid: owner[1])) }
        let keys = Set(
            configuration.accounts.compactMap { account in
                credentials[account.id].map { [String(BudgetOwner.family(account.venue)), $0.fingerprint] }
            })
        for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) { locks.append(try VenueLock(family: key[0], key: key[1])) }
    }

    private func openListener() throws(ControlListenerError) -> ControlListener {
        if let inherited = systemd.listenDescriptors.first { return try ControlListener(inherited: inherited) }
        return try ControlListener(path: configuration.control.socketPath, mode: configuration.control.socketMode)
    }

    private func makeLinks(_ credentials: [AccountID: Credentials], transport: TLSTransport) throws -> [AccountID: VenueLink] {
        var links: [AccountID: VenueLink] = [:]
        var connections: [HTTPOrigin: (count: Int, caFile: String?)] = [:]
        for account in configuration.accounts {
            guard let adapter = account.adapter, let key = credentials[account.id]?.key else {
                preconditionFailure("an account that the configuration should have refused")
            }
            links[account.id] = VenueLink(adapter: adapter, origin: account.baseURL, key: key)
            let known = connections[account.baseURL]
            connections[account.baseURL] = ((known?.count ?? 0) + (account.maxInFlight ?? 64), known?.caFile ?? account.caFile)
            // A stream takes nothing of its origin's pool but its trust.
            if let origin = account.stream?.origin {
                let known = connections[origin]
                connections[origin] = (known?.count ?? 0, known?.caFile ?? account.caFile)
            }
        }
        for (origin, setting) in connections {
            try transport.configure(origin, maxConnections: max(1, setting.count), caFile: setting.caFile)
            // By a clock that was never set no certificate is valid yet: the failures would only delay what comes behind it.
            if omsd_clock_us(CLOCK_REALTIME) >= Engine.clockFloor { transport.warm(origin, count: min(setting.count, 4)) }
        }
        return links
    }

    /// The ways to the private streams that accounts have, by connection.
    private func makeStreamLinks(_ credentials: [AccountID: Credentials]) -> [StreamName: StreamLink] {
        let served = Dictionary(grouping: configuration.accounts) { $0.streamName(credentials) }
        var links: [StreamName: StreamLink] = [:]
        for case (let name?, let accounts) in served {
            guard let first = accounts.first, let origin = first.stream?.origin, let key = credentials[first.id]?.key else { continue }
            let dialects = Dictionary(accounts.compactMap { account in account.streamDialect.map { (account.product, $0) } }) { first, _ in first }
            let freshnessMs = first.freshnessMs ?? first.adapter?.profile.freshnessMs
            guard !dialects.isEmpty, let freshnessMs else { preconditionFailure("a stream that the configuration should have refused") }
            links[name] = StreamLink(
                dialects: dialects, origin: origin, requests: first.baseURL, key: key.duplicate(), freshnessMs: freshnessMs)
        }
        return links
    }

    /// What stays for the rest of the daemon however many clients come: each venue connection there may be and each private stream, those of scrapers, and
    /// 64 for journal, locks and loops.
    private var reservedDescriptors: Int {
        64 + configuration.accounts.reduce(0) { $0 + ($1.maxInFlight ?? 64) + ($1.stream == nil ? 0 : 1) }
            + (configuration.metricsListen == nil ? 0 : MetricsServer.connectionsMax)
    }

    /// Which boot this is: permits of another one count no elapsed time. Without /proc every start is a new boot, which only holds longer.
    static func bootID() -> String {
        let bytes = try? readWholeFile("/proc/sys/kernel/random/boot_id", bytesMax: 64)
        return bytes.map { String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self) } ?? "unknown-\(UInt64.random(in: 0 ... .max))"
    }
}

/// Hands decoded requests to the core: a lone one as a turn of its own, others through the mailbox.
private final class CoreSink: ControlSink {
    private let core: CoreLoop
    private let mailbox: Mailbox
    init(core: CoreLoop, mailbox: Mailbox) { (self.core, self.mailbox) = (core, mailbox) }

    func post(_ command: ControlCommand, from caller: Caller, ticket: Ticket, isLone: Bool) -> Bool {
        let input = Input.command(command, from: caller, ticket: ticket)
        return isLone && core.turnAtOnce(input) || mailbox.post(command: input)
    }

    func spoke(connection: UInt64) { mailbox.post(.spoke(connection: connection)) }
    func changed(_ rights: Rights, of connection: UInt64) { mailbox.post(.rights(rights, connection: connection)) }
    func disconnected(connection: UInt64) { mailbox.post(.disconnected(connection: connection)) }
}
