import Wire

/// Frames and upgrades: however the bytes are cut into arrivals, the same is read, and what is read can be written and read again.
enum WebSocketTarget {
    private static let messageBytesMax = 4_096

    /// The first byte chooses whose frames the others are.
    static func problemWithFrames(_ bytes: [UInt8]) -> String? {
        guard let first = bytes.first else { return nil }
        let sender: WebSocketEnd = first & 1 == 0 ? .server : .client
        let stream = Array(bytes.dropFirst())
        let whole = read(stream, from: sender, by: max(1, stream.count))
        for size in [1, 7] {
            let cut = read(stream, from: sender, by: size)
            guard cut.0 == whole.0, cut.1 == whole.1 else { return "cut in \(size), \(cut) instead of \(whole)" }
        }
        for message in whole.0 {
            switch message {
            case .text(let text):
                guard text.count <= messageBytesMax else { return "a text of \(text.count) bytes" }
                guard String(validating: text, as: UTF8.self) != nil else { return "a text that is none" }
            case .binary(let data): guard data.count <= messageBytesMax else { return "data of \(data.count) bytes" }
            case .ping(let data), .pong(let data): guard data.count <= WebSocketFrame.controlBytesMax else { return "\(data.count) bytes to repeat" }
            case .close(let close):
                guard close.map({ WebSocketClose.isSendable($0.code) }) != false else { return "a close with \(String(describing: close))" }
            }
        }
        // A close ends a stream: each message by itself.
        for message in whole.0 {
            for size in [3, 70_000] {
                let written = message.frames(of: size) { sender == .client ? 0x89AB_CDEF : nil }.flatMap(\.bytes)
                guard read(written, from: sender, by: max(1, written.count)).0 == [message] else { return "\(message), written, is read as another" }
            }
        }
        return nil
    }

    private static func read(_ bytes: [UInt8], from sender: WebSocketEnd, by size: Int) -> ([WebSocketMessage], WebSocketFault?) {
        var reader = WebSocketReader(from: sender, messageBytesMax: messageBytesMax)
        var messages: [WebSocketMessage] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let fault: WebSocketFault? = bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { raw in
                var left = raw
                do throws(WebSocketFault) {
                    while let message = try reader.next(from: &left) { messages.append(message) }
                    return nil
                } catch { return error }
            }
            if let fault { return (messages, fault) }
        }
        return (messages, nil)
    }

    static func problemWithUpgrade(_ bytes: [UInt8]) -> String? {
        /// What the answer came to, and the bytes of frames behind it.
        func judge(_ size: Int) -> (refusal: WebSocketRefusal?, frames: [UInt8]?) {
            var reader = WebSocketUpgrade.AnswerReader(to: WebSocketUpgrade(nonce: Array("the sample nonce".utf8)))
            for start in stride(from: 0, to: bytes.count, by: size) {
                let end = min(start + size, bytes.count)
                do throws(WebSocketRefusal) {
                    if let rest = try reader.consume(Array(bytes[start..<end])) { return (nil, rest + bytes[end...]) }
                } catch { return (error, nil) }
            }
            return (reader.refusal, nil)
        }
        let whole = judge(max(1, bytes.count))
        if let frames = whole.frames, !bytes.starts(with: "HTTP/1.1 1".utf8) || !bytes.suffix(frames.count).elementsEqual(frames) {
            return "opened by \(bytes)"
        }
        for size in [1, 7] {
            let cut = judge(size)
            guard cut.refusal == whole.refusal, cut.frames == whole.frames else { return "cut in \(size), \(cut) instead of \(whole)" }
        }
        return nil
    }
}
