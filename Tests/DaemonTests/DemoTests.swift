import OMSCore
import TestSupport
import Testing
import Venues
import Wire

@testable import OMSDaemon

/// `demo: true`: which products have one, where their requests go, and that it is part of who an account is.
@Suite struct DemoTests {
    private static func accounts(_ venue: String, _ product: String, _ fields: String) throws -> [AccountConfiguration] {
        let text = """
            {
              journal: { path: "/var/lib/omsd/journal.db" },
              control: { socket: "/run/omsd/control.sock" },
              accounts: { main: { venue: "\(venue)", product: "\(product)", uid: "U1", credentials: "main.json", \(fields) } },
            }
            """
        return try Configuration.parse(Array(text.utf8), path: "/etc/omsd/omsd.json5", environment: [:]) {
            VenueCatalog.adapter(venue: $0, product: $1)?.profile
        }.accounts
    }

    private static func problems(_ venue: String, _ product: String, _ fields: String) -> [String] {
        do {
            _ = try accounts(venue, product, fields)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map { "\($0.key.split(separator: ".").last ?? ""): \($0.problem)" }
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `at a demo host of its own requests and stream go there by themselves`() throws {
        let account = try #require(Self.accounts("bybit", "linear", "demo: true").first)
        #expect(account.isDemo && account.baseURL.place == HTTPOrigin("https://api-demo.bybit.com")?.place)
        #expect(account.stream?.url == "wss://stream-demo.bybit.com:443")
        #expect(account.adapter?.profile.baseURL == "https://api-demo.bybit.com")
        #expect(account.pinnedOrigin == account.origin + " demo")
        #expect(try Self.accounts("bybit", "linear", "demo: false").first?.baseURL.host == "api.bybit.com")
    }

    @Test func `where a header makes the demo, the host is the venue's and the stream is not`() throws {
        let account = try #require(Self.accounts("bitget-uta", "usdt-futures", "demo: true").first)
        #expect(account.baseURL.host == "api.bitget.com" && account.stream?.url == "wss://wspap.bitget.com:443")
        let elsewhere = try #require(Self.accounts("bitget-uta", "spot", "demo: true, base_url: \"http://127.0.0.1:1\"").first)
        #expect(elsewhere.stream == nil && elsewhere.isDemo)
    }

    @Test(arguments: VenueCatalog.all.flatMap { line in line.products.map { [line.venue, $0] } })
    func `a product without a demo refuses it with the reason`(_ pair: [String]) throws {
        let profile = try #require(VenueCatalog.adapter(venue: pair[0], product: pair[1])).profile
        guard case .none(let why) = profile.demo else { return #expect(Self.problems(pair[0], pair[1], "demo: true") == []) }
        #expect(Self.problems(pair[0], pair[1], "demo: true") == ["demo: \(pair[0]) \(pair[1]) cannot be tried in a demo: \(why)"])
    }

    @Test func `a demo account is kept from the live host and from the live stream`() {
        #expect(
            Self.problems("bybit", "linear", "demo: true, base_url: \"https://api.bybit.com\"") == [
                "base_url: this is bybit's live host, and demo is true: leave it out, or name https://api-demo.bybit.com"
            ])
        #expect(
            Self.problems("bitget-uta", "spot", "demo: true, stream_url: \"wss://ws.bitget.com\"") == [
                "stream_url: this is bitget-uta's live stream, and demo is true: it would tell of other orders than are placed"
            ])
        #expect(Self.problems("bitget-uta", "spot", "demo: \"yes\"").first?.contains("true or false") ?? false)
    }

    @Test func `who an account is tells the demo from the venue, and one user may have both`() {
        func identity(_ name: AccountID, isDemo: Bool) -> ConfiguredIdentity {
            let place = AccountIdentity.place("https://api.bitget.com:443", isDemo: isDemo)
            return ConfiguredIdentity(
                account: name, identity: AccountIdentity(venue: "bitget-uta", product: "spot", uid: "7", origin: place), key: nil)
        }
        #expect(IdentityCheck.clashes([identity("live", isDemo: false), identity("try", isDemo: true)]).isEmpty)
        #expect(IdentityCheck.clashes([identity("one", isDemo: true), identity("two", isDemo: true)]).count == 1)
        let pinned = PinnedIdentity(
            account: "main", venue: "bitget-uta", product: "spot", uid: "7", origin: "https://api.bitget.com:443", keyInUse: nil, keys: [])
        let told = IdentityCheck.problems([identity("main", isDemo: true)], pinned: [pinned])
        #expect(told.count == 1 && told[0].contains("https://api.bitget.com:443 by the journal"), "\(told)")
        #expect(told[0].contains("https://api.bitget.com:443 demo by the configuration"), "\(told)")
        #expect(IdentityCheck.problems([identity("main", isDemo: false)], pinned: [pinned]).isEmpty)
    }

    @Test func `an account that was of the venue does not start as one of the demo, nor back`() throws {
        let house = try House(["bitget-uta"])
        try house.start()
        #expect(try house.stopDaemon() == 0)
        let text = try #require(readText(house.configuration))
        try writeText(text.replacing("product: ", with: "demo: true, product: "), to: house.configuration, mode: 0o644)
        let (code, output) = try ChildProcess.run("omsd", ["--config", house.configuration], in: house.scratch)
        #expect(code == 78 && output.contains("\(house.origin) by the journal") && output.contains("\(house.origin) demo by"), "\(output)")
    }
}
