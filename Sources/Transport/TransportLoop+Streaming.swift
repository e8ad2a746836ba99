import Kernel
import Wire

/// Streams: a door of their own beside the pools. A pool lends them its addresses and its trust, no connection, and no pause after a failure: when to come
/// again is for who wants the stream.
extension TransportLoop {
    func open(_ stream: VenueStream) {
        precondition(streams[stream.id] == nil, "two streams under one id")
        let now = bootTime()
        let upgrade = WebSocketUpgrade(nonce: (0..<WebSocketUpgrade.nonceBytes).map { _ in random.next() })
        let opening = StreamConnection(stream, upgrade, deadline: now + stream.timeoutMs * 1_000)
        streams[stream.id] = opening
        guard stopAt == nil else { return end(opening, .notOpened("shutting down")) }
        let pool: OriginPool
        do throws(TransportError) { pool = try self.pool(for: stream.origin) } catch { return end(opening, .notOpened(error.description)) }
        let attempt = ConnectAttempt(
            id: nextID(), pool: pool, startedAt: now, deadline: now + settings.connectTimeoutMs * 1_000, stream: opening)
        opening.attempt = attempt
        streamAttempts[attempt.id] = attempt
        timers.add(.stream(stream.id), at: opening.deadline)
        begin(attempt)
    }

    /// The connection stands, and its other end is proven: the upgrade may go out.
    func upgrade(_ opening: StreamConnection, over connection: ClientConnection) {
        opening.attempt = nil
        (opening.connection, connection.stream) = (connection, opening)
        connection.stage = .streaming
        opening.phase = .upgrading
        let request: [UInt8]
        do throws(HTTPFault) {
            request = try opening.upgrade.request(opening.stream.target, headers: opening.stream.headers, to: opening.stream.origin)
        } catch { return end(opening, .notOpened("the upgrade cannot be written: \(error)")) }
        write(request, opening)
        settle(opening)
    }

    func say(_ text: [UInt8], on id: Int64) {
        guard let opening = streams[id] else { return }
        switch opening.phase {
        case .open:
            write(.text(text), opening)
            settle(opening)
        case .closing: return
        case .connecting, .upgrading: end(opening, .ours("it was spoken on before it was open"))
        }
    }

    func close(stream id: Int64, _ reason: String) {
        guard let opening = streams[id] else { return }
        switch opening.phase {
        case .open:
            opening.phase = .closing(reason)
            opening.deadline = bootTime() + settings.closeTimeoutMs * 1_000
            timers.add(.stream(id), at: opening.deadline)
            write(.close(WebSocketClose(1000)), opening)
            settle(opening)
        case .closing: return
        case .connecting, .upgrading: end(opening, .ours(reason))
        }
    }

    func due(_ opening: StreamConnection, _ now: Int64) {
        guard now >= opening.deadline else { return }
        switch opening.phase {
        case .connecting: end(opening, .notOpened("no connection within \(opening.stream.timeoutMs) ms"))
        case .upgrading: end(opening, .notOpened("no answer to the upgrade within \(opening.stream.timeoutMs) ms"))
        case .closing(let reason): end(opening, .ours(reason))
        case .open: return
        }
    }

    // MARK: What comes

    /// Looks through bytes of the socket. Nothing is closed in here: whoever reads has its hands on the connection.
    func take(_ bytes: UnsafeRawBufferPointer, _ opening: StreamConnection) {
        guard opening.verdict == nil else { return }
        let now = TransportTime.now()
        guard case .upgrading = opening.phase else { return takeFrames(bytes, opening, now) }
        do throws(WebSocketRefusal) {
            guard let rest = try opening.answer.consume(bytes) else { return }
            opening.phase = .open
            opening.stream.event(.opened(at: now))
            rest.withUnsafeBytes { takeFrames($0, opening, now) }
        } catch { opening.verdict = .refused(error) }
    }

    private func takeFrames(_ bytes: UnsafeRawBufferPointer, _ opening: StreamConnection, _ now: TransportTime) {
        var left = bytes
        do throws(WebSocketFault) {
            while opening.verdict == nil, let message = try opening.reader.next(from: &left) { take(message, opening, now) }
        } catch { opening.verdict = .fault(error) }
    }

    private func take(_ message: WebSocketMessage, _ opening: StreamConnection, _ now: TransportTime) {
        let stream = opening.stream
        switch message {
        case .text(let text):
            guard stream.backlog.add(text) else { return opening.verdict = .behind(bytes: stream.backlog.bytes) }
            opening.texts.append(text)
        case .binary(let data):
            guard stream.backlog.add(bytes: data.count) else { return opening.verdict = .behind(bytes: stream.backlog.bytes) }
            handOn(opening, now)
            stream.event(.binary(bytes: data.count, at: now))
        case .ping(let data): write(.pong(data), opening)
        case .pong:
            handOn(opening, now)
            stream.event(.pong(at: now))
        case .close(let close):
            if case .closing(let reason) = opening.phase { return opening.verdict = .ours(reason) }
            opening.verdict = .closed(close.map { WebSocketClose($0.code, stream.masked($0.reason)) })
        }
    }

    private func handOn(_ opening: StreamConnection, _ now: TransportTime) {
        guard !opening.texts.isEmpty else { return }
        opening.stream.event(.messages(opening.texts, at: now))
        opening.texts = []
    }

    /// The socket has ended, or what the last bytes came to is to be acted on.
    func settle(_ opening: StreamConnection, end reason: String? = nil) {
        guard !opening.isOver, let connection = opening.connection else { return }
        handOn(opening, .now())
        if let verdict = opening.verdict { return end(opening, verdict) }
        if let reason { return end(opening, ending(of: opening, reason)) }
        if let reason = flush(connection) { return end(opening, ending(of: opening, reason)) }
        if connection.out.count > settings.streamUnsentMax {
            end(opening, .cut("the venue reads nothing: \(connection.out.count) bytes wait to be sent"))
        }
    }

    /// What an end without a close means at this point.
    private func ending(of opening: StreamConnection, _ reason: String) -> VenueStreamEnd {
        switch opening.phase {
        case .connecting: .notOpened(reason)
        case .upgrading: opening.answer.refusal.map { .refused($0) } ?? .notOpened("\(reason) before the answer to the upgrade was complete")
        case .closing(let words): .ours(words)
        case .open where opening.reader.isInFrame: .cut("\(reason) in the middle of a frame")
        case .open where opening.reader.isInMessage: .cut("\(reason) in the middle of a message")
        case .open: .cut("\(reason) without a close")
        }
    }

    // MARK: What goes

    private func write(_ message: WebSocketMessage, _ opening: StreamConnection) { write(message.frame(mask: random.next()).bytes, opening) }

    private func write(_ bytes: [UInt8], _ opening: StreamConnection) {
        guard let connection = opening.connection else { return }
        guard settings.maySend(bootTime()) else { return opening.verdict = opening.verdict ?? ending(of: opening, Self.mayNotSend) }
        guard let session = connection.session else { return connection.out.append(bytes) }
        if session.write(bytes) {
            connection.out.write { session.drain(into: &$0) }
        } else {
            opening.verdict = opening.verdict ?? .cut("TLS: \(takeTLSErrorText())")
        }
    }

    /// The last event; the socket goes with it. The venue is told why, if it still listens.
    func end(_ opening: StreamConnection, _ verdict: VenueStreamEnd) {
        guard !opening.isOver else { return }
        opening.isOver = true
        streams[opening.stream.id] = nil
        if let attempt = opening.attempt { end(attempt) }
        if let connection = opening.connection {
            if let farewell = farewell(of: opening, verdict) { write(.close(farewell), opening) }
            switch opening.phase {
            case .connecting, .upgrading: close(connection)
            case .open, .closing: retire(connection)
            }
        }
        handOn(opening, .now())
        opening.stream.event(.closed(verdict, at: .now()))
    }

    /// What is said at the end; nil: nothing, because it was said, or nobody would hear it. A close is answered with its own code.
    private func farewell(of opening: StreamConnection, _ verdict: VenueStreamEnd) -> WebSocketClose? {
        guard case .open = opening.phase else { return nil }
        switch verdict {
        case .closed(let close): return close.map { WebSocketClose($0.code) } ?? WebSocketClose(1000)
        case .fault(let fault): return WebSocketClose(fault.closeCode)
        case .behind: return WebSocketClose(1008)
        case .ours: return WebSocketClose(1001)
        case .notOpened, .refused, .cut: return nil
        }
    }
}
