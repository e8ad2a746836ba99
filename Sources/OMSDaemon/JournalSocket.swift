import CLinux
import Kernel

/// Where systemd's journal takes lines with fields: one datagram a line.
struct JournalSocket {
    /// Source: "Native Journal Protocol" of systemd.io (2024).
    static let path = "/run/systemd/journal/socket"

    private let path: String
    /// Open for the life of the process.
    private let descriptor: Int32

    init(path: String) {
        self.path = path
        descriptor = socket(AF_UNIX, omsd_datagram_socket_type(), 0)
    }

    /// Never waits: whoever writes the log holds orders in its hands.
    ///
    /// - Returns: false where the journal is not there, or did not take it.
    func send(_ message: String) -> Bool {
        guard let address = UnixAddress(path: path), descriptor >= 0 else { return false }
        let bytes = Array(message.utf8)
        let sent = address.withPointer { target, length in
            sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), __CONST_SOCKADDR_ARG(__sockaddr__: target), length)
        }
        return sent == bytes.count
    }
}
