import Kernel

/// Connections that speak something else than HTTP by now.
extension ServerLoop {
    /// What may wait for a reader that does not read, in bytes; then it is given up.
    private static let unwrittenMax = 256 << 20

    /// Bytes came: of a request, or for the guest.
    func take(_ bytes: UnsafeRawBufferPointer, from connection: ServerConnection) {
        if let guest = connection.guest { guest.received(bytes) } else { connection.parser.append(bytes) }
    }

    func upgrade(_ connection: ServerConnection, _ head: [UInt8], to guest: any ServerGuest) {
        // Who speaks before the answer is there does not speak by its rules.
        guard connection.parser.unread == 0, !connection.isReadClosed else {
            guest.ended()
            return reset(connection)
        }
        (connection.stage, connection.guest) = (.upgraded, guest)
        write(head, to: connection)
        guard connection.stage == .upgraded else { return }
        guest.opened(ServerTunnel(mailbox: mailbox, connection: connection.id))
    }

    func take(_ message: ServerTunnel.Message, for id: UInt64) {
        guard let connection = connections[id], connection.stage == .upgraded, !connection.closesAfterwards else { return }
        switch message {
        case .send(let bytes):
            write(bytes, to: connection)
            if connection.out.count > Self.unwrittenMax { reset(connection) }
        case .finish:
            connection.closesAfterwards = true
            if connection.out.isEmpty { linger(connection) }
        }
    }

    /// Tells a guest that the connection is no longer its own.
    func dismiss(_ connection: ServerConnection) {
        guard let guest = connection.guest else { return }
        connection.guest = nil
        guest.ended()
    }
}
