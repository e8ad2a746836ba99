import OMSCore
import Wire

/// What is to be placed, by what questions showed; or why nothing is.
extension Rehearsal {
    package enum Planned: Sendable, Equatable {
        case order(SmallestOrder, Instrument)
        case refused(String)
    }

    /// Names of what tells whose orders they would be, and whether they may be placed.
    private static let whose = ["key", "uid", "rights", "account_mode"]

    /// - Parameter price: nil: a fifth below the last price that an order of the account shows.
    package func planned(in symbol: Symbol, at price: Decimal?) -> Planned {
        if let stopped { return .refused(stopped) }
        if let broken = seen.first(where: { $0.verdict == .contradicts && $0.bears != nil }) {
            return .refused("\(broken.name) is contradicted, which promises rest on")
        }
        if let wrong = seen.first(where: { $0.verdict == .contradicts && Self.whose.contains($0.name) }) {
            return .refused("\(wrong.name) is contradicted: \(wrong.seen)")
        }
        guard let market = markets.first(where: { $0.symbol == symbol }) else { return .refused("there is no market \(symbol.text.escapedForLog)") }
        guard market.tradable else { return .refused("\(symbol) is closed\(market.problem.map { ": \($0)" } ?? "")") }
        guard let price = price ?? lastPrice.map({ Decimal(units: $0.units / 5 * 4) }) else {
            return .refused("no order of the account shows a price of \(symbol): --price P says where to place, far below the market")
        }
        guard let order = SmallestOrder(in: market, at: price) else { return .refused("the rules of \(symbol) leave no order at \(price)") }
        return .order(order, market)
    }

    /// What is to execute beside what rests, at most so dear.
    ///
    /// - Parameter price: nil: a twentieth above the last price that an order of the account shows.
    package func plannedFill(in market: Instrument, atMost price: Decimal?, above resting: SmallestOrder) -> Planned {
        guard let price = price ?? lastPrice.map({ Decimal(units: $0.units / 20 * 21) }) else {
            return .refused("no order of the account shows a price of \(market.symbol): --at-most P says how dear it may be")
        }
        guard price > resting.price else { return .refused("--at-most \(price) is no higher than the price of what is to rest, \(resting.price)") }
        guard let order = SmallestOrder(in: market, at: price) else { return .refused("the rules of \(market.symbol) leave no order at \(price)") }
        return .order(order, market)
    }
}
