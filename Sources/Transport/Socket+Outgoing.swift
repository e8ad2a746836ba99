import CLinux
import Kernel

extension Socket {
    /// A nonblocking socket whose close resets until ``allowOrderlyClose()``: neither a crash nor `kill -9` leaves queued bytes on their way.
    static func outgoing(family: Int32) throws(SystemError) -> Socket {
        let socket = try Socket.tcp(family: family)
        guard socket.resetOnClose(), socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1), socket.set(SOL_SOCKET, SO_KEEPALIVE, 1),
            // A warm connection that the path has forgotten shows within half a minute (seconds: first probe, then between probes).
            socket.set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15), socket.set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5),
            // Milliseconds that the kernel goes on re-sending without an acknowledgement.
            socket.set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 5_000)
        else {
            let error = SystemError("setsockopt")
            socket.close()
            throw error
        }
        return socket
    }
}
