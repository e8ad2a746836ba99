import Kernel

/// Who speaks on a connection of ``HTTPServer`` once it has been upgraded. Everything is called on the server's thread, in order.
package protocol ServerGuest: AnyObject, Sendable {
    /// The head is on its way out; what is sent from now on follows it.
    func opened(_ tunnel: ServerTunnel)
    /// - Parameter bytes: Valid during the call.
    func received(_ bytes: UnsafeRawBufferPointer)
    /// The connection is gone, or no longer the guest's. The last call.
    func ended()
}

/// The way to the other side of an upgraded connection. Callable from any thread; without effect once the connection is gone.
package struct ServerTunnel: Sendable {
    enum Message: Sendable {
        case send([UInt8])
        /// All that was sent is written, then the connection closes.
        case finish
    }
    let mailbox: LoopMailbox<ServerLoop.Message>
    let connection: UInt64

    package func send(_ bytes: [UInt8]) { _ = mailbox.post(.tunnel(connection, .send(bytes))) }
    package func finish() { _ = mailbox.post(.tunnel(connection, .finish)) }
}
