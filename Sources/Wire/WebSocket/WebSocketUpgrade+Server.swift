/// The other side of the handshake: what a server does with a request for a WebSocket.
extension WebSocketUpgrade {
    package enum Answer: Equatable, Sendable {
        /// These bytes, and the connection is a WebSocket.
        case switching([UInt8])
        /// An ordinary answer to what is no such request, or none that can be granted.
        case refused(HTTPResponse)
    }

    /// Whether it is a WebSocket that the request asks for, rightly or not.
    package static func isAsked(by request: HTTPRequest) -> Bool { request.headers.hasToken("websocket", in: "upgrade") }

    package static func answer(to request: HTTPRequest) -> Answer {
        func refused(_ status: Int, _ words: String, _ headers: [HTTPHeader] = []) -> Answer {
            .refused(HTTPResponse(status: status, headers: headers, body: Array(words.utf8)))
        }
        guard request.method == "GET", request.body.isEmpty else {
            return refused(405, "an upgrade is a GET without a body", [HTTPHeader("Allow", "GET")])
        }
        guard isAsked(by: request), request.headers.hasToken("upgrade", in: "connection") else {
            return refused(426, "only WebSockets here", [HTTPHeader("Upgrade", "websocket")])
        }
        guard request.header("sec-websocket-version") == "13" else {
            return refused(426, "only version 13", [HTTPHeader("Sec-WebSocket-Version", "13")])
        }
        let keys = request.headers.filter { $0.name.equalsIgnoringCase("sec-websocket-key") }
        guard keys.count == 1, isKey(keys[0].value) else { return refused(400, "no Sec-WebSocket-Key of 16 bytes") }
        return .switching(switching(accept: accept(keys[0].value)))
    }

    /// The bytes of 101. Simulated venues hand in what is wrong.
    package static func switching(accept: String, headers: [HTTPHeader] = []) -> [UInt8] {
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return Array(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\(lines)\r\n".utf8)
    }

    /// Whether it is base64 of 16 bytes.
    private static func isKey(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 24 && bytes.hasSuffix("==")
            && bytes.dropLast(2).allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
                default: false
                }
            }
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: StaticString) -> Bool { text.withUTF8Buffer { suffix($0.count).elementsEqual($0) } }
}
