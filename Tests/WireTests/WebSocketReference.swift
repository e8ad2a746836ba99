import Wire

/// A second reading of RFC 6455, made to be looked through and not to be fast: it has the whole stream before it, and shares nothing with the reader but
/// the values it speaks in.
struct WebSocketReference {
    private(set) var messages: [WebSocketMessage] = []
    private(set) var fault: WebSocketFault?
    /// How many bytes show the fault.
    private(set) var faultAfter: Int?

    init(_ stream: [UInt8], from sender: WebSocketEnd, messageBytesMax: Int) { read(stream, from: sender, messageBytesMax: messageBytesMax) }

    private mutating func read(_ stream: [UInt8], from sender: WebSocketEnd, messageBytesMax: Int) {
        var position = 0
        var open: (kind: UInt8, bytes: [UInt8])?
        while position < stream.count {
            // 5.2: FIN, three reserved bits, four bits of opcode.
            let first = stream[position]
            let opcode = Int(first) % 16
            if (first / 16) % 8 != 0 { return fail(.reservedBits, position + 1) }
            if (3...7).contains(opcode) || opcode > 10 { return fail(.unknownOpcode(UInt8(opcode)), position + 1) }
            let isFinal = first >= 128
            if opcode >= 8, !isFinal { return fail(.controlFragmented, position + 1) }
            if opcode == 0, open == nil { return fail(.strayContinuation, position + 1) }
            if opcode == 1 || opcode == 2, open != nil { return fail(.unfinishedMessage, position + 1) }
            guard position + 1 < stream.count else { return }

            let second = stream[position + 1]
            if sender == .server, second >= 128 { return fail(.masked, position + 2) }
            if sender == .client, second < 128 { return fail(.unmasked, position + 2) }
            var length = Int(second % 128)
            var cursor = position + 2
            if opcode >= 8, length > 125 { return fail(.controlTooLong, cursor) }
            if length >= 126 {
                let count = length == 126 ? 2 : 8
                if count == 8, cursor < stream.count, stream[cursor] >= 128 { return fail(.badLength, cursor + 1) }
                guard cursor + count <= stream.count else { return }
                length = stream[cursor..<cursor + count].reduce(0) { $0 * 256 + Int($1) }
                cursor += count
                if length < (count == 2 ? 126 : 65_536) { return fail(.badLength, cursor) }
            }
            if opcode < 8, length > messageBytesMax - (open?.bytes.count ?? 0) { return fail(.messageTooLarge, cursor) }

            var key: [UInt8] = [0, 0, 0, 0]
            if sender == .client {
                guard cursor + 4 <= stream.count else { return }
                key = Array(stream[cursor..<cursor + 4])
                cursor += 4
            }
            let end = min(cursor + length, stream.count)
            let payload = (cursor..<end).map { stream[$0] ^ key[($0 - cursor) % 4] }
            if opcode >= 8 {
                guard payload.count == length else { return }
                switch opcode {
                case 9: messages.append(.ping(payload))
                case 10: messages.append(.pong(payload))
                default:
                    if payload.count == 1 { return fail(.badCloseCode(nil), end) }
                    if payload.isEmpty { return messages.append(.close(nil)) }
                    let code = UInt16(payload[0]) * 256 + UInt16(payload[1])
                    let mayStand = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].contains(code)
                    if !mayStand, !(3000...4999).contains(code) { return fail(.badCloseCode(code), end) }
                    guard let reason = String(validating: payload[2...], as: UTF8.self) else { return fail(.badText, end) }
                    return messages.append(.close(WebSocketClose(code, reason)))
                }
            } else {
                let before = open ?? (UInt8(opcode), [])
                let bytes = before.bytes + payload
                if before.kind == 1, let wrong = Self.firstWrong(bytes, from: before.bytes.count) {
                    return fail(.badText, cursor + wrong - before.bytes.count + 1)
                }
                guard payload.count == length else { return }
                if isFinal {
                    guard before.kind == 2 || String(validating: bytes, as: UTF8.self) != nil else { return fail(.badText, end) }
                    messages.append(before.kind == 1 ? .text(bytes) : .binary(bytes))
                    open = nil
                } else {
                    open = (before.kind, bytes)
                }
            }
            position = end
        }
    }

    private mutating func fail(_ fault: WebSocketFault, _ after: Int) { (self.fault, faultAfter) = (fault, after) }

    /// The first byte with which no text can go on, told by trying every way in which the character could end. Bytes before `start` are fine.
    private static func firstWrong(_ bytes: [UInt8], from start: Int) -> Int? {
        var begin = 0
        for index in bytes.indices {
            let part = Array(bytes[begin...index])
            if String(validating: part, as: UTF8.self) != nil {
                begin = index + 1
            } else if index >= start, !endings.contains(where: { String(validating: part + $0, as: UTF8.self) != nil }) {
                return index
            }
        }
        return nil
    }

    /// Ends of a character: each bound of each range that a byte of RFC 3629 may lie in.
    private static let endings: [[UInt8]] = {
        let bounds: [UInt8] = [0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF]
        let two: [[UInt8]] = bounds.map { [$0, 0x80] }
        return bounds.map { [$0] } + two + bounds.map { [$0, 0x80, 0x80] }
    }()
}
