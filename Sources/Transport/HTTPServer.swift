import CLinux
import Kernel
import Synchronization
import Wire

/// A small HTTP/1.1 server for `omsim` and `/metrics`: one epoll thread, everything bounded.
///
/// A request reaches the handler when it is complete, on the server's thread; its answer may come from any thread. Pipelined requests are taken one after
/// the other, each after the answer to the one before. A malformed request gets 400 and its connection is closed.
package final class HTTPServer: Sendable {
    package typealias Handler = @Sendable (_ request: HTTPRequest, _ peer: String, _ responder: any ServerResponder) -> Void

    /// The port that it listens on, also where 0 asked for any.
    package let port: UInt16
    private let loop: ServerLoop
    private let thread = Mutex<Thread?>(nil)

    /// Binds and listens; connections wait until ``start()``.
    ///
    /// - Parameters:
    ///   - address: Digits, as in `127.0.0.1:8899` or `[::1]:0`.
    ///   - maxConnections: Open at once. Who comes then is turned away; or waits in the kernel's queue, where connections have an end.
    ///   - connectionUs: How long a connection may be open, in microseconds; each answers one request. nil: for ever, and as many as it likes.
    ///   - requestUs: How long the first request may take from the connection's opening, in microseconds. nil: as long as the connection may be open.
    /// - Throws: ``TransportError`` for an address that is none or is taken, and for certificates that cannot be used.
    package init(
        address: String, tls: (certificateFile: String, keyFile: String)? = nil, limits: HTTPLimits = HTTPLimits(bodyBytes: 64 * 1024 * 1024),
        maxConnections: Int = 1_024, connectionUs: Int64? = nil, requestUs: Int64? = nil, handler: @escaping Handler
    ) throws(TransportError) {
        var context: TLSContext?
        if let tls { context = try TLSContext.server(certificateFile: tls.certificateFile, keyFile: tls.keyFile) }
        let listener = try Self.listen(address)
        do throws(TransportError) {
            port = try TransportError.rethrowing { () throws(SystemError) in try listener.ownPort() }
            loop = try ServerLoop(
                listener: listener, context: context, limits: limits, maxConnections: maxConnections, connectionUs: connectionUs,
                requestUs: requestUs, handler: handler)
        } catch {
            listener.close()
            throw error
        }
    }

    deinit {
        guard let running = thread.withLock({ $0 }) else { return }
        _ = loop.mailbox.post(.stop)
        running.letGo()
    }

    package func start() throws(TransportError) {
        let loop = loop
        let started = try TransportError.rethrowing { () throws(SystemError) in try Thread.start("omsd-http") { loop.run() } }
        thread.withLock { running in
            precondition(running == nil, "a server starts once")
            running = started
        }
    }

    /// Stops listening, resets every connection and returns when the thread has ended. Not to be called from the handler.
    package func stop() {
        guard let running = thread.withLock({ $0.take() }) else { return }
        _ = loop.mailbox.post(.stop)
        running.join()
    }

    private static func listen(_ text: String) throws(TransportError) -> Socket {
        var host = text[...]
        guard let colon = host.lastIndex(of: ":"), let port = UInt16(host[host.index(after: colon)...]) else {
            throw TransportError(.address, "\(text): not ADDRESS:PORT")
        }
        host = host[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard let address = SocketAddress(numeric: String(host), port: port) else {
            throw TransportError(.address, "\(text): not an address in digits")
        }
        let socket = try TransportError.rethrowing { () throws(SystemError) in try Socket.tcp(family: address.family) }
        guard socket.set(SOL_SOCKET, SO_REUSEADDR, 1), socket.listen(address, backlog: 1_024) else {
            let error = TransportError.system("listen on \(text)")
            socket.close()
            throw error
        }
        return socket
    }
}

/// The way back to one request's sender.
struct LoopResponder: ServerResponder {
    let mailbox: LoopMailbox<ServerLoop.Message>
    let connection: UInt64
    let serial: UInt64

    /// Without effect once the server has stopped.
    func send(_ reply: ServerReply) { _ = mailbox.post(.reply(connection, serial, reply)) }
}
