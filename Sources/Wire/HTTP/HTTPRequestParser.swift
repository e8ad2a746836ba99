/// Reads requests from bytes as they arrive, one after the other. As strict as the answer's reader; `Expect` is ignored.
package struct HTTPRequestParser: Sendable {
    private var reader: HTTPMessageReader
    private var request = HTTPRequest("", "")
    /// Whether the sender of the last request will read another answer on this connection.
    package private(set) var keepsAlive = true

    package init(limits: HTTPLimits = HTTPLimits(bodyBytes: 64 * 1024 * 1024)) { reader = HTTPMessageReader(limits: limits) }

    /// Bytes appended and not yet part of a request that was returned.
    package var unread: Int { reader.unread }
    /// Whether part of a request is there.
    package var hasPartial: Bool { reader.unread > 0 || reader.phase != .head }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) { reader.append(bytes) }
    package mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    /// The next complete request among what was appended; nil when more bytes are needed.
    package mutating func next() throws(HTTPFault) -> HTTPRequest? {
        if reader.phase == .head {
            guard let head = try reader.head() else { return nil }
            try begin(head)
        }
        guard try reader.readBody() else { return nil }
        request.body = reader.body
        reader.restart()
        return request
    }

    private mutating func begin(_ head: HTTPMessageReader.Head) throws(HTTPFault) {
        let parts = head.start.split(separator: .space, omittingEmptySubsequences: false)
        guard parts.count == 3, let method = parts.first, let version = parts.last, (1...32).contains(method.count), method.allSatisfy(\.isTokenByte)
        else { throw .badStartLine }
        let target = parts[1]
        guard let first = target.first, first == UInt8(ascii: "/") || target.elementsEqual("*".utf8), target.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .badStartLine }
        let isHTTP11 = version.elementsEqual("HTTP/1.1".utf8)
        guard isHTTP11 || version.elementsEqual("HTTP/1.0".utf8) else { throw .badStartLine }
        let hosts = head.headers.count { $0.name.equalsIgnoringCase("host") }
        guard hosts == 1 || (hosts == 0 && !isHTTP11) else { throw .badStartLine }
        keepsAlive = HTTPMessageReader.keepsAlive(head.headers, isHTTP11: isHTTP11)
        request = HTTPRequest(String(decoding: method, as: UTF8.self), String(decoding: target, as: UTF8.self), headers: head.headers)
        try reader.expect(try HTTPMessageReader.framing(head.headers, isHTTP11: isHTTP11))
    }
}
