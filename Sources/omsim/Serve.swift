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
        var stops = sigset_t()
        sigemptyset(&stops)
        sigaddset(&stops, SIGTERM)
        sigaddset(&stops, SIGINT)
        pthread_sigmask(SIG_BLOCK, &stops, nil)

        let bound = command.host.contains(":") ? "[\(command.host)]" : command.host
        var tls: (certificateFile: String, keyFile: String)?
        if let certificate = command.certificateFile, let key = command.keyFile {
            tls = (certificate, key)
        }
        let shared = SharedWorld(world, clock)
        let server = try HTTPServer(address: "\(bound):\(command.port)", tls: tls) {
            request, peer, responder in
            responder.send(shared.handle(request, from: peer))
        }
        try server.start()
        if !command.isQuiet { try StandardStream.output.write(options.accounts.json) }
        try StandardStream.output.write(
            "listening \(tls == nil ? "http" : "https")://\(bound):\(server.port)\n")
        var signal: Int32 = 0
        while sigwait(&stops, &signal) != 0 {}
        server.stop()
    }
}

/// The world behind a lock: the server's thread asks, nobody else.
private final class SharedWorld: Sendable {
    private let world: Mutex<VenueWorld>
    private let clock: SteadyWallClock

    init(_ world: sending VenueWorld, _ clock: SteadyWallClock) {
        self.world = Mutex(world)
        self.clock = clock
    }

    func handle(_ request: HTTPRequest, from peer: String) -> ServerReply {
        world.withLock { $0.handle(request, from: peer, at: clock.now) }
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
