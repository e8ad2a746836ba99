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
    /// The wish to stop was not handed on yet.
    private var isStopNews = false
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

    /// Asks the runner to stop; also wakes it.
    package func askStop() {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        (isStopAsked, isStopNews) = (true, true)
        pthread_cond_signal(&filled)
    }

    /// The journal cannot be read: the runner's next `drain` throws.
    package func fail(_ error: JournalError) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        if failure == nil { failure = error }
        pthread_cond_signal(&filled)
    }

    private func add(_ input: Input) {
        inputs.append(input)
        if inputs.count == 1 { pthread_cond_signal(&filled) }
    }

    /// Everything that waits, after waiting at most `timeoutUs` for something.
    ///
    /// - Throws: what `fail` was told.
    package func drain(timeoutUs: Int64) throws(JournalError) -> (inputs: [Input], isStopAsked: Bool) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        if inputs.isEmpty, !isStopNews, failure == nil, timeoutUs > 0 {
            let deadline = omsd_clock_us(CLOCK_MONOTONIC) + timeoutUs
            var time = timespec(tv_sec: Int(deadline / 1_000_000), tv_nsec: Int(deadline % 1_000_000) * 1_000)
            while inputs.isEmpty, !isStopNews, failure == nil, pthread_cond_timedwait(&filled, &lock, &time) == 0 {}
        }
        if let failure { throw failure }
        let taken = inputs
        inputs = []
        commands = 0
        isStopNews = false
        return (taken, isStopAsked)
    }
}

/// The machine's clocks: the boot clock, which runs through suspend, and the wall clock.
package struct SystemClock: MomentSource {
    package init() {}
    package func now() -> Moment { Moment(monotonic: omsd_clock_us(CLOCK_BOOTTIME), wall: omsd_clock_us(CLOCK_REALTIME)) }
}
