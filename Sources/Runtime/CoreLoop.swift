import CLinux
import Containers
import OMSCore
import Synchronization

/// Who may run the next turn: one thread at a time, over everything that came in until then, in the order in which it came.
///
/// The core's own thread sleeps until something is posted or due. A thread that brings a single small command while the core sleeps runs the turn
/// itself: handing it over and back would cost two wake-ups of 20 to 40 µs each, as much again as all else that omsd adds to a commit
/// (docs/decisions/0008-turns-where-the-command-is-read.md).
package final class CoreLoop: @unchecked Sendable {
    private let mailbox: Mailbox
    /// Held for a turn; guards all below.
    private var lock = pthread_mutex_t()
    private let runner: Runner
    private var waiting = Deque<Input>()
    /// What private streams told, in the order in which it came: behind all else, for a flood of it must hold up no cancel and no answer.
    private var heard = Deque<Input>()
    private var isEmpty: Bool { waiting.isEmpty && heard.isEmpty }
    /// Ends the loop: after a turn that could not be finished there is no other one.
    private var failure: JournalError?
    /// Until when the core's own thread means to sleep, on the boot clock.
    private var sleepsUntil: Int64 = 0
    /// Another thread ran a turn since the core's own looked.
    private var hasTurned = false
    /// The core's own thread wants a turn: it feeds the watchdog, and who asks without a pause must not keep it out.
    private let isAwaited = Atomic(false)

    /// Rows up to which a turn is run where the command was read; a longer one would keep that thread from reading for too long.
    private static let rowsAtOnceMax = 32
    /// A turn waits for the disk alone. One that waits for a network would keep the thread that brings a command from all other clients.
    private let runsAtOnce: Bool

    /// - Parameter runsAtOnce: whether other threads than the core's own run turns.
    package init(runner: Runner, mailbox: Mailbox, runsAtOnce: Bool = true) {
        (self.runner, self.mailbox, self.runsAtOnce) = (runner, mailbox, runsAtOnce)
        pthread_mutex_init(&lock, nil)
    }

    deinit { pthread_mutex_destroy(&lock) }

    /// Sleeps until something waits or is due. For the core's own thread. True: the core was asked to stop, now or before.
    package func wait() -> Bool { mailbox.wait(timeoutUs: sleepUs()) }

    /// `body`, while nobody else runs a turn. Throws what it throws, or what ended a turn on another thread.
    package func exclusively<Result>(_ body: (Runner) throws -> Result) throws -> Result {
        lockFirst()
        defer { pthread_mutex_unlock(&lock) }
        if let failure { throw failure }
        return try body(runner)
    }

    private func lockFirst() {
        isAwaited.store(true, ordering: .relaxed)
        pthread_mutex_lock(&lock)
        isAwaited.store(false, ordering: .relaxed)
    }

    /// One turn over what waits, at most a turn's worth. Only within ``exclusively(_:)``. False: nothing came in since the last one.
    package func turn() throws(JournalError) -> Bool {
        try takeIn()
        let isIdle = isEmpty && !hasTurned
        hasTurned = false
        try runTurn()
        return !isIdle
    }

    private func takeIn() throws(JournalError) {
        do throws(JournalError) {
            for input in try mailbox.take() { if case .heard = input { heard.append(input) } else { waiting.append(input) } }
        } catch {
            failure = error
            throw error
        }
    }

    private func runTurn() throws(JournalError) {
        do throws(JournalError) { try runner.turn(takeTurn()) } catch {
            failure = error
            throw error
        }
    }

    /// Runs a turn with this command on the calling thread, unless it is large or the core is at work. False: nothing happened, post it.
    package func turnAtOnce(_ command: Input) -> Bool {
        guard runsAtOnce, Self.rows(of: command) <= Self.rowsAtOnceMax, !isAwaited.load(ordering: .relaxed), pthread_mutex_trylock(&lock) == 0 else {
            return false
        }
        defer { pthread_mutex_unlock(&lock) }
        guard failure == nil, isEmpty else { return false }
        hasTurned = true
        do throws(JournalError) {
            // What was posted before came before.
            try takeIn()
            waiting.append(command)
            try runTurn()
        } catch { return rung() }
        let isDueSooner = omsd_clock_us(CLOCK_BOOTTIME) + runner.idleUs() < sleepsUntil
        return !isEmpty || isDueSooner ? rung() : true
    }

    private func rung() -> Bool {
        mailbox.ring()
        return true
    }

    private func sleepUs() -> Int64 {
        lockFirst()
        defer { pthread_mutex_unlock(&lock) }
        let sleep = isEmpty && failure == nil ? runner.idleUs() : 0
        sleepsUntil = omsd_clock_us(CLOCK_BOOTTIME) + sleep
        return sleep
    }

    /// As many inputs as a turn of about a thousand rows takes. Shorter turns while requests are out: a permit that comes free waits for the turn's end,
    /// and what it lets leave for the next one's.
    private func takeTurn() -> [Input] {
        let rowsMax = runner.engine.requestsOut == 0 ? 1_000 : 300
        var inputs: [Input] = []
        var rows = 0
        func take(from queue: inout Deque<Input>, upTo most: Int) {
            while rows < most, let input = queue.popFirst() {
                rows += Self.rows(of: input)
                inputs.append(input)
            }
        }
        // A quarter stays for what streams told, however much else there is.
        take(from: &waiting, upTo: heard.isEmpty ? rowsMax : rowsMax * 3 / 4)
        take(from: &heard, upTo: rowsMax)
        return inputs
    }

    /// About how many rows a turn writes for this.
    private static func rows(of input: Input) -> Int {
        switch input {
        case .command(.submit(let intent, _), _, _): 1 + min(1_000, intent.place.count + intent.cancel.count + intent.modify.count)
        case .answered(_, let answer, _, _): 1 + answer.places.count + answer.cancels.count + answer.modifies.count
        case .heard(_, let event): if case .told(let news) = event.what { max(1, news.count) } else { 1 }
        case .command, .lost, .notSent, .disconnected, .rights, .spoke, .reload, .remark, .wake: 1
        }
    }
}
