import OMSCore
import Wire

/// A venue's adapter in its demo environment: another host, or a header on each request. All else is as at the venue.
struct DemoAdapter: VenueAdapter {
    let profile: VenueProfile
    let live: any VenueAdapter
    private let header: HTTPHeader?

    /// nil where the product cannot be traded in a demo.
    init?(_ live: any VenueAdapter) {
        guard case .at(let baseURL, let header) = live.profile.demo else { return nil }
        var profile = live.profile
        profile.baseURL = baseURL
        (self.live, self.profile, self.header) = (live, profile, header.map { HTTPHeader($0.name, $0.value) })
    }

    func problem(with terms: OrderTerms) -> OrderProblem? { live.problem(with: terms) }
    func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        live.problem(modifying: terms, price: price, quantity: quantity)
    }
    func group(of terms: OrderTerms) -> PlaceGroup { live.group(of: terms) }
    func charges(of content: RequestPlan.Content) -> [Charge] { live.charges(of: content) }
    func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? {
        live.predictedID(clientOrderID: clientOrderID, timeMs: timeMs, facts: facts)
    }

    /// The header is part of no venue's signature.
    func request(for plan: RequestPlan) -> HTTPRequest {
        var request = live.request(for: plan)
        if let header { request.headers.append(header) }
        return request
    }

    func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) { live.sign(&request, timeMs: timeMs, with: key) }
    func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer { live.answer(to: plan, from: response) }
}
