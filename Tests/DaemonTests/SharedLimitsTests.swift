import CLinux
import OMSCore
import TestSupport
import Testing
import Wire

@testable import OMSDaemon

/// Two accounts, one budget: the venue knows one limit, so the accounts must say the same of it.
@Suite struct SharedLimitsTests {
    /// The fields of accounts a and b, and what is wrong with them together.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let first: String
        let second: String
        var problem: String?
        var testDescription: String { name }
    }

    private static func az(_ product: String, uid: String, key: String, _ limits: String = "") -> String {
        #"venue: "az-futures", product: "\#(product)", uid: "\#(uid)", credentials: "\#(key).json", limits: [\#(limits)]"#
    }
    private static func bitget(_ venue: String, _ product: String, uid: String, key: String, _ limits: String = "") -> String {
        #"venue: "\#(venue)", product: "\#(product)", uid: "\#(uid)", credentials: "\#(key).json", limits: [\#(limits)]"#
    }
    private static let hundred = #"{budget: "batch-place", permits: 100}"#

    static let cases = [
        Case(
            name: "one key, one entry", first: az("usdt", uid: "U1", key: "one", hundred), second: az("coin", uid: "U1", key: "one"),
            problem:
                ":3:89: accounts.a.limits[0]: b shares batch-place, which the venue counts by their key, and must say the same of it: "
                + "permits 100 here, 200 there; give both accounts the same entry, or neither one"),
        Case(
            name: "one key, two entries", first: az("usdt", uid: "U1", key: "one", hundred),
            second: az("coin", uid: "U1", key: "one", #"{budget: "batch-place", permits: 100, window_ms: 500}"#),
            problem:
                ":4:89: accounts.b.limits[0]: a shares batch-place, which the venue counts by their key, and must say the same of it: "
                + "window_ms 500 here, 1000 there; give both accounts the same entry, or neither one"),
        Case(
            name: "one key, the same in both", first: az("usdt", uid: "U1", key: "one", hundred),
            second: az("coin", uid: "U1", key: "one", hundred)),
        Case(
            name: "one key, the venue's own number spelled out", first: az("usdt", uid: "U1", key: "one", #"{budget: "batch-place", permits: 200}"#),
            second: az("coin", uid: "U1", key: "one")),
        Case(name: "two keys", first: az("usdt", uid: "U1", key: "one", hundred), second: az("coin", uid: "U1", key: "two")),
        Case(
            name: "two keys, and one account that knows the limit as the uid's",
            first: az("usdt", uid: "U1", key: "one", #"{budget: "batch-place", scope: "uid"}"#), second: az("coin", uid: "U1", key: "two"),
            problem:
                ":3:89: accounts.a.limits[0]: b shares batch-place, which the venue counts by their uid, and must say the same of it: "
                + "scope uid here, apikey there; give both accounts the same entry, or neither one"),
        Case(
            name: "a limit that is off until it is named", first: az("usdt", uid: "U1", key: "one"),
            second: az("coin", uid: "U2", key: "two", #"{budget: "overall"}"#),
            problem:
                ":4:89: accounts.b.limits[0]: a shares overall, which the venue counts by their address, and must say the same of it: "
                + "on here, off there; give both accounts the same entry, or neither one"),
        Case(
            name: "one uid", first: bitget("bitget-uta", "spot", uid: "7", key: "one", #"{budget: "batch-place", share: 3}"#),
            second: bitget("bitget-uta", "margin", uid: "7", key: "two", #"{budget: "batch-place", share: 2}"#),
            problem:
                ":4:90: accounts.b.limits[0]: a shares batch-place, which the venue counts by their uid, and must say the same of it: "
                + "share 2 here, 3 there; give both accounts the same entry, or neither one"),
        Case(
            name: "two uids", first: bitget("bitget-uta", "spot", uid: "7", key: "one", #"{budget: "batch-place", share: 3}"#),
            second: bitget("bitget-uta", "margin", uid: "8", key: "two")),
        Case(
            name: "products with endpoints of their own",
            first: bitget("bitget-margin", "isolated", uid: "7", key: "one", #"{budget: "batch-place", share: 3}"#),
            second: bitget("bitget-margin", "crossed", uid: "7", key: "one")),
        Case(
            name: "the address of a venue's family", first: bitget("bitget-margin", "isolated", uid: "7", key: "one"),
            second: bitget("bitget-uta", "spot", uid: "8", key: "two", #"{budget: "overall", margin_ms: 50}"#),
            problem:
                ":4:88: accounts.b.limits[0]: a shares overall, which the venue counts by their address, and must say the same of it: "
                + "margin_ms 50 here, 20 there; give both accounts the same entry, or neither one"),
    ]

    @Test(arguments: cases) func `accounts that share a budget must say the same of it`(of: Case) throws {
        let scratch = ScratchDirectory()
        for key in ["one", "two"] { _ = try scratch.write(key + ".json", #"{"key": "\#(key)", "secret": "s", "passphrase": "p"}"#) }
        let text = """
            { journal: { path: "j.db" }, control: { socket: "/run/s" },
            accounts: {
            a: { \(of.first) },
            b: { \(of.second) },
            } }
            """
        let path = try scratch.write("omsd.json5", text)
        let configuration = try Configuration.load(path, environment: [:])

        var problems: [String] = []
        do throws(ConfigurationError) { _ = try configuration.loadCredentials() } catch { problems = error.problems.map(\.description) }
        #expect(problems == of.problem.map { [path + $0] } ?? [])
    }

    @Test func `a file whose accounts disagree on a shared limit is refused by check, start and reload`() throws {
        let house = try House(["bitget-margin", "bitget-uta"])
        let client = try house.start()
        let owner = try house.account("bitget-uta").name
        house.settings[owner] = #"limits: [{ budget: "overall", permits: 100 }]"#
        try house.writeConfiguration()

        house.daemon?.signal(SIGHUP)
        try pollUntil("the refusal: \(house.daemonLogs)") { house.daemonLogs.contains("not reloaded") }
        let words = "\(owner).limits[0]: \(try house.account("bitget-margin").name) shares overall"
        #expect(house.daemonLogs.contains(words), "\(house.daemonLogs)")
        let overall = try client.call("limit.list")["budgets"]?.array?.filter { $0["budget"]?.string == "overall" } ?? []
        #expect(overall.count == 2 && overall.allSatisfy { $0["permits"]?.integer == 6_000 })

        let (code, output) = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
        #expect(code == 78 && output.contains(words), "\(output)")
        house.daemon?.signal(SIGTERM)
        try pollUntil("the end") { house.daemon?.exitCode != nil }
        let child = try house.launch()
        #expect(try child.end() == 78 && child.output.contains(words), "\(child.tail)")
    }
}
