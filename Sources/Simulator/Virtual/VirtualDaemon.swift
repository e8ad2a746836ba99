import Containers
import OMSCore
import Runtime
import Transport
import Venues
import Wire

/// The whole daemon in virtual time: the production runner, engine and adapters against simulated venues, on one thread. One seed, one history.
package final class VirtualDaemon {
    package struct Options {
        package var seed: UInt64 = 1
        /// One way, microseconds.
        package var latencyUs: ClosedRange<Int64> = 500...20_000
        package var setups: [AccountSetup] = []
        package var world = WorldOptions()
        /// nil: all that there are.
        package var dialects: [any Dialect]?
        package var weather = Weather()
        /// How long a dead daemon stays dead, microseconds; nil: until `start`.
        package var restartsAfterUs: ClosedRange<Int64>?
        /// Rows of an intent's slice; nil: as in production.
        package var sliceRows: Int?
        /// A process may die behind any slice of an intent but its last; false: behind its first alone.
        package var strikesAnySlice = false
        /// What still fits when the disk is full, once the ballast is given away.
        package var ballastRecords = 400
        /// More turns than this are a daemon that runs in circles.
        package var turnsMax = 30_000
        /// When venues' clocks step by their rules, microseconds of the history: told as fault points.
        package var venueClockStepsAtUs: [Int64] = []
        /// Private streams of all accounts, and what goes wrong with them; nil: there are none.
        package var streams: StreamWeather?
        /// A rule broken on purpose.
        package var mutant: Mutant?
        package init() {}
    }

    package let world: VenueWorld
    package let journal = MemoryJournal()
    package private(set) var runner: Runner?
    package private(set) var answers: [OMSCore.Ticket: Result<JSON, ControlError>] = [:]
    /// Calls that a daemon took which has not died since; all of them are owed an answer.
    var owed: Set<OMSCore.Ticket> = []
    package private(set) var turns = 0
    package private(set) var crashes = 0
    package private(set) var reached: [FaultPoint: Int] = [:]
    package let auditor: Auditor
    /// The accounts of the next start's configuration; nil: all of them.
    package var configured: Set<AccountID>?
    /// How the next start's configuration has them.
    package var setups: [AccountSetup]
    /// Whose credentials lie in an account's file at the next start; none: its own.
    package var credentials: [AccountID: SimAccount] = [:]
    package var weather: Weather
    var latencyUs: ClosedRange<Int64>
    /// A readable history; nil: nobody reads.
    package var trace: ((String) -> Void)?

    /// Told of each record as it becomes durable, with the tables as they stood before it.
    var onRecord: (JournalRecord) -> Void = { _ in }

    /// Told of each order that the venue calls a duplicate, where a mutant keeps that from the daemon.
    var onTaken: (ClientOrderID) -> Void = { _ in }

    let followers: LiveFollowers
    let options: Options
    let clock = VirtualClock()
    let disk: VirtualDisk
    var events = EventQueue()
    var random: SplitMix64
    var flights: [Flight] = []
    /// Microseconds of the history until which an account's venue cannot be reached.
    var partitionedUntil: [Int: Int64] = [:]
    var inputs: [Input] = []
    var (stream, streamWeather): (VirtualStream?, StreamWeather?)
    private var links: [AccountID: VenueLink] = [:]
    private var armed: (point: FaultPoint, countdown: Int, how: Death)?
    private var bounds: [AccountID: Int?] = [:]
    private var isDying = false
    private var boots = 0
    private var bootsAnew = false
    private var calls: UInt64 = 0

    /// How a process ends.
    package enum Death: Sendable {
        /// What was handed to the kernel mostly still arrives.
        case kill
        /// What had not left the host is gone with it.
        case powerCut
        /// As that, and the host's clock begins anew.
        case reboot
    }

    package init(_ options: Options) throws(SimulatorInputError) {
        let options = Self.withStreams(options)
        (self.options, setups) = (options, options.setups)
        (weather, streamWeather) = (options.weather, options.streams)
        latencyUs = options.latencyUs
        random = SplitMix64(seed: mixedSeed(options.seed, "virtual"))
        world = try VenueWorld(options.world, dialects: options.dialects ?? DialectCatalog.dialects())
        disk = VirtualDisk(journal)
        auditor = Auditor(journal: journal, world: world, setups: options.setups)
        followers = LiveFollowers(
            journal, accounts: options.setups.map(\.id), seed: options.seed, passesOver: options.mutant == .followersPassOver)
        for (index, setup) in options.setups.enumerated() {
            let profile = setup.rules.profile
            guard
                let account = options.world.accounts.first(where: {
                    $0.venue == profile.venue && $0.uid == setup.uid && $0.products.contains(profile.product)
                }),
                let adapter = setup.rules as? any VenueAdapter, let origin = HTTPOrigin("http://127.0.0.1:\(index + 1)")
            else { throw SimulatorInputError("no simulated account for \(setup.id)") }
            let key = SigningKey(keyID: account.key, secret: Array(account.secret.utf8), passphrase: account.passphrase)
            let asked: any VenueAdapter = options.streams == nil ? adapter : ListingTold(base: adapter, watch: auditor.streams)
            links[setup.id] = VenueLink(adapter: asked, origin: origin, key: key)
            Mutant.attach(adapter, to: self, isSilent: { [unowned self] in self.isSilent(about: $0, of: setup) })
        }
        disk.strikes = { [unowned self] in self.strikes($0) }
        disk.reached = { [unowned self] in self.note($0) }
        disk.works = { [unowned self] in self.work() }
        journal.onWrite = { [unowned self] in
            self.auditor.willWrite($0)
            self.streamsSee($0)
            self.onRecord($0)
        }
        auditor.hasPermits = { [unowned self] in self.engine?.hasPermits($1, of: $0) ?? false }
        auditor.mayRepeatCancels = { [unowned self] in self.engine?.mayRepeatCancels(of: $0, $1) ?? false }
        auditor.time = { [unowned self] in self.clock.time }
        auditor.streams.now = auditor.time
        auditor.bound = { [unowned self] account in self.bounds[account] ?? nil }
        followers.completeSeq = { [unowned self] in self.engine?.completeSeq ?? 0 }
        followers.broken = { [unowned self] in self.auditor.broken($0) }
        (disk.ballastRecords, disk.strikesAnySlice) = (options.ballastRecords, options.strikesAnySlice)
        for moment in options.venueClockStepsAtUs { events.add(at: moment) { [unowned self] _ in self.note(.venueClockStep) } }
        options.mutant?.spoil(disk)
    }

    package var now: Moment { clock.now() }
    /// The venues' time, which no step of our wall clock moves.
    package var venueTime: Int64 { clock.venueTime }
    package var engine: Engine? { runner?.engine }
    package var violations: [String] { auditor.violations }
    package var isUp: Bool { runner != nil }

    func tell(_ line: @autoclosure () -> String) {
        guard let trace else { return }
        let (seconds, rest) = clock.time.quotientAndRemainder(dividingBy: 1_000_000)
        let digits = String(rest)
        trace("\(seconds).\(String(repeating: "0", count: 6 - digits.count))\(digits)  \(line())")
    }

    func note(_ point: FaultPoint) {
        reached[point, default: 0] += 1
        tell("! \(point.rawValue)")
    }

    // MARK: Life

    package func start() throws(JournalError) {
        precondition(runner == nil, "it runs already")
        if bootsAnew {
            bootsAnew = false
            boots += 1
            clock.bootedAt = clock.time - 2_000_000
        }
        isDying = false
        let epoch = crashes
        let transport = VirtualTransport { [unowned self] in self.send($0) }
        let replies = VirtualReplies { [unowned self] in self.answered($0, $1) }
        let mailbox = VirtualMailbox { [unowned self] in if epoch == self.crashes { self.take($0) } }
        let setups = self.setups.filter { configured?.contains($0.id) ?? true }.map(signed).map { options.mutant?.spoil($0) ?? $0 }
        disk.configured = Set(setups.map(\.id))
        let (disk, seed, boot, slice) = (disk, options.seed, "boot \(boots)", options.sliceRows)
        stream = makeStream(mailbox)
        let ports = RunnerPorts(
            journal: disk, transport: transport, replies: replies,
            reads: VirtualReads(replies, journal, followers) { [unowned self] in self.clock.now().monotonic }, clock: clock,
            checkJournal: { () throws(JournalError) in }, releaseBallast: { disk.releaseBallast() }, restoreBallast: { disk.restoreBallast() },
            streams: stream, log: { [unowned self] in self.tell("log: \($0)") })
        let begunAt = clock.time
        runner = try Runner(
            ports: ports, links: linked(), facts: DaemonFacts(version: "virtual", sqliteVersion: "none", startedAt: now.wall),
            post: { mailbox.post($0) },
            makeEngine: { state, now in
                let engine = Engine(accounts: setups, state: state, history: disk, seed: seed, bootID: boot, at: now)
                if let slice { engine.sliceRows = slice }
                return engine
            })
        bounds = Dictionary(uniqueKeysWithValues: self.setups.map { ($0.id, $0.risk.maxOpenOrders) })
        auditor.started(begunAt: begunAt)
        followers.connect()
        tell("omsd starts (\(boot))")
    }

    /// The account as it signs by what lies in its file.
    private func signed(_ setup: AccountSetup) -> AccountSetup {
        guard let other = credentials[setup.id] else { return setup }
        var setup = setup
        setup.keyFingerprint = "f-\(other.key)"
        return setup
    }

    private func linked() -> [AccountID: VenueLink] {
        var linked = links
        for (id, account) in credentials {
            guard let link = links[id] else { continue }
            let key = SigningKey(keyID: account.key, secret: Array(account.secret.utf8), passphrase: account.passphrase)
            linked[id] = VenueLink(adapter: link.adapter, origin: link.origin, key: key)
        }
        return linked
    }

    /// The process dies: nothing more is heard, and only what was committed is known to the next one.
    package func crash(_ how: Death = .kill) {
        guard runner != nil else { return }
        crashes += 1
        (runner, inputs, armed, isDying) = (nil, [], nil, false)
        owed = []
        disk.forgetPending()
        tell("omsd dies (\(how))")
        switch how {
        case .kill: break
        case .powerCut: note(.powerCut)
        case .reboot:
            note(.powerCut)
            note(.bootChange)
            bootsAnew = true
        }
        strand(how)
        guard let delay = options.restartsAfterUs else { return }
        later(random.between(delay.lowerBound, delay.upperBound)) { [unowned self] in self.restart() }
    }

    private func restart() {
        guard runner == nil else { return }
        do throws(JournalError) { try start() } catch { auditor.broken("it does not start: \(error.description)") }
    }

    /// SIGTERM: nothing new leaves, answers are awaited, then it ends.
    package func stop() {
        guard let runner else { return }
        note(.cleanStop)
        runner.engine.isStopping = true
        later(options.setups.map { $0.requestTimeoutMs * 1_000 }.max() ?? 0) { [unowned self, crashes] in
            if crashes == self.crashes { self.crash(.kill) }
        }
    }

    /// Lets the process die at the so-manieth passing of a point.
    package func arm(_ point: FaultPoint, countdown: Int, _ how: Death) { armed = (point, max(1, countdown), how) }

    func dies(at point: FaultPoint) -> Bool { isDying || strikes(point) }

    func disarm() { armed = nil }

    private func strikes(_ point: FaultPoint) -> Bool {
        guard !isDying, armed?.point == point else { return false }
        armed?.countdown -= 1
        guard armed?.countdown == 0 else { return false }
        note(point)
        isDying = true
        return true
    }

    private func turn() {
        guard let runner else { return }
        turns += 1
        let taken = inputs
        inputs = []
        do throws(JournalError) { try runner.turn(taken) } catch {
            if !isDying {
                auditor.broken("it stopped by itself: \(error.description)")
                isDying = true
            }
        }
        if !isDying, !taken.isEmpty { _ = strikes(.crashAfterTurn) }
        if isDying { crash(armed?.how ?? .kill) }
    }

    /// Stepping the host's wall clock, microseconds.
    package func stepWall(by delta: Int64) {
        clock.wallStep += delta
        note(.wallStep)
    }

    package func setDisk(full: Bool) { disk.isFull = full }

    private func work() {
        guard weather.slowDiskUs > 0 else { return }
        let delay = random.between(0, weather.slowDiskUs)
        if delay > 100_000 { note(.slowDisk) }
        clock.time += delay
    }

    // MARK: Callers

    private func answered(_ ticket: OMSCore.Ticket, _ result: Result<JSON, ControlError>) {
        guard !isDying else { return }
        owed.remove(ticket)
        answers[ticket] = result
        tell("call \(ticket.call) answered: \(Self.short(result))")
        if case .failure(let error) = result, error.reason == "RISK_MAX_OPEN_ORDERS" { note(.boundMet) }
        auditor.told(ticket, result)
    }

    private static func short(_ result: Result<JSON, ControlError>) -> String {
        switch result {
        case .success(let json): String(decoding: json.serialized().prefix(200), as: UTF8.self)
        case .failure(let error): "\(error.code) \(error.message.prefix(160))"
        }
    }

    @discardableResult
    package func submit(_ intent: Intent, on connection: UInt64 = 1) -> OMSCore.Ticket {
        let content = AskedContent(intent) { Digest256(sha256($0)) }
        let ticket = command(.submit(intent, content: content), on: connection)
        auditor.asked(ticket, intent, content.now, isHeard: isUp)
        return ticket
    }

    /// A command of an operator; nobody hears it while the daemon is down.
    @discardableResult
    package func command(_ command: ControlCommand, on connection: UInt64 = 1) -> OMSCore.Ticket {
        calls += 1
        let ticket = OMSCore.Ticket(connection: connection, call: calls)
        guard isUp else { return ticket }
        tell("call \(calls): \(Self.words(command))")
        if case .setState(_, _, _, _, true) = command { auditor.cancelsEverything = true }
        owed.insert(ticket)
        auditor.guards.heard(connection, at: clock.time)
        inputs.append(.command(command, from: .peer(uid: 0, pid: 1), ticket: ticket))
        return ticket
    }

    private static func words(_ command: ControlCommand) -> String {
        switch command {
        case .submit(let intent, _):
            "submit \(intent.id?.text ?? "-") to \(intent.account): \(intent.place.count) places, \(intent.modify.count) modifies, "
                + "\(intent.cancel.count) cancels, \(intent.sequence.rawValue)\(intent.expiresAt.map { ", until \($0)" } ?? "")"
        case .intentCancel(let id): "cancel intent \(id)"
        case .setState(let account, let state, _, let cancels, _): "set \(account?.text ?? "*") \(state.rawValue)\(cancels ? ", cancel open" : "")"
        case .reconcile(let account): "reconcile \(account)"
        default: "another command"
        }
    }

    private func take(_ input: Input) {
        if case .answered = input, strikes(.crashWithAnswerRead) { return crash(armed?.how ?? .kill) }
        inputs.append(input)
    }

    /// Everybody who follows the record has read to its end, and was told no less and no more.
    func hearOut() {
        followers.drain(at: clock.now().monotonic)
        for difference in followers.differences() { auditor.broken(difference) }
    }

    // MARK: Time

    func later(_ delayUs: Int64, _ action: @escaping () -> Void) { events.add(at: clock.time + max(1, delayUs)) { _ in action() } }

    /// Does something at a moment of the history, microseconds.
    package func at(_ time: Int64, _ action: @escaping () -> Void) { events.add(at: max(time, clock.time + 1)) { _ in action() } }
    package var time: Int64 { clock.time }

    /// Runs until the condition holds, at most so long in virtual time.
    ///
    /// - Returns: whether it held.
    @discardableResult
    package func run(forUs limit: Int64, until isDone: () -> Bool = { false }) -> Bool {
        let end = clock.time + limit
        while !auditor.isBroken {
            turn()
            watchStreams()
            if turns > options.turnsMax { auditor.broken("it runs in circles: \(turns) turns by \(clock.time) us") }
            if isDone() { return true }
            if !inputs.isEmpty { continue }
            var next = end
            if let runner {
                let wake = runner.engine.isJournalFull ? runner.idleUs() : runner.engine.nextWake - clock.now().monotonic
                next = min(next, clock.time + max(1, min(wake, .seconds(600))))
            }
            if let event = events.nextAt { next = min(next, event) }
            next = max(next, clock.time)
            // Each event sees its own moment, though a slow disk let time pass meanwhile.
            while let event = events.takeDue(at: next) {
                clock.time = event.at
                event.action(event.at)
            }
            clock.time = next
            if next >= end { return isDone() }
        }
        return false
    }
}
