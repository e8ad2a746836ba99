import Glibc
import OMSCore
import Testing
import Venues
import Wire

@testable import Simulator

/// What a venue must bring beside its adapter, found by file name: `Fixtures/<venue>/` with golden requests, signature vectors and answers, a page, a
/// dialect, and its rows in the documents. docs/ADDING_A_VENUE.md says how each is made.
@Suite struct `What every venue brings` {
    @Test(arguments: VenueCatalog.all.map(\.venue)) func `nothing is missing`(_ venue: String) throws {
        let missing = Pieces.missing(of: try #require(VenueCatalog.line(venue)), dialects: DialectCatalog.all)
        #expect(missing.isEmpty, "see docs/ADDING_A_VENUE.md; \(venue) lacks \(missing.joined(separator: "; "))")
    }

    @Test func `each missing piece of a venue is told by name`() {
        let line = VenueLine("bourse", page: "bourse", samples: [Sample("spot", account: "spot-bourse", markets: [.init("BTCUSDT", 1, "1")])]) {
            product, _ in product == "spot" ? XTSpotAs("bourse") : nil
        }
        #expect(
            Pieces.missing(of: line, dialects: DialectCatalog.all) == [
                "the page docs/venues/bourse.md", "a dialect: no line of DialectCatalog.all is of bourse",
                "its row in docs/OMSIM.md", "its account in docs/OMSIM.md: spot-bourse", "its products in docs/OPERATING.md: `bourse` spot",
                "its name in README.md",
                "its name in man/omsim.1", "golden requests: Tests/VenuesTests/Fixtures/bourse/requests.txt",
                "signature vectors: Tests/VenuesTests/Fixtures/bourse/sign.json",
                "an answer to place", "an answer to cancel", "an answer to modify", "an answer to time", "an answer to account",
                "an answer to instruments", "an answer to find", "an answer to open", "an answer to history", "an answer to fills",
                "an answer to cancel-all",
            ])
        #expect(Pieces.missing(of: line, dialects: []).contains("a dialect: no line of DialectCatalog.all is of bourse"))
    }

    @Test func `every dialect and every folder of fixtures is of a venue, and no two venues or accounts bear one name`() {
        let venues = VenueCatalog.all.map(\.venue)
        #expect(Set(venues).count == venues.count)
        #expect(DialectCatalog.all.map(\.venue).sorted() == venues.sorted())
        let known = WaitingVenues.known.map(\.venue)
        #expect(fixtureNames("") == known.sorted(), "a folder below Tests/VenuesTests/Fixtures for each venue, and no other")
        let accounts = VenueCatalog.all.flatMap { $0.samples.map(\.account) }
        #expect(Set(accounts).count == accounts.count)
    }

    @Test(arguments: Golden.all) func `requests are the bytes of the golden file`(_ venue: String, _ product: String) throws {
        let golden = try Golden(venue, product)
        let made = golden.text(Situation(venue, product))
        if recordsFixtures { try writeFixture(Golden.file(venue, product), made) }
        #expect(made == golden.written || recordsFixtures)
    }

    @Test(arguments: WaitingVenues.known.flatMap { AnswerFixture.all($0.venue) })
    func `an answer is read as its fixture says`(_ fixture: AnswerFixture) throws {
        let situation = Situation(fixture.venue)
        let answer = situation.adapter.answer(to: situation.plan(situation.content(fixture.ask)), from: fixture.response)
        let told = situation.told(answer)
        if recordsFixtures, fixture.expected.isEmpty { try fixture.record(told) }
        #expect(told == fixture.expected || recordsFixtures && fixture.expected.isEmpty)
        #expect(answer.httpStatus == fixture.response.status)
    }

    @Test(arguments: WaitingVenues.known.map(\.venue))
    func `every signature vector is reproduced, and signing adds nothing else`(_ venue: String) throws {
        let adapter = Situation(venue).adapter
        for vector in try SignatureVector.all(venue) {
            let wanted = vector.headers
            // What signing adds is learned from a request without headers; the rest stands on the request before.
            var bare = vector.request(headers: [])
            adapter.sign(&bare, timeMs: vector.timeMs, with: vector.key)
            var request = vector.request(headers: wanted.filter { header in bare.header(header.name) == nil })
            adapter.sign(&request, timeMs: vector.timeMs, with: vector.key)
            for header in wanted { #expect(request.header(header.name) == header.value, "\(vector.name): \(header.name)") }
            #expect(request.headers.contains { $0.value == vector.text("expected_signature") }, "\(vector.name)")
            // Those of streams are no requests and show no headers.
            #expect(wanted.isEmpty || request.headers.count == wanted.count, "\(vector.name)")
        }
    }

    @Test(arguments: VenueCatalog.all.flatMap { line in line.samples.map { (line.venue, $0.product) } })
    func `a product's sample is a pair of orders that its rules take, in markets that its dialect trades`(_ venue: String, _ product: String) throws {
        let sample = try #require(VenueCatalog.sample(venue: venue, product: product))
        let adapter = try #require(VenueCatalog.adapter(venue: venue, product: product))
        let instruments = try #require(DialectCatalog.line(venue)).make().instruments
        #expect(adapter.problem(with: sample.order) == nil)
        for market in sample.markets {
            let traded = try #require(instruments.first { $0.symbol == market.symbol.text }, "\(market.symbol) is not traded")
            #expect(market.quantity >= traded.minQuantity, "\(market.symbol)")
        }
    }
}

/// XT's rules under another name: a venue that nobody wrote anything for.
private struct XTSpotAs: AdapterOver {
    let base: any VenueAdapter
    let name: String

    init?(_ name: String) {
        guard let base = VenueCatalog.adapter(venue: "xt-spot", product: "spot") else { return nil }
        (self.base, self.name) = (base, name)
    }

    var profile: VenueProfile {
        var profile = base.profile
        profile.venue = name
        return profile
    }
}
