/// Reads one answer from bytes as they arrive. Any input ends in an answer, a fault, or a wish for more; nothing traps.
///
/// An answer counts only with a known end: Content-Length, chunks, or a status without body. A body that runs until the connection closes is refused
/// (``HTTPFault/unframed``), because a cut looks the same.
package struct HTTPResponseParser: Sendable {
    private var reader: HTTPMessageReader
    private var status = 0
    private var headers: [HTTPHeader] = []
    private var informational = 0
    private var isComplete = false
    /// Whether the other side will take another request on this connection. Meaningful once the answer is complete.
    package private(set) var keepsAlive = false

    package init(limits: HTTPLimits = HTTPLimits()) { reader = HTTPMessageReader(limits: limits) }

    /// Takes more bytes; returns the answer with its last one.
    ///
    /// - Throws: what makes the bytes unreadable, ``HTTPFault/extraBytes`` if there is anything behind the answer. The parser is then spent.
    package mutating func consume(_ bytes: UnsafeRawBufferPointer) throws(HTTPFault) -> HTTPResponse? {
        if isComplete {
            guard bytes.isEmpty else { throw .extraBytes }
            return nil
        }
        reader.append(bytes)
        while reader.phase == .head {
            guard let head = try reader.head() else { return nil }
            try begin(head)
        }
        guard try reader.readBody() else { return nil }
        guard reader.unread == 0 else { throw .extraBytes }
        isComplete = true
        return HTTPResponse(status: status, headers: headers, body: reader.body)
    }

    package mutating func consume(_ bytes: [UInt8]) throws(HTTPFault) -> HTTPResponse? {
        var result: Result<HTTPResponse?, HTTPFault> = .success(nil)
        bytes.withUnsafeBytes { raw in
            do throws(HTTPFault) { result = .success(try consume(raw)) } catch { result = .failure(error) }
        }
        return try result.get()
    }

    private mutating func begin(_ head: HTTPMessageReader.Head) throws(HTTPFault) {
        guard let line = HTTPStatusLine(head.start) else { throw .badStartLine }
        let (code, isHTTP11) = (line.status, line.isHTTP11)
        let framing = try HTTPMessageReader.framing(head.headers, isHTTP11: isHTTP11)
        if code < 200 {
            guard code != 101 else { throw .switchedProtocols }
            guard framing == nil else { throw .badFraming }
            informational += 1
            guard informational <= reader.limits.informational else { throw .tooManyInformational }
            return reader.restart()
        }
        (status, headers) = (code, head.headers)
        keepsAlive = HTTPMessageReader.keepsAlive(head.headers, isHTTP11: isHTTP11)
        if code == 204 || code == 304 {
            guard framing != .chunked else { throw .badFraming }
            return try reader.expect(nil)
        }
        guard let framing else { throw .unframed }
        try reader.expect(framing)
    }
}

/// "HTTP/1.1 200 OK"; the reason and the blank before it may be missing.
struct HTTPStatusLine {
    let status: Int
    let isHTTP11: Bool

    /// nil: it is none of HTTP/1.0 or HTTP/1.1.
    init?(_ start: ArraySlice<UInt8>) {
        let line = Array(start)
        guard line.count >= 12, line[..<7].elementsEqual("HTTP/1.".utf8), line[7] == 0x30 || line[7] == 0x31, line[8] == .space,
            line[9...11].allSatisfy({ (0x30...0x39).contains($0) }), line.count == 12 || line[12] == .space, line.allSatisfy(\.isFieldByte)
        else { return nil }
        status = line[9...11].reduce(0) { $0 * 10 + Int($1) - 0x30 }
        isHTTP11 = line[7] == 0x31
        guard (100...599).contains(status) else { return nil }
    }
}
