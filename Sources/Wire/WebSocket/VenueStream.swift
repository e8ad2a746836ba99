import Synchronization

/// A stream to be opened, once: what becomes of it comes as events, the last of which is its end. Prints without query and headers.
package struct VenueStream: Sendable {
    /// Of the caller's choosing, and of no other stream at the same time.
    package let id: Int64
    package let origin: HTTPOrigin
    /// Path with percent-encoded query.
    package let target: String
    /// Beside those of the handshake.
    package let headers: [HTTPHeader]
    /// From now to the last byte of the upgrade's answer, name look-up included.
    package let timeoutMs: Int64
    package let backlog: VenueStreamBacklog
    /// Called in order on the transport's thread, or within ``StreamTransport/open(_:)`` where nothing was tried.
    package let event: @Sendable (VenueStreamEvent) -> Void

    package init(
        id: Int64, origin: HTTPOrigin, target: String, headers: [HTTPHeader] = [], timeoutMs: Int64, backlog: VenueStreamBacklog,
        event: @escaping @Sendable (VenueStreamEvent) -> Void
    ) {
        (self.id, self.origin, self.target, self.headers) = (id, origin, target, headers)
        (self.timeoutMs, self.backlog, self.event) = (timeoutMs, backlog, event)
    }

    /// The text without what opens a stream: values of the query and of headers, and their words, which a server may well repeat.
    package func masked(_ text: String) -> String {
        let query = target.split(separator: "?", maxSplits: 1).dropFirst().flatMap { $0.split(separator: "&") }
        let values = query.compactMap { $0.split(separator: "=", maxSplits: 1).last.map(String.init) }
        let words = values + values.map(percentDecoded) + headers.flatMap { [$0.value] + $0.value.split(separator: " ").map(String.init) }
        // Short ones are no secrets, and would take words out of a sentence.
        return words.filter { $0.utf8.count >= 8 }.sorted { $0.utf8.count > $1.utf8.count }.reduce(text) { $0.replacing($1, with: "…") }
    }
}

extension VenueStream: CustomStringConvertible, CustomReflectable {
    package var description: String { "stream \(id) to \(origin)\(target.prefix { $0 != "?" })" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id, "origin": origin]) }
}

/// What became of a stream, and when: of messages the time at which the last bytes of them were read.
package enum VenueStreamEvent: Sendable, Equatable {
    /// From here on it may be spoken on.
    case opened(at: TransportTime)
    /// Whole texts, UTF-8, in the order in which they came: all that one read of the socket brought, but for what stood between other events, so that who acts
    /// on them does so once. At least one. Who has done with them gives the place of each back (``VenueStreamBacklog/take(_:)``).
    case messages([[UInt8]], at: TransportTime)
    /// A message that is no text, of so many bytes: no venue is known to send any. It holds a place as a text does.
    case binary(bytes: Int, at: TransportTime)
    /// The protocol's own pong. Its pings are answered below.
    case pong(at: TransportTime)
    /// The last event. Nothing that was on its way will come.
    case closed(VenueStreamEnd, at: TransportTime)
}

/// Why a stream ended. In words it names no token.
package enum VenueStreamEnd: Sendable, Equatable, CustomStringConvertible {
    /// There was no connection, or no answer to the upgrade in time.
    case notOpened(String)
    /// The upgrade was answered with something else.
    case refused(WebSocketRefusal)
    /// The venue closed it.
    case closed(WebSocketClose?)
    /// It ended without a word, or in the middle of one.
    case cut(String)
    /// What came is not to be read.
    case fault(WebSocketFault)
    /// More came than was taken: so many bytes wait.
    case behind(bytes: Int)
    /// We closed it, for this reason.
    case ours(String)

    package var description: String {
        switch self {
        case .notOpened(let words): words
        case .refused(let refusal): "\(refusal)"
        case .closed(let close): "closed by the venue" + (close.map { ": \($0)" } ?? " without a code")
        case .cut(let words): words
        case .fault(let fault): "the venue sent what is not to be read: \(fault)"
        case .behind(let bytes): "more came than was taken: \(bytes) bytes wait"
        case .ours(let reason): "closed by omsd: \(reason)"
        }
    }
}

/// How much of a stream waits for its reader. A stream that would go beyond the bound is closed, so that no single message is ever dropped.
package final class VenueStreamBacklog: Sendable {
    /// What a message weighs beside its bytes.
    private static let perMessage = 64
    private let bytesMax: Int
    private let waiting = Atomic<Int>(0)

    package init(bytesMax: Int = 64 << 20) { self.bytesMax = bytesMax }

    package var bytes: Int { waiting.load(ordering: .relaxed) }

    /// For the transport: a message is about to be handed on. False: there is no room.
    package func add(_ message: [UInt8]) -> Bool { add(bytes: message.count) }
    package func add(bytes: Int) -> Bool {
        let weight = bytes + Self.perMessage
        if waiting.add(weight, ordering: .relaxed).newValue <= bytesMax { return true }
        waiting.subtract(weight, ordering: .relaxed)
        return false
    }

    /// For the reader: it has done with a message of so many bytes, or lets it go.
    package func take(_ bytes: Int) { waiting.subtract(bytes + Self.perMessage, ordering: .relaxed) }
}

/// Opens streams and speaks on them. From any thread; nothing is sent twice, and a stream that ended is never opened again by itself.
package protocol StreamTransport: AnyObject, Sendable {
    func open(_ stream: VenueStream)
    /// A text message. Only between ``VenueStreamEvent/opened(at:)`` and the end: it is not kept for later.
    func say(_ text: [UInt8], on id: Int64)
    /// Takes leave in order: what the venue said before it heard of it still comes, then the end. In vain on one that has ended.
    func close(_ id: Int64, _ reason: String)
}
