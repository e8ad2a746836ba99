import TestSupport
import Testing
import Wire

@Suite struct `A request's bytes` {
    let origin = HTTPOrigin(isTLS: true, host: "api.example.com", port: 443)

    private func read(_ text: String) throws(HTTPFault) -> HTTPRequest? {
        var parser = HTTPRequestParser(limits: HTTPLimits(bodyBytes: 100))
        parser.append(Array(text.utf8))
        return try parser.next()
    }

    @Test func `a request is one piece with its length, and the body goes out as it is`() throws {
        let request = HTTPRequest("POST", "/v1/orders?a=%20b", headers: [.init("X-Sign", "abc")], body: Array("{\"a\": 1}".utf8))

        let text = String(decoding: try request.serialized(for: origin), as: UTF8.self)

        #expect(
            text == "POST /v1/orders?a=%20b HTTP/1.1\r\nHost: api.example.com\r\nAccept-Encoding: identity\r\nUser-Agent: omsd\r\nX-Sign: abc\r\n"
                + "Content-Length: 8\r\n\r\n{\"a\": 1}")
    }

    @Test func `what was written is read back the same`() throws {
        let sent = HTTPRequest("DELETE", "/x?y=z", headers: [.init("X-Sign", "abc")], body: [1, 2, 3])
        var parser = HTTPRequestParser()
        parser.append(try sent.serialized(for: HTTPOrigin(isTLS: false, host: "::1", port: 8080)))

        let read = try #require(try parser.next())

        #expect((read.method, read.target, read.body) == (sent.method, sent.target, sent.body))
        #expect(read.header("host") == "[::1]:8080")
        #expect(read.header("x-sign") == "abc")
        #expect(!parser.hasPartial)
    }

    @Test(arguments: [
        HTTPRequest("GET", "/a b"), HTTPRequest("GET", "/\r\nX: y"), HTTPRequest("GE T", "/"), HTTPRequest("GET", "relative"), HTTPRequest("GET", ""),
        HTTPRequest("GET", "/", headers: [.init("X", "a\r\nY: b")]), HTTPRequest("GET", "/", headers: [.init("X Y", "a")]),
        HTTPRequest("GET", "/", headers: [.init("", "a")]), HTTPRequest("GET", "/", headers: [.init("X", "a\u{0}")]),
        HTTPRequest("GET", "/", headers: [.init("Content-length", "1")]), HTTPRequest("GET", "/", headers: [.init("HOST", "elsewhere")]),
    ]) func `a request that would break out of its lines is not written`(request: HTTPRequest) {
        #expect(throws: HTTPFault.self) { try request.serialized(for: origin) }
    }

    @Test func `requests in one piece are read one after the other`() throws {
        var parser = HTTPRequestParser()
        let first = "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
        parser.append(Array((first + "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /3").utf8))

        #expect(try parser.next()?.body == Array("ab".utf8))
        #expect(parser.keepsAlive)
        #expect(try parser.next()?.target == "/2")
        #expect(!parser.keepsAlive)
        #expect(try parser.next() == nil)
        #expect(parser.hasPartial)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/2\r\nHost: a\r\n\r\n",
        "GET http://x/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n", "GET /\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ]) func `a malformed request is refused`(text: String) {
        #expect(throws: HTTPFault.self) { try read(text) }
    }

    @Test(arguments: [4 as UInt64, 5]) func `changed bytes end in a request, a fault or a wish for more`(seed: UInt64) {
        var random = XorShift(state: seed)
        let good = Array(
            "POST /v1?x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var faults = 0
        for round in 0..<5_000 {
            var bytes = good
            for _ in 0...random.next() % 3 {
                let at = Int(random.next() % UInt64(bytes.count))
                if random.next() % 2 == 0 { bytes[at] = UInt8(truncatingIfNeeded: random.next()) } else { bytes.remove(at: at) }
            }
            var parser = HTTPRequestParser(limits: HTTPLimits(headBytes: 100, bodyBytes: 20))
            do {
                for piece in [bytes.prefix(30), bytes.dropFirst(30)] {
                    parser.append(Array(piece))
                    while let request = try parser.next() { #expect(request.body.count <= 20, "seed \(seed), round \(round)") }
                }
            } catch {
                faults += 1
            }
        }
        #expect(faults > 1_000, "the changes bite")
    }

    @Test func `an answer is written with its length and read back the same`() throws {
        let answer = HTTPResponse(status: 200, headers: [.init("Content-Type", "application/json")], body: Array("{}".utf8))
        var parser = HTTPResponseParser()

        let read = try #require(try parser.consume(try answer.serialized(keepsAlive: false)))

        #expect(read.body == answer.body)
        #expect(read.header("content-type") == "application/json")
        #expect(!parser.keepsAlive)
        #expect(throws: HTTPFault.forbiddenByte) { try HTTPResponse(status: 200, headers: [.init("X", "\n")]).serialized(keepsAlive: true) }
        #expect(throws: HTTPFault.reservedHeader("Content-Length")) {
            try HTTPResponse(status: 200, headers: [.init("Content-Length", "1")]).serialized(keepsAlive: true)
        }
    }
}
