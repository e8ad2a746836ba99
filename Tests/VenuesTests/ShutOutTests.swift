import OMSCore
import Simulator
import Testing
import Venues
import Wire

/// A venue that shuts an address out for ten minutes without a header that says so: its edge answers 403 with a page, or it says so in words.
private struct Silent: AdapterOver {
    let base: any VenueAdapter
    var profile: VenueProfile {
        var profile = base.profile
        profile.shutOuts = [
            ShutOutRule(status: 403, saying: nil, forMs: 600_000), ShutOutRule(status: 403, saying: "access too frequent", forMs: 600_000),
        ]
        return profile
    }
}

@Suite struct ShutOutTests {
    @Test(arguments: Product.all) func `a profile says which answers shut out for how long where no header does`(_ product: Product) {
        let adapter = Silent(base: product.adapter)
        let answers: [(status: Int, headers: [HTTPHeader], body: String, ms: Int64?)] = [
            (403, [], "<html>403 Forbidden</html>", 600_000), (403, [], #"{"code":10006,"msg":"Access too frequent."}"#, 600_000),
            (403, [HTTPHeader("Retry-After", "30")], "<html></html>", 30_000), (403, [], #"{"code":10003,"msg":"no such key"}"#, nil),
            (429, [], "<html></html>", nil), (418, [], "", 120_000),
        ]
        for content in product.contents {
            for answer in answers {
                let response = HTTPResponse(status: answer.status, headers: answer.headers, body: Array(answer.body.utf8))
                let read = adapter.reading(response, of: product.plan(content))
                // A key that is refused in the venue's own words is refused for good.
                guard read.disposition != .halted else { continue }
                if let ms = answer.ms {
                    #expect(read.disposition == .shutOut(forMs: ms), "\(content.title) \(answer)")
                } else if case .shutOut = read.disposition {
                    Issue.record("\(content.title) \(answer)")
                }
            }
        }
    }
}
