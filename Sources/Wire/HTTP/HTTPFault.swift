/// Why bytes are not a message we accept, or a message cannot be written. None of these is ever repaired.
package enum HTTPFault: Error, Equatable, Sendable {
    case headTooLarge
    case bodyTooLarge
    /// Not a status line or request line of HTTP/1.0 or HTTP/1.1, or a Host is missing.
    case badStartLine
    /// A folded line, a name that is no token, a control byte, a CR or LF on its own.
    case badHeader
    /// Content-Length beside Transfer-Encoding, two different lengths, or a coding other than `chunked`.
    case badFraming
    /// An answer with a body of unknown end. A cut connection would look like its end, so it is not readable.
    case unframed
    /// A chunk size that is not 1 to 8 hex digits, an extension, a trailer, a missing CRLF.
    case badChunk
    case tooManyInformational
    /// 101: nothing here asks for another protocol.
    case switchedProtocols
    /// Bytes beyond the answer: whose they are cannot be known.
    case extraBytes
    /// To be written: a byte that would end the line it stands in.
    case forbiddenByte
    /// To be written: a header that this codec writes itself (named in the value).
    case reservedHeader(String)
}

/// Bounds of one message, in bytes.
package struct HTTPLimits: Sendable {
    package var headBytes: Int
    package var bodyBytes: Int
    /// How many 1xx answers may stand before the real one.
    package var informational: Int
    package init(headBytes: Int = 32 * 1024, bodyBytes: Int = 4 * 1024 * 1024, informational: Int = 8) {
        (self.headBytes, self.bodyBytes, self.informational) = (headBytes, bodyBytes, informational)
    }
}
