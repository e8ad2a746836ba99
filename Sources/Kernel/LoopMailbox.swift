import CLinux
import Synchronization

/// Messages for a loop's thread, in order. Wakes it only when it may be asleep.
public final class LoopMailbox<Message: Sendable>: Sendable {
    @usableFromInline struct State {
        @usableFromInline var messages: [Message] = []
        @usableFromInline var isClosed = false
        @usableFromInline var owner: pthread_t?
        @usableFromInline init() {}
    }
    @usableFromInline let state = Mutex(State())
    @usableFromInline let wake: @Sendable () -> Void

    @inlinable public init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// Names the calling thread as the one that drains.
    @inlinable public func own() { state.withLock { $0.owner = pthread_self() } }

    /// False once closed: the message was not taken.
    @inlinable public func post(_ message: Message) -> Bool {
        let (taken, mustWake) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.messages.append(message)
            return (true, state.messages.count == 1 && state.owner != pthread_self())
        }
        if mustWake { wake() }
        return taken
    }

    @inlinable public func drain() -> [Message] {
        state.withLock { state in
            defer { state.messages.removeAll() }
            return state.messages
        }
    }

    /// The last messages; none is taken afterwards.
    @inlinable public func close() -> [Message] {
        state.withLock { state in
            defer { state.messages = [] }
            state.isClosed = true
            return state.messages
        }
    }

    @inlinable public var isEmpty: Bool { state.withLock { $0.messages.isEmpty } }
    @inlinable public var isOnOwner: Bool { state.withLock { $0.owner == pthread_self() } }
}
