import CLinux

/// Where a TCP connection goes to or comes from.
package struct SocketAddress: Sendable, Equatable {
    /// A `sockaddr_in` or `sockaddr_in6`, as bytes.
    package let bytes: [UInt8]
    package let family: Int32

    package init(bytes: [UInt8], family: Int32) { (self.bytes, self.family) = (bytes, family) }

    /// An address in digits; nil for a name. Asks nobody.
    package init?(numeric host: String, port: UInt16) {
        if case .success(let found) = SocketAddress.resolve(host, port: port, numericOnly: true), let first = found.first {
            self = first
        } else {
            return nil
        }
    }

    package enum Resolution: Sendable {
        case success([SocketAddress])
        case failure(String)
    }

    /// All addresses of a host. Blocks for as long as the system's resolver does, unless `numericOnly`.
    package static func resolve(_ host: String, port: UInt16, numericOnly: Bool) -> Resolution {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | (numericOnly ? AI_NUMERICHOST : AI_ADDRCONFIG)
        var list: UnsafeMutablePointer<addrinfo>?
        var code = getaddrinfo(host, String(port), &hints, &list)
        if code != 0 && !numericOnly {
            // A host with loopback alone has no configured family, yet may speak to itself.
            hints.ai_flags = AI_NUMERICSERV
            code = getaddrinfo(host, String(port), &hints, &list)
        }
        guard code == 0 else { return .failure(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr {
                let bytes = [UInt8](UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
                found.append(SocketAddress(bytes: bytes, family: entry.ai_family))
            }
            next = entry.ai_next
        }
        return .success(found)
    }

    package var isLoopback: Bool {
        if family == AF_INET { return bytes.count >= 8 && bytes[4] == 127 }
        guard family == AF_INET6, bytes.count >= 24 else { return false }
        return bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1
    }

    /// Port in host order.
    package var port: UInt16 { bytes.count >= 4 ? UInt16(bytes[2]) << 8 | UInt16(bytes[3]) : 0 }

    /// `127.0.0.1:80` or `[::1]:80`.
    package var text: String {
        var room = [CChar](repeating: 0, count: 64)
        let size = socklen_t(room.count)
        let done = bytes.withUnsafeBytes { raw in
            let start = raw.baseAddress.map { $0 + (family == AF_INET ? 4 : 8) }
            return raw.count >= 16 && inet_ntop(family, start, &room, size) != nil
        }
        guard done else { return "?" }
        let digits = String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return family == AF_INET ? "\(digits):\(port)" : "[\(digits)]:\(port)"
    }
}
