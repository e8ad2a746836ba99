import OMSCore
import Venues
import Wire

/// Northgate spot: XT's platform under a name, a host and a path of its own.
///
/// Source: docs/venues/northgate.md.
package struct Northgate: VenueAdapter {
    package let profile: VenueProfile
    private let platform: XTSpot
    /// In front of every path; the signature does not cover it.
    private static let root = "/northgate"

    /// nil for a product that Northgate does not have.
    package init?(product: String) {
        guard product == "spot", let platform = XTSpot(product: product) else { return nil }
        var profile = platform.profile
        (profile.venue, profile.baseURL) = ("northgate", "https://api.northgate.example")
        (self.profile, self.platform) = (profile, platform)
    }

    package func problem(with terms: OrderTerms) -> OrderProblem? { platform.problem(with: terms) }
    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        platform.problem(modifying: terms, price: price, quantity: quantity)
    }
    package func group(of terms: OrderTerms) -> PlaceGroup { platform.group(of: terms) }
    package func charges(of content: RequestPlan.Content) -> [Charge] { platform.charges(of: content) }
    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    package func request(for plan: RequestPlan) -> HTTPRequest {
        var request = platform.request(for: plan)
        request.target = Self.root + request.target
        return request
    }

    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) {
        var bare = request
        bare.target.removeFirst(Self.root.count)
        platform.sign(&bare, timeMs: timeMs, with: key)
        request.headers = bare.headers
    }

    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer { platform.answer(to: plan, from: response) }
}
