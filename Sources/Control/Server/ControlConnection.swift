import ControlAPI
import Kernel
import OMSCore

/// One client's connection, as the server's thread sees it.
final class ControlConnection {
    let id: UInt64
    let descriptor: Int32
    let peer: Peer
    private(set) var role: Role?
    private(set) var rights = Rights.none

    var input = ByteQueue()
    /// Bytes at the front of `input` known to hold no newline.
    var scanned = 0
    /// What of `input` is in the server's total.
    var counted = 0
    var output = ByteQueue()
    /// The ids (JSON text) of the calls that wait for their answer.
    var pending: [UInt64: [UInt8]] = [:]

    /// The client sends no more; answers still go out.
    var isReadClosed = false
    /// Nobody reads any more: answers are dropped, what was sent still counts.
    var isPeerGone = false
    /// To be closed at the end of the round, with one attempt to send what is due.
    var isEnding = false
    /// In the list of those with work to do.
    var isReady = false
    /// `input` may still hold complete lines.
    var mayHaveLines = false
    /// What epoll watches for now.
    var interest: UInt32 = 0
    /// It asked for a guard: each of its lines counts as a sign of life.
    var mayBeGuarded = false
    /// One of them came in this turn and is no command.
    var gaveSignOfLife = false
    var logged = 0

    init(id: UInt64, descriptor: Int32, peer: Peer) { (self.id, self.descriptor, self.peer) = (id, descriptor, peer) }

    /// - Returns: whether its peer has other rights than before.
    func take(_ roles: RoleTable) -> Bool {
        let before = rights
        (role, rights) = (roles.role(of: peer), roles.rights(of: peer))
        return rights != before
    }

    var caller: Caller { Caller(.peer(uid: peer.uid, pid: peer.pid), rights) }

    /// Once for all lines of a turn: however many empty ones come, the core has one sign of life to take in.
    func takeSignOfLife() -> Bool {
        defer { gaveSignOfLife = false }
        return gaveSignOfLife
    }

    /// Whether requests must wait: answers pile up, or too many are due.
    func isPaused(_ limits: ControlLimits) -> Bool {
        !isPeerGone && (output.count > limits.outputPause || pending.count >= limits.pendingMax)
    }

    /// Everything was read, answered and sent.
    var isDone: Bool {
        if isPeerGone { return isEnding || (isReadClosed && !mayHaveLines) }
        return isEnding || (output.isEmpty && isReadClosed && !mayHaveLines && pending.isEmpty)
    }
}
