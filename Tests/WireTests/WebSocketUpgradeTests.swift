import Testing
import Wire

@Suite struct WebSocketUpgradeTests {
    private let upgrade = WebSocketUpgrade(nonce: Array("the sample nonce".utf8))
    private let origin = HTTPOrigin(isTLS: true, host: "stream.example", port: 443)

    private func judge(_ text: String, by size: Int = 1) -> Result<[UInt8]?, WebSocketRefusal> {
        var reader = WebSocketUpgrade.AnswerReader(to: upgrade)
        let all = Array(text.utf8)
        do throws(WebSocketRefusal) {
            for start in stride(from: 0, to: all.count, by: size) {
                if let rest = try reader.consume(Array(all[start..<min(start + size, all.count)])) {
                    return .success(rest + all[min(start + size, all.count)...])
                }
            }
            return .success(nil)
        } catch { return .failure(error) }
    }

    private let good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    private let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

    /// Source: RFC 6455, section 1.3.
    @Test func `the key and its proof are those of the RFC`() {
        #expect(upgrade.key == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(WebSocketUpgrade.accept(upgrade.key) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func `the request asks for a WebSocket, offers nothing else, and a server reads it as that`() throws {
        let request = try upgrade.request("/ws?token=a%20b", headers: [HTTPHeader("Authorization", "Bearer t")], to: origin)
        let text = String(decoding: request, as: UTF8.self)
        #expect(text.hasPrefix("GET /ws?token=a%20b HTTP/1.1\r\nHost: stream.example\r\n") && text.hasSuffix("\r\n\r\n"))
        #expect(!text.lowercased().contains("sec-websocket-extensions") && !text.lowercased().contains("content-length"))

        var parser = HTTPRequestParser()
        parser.append(request)
        let read = try #require(try parser.next())

        #expect(WebSocketUpgrade.isAsked(by: read))
        #expect(read.header("authorization") == "Bearer t")
        #expect(WebSocketUpgrade.answer(to: read) == .switching(WebSocketUpgrade.switching(accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")))
    }

    @Test(arguments: ["Upgrade", "connection", "Sec-WebSocket-Key", "sec-websocket-protocol", "Sec-WebSocket-Extensions", "Host"])
    func `headers of the handshake cannot be handed in`(name: String) {
        #expect(throws: HTTPFault.reservedHeader(name)) { try upgrade.request("/", headers: [HTTPHeader(name, "x")], to: origin) }
    }

    @Test func `a header or target that would break out of its line is not written`() {
        #expect(throws: HTTPFault.forbiddenByte) { try upgrade.request("/", headers: [HTTPHeader("X", "a\r\nB: c")], to: origin) }
        #expect(throws: HTTPFault.forbiddenByte) { try upgrade.request("/ x", headers: [], to: origin) }
    }

    @Test(arguments: [1, 7, 1_000]) func `a right answer opens, and frames that came with it are kept`(size: Int) {
        #expect(judge(good + accept + "\r\n\u{1}\u{0}rest", by: size) == .success(Array("\u{1}\u{0}rest".utf8)))
        #expect(judge("HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + good + accept + "Content-Length: 0\r\n\r\n", by: size) == .success([]))
        #expect(judge(good + accept, by: size) == .success(nil))
    }

    @Test func `an answer that does not keep to the handshake opens nothing`() {
        let end = "\r\n"
        #expect(judge(good + end) == .failure(.notUpgraded("a wrong Sec-WebSocket-Accept")))
        #expect(
            judge(good + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n" + end) == .failure(.notUpgraded("a wrong Sec-WebSocket-Accept")))
        #expect(judge(good + accept + accept + end) == .failure(.notUpgraded("a wrong Sec-WebSocket-Accept")))
        #expect(
            judge(good + accept + "Sec-WebSocket-Extensions: permessage-deflate\r\n" + end)
                == .failure(.notUpgraded("an extension that was not offered")))
        #expect(judge(good + accept + "Sec-WebSocket-Protocol: chat\r\n" + end) == .failure(.notUpgraded("a protocol that was not offered")))
        #expect(judge(good + accept + "Content-Length: 5\r\n" + end) == .failure(.notUpgraded("101 with a body")))
        #expect(judge(good + accept + "Transfer-Encoding: chunked\r\n" + end) == .failure(.notUpgraded("101 with a body")))
        #expect(
            judge("HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n" + accept + end) == .failure(.notUpgraded("Upgrade is not websocket")))
        #expect(
            judge("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: close\r\n" + accept + end)
                == .failure(.notUpgraded("Connection does not say Upgrade")))
        #expect(judge("HTTP/1.0 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + accept + end) == .failure(.notUpgraded("101 of HTTP/1.0")))
        #expect(judge("ICY 200 OK\r\n\r\n") == .failure(.unreadable(.badStartLine)))
        #expect(judge("HTTP/1.1 101 S\nUpgrade: websocket\r\n\r\n") == .failure(.unreadable(.badHeader)))
        #expect(judge(String(repeating: "x", count: 40_000), by: 500) == .failure(.unreadable(.headTooLarge)))
    }

    @Test(arguments: [401, 403, 429, 503]) func `another status is told with what it says, and its body where that has an end`(status: Int) {
        let body = "{\"code\":\"1\"}"
        let answer = HTTPResponse(status: status, headers: [HTTPHeader("Content-Length", "12")], body: Array(body.utf8))
        #expect(judge("HTTP/1.1 \(status) No\r\nContent-Length: 12\r\n\r\n\(body)") == .failure(.refused(answer)))
        #expect(judge("HTTP/1.1 \(status) No\r\n\r\nendless") == .failure(.refused(HTTPResponse(status: status))))
        let long = HTTPHeader("Content-Length", "99999")
        #expect(judge("HTTP/1.1 \(status) No\r\nContent-Length: 99999\r\n\r\n") == .failure(.refused(HTTPResponse(status: status, headers: [long]))))
        #expect(WebSocketRefusal.refused(answer).description == "HTTP \(status) in the place of 101")
    }

    @Test func `a redirect is refused as one, and its target is in no words`() {
        guard case .failure(let refusal) = judge("HTTP/1.1 302 Found\r\nLocation: wss://elsewhere/?token=secret\r\nContent-Length: 0\r\n\r\n") else {
            return #expect(Bool(false), "a redirect was taken")
        }
        #expect(refusal.description.contains("redirect") && !refusal.description.contains("secret"))
        #expect(!"\(refusal)".contains("elsewhere"))
    }

    @Test(arguments: [
        (HTTPRequest("POST", "/ws"), 405), (HTTPRequest("GET", "/ws"), 426),
        (HTTPRequest("GET", "/ws", headers: [HTTPHeader("Upgrade", "websocket")]), 426),
        (HTTPRequest("GET", "/ws", headers: [HTTPHeader("Upgrade", "websocket"), HTTPHeader("Connection", "upgrade")]), 426),
        (
            HTTPRequest(
                "GET", "/ws",
                headers: [
                    HTTPHeader("Upgrade", "websocket"), HTTPHeader("Connection", "upgrade"), HTTPHeader("Sec-WebSocket-Version", "13"),
                    HTTPHeader("Sec-WebSocket-Key", "short"),
                ]), 400
        ),
    ]) func `a request that is no handshake gets an ordinary answer`(request: HTTPRequest, status: Int) {
        guard case .refused(let answer) = WebSocketUpgrade.answer(to: request) else { return #expect(Bool(false), "\(request) was taken") }
        #expect(answer.status == status)
    }
}
