import Glibc
import OMSCore
import TestSupport
import Testing
import Venues

/// Assumptions as data: what a profile says has a name, a source and a way to be seen, and the venues' pages are made of it.
@Suite struct AssumptionTests {
    @Test func `every fact of a profile has a name of its own, and every name is of a fact`() throws {
        let profile = try #require(VenueCatalog.adapter(venue: "bybit", product: "spot")).profile
        let facts = Mirror(reflecting: profile).children.compactMap(\.label)
        #expect(facts.count > 30)
        #expect(Set(facts) == Set(ProfileFact.all.map(\.property)).union(ProfileFact.names))
        let stream = try #require(VenueCatalog.stream(venue: "bybit", product: "spot")).profile
        #expect(Set(Mirror(reflecting: stream).children.compactMap(\.label)) == Set(StreamFact.all.map(\.property)))
    }

    @Test(arguments: WaitingVenues.known.map(\.venue)) func `all that is taken for granted of a venue has a source, and no source speaks of nothing`(
        _ venue: String
    ) throws {
        let line = try #require(WaitingVenues.line(venue))
        var names: Set<String> = []
        for product in line.products {
            for generation in StreamGeneration.allCases {
                let assumptions = try line.assumptions(product, generation: generation)
                #expect(Set(assumptions.map(\.name)).count == assumptions.count)
                for assumption in assumptions {
                    #expect(!assumption.assumed.isEmpty && !assumption.how.isEmpty && !assumption.source.page.isEmpty, "\(assumption.name)")
                }
                names.formUnion(assumptions.map(\.name))
            }
        }
        for name in line.sources.flatMap(\.names) {
            let isUsed = name.hasSuffix("*") ? names.contains { $0.hasPrefix(name.dropLast()) } : names.contains(String(name))
            #expect(isUsed, "\(venue): \(name) is the name of nothing")
        }
    }

    @Test func `a fact is its own source's before it is its family's`() {
        let sources = [Source(.doc, "limits", read: "today", "limit:*"), Source(.guess, "nowhere", read: "today", "limit:overall limit:lookup:*")]
        #expect(sources.source(of: "limit:batch-place")?.page == "limits")
        #expect(sources.source(of: "limit:overall")?.page == "nowhere")
        #expect(sources.source(of: "limit:lookup:time")?.page == "nowhere")
        #expect(sources.source(of: "freshness") == nil)
    }

    @Test func `a fact without a source is told by its name`() {
        let line = VenueLine("bourse", page: "bourse", samples: Bybit.line.samples) { product, _ in Bybit(product: product) }
        #expect(throws: UnsourcedFact.self) { try line.assumptions("spot") }
    }

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `what no rehearsal shows says why, and no product has another reason`(_ venue: String) throws
    {
        let line = try #require(VenueCatalog.line(venue))
        var reasons: [String: Set<String>] = [:]
        for product in line.products {
            for assumption in try line.assumptions(product) {
                reasons[assumption.name, default: []].insert("\(assumption.sight.rawValue): \(assumption.how)")
                // What holds by nothing but that nothing went wrong is not seen.
                if assumption.sight == .nothing { #expect(assumption.how.split(separator: " ").count > 2, "\(assumption.name): \(assumption.how)") }
            }
        }
        for (name, told) in reasons { #expect(told.count == 1, "\(name): \(told)") }
    }

    @Test func `a reason of the venue's own stands before the fact's`() throws {
        let line = try #require(VenueCatalog.line("xt-spot"))
        let mode = try #require(try line.assumptions("spot").first { $0.name == "account_mode" })
        #expect(mode.sight == .nothing && mode.how == "no page tells of the account's kind")
    }

    /// `OMSD_WRITE_DOCS=1 swift test --filter AssumptionTests` writes the tables anew.
    @Test(arguments: Set(WaitingVenues.known.map(\.page)).sorted())
    func `a venue's page has what is taken for granted of it, as the adapter relies on it`(
        _ name: String
    ) throws {
        let path = String(#filePath.dropLast("Tests/VenuesTests/AssumptionTests.swift".count)) + "docs/venues/\(name).md"
        let page = try #require(readText(path))
        var whole = page
        for line in WaitingVenues.known where line.page == name {
            let start = try #require(whole.firstRange(of: "<!-- assumptions of \(line.venue): made from Sources/Venues -->\n")).upperBound
            let stop = try #require(whole.firstRange(of: "<!-- end of assumptions of \(line.venue) -->")).lowerBound
            whole = String(whole[..<start]) + (try line.assumptionTable) + whole[stop...]
        }
        if getenv("OMSD_WRITE_DOCS") != nil { try writeText(whole, to: path, mode: 0o644) } else { #expect(page == whole) }
    }

    @Test func `in the demo requests go to its host, or bear its header, and are signed as at the venue`() throws {
        let header = try #require(VenueCatalog.adapter(venue: "bitget-uta", product: "spot", isDemo: true))
        let live = try #require(VenueCatalog.adapter(venue: "bitget-uta", product: "spot"))
        let plan = RequestPlan(
            id: RequestID(1), account: "a", content: .query(.account), timeMs: 1_763_640_000_123, facts: nil, freshnessMs: 30_000, staleAt: 0,
            timeoutMs: 5_000)
        #expect(header.request(for: plan).header("paptrading") == "1" && live.request(for: plan).header("paptrading") == nil)
        #expect(header.profile.baseURL == live.profile.baseURL)
        let host = try #require(VenueCatalog.adapter(venue: "bybit", product: "linear", isDemo: true))
        #expect(host.profile.baseURL == "https://api-demo.bybit.com" && host.profile.budgets == Bybit(product: "linear")?.profile.budgets)
        for (venue, product) in [("bybit", "spot"), ("bybit", "inverse"), ("xt-spot", "spot"), ("az-futures", "usdt"), ("ascendex", "cash")] {
            #expect(VenueCatalog.adapter(venue: venue, product: product, isDemo: true) == nil, "\(venue) \(product)")
        }
    }
}
