/// One attempt: written once, never repeated by anything below.
package struct HTTPExchange: Sendable {
    package let id: Int64
    package let origin: HTTPOrigin
    /// Without signature headers: `sign` adds them on the sender's thread just before the bytes go out.
    package let request: HTTPRequest
    package let sign: @Sendable (inout HTTPRequest) -> Void
    /// Its own deadline, microseconds of the monotonic clock: not started after it (`notSent`), nor gone on with where part of it has left (`lost`).
    package let staleAt: Int64
    /// The whole answer must be read by first byte + this.
    package let timeoutMs: Int64
    package let completion: @Sendable (HTTPExchangeEnd) -> Void

    package init(
        id: Int64, origin: HTTPOrigin, request: HTTPRequest, sign: @escaping @Sendable (inout HTTPRequest) -> Void, staleAt: Int64,
        timeoutMs: Int64, completion: @escaping @Sendable (HTTPExchangeEnd) -> Void
    ) {
        (self.id, self.origin, self.request, self.sign) = (id, origin, request, sign)
        (self.staleAt, self.timeoutMs, self.completion) = (staleAt, timeoutMs, completion)
    }
}

/// How an attempt ended. One question decides: could the other side have seen it?
package enum HTTPExchangeEnd: Sendable {
    /// Complete answer. Times in microseconds: when the first byte was handed to the kernel, when the last byte of the answer was read.
    case answered(HTTPResponse, sentAt: TransportTime, lastByteAt: TransportTime)
    /// Not a byte was handed to the kernel.
    case notSent(String)
    /// Some bytes may have left and no complete answer came; the socket was reset at `resetAt` and nothing leaves after that.
    case lost(String, sentAt: TransportTime, resetAt: TransportTime)
}

/// A reading of both clocks at the transport (microseconds, as the core's `Moment`).
package struct TransportTime: Sendable, Hashable {
    package let monotonic: Int64
    package let wall: Int64
    package init(monotonic: Int64, wall: Int64) { (self.monotonic, self.wall) = (monotonic, wall) }
}

/// Sends exchanges. `completion` runs exactly once for each, on the transport's own thread or, where nothing left, within `send`.
package protocol HTTPTransport: AnyObject, Sendable {
    func send(_ exchanges: [HTTPExchange])
    /// Opens warm connections ahead of need, at most `count` to the origin.
    func warm(_ origin: HTTPOrigin, count: Int)
}
