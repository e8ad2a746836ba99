import CLinux
import Kernel
import Wire

/// How connections are used: one exchange at a time, written once, read to its end.
extension TransportLoop {
    func enqueue(_ exchange: HTTPExchange) {
        guard stopAt == nil else { return exchange.completion(.notSent("shutting down")) }
        let pool: OriginPool
        do throws(TransportError) { pool = try self.pool(for: exchange.origin) } catch {
            return exchange.completion(.notSent(error.description))
        }
        let now = bootTime()
        guard exchange.staleAt > now else { return exchange.completion(.notSent("stale: it came too late")) }
        if pool.open == 0, pool.attempts.isEmpty, now < pool.blockedUntil {
            return exchange.completion(.notSent("pausing after a failure: \(pool.failure)"))
        }
        guard pool.waitingCount < settings.maxWaiting else { return exchange.completion(.notSent("too many exchanges wait for a connection")) }
        pool.waiting.append(exchange)
        dispatch(pool)
        if pool.waitingCount > 0 { arm(pool, exchange.staleAt) }
    }

    /// Gives waiting exchanges the connections there are, and opens more where they lack.
    func dispatch(_ pool: OriginPool) {
        while pool.firstWaiting != nil, let connection = takeIdle(pool), let exchange = pool.popWaiting() { begin(exchange, on: connection) }
        while pool.attempts.count < pool.waitingCount, pool.open + pool.attempts.count < pool.maxConnections, stopAt == nil {
            guard bootTime() >= pool.blockedUntil else { return arm(pool, pool.blockedUntil) }
            startAttempt(pool)
        }
    }

    /// The warmest idle connection that is not known to be dead. It stays idle until an exchange begins.
    private func takeIdle(_ pool: OriginPool) -> ClientConnection? {
        while let connection = pool.idle.last {
            if connection.out.isEmpty, probe(connection), connection.session?.hasUnread != true {
                pool.idle.removeLast()
                return connection
            }
            close(connection)
        }
        return nil
    }

    /// Looks whether an idle connection has ended or says something nobody asked for. False: it is of no more use.
    private func probe(_ connection: ClientConnection) -> Bool {
        while true {
            switch connection.socket.receive(into: received) {
            case .wouldBlock: return true
            case .ended, .failed: return false
            case .bytes(let count):
                // TLS talks between answers (session tickets, key updates); anything else is unsolicited.
                guard let session = connection.session, session.feed(UnsafeRawBufferPointer(rebasing: received[..<count])),
                    case .dry = session.read(into: decrypted)
                else { return false }
                connection.out.write { session.drain(into: &$0) }
                guard flush(connection) == nil, connection.out.isEmpty else { return false }
            }
        }
    }

    /// Why no byte of a request may be handed over at this moment; nil: it may go.
    private func bar(to exchange: HTTPExchange, at now: Int64) -> String? {
        guard exchange.staleAt > now else { return "stale: its deadline passed before it was sent" }
        return settings.maySend(now) ? nil : Self.mayNotSend
    }

    static let mayNotSend = "this process may not send: another may own its group"

    private func begin(_ exchange: HTTPExchange, on connection: ClientConnection) {
        let pool = connection.pool
        if let bar = bar(to: exchange, at: bootTime()) {
            pool.idle.append(connection)
            return exchange.completion(.notSent(bar))
        }
        var request = exchange.request
        exchange.sign(&request)
        let bytes: [UInt8]
        do throws(HTTPFault) { bytes = try request.serialized(for: exchange.origin) } catch {
            pool.idle.append(connection)
            return exchange.completion(.notSent("the request cannot be written: \(error)"))
        }
        if let session = connection.session {
            // Into memory: the kernel has nothing of it yet.
            guard session.write(bytes) else {
                close(connection)
                return exchange.completion(.notSent("TLS: \(takeTLSErrorText())"))
            }
            connection.out.write { session.drain(into: &$0) }
        } else {
            connection.out.append(bytes)
        }
        let sentAt = TransportTime.now()
        if let bar = bar(to: exchange, at: sentAt.monotonic) {
            // Signing took too long. What TLS made of the request cannot be unmade.
            close(connection)
            return exchange.completion(.notSent(bar))
        }
        connection.stage = .busy
        #if DEBUG
        omsd_kill_point("before_send")
        #endif
        let first = connection.socket.send(&connection.out)
        #if DEBUG
        omsd_kill_point("after_send")
        #endif
        if case .failed(let code) = first {
            // The very first call was refused: the kernel took nothing.
            close(connection)
            return exchange.completion(.notSent("the connection was dead: \(errorText(code))"))
        }
        let deadline = sentAt.monotonic + exchange.timeoutMs * 1_000
        connection.flight = ClientConnection.Flight(
            exchange: exchange, sentAt: sentAt, deadline: deadline, parser: HTTPResponseParser(limits: settings.limits))
        if let reason = flush(connection) { return lose(connection, "while writing: \(reason)") }
        arm(connection, connection.out.isEmpty ? deadline : min(deadline, exchange.staleAt))
    }

    /// Hands on what is left to write. Returns why the connection is of no more use: it is dead, or the rest of its request may not leave any more.
    func flush(_ connection: ClientConnection) -> String? {
        while !connection.out.isEmpty {
            if let flight = connection.flight, !flight.isWritten, let bar = bar(toRestOf: flight.exchange, on: connection) { return bar }
            switch connection.socket.send(&connection.out) {
            case .bytes: continue
            case .wouldBlock, .ended:
                want(connection, Poller.reading | Poller.writing)
                return nil
            case .failed(let code): return errorText(code)
            }
        }
        connection.flight?.isWritten = true
        want(connection, Poller.reading)
        return nil
    }

    /// The same of what is left of one. Half of it was sent in time; whole it would come late.
    private func bar(toRestOf exchange: HTTPExchange, on connection: ClientConnection) -> String? {
        bar(to: exchange, at: bootTime()).map { _ in Self.tooLate(connection) }
    }

    static func tooLate(_ connection: ClientConnection) -> String {
        "\(connection.out.count) bytes of the request were left when it could not be sent any more"
    }

    func want(_ connection: ClientConnection, _ mask: UInt32) {
        guard connection.mask != mask, connection.stage != .closed else { return }
        connection.mask = mask
        // A socket that epoll no longer knows would be forgotten: then its deadline ends it.
        _ = poller.modify(connection.socket.fd, token: connection.id, mask)
    }

    func ready(_ connection: ClientConnection, _ event: Poller.Events) {
        if connection.stage == .connecting { return finishConnect(connection) }
        if event.isWritable, !connection.out.isEmpty, let reason = flush(connection) { return dropped(connection, reason) }
        if event.isReadable { read(connection) }
    }

    /// Takes one helping from the socket and settles what it means.
    private func read(_ connection: ClientConnection) {
        switch connection.socket.receive(into: received) {
        case .wouldBlock: return
        case .failed(let code): return dropped(connection, errorText(code))
        case .ended: return dropped(connection, "closed by the other side")
        case .bytes(let count):
            let bytes = UnsafeRawBufferPointer(rebasing: received[..<count])
            var end: String?
            var fault: HTTPFault?
            if let session = connection.session {
                guard session.feed(bytes) else { return dropped(connection, "TLS: out of memory") }
                if connection.stage == .handshaking { return goOnHandshaking(connection) }
                reading: while fault == nil, connection.stream?.verdict == nil {
                    switch session.read(into: decrypted) {
                    case .bytes(let count): fault = deliver(UnsafeRawBufferPointer(rebasing: decrypted[..<count]), to: connection)
                    case .dry: break reading
                    case .closed:
                        end = "closed by the other side"
                        break reading
                    case .failed(let reason):
                        end = "TLS: \(reason)"
                        break reading
                    }
                }
                // A key update wants an answer.
                connection.out.write { session.drain(into: &$0) }
                if !connection.out.isEmpty, let reason = flush(connection) { end = reason }
            } else {
                fault = deliver(bytes, to: connection)
            }
            settle(connection, fault, end)
        }
    }

    private func deliver(_ bytes: UnsafeRawBufferPointer, to connection: ClientConnection) -> HTTPFault? {
        if let stream = connection.stream {
            take(bytes, stream)
            return nil
        }
        // Unsolicited, or an answer to a request that is not written yet: what it belongs to cannot be known.
        guard connection.flight != nil, connection.out.isEmpty else { return .extraBytes }
        do throws(HTTPFault) {
            if let answer = try connection.flight?.parser.consume(bytes) { connection.flight?.answer = answer }
            return nil
        } catch {
            return error
        }
    }

    private func settle(_ connection: ClientConnection, _ fault: HTTPFault?, _ end: String?) {
        if let stream = connection.stream { return settle(stream, end: end) }
        if let fault { return dropped(connection, "the answer is not to be read: \(fault)") }
        guard let flight = connection.flight, let answer = flight.answer else {
            if let end { dropped(connection, end) }
            return
        }
        let lastByteAt = TransportTime.now()
        connection.flight = nil
        if flight.parser.keepsAlive, end == nil, stopAt == nil {
            connection.stage = .idle
            connection.pool.idle.append(connection)
        } else {
            retire(connection)
        }
        flight.exchange.completion(.answered(answer, sentAt: flight.sentAt, lastByteAt: lastByteAt))
        dispatch(connection.pool)
    }

    /// The connection is of no more use; says so to whoever is on it.
    private func dropped(_ connection: ClientConnection, _ reason: String) {
        switch connection.stage {
        case .busy: lose(connection, reason)
        case .handshaking:
            if let attempt = connection.attempt { fail(attempt, "TLS handshake: \(reason)") }
        case .streaming: if let stream = connection.stream { settle(stream, end: reason) }
        case .idle, .connecting, .closed:
            close(connection)
            dispatch(connection.pool)
        }
    }

    /// Resets the socket; only then is it sure that nothing more leaves.
    func lose(_ connection: ClientConnection, _ reason: String) {
        let flight = connection.flight
        connection.flight = nil
        close(connection)
        if let flight { flight.exchange.completion(.lost(reason, sentAt: flight.sentAt, resetAt: .now())) }
        dispatch(connection.pool)
    }

    /// Takes leave of a connection that carries nothing, or a stream's last words.
    func retire(_ connection: ClientConnection) {
        connection.socket.allowOrderlyClose()
        if let session = connection.session, connection.out.isEmpty || connection.stage == .streaming {
            session.sendCloseNotify()
            connection.out.write { session.drain(into: &$0) }
        }
        // Politeness: whether it arrives makes no difference.
        if !connection.out.isEmpty { _ = connection.socket.send(&connection.out) }
        close(connection)
    }

    /// Closes the socket: a reset, unless an orderly close was allowed. Ends no exchange.
    func close(_ connection: ClientConnection) {
        guard connection.stage != .closed else { return }
        if connection.stage == .idle || connection.stage == .busy { connection.pool.open -= 1 }
        connection.pool.idle.removeAll { $0 === connection }
        connection.stage = .closed
        connections[connection.id] = nil
        connection.socket.close()
    }
}
