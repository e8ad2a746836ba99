import CLinux
import Calls
import ControlAPI
import Kernel
import OMSCore
import Wire

/// The server's thread: epoll, turns, frames.
final class ControlLoop {
    private let server: ControlServer
    private let sink: any ControlSink
    private let limits: ControlLimits
    private let poller: Poller
    private var connections: [UInt64: ControlConnection] = [:]
    private var connectionsOfUser: [UInt32: Int] = [:]
    /// Bytes read and not yet decoded, of all connections.
    private var inputTotal = 0
    private var nextConnection: UInt64 = 16
    private var nextCall: UInt64 = 1
    /// With work to do, in turn order.
    private var ready: [ControlConnection] = []
    /// Whose output or interest may have changed in this round.
    private var touched: [UInt64] = []
    /// Bytes handed over that this round framed, by connection.
    private var framed: [UInt64: Int] = [:]
    /// Users told of in the log: once each, however often they come.
    private var withoutRole: Set<UInt32> = []
    private var pauseLoggedAt: Int64 = -10_000_000
    /// Refused connections that no line of the log told of yet: one line a second, however many come.
    private var refused = 0
    private var refusedLoggedAt: Int64 = -1_000_000
    private var roles: RoleTable
    private var rolesVersion: Int
    private var isAccepting = false
    /// A paused listener is tried again then, or when a connection closes.
    private var acceptsAgainAt: Int64 = 0
    private let readBuffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256 << 10)

    private static let listenerToken: UInt64 = 1
    private static let acceptPauseUs: Int64 = 100_000

    init(server: ControlServer, sink: any ControlSink) {
        (self.server, self.sink, self.limits, self.poller) = (server, sink, server.limits, server.poller)
        (roles, rolesVersion) = server.shared.withLock { ($0.roles, $0.rolesVersion) }
        accept(true)
    }

    deinit { readBuffer.deallocate() }

    func run() {
        while true {
            let events = poller.wait(until: !ready.isEmpty ? 0 : isAccepting ? nil : acceptsAgainAt)
            if !isAccepting, bootTime() >= acceptsAgainAt { accept(true) }
            let isStopping = wakeUp()
            for event in events { handle(event) }
            turn()
            // After the turn: answers that were made in it leave in the same round.
            drain()
            settle()
            if isStopping { break }
        }
        shutDown()
    }

    private func handle(_ event: Poller.Events) {
        guard event.token != Self.listenerToken else { return acceptAll() }
        guard let connection = connections[event.token] else { return }
        if event.isHangUp {
            connection.isPeerGone = true
            connection.output.removeAll()
            connection.pending.removeAll()
        }
        touched.append(event.token)
        enqueue(connection)
    }

    // MARK: Connections

    private func acceptAll() {
        for _ in 0..<64 {
            let descriptor = omsd_accept(server.listener.descriptor)
            if descriptor < 0 {
                switch omsd_errno() {
                case EINTR, ECONNABORTED: continue
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    let now = bootTime()
                    if now - pauseLoggedAt > 10_000_000 {
                        server.log("control: no descriptors or memory for another connection; accepting pauses")
                        pauseLoggedAt = now
                    }
                    accept(false)
                default: break
                }
                return
            }
            open(descriptor)
        }
    }

    private func open(_ descriptor: Int32) {
        guard let peer = server.peerOf(descriptor) else {
            close(descriptor)
            return
        }
        let ofUser = connectionsOfUser[peer.uid, default: 0]
        guard connections.count < limits.connectionsMax, ofUser < limits.connectionsPerUserMax else {
            refused += 1
            let now = bootTime()
            if now - refusedLoggedAt >= 1_000_000 {
                let open = "\(connections.count) connections are open, \(ofUser) of that user"
                server.log("control: uid \(peer.uid) pid \(peer.pid) refused, and \(refused - 1) before: \(open)")
                (refused, refusedLoggedAt) = (0, now)
            }
            var line: [UInt8] = []
            ReplyFrames.error(.queueFull("too many connections; close some, or try again"), id: Array("null".utf8), into: &line)
            _ = send(descriptor, line, line.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            close(descriptor)
            return
        }
        connectionsOfUser[peer.uid] = ofUser + 1
        let connection = ControlConnection(id: nextConnection, descriptor: descriptor, peer: peer)
        nextConnection += 1
        _ = connection.take(roles)
        if connection.role == nil, withoutRole.count < 1_024, withoutRole.insert(peer.uid).inserted {
            server.log("control: uid \(peer.uid) pid \(peer.pid) has no role; its requests are refused")
        }
        connections[connection.id] = connection
        server.shared.withLock { $0.waiting[connection.id] = (0, 0) }
        connection.interest = Poller.reading
        check(poller.add(descriptor, token: connection.id, connection.interest))
    }

    private func end(_ connection: ControlConnection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        close(connection.descriptor)
        inputTotal -= connection.counted
        let left = connectionsOfUser[connection.peer.uid, default: 1] - 1
        connectionsOfUser[connection.peer.uid] = left > 0 ? left : nil
        server.shared.withLock { $0.waiting[connection.id] = nil }
        sink.disconnected(connection: connection.id)
        if !isAccepting { accept(true) }
    }

    // MARK: Answers

    /// Takes over roles, and tells other threads that this one is awake until it drains. True: the server is to stop.
    private func wakeUp() -> Bool {
        let (fresh, isStopping) = server.shared.withLock { shared -> (RoleTable?, Bool) in
            shared.isAwake = true
            guard shared.rolesVersion != rolesVersion else { return (nil, shared.isStopping) }
            rolesVersion = shared.rolesVersion
            return (shared.roles, shared.isStopping)
        }
        guard let fresh else { return isStopping }
        roles = fresh
        withoutRole.removeAll()
        // What a connection follows is fed without a request.
        for connection in connections.values where connection.take(fresh) { sink.changed(connection.rights, of: connection.id) }
        return isStopping
    }

    /// Frames what was handed over.
    private func drain() {
        let outgoing = server.shared.withLock { shared in
            defer { (shared.outgoing, shared.isAwake) = ([], false) }
            return shared.outgoing
        }
        for item in outgoing {
            if let id = item.connection {
                // Once for all that was handed over for it.
                if framed[id] == nil { touched.append(id) }
                framed[id, default: 0] += item.bytes
            }
            switch item {
            case .result(let result, let ticket):
                answer(ticket) { id, out in ReplyFrames.result(result, id: id, into: &out) }
            case .failure(let error, let ticket):
                answer(ticket) { id, out in ReplyFrames.error(error, id: id, into: &out) }
            case .event(let parameters, let id):
                guard let connection = connections[id], !connection.isPeerGone else { continue }
                connection.output.write { ReplyFrames.event(parameters, into: &$0) }
            case .end(let id):
                guard let connection = connections[id] else { continue }
                server.log("control: uid \(connection.peer.uid) pid \(connection.peer.pid) reads events too slowly; closed")
                end(connection)
            }
        }
    }

    private func answer(_ ticket: Ticket, _ frame: ([UInt8], inout [UInt8]) -> Void) {
        guard let connection = connections[ticket.connection], let id = connection.pending.removeValue(forKey: ticket.call) else { return }
        connection.output.write { frame(id, &$0) }
    }

    private func refuse(_ error: ControlError, id: [UInt8], to connection: ControlConnection) {
        guard !connection.isPeerGone else { return }
        connection.output.write { ReplyFrames.error(error, id: id, into: &$0) }
    }

    // MARK: Turns

    private func enqueue(_ connection: ControlConnection) {
        guard !connection.isReady else { return }
        connection.isReady = true
        ready.append(connection)
    }

    /// One turn for everyone who has work.
    private func turn() {
        let now = ready
        ready.removeAll(keepingCapacity: true)
        for connection in now {
            connection.isReady = false
            guard connections[connection.id] === connection else { continue }
            serve(connection, isAlone: now.count == 1)
            touched.append(connection.id)
        }
    }

    private func serve(_ connection: ControlConnection, isAlone: Bool) {
        if connection.isPaused(limits) || connection.isEnding { return }
        if !connection.mayHaveLines, !connection.isReadClosed { receive(connection) }
        decodeLines(connection, isAlone: isAlone)
        if connection.takeSignOfLife() { sink.spoke(connection: connection.id) }
        inputTotal += connection.input.count - connection.counted
        connection.counted = connection.input.count
        if inputTotal > limits.inputTotalMax, connection.input.count > 1 << 20 {
            server.log("control: uid \(connection.peer.uid) pid \(connection.peer.pid) closed: too many large requests are half read")
            refuse(.queueFull("too many large requests at once; try again"), id: Array("null".utf8), to: connection)
            connection.isEnding = true
        }
        if connection.mayHaveLines, !connection.isPaused(limits), !connection.isEnding { enqueue(connection) }
    }

    private func receive(_ connection: ControlConnection) {
        guard let base = readBuffer.baseAddress else { return }
        let count = recv(connection.descriptor, base, readBuffer.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            connection.input.append(UnsafeBufferPointer(start: base, count: count))
            connection.mayHaveLines = true
        } else if count == 0 {
            connection.isReadClosed = true
            // A last line may lack its newline; half a request is no valid JSON, so it cannot be mistaken for a whole one.
            connection.mayHaveLines = !connection.input.isEmpty
        } else if omsd_errno() != EAGAIN, omsd_errno() != EINTR {
            connection.isReadClosed = true
            connection.isPeerGone = true
            connection.input.removeAll()
        }
    }

    private func decodeLines(_ connection: ControlConnection, isAlone: Bool) {
        let lineMax = connection.role == nil ? limits.lineMaxWithoutRole : limits.lineMax
        var (lines, bytes) = (0, 0)
        while connection.mayHaveLines, lines < limits.turnLines, bytes < limits.turnBytes, !connection.isPaused(limits) {
            let scanned = connection.scanned
            let newline = connection.input.withBytes { input -> Int? in
                guard input.count > scanned, let base = input.baseAddress, let found = memchr(base + scanned, 0x0A, input.count - scanned) else {
                    return nil
                }
                return UnsafeRawPointer(found) - UnsafeRawPointer(base)
            }
            let isLast = newline == nil && connection.isReadClosed && !connection.input.isEmpty
            let length = newline ?? connection.input.count
            guard length <= lineMax else {
                server.log("control: uid \(connection.peer.uid) pid \(connection.peer.pid) sent a line of more than \(lineMax) bytes; closed")
                refuse(.invalidRequest("a line has at most \(lineMax) bytes; the connection is closed"), id: Array("null".utf8), to: connection)
                connection.isEnding = true
                connection.mayHaveLines = false
                return
            }
            guard newline != nil || isLast else {
                connection.scanned = connection.input.count
                connection.mayHaveLines = false
                return
            }
            connection.scanned = 0
            let readAt = omsd_clock_us(CLOCK_BOOTTIME)
            let decoded = connection.input.withBytes { input in
                RequestDecoder.decode(UnsafeBufferPointer(rebasing: input[..<length]), role: connection.role)
            }
            connection.input.removeFirst(newline == nil ? length : length + 1)
            lines += 1
            bytes += length
            if connection.input.isEmpty { connection.mayHaveLines = false }
            act(on: decoded, of: connection, readAt: readAt, isLone: isAlone && lines == 1 && connection.input.isEmpty)
        }
    }

    private func act(on line: DecodedLine, of connection: ControlConnection, readAt: Int64, isLone: Bool) {
        // A command is heard as such.
        if connection.mayBeGuarded { if case .command = line {} else { connection.gaveSignOfLife = true } }
        switch line {
        case .blank: break
        case .refused(let error, let id): refuse(error, id: id, to: connection)
        case .discover(let id):
            if !connection.isPeerGone { connection.output.write { ReplyFrames.result(OpenRPC.document, id: id, into: &$0) } }
        case .notification(let method, let isMutating):
            guard isMutating, connection.logged < 10 else { return }
            connection.logged += 1
            server.log("control: uid \(connection.peer.uid) pid \(connection.peer.pid): notification \(method) ignored; changes need an id")
        case .command(var command, let id):
            if command.takeToken({ GuardToken.fresh() }) { connection.mayBeGuarded = true }
            let ticket = Ticket(connection: connection.id, call: nextCall, readAt: readAt)
            nextCall += 1
            connection.pending[ticket.call] = id
            if !sink.post(command, from: connection.caller, ticket: ticket, isLone: isLone) {
                connection.pending[ticket.call] = nil
                refuse(.queueFull("the daemon has too many requests waiting; try again"), id: id, to: connection)
            }
        }
    }

    // MARK: The end of a round

    /// Sends what can be sent, ends who is done, and tells epoll and the notifiers how things stand.
    private func settle() {
        for id in touched {
            guard let connection = connections[id] else { continue }
            flush(connection)
            if connection.output.count > limits.outputMax {
                server.log("control: uid \(connection.peer.uid) pid \(connection.peer.pid) reads no answers; closed")
                end(connection)
                continue
            }
            if connection.isDone {
                end(connection)
                continue
            }
            let isPaused = connection.isPaused(limits)
            // It may have been paused with whole lines at hand.
            if connection.mayHaveLines, !isPaused { enqueue(connection) }
            var interest: UInt32 = 0
            if !isPaused, !connection.isReadClosed, !connection.isEnding { interest |= Poller.reading }
            if !connection.output.isEmpty { interest |= Poller.writing }
            if interest != connection.interest {
                connection.interest = interest
                check(poller.modify(connection.descriptor, token: id, interest))
            }
        }
        server.shared.withLock { shared in
            for id in touched {
                guard let (queued, _) = shared.waiting[id] else { continue }
                // It may have been touched more than once, and what was framed counts once.
                shared.waiting[id] = (queued - (framed.removeValue(forKey: id) ?? 0), connections[id]?.output.count ?? 0)
            }
        }
        framed.removeAll(keepingCapacity: true)
        touched.removeAll(keepingCapacity: true)
    }

    private func flush(_ connection: ControlConnection) {
        while !connection.output.isEmpty, !connection.isPeerGone {
            let sent = connection.output.withBytes { send(connection.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
            if sent > 0 {
                connection.output.removeFirst(sent)
            } else if omsd_errno() == EAGAIN {
                return
            } else if omsd_errno() != EINTR {
                // It reads no more; what it sent before still counts.
                connection.isPeerGone = true
                connection.output.removeAll()
                connection.pending.removeAll()
                if !connection.isReadClosed { enqueue(connection) }
            }
        }
    }

    private func shutDown() {
        accept(false)
        let deadline = bootTime() + limits.stopMs * 1_000
        while true {
            drain()
            for connection in connections.values { flush(connection) }
            guard connections.values.contains(where: { !$0.output.isEmpty }), bootTime() < deadline else { break }
            var waiting = connections.values.filter { !$0.output.isEmpty }.map { pollfd(fd: $0.descriptor, events: Int16(POLLOUT), revents: 0) }
            _ = poll(&waiting, nfds_t(waiting.count), 50)
        }
        for connection in Array(connections.values) { end(connection) }
        close(server.listener.descriptor)
        if let path = server.listener.path { unlink(path) }
    }

    private func accept(_ shall: Bool) {
        guard shall != isAccepting else { return }
        isAccepting = shall
        if shall {
            check(poller.add(server.listener.descriptor, token: Self.listenerToken, Poller.reading))
        } else {
            poller.remove(server.listener.descriptor)
            acceptsAgainAt = bootTime() + Self.acceptPauseUs
        }
    }

    private func check(_ isWatched: Bool) {
        precondition(isWatched || omsd_errno() == ENOMEM || omsd_errno() == ENOSPC, "epoll does not know a descriptor of ours")
    }
}
