extension JSONParser {
    /// Where in its document a byte stands, as `params.place[3].price`: computed from the bytes before it, so that parsing pays nothing for it.
    ///
    /// - Parameter offset: Up to which the text is well-formed plain JSON, as an error of this parser says.
    /// - Returns: The names from the outermost value to the one at `offset`; empty for the document itself. Keys are escaped for logs.
    package static func path(to offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> String {
        enum Frame {
            case object(key: String?)
            case array(index: Int)
        }
        var frames: [Frame] = []
        var at = 0
        while at < min(offset, bytes.count) {
            switch bytes[at] {
            case UInt8(ascii: "{"): frames.append(.object(key: nil))
            case UInt8(ascii: "["): frames.append(.array(index: 0))
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = frames.popLast()
            case UInt8(ascii: ","):
                switch frames.popLast() {
                case .object: frames.append(.object(key: nil))
                case .array(let index): frames.append(.array(index: index + 1))
                case nil: break
                }
            case UInt8(ascii: "\""):
                let start = at + 1
                at = start
                while at < bytes.count, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
                if case .object(key: nil)? = frames.last {
                    let raw = UnsafeBufferPointer(rebasing: bytes[start..<min(at, bytes.count)].prefix(64))
                    frames[frames.count - 1] = .object(key: String(decoding: raw, as: UTF8.self).escapedForLog)
                }
            default: break
            }
            at += 1
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "\""), case .object(key: nil)? = frames.last {
            // The offset is that of a key: the path names it.
            return path(to: offset + 1, in: bytes)
        }
        var out = ""
        for frame in frames {
            switch frame {
            case .object(let key?): out += out.isEmpty ? key : "." + key
            case .object(key: nil): break
            case .array(let index): out += "[\(index)]"
            }
        }
        return out
    }
}
