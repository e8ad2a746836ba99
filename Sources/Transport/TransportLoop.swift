import CLinux
import Containers
import Kernel
import Synchronization
import Wire

/// The thread behind ``TLSTransport``: everything but `mailbox` and `counts` belongs to it, unless it sleeps and ``sendAtOnce(_:)`` holds the lock.
///
/// Each turn: what sockets have to say, what others asked for, what is due, then sleep. `+Connecting` makes connections, `+Exchanging` uses them.
final class TransportLoop: @unchecked Sendable {
    enum Message: Sendable {
        case send([HTTPExchange])
        case warm(HTTPOrigin, Int)
        case configure(HTTPOrigin, maxConnections: Int, TLSContext?)
        case resolved(HTTPOrigin, SocketAddress.Resolution)
        case open(VenueStream)
        case say([UInt8], on: Int64)
        case close(Int64, String)
        case shutdown(graceMs: Int64)
    }
    enum Timer {
        case connection(UInt64)
        case attempt(UInt64, HTTPOrigin)
        case pool(HTTPOrigin)
        case stream(Int64)
    }

    let mailbox: LoopMailbox<Message>
    let counts = Mutex<[HTTPOrigin: TLSTransport.Counts]>([:])

    let settings: TLSTransport.Settings
    let poller: Poller
    var pools: [HTTPOrigin: OriginPool] = [:]
    var connections: [UInt64: ClientConnection] = [:]
    /// By the ids that their callers gave them.
    var streams: [Int64: StreamConnection] = [:]
    var streamAttempts: [UInt64: ConnectAttempt] = [:]
    var timers = TimerHeap<Timer>()
    var random = SystemRandomNumberGenerator()
    /// What a socket brought, and what it says once decrypted.
    let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    let decrypted = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    /// Set by a shutdown: what is in flight then is reset.
    var stopAt: Int64?
    private var lastID: UInt64 = 0
    /// Held but while the thread sleeps.
    private var lock = pthread_mutex_t()
    /// When the thread means to wake; nil: not before something happens.
    private var sleepsUntil: Int64?
    private var hasEnded = false

    init(settings: TLSTransport.Settings) throws(TransportError) {
        self.settings = settings
        let poller = try TransportError.rethrowing { () throws(SystemError) in try Poller() }
        self.poller = poller
        mailbox = LoopMailbox(wake: { poller.wake() })
        pthread_mutex_init(&lock, nil)
    }

    deinit {
        pthread_mutex_destroy(&lock)
        received.deallocate()
        decrypted.deallocate()
    }

    func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    func run() {
        mailbox.own()
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while true {
            drainMailbox()
            fireTimers()
            publishCounts()
            if let stopAt, bootTime() >= stopAt || !connections.values.contains(where: { $0.stage == .busy }) { break }
            // What completions posted meanwhile woke nobody: this thread was awake.
            let deadline = mailbox.isEmpty ? [timers.nextAt, stopAt].compactMap(\.self).min() : 0
            sleepsUntil = deadline
            pthread_mutex_unlock(&lock)
            let events = poller.wait(until: deadline)
            pthread_mutex_lock(&lock)
            for event in events {
                guard let connection = connections[event.token] else { continue }
                ready(connection, event)
            }
        }
        for connection in Array(connections.values) { abandon(connection) }
        for message in mailbox.close() {
            switch message {
            case .send(let exchanges): for exchange in exchanges { exchange.completion(.notSent("shutting down")) }
            case .open(let stream): stream.event(.closed(.notOpened("shutting down"), at: .now()))
            case .warm, .configure, .resolved, .say, .close, .shutdown: continue
            }
        }
        hasEnded = true
        publishCounts()
    }

    /// Sends on the calling thread what an idle connection can take while the loop's thread sleeps: its wake-up would cost 20 to 40 µs.
    /// False: nothing happened, post it.
    func sendAtOnce(_ exchange: HTTPExchange) -> Bool {
        guard pthread_mutex_trylock(&lock) == 0 else { return false }
        defer { pthread_mutex_unlock(&lock) }
        // What was posted before comes before.
        guard !hasEnded, mailbox.isEmpty, let pool = pools[exchange.origin], pool.waitingCount == 0, !pool.idle.isEmpty else { return false }
        enqueue(exchange)
        publishCounts()
        if let next = timers.nextAt, next < sleepsUntil ?? .max { poller.wake() }
        return true
    }

    private func drainMailbox() {
        for message in mailbox.drain() {
            switch message {
            case .send(let exchanges): for exchange in exchanges { enqueue(exchange) }
            case .warm(let origin, let count): warm(origin, count)
            case .configure(let origin, let maxConnections, let context):
                if let pool = pools[origin] {
                    (pool.maxConnections, pool.context) = (maxConnections, context)
                    dispatch(pool)
                } else {
                    pools[origin] = OriginPool(origin: origin, maxConnections: maxConnections, context: context)
                }
            case .resolved(let origin, let resolution): if let pool = pools[origin] { resolved(pool, resolution) }
            case .open(let stream): open(stream)
            case .say(let text, let id): say(text, on: id)
            case .close(let id, let reason): close(stream: id, reason)
            case .shutdown(let graceMs): beginShutdown(graceMs)
            }
        }
    }

    /// The state of an origin, made on first use.
    func pool(for origin: HTTPOrigin) throws(TransportError) -> OriginPool {
        if let pool = pools[origin] { return pool }
        try TLSTransport.check(origin)
        let context = origin.isTLS ? try TLSContext.client(caFile: nil) : nil
        let pool = OriginPool(origin: origin, maxConnections: settings.maxConnections, context: context)
        pools[origin] = pool
        return pool
    }

    private func fireTimers() {
        let now = bootTime()
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .connection(let id):
                guard let connection = connections[id], let armed = connection.timerAt, armed <= now else { continue }
                connection.timerAt = nil
                guard let flight = connection.flight else { continue }
                if flight.endsAt > now {
                    arm(connection, flight.endsAt)
                } else {
                    lose(connection, flight.isWritten ? "no complete answer in time" : Self.tooLate(connection))
                }
            case .attempt(let id, let origin):
                guard let attempt = pools[origin]?.attempts[id] ?? streamAttempts[id] else { continue }
                due(attempt, now)
            case .pool(let origin):
                guard let pool = pools[origin], pool.timerAt <= now else { continue }
                pool.timerAt = .max
                let (stale, next) = pool.popStale(now)
                for exchange in stale { exchange.completion(.notSent("stale: no connection in time")) }
                arm(pool, next)
                dispatch(pool)
            case .stream(let id): if let stream = streams[id] { due(stream, now) }
            }
        }
    }

    /// One entry a connection stands in the heap; it is moved on when it comes up too early.
    func arm(_ connection: ClientConnection, _ moment: Int64) {
        if let armed = connection.timerAt, armed <= moment { return }
        connection.timerAt = moment
        timers.add(.connection(connection.id), at: moment)
    }

    func arm(_ pool: OriginPool, _ moment: Int64) {
        guard moment < pool.timerAt else { return }
        pool.timerAt = moment
        timers.add(.pool(pool.origin), at: moment)
    }

    private func publishCounts() {
        counts.withLock { counts in
            for (origin, pool) in pools { counts[origin] = TLSTransport.Counts(idle: pool.idle.count, open: pool.open) }
        }
    }

    private func beginShutdown(_ graceMs: Int64) {
        stopAt = bootTime() + max(graceMs, 0) * 1_000
        for stream in Array(streams.values) { end(stream, .ours("shutting down")) }
        for pool in pools.values {
            for attempt in Array(pool.attempts.values) { end(attempt) }
            for connection in pool.idle { retire(connection) }
            for exchange in pool.popAllWaiting() { exchange.completion(.notSent("shutting down")) }
        }
    }

    /// At the very end: whatever still stands is reset.
    private func abandon(_ connection: ClientConnection) {
        if connection.stage == .busy { lose(connection, "shutting down") } else { close(connection) }
    }
}
