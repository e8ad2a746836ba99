import CLinux
import Kernel
import Wire

/// How connections come to be: addresses, races between them, handshakes, and pauses after failures.
extension TransportLoop {
    func warm(_ origin: HTTPOrigin, _ count: Int) {
        // Nobody waits for a warm connection: what is wrong with the origin is said to its first exchange.
        guard stopAt == nil, let pool = try? pool(for: origin), bootTime() >= pool.blockedUntil else { return }
        while pool.open + pool.attempts.count < min(count, pool.maxConnections), bootTime() >= pool.blockedUntil { startAttempt(pool) }
    }

    func startAttempt(_ pool: OriginPool) {
        let now = bootTime()
        let attempt = ConnectAttempt(id: nextID(), pool: pool, startedAt: now, deadline: now + settings.connectTimeoutMs * 1_000)
        pool.attempts[attempt.id] = attempt
        begin(attempt)
    }

    func begin(_ attempt: ConnectAttempt) {
        let pool = attempt.pool
        timers.add(.attempt(attempt.id, pool.origin), at: attempt.deadline)
        if let literal = SocketAddress(numeric: pool.origin.host, port: pool.origin.port) {
            race(attempt, [literal])
        } else if bootTime() < pool.addressesUntil {
            race(attempt, pool.addresses)
        } else {
            pool.unresolved.append(attempt)
            resolve(pool)
        }
    }

    /// Asks on a thread of its own: the system's resolver blocks, and one name that hangs must not hold up another.
    private func resolve(_ pool: OriginPool) {
        guard !pool.isResolving else { return }
        pool.isResolving = true
        let (origin, mailbox) = (pool.origin, mailbox)
        do throws(SystemError) {
            try Thread.start("omsd-resolver") {
                _ = mailbox.post(.resolved(origin, SocketAddress.resolve(origin.host, port: origin.port, numericOnly: false)))
            }.letGo()
        } catch {
            resolved(pool, .failure(error.description))
        }
    }

    func resolved(_ pool: OriginPool, _ resolution: SocketAddress.Resolution) {
        pool.isResolving = false
        let asking = pool.unresolved
        pool.unresolved = []
        switch resolution {
        case .failure(let reason):
            for attempt in asking where !attempt.isOver { fail(attempt, "name look-up: \(reason)") }
        case .success(let found):
            // Plain HTTP stays on this machine, whatever its hosts file says.
            pool.addresses = Self.alternating(pool.origin.isTLS ? found : found.filter(\.isLoopback))
            pool.addressesUntil = bootTime() + settings.addressLifeMs * 1_000
            for attempt in asking where !attempt.isOver { race(attempt, pool.addresses) }
        }
    }

    /// Families by turns, beginning with the resolver's first choice (RFC 8305, section 4).
    private static func alternating(_ found: [SocketAddress]) -> [SocketAddress] {
        let first = found.filter { $0.family == found.first?.family }
        let second = found.filter { $0.family != found.first?.family }
        return (0..<max(first.count, second.count)).flatMap { first.dropFirst($0).prefix(1) + second.dropFirst($0).prefix(1) }
    }

    private func race(_ attempt: ConnectAttempt, _ addresses: [SocketAddress]) {
        attempt.addresses = addresses[...]
        startNextAddress(attempt)
    }

    private func startNextAddress(_ attempt: ConnectAttempt) {
        while let address = attempt.addresses.popFirst() {
            do throws(SystemError) {
                let socket = try Socket.outgoing(family: address.family)
                let code = socket.connect(address)
                let connection = ClientConnection(id: nextID(), socket: socket, pool: attempt.pool, attempt: attempt, mask: Poller.writing)
                guard code == 0 || code == EINPROGRESS, poller.add(socket.fd, token: connection.id, Poller.writing) else {
                    attempt.lastFailure = "connect to \(address.text): \(errorText(code == 0 || code == EINPROGRESS ? omsd_errno() : code))"
                    socket.close()
                    continue
                }
                connections[connection.id] = connection
                attempt.racing.append(connection)
                if !attempt.addresses.isEmpty {
                    attempt.nextAddressAt = bootTime() + settings.addressDelayMs * 1_000
                    timers.add(.attempt(attempt.id, attempt.pool.origin), at: attempt.nextAddressAt)
                }
                return
            } catch {
                attempt.lastFailure = error.description
            }
        }
        attempt.nextAddressAt = .max
        if attempt.racing.isEmpty { fail(attempt, attempt.lastFailure) }
    }

    func due(_ attempt: ConnectAttempt, _ now: Int64) {
        if now >= attempt.deadline {
            fail(attempt, "no connection within \(settings.connectTimeoutMs) ms (\(attempt.lastFailure))")
        } else if now >= attempt.nextAddressAt, !attempt.racing.contains(where: { $0.stage == .handshaking }) {
            startNextAddress(attempt)
        }
    }

    /// The kernel has decided about a connect.
    func finishConnect(_ connection: ClientConnection) {
        guard let attempt = connection.attempt else { return close(connection) }
        let code = connection.socket.pendingError
        guard code == 0 else {
            attempt.lastFailure = "connect: \(errorText(code))"
            attempt.racing.removeAll { $0 === connection }
            close(connection)
            return startNextAddress(attempt)
        }
        for loser in attempt.racing where loser !== connection { close(loser) }
        attempt.racing = [connection]
        attempt.addresses = []
        guard let context = attempt.pool.context else { return opened(connection) }
        do throws(TransportError) {
            connection.session = try TLSSession(context, host: attempt.pool.origin.host)
        } catch {
            return fail(attempt, error.description)
        }
        connection.stage = .handshaking
        want(connection, Poller.reading)
        goOnHandshaking(connection)
    }

    func goOnHandshaking(_ connection: ClientConnection) {
        guard let session = connection.session, let attempt = connection.attempt else { return }
        let state = session.handshake()
        if case .failed(let reason) = state { return fail(attempt, "TLS: \(reason)") }
        connection.out.write { session.drain(into: &$0) }
        if let reason = flush(connection) { return fail(attempt, "TLS handshake: \(reason)") }
        guard case .done = state else { return }
        // Tickets may have come along; an answer to nothing must not meet the first request.
        guard case .dry = session.read(into: decrypted) else { return fail(attempt, "TLS: bytes before any request") }
        opened(connection)
    }

    /// Ready for its first exchange.
    private func opened(_ connection: ClientConnection) {
        let pool = connection.pool
        let stream = connection.attempt?.stream
        if let attempt = connection.attempt {
            attempt.racing = []
            end(attempt)
        }
        connection.attempt = nil
        if let stream { return upgrade(stream, over: connection) }
        connection.stage = .idle
        want(connection, connection.out.isEmpty ? Poller.reading : Poller.reading | Poller.writing)
        pool.open += 1
        (pool.failures, pool.blockedUntil) = (0, 0)
        pool.idle.append(connection)
        dispatch(pool)
    }

    /// Ends an attempt and pauses: a random time, so that many daemons do not come back together. Failures of one burst count once.
    func fail(_ attempt: ConnectAttempt, _ reason: String) {
        let pool = attempt.pool
        end(attempt)
        // Another look at its addresses may help either.
        pool.addressesUntil = 0
        if let stream = attempt.stream { return end(stream, .notOpened(reason)) }
        let now = bootTime()
        if pool.failures == 0 || attempt.startedAt >= pool.failedAt {
            pool.failures = min(pool.failures + 1, 30)
            pool.failedAt = now
            let ceiling = min(settings.backoffCeilingMs, settings.backoffFloorMs << pool.failures)
            let pause = Int64.random(in: settings.backoffFloorMs...max(ceiling, settings.backoffFloorMs), using: &random)
            pool.blockedUntil = now + pause * 1_000
        }
        pool.failure = reason
        if pool.open == 0, pool.attempts.isEmpty {
            for exchange in pool.popAllWaiting() { exchange.completion(.notSent(reason)) }
        } else {
            dispatch(pool)
        }
    }

    func end(_ attempt: ConnectAttempt) {
        attempt.isOver = true
        attempt.pool.attempts[attempt.id] = nil
        streamAttempts[attempt.id] = nil
        for connection in attempt.racing { close(connection) }
        attempt.racing = []
    }
}
