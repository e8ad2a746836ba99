import Synchronization
import Transport
import Wire

/// The world behind a lock, for a server whose thread brings requests and streams while another one lets happen what is planned.
package final class ServedWorld: Sendable {
    /// Microseconds of sleep where nothing is planned.
    private static let longSleep: Int64 = 3_600_000_000

    private struct State {
        let world: VenueWorld
        /// How far the one who advances sleeps.
        var sleepsTo = Int64.min
    }
    private let state: Mutex<State>
    private let now: @Sendable () -> Int64
    private let wake: @Sendable () -> Void

    /// - Parameters:
    ///   - now: Microseconds since 1970, never back.
    ///   - wake: Something is due before the moment to which ``advance()`` let sleep.
    package init(_ world: sending VenueWorld, now: @escaping @Sendable () -> Int64, wake: @escaping @Sendable () -> Void) {
        state = Mutex(State(world: world))
        (self.now, self.wake) = (now, wake)
    }

    /// Does something with the world, now.
    func with<Outcome: Sendable>(_ body: @Sendable (VenueWorld, Int64) -> Outcome) -> Outcome {
        let (outcome, isSooner) = state.withLock { state -> (Outcome, Bool) in
            let outcome = body(state.world, now())
            guard let next = state.world.nextEventAt, next < state.sleepsTo else { return (outcome, false) }
            // Told once: the next planned moment is read when the thread is awake.
            state.sleepsTo = .min
            return (outcome, true)
        }
        if isSooner { wake() }
        return outcome
    }

    package func receive(_ request: HTTPRequest, from peer: String, _ responder: any ServerResponder) {
        guard WebSocketUpgrade.isAsked(by: request) else {
            return with { world, now in world.receive(request, from: peer, at: now) { responder.send($0) } }
        }
        switch WebSocketUpgrade.answer(to: request) {
        case .refused(let response): responder.send(.response(response))
        case .switching:
            let guest = StreamGuest(of: self)
            let opening = with { world, now in
                let opening = world.openStream(request, from: peer, at: now) { guest.deliver($0) }
                if case .opened(let id, _, _) = opening { guest.number = id }
                return opening
            }
            switch opening {
            case .refused(let response): responder.send(.response(response))
            case .silent: responder.send(.silence)
            case .opened(_, let isAcceptWrong, let extensions):
                let key = request.header("sec-websocket-key") ?? ""
                let accept = WebSocketUpgrade.accept(isAcceptWrong ? key + "of another" : key)
                let headers = extensions.map { [HTTPHeader("Sec-WebSocket-Extensions", $0)] } ?? []
                responder.send(.upgrade(WebSocketUpgrade.switching(accept: accept, headers: headers), guest))
            }
        }
    }

    /// Lets everything happen that is due. - Returns: microseconds for which nothing else will be.
    package func advance() -> Int64 {
        state.withLock { state in
            state.world.advance(to: now())
            let now = now()
            state.sleepsTo = state.world.nextEventAt ?? now + Self.longSleep
            return max(state.sleepsTo - now, 0)
        }
    }
}

/// One stream on a socket: frames on one side, the world's words on the other.
///
/// Its lock is taken inside the world's, never the other way round.
private final class StreamGuest: ServerGuest {
    private struct State {
        var number = 0
        var reader = WebSocketReader(from: .client)
        var tunnel: ServerTunnel?
        /// What was sent before the connection was ours.
        var early: [[UInt8]] = []
        var finishes = false
    }
    private let state = Mutex(State())
    private let served: ServedWorld

    init(of served: ServedWorld) { self.served = served }

    var number: Int {
        get { state.withLock { $0.number } }
        set { state.withLock { $0.number = newValue } }
    }

    // MARK: From the world

    func deliver(_ output: StreamOutput) {
        switch output {
        case .text(let text): send(WebSocketMessage.text(text).frame(mask: nil).bytes)
        case .fragments(let parts): send(Self.fragments(parts))
        case .wrong(_, let bytes): send(bytes)
        case .close(let code):
            send(WebSocketMessage.close(WebSocketClose(UInt16(truncatingIfNeeded: code))).frame(mask: nil).bytes)
            finish()
        case .cut: finish()
        }
    }

    /// Frames of a message, with a ping behind the first: a word about the connection may stand there.
    private static func fragments(_ parts: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            var frame = WebSocketFrame(index == 0 ? WebSocketFrame.Opcode.text : WebSocketFrame.Opcode.continuation, part, mask: nil)
            frame.isFinal = index == parts.count - 1
            frame.append(to: &bytes)
            if index == 0, !frame.isFinal { WebSocketMessage.ping([]).frame(mask: nil).append(to: &bytes) }
        }
        return bytes
    }

    private func send(_ bytes: [UInt8]) {
        state.withLock { state in
            guard !state.finishes else { return }
            if let tunnel = state.tunnel { tunnel.send(bytes) } else { state.early.append(bytes) }
        }
    }

    private func finish() {
        state.withLock { state in
            state.finishes = true
            state.tunnel?.finish()
        }
    }

    // MARK: From the socket

    func opened(_ tunnel: ServerTunnel) {
        state.withLock { state in
            state.tunnel = tunnel
            for bytes in state.early { tunnel.send(bytes) }
            state.early = []
            if state.finishes { tunnel.finish() }
        }
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
        var messages: [WebSocketMessage] = []
        var problem: WebSocketFault?
        let number = state.withLock { state in
            var rest = bytes
            do throws(WebSocketFault) {
                while let message = try state.reader.next(from: &rest) { messages.append(message) }
            } catch {
                problem = error
            }
            return state.number
        }
        for message in messages {
            switch message {
            case .text(let text): served.with { world, now in world.hearStream(number, text, at: now) }
            case .ping(let payload):
                send(WebSocketMessage.pong(payload).frame(mask: nil).bytes)
                served.with { world, now in world.hearStreamFrame(number, at: now) }
            case .pong: served.with { world, now in world.hearStreamFrame(number, at: now) }
            case .binary: close(1003, number, "a binary message")
            case .close(let close): self.close(close?.code ?? 1000, number, "closed by the client")
            }
        }
        if let problem { close(problem.closeCode, number, "a wrong frame of the client: \(problem)") }
    }

    private func close(_ code: UInt16, _ number: Int, _ why: String) {
        served.with { world, now in world.endStream(number, at: now, why: why) }
        send(WebSocketMessage.close(WebSocketClose(code)).frame(mask: nil).bytes)
        finish()
    }

    func ended() {
        let number = number
        served.with { world, now in world.endStream(number, at: now, why: "the connection is gone") }
    }
}
