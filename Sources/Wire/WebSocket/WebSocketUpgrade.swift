/// Asks for a WebSocket, and judges the answer. No extension and no subprotocol is ever offered, so none may be answered.
///
/// Source: RFC 6455, sections 4.1 and 4.2 (read 2026-11-28).
package struct WebSocketUpgrade: Sendable {
    package static let nonceBytes = 16
    /// What the server has to prove that it read; base64.
    package let key: String

    /// - Parameter nonce: ``nonceBytes`` bytes, drawn for this connection.
    package init(nonce: [UInt8]) {
        precondition(nonce.count == Self.nonceBytes, "a key is made of 16 bytes")
        key = base64(nonce)
    }

    /// The request, to be written once.
    ///
    /// - Parameters:
    ///   - target: Path with percent-encoded query.
    ///   - headers: Beside those of the handshake.
    /// - Throws: as ``HTTPRequest/serialized(for:)``; ``HTTPFault/reservedHeader(_:)`` for a header of the handshake, too.
    package func request(_ target: String, headers: [HTTPHeader], to origin: HTTPOrigin) throws(HTTPFault) -> [UInt8] {
        if let taken = headers.first(where: { $0.name.lowercased().hasPrefix("sec-websocket-") }) { throw .reservedHeader(taken.name) }
        let own = [HTTPHeader("Upgrade", "websocket"), HTTPHeader("Connection", "Upgrade")]
        let proof = [HTTPHeader("Sec-WebSocket-Key", key), HTTPHeader("Sec-WebSocket-Version", "13")]
        return try HTTPRequest("GET", target, headers: headers).serialized(for: origin, adding: own + proof)
    }

    /// What a server answers to a key. Source: RFC 6455, 1.3.
    package static func accept(_ key: String) -> String { base64(sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))) }

    /// Reads the answer from bytes as they arrive.
    package struct AnswerReader: Sendable {
        private let key: String
        private var reader: HTTPMessageReader
        private var informational = 0
        /// The answer that is none to the question, while its body comes in.
        private var refused: HTTPResponse?
        /// Bytes of a refusal's body that are waited for: a venue's words, and no page.
        private static let bodyBytesMax = 4_096

        package init(to upgrade: WebSocketUpgrade) {
            key = upgrade.key
            reader = HTTPMessageReader(limits: HTTPLimits(bodyBytes: Self.bodyBytesMax))
        }

        /// Takes more bytes. nil: more are needed. Else the connection is a WebSocket, and these bytes are its first frames.
        package mutating func consume(_ bytes: UnsafeRawBufferPointer) throws(WebSocketRefusal) -> [UInt8]? {
            reader.append(bytes)
            while reader.phase == .head {
                let read: HTTPMessageReader.Head?
                do throws(HTTPFault) { read = try reader.head() } catch { throw .unreadable(error) }
                guard let head = read else { return nil }
                if try isUpgraded(head) { return reader.rest() }
            }
            guard var answer = refused else { return nil }
            do throws(HTTPFault) { guard try reader.readBody() else { return nil } } catch { throw .refused(answer) }
            answer.body = reader.body
            throw .refused(answer)
        }

        package mutating func consume(_ bytes: [UInt8]) throws(WebSocketRefusal) -> [UInt8]? {
            var result: Result<[UInt8]?, WebSocketRefusal> = .success(nil)
            bytes.withUnsafeBytes { raw in
                do throws(WebSocketRefusal) { result = .success(try consume(raw)) } catch { result = .failure(error) }
            }
            return try result.get()
        }

        /// What is known when no more will come: the refusal whose body is not all there.
        package var refusal: WebSocketRefusal? { refused.map { .refused($0) } }

        private mutating func isUpgraded(_ head: HTTPMessageReader.Head) throws(WebSocketRefusal) -> Bool {
            guard let line = HTTPStatusLine(head.start) else { throw .unreadable(.badStartLine) }
            if line.status == 101 {
                guard line.isHTTP11 else { throw .notUpgraded("101 of HTTP/1.0") }
                try check(head.headers)
                return true
            }
            if line.status < 200 {
                informational += 1
                guard informational <= reader.limits.informational else { throw .unreadable(.tooManyInformational) }
                reader.restart()
                return false
            }
            let answer = HTTPResponse(status: line.status, headers: head.headers)
            do throws(HTTPFault) {
                // A body without an end of its own is not waited for: the status says enough.
                guard let framing = try HTTPMessageReader.framing(head.headers, isHTTP11: line.isHTTP11) else { throw .unframed }
                try reader.expect(framing)
            } catch { throw .refused(answer) }
            refused = answer
            return false
        }

        private func check(_ headers: [HTTPHeader]) throws(WebSocketRefusal) {
            func all(_ name: StaticString) -> [HTTPHeader] { headers.filter { $0.name.equalsIgnoringCase(name) } }
            let upgrades = all("upgrade")
            guard upgrades.count == 1, upgrades[0].value.equalsIgnoringCase("websocket") else { throw .notUpgraded("Upgrade is not websocket") }
            guard headers.hasToken("upgrade", in: "connection") else { throw .notUpgraded("Connection does not say Upgrade") }
            let accepts = all("sec-websocket-accept")
            guard accepts.count == 1, accepts[0].value == WebSocketUpgrade.accept(key) else { throw .notUpgraded("a wrong Sec-WebSocket-Accept") }
            guard all("sec-websocket-extensions").isEmpty else { throw .notUpgraded("an extension that was not offered") }
            guard all("sec-websocket-protocol").isEmpty else { throw .notUpgraded("a protocol that was not offered") }
            // A body would stand where the first frame does.
            guard all("transfer-encoding").isEmpty, all("content-length").allSatisfy({ $0.value == "0" }) else {
                throw .notUpgraded("101 with a body")
            }
        }
    }
}

/// Why an answer makes no WebSocket.
package enum WebSocketRefusal: Error, Equatable, Sendable {
    /// Another status than 101: a token refused (401), too many connections (429), a redirect, which is not followed. Its body where it was short.
    case refused(HTTPResponse)
    /// 101 that does not keep to the handshake, in words.
    case notUpgraded(String)
    case unreadable(HTTPFault)
}

extension WebSocketRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let answer) where (300...399).contains(answer.status): "HTTP \(answer.status): a redirect, which is not followed"
        case .refused(let answer): "HTTP \(answer.status) in the place of 101"
        case .notUpgraded(let words): "the upgrade is wrong: \(words)"
        case .unreadable(let fault): "the answer to the upgrade is not to be read: \(fault)"
        }
    }
}
