import CLinux
import Control
import OMSCore
import Synchronization

/// Records what the server decoded and answers by script.
final class FakeSink: ControlSink {
    struct Call: Sendable {
        let command: ControlCommand
        let caller: Caller
        var actor: Actor { caller.actor }
        let ticket: Ticket
        let isLone: Bool
    }
    /// Answers one call; false: the mailbox is full.
    typealias Script = @Sendable (Call, any ReplySink) -> Bool

    private struct State {
        var calls: [Call] = []
        var disconnected: [UInt64] = []
        var spoke: [UInt64] = []
        var changed: [(rights: Rights, connection: UInt64)] = []
        var server: (any ReplySink)?
        var script: Script
    }
    private let state: Mutex<State>

    init(
        _ script: @escaping Script = { call, server in
            server.reply(Array("{\"call\":\(call.ticket.call)}".utf8), to: call.ticket)
            return true
        }
    ) {
        state = Mutex(State(script: script))
    }

    func attach(_ server: any ReplySink) { state.withLock { $0.server = server } }
    func detach() { state.withLock { $0.server = nil } }

    var calls: [Call] { state.withLock { $0.calls } }
    var disconnected: [UInt64] { state.withLock { $0.disconnected } }
    /// A connection for each turn in which it sent something else than commands.
    var spoke: [UInt64] { state.withLock { $0.spoke } }

    func post(_ command: ControlCommand, from caller: Caller, ticket: Ticket, isLone: Bool) -> Bool {
        let call = Call(command: command, caller: caller, ticket: ticket, isLone: isLone)
        let (script, server) = state.withLock { state in
            state.calls.append(call)
            return (state.script, state.server)
        }
        guard let server else { return false }
        return script(call, server)
    }

    /// What connections were told to go by from then on.
    var changed: [(rights: Rights, connection: UInt64)] { state.withLock { $0.changed } }
    func changed(_ rights: Rights, of connection: UInt64) { state.withLock { $0.changed.append((rights, connection)) } }
    func spoke(connection: UInt64) { state.withLock { $0.spoke.append(connection) } }
    func disconnected(connection: UInt64) { state.withLock { $0.disconnected.append(connection) } }
}
