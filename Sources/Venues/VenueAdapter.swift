import OMSCore
import Wire

/// One venue and product: the engine's rules, and both directions of its wire format. Pure: values in, values out.
package protocol VenueAdapter: VenueRules {
    /// The request's bytes, but for what the signature adds. Equal plans give equal bytes.
    func request(for plan: RequestPlan) -> HTTPRequest

    /// Adds key, timestamp and signature headers. The timestamp signed is `timeMs`, the plan's.
    func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey)

    /// Reads an answer. Item outcomes stand in the order of the plan's tickets, one each. What is not understood is in doubt.
    func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer
}
