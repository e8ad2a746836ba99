import OMSCore
import Testing
import Venues
import Wire

@testable import OMSDaemon

/// What a configuration says of an account's private stream, and what it may not say.
@Suite struct StreamConfigurationTests {
    private static func text(_ venue: String, _ fields: String) -> String {
        let product = VenueCatalog.line(venue)?.products[0] ?? ""
        return """
            {
              journal: { path: "/var/lib/omsd/journal.db" },
              control: { socket: "/run/omsd/control.sock" },
              accounts: { main: { venue: "\(venue)", product: "\(product)", uid: "U1", credentials: "main.json", \(fields) } },
            }
            """
    }

    private func account(_ venue: String, _ fields: String) throws -> AccountConfiguration {
        let bytes = Array(Self.text(venue, fields).utf8)
        let configuration = try Configuration.parse(bytes, path: "/etc/omsd/omsd.json5", environment: [:]) {
            VenueCatalog.adapter(venue: $0, product: $1)?.profile
        }
        return try #require(configuration.accounts.first)
    }

    private func problems(_ venue: String, _ fields: String) -> [String] {
        do throws(any Error) {
            _ = try account(venue, fields)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map { "\($0.key.split(separator: ".").last ?? ""): \($0.problem)" }
        } catch {
            return ["\(error)"]
        }
    }

    private static let local = "base_url: \"http://127.0.0.1:8899\","

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `at the venue's own host the stream is on, at the venue's own stream`(_ venue: String) throws
    {
        let line = try #require(VenueCatalog.line(venue))
        let profile = try #require(line.adapter(line.products[0])?.profile)
        let dialect = try #require(line.stream(line.products[0]))
        for fields in ["", "stream: \"on\",", "base_url: \"\(profile.baseURL):443/\","] {
            let account = try account(venue, fields)
            #expect(account.stream == StreamConfiguration(origin: try #require(StreamConfiguration.origin(dialect.profile.url)), generation: .newer))
            // OKX's is at a port of its own.
            let url = dialect.profile.url + (dialect.profile.url.hasSuffix(":8443") ? "" : ":443")
            #expect(account.stream?.url == url && account.reconcileLiveMs == 60_000)
        }
        #expect(try account(venue, "stream: \"off\",").stream == nil)
    }

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `elsewhere it is off, and is never on at the venue's live host by itself`(_ venue: String)
        throws
    {
        for base in ["http://127.0.0.1:8899", "https://api.elsewhere.example", "https://localhost:1"] {
            #expect(try account(venue, "base_url: \"\(base)\",").stream == nil)
            let told = problems(venue, "base_url: \"\(base)\", stream: \"on\",")
            #expect(told.count == 1 && told[0].hasPrefix("stream: needs stream_url: base_url is not \(venue)'s own"), "\(told)")
        }
        let account = try account(venue, Self.local + "stream: \"on\", stream_url: \"ws://127.0.0.1:8899\",")
        #expect(account.stream?.url == "ws://127.0.0.1:8899" && account.stream?.origin.isTLS == false)
    }

    @Test func `a stream's address alone does not turn a test account's stream on`() throws {
        #expect(try account("xt-spot", Self.local + "stream_url: \"ws://127.0.0.1:8899\",").stream == nil)
    }

    @Test func `an account on loopback takes no stream of another place`() {
        let told = problems("bitget-uta", Self.local + "stream: \"on\", stream_url: \"wss://ws.bitget.com\",")
        #expect(told == ["stream_url: base_url is on loopback, and this is not: pushes of another place would be taken for this account's"])
    }

    @Test func `a venue's demo and its live stream are not mixed`() {
        let live = problems("az-futures", "base_url: \"https://f-api.az-qa.xyz\", stream: \"on\", stream_url: \"wss://f-ws.azverse.xyz\",")
        #expect(live == ["stream_url: base_url is az-futures's demo, and this is not: a test key must not hear the live venue"])
        let demo = problems("bitget-uta", "stream_url: \"wss://wspap.bitget.com\",")
        #expect(demo == ["stream_url: this is bitget-uta's demo, and base_url is not: it would tell of other orders than are placed"])
        #expect(problems("az-futures", "base_url: \"https://f-api.az-qa.xyz\", stream: \"on\", stream_url: \"wss://f-ws.az-qa.xyz\",") == [])
    }

    @Test(arguments: [
        "wss://ws.bitget.com/v3/ws/private", "wss://ws.bitget.com/", "wss://u@ws.bitget.com", "wss://ws.bitget.com?x=1", "https://ws.bitget.com",
        "http://127.0.0.1:1", "ws.bitget.com", "wss://", "wss://ws.bitget.com:0", "wss://ws.bitget.com:99999",
    ]) func `a path, a user, a query or another scheme is refused`(_ url: String) {
        let told = problems("bitget-uta", "stream_url: \"\(url)\",")
        #expect(told == ["stream_url: must be wss://HOST[:PORT], without user, path or query: paths are the venue's"])
    }

    @Test(arguments: ["ws://ws.bitget.com", "ws://localhost.evil.example", "WS://10.0.0.1:80"])
    func `what is not encrypted goes to loopback only`(_ url: String) {
        #expect(problems("bitget-uta", "stream_url: \"\(url)\",") == ["stream_url: ws:// is for loopback addresses only; use wss://"])
    }

    @Test func `the pace beside a live stream is never below the one without`() throws {
        #expect(try account("xt-spot", "reconcile_interval_ms: 120000,").reconcileLiveMs == 120_000)
        #expect(try account("xt-spot", "reconcile_interval_ms: 1000, reconcile_live_ms: 1000,").reconcileLiveMs == 1_000)
        #expect(
            problems("xt-spot", "reconcile_live_ms: 9999,")
                == ["reconcile_live_ms: 9999 is below reconcile_interval_ms (10000), which holds without a live stream"])
        for odd in ["999", "3600001", "1.5", "-1"] {
            #expect(problems("xt-spot", "reconcile_interval_ms: 500, reconcile_live_ms: \(odd),").count == 1)
        }
    }

    @Test func `which of its streams a venue serves is a setting where it had two, and nowhere else`() throws {
        let account = try account("az-futures", "stream_generation: \"older\",")
        #expect(account.stream?.generation == .older && account.streamDialect?.profile.login == .subscription)
        #expect(try self.account("az-futures", "").streamDialect?.profile.login == .upgrade)
        #expect(problems("xt-spot", "stream_generation: \"older\",") == ["stream_generation: xt-spot has one private stream only: leave it out"])
        #expect(problems("az-futures", "stream_generation: \"old\",").count == 1)
    }

    @Test func `the limits of a stream can be named while it is on, and only then`() throws {
        let entry = "limits: [ { budget: \"stream:connect\", permits: 30, share: 10 } ],"
        let on = try account("bitget-uta", entry)
        #expect(on.limits.first?.budget == "stream:connect" && on.limits.first?.share == 10)
        let off = problems("bitget-uta", "stream: \"off\"," + entry)
        #expect(off.count == 1 && off[0].contains("has no such budget"), "\(off)")
    }

    @Test func `another stream needs a restart, and a reload says so`() throws {
        func configuration(_ fields: String) throws -> Configuration {
            try Configuration.parse(Array(Self.text("az-futures", fields).utf8), path: "/omsd.json5", environment: [:]) {
                VenueCatalog.adapter(venue: $0, product: $1)?.profile
            }
        }
        let running = try configuration("")
        for fields in ["stream: \"off\",", "stream_generation: \"older\",", "reconcile_live_ms: 30000,", "stream_url: \"wss://other.example\","] {
            #expect(running.changesNeedingRestart(to: try configuration(fields)) == ["accounts.main"], "\(fields)")
        }
    }

    @Test func `check-config tells of each account whether its stream is on, and where`() throws {
        let on = try account("az-futures", "")
        let words =
            "stream wss://f-ws.azverse.xyz:443 (newer): reconciled every 10000 ms, 60000 ms while it is live"
        #expect(on.streamWords == words)
        #expect(try account("xt-spot", "stream: \"off\",").streamWords == "stream off, reconciled every 10000 ms")
    }
}
