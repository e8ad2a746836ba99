import CLinux
import Containers
import Kernel
import Wire

/// The thread behind ``HTTPServer``: everything but `mailbox` belongs to it.
final class ServerLoop: @unchecked Sendable {
    enum Message: Sendable {
        case reply(UInt64, UInt64, ServerReply)
        case tunnel(UInt64, ServerTunnel.Message)
        case stop
    }
    enum Timer {
        case reply(UInt64, UInt64, ServerReply)
        /// A handshake or request that began must be complete.
        case arrival(UInt64, UInt64)
        case linger(UInt64)
        /// The first request must be complete.
        case firstRequest(UInt64)
        /// A connection has been open for as long as it may.
        case end(UInt64)
        case acceptAgain
    }
    /// Microseconds a request may take to arrive, and a closed connection to be closed by the other side too.
    private static let arrivalUs: Int64 = 30_000_000
    private static let lingerUs: Int64 = 1_000_000
    /// The pause when there are no descriptors left.
    private static let acceptPauseUs: Int64 = 100_000
    /// Pipelined bytes that may wait while a request is answered.
    private static let readAhead = 64 * 1024
    private static let listenerID: UInt64 = 1

    let mailbox: LoopMailbox<Message>
    /// Nil once it no longer listens.
    private var listener: Socket?
    private let context: TLSContext?
    private let limits: HTTPLimits
    private let maxConnections: Int
    /// See ``HTTPServer``.
    private let connectionUs: Int64?
    private let requestUs: Int64?
    /// As many connections as may be open are: whoever comes waits with the kernel.
    private var isFull = false
    private let handler: HTTPServer.Handler
    private let poller: Poller
    private(set) var connections: [UInt64: ServerConnection] = [:]
    private var timers = TimerHeap<Timer>()
    private var lastID = ServerLoop.listenerID
    private let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    private let decrypted = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

    /// Takes `listener` over, unless it throws.
    init(
        listener: Socket, context: TLSContext?, limits: HTTPLimits, maxConnections: Int, connectionUs: Int64?, requestUs: Int64?,
        handler: @escaping HTTPServer.Handler
    ) throws(TransportError) {
        (self.listener, self.context, self.limits) = (listener, context, limits)
        (self.maxConnections, self.connectionUs, self.requestUs, self.handler) = (maxConnections, connectionUs, requestUs, handler)
        let poller = try TransportError.rethrowing { () throws(SystemError) in try Poller() }
        guard poller.add(listener.fd, token: Self.listenerID, Poller.reading) else { throw .system("epoll_ctl") }
        self.poller = poller
        mailbox = LoopMailbox(wake: { poller.wake() })
    }

    deinit {
        listener?.close()
        received.deallocate()
        decrypted.deallocate()
    }

    func run() {
        mailbox.own()
        var isRunning = true
        while isRunning {
            for message in mailbox.drain() {
                switch message {
                case .reply(let id, let serial, let reply): take(reply, for: id, serial)
                case .tunnel(let id, let message): take(message, for: id)
                case .stop: isRunning = false
                }
            }
            let now = bootTime()
            while let timer = timers.popDue(at: now) { fire(timer) }
            guard isRunning else { break }
            // What the handler posted meanwhile woke nobody: this thread was awake.
            for event in poller.wait(until: mailbox.isEmpty ? timers.nextAt : 0) {
                if event.token == Self.listenerID {
                    accept()
                } else if let connection = connections[event.token] {
                    ready(connection, event)
                }
            }
        }
        _ = mailbox.close()
        for connection in Array(connections.values) { reset(connection) }
        listener?.close()
        listener = nil
    }

    private func fire(_ timer: Timer) {
        switch timer {
        case .reply(let id, let serial, let reply):
            guard let connection = connections[id], connection.serial == serial, connection.stage == .answering else { return }
            perform(reply, on: connection)
        case .arrival(let id, let serial):
            guard let connection = connections[id], connection.serial == serial else { return }
            if connection.stage == .handshaking || (connection.stage == .reading && connection.parser.hasPartial) { reset(connection) }
            if connection.watched == serial { connection.watched = nil }
        case .firstRequest(let id): if let connection = connections[id], connection.serial == 0 { reset(connection) }
        case .linger(let id): if let connection = connections[id] { close(connection) }
        case .end(let id): if let connection = connections[id] { reset(connection) }
        case .acceptAgain: if let listener { _ = poller.modify(listener.fd, token: Self.listenerID, Poller.reading) }
        }
    }

    private func accept() {
        while let listener {
            if connectionUs != nil, connections.count >= maxConnections {
                isFull = true
                _ = poller.modify(listener.fd, token: Self.listenerID, 0)
                return
            }
            var name = [UInt8](repeating: 0, count: 64)
            var size = socklen_t(name.count)
            let made = omsd_tcp_accept(listener.fd, &name, &size)
            guard made >= 0 else {
                let code = omsd_errno()
                if code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM {
                    // Still readable: without a pause this thread would spin.
                    _ = poller.modify(listener.fd, token: Self.listenerID, 0)
                    timers.add(.acceptAgain, at: bootTime() + Self.acceptPauseUs)
                } else if code == EINTR || code == ECONNABORTED {
                    continue
                }
                return
            }
            let socket = Socket(fd: made)
            let bytes = Array(name.prefix(Int(size)))
            let address = SocketAddress(bytes: bytes, family: size == socklen_t(MemoryLayout<sockaddr_in>.size) ? AF_INET : AF_INET6)
            lastID += 1
            guard connections.count < maxConnections, socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1) else {
                socket.close()
                continue
            }
            do throws(TransportError) {
                var session: TLSSession?
                if let context { session = try TLSSession(context, host: nil) }
                guard poller.add(made, token: lastID, Poller.reading) else { throw .system("epoll_ctl") }
                connections[lastID] = ServerConnection(id: lastID, socket: socket, peer: address.text, session: session, limits: limits)
                if session != nil { timers.add(.arrival(lastID, 0), at: bootTime() + Self.arrivalUs) }
                if let requestUs { timers.add(.firstRequest(lastID), at: bootTime() + requestUs) }
                if let connectionUs { timers.add(.end(lastID), at: bootTime() + connectionUs) }
            } catch {
                // Out of memory, most likely: the peer sees a closed connection and may come again.
                socket.close()
            }
        }
    }

    private func ready(_ connection: ServerConnection, _ event: Poller.Events) {
        // After the end of input a reset shows as nothing but this, again and again.
        if connection.isReadClosed, event.isHangUp { return close(connection) }
        if event.isWritable, !connection.out.isEmpty { flush(connection) }
        if event.isReadable, connection.stage != .closed { read(connection) }
    }

    private func read(_ connection: ServerConnection) {
        switch connection.socket.receive(into: received) {
        case .wouldBlock: return
        case .failed: return close(connection)
        case .ended: return endOfInput(connection)
        case .bytes(let count):
            if connection.stage == .lingering { return }
            let bytes = UnsafeRawBufferPointer(rebasing: received[..<count])
            if let session = connection.session {
                guard session.feed(bytes), decrypt(session, connection) else { return close(connection) }
                guard connection.stage != .closed else { return }
            } else {
                take(bytes, from: connection)
            }
            if connection.stage == .reading { advance(connection) }
            // A reader ahead of its answers waits.
            if connection.stage == .answering, connection.parser.unread > Self.readAhead { want(connection, 0) }
        }
    }

    /// False when the conversation is over.
    private func decrypt(_ session: TLSSession, _ connection: ServerConnection) -> Bool {
        if connection.stage == .handshaking {
            let state = session.handshake()
            connection.out.write { session.drain(into: &$0) }
            flush(connection)
            switch state {
            case .failed: return false
            case .goingOn: return true
            case .done: if connection.stage == .handshaking { connection.stage = .reading }
            }
        }
        while true {
            switch session.read(into: decrypted) {
            case .bytes(let count):
                take(UnsafeRawBufferPointer(rebasing: decrypted[..<count]), from: connection)
                guard connection.stage != .closed else { return true }
            case .dry: return true
            case .closed:
                endOfInput(connection)
                return true
            case .failed: return false
            }
        }
    }

    private func endOfInput(_ connection: ServerConnection) {
        switch connection.stage {
        case .answering:
            connection.isReadClosed = true
            want(connection, connection.mask & Poller.writing)
        case .reading:
            // The last request may have come along.
            connection.isReadClosed = true
            want(connection, connection.mask & Poller.writing)
            advance(connection)
        case .handshaking, .upgraded, .lingering, .closed: close(connection)
        }
    }

    /// Hands the next complete request to the handler.
    private func advance(_ connection: ServerConnection) {
        do throws(HTTPFault) {
            guard let request = try connection.parser.next() else {
                if connection.isReadClosed { return close(connection) }
                if connection.parser.hasPartial, connection.watched == nil {
                    connection.watched = connection.serial
                    timers.add(.arrival(connection.id, connection.serial), at: bootTime() + Self.arrivalUs)
                }
                return want(connection, Poller.reading)
            }
            connection.stage = .answering
            connection.serial += 1
            connection.isReplied = false
            connection.watched = nil
            connection.keepsAlive = connection.parser.keepsAlive
            handler(request, connection.peer, LoopResponder(mailbox: mailbox, connection: connection.id, serial: connection.serial))
        } catch {
            connection.closesAfterwards = true
            connection.stage = .answering
            connection.serial += 1
            connection.isReplied = true
            write(Self.plain(400), to: connection)
        }
    }

    /// An answer whose text cannot fail to be written.
    private static func plain(_ status: Int) -> [UInt8] {
        Array("HTTP/1.1 \(status) \(status == 400 ? "Bad Request" : "Internal Server Error")\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".utf8)
    }

    private func take(_ reply: ServerReply, for id: UInt64, _ serial: UInt64) {
        guard let connection = connections[id], connection.serial == serial, connection.stage == .answering, !connection.isReplied else {
            // Whoever was to speak on it has nobody to speak to.
            if case .upgrade(_, let guest) = reply { guest.ended() }
            return
        }
        connection.isReplied = true
        let after =
            switch reply {
            case .response(_, let afterUs), .raw(_, let afterUs, _), .reset(let afterUs): afterUs
            case .silence, .upgrade: Int64(0)
            }
        if after > 0 {
            timers.add(.reply(id, serial, reply), at: bootTime() + after)
        } else {
            perform(reply, on: connection)
        }
    }

    private func perform(_ reply: ServerReply, on connection: ServerConnection) {
        switch reply {
        case .response(let response, _):
            let keepsAlive = connection.keepsAlive && !connection.isReadClosed && connectionUs == nil
            do throws(HTTPFault) {
                let bytes = try response.serialized(keepsAlive: keepsAlive)
                connection.closesAfterwards = !keepsAlive
                write(bytes, to: connection)
            } catch {
                connection.closesAfterwards = true
                write(Self.plain(500), to: connection)
            }
        case .raw(let bytes, _, let thenClose):
            connection.closesAfterwards = thenClose
            write(bytes, to: connection)
        case .reset: reset(connection)
        case .silence: return
        case .upgrade(let head, let guest): upgrade(connection, head, to: guest)
        }
    }

    func write(_ bytes: [UInt8], to connection: ServerConnection) {
        if let session = connection.session {
            guard session.write(bytes) else { return close(connection) }
            connection.out.write { session.drain(into: &$0) }
        } else {
            connection.out.append(bytes)
        }
        connection.isWriting = true
        flush(connection)
        if connection.stage == .answering, connection.isWriting, connection.out.isEmpty { written(connection) }
    }

    /// Writes on; what an answer's last byte sets off follows when it was the last.
    private func flush(_ connection: ServerConnection) {
        let hadMore = connection.mask & Poller.writing != 0
        while !connection.out.isEmpty {
            switch connection.socket.send(&connection.out) {
            case .bytes: continue
            case .wouldBlock, .ended: return want(connection, connection.mask | Poller.writing)
            case .failed: return close(connection)
            }
        }
        guard hadMore else { return }
        want(connection, connection.mask & ~Poller.writing)
        if connection.stage == .answering, connection.isWriting { written(connection) }
        if connection.stage == .upgraded, connection.closesAfterwards { linger(connection) }
    }

    private func written(_ connection: ServerConnection) {
        connection.isWriting = false
        guard connection.closesAfterwards else {
            connection.stage = .reading
            return advance(connection)
        }
        if connection.isReadClosed { return close(connection) }
        linger(connection)
    }

    func linger(_ connection: ServerConnection) {
        dismiss(connection)
        connection.stage = .lingering
        // A close with unread bytes would reset, and could take the answer with it.
        shutdown(connection.socket.fd, Int32(SHUT_WR))
        want(connection, Poller.reading)
        timers.add(.linger(connection.id), at: bootTime() + Self.lingerUs)
    }

    private func want(_ connection: ServerConnection, _ mask: UInt32) {
        guard connection.stage != .closed, connection.mask != mask else { return }
        connection.mask = mask
        if !poller.modify(connection.socket.fd, token: connection.id, mask) { close(connection) }
    }

    func reset(_ connection: ServerConnection) {
        // A failure leaves the orderly close: what is at stake is a simulated venue's manners.
        _ = connection.socket.resetOnClose()
        close(connection)
    }

    func close(_ connection: ServerConnection) {
        guard connection.stage != .closed else { return }
        dismiss(connection)
        connection.stage = .closed
        connections[connection.id] = nil
        connection.socket.close()
        if isFull, let listener {
            isFull = false
            _ = poller.modify(listener.fd, token: Self.listenerID, Poller.reading)
        }
    }
}
