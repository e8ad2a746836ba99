import Testing
import Wire

@testable import omsctl

/// Who gets in, judged as an attacker would try it.
@Suite struct ConsoleGateTests {
    private static let token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

    private static func gate(_ listen: String = "127.0.0.1:8123") throws -> ConsoleGate {
        ConsoleGate(address: try ConsoleAddress(listen: listen), token: token)
    }

    private static func request(_ target: String, host: String? = "127.0.0.1:8123", method: String = "GET", _ more: [(String, String)] = [])
        -> HTTPRequest
    {
        let hosts = host.map { [HTTPHeader("Host", $0)] } ?? []
        return HTTPRequest(method, target, headers: hosts + more.map { HTTPHeader($0.0, $0.1) })
    }

    private static func status(_ verdict: ConsoleGate.Verdict) -> Int? {
        switch verdict {
        case .pass: nil
        case .refuse(let status, _): status
        case .unknown: 403
        }
    }

    private static let page = "/?token=\(token)"

    @Test func `who has the token reads, by the address or by a header`() throws {
        let gate = try Self.gate()
        #expect(gate.judge(Self.request(Self.page)) == .pass(.page))
        #expect(gate.judge(Self.request("/api/status", [("Authorization", "Bearer \(Self.token)")])) == .pass(.status))
        #expect(gate.judge(Self.request("/api/events?after=12&token=\(Self.token)")) == .pass(.events(after: 12)))
        #expect(gate.judge(Self.request("/api/find?q=a%3Ab&token=\(Self.token)")) == .pass(.find("a:b")))
        #expect(gate.judge(Self.request(Self.page, host: "LOCALHOST:8123")) == .pass(.page))
    }

    @Test(arguments: [
        "/", "/?token=", "/?token", "/?token=0", "/?token=\(token)0", "/?token=\(token.dropLast())", "/?token=\(token.uppercased())",
        "/?Token=\(token)",
        "/?q=\(token)", "/console.js", "/console.css", "/chart.js", "/api/status", "/api/events", "/api/plots", "/api/find?q=a", "/nothing",
        "/?token=%00",
    ])
    func `without the right token everything is 403, also what does not exist`(target: String) throws {
        let verdict = try Self.gate().judge(Self.request(target))
        // A query that cannot be read is a bad request, of anybody.
        #expect(Self.status(verdict) == 403 || (target == "/?token" && Self.status(verdict) == 400), "\(verdict)")
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer \(token)0", "bearer \(token)", "Basic \(token)", token,
    ])
    func `a wrong header is 403, also beside a right address`(header: String) throws {
        #expect(Self.status(try Self.gate().judge(Self.request("/api/status", [("Authorization", header)]))) == 403)
    }

    @Test(arguments: [
        "evil.example", "evil.example:8123", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8124", "127.0.0.1.evil.example:8123",
        "127.0.0.1:8123.evil.example",
        "localhost", "localhost:80", "localhost.:8123", "[::1]:8123", "0.0.0.0:8123", "127.1:8123", "2130706433:8123", "", " 127.0.0.1:8123",
        "@127.0.0.1:8123",
    ])
    func `a name that somebody else owns leads nowhere, whatever it resolves to`(host: String) throws {
        #expect(Self.status(try Self.gate().judge(Self.request(Self.page, host: host))) == 403)
    }

    @Test func `a request without a name is 403`() throws {
        #expect(Self.status(try Self.gate().judge(Self.request(Self.page, host: nil))) == 403)
    }

    @Test(arguments: [
        ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", "https://127.0.0.1:8123"), ("Origin", "http://127.0.0.1:8124"),
        ("Origin", "http://localhost:8123"), ("Origin", "http://127.0.0.1:8123/"), ("Origin", ""), ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Site", "something new"),
    ])
    func `another site's page reads nothing, even with the token`(name: String, value: String) throws {
        #expect(Self.status(try Self.gate().judge(Self.request("/api/status?token=\(Self.token)", [(name, value)]))) == 403)
    }

    @Test func `the page's own requests pass, and a link that was followed`() throws {
        let gate = try Self.gate()
        let own = [("Origin", "http://127.0.0.1:8123"), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")]
        #expect(gate.judge(Self.request("/api/status?token=\(Self.token)", own)) == .pass(.status))
        #expect(gate.judge(Self.request(Self.page, [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")])) == .pass(.page))
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "get"])
    func `nothing but GET is answered`(method: String) throws {
        #expect(Self.status(try Self.gate().judge(Self.request(Self.page, method: method))) == 405)
        // And who has no token does not even learn that.
        #expect(Self.status(try Self.gate().judge(Self.request("/", method: method))) == 403)
    }

    @Test(arguments: [
        ("/api/find", 400), ("/api/find?q=", 400), ("/api/find?q=a%20b", 400), ("/api/find?q=%E2%80%AE", 400), ("/api/find?q=%0d%0aX", 400),
        ("/api/find?q=\(String(repeating: "a", count: 65))", 400), ("/api/find?q=%ff", 400), ("/api/find?q=%", 400), ("/api/find?q=%4", 400),
        ("/api/find?q=a&q=b", 400),
        ("/api/events?after=-1", 400), ("/api/events?after=x", 400), ("/api/events?after=99999999999999999999", 400), ("/api", 404), ("//", 404),
        ("/../etc/passwd", 404), ("/console.js/", 404), ("/%63onsole.js", 404), ("/api/status/../find", 404),
    ])
    func `what is asked wrongly is refused in words`(target: String, status: Int) throws {
        let target = target + (target.contains("?") ? "&" : "?") + "token=" + Self.token
        #expect(Self.status(try Self.gate().judge(Self.request(target))) == status)
    }

    @Test(arguments: [
        "0.0.0.0:8123", "[::]:0", "192.168.1.4:80", "[fe80::1]:0", "[::ffff:127.0.0.1]:1", "example.org:80", "127.0.0.1", "127.0.0.1:",
        "127.0.0.1:70000", "", ":80",
    ])
    func `only an address of this host alone is listened on`(listen: String) {
        #expect(throws: Failure.self) { try ConsoleAddress(listen: listen) }
    }

    @Test func `an address of version 6 is called by its name in brackets`() throws {
        let gate = try Self.gate("[::1]:99")
        #expect(gate.judge(Self.request(Self.page, host: "[::1]:99", [("Origin", "http://[::1]:99")])) == .pass(.page))
        #expect(Self.status(gate.judge(Self.request(Self.page, host: "::1:99"))) == 403)
    }

    @Test func `no token is made twice, and each has 256 bits`() {
        let tokens = (0..<1_000).map { _ in ConsoleGate.makeToken() }
        #expect(Set(tokens).count == 1_000)
        #expect(tokens.allSatisfy { $0.count == 64 && $0.allSatisfy(\.isHexDigit) })
    }

    @Test func `who guesses is answered a hundred times a minute, and told of at once, then once a minute`() {
        var guesses = ConsoleGuesses()
        let minute: Int64 = 60_000_000
        let answered = (0..<5_000).count { guesses.count(at: minute + Int64($0)) }
        let told = guesses.toTell(at: minute)
        let isAnsweredInSameMinute = guesses.count(at: minute + 6_000)
        let toldInSameMinute = guesses.toTell(at: minute + 7_000)
        let isAnsweredLater = guesses.count(at: 2 * minute)
        let toldLater = guesses.toTell(at: 2 * minute)
        #expect(answered == 100 && told == 5_000)
        #expect(!isAnsweredInSameMinute && toldInSameMinute == 0)
        #expect(isAnsweredLater && toldLater == 2)
    }
}
