/// Reads messages from bytes as they arrive. Any input ends in messages, a fault, or a wish for more; nothing traps, and however the bytes are cut, the
/// same is read. Each byte of a payload is copied once, into its message.
///
/// Source: RFC 6455, sections 5 and 8.1 (read 2026-11-28).
package struct WebSocketReader: Sendable {
    package static let messageBytesMax = 4 << 20

    private enum Phase: Equatable {
        case head
        case secondByte
        /// Of two bytes, or of eight.
        case length(left: Int, isLong: Bool)
        case mask(left: Int)
        case payload
    }

    /// Whose frames come in: they are masked, or must not be.
    private let sender: WebSocketEnd
    private let messageBytesMax: Int
    private var phase = Phase.head

    // The frame.
    private var opcode: UInt8 = 0
    private var isFinal = true
    private var length: UInt64 = 0
    /// Bytes of the payload read, and all of them.
    private var done = 0
    private var size = 0
    private var mask: UInt32 = 0

    // The message, over frames.
    /// Text or binary; nil: no message has begun.
    private var kind: UInt8?
    private var data: [UInt8] = []
    private var text = UTF8Check()
    private var control: [UInt8] = []

    /// Set by the first wrong byte: nothing is read any more.
    package private(set) var fault: WebSocketFault?
    /// The other end has closed; what it sends behind that is passed over (RFC 6455, 1.4).
    package private(set) var isClosed = false

    /// - Parameters:
    ///   - sender: Who sends what is read here.
    ///   - messageBytesMax: Beyond it a message is a fault, however it is cut into frames.
    package init(from sender: WebSocketEnd, messageBytesMax: Int = WebSocketReader.messageBytesMax) {
        (self.sender, self.messageBytesMax) = (sender, messageBytesMax)
    }

    /// Whether a frame has begun and not ended.
    package var isInFrame: Bool { phase != .head }
    /// Whether fragments of a message wait for more.
    package var isInMessage: Bool { kind != nil }

    /// The next message in `bytes`, which lose what was read; nil: all of them were.
    package mutating func next(from bytes: inout UnsafeRawBufferPointer) throws(WebSocketFault) -> WebSocketMessage? {
        if let fault { throw fault }
        while let byte = bytes.first {
            if isClosed {
                bytes = UnsafeRawBufferPointer(rebasing: bytes[bytes.count...])
                return nil
            }
            let part: Int
            let message: WebSocketMessage?
            do throws(WebSocketFault) {
                if phase == .payload {
                    part = min(size - done, bytes.count)
                    message = try take(UnsafeRawBufferPointer(rebasing: bytes[..<part]))
                } else {
                    part = 1
                    message = try take(byte)
                }
            } catch {
                fault = error
                throw error
            }
            bytes = UnsafeRawBufferPointer(rebasing: bytes[part...])
            if let message { return message }
        }
        return nil
    }

    /// A byte of the head.
    private mutating func take(_ byte: UInt8) throws(WebSocketFault) -> WebSocketMessage? {
        switch phase {
        case .head:
            try begin(byte)
            phase = .secondByte
        case .secondByte:
            switch (sender, byte & 0x80 != 0) {
            case (.server, true): throw .masked
            case (.client, false): throw .unmasked
            case (.server, false), (.client, true): break
            }
            let short = byte & 0x7F
            guard !isControl || short <= WebSocketFrame.controlBytesMax else { throw .controlTooLong }
            length = short < 126 ? UInt64(short) : 0
            guard short >= 126 else { return try lengthIsKnown() }
            phase = short == 126 ? .length(left: 2, isLong: false) : .length(left: 8, isLong: true)
        case .length(let left, let isLong):
            guard left < 8 || byte & 0x80 == 0 else { throw .badLength }
            length = length << 8 | UInt64(byte)
            phase = .length(left: left - 1, isLong: isLong)
            guard left == 1 else { return nil }
            guard length >= (isLong ? 0x1_0000 : 126) else { throw .badLength }
            return try lengthIsKnown()
        case .mask(let left):
            mask = mask << 8 | UInt32(byte)
            phase = .mask(left: left - 1)
            guard left == 1 else { return nil }
            return try headIsRead()
        case .payload: preconditionFailure("payloads are taken in parts")
        }
        return nil
    }

    private var isControl: Bool { opcode & 8 != 0 }

    /// The first byte: what kind of frame may stand here.
    private mutating func begin(_ byte: UInt8) throws(WebSocketFault) {
        guard byte & 0x70 == 0 else { throw .reservedBits }
        (opcode, isFinal) = (byte & 15, byte & 0x80 != 0)
        switch opcode {
        case WebSocketFrame.Opcode.continuation: guard kind != nil else { throw .strayContinuation }
        case WebSocketFrame.Opcode.text, WebSocketFrame.Opcode.binary:
            guard kind == nil else { throw .unfinishedMessage }
            (kind, text) = (opcode, UTF8Check())
        case WebSocketFrame.Opcode.close, WebSocketFrame.Opcode.ping, WebSocketFrame.Opcode.pong:
            guard isFinal else { throw .controlFragmented }
        default: throw .unknownOpcode(opcode)
        }
    }

    private mutating func lengthIsKnown() throws(WebSocketFault) -> WebSocketMessage? {
        guard isControl || length <= UInt64(max(messageBytesMax - data.count, 0)) else { throw .messageTooLarge }
        (size, done, mask) = (Int(length), 0, 0)
        guard sender == .client else { return try headIsRead() }
        phase = .mask(left: 4)
        return nil
    }

    private mutating func headIsRead() throws(WebSocketFault) -> WebSocketMessage? {
        guard size > 0 else { return try frameIsRead() }
        phase = .payload
        // No more than was sent: an announced length is cheap.
        if !isControl, data.isEmpty { data.reserveCapacity(min(size, 16 << 10)) }
        return nil
    }

    /// A part of the payload.
    private mutating func take(_ part: UnsafeRawBufferPointer) throws(WebSocketFault) -> WebSocketMessage? {
        let key = sender == .client ? mask : nil
        if isControl {
            Self.append(part, to: &control, mask: key, from: done)
        } else {
            let start = data.count
            Self.append(part, to: &data, mask: key, from: done)
            let isText = kind == WebSocketFrame.Opcode.text
            guard !isText || data.withUnsafeBytes({ text.take(UnsafeRawBufferPointer(rebasing: $0[start...])) }) else { throw .badText }
        }
        done += part.count
        return done == size ? try frameIsRead() : nil
    }

    private static func append(_ part: UnsafeRawBufferPointer, to buffer: inout [UInt8], mask: UInt32?, from done: Int) {
        let start = buffer.count
        buffer.append(contentsOf: part)
        guard let mask else { return }
        buffer.withUnsafeMutableBytes { WebSocketMask.apply(mask, from: done, to: UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
    }

    private mutating func frameIsRead() throws(WebSocketFault) -> WebSocketMessage? {
        phase = .head
        if isControl {
            let payload = control
            control = []
            switch opcode {
            case WebSocketFrame.Opcode.ping: return .ping(payload)
            case WebSocketFrame.Opcode.pong: return .pong(payload)
            default:
                let close = try Self.close(payload)
                isClosed = true
                return .close(close)
            }
        }
        guard isFinal else { return nil }
        guard text.isComplete else { throw .badText }
        let isText = kind == WebSocketFrame.Opcode.text
        let message = data
        (kind, data) = (nil, [])
        return isText ? .text(message) : .binary(message)
    }

    private static func close(_ payload: [UInt8]) throws(WebSocketFault) -> WebSocketClose? {
        guard !payload.isEmpty else { return nil }
        guard payload.count >= 2 else { throw .badCloseCode(nil) }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        guard WebSocketClose.isSendable(code) else { throw .badCloseCode(code) }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else { throw .badText }
        return WebSocketClose(code, reason)
    }
}
