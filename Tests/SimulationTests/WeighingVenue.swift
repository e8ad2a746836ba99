import OMSCore
import Simulator
import Venues
import Wire

/// A venue that does not exist: XT's platform, but for what it counts. Orders of places within a second and within a day of ten seconds that begins when its clock
/// says so, those of each market within a second, cancels by the order, and the weight of every request for the address.
///
/// `lone`: and a market's only order in a request, within ten seconds.
struct WeighingAdapter: AdapterOver {
    let base: any VenueAdapter
    var countsLone = false

    var profile: VenueProfile {
        var profile = base.profile
        profile.budgets = [
            OMSCore.BudgetRule("orders", 10, perMs: 1_000, scope: .uid, reserve: 0),
            OMSCore.BudgetRule("orders-day", 60, perMs: 10_000, .calendar(beginsMs: 3_000), scope: .uid, reserve: 0),
            OMSCore.BudgetRule("market", 6, perMs: 1_000, scope: .uid, reserve: 0, isDivided: true),
            OMSCore.BudgetRule("cancels", 7, perMs: 1_000, scope: .uid, reserve: 0),
            OMSCore.BudgetRule("weight", 100, perMs: 2_000, scope: .ip, heaviest: 40),
        ]
        if countsLone { profile.budgets.append(OMSCore.BudgetRule("lone", 2, perMs: 10_000, scope: .uid, reserve: 0, isDivided: true)) }
        return profile
    }

    private func places(_ tickets: [PlaceTicket]) -> [Charge] {
        var charges = [Charge("orders", items: tickets.count), Charge("orders-day", items: tickets.count), "weight"]
        for (market, own) in Dictionary(grouping: tickets, by: \.terms.symbol.text).sorted(by: { $0.key < $1.key }) {
            charges.append(Charge("market", items: own.count, of: market))
            if countsLone, own.count == 1 { charges.append(Charge("lone", of: market)) }
        }
        return charges
    }

    func charges(of content: RequestPlan.Content) -> [Charge] {
        switch content {
        case .place(let tickets, _): places(tickets)
        case .cancel(let tickets): [Charge("cancels", items: tickets.count), "weight"]
        case .modify, .mixed, .query(.cancelAll), .query(.countdown), .query(.serverTime): ["weight"]
        case .query(.find): [Charge("weight", weight: 4)]
        case .query(.openOrders), .query(.history): [Charge("weight", weight: 40)]
        case .query(.instruments), .query(.account): [Charge("weight", weight: 20)]
        case .query(.fills): [Charge("weight", weight: 5)]
        }
    }
}

/// The same page read from the venue's side: it looks into bodies, and at its own clock.
final class WeighingDialect: Dialect {
    let venue = "xt-spot"
    private let platform = XTSpotDialect()
    private let countsLone: Bool

    init(countsLone: Bool = false) { self.countsLone = countsLone }

    var budgets: [Simulator.BudgetRule] { Self.weighed + (countsLone ? [Simulator.BudgetRule("lone", 2, perMs: 10_000, scope: .uid)] : []) }
    private static let weighed = [
        Simulator.BudgetRule("orders", 10, scope: .uid),
        Simulator.BudgetRule("orders-day", 60, perMs: 10_000, .onTheClock(laterMs: 3_000), scope: .uid),
        Simulator.BudgetRule("market", 6, scope: .uid), Simulator.BudgetRule("cancels", 7, scope: .uid),
        Simulator.BudgetRule("weight", 100, perMs: 2_000, scope: .ip),
    ]
    var instruments: [SimInstrument] { platform.instruments }
    var pageSigns: [(name: String, says: PageSign)] { platform.pageSigns }

    func claims(_ path: Substring) -> Bool { platform.claims(path) }
    func keyID(of request: HTTPRequest) -> String? { platform.keyID(of: request) }
    func set(_ name: String, to value: String) -> Bool { platform.set(name, to: value) }
    func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse { platform.refuse(why, call) }
    func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse { platform.answer(call, on: exchange) }

    func route(_ request: HTTPRequest) -> Route? {
        platform.route(request).map { route in
            let own =
                switch route.endpoint {
                case "batch-place": ["orders", "orders-day", "market"] + (countsLone ? ["lone"] : [])
                case "batch-cancel": ["cancels"]
                default: [String]()
                }
            return Route(route.endpoint, route.kind, budgets: own + ["weight"], lane: route.lane, itemLists: route.itemLists)
        }
    }

    func counts(_ call: Call, under rule: Simulator.BudgetRule) -> [(part: String, weight: Int)] {
        switch rule.name {
        case "orders", "orders-day": return [("", call.json?["items"]?.array?.count ?? 1)]
        case "market", "lone":
            var markets: [String: Int] = [:]
            for item in call.json?["items"]?.array ?? [] { markets[item["symbol"]?.string ?? "", default: 0] += 1 }
            return rule.name == "market" ? markets.map { ($0.key, $0.value) } : markets.filter { $0.value == 1 }.map { ($0.key, 1) }
        case "cancels": return [("", call.json?["orderIds"]?.array?.count ?? 1)]
        default: break
        }
        switch call.route.endpoint {
        case "order", "order-by-id", "batch-order": return [("", 4)]
        case "open-order", "history-order": return [("", 40)]
        case "symbol", "balances": return [("", 20)]
        case "trade": return [("", 5)]
        default: return [("", 1)]
        }
    }
}
