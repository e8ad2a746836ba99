import Testing
import Venues

@testable import OMSDaemon

/// The venue's countdown takes all of a user: a configuration says so for all of his accounts, or for none.
@Suite struct DeadmanConfigurationTests {
    /// What is wrong with a configuration of these accounts.
    private func refused(_ accounts: String) -> [String] {
        let text = "{ journal: { path: \"/j.db\" }, control: { socket: \"/s\" }, accounts: { \(accounts) } }"
        do {
            _ = try Configuration.parse(Array(text.utf8), path: "/omsd.json5", environment: [:]) {
                VenueCatalog.adapter(venue: $0, product: $1)?.profile
            }
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test(arguments: [
        (
            "deadman_ms: 10000, resend: \"never\"", "az-futures", "usdt",
            "az-futures has no countdown that omsd could keep: use a guard (session.guard) instead"
        ),
        ("deadman_ms: 4999, resend: \"never\"", "bitget-uta", "spot", "4999 is not a whole number in 5000...60000"),
        ("deadman_ms: 5500, resend: \"never\"", "bitget-uta", "spot", "5500 is not in whole seconds, as venues count it"),
        ("deadman_ms: 9000, resend: \"never\"", "okx", "spot", "okx takes 10000 to 60000"),
        (
            "deadman_ms: 10000", "okx", "spot",
            "only with resend: \"never\": what is sent again could be let in once more behind the venue's cancel"
        ),
    ])
    func `a countdown is refused where it cannot be kept, or could bring an order back`(
        field: String, venue: String, product: String, problem: String
    ) {
        let account = "main: { venue: \"\(venue)\", product: \"\(product)\", uid: \"7\", credentials: \"c.json\", \(field) }"
        let found = refused(account)
        #expect(found.count == 1 && found.first?.hasSuffix(": accounts.main.deadman_ms: \(problem)") == true, "\(found)")
    }

    @Test func `the demo's countdown is not the venue's, and none is kept there beside one of the same user`() throws {
        func entry(_ name: String, _ more: String) -> String {
            "\(name): { venue: \"okx\", product: \"spot\", uid: \"7\", credentials: \"\(name).json\", resend: \"never\", \(more) }"
        }
        #expect(refused(entry("a", "deadman_ms: 10000") + ",\n" + entry("b", "demo: true")).isEmpty)
        #expect(refused(entry("a", "batch_max: 5") + ",\n" + entry("b", "demo: true, deadman_ms: 20000")).isEmpty)
        let both = [entry("a", "deadman_ms: 10000"), entry("b", "demo: true, deadman_ms: 10000")]
        for accounts in [both, both.reversed()] {
            let found = refused(accounts.joined(separator: ",\n"))
            #expect(found.count == 1 && found.first?.contains("accounts.b.deadman_ms: a of the same user has one, too") == true, "\(found)")
        }
    }

    @Test func `nobody splits its one permit, nor makes two of it`() throws {
        for limit in ["scope: \"apikey\"", "permits: 2"] {
            let limits = "limits: [{ budget: \"countdown\", \(limit) }]"
            let found = refused("main: { venue: \"okx\", product: \"spot\", uid: \"7\", credentials: \"c.json\", \(limits) }")
            #expect(found.count == 1 && found.first?.contains("accounts.main.limits[0]") == true, "\(limit): \(found)")
        }
    }

    @Test func `accounts of one user name the same countdown, or none`() throws {
        func entry(_ name: String, _ product: String, _ ms: Int?) -> String {
            let deadman = ms.map { ", deadman_ms: \($0)" } ?? ""
            return "\(name): { venue: \"okx\", product: \"\(product)\", uid: \"7\", credentials: \"c.json\", resend: \"never\"\(deadman) }"
        }
        func two(_ first: Int?, _ second: Int?) -> String {
            entry("a", "spot", first) + ",\n" + entry("b", "swap", second)
        }
        #expect(refused(two(10_000, 10_000)).isEmpty && refused(two(nil, nil)).isEmpty)
        for (first, second) in [(10_000, nil), (nil, 10_000), (10_000, 20_000)] {
            let found = refused(two(first, second))
            #expect(found.count == 1 && found.first?.contains("accounts.b.deadman_ms: ") == true, "\(found)")
            #expect(found.first?.contains("the venue keeps one countdown for all of his orders") == true, "\(found)")
        }
    }
}
