import Glibc
import Simulator
import Synchronization
import Transport
import Wire

extension Main {
    /// `omsim serve`: answers until SIGTERM or SIGINT.
    static func serve(_ command: ServeCommand) throws {
        let options = try command.worldOptions(
            accounts: try command.accountsFile.map(contents), faults: try command.faultsFile.map(contents)
        )
        let world = try VenueWorld(options)
        let clock = SteadyWallClock()
        // Blocked before any thread starts, so that only the wait below takes them.
        var awaited = sigset_t()
        sigemptyset(&awaited)
        for signal in [SIGTERM, SIGINT, SharedWorld.sooner] { sigaddset(&awaited, signal) }
        pthread_sigmask(SIG_BLOCK, &awaited, nil)

        let bound = command.host.contains(":") ? "[\(command.host)]" : command.host
        var tls: (certificateFile: String, keyFile: String)?
        if let certificate = command.certificateFile, let key = command.keyFile {
            tls = (certificate, key)
        }
        let shared = SharedWorld(world, clock)
        let server = try HTTPServer(address: "\(bound):\(command.port)", tls: tls) {
            request, peer, responder in
            shared.receive(request, from: peer, responder)
        }
        try server.start()
        if !command.isQuiet { try StandardStream.output.write(options.accounts.json) }
        try StandardStream.output.write(
            "listening \(tls == nil ? "http" : "https")://\(bound):\(server.port)\n")
        var signal: Int32 = 0
        while signal != SIGTERM, signal != SIGINT {
            var rest = shared.advance()
            signal = sigtimedwait(&awaited, nil, &rest)
        }
        server.stop()
    }
}

/// The world behind a lock: the server's thread brings requests, the main one lets happen what is planned.
private final class SharedWorld: Sendable {
    /// Tells the main thread that something is due before the moment it sleeps to.
    static let sooner = SIGUSR1
    /// Microseconds of sleep where nothing is planned.
    private static let longSleep: Int64 = 3_600_000_000

    private struct State {
        let world: VenueWorld
        /// How far the main thread sleeps.
        var sleepsTo = Int64.min
    }
    private let state: Mutex<State>
    private let clock: SteadyWallClock

    init(_ world: sending VenueWorld, _ clock: SteadyWallClock) {
        state = Mutex(State(world: world))
        self.clock = clock
    }

    func receive(_ request: HTTPRequest, from peer: String, _ responder: any ServerResponder) {
        let isSooner = state.withLock { state in
            state.world.receive(request, from: peer, at: clock.now) { responder.send($0) }
            guard let next = state.world.nextEventAt, next < state.sleepsTo else { return false }
            // Told once: the next planned moment is read when the thread is awake.
            state.sleepsTo = .min
            return true
        }
        if isSooner { kill(getpid(), Self.sooner) }
    }

    /// Lets everything happen that is due. - Returns: how long nothing else will be.
    func advance() -> timespec {
        let left = state.withLock { state in
            state.world.advance(to: clock.now)
            let now = clock.now
            state.sleepsTo = state.world.nextEventAt ?? now + Self.longSleep
            return max(state.sleepsTo - now, 0)
        }
        return timespec(tv_sec: Int(left / 1_000_000), tv_nsec: Int(left % 1_000_000) * 1_000)
    }
}

/// The wall clock as it was at the start, run on by a clock that never steps: a venue's clock does not jump when this host's does.
private struct SteadyWallClock: Sendable {
    private let offset = reading(CLOCK_REALTIME) - reading(CLOCK_BOOTTIME)
    var now: Int64 { reading(CLOCK_BOOTTIME) + offset }
}

/// Microseconds of a clock of the kernel.
private func reading(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    guard clock_gettime(clock, &time) == 0 else {
        preconditionFailure("the kernel has no clock \(clock)")
    }
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
}
