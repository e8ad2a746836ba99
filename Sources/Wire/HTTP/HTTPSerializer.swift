extension HTTPRequest {
    /// Head and body in one piece, to be written once. Adds Host, User-Agent, `Accept-Encoding: identity` and Content-Length.
    ///
    /// - Throws: ``HTTPFault/forbiddenByte`` if a method, target or header would break out of its line, ``HTTPFault/reservedHeader(_:)`` for a
    ///   header that is written here.
    package func serialized(for origin: HTTPOrigin) throws(HTTPFault) -> [UInt8] { try serialized(for: origin, adding: []) }

    /// - Parameter own: Headers that are reserved, from who may write them.
    func serialized(for origin: HTTPOrigin, adding own: [HTTPHeader]) throws(HTTPFault) -> [UInt8] {
        guard !method.isEmpty, method.utf8.allSatisfy(\.isTokenByte), target.utf8.first == UInt8(ascii: "/"),
            target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .forbiddenByte }
        var out: [UInt8] = []
        out.reserveCapacity(512 + body.count)
        out += method.utf8
        out.append(.space)
        out += target.utf8
        out += " HTTP/1.1\r\nHost: ".utf8
        out += origin.authority.utf8
        out += "\r\nAccept-Encoding: identity\r\n".utf8
        if header("user-agent") == nil { out += "User-Agent: omsd\r\n".utf8 }
        try out.appendFields(
            headers, reserved: ["host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "upgrade"])
        try out.appendFields(own, reserved: [])
        if !body.isEmpty || method == "POST" || method == "PUT" || method == "PATCH" { out.appendLength(body.count) }
        out += "\r\n".utf8
        out += body
        return out
    }
}

extension HTTPResponse {
    /// Head and body in one piece. Adds Content-Length (but to 204 and 304), and `Connection: close` unless kept alive.
    package func serialized(keepsAlive: Bool) throws(HTTPFault) -> [UInt8] {
        guard (200...599).contains(status) else { throw .badStartLine }
        var out: [UInt8] = []
        out.reserveCapacity(256 + body.count)
        out += "HTTP/1.1 \(status) \(Self.reason(status))\r\n".utf8
        try out.appendFields(headers, reserved: ["content-length", "transfer-encoding", "connection"])
        if !keepsAlive { out += "Connection: close\r\n".utf8 }
        let hasBody = status != 204 && status != 304
        if hasBody { out.appendLength(body.count) }
        out += "\r\n".utf8
        if hasBody { out += body }
        return out
    }

    /// For people; nothing reads it.
    private static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}

extension HTTPOrigin {
    /// As the Host header names it: the port only where it is not the scheme's own.
    package var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }
}

extension [UInt8] {
    fileprivate mutating func appendFields(_ headers: [HTTPHeader], reserved: [StaticString]) throws(HTTPFault) {
        for header in headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(\.isTokenByte), header.value.utf8.allSatisfy(\.isFieldByte) else {
                throw .forbiddenByte
            }
            guard !reserved.contains(where: { header.name.equalsIgnoringCase($0) }) else { throw .reservedHeader(header.name) }
            self += header.name.utf8
            self += ": ".utf8
            self += header.value.utf8
            self += "\r\n".utf8
        }
    }

    fileprivate mutating func appendLength(_ count: Int) {
        self += "Content-Length: ".utf8
        self += String(count).utf8
        self += "\r\n".utf8
    }
}
