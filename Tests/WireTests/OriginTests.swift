import Testing
import Wire

/// What counts as one place that requests go to.
@Suite struct OriginTests {
    @Test(arguments: [
        ["https://Api.Bitget.com", "https://api.bitget.com:443", "HTTPS://api.bitget.com./", "https://API.BITGET.COM.:443/"],
        [
            "http://127.0.0.1:8899", "http://localhost:8899", "http://LOCALHOST.:8899/", "http://[::1]:8899", "http://[0:0:0:0:0:0:0:1]:8899",
            "http://[::0001]:8899/", "http://[::ffff:127.0.0.1]:8899",
        ],
        ["http://localhost", "http://127.0.0.1:80", "http://[::1]:80/"],
        ["https://[2001:db8:0:0:1::7]", "https://[2001:DB8::1:0:0:7]:443", "https://[2001:db8::1:0:0:7]"],
    ]) func `all spellings of one place are one`(spellings: [String]) throws {
        let places = try spellings.map { try #require(HTTPOrigin($0), "\($0)").place }
        #expect(Set(places).count == 1, "\(places)")
        // What a place is called is a spelling of it.
        #expect(HTTPOrigin(places[0])?.place == places[0])
    }

    @Test func `another scheme, host or port is another place, and so is another address of the loopback`() throws {
        let all = [
            "https://localhost:1", "http://localhost:1", "http://localhost:2", "http://127.0.0.2:1", "https://localhost.example.com:1",
            "https://api.example.com", "https://api.example.org", "https://[2001:db8::7]", "https://[2001:db8::7:0]",
        ]
        #expect(Set(try all.map { try #require(HTTPOrigin($0), "\($0)").place }).count == all.count)
    }

    @Test(arguments: [
        "https://", "https://.", "https://a..", "https://a:0", "https://a:65536", "https://a:+1", "https://a:", "https://a/b", "https://u@a",
        "a.example",
        "ftp://a", "https://[::1", "https://[]", "https://[1]", "https://[1:2:3:4:5:6:7:8:9]", "https://[::1::]", "https://[12345::]",
        "https://[::1]x",
        "https://[::1.2.3]", "https://[::1.2.3.256]", "https://[:1]",
    ]) func `what names no place is none`(url: String) { #expect(HTTPOrigin(url) == nil) }
}
