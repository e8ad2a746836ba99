import Containers
import Kernel
import Wire

/// One accepted socket. Belongs to the loop's thread.
final class ServerConnection {
    enum Stage {
        case handshaking
        case reading
        /// A request is with the handler.
        case answering
        /// HTTP is over: bytes go to and from a guest.
        case upgraded
        /// All is written, the other side has yet to close.
        case lingering
        case closed
    }

    let id: UInt64
    let socket: Socket
    let peer: String
    let session: TLSSession?
    var stage: Stage
    var parser: HTTPRequestParser
    /// Counts requests; a reply names the one that it answers.
    var serial: UInt64 = 0
    var isReplied = false
    /// The answer is on its way out.
    var isWriting = false
    var keepsAlive = true
    var closesAfterwards = false
    /// The other side will send no more.
    var isReadClosed = false
    /// The request, by serial, whose time to arrive is being watched.
    var watched: UInt64?
    var out = ByteQueue(keepsMax: 256 << 10)
    var mask = Poller.reading
    /// Who speaks on the connection once HTTP is over.
    var guest: (any ServerGuest)?

    init(id: UInt64, socket: Socket, peer: String, session: TLSSession?, limits: HTTPLimits) {
        (self.id, self.socket, self.peer, self.session) = (id, socket, peer, session)
        stage = session == nil ? .reading : .handshaking
        parser = HTTPRequestParser(limits: limits)
    }
}
