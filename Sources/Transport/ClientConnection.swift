import Kernel
import Wire

/// One socket to an origin, from its connect to its close. Belongs to the loop's thread.
final class ClientConnection {
    enum Stage {
        case connecting
        case handshaking
        case idle
        case busy
        /// It is a stream's, for good.
        case streaming
        case closed
    }
    /// An exchange whose first byte was handed over.
    struct Flight {
        let exchange: HTTPExchange
        let sentAt: TransportTime
        /// When its answer must be complete: microseconds of the monotonic clock.
        let deadline: Int64
        /// The kernel has all of the request. What is handed over later is TLS's own.
        var isWritten = false
        var parser: HTTPResponseParser
        var answer: HTTPResponse?

        /// When it is given up, unless something happens before.
        var endsAt: Int64 { isWritten ? deadline : min(deadline, exchange.staleAt) }
    }

    let id: UInt64
    let socket: Socket
    let pool: OriginPool
    /// Until the connection is open.
    var attempt: ConnectAttempt?
    var stage = Stage.connecting
    var session: TLSSession?
    var flight: Flight?
    var stream: StreamConnection?
    /// What the kernel has not taken yet.
    var out = ByteQueue(keepsMax: 256 << 10)
    /// What epoll was asked for.
    var mask: UInt32
    /// When the loop looks after this connection next.
    var timerAt: Int64?

    init(id: UInt64, socket: Socket, pool: OriginPool, attempt: ConnectAttempt, mask: UInt32) {
        (self.id, self.socket, self.pool, self.attempt, self.mask) = (id, socket, pool, attempt, mask)
    }
}

/// The making of one connection: addresses tried one beside the other until one answers, then the proof of who answered.
final class ConnectAttempt {
    let id: UInt64
    let pool: OriginPool
    let startedAt: Int64
    let deadline: Int64
    /// For whom it is; nil: for the pool.
    let stream: StreamConnection?
    var addresses: ArraySlice<SocketAddress> = []
    var racing: [ClientConnection] = []
    var nextAddressAt = Int64.max
    var lastFailure = "no address"
    var isOver = false

    init(id: UInt64, pool: OriginPool, startedAt: Int64, deadline: Int64, stream: StreamConnection? = nil) {
        (self.id, self.pool, self.startedAt, self.deadline, self.stream) = (id, pool, startedAt, deadline, stream)
    }
}

/// All that concerns one origin.
final class OriginPool {
    let origin: HTTPOrigin
    var maxConnections: Int
    var context: TLSContext?

    /// The last one used is used next: the others may go cold and be closed by the venue.
    var idle: [ClientConnection] = []
    var open = 0
    var attempts: [UInt64: ConnectAttempt] = [:]
    var waiting: [HTTPExchange] = []
    var waitingStart = 0
    var timerAt = Int64.max

    var addresses: [SocketAddress] = []
    var addressesUntil: Int64 = 0
    var isResolving = false
    var unresolved: [ConnectAttempt] = []

    var failures: Int64 = 0
    var failedAt: Int64 = 0
    var blockedUntil: Int64 = 0
    var failure = ""

    init(origin: HTTPOrigin, maxConnections: Int, context: TLSContext?) {
        (self.origin, self.maxConnections, self.context) = (origin, maxConnections, context)
    }

    var waitingCount: Int { waiting.count - waitingStart }
    var firstWaiting: HTTPExchange? { waitingStart < waiting.count ? waiting[waitingStart] : nil }

    func popWaiting() -> HTTPExchange? {
        guard let first = firstWaiting else { return nil }
        waitingStart += 1
        if waitingStart == waiting.count || waitingStart >= 1_024 {
            waiting.removeFirst(waitingStart)
            waitingStart = 0
        }
        return first
    }

    func popAllWaiting() -> [HTTPExchange] {
        defer { (waiting, waitingStart) = ([], 0) }
        return Array(waiting[waitingStart...])
    }

    /// Takes out what is stale; returns it and the soonest moment at which another will be.
    func popStale(_ now: Int64) -> (stale: [HTTPExchange], next: Int64) {
        let all = popAllWaiting()
        waiting = all.filter { $0.staleAt > now }
        return (all.filter { $0.staleAt <= now }, waiting.map(\.staleAt).min() ?? .max)
    }
}
