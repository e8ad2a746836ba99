import CLinux
import TestSupport
import Testing
import Venues
import Wire

@testable import OMSCore
@testable import Store

/// Limits are told by the venue's name, whoever tells of them: `limit.list`, the metrics, the views.
@Suite struct LimitNamesTests {
    @Test func `a limit bears the venue's name, its products beside it, and by address each account's own venue`() throws {
        let house = try House(["bitget-margin", "bitget-uta", "bybit"], twins: ["bitget-margin", "bybit"])
        let port = UInt16.random(in: 20_000..<30_000)
        try house.writeConfiguration(extra: "metrics: { listen: '127.0.0.1:\(port)' },")
        let client = try house.start()
        let one = try house.account("bitget-margin")
        try client.submit(one.intent("one", orders: 2))
        try client.wait("one")

        let budgets = try client.call("limit.list")["budgets"]?.array ?? []
        for account in house.accounts {
            let rows = budgets.filter { $0["account"]?.string == account.name }
            #expect(!rows.isEmpty && rows.allSatisfy { $0["venue"]?.string == account.venue }, "\(rows)")
            #expect(rows.contains { $0["budget"]?.string == "overall" })
            let place = rows.first { $0["budget"]?.string == "batch-place" }
            let apart = VenueCatalog.adapter(venue: account.venue, product: account.product)?.profile.endpoints
            #expect(place?["product"]?.string == apart, "\(place as Any)")
        }
        // One word, one figure: `permits` is the limit, `share` what of it may be used.
        let page = try poll("the limits' series") { () throws -> MetricsProbe? in
            let probe = try MetricsProbe(try SimulatorPages(port: port).page("/metrics").body)
            return probe.samples.contains { $0.name == "omsd_permits" } ? probe : nil
        }
        for budget in budgets {
            let labels = ["venue", "product", "budget", "owner"].compactMap { name in budget[name]?.string.map { (name, $0) } }
            for (metric, member) in [("omsd_permits", "permits"), ("omsd_permits_share", "share")] {
                let series = page.samples.filter { $0.name == metric && $0.labels == Dictionary(uniqueKeysWithValues: labels) }
                #expect(series.count == 1 && series.first.map { Int64($0.value) } == budget[member]?.integer, "\(labels)")
            }
        }
        #expect(try house.stopDaemon() == 0)

        for venue in ["bitget-margin", "bitget-uta", "bybit"] {
            for view in ["v_rate_usage", "v_budgets"] {
                #expect(try house.journal.number("SELECT count(*) FROM \(view) WHERE venue = '\(venue)' AND budget = 'overall'") > 0)
                #expect(try house.journal.number("SELECT count(*) FROM \(view) WHERE venue LIKE '%/%'") == 0)
            }
        }
        #expect(
            try house.journal.texts("SELECT DISTINCT product FROM v_rate_usage WHERE venue = 'bitget-margin' AND budget = 'batch-place'")
                == [one.product])
    }

    /// The view knows by itself which products of a venue are counted together.
    @Test func `an account of any venue and product finds its limits in the journal under its name`() throws {
        var accounts: [(id: AccountID, profile: VenueProfile)] = []
        for line in VenueCatalog.all {
            for product in line.products {
                guard let profile = line.adapter(product)?.profile else { continue }
                accounts.append((AccountID("\(line.venue)-\(product)"), profile))
            }
        }
        let folder = ScratchDirectory()
        let journal = folder.file("journal.db")
        _ = try SQLiteJournal.open(
            path: journal, accounts: accounts.map { JournalAccount(id: $0.id, venue: $0.profile.venue, product: $0.profile.product) })
        let connection = try Connection(path: journal, .readWrite)
        var expected: [String] = []
        for account in accounts {
            let name = account.id.text
            try connection.execute("INSERT INTO identities (account_key, uid) SELECT account_key, account FROM accounts WHERE account = '\(name)'")
            let owner = BudgetOwner(profile: account.profile, uid: name, keyFingerprint: name)
            for rule in account.profile.budgets {
                try connection.execute(
                    """
                    INSERT INTO budgets (venue, owner, budget, scope, permits, window_ms)
                    VALUES ('\(owner.venue(rule.scope, of: rule.name))', '\(owner.name(rule.scope))', '\(rule.name)', '\(rule.scope.rawValue)', 1, 1)
                    """)
                expected.append("\(name) \(account.profile.venue) \(rule.name) \(owner.name(rule.scope))")
            }
        }
        var seen: Set<String> = []
        let rows = try connection.prepare("SELECT account || ' ' || venue || ' ' || budget || ' ' || owner FROM v_budgets")
        while try rows.step() { seen.insert(try rows.next()) }
        #expect(Set(expected).subtracting(seen) == [])
        // Nobody else's, but for what an address is counted for.
        #expect(seen.subtracting(expected).allSatisfy { $0.hasSuffix(" ip") })
    }
}
