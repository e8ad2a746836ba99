import CLinux
import OMSCore

/// What other threads hand to the runner: commands up to a bound, ends of requests always.
package final class Mailbox: @unchecked Sendable {
    private var lock = pthread_mutex_t()
    private var filled = pthread_cond_t()
    private var inputs: [Input] = []
    private var commands = 0
    private var isStopAsked = false
    private var failure: JournalError?
    /// Somebody wants the runner awake although nothing may have been posted.
    private var isRung = false
    private let commandsMax: Int

    package init(commandsMax: Int = 20_000) {
        self.commandsMax = commandsMax
        pthread_mutex_init(&lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(&filled, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(&filled)
        pthread_mutex_destroy(&lock)
    }

    /// False: as many commands wait as the bound allows.
    package func post(command input: Input) -> Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        guard commands < commandsMax else { return false }
        commands += 1
        add(input)
        return true
    }

    package func post(_ input: Input) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        add(input)
    }

    /// The runner was asked to stop. For whoever waits for something else.
    package var isToStop: Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return isStopAsked
    }

    /// Asks the runner to stop; also wakes it.
    package func askStop() {
        pthread_mutex_lock(&lock)
        isStopAsked = true
        pthread_mutex_unlock(&lock)
        ring()
    }

    /// Ends the wait of the runner's thread, or its next one.
    package func ring() {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        isRung = true
        pthread_cond_signal(&filled)
    }

    /// The journal cannot be read: the next turn throws this.
    package func fail(_ error: JournalError) {
        pthread_mutex_lock(&lock)
        if failure == nil { failure = error }
        pthread_mutex_unlock(&lock)
        ring()
    }

    private func add(_ input: Input) {
        inputs.append(input)
        if inputs.count == 1 { pthread_cond_signal(&filled) }
    }

    /// Returns when something waits or rings, at the latest after `timeoutUs`. True: the runner was asked to stop, now or before.
    package func wait(timeoutUs: Int64) -> Bool {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        if inputs.isEmpty, !isRung, timeoutUs > 0 {
            let deadline = omsd_clock_us(CLOCK_MONOTONIC) + timeoutUs
            var time = timespec(tv_sec: Int(deadline / 1_000_000), tv_nsec: Int(deadline % 1_000_000) * 1_000)
            while inputs.isEmpty, !isRung, pthread_cond_timedwait(&filled, &lock, &time) == 0 {}
        }
        isRung = false
        return isStopAsked
    }

    /// Everything that waits.
    ///
    /// - Throws: what `fail` was told.
    package func take() throws(JournalError) -> [Input] {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        if let failure { throw failure }
        let taken = inputs
        inputs = []
        commands = 0
        return taken
    }
}

/// The machine's clocks: the boot clock, which runs through suspend, and the wall clock.
package struct SystemClock: MomentSource {
    package init() {}
    package func now() -> Moment { Moment(monotonic: omsd_clock_us(CLOCK_BOOTTIME), wall: omsd_clock_us(CLOCK_REALTIME)) }
}
