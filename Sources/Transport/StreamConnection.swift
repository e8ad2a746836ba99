import Kernel
import Wire

/// One stream from the wish for it to its end. Belongs to the loop's thread.
final class StreamConnection {
    enum Phase {
        case connecting
        case upgrading
        case open
        /// We said that we close, for this reason, and wait for the other side's word.
        case closing(String)
    }

    let stream: VenueStream
    let upgrade: WebSocketUpgrade
    var phase = Phase.connecting
    /// Microseconds of the monotonic clock: the upgrade has to be there, or the close be answered.
    var deadline: Int64
    var attempt: ConnectAttempt?
    var connection: ClientConnection?
    var answer: WebSocketUpgrade.AnswerReader
    var reader = WebSocketReader(from: .server)
    /// Texts that this read of the socket brought so far; handed on together once it is looked through.
    var texts: [[UInt8]] = []
    /// What the bytes read so far came to; acted on once they are all looked at.
    var verdict: VenueStreamEnd?
    var isOver = false

    init(_ stream: VenueStream, _ upgrade: WebSocketUpgrade, deadline: Int64) {
        (self.stream, self.upgrade, self.deadline) = (stream, upgrade, deadline)
        answer = WebSocketUpgrade.AnswerReader(to: upgrade)
    }
}
