import Wire

/// What a local server does with a request it has read in full: answer it, or misbehave on purpose (`omsim`'s faults).
package enum ServerReply: Sendable {
    /// A well-formed answer, `afterUs` microseconds from now.
    case response(HTTPResponse, afterUs: Int64 = 0)
    /// These bytes as they are, whatever they look like; then the connection is closed or stays as it is.
    case raw([UInt8], afterUs: Int64 = 0, thenClose: Bool)
    /// A TCP reset without an answer.
    case reset(afterUs: Int64 = 0)
    /// No answer, ever; the connection stays open.
    case silence
    /// These bytes, the head of a 101; from then on the connection is the guest's.
    case upgrade([UInt8], any ServerGuest)
}

/// The way back to one request's sender. Callable from any thread, once; later calls do nothing.
package protocol ServerResponder: Sendable {
    func send(_ reply: ServerReply)
}
