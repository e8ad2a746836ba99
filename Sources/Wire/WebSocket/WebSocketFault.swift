/// Why bytes are not frames that we accept. The connection is closed with ``closeCode``; nothing is repaired or skipped.
package enum WebSocketFault: Error, Equatable, Sendable {
    /// A bit that only an extension gives a meaning to, and none was offered.
    case reservedBits
    case unknownOpcode(UInt8)
    /// A server's frame is masked.
    case masked
    /// A client's frame is not.
    case unmasked
    /// A length in more bytes than it needs, or beyond 63 bits.
    case badLength
    /// A ping, pong or close of more than 125 bytes.
    case controlTooLong
    case controlFragmented
    /// A continuation of nothing.
    case strayContinuation
    /// A new message before the last one's end.
    case unfinishedMessage
    /// Text that is not UTF-8; found with the first byte that none can have.
    case badText
    /// A close whose code no end may send, or half a code (nil).
    case badCloseCode(UInt16?)
    /// A message beyond the limit, by what its frames announce.
    case messageTooLarge

    /// What the other side is told. Source: RFC 6455, 7.4.1.
    package var closeCode: UInt16 {
        switch self {
        case .badText: 1007
        case .messageTooLarge: 1009
        case .reservedBits, .unknownOpcode, .masked, .unmasked, .badLength, .controlTooLong, .controlFragmented, .strayContinuation,
            .unfinishedMessage, .badCloseCode:
            1002
        }
    }
}

extension WebSocketFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .reservedBits: "a frame with reserved bits, though no extension was offered"
        case .unknownOpcode(let opcode): "a frame of the unknown kind \(opcode)"
        case .masked: "a masked frame from the server"
        case .unmasked: "an unmasked frame from the client"
        case .badLength: "a frame whose length is not in its shortest form"
        case .controlTooLong: "a control frame of more than 125 bytes"
        case .controlFragmented: "a control frame in fragments"
        case .strayContinuation: "a continuation of no message"
        case .unfinishedMessage: "a new message before the end of the last"
        case .badText: "text that is not UTF-8"
        case .badCloseCode(let code): code.map { "a close with the code \($0), which nobody may send" } ?? "a close with half a code"
        case .messageTooLarge: "a message beyond the limit"
        }
    }
}

/// The two ends of a connection: the one that asked for it masks its frames, the other must not.
package enum WebSocketEnd: Sendable {
    case client, server
}
