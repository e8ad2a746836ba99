/// A request as a value. Bytes of `body` are signed, hashed and sent as they are.
package struct HTTPRequest: Sendable, Equatable {
    package var method: String
    /// Path with percent-encoded query: what stands in the request line.
    package var target: String
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    package init(_ method: String, _ target: String, headers: [HTTPHeader] = [], body: [UInt8] = []) {
        (self.method, self.target, self.headers, self.body) = (method, target, headers, body)
    }

    /// The part of `target` before `?`.
    package var path: Substring { target[..<(mark ?? target.endIndex)] }
    /// The part behind `?`, as sent; nil without one.
    package var query: Substring? { mark.map { target[target.utf8.index(after: $0)...] } }
    /// By bytes: character by character it took a third of the time that signing takes.
    private var mark: String.Index? { target.utf8.firstIndex(of: UInt8(ascii: "?")) }
    /// The first header of that name, whatever its case.
    package func header(_ name: String) -> String? { headers.value(of: name) }
}

package struct HTTPHeader: Sendable, Equatable {
    package var name: String
    package var value: String
    package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}

extension [HTTPHeader] {
    package func value(of name: String) -> String? {
        let wanted = name.utf8
        return first { header in
            header.name.utf8.count == wanted.count && zip(header.name.utf8, wanted).allSatisfy { ($0 | 0x20) == ($1 | 0x20) }
        }?.value
    }
}

package struct HTTPResponse: Sendable, Equatable {
    package var status: Int
    package var headers: [HTTPHeader]
    package var body: [UInt8]
    package init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }
    package func header(_ name: String) -> String? { headers.value(of: name) }
}

/// Where requests go: scheme, host and port.
package struct HTTPOrigin: Hashable, Sendable, CustomStringConvertible {
    package let isTLS: Bool
    package let host: String
    package let port: UInt16
    package init(isTLS: Bool, host: String, port: UInt16) { (self.isTLS, self.host, self.port) = (isTLS, host, port) }

    /// Reads `https://host[:port]` or `http://host[:port]` (IPv6 hosts in brackets); nil for anything else, a path or user included.
    package init?(_ url: String) {
        let isTLS: Bool
        var rest: Substring
        if url.hasPrefix("https://") {
            (isTLS, rest) = (true, url.dropFirst(8))
        } else if url.hasPrefix("http://") {
            (isTLS, rest) = (false, url.dropFirst(7))
        } else {
            return nil
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var host = rest
        var port: UInt16 = isTLS ? 443 : 80
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            let tail = rest[rest.index(after: end)...]
            if !tail.isEmpty {
                guard tail.first == ":", let number = UInt16(tail.dropFirst()), number > 0 else { return nil }
                port = number
            }
            guard !host.isEmpty, host.utf8.allSatisfy({ "0123456789abcdefABCDEF:.".utf8.contains($0) }) else { return nil }
        } else {
            if let colon = rest.firstIndex(of: ":") {
                guard let number = UInt16(rest[rest.index(after: colon)...]), number > 0 else { return nil }
                host = rest[..<colon]
                port = number
            }
            let allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
            guard !host.isEmpty, host.utf8.allSatisfy({ allowed.utf8.contains($0) }) else { return nil }
        }
        // Hosts have no case.
        self.init(isTLS: isTLS, host: host.lowercased(), port: port)
    }

    package var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(isTLS ? "https" : "http")://\(name):\(port)"
    }

    /// 127.0.0.0/8, ::1 and localhost: the only hosts that plain HTTP may go to.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
