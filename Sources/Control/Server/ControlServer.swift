import CLinux
import Kernel
import OMSCore
import Synchronization
import Wire

/// The control socket: one thread that frames, decodes and answers. Decisions are the sink's.
///
/// ``reply(_:to:)``, ``fail(_:to:)`` and ``notify(_:connection:)`` may be called from any thread and never block; what they take is sent by the
/// server's thread. A connection's requests reach the sink in the order sent. No client can delay another by more than one turn.
package final class ControlServer: ReplySink {
    /// What other threads hand to the server's thread.
    struct Shared {
        enum Outgoing {
            case result([UInt8], Ticket)
            case failure(ControlError, Ticket)
            case event([UInt8], connection: UInt64)
            case end(connection: UInt64)

            var connection: UInt64? {
                switch self {
                case .result(_, let ticket), .failure(_, let ticket): ticket.connection
                case .event(_, let connection): connection
                case .end: nil
                }
            }
            /// As counted against the connection's bound; an error's text is short.
            var bytes: Int {
                switch self {
                case .result(let bytes, _), .event(let bytes, _): bytes.count
                case .failure: 256
                case .end: 0
                }
            }
        }
        var outgoing: [Outgoing] = []
        /// Open connections: bytes handed over and not yet framed, and bytes framed and not yet sent.
        var waiting: [UInt64: (queued: Int, unsent: Int)] = [:]
        var roles: RoleTable
        var rolesVersion = 1
        var isStopping = false
        /// The server's thread is in the middle of a round, at whose end it takes `outgoing`: no need to wake it.
        var isAwake = true
    }

    let shared: Mutex<Shared>
    let poller: Poller
    let limits: ControlLimits
    let listener: ControlListener
    let log: @Sendable (String) -> Void
    let peerOf: @Sendable (Int32) -> Peer?
    private let thread = Mutex<Thread?>(nil)

    /// - Parameters:
    ///   - listener: Owned by the server from here on.
    ///   - reservedDescriptors: As many of this process's are never used for clients, unless these would have less than an eighth.
    ///   - log: Takes lines worth an operator's eye; outside text in them is escaped. Called on the server's thread.
    ///   - peerOf: Who is at the other end of a connected socket.
    /// - Throws: when the kernel gives no more descriptors.
    package init(
        listener: ControlListener, roles: RoleTable, limits: ControlLimits = ControlLimits(), reservedDescriptors: Int = 256,
        log: @escaping @Sendable (String) -> Void,
        peerOf: @escaping @Sendable (Int32) -> Peer? = { Peer(ofSocket: $0) }
    ) throws(ControlListenerError) {
        do throws(SystemError) { poller = try Poller() } catch {
            throw ControlListenerError(kind: .system, description: "cannot wait for clients: \(error)")
        }
        var limits = limits
        var files = rlimit()
        if getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &files) == 0, files.rlim_cur < UInt64(Int32.max) {
            let all = Int(files.rlim_cur)
            limits.connectionsMax = max(1, min(limits.connectionsMax, max(all / 8, all - reservedDescriptors)))
        }
        limits.connectionsPerUserMax = min(limits.connectionsPerUserMax, max(1, limits.connectionsMax / 2))
        self.limits = limits
        (self.listener, self.log, self.peerOf) = (listener, log, peerOf)
        shared = Mutex(Shared(roles: roles))
    }

    /// Starts the thread. Once.
    ///
    /// - Parameter sink: Called on that thread only.
    /// - Throws: when the kernel gives no more threads.
    package func start(sink: any ControlSink) throws(ControlListenerError) {
        // Made here, used on its thread alone.
        nonisolated(unsafe) let loop = ControlLoop(server: self, sink: sink)
        do throws(SystemError) {
            let started = try Thread.start("omsd-control") { loop.run() }
            thread.withLock { $0 = started }
        } catch {
            throw ControlListenerError(kind: .system, description: "cannot start the control thread: \(errorText(error.code))")
        }
    }

    /// Sends what is due for at most ``ControlLimits/stopMs``, closes all connections, removes the socket it made, and returns when all is done.
    package func stop() {
        shared.withLock { $0.isStopping = true }
        wake()
        thread.withLock { $0.take() }?.join()
    }

    /// From the next request on, of open connections too.
    package func replaceRoles(_ roles: RoleTable) {
        shared.withLock {
            $0.roles = roles
            $0.rolesVersion += 1
        }
        wake()
    }

    package func reply(_ result: [UInt8], to ticket: Ticket) { post(.result(result, ticket), connection: ticket.connection) }

    package func fail(_ error: ControlError, to ticket: Ticket) { post(.failure(error, ticket), connection: ticket.connection) }

    package func notify(_ params: [UInt8], connection: UInt64) -> Notified {
        let (outcome, isFirst): (Notified, Bool) = shared.withLock { shared in
            guard let (queued, unsent) = shared.waiting[connection] else { return (.gone, false) }
            // Whoever reads slowly gets the rest later, from the record: nothing of it waits in memory.
            guard queued + unsent <= limits.notifyMax else { return (.full, false) }
            let isFirst = shared.outgoing.isEmpty && !shared.isAwake
            shared.waiting[connection] = (queued + params.count, unsent)
            shared.outgoing.append(.event(params, connection: connection))
            return (.taken, isFirst)
        }
        if isFirst { wake() }
        return outcome
    }

    package func end(connection: UInt64) {
        let isFirst: Bool = shared.withLock { shared in
            guard shared.waiting.removeValue(forKey: connection) != nil else { return false }
            shared.outgoing.append(.end(connection: connection))
            return shared.outgoing.count == 1 && !shared.isAwake
        }
        if isFirst { wake() }
    }

    private func post(_ outgoing: Shared.Outgoing, connection: UInt64) {
        let isFirst = shared.withLock { shared in
            // Answers to those who left go nowhere.
            guard let (queued, unsent) = shared.waiting[connection] else { return false }
            shared.waiting[connection] = (queued + outgoing.bytes, unsent)
            shared.outgoing.append(outgoing)
            return shared.outgoing.count == 1 && !shared.isAwake
        }
        if isFirst { wake() }
    }

    private func wake() { poller.wake() }
}
