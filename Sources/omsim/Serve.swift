import Glibc
import Simulator
import Transport
import Wire

/// Tells the main thread that something is due before the moment it sleeps to.
private let sooner = SIGUSR1

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
        for signal in [SIGTERM, SIGINT, sooner] { sigaddset(&awaited, signal) }
        pthread_sigmask(SIG_BLOCK, &awaited, nil)

        let bound = command.host.contains(":") ? "[\(command.host)]" : command.host
        var tls: (certificateFile: String, keyFile: String)?
        if let certificate = command.certificateFile, let key = command.keyFile {
            tls = (certificate, key)
        }
        let served = ServedWorld(world, now: { clock.now }, wake: { kill(getpid(), sooner) })
        let server = try HTTPServer(address: "\(bound):\(command.port)", tls: tls) {
            request, peer, responder in
            served.receive(request, from: peer, responder)
        }
        try server.start()
        if !command.isQuiet { try StandardStream.output.write(options.accounts.json) }
        try StandardStream.output.write(
            "listening \(tls == nil ? "http" : "https")://\(bound):\(server.port)\n")
        var signal: Int32 = 0
        while signal != SIGTERM, signal != SIGINT {
            let left = served.advance()
            var rest = timespec(tv_sec: Int(left / 1_000_000), tv_nsec: Int(left % 1_000_000) * 1_000)
            signal = sigtimedwait(&awaited, nil, &rest)
        }
        server.stop()
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
