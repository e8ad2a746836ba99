/// One frame as it goes out. Everything in it may be set wrong on purpose: simulated venues have to send what no venue should.
///
/// Source: RFC 6455, section 5.2 (read 2026-11-28).
package struct WebSocketFrame: Sendable, Equatable {
    /// How many bytes the length takes.
    package enum LengthForm: Sendable {
        case shortest
        /// Two bytes behind the head, or eight, whether or not fewer would do.
        case two, eight
    }
    /// Four bits; these are the ones with a meaning.
    package enum Opcode {
        package static let continuation: UInt8 = 0
        package static let text: UInt8 = 1
        package static let binary: UInt8 = 2
        package static let close: UInt8 = 8
        package static let ping: UInt8 = 9
        package static let pong: UInt8 = 10
    }
    /// What a ping, pong or close holds at most.
    package static let controlBytesMax = 125

    package var isFinal = true
    /// The three bits beside it: RSV1 is 4, RSV2 2, RSV3 1.
    package var reservedBits: UInt8 = 0
    package var opcode: UInt8
    /// Its most significant byte goes first. A client draws one for each frame, from a source that the other side cannot foretell; a server has none.
    package var mask: UInt32?
    package var payload: [UInt8]
    package var lengthForm = LengthForm.shortest
    /// What the head says of the length; nil: the truth.
    package var claimedLength: UInt64?

    package init(_ opcode: UInt8, _ payload: [UInt8], mask: UInt32?) { (self.opcode, self.payload, self.mask) = (opcode, payload, mask) }

    package func append(to out: inout [UInt8]) {
        out.append((isFinal ? 0x80 : 0) | (reservedBits & 7) << 4 | opcode & 15)
        let length = claimedLength ?? UInt64(payload.count)
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        switch lengthForm {
        case .shortest where length < 126: out.append(maskBit | UInt8(length))
        case .shortest where length <= 0xFFFF, .two:
            out.append(maskBit | 126)
            for shift in [8, 0] { out.append(UInt8(truncatingIfNeeded: length >> shift)) }
        case .shortest, .eight:
            out.append(maskBit | 127)
            for shift in stride(from: 56, through: 0, by: -8) { out.append(UInt8(truncatingIfNeeded: length >> shift)) }
        }
        guard let mask else { return out.append(contentsOf: payload) }
        for shift in [24, 16, 8, 0] { out.append(UInt8(truncatingIfNeeded: mask >> shift)) }
        let start = out.count
        out.append(contentsOf: payload)
        out.withUnsafeMutableBytes { WebSocketMask.apply(mask, from: 0, to: UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
    }

    package var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(14 + payload.count)
        append(to: &out)
        return out
    }
}

extension WebSocketMessage {
    /// The message in one frame. A close's reason is cut to what fits, between characters.
    package func frame(mask: UInt32?) -> WebSocketFrame {
        switch self {
        case .text(let bytes): WebSocketFrame(WebSocketFrame.Opcode.text, bytes, mask: mask)
        case .binary(let bytes): WebSocketFrame(WebSocketFrame.Opcode.binary, bytes, mask: mask)
        case .ping(let bytes): WebSocketFrame(WebSocketFrame.Opcode.ping, Array(bytes.prefix(WebSocketFrame.controlBytesMax)), mask: mask)
        case .pong(let bytes): WebSocketFrame(WebSocketFrame.Opcode.pong, Array(bytes.prefix(WebSocketFrame.controlBytesMax)), mask: mask)
        case .close(nil): WebSocketFrame(WebSocketFrame.Opcode.close, [], mask: mask)
        case .close(let close?):
            WebSocketFrame(
                WebSocketFrame.Opcode.close,
                [UInt8(truncatingIfNeeded: close.code >> 8), UInt8(truncatingIfNeeded: close.code)]
                    + close.reason.utf8Prefix(WebSocketFrame.controlBytesMax - 2),
                mask: mask)
        }
    }

    /// Data in frames of at most `size` bytes, of which the first tells the kind; a word about the connection stays whole.
    ///
    /// - Parameters:
    ///   - size: At least 1.
    ///   - mask: Drawn anew for each frame; nil on a server.
    package func frames(of size: Int, mask: () -> UInt32?) -> [WebSocketFrame] {
        precondition(size > 0, "fragments of nothing never end")
        let whole = frame(mask: nil)
        guard whole.opcode <= WebSocketFrame.Opcode.binary, whole.payload.count > size else { return [frame(mask: mask())] }
        return stride(from: 0, to: whole.payload.count, by: size).map { start in
            let end = min(start + size, whole.payload.count)
            var part = WebSocketFrame(
                start == 0 ? whole.opcode : WebSocketFrame.Opcode.continuation, Array(whole.payload[start..<end]), mask: mask())
            part.isFinal = end == whole.payload.count
            return part
        }
    }
}

extension String {
    /// As many whole characters (scalars) as fit.
    fileprivate func utf8Prefix(_ count: Int) -> ArraySlice<UInt8> {
        let bytes = Array(utf8)
        guard bytes.count > count else { return bytes[...] }
        var end = count
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return bytes[..<end]
    }
}

/// The mask of a client's frames, which is its own undoing.
enum WebSocketMask {
    /// - Parameter offset: How many bytes of the frame's payload stand before `bytes`.
    static func apply(_ key: UInt32, from offset: Int, to bytes: UnsafeMutableRawBufferPointer) {
        let turn = UInt32(offset & 3) * 8
        let turned = turn == 0 ? key : key << turn | key >> (32 - turn)
        let pattern = (UInt64(turned) << 32 | UInt64(turned)).bigEndian
        var at = 0
        while at + 8 <= bytes.count {
            bytes.storeBytes(of: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ pattern, toByteOffset: at, as: UInt64.self)
            at += 8
        }
        while at < bytes.count {
            bytes[at] ^= UInt8(truncatingIfNeeded: turned >> (24 - UInt32(at & 3) * 8))
            at += 1
        }
    }
}
