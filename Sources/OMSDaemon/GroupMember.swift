import CLinux
import Kernel
import OMSCore
import Replica
import Runtime
import Store

/// Why this process is not, or no more, the owner of its group.
struct GroupError: Error, CustomStringConvertible {
    let code: ExitCode
    let description: String
    init(_ code: ExitCode, _ description: String) { (self.code, self.description) = (code, description) }

    init(_ end: Succession.End, group: String) {
        let code: ExitCode =
            switch end {
            case .released: .done
            case .fenced: .held
            case .stopped: .journal
            }
        self.init(code, "group \(group): \(end.words)")
    }
}

/// This process as a host of its group (docs/STANDBY.md): takes the lease, drains the log, keeps the lease, leaves. Used by the thread that runs turns.
final class GroupMember {
    let keeper: LeaseKeeper
    let journal: ReplicatedJournal
    let patience: GroupPatience
    private let replica: ReplicaConfiguration
    private var thread: Thread?

    /// - Parameters:
    ///   - found: what the log said of itself a moment ago.
    ///   - wake: wakes the thread that runs turns.
    init(
        _ configuration: ReplicaConfiguration, over base: SQLiteJournal, found: LogFindings, library: PostgresLibrary, patience: GroupPatience,
        wake: @escaping @Sendable () -> Void
    ) throws {
        (replica, self.patience) = (configuration, patience)
        try Self.check(base, found, configuration)
        func connection() -> PostgresLog {
            let log = PostgresLog(library, place: configuration.log, group: configuration.group)
            log.allowsUnreplicated = configuration.allowUnreplicated != nil
            return log
        }
        let instance = "\(getpid())/\(UInt64.random(in: 0 ... .max))"
        keeper = LeaseKeeper(
            configuration.succession(instance), group: configuration.group, applied: base.place?.head.turn ?? 0, log: connection(), wake: wake)
        journal = ReplicatedJournal(
            base, group: configuration.group, log: connection(), outboxTurns: Int(clamping: configuration.outboxTurns),
            ports: .init(
                keeper: keeper, hash: RecordCodec.digest, clock: SystemClock(), pause: { patience.goesOn() },
                say: { Log.repeated(.warning, $0) }))
    }

    /// A journal and a log that do not belong together are found out before anything is claimed.
    private static func check(_ base: SQLiteJournal, _ found: LogFindings, _ replica: ReplicaConfiguration) throws {
        let turns = found.lease?.seq ?? 0
        guard let place = base.place else {
            guard turns == 0 else {
                throw GroupError(
                    .configuration,
                    "\(base.path) holds none of the \(turns) turns of group \(replica.group)'s log: begin with a copy of its owner's journal (omsd backup), or "
                        + "give these accounts another group")
            }
            return
        }
        guard place.head.turn <= turns else {
            throw GroupError(
                .journal,
                "\(base.path) holds turn \(place.head.turn) of group \(replica.group), and its log ends at turn \(turns): the log went back in time, or "
                    + "replica.log names another one")
        }
    }

    /// Waits until the group is this process's, and all that the log has is in the journal.
    ///
    /// - Parameter register: puts on record what the group's accounts need.
    /// - Throws: where another owns it, or this journal is not the log's. Nothing was sent.
    func own(register: () throws(LogTrouble) -> Void) throws {
        let keeper = keeper
        thread = try Thread.start("omsd-lease") { keeper.run() }
        let begunAt = omsd_clock_us(CLOCK_BOOTTIME)
        var (hasLooked, hasSpoken) = (false, false)
        while true {
            for order in keeper.takeOrders() {
                switch order {
                case .drain(let end): try journal.drain(to: end)
                case .own(let epoch, let former, _):
                    do throws(LogTrouble) { try register() } catch {
                        throw GroupError(error.mayPass ? .inputOutput : .configuration, error.description)
                    }
                    try journal.begin(epoch: epoch, isForeign: former.epoch > 0 && former.holder != replica.host)
                    Log.info(.start, "this host owns its group", ["group": replica.group, "host": replica.host, "epoch": "\(epoch)"])
                    return
                case .ask, .bump, .beat, .finish, .goOn, .release, .appendAgain, .leave: break
                }
            }
            if let end = keeper.end { throw GroupError(end, group: replica.group) }
            let standing = keeper.standing
            try refuse(standing)
            if let lease = standing.lease, !hasLooked {
                hasLooked = true
                // What it owned last it may take again without a person's word.
                if lease.holder == replica.host { keeper.tell(.promote(now: false)) }
                try journal.lookForRelease(lease)
            }
            if !hasSpoken, omsd_clock_us(CLOCK_BOOTTIME) > begunAt + 1_000_000 {
                hasSpoken = true
                let owner = standing.lease.map { $0.epoch == 0 ? "nobody" : "\($0.holder) (epoch \($0.epoch))" } ?? "not known yet"
                Log.info(
                    .start, "waiting for the lease of the group: an owner that went without a word must be silent for so long that it cannot send",
                    ["group": replica.group, "owner": owner, "trouble": standing.trouble ?? "none"])
            }
            guard patience.goesOn() else { throw GroupError(.done, "stopped before the group was this host's") }
            usleep(5_000)
        }
    }

    private func refuse(_ standing: LeaseKeeper.Standing) throws {
        guard standing.part == .standby, let lease = standing.lease, lease.epoch > 0 else { return }
        if lease.holder != replica.host, replica.takeover == .manual {
            throw GroupError(
                .held,
                "group \(replica.group) is \(lease.holder)'s (epoch \(lease.epoch)), and replica.takeover is manual: start omsd there, or say auto "
                    + "here")
        }
        // Once may be the last word of one that is gone.
        guard standing.movements >= 3 else { return }
        guard lease.holder == replica.host else {
            throw GroupError(
                .held,
                "group \(replica.group) is owned by \(lease.holder) (epoch \(lease.epoch)), which lives; this version follows nobody: start it when "
                    + "that one is gone"
            )
        }
        throw GroupError(
            .configuration,
            "another process runs as host \(replica.host) of group \(replica.group) (epoch \(lease.epoch)): no two hosts have one name, change "
                + "replica.host here or there"
        )
    }

    /// Leaves the group so that this host may take it again at once, and others when a lease is over. Nothing is in flight.
    func release() {
        patience.allow(3_000_000)
        // To itself: a stop is no handover.
        keeper.tell(.handover(to: replica.host))
        keeper.tell(.quiet)
        for case .release(_, let host) in keeper.takeOrders() {
            do throws(JournalError) {
                try journal.release(to: host)
                keeper.tell(.releaseConfirmed)
            } catch {
                Log.warning(.stop, "the group was not left by a word: the next start waits until the lease is over", ["why": error.description])
            }
        }
    }

    /// Ends the keeper's thread.
    func stop() {
        keeper.stop()
        thread?.join()
        thread = nil
    }

    /// What a turn ended with, as the process's end.
    func end(by error: JournalError) -> any Error {
        if let end = keeper.end { return GroupError(end, group: replica.group) }
        guard patience.hasGivenUp else { return error }
        return GroupError(
            .done, "stopped while the log of group \(replica.group) was waited for: whether the last turn is in it, the next start sees")
    }
}

/// How long whoever waits for a group's log goes on waiting: as long as nobody wants the daemon to stop. Feeds the watchdog meanwhile.
final class GroupPatience {
    private let systemd: Systemd
    private let signals: Signals
    private let mailbox: Mailbox
    private let feedEveryUs: Int64
    private var fedAt: Int64 = 0
    /// Before others read signals.
    var isStarting = true
    /// Whoever else wants to know that this thread lives: its moment, on the boot clock.
    var onLife: (Int64) -> Void = { _ in }
    private var stopBy: Int64?
    private var askedAt: Int64 = 0
    private(set) var hasGivenUp = false

    init(systemd: Systemd, signals: Signals, mailbox: Mailbox) {
        (self.systemd, self.signals, self.mailbox) = (systemd, signals, mailbox)
        feedEveryUs = systemd.watchdog_us.map { max($0 / 4, 100_000) } ?? 1_000_000
    }

    /// From now on so long, whoever wants it to end.
    func allow(_ us: Int64) {
        askedAt = omsd_clock_us(CLOCK_BOOTTIME)
        stopBy = askedAt + us
    }

    func goesOn() -> Bool {
        let now = omsd_clock_us(CLOCK_BOOTTIME)
        onLife(now)
        // Another wait: what came back in time was not given up.
        if now - askedAt > 1_000_000 { stopBy = nil }
        askedAt = now
        if now - fedAt >= feedEveryUs {
            fedAt = now
            if isStarting {
                systemd.notify(.needsTime(15_000_000), .status("waiting for the group's lease and log"))
            } else {
                systemd.notify(.alive)
            }
        }
        if isStarting, hasSignal { mailbox.askStop() }
        if stopBy == nil, mailbox.isToStop { stopBy = isStarting ? now : now + 3_000_000 }
        hasGivenUp = stopBy.map { now >= $0 } ?? false
        return !hasGivenUp
    }

    /// Somebody wants it to stop. A reload finds nothing to reload yet.
    private var hasSignal: Bool {
        var watched = pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, 0) == 1 else { return false }
        return (try? signals.next()) == .stop
    }
}
