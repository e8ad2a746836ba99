import Wire

/// What a venue does on a client's stream, without saying by which socket: served over a port it becomes frames, in virtual time it is heard as it is.
package enum StreamOutput: Sendable, Equatable {
    /// A message in one frame.
    case text([UInt8])
    /// A message in several frames, at least two parts, and a protocol ping in their midst.
    case fragments([[UInt8]])
    /// Bytes in the place of a frame, as no server may send them. A client ends the connection over them, and believes nothing that they carry.
    case wrong(WrongFrame, [UInt8])
    /// A close frame with that code, then the end of the connection.
    case close(Int)
    /// The end of the connection without a close frame (what is told as 1006).
    case cut

    /// The code of a close that is none: no close frame is sent for it.
    package static let abnormal = 1006

    /// The close with that code, or what a client sees as that code.
    package static func end(_ code: Int) -> StreamOutput { code == abnormal ? .cut : .close(code) }

    /// Whether the connection is over.
    package var isEnd: Bool {
        switch self {
        case .text, .fragments, .wrong: false
        case .close, .cut: true
        }
    }
}

/// A frame that breaks RFC 6455, around a message that is good.
package enum WrongFrame: String, Sendable, CaseIterable {
    /// Masked, as only clients may (5.1).
    case masked
    /// With RSV1 set, as if compression had been agreed on (5.2).
    case compressed
    /// A text frame that is no UTF-8 (8.1).
    case badText = "bad_text"
    /// An opcode that means nothing (5.2).
    case opcode
    /// A ping of more than 125 bytes (5.5).
    case longControl = "long_control"
    /// A length in more bytes than it needs (5.2).
    case longLength = "long_length"
    /// A continuation of nothing (5.4).
    case continuation
    /// The beginning of a frame; then the connection ends.
    case unfinished

    /// The bytes on the wire. `unfinished` has at least the first byte and never all of them.
    package func bytes(around message: [UInt8]) -> [UInt8] {
        var frame = WebSocketMessage.text(message).frame(mask: nil)
        switch self {
        case .masked: frame.mask = 0x37FA_213D
        // RSV1, the first of the three bits.
        case .compressed: frame.reservedBits = 4
        case .badText: frame.payload.append(0xFF)
        case .opcode: frame.opcode = 3
        case .longControl:
            frame.opcode = WebSocketFrame.Opcode.ping
            frame.payload = Array((message + Array(repeating: UInt8(ascii: "."), count: 126)).prefix(126))
        case .longLength: frame.lengthForm = .eight
        case .continuation: frame.opcode = WebSocketFrame.Opcode.continuation
        case .unfinished: break
        }
        let bytes = frame.bytes
        return self == .unfinished ? Array(bytes.prefix(max(1, bytes.count / 2))) : bytes
    }
}

/// How a venue answers the wish for a stream.
package enum StreamOpening: Sendable {
    /// Taken, under this number. `isAcceptWrong`: the answer's Sec-WebSocket-Accept is another request's. `extensions`: what it names as agreed on.
    case opened(Int, isAcceptWrong: Bool, extensions: String?)
    case refused(HTTPResponse)
    /// No answer, ever.
    case silent
}
