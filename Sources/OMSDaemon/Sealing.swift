import CLinux
import Kernel
import OMSCore
import Store
import Wire

/// Seals the record while it grows, once a second, on a thread of its own (docs/decisions/0014-seals.md). While nothing grows it sleeps, and the disk with it.
final class Sealing: @unchecked Sendable {
    private let sealer: JournalSealer
    /// Commits a seal while nobody runs a turn.
    private let write: @Sendable (Seal) throws -> Bool
    /// Told what ends the daemon.
    private let failed: @Sendable (JournalError) -> Void
    private var lock = pthread_mutex_t()
    private var changed = pthread_cond_t()
    // Guarded by the lock.
    private var grownTo: Int64 = 0
    private var isStopping = false
    // Only the sealing thread's, then, once that has ended, the one's that stops it.
    private var sealedTo: Int64
    private var nextWords: Int64 = 0
    private var isFull = false

    /// A second's lines make one seal. What is left from before (a journal of an older omsd) is caught up with in slices, with pauses in between.
    private static let pauseUs: Int64 = 1_000_000
    private static let slicePauseUs: Int64 = 250_000
    /// How often the head is written to the log, which often goes to another machine.
    private static let wordsEveryUs: Int64 = 3_600_000_000
    /// How long a stop waits for what is not sealed yet.
    private static let endUs: Int64 = 2_000_000

    init(
        _ sealer: JournalSealer, seq: Int64, key: String?, write: @escaping @Sendable (Seal) throws -> Bool,
        failed: @escaping @Sendable (JournalError) -> Void
    ) throws {
        (self.sealer, self.write, self.failed) = (sealer, write, failed)
        let head = try sealer.head()
        sealedTo = head?.last ?? 0
        grownTo = seq
        pthread_mutex_init(&lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(&changed, &attributes)
        pthread_condattr_destroy(&attributes)
        guard let head else { return }
        Self.tell(head, as: "sealed so far", .start)
        for problem in Self.problems(head, seq: seq, key: key) { Log.warning(.seal, problem) }
    }

    deinit {
        pthread_cond_destroy(&changed)
        pthread_mutex_destroy(&lock)
    }

    /// What a person should know who relies on the seals, of a journal that is opened.
    ///
    /// - Parameter key: fingerprint of the one that is configured.
    static func problems(_ head: Seal, seq: Int64, key: String?) -> [String] {
        var problems: [String] = []
        if head.last > seq {
            problems.append(
                "the last seal covers number \(head.last) and the record ends at \(seq): lines were cut off, and nothing is sealed until the record is past that; omsd verify"
            )
        }
        if let former = head.signature?.key, former != key {
            let now = key.map { "with the key \($0)" } ?? "with no key: seal.key is not set"
            problems.append("seals up to number \(head.last) were signed with the key \(former), from here on they are signed \(now)")
        }
        return problems
    }

    /// The record reaches to there. Costs a comparison; called by the core's own thread when it looks around, never on the way of an answer.
    func grew(to seq: Int64) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        guard seq > grownTo else { return }
        grownTo = seq
        pthread_cond_signal(&changed)
    }

    /// The thread's body; returns when it is to stop, or when the journal cannot be written.
    func run() {
        var pause = Self.pauseUs
        while waitForGrowth(), wait(pause) {
            switch sealOnce() {
            case .failed: return
            case .more: pause = Self.slicePauseUs
            case .nothing, .all: pause = Self.pauseUs
            }
        }
    }

    private func waitForGrowth() -> Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while !isStopping, grownTo <= sealedTo { pthread_cond_wait(&changed, &lock) }
        return !isStopping
    }

    /// Lets time pass. False: it is to stop.
    private func wait(_ us: Int64) -> Bool {
        let until = omsd_clock_us(CLOCK_MONOTONIC) + us
        var time = timespec(tv_sec: Int(until / 1_000_000), tv_nsec: Int(until % 1_000_000) * 1_000)
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while !isStopping, pthread_cond_timedwait(&changed, &lock, &time) == 0 {}
        return !isStopping
    }

    private enum Outcome { case nothing, all, more, failed }

    private func sealOnce() -> Outcome {
        do {
            guard let (seal, isLast) = try sealer.next(at: omsd_clock_us(CLOCK_REALTIME)) else { return .nothing }
            #if DEBUG
            omsd_kill_point("before_seal_commit")
            #endif
            guard try write(seal) else { return .nothing }
            #if DEBUG
            omsd_kill_point("after_seal_commit")
            #endif
            (sealedTo, isFull) = (seal.last, false)
            let now = omsd_clock_us(CLOCK_BOOTTIME)
            if nextWords == 0 { nextWords = now + Self.wordsEveryUs }
            if now >= nextWords {
                nextWords = now + Self.wordsEveryUs
                Self.tell(seal, as: "sealed", .seal)
            }
            return isLast ? .all : .more
        } catch let error as JournalError {
            // There will be space again, and the seal with it: it is made from the rows.
            if error.kind == .full || error.kind == .busy {
                if !isFull { Log.warning(.seal, "nothing can be sealed: \(error.description)") }
                isFull = true
                return .nothing
            }
            failed(error)
            return .failed
        } catch {
            Log.error(.seal, "nothing is sealed any more: \(error)")
            return .failed
        }
    }

    /// Ends the thread, seals what is left, and tells the head. When no turn can come any more.
    func finish(_ thread: Kernel.Thread) {
        pthread_mutex_lock(&lock)
        isStopping = true
        pthread_cond_signal(&changed)
        pthread_mutex_unlock(&lock)
        thread.join()
        let until = omsd_clock_us(CLOCK_MONOTONIC) + Self.endUs
        var outcome = sealOnce()
        while case .more = outcome, omsd_clock_us(CLOCK_MONOTONIC) < until { outcome = sealOnce() }
        if case .failed = outcome { return }
        do throws(JournalError) {
            if let head = try sealer.head() { Self.tell(head, as: "sealed", .stop) }
        } catch { Log.error(.seal, "the head cannot be read: \(error.description)") }
    }

    private static func tell(_ seal: Seal, as words: String, _ event: Log.Event) {
        let key = seal.signature?.key
        Log.info(
            event, words,
            ["head": hex(seal.digest.bytes), "last_seq": "\(seal.last)", "at": Log.timestamp(seal.at), "key": key ?? "none"])
    }
}
