import CLinux

/// Where a TCP connection goes to or comes from.
struct SocketAddress: Sendable, Equatable {
    /// A `sockaddr_in` or `sockaddr_in6`, as bytes.
    let bytes: [UInt8]
    let family: Int32

    init(bytes: [UInt8], family: Int32) { (self.bytes, self.family) = (bytes, family) }

    /// An address in digits; nil for a name. Asks nobody.
    init?(numeric host: String, port: UInt16) {
        if case .success(let found) = SocketAddress.resolve(host, port: port, numericOnly: true), let first = found.first {
            self = first
        } else {
            return nil
        }
    }

    enum Resolution: Sendable {
        case success([SocketAddress])
        case failure(String)
    }

    /// All addresses of a host. Blocks for as long as the system's resolver does, unless `numericOnly`.
    static func resolve(_ host: String, port: UInt16, numericOnly: Bool) -> Resolution {
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

    var isLoopback: Bool {
        if family == AF_INET { return bytes.count >= 8 && bytes[4] == 127 }
        guard family == AF_INET6, bytes.count >= 24 else { return false }
        return bytes[8..<23].allSatisfy { $0 == 0 } && bytes[23] == 1
    }

    /// Port in host order.
    var port: UInt16 { bytes.count >= 4 ? UInt16(bytes[2]) << 8 | UInt16(bytes[3]) : 0 }

    /// `127.0.0.1:80` or `[::1]:80`.
    var text: String {
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

/// The system calls on a nonblocking TCP socket, in one place. Owns nothing: the connection that holds it closes it.
struct Socket {
    let fd: Int32

    enum Transfer {
        case bytes(Int)
        case wouldBlock
        case ended
        case failed(Int32)
    }

    /// A nonblocking socket whose close resets until ``allowOrderlyClose()``: neither a crash nor `kill -9` leaves queued bytes on their way.
    static func outgoing(family: Int32) throws(TransportError) -> Socket {
        let made = omsd_tcp_socket(family)
        guard made >= 0 else { throw .system("socket") }
        let socket = Socket(fd: made)
        guard omsd_reset_on_close(made) == 0, socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1), socket.set(SOL_SOCKET, SO_KEEPALIVE, 1),
            // A warm connection that the path has forgotten shows within half a minute (seconds: first probe, then between probes).
            socket.set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15), socket.set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5),
            // Milliseconds that the kernel goes on re-sending without an acknowledgement.
            socket.set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 5_000)
        else {
            let error = TransportError.system("setsockopt")
            socket.close()
            throw error
        }
        return socket
    }

    func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// 0 when connected, EINPROGRESS, or why not.
    func connect(_ address: SocketAddress) -> Int32 {
        omsd_tcp_connect(fd, address.bytes, socklen_t(address.bytes.count)) == 0 ? 0 : omsd_errno()
    }

    /// What became of a connect in progress.
    var pendingError: Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : omsd_errno()
    }

    func receive(into room: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(fd, room.baseAddress, room.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            let code = omsd_errno()
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(code)
        }
    }

    /// Hands bytes from `offset` on to the kernel, which may take fewer; adds what it took to `taken`.
    func send(_ bytes: [UInt8], from offset: Int, taken: inout Int) -> Transfer {
        while true {
            let count = bytes.withUnsafeBytes { raw in
                CLinux.send(fd, raw.baseAddress.map { $0 + offset }, raw.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                taken += count
                return .bytes(count)
            }
            let code = omsd_errno()
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(code)
        }
    }

    func ownPort() throws(TransportError) -> UInt16 {
        var name = [UInt8](repeating: 0, count: 64)
        var size = socklen_t(name.count)
        guard omsd_tcp_own_name(fd, &name, &size) == 0 else { throw .system("getsockname") }
        return SocketAddress(bytes: Array(name.prefix(Int(size))), family: AF_INET).port
    }

    /// From here on a close is a FIN. For a socket whose answer is complete, or that carried nothing.
    func allowOrderlyClose() {
        var off = linger(l_onoff: 0, l_linger: 0)
        // A failure leaves the reset, which is safe.
        _ = setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, socklen_t(MemoryLayout<linger>.size))
    }

    func close() { _ = CLinux.close(fd) }
}
