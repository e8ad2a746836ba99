import CLinux

/// The system calls on a nonblocking TCP socket, in one place. Owns nothing: the connection that holds it closes it.
package struct Socket: Sendable {
    package let fd: Int32

    package enum Transfer {
        case bytes(Int)
        case wouldBlock
        case ended
        case failed(Int32)
    }

    package init(fd: Int32) { self.fd = fd }

    /// A nonblocking one that no program started by this one inherits.
    package static func tcp(family: Int32) throws(SystemError) -> Socket {
        let made = omsd_tcp_socket(family)
        guard made >= 0 else { throw SystemError("socket") }
        return Socket(fd: made)
    }

    /// Binds and listens; errno says why not.
    package func listen(_ address: SocketAddress, backlog: Int32) -> Bool {
        omsd_tcp_bind(fd, address.bytes, socklen_t(address.bytes.count)) == 0 && CLinux.listen(fd, backlog) == 0
    }

    package func set(_ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// 0 when connected, EINPROGRESS, or why not.
    package func connect(_ address: SocketAddress) -> Int32 {
        omsd_tcp_connect(fd, address.bytes, socklen_t(address.bytes.count)) == 0 ? 0 : omsd_errno()
    }

    /// What became of a connect in progress.
    package var pendingError: Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : omsd_errno()
    }

    package func receive(into room: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(fd, room.baseAddress, room.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            let code = omsd_errno()
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(code)
        }
    }

    /// Hands bytes on to the kernel, which may take fewer; what it took leaves the queue.
    package func send(_ queue: inout ByteQueue) -> Transfer {
        while true {
            let count = queue.withBytes { CLinux.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count >= 0 {
                queue.removeFirst(count)
                return .bytes(count)
            }
            let code = omsd_errno()
            if code == EINTR { continue }
            return code == EAGAIN ? .wouldBlock : .failed(code)
        }
    }

    package func ownPort() throws(SystemError) -> UInt16 {
        var name = [UInt8](repeating: 0, count: 64)
        var size = socklen_t(name.count)
        guard omsd_tcp_own_name(fd, &name, &size) == 0 else { throw SystemError("getsockname") }
        return SocketAddress(bytes: Array(name.prefix(Int(size))), family: AF_INET).port
    }

    /// From here on a close drops what is unsent and resets the connection.
    package func resetOnClose() -> Bool { omsd_reset_on_close(fd) == 0 }

    /// From here on a close is a FIN. For a socket whose answer is complete, or that carried nothing.
    package func allowOrderlyClose() {
        var off = linger(l_onoff: 0, l_linger: 0)
        // A failure leaves the reset, which is safe.
        _ = setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, socklen_t(MemoryLayout<linger>.size))
    }

    package func close() { _ = CLinux.close(fd) }
}
