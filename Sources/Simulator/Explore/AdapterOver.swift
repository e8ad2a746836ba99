import OMSCore
import Venues
import Wire

/// An adapter that is another one but for what it says itself: a venue with one habit changed.
package protocol AdapterOver: VenueAdapter {
    var base: any VenueAdapter { get }
}

extension AdapterOver {
    package var profile: VenueProfile { base.profile }
    package func problem(with terms: OrderTerms) -> OrderProblem? { base.problem(with: terms) }
    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        base.problem(modifying: terms, price: price, quantity: quantity)
    }
    package func group(of terms: OrderTerms) -> PlaceGroup { base.group(of: terms) }
    package func charges(of content: RequestPlan.Content) -> [Charge] { base.charges(of: content) }
    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? {
        base.predictedID(clientOrderID: clientOrderID, timeMs: timeMs, facts: facts)
    }
    package func request(for plan: RequestPlan) -> HTTPRequest { base.request(for: plan) }
    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) { base.sign(&request, timeMs: timeMs, with: key) }
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer { base.answer(to: plan, from: response) }
}
