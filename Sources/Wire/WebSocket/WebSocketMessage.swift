/// What one end of a WebSocket says to the other: data, or a word about the connection. Fragments are put together before it is one.
///
/// Source: RFC 6455, sections 5.5 and 5.6 (read 2026-11-28).
package enum WebSocketMessage: Sendable, Equatable {
    /// UTF-8, proven where it was read.
    case text([UInt8])
    case binary([UInt8])
    /// At most ``WebSocketFrame/controlBytesMax`` bytes, which the pong repeats.
    case ping([UInt8])
    case pong([UInt8])
    /// The last message of its end; nil: without a code.
    case close(WebSocketClose?)

    package static func text(_ text: String) -> WebSocketMessage { .text(Array(text.utf8)) }
}

/// Why an end closes.
package struct WebSocketClose: Sendable, Equatable {
    package let code: UInt16
    /// For people.
    package let reason: String
    package init(_ code: UInt16, _ reason: String = "") { (self.code, self.reason) = (code, reason) }

    /// Whether the code may stand in a frame: those of RFC 6455, 7.4.1 that are no mere names for what was not said (1004 to 1006, 1015), what IANA
    /// registered since (1012 to 1014), and those of libraries and applications.
    package static func isSendable(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// What the code stands for, in words; nil: an application's own, or nobody's.
    package var words: StaticString? {
        switch code {
        case 1000: "done"
        case 1001: "going away"
        case 1002: "protocol error"
        case 1003: "unsupported data"
        case 1007: "data that is not what it claims to be"
        case 1008: "policy"
        case 1009: "message too large"
        case 1010: "extension missing"
        case 1011: "internal error"
        case 1012: "restart"
        case 1013: "try again later"
        case 1014: "bad gateway"
        default: nil
        }
    }
}

extension WebSocketClose: CustomStringConvertible {
    package var description: String {
        let name = words.map { "\(code) (\($0))" } ?? "\(code)"
        return reason.isEmpty ? name : "\(name): \(reason)"
    }
}
