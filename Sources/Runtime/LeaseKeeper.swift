import CLinux
import OMSCore
import Synchronization

/// Keeps a group's lease on a thread and a connection of its own, so that beats go on while a turn waits for the log or the disk; and says at any moment whether
/// this process may send.
///
/// ``Succession`` decides; this carries its questions to the log and hands what is for the core's thread to that. Every call may come from any thread but ``run()``.
package final class LeaseKeeper: @unchecked Sendable {
    /// What is told of it.
    package struct Standing: Sendable, Equatable {
        package enum Part: String, Sendable { case standby, claiming, draining, owner, leaving, left }
        package var part = Part.standby
        package var group = ""
        package var host = ""
        /// Of the lease as it was heard of last; nil: the log was not read yet.
        package var lease: Lease?
        /// Why it is not an owner, or may soon not be one; nil: all is well.
        package var trouble: String?
        /// How often the lease was seen to be another than before: its owner lives.
        package var movements = 0
        /// The last turn that is durable, by what this host knows.
        package var turn: Int64 = 0
        /// How long turns took to be durable, and how many sendings were in doubt.
        package var appends = Histogram(Histogram.work)
        package var unknown = 0

        /// First bytes may leave at this moment.
        package var maySend = false

        package var isOwner: Bool { part == .owner || part == .leaving }
    }

    private let group: String
    private let log: any SharedLog
    private let clock: @Sendable () -> Int64
    /// Wakes the core's thread: there is something for it.
    private let wake: @Sendable () -> Void
    /// First moment at which nothing may be sent; 0: nothing may.
    private let sendsUntil = Atomic<Int64>(0)

    private var lock = pthread_mutex_t()
    private var changed = pthread_cond_t()
    // Guarded by the lock.
    private var succession: Succession
    private var toSend: [Succession.Action] = []
    private var forCore: [Succession.Action] = []
    private var lease: Lease?
    private var movements = 0
    private var appends = Histogram(Histogram.work)
    private var unknown = 0
    private var isStopping = false
    // The thread's own.
    private var out: ((LogOutcome) -> Succession.Event)?
    private var askedAt: Int64?

    /// How long the log is listened to before others are.
    private static let sliceUs: Int64 = 10_000

    /// - Parameters:
    ///   - log: this thread's alone from here on.
    ///   - clock: microseconds of the boot clock.
    package init(
        _ settings: Succession.Settings, group: String, applied: Int64, log: any SharedLog,
        clock: @escaping @Sendable () -> Int64 = { omsd_clock_us(CLOCK_BOOTTIME) }, wake: @escaping @Sendable () -> Void
    ) {
        (self.group, self.log, self.clock, self.wake) = (group, log, clock, wake)
        succession = Succession(settings, applied: applied)
        pthread_mutex_init(&lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(&changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(&changed)
        pthread_mutex_destroy(&lock)
    }

    // MARK: For any thread

    /// Whether the first or next bytes of a request may leave. Asked in front of every call that sends; waits for nobody.
    package func maySend(at now: Int64) -> Bool { now < sendsUntil.load(ordering: .acquiring) }

    /// Something happened elsewhere: a turn is durable, a row is applied, a person spoke.
    package func tell(_ event: Succession.Event) { locked { step(event) } }

    /// A turn of this host's is durable since just now.
    ///
    /// - Parameters:
    ///   - sentAt: of the sending that was clean: the lease counts from there.
    ///   - tookUs: since the first sending.
    ///   - doubts: sendings between the two.
    func appended(_ turn: Int64, sentAt: Int64, tookUs: Int64, doubts: Int) {
        locked {
            step(.confirmed(turn: turn, sentAt: sentAt))
            appends.observe(tookUs)
            unknown += doubts
        }
    }

    /// What the core's thread is to do, oldest first; each is handed out once.
    package func takeOrders() -> [Succession.Action] {
        locked {
            defer { forCore = [] }
            return forCore
        }
    }

    /// Why this process is no member of the group any more; nil: it is.
    package var end: Succession.End? {
        locked { () -> Succession.End? in
            guard case .left(let end) = succession.role else { return nil }
            return end
        }
    }

    package var settings: Succession.Settings { locked { succession.settings } }

    package var standing: Standing {
        locked {
            var standing = Standing()
            (standing.group, standing.host, standing.lease, standing.movements) = (group, succession.settings.host, lease, movements)
            (standing.appends, standing.unknown, standing.maySend) = (appends, unknown, maySend(at: clock()))
            switch succession.role {
            case .following(let watch): (standing.part, standing.trouble) = (.standby, watch.trouble)
            case .claiming(let claim): (standing.part, standing.trouble) = (.claiming, claim.trouble)
            case .draining(let tenure, _, _): (standing.part, standing.trouble, standing.turn) = (.draining, tenure.trouble, tenure.confirmed)
            case .owning(let tenure): (standing.part, standing.trouble, standing.turn) = (.owner, tenure.trouble, tenure.confirmed)
            case .handingOver(let tenure, _, _): (standing.part, standing.trouble, standing.turn) = (.leaving, tenure.trouble, tenure.confirmed)
            case .left(let end): (standing.part, standing.trouble) = (.left, end.words)
            }
            return standing
        }
    }

    /// Ends the thread's body: a lease that was not released runs out.
    package func stop() {
        locked {
            isStopping = true
            pthread_cond_signal(&changed)
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return body()
    }

    /// Under the lock.
    private func step(_ event: Succession.Event) {
        let hadEnded = hasEnded
        for action in succession.step(event, at: clock()) {
            switch action {
            case .ask, .bump, .beat: toSend.append(action)
            case .drain, .own, .finish, .goOn, .release, .appendAgain, .leave: forCore.append(action)
            }
        }
        publish()
        if !toSend.isEmpty || hasEnded { pthread_cond_signal(&changed) }
        if !forCore.isEmpty || hasEnded && !hadEnded { wake() }
    }

    private var hasEnded: Bool { if case .left = succession.role { true } else { false } }

    /// Under the lock: `maySend` as ``Succession/maySend(at:deadline:)`` has it.
    private func publish() {
        guard case .owning(let tenure) = succession.role, !tenure.isBehind, clock() >= tenure.sendsFrom else {
            return sendsUntil.store(0, ordering: .releasing)
        }
        sendsUntil.store(tenure.leaseEnds, ordering: .releasing)
    }

    private func heard(_ other: Lease) {
        if let lease, (lease.epoch, lease.beat, lease.seq) != (other.epoch, other.beat, other.seq) { movements += 1 }
        lease = other
    }

    // MARK: The thread

    /// Returns once it is to stop, or its process is no member any more.
    package func run() { while turn() { if !isOut { sleep() } } }

    /// Does what is due, and listens for a moment where something is out. False: it is over.
    package func turn() -> Bool {
        guard goesOn() else { return false }
        if isOut { listen() }
        return true
    }

    private var isOut: Bool { out != nil || askedAt != nil }

    private func goesOn() -> Bool {
        let next: Succession.Action? = locked {
            if let due = succession.wakeAt, due <= clock() { step(.tick) }
            guard !isOut, !toSend.isEmpty else { return nil }
            return toSend.removeFirst()
        }
        if let next { send(next) }
        return locked { !isStopping && !hasEnded }
    }

    private func send(_ action: Succession.Action) {
        // A lease counts from before the sending: from when it was decided.
        switch action {
        case .ask:
            askedAt = clock()
            log.ask(.state)
        case .bump(let bump):
            out = { .bumped($0, sentAt: bump.beat) }
            log.send(.bump(bump))
        case .beat(let epoch, let confirmed, let beat):
            out = { .beaten($0, sentAt: beat) }
            log.send(.beat(epoch: epoch, confirmed: confirmed, beat: beat))
        case .drain, .own, .finish, .goOn, .release, .appendAgain, .leave: break
        }
    }

    private func listen() {
        if let askedAt {
            guard let reading = log.reading(within: Self.sliceUs) else { return }
            self.askedAt = nil
            locked {
                switch reading {
                case .state(let state):
                    heard(state.lease)
                    step(.read(state, askedAt: askedAt))
                case .failed(let why): step(.unreadable(why))
                case .rows: break
                }
            }
        } else if let event = out, let outcome = log.outcome(within: Self.sliceUs) {
            out = nil
            locked {
                if case .durable(let lease) = outcome { heard(lease) }
                step(event(outcome))
            }
        }
    }

    private func sleep() {
        locked {
            guard toSend.isEmpty, !isStopping, !hasEnded else { return }
            let (due, now) = (succession.wakeAt ?? .max, clock())
            let pause = due <= now ? 0 : min(due - now, 1_000_000)
            let until = omsd_clock_us(CLOCK_MONOTONIC) + pause
            var time = timespec(tv_sec: Int(until / 1_000_000), tv_nsec: Int(until % 1_000_000) * 1_000)
            _ = pthread_cond_timedwait(&changed, &lock, &time)
        }
    }
}

extension Succession.End {
    /// For a person.
    package var words: String {
        switch self {
        case .released: "the group was left to whoever comes"
        case .fenced(let lease): "the group is \(lease.holder)'s now (epoch \(lease.epoch))"
        case .stopped(let why): why
        }
    }
}
