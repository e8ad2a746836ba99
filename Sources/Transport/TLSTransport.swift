import Kernel
import Synchronization
import Wire

/// HTTP/1.1 over OpenSSL on one epoll thread, with warm connections. **One attempt is one arrival**: nothing here sends anything twice.
///
/// An exchange waits for a connection until it goes stale. Then it is signed, serialized and handed to the kernel; from that first byte on it ends as
/// `answered` with a complete, well-formed answer, or as `lost` with its socket reset. Before that byte every failure is `notSent`. Whether it may go on is asked
/// anew in front of each call that hands bytes of it over: half a request that its deadline met is reset, and no venue sees the whole of it late.
/// No redirects, retries, proxies or `Expect`; plain HTTP to loopback only. Streams have a door of their own: they share the thread, and no connection.
///
/// - SeeAlso: docs/decisions/0003-own-http.md
package final class TLSTransport: HTTPTransport, StreamTransport {
    /// Bounds and times. The defaults are for venues; tests shorten them.
    package struct Settings: Sendable {
        /// For origins without ``TLSTransport/configure(_:maxConnections:caFile:)``.
        package var maxConnections = 8
        /// From the start of a connection, name look-up included, to the end of its TLS handshake.
        package var connectTimeoutMs: Int64 = 5_000
        /// Before the next address of a host is tried beside the one that has not answered yet.
        package var addressDelayMs: Int64 = 250
        /// How long a name's addresses are used again.
        package var addressLifeMs: Int64 = 30_000
        /// After a failed connection: a random time between this and this doubled with each failure, up to the ceiling.
        package var backoffFloorMs: Int64 = 100
        package var backoffCeilingMs: Int64 = 10_000
        /// Exchanges of one origin that may wait for a connection; more are `notSent`.
        package var maxWaiting = 10_000
        package var limits = HTTPLimits()
        /// How long a stream that we close waits for the venue's own close.
        package var closeTimeoutMs: Int64 = 2_000
        /// Bytes that may wait to be sent on a stream; with more, its venue reads nothing.
        package var streamUnsentMax = 256 << 10
        /// Whether this process may send at a moment, microseconds of the boot clock, whatever the deadline of what it sends. Asked on the thread that sends, in
        /// front of each call that does: must not wait.
        package var maySend: @Sendable (Int64) -> Bool = { _ in true }
        package init() {}
    }

    /// Connections to one origin that are ready to be written to.
    package struct Counts: Sendable, Equatable {
        /// Connected, proven and without an exchange.
        package var idle = 0
        /// Idle ones and those with an exchange.
        package var open = 0
        package init(idle: Int = 0, open: Int = 0) { (self.idle, self.open) = (idle, open) }
    }

    /// Bytes of a body up to which it is encrypted and written by who sends it.
    private static let smallBodyMax = 4_096

    private let loop: TransportLoop
    private let thread: Mutex<Thread?>

    package init(settings: Settings = Settings()) throws(TransportError) {
        let loop = try TransportLoop(settings: settings)
        self.loop = loop
        thread = Mutex(try TransportError.rethrowing { () throws(SystemError) in try Thread.start("omsd-transport") { loop.run() } })
    }

    deinit {
        guard let running = thread.withLock({ $0 }) else { return }
        _ = loop.mailbox.post(.shutdown(graceMs: 0))
        running.letGo()
    }

    /// Sets bounds and trust of an origin, for connections made from now on.
    ///
    /// - Parameters:
    ///   - maxConnections: At least 1.
    ///   - caFile: PEM to trust beside the system's certificates; read now.
    /// - Throws: ``TransportError`` if the file cannot be used, or for plain HTTP to anywhere but loopback.
    package func configure(_ origin: HTTPOrigin, maxConnections: Int, caFile: String? = nil) throws(TransportError) {
        precondition(maxConnections > 0, "an origin without connections")
        try Self.check(origin)
        let context = origin.isTLS ? try TLSContext.client(caFile: caFile) : nil
        _ = loop.mailbox.post(.configure(origin, maxConnections: maxConnections, context))
    }

    static func check(_ origin: HTTPOrigin) throws(TransportError) {
        guard origin.isTLS || origin.isLoopback else { throw TransportError(.address, "plain HTTP goes to loopback only") }
    }

    /// From any thread; a small exchange alone may be written there and then. After ``shutdown(graceMs:)`` exchanges end as `notSent` on the caller's
    /// thread.
    package func send(_ exchanges: [HTTPExchange]) {
        guard !exchanges.isEmpty else { return }
        if exchanges.count == 1, exchanges[0].request.body.count <= Self.smallBodyMax, loop.sendAtOnce(exchanges[0]) { return }
        guard !loop.mailbox.post(.send(exchanges)) else { return }
        for exchange in exchanges { exchange.completion(.notSent("the transport is shut down")) }
    }

    package func open(_ stream: VenueStream) {
        if !loop.mailbox.post(.open(stream)) { stream.event(.closed(.notOpened("the transport is shut down"), at: .now())) }
    }

    package func say(_ text: [UInt8], on id: Int64) { _ = loop.mailbox.post(.say(text, on: id)) }

    package func close(_ id: Int64, _ reason: String) { _ = loop.mailbox.post(.close(id, reason)) }

    /// Opens connections until `count` are open or being opened, once, within the origin's bound. A connection that closes later is not replaced.
    package func warm(_ origin: HTTPOrigin, count: Int) { _ = loop.mailbox.post(.warm(origin, count)) }

    /// As of the end of the loop's last turn.
    package func connections(to origin: HTTPOrigin) -> Counts { loop.counts.withLock { $0[origin] ?? Counts() } }
    /// Over all origins.
    package var idleCount: Int { loop.counts.withLock { $0.values.reduce(0) { $0 + $1.idle } } }
    package var openCount: Int { loop.counts.withLock { $0.values.reduce(0) { $0 + $1.open } } }

    /// Ends waiting exchanges as `notSent`, gives those in flight `graceMs` to be answered, resets the rest as `lost`, and returns when all is done.
    /// Not to be called from a completion.
    package func shutdown(graceMs: Int64) {
        precondition(!loop.mailbox.isOnOwner, "shutdown waits for the thread that it was called on")
        guard let running = thread.withLock({ $0.take() }) else { return }
        _ = loop.mailbox.post(.shutdown(graceMs: graceMs))
        running.join()
    }
}
