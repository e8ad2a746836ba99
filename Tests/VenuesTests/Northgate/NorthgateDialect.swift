import Simulator
import Wire

/// Northgate as its page reads: XT's dialect behind a path.
package final class NorthgateDialect: Dialect {
    package let venue = "northgate"
    private let platform = XTSpotDialect()
    private static let root = "/northgate"

    package init() {}

    package var budgets: [BudgetRule] { platform.budgets }
    package var instruments: [SimInstrument] { platform.instruments }
    package var pageSigns: [(name: String, says: PageSign)] { platform.pageSigns }

    package func claims(_ path: Substring) -> Bool { path.hasPrefix(Self.root + "/") }
    package func route(_ request: HTTPRequest) -> Route? { platform.route(Self.inside(request)) }
    package func keyID(of request: HTTPRequest) -> String? { platform.keyID(of: request) }
    package func set(_ name: String, to value: String) -> Bool { platform.set(name, to: value) }
    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse { platform.refuse(why, call) }

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        let whole = call.request
        defer { call.request = whole }
        call.request = Self.inside(whole)
        return platform.answer(call, on: exchange)
    }

    /// What XT's platform sees of a request.
    private static func inside(_ request: HTTPRequest) -> HTTPRequest {
        var inside = request
        inside.target.removeFirst(root.count)
        return inside
    }
}
