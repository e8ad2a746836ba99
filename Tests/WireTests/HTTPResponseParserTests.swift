import TestSupport
import Testing
import Wire

@Suite struct `An answer's bytes` {
    private func read(_ text: String, limits: HTTPLimits = HTTPLimits()) throws(HTTPFault) -> HTTPResponse? {
        var parser = HTTPResponseParser(limits: limits)
        return try parser.consume(Array(text.utf8))
    }

    @Test func `a body by length is read to its last byte and not beyond`() throws {
        let answer = try read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello")

        #expect(answer == HTTPResponse(status: 200, headers: [.init("Content-Length", "5"), .init("X-A", "b")], body: Array("hello".utf8)))
    }

    @Test func `chunks are joined`() throws {
        let answer = try read("HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n")

        #expect(answer?.body == Array("hello0123456789".utf8))
    }

    @Test(arguments: [204, 304]) func `a status without a body ends with its head`(status: Int) throws {
        #expect(try read("HTTP/1.1 \(status) x\r\n\r\n")?.body == [])
        #expect(throws: HTTPFault.extraBytes) { try read("HTTP/1.1 \(status) x\r\nContent-Length: 1\r\n\r\nx") }
    }

    @Test func `informational answers are passed over, but not without end`() throws {
        let hint = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        let real = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

        #expect(try read(String(repeating: hint, count: 8) + real)?.status == 200)
        #expect(throws: HTTPFault.tooManyInformational) { try read(String(repeating: hint, count: 9) + real) }
        #expect(throws: HTTPFault.switchedProtocols) { try read("HTTP/1.1 101 x\r\n\r\n") }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", HTTPFault.badFraming),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", .badFraming),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na", .badFraming),
        ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na", .badFraming),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\na", .badFraming),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\na", .bodyTooLarge),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", .badFraming),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .badFraming),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .badFraming),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", .unframed),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", .extraBytes),
        ("HTTP/1.1 200 OK\nContent-Length: 1\n\na", .badHeader),
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\nX: a\u{0}b\r\nContent-Length: 0\r\n\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n", .badHeader),
        ("HTTP/2 200\r\nContent-Length: 0\r\n\r\n", .badStartLine),
        ("HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n", .badStartLine),
        ("\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .badHeader),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", .badChunk),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", .bodyTooLarge),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000000\r\n", .badChunk),
    ]) func `what two readers could read in two ways is refused`(text: String, fault: HTTPFault) {
        #expect(throws: fault) { try read(text) }
    }

    @Test func `a head beyond its bound is refused before it ends`() {
        #expect(throws: HTTPFault.headTooLarge) { try read("HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 33_000)) }
    }

    @Test func `chunks together are held to the body's bound`() {
        let chunks = String(repeating: "8\r\n01234567\r\n", count: 3)

        #expect(throws: HTTPFault.bodyTooLarge) {
            try read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, limits: HTTPLimits(bodyBytes: 20))
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true), ("HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false), ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", true),
    ]) func `the answer says whether its connection may be used again`(text: String, keepsAlive: Bool) throws {
        var parser = HTTPResponseParser()

        _ = try #require(try parser.consume(Array(text.utf8)))

        #expect(parser.keepsAlive == keepsAlive)
    }

    static let good = [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 12\r\nX: y\r\n\r\n{\"code\":\"0\"}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ]

    @Test(arguments: good) func `an answer cut anywhere is never an answer, and its pieces make it whole`(text: String) throws {
        let bytes = Array(text.utf8)
        let whole = try #require(try read(text))
        for cut in 0..<bytes.count {
            var parser = HTTPResponseParser()
            #expect(try parser.consume(Array(bytes[..<cut])) == nil, "cut at \(cut)")
            #expect(try parser.consume(Array(bytes[cut...])) == whole, "cut at \(cut)")
            #expect(throws: HTTPFault.extraBytes) { try parser.consume([0]) }
        }
    }

    @Test(arguments: [1 as UInt64, 2, 3]) func `changed and random bytes end in an answer, a fault or a wish for more`(seed: UInt64) {
        var random = XorShift(state: seed)
        var faults = 0
        for round in 0..<3_000 {
            var bytes = Array(Self.good[round % Self.good.count].utf8)
            for _ in 0...random.next() % 3 {
                let at = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 4 {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(contentsOf: [13, 10, 0x30, 0xFF].shuffled(using: &random), at: at)
                default: bytes.append(contentsOf: bytes[at...])
                }
                if bytes.isEmpty { bytes = [0] }
            }
            var parser = HTTPResponseParser(limits: HTTPLimits(headBytes: 200, bodyBytes: 100))
            do {
                var rest = bytes[...]
                while !rest.isEmpty {
                    let step = Int(random.next() % 7) + 1
                    if let answer = try parser.consume(Array(rest.prefix(step))) {
                        #expect(answer.body.count <= 100, "seed \(seed), round \(round)")
                        #expect((200...599).contains(answer.status), "seed \(seed), round \(round)")
                    }
                    rest = rest.dropFirst(step)
                }
            } catch {
                faults += 1
            }
        }
        #expect(faults > 1_000, "the changes bite")
    }
}
