import OMSCore
import Venues
import Wire

/// What `--place` places and `--fill` buys, where anything is and somebody agrees.
extension Rehearse {
    enum Plan {
        /// What rests; and what executes, where anything is to.
        case orders(SmallestOrder, Instrument, dearer: SmallestOrder?)
        case refused(String)
    }

    func plan(_ rehearsal: Rehearsal, _ run: RehearsalRun) throws(ControlCaller.Problem) -> Plan {
        let planned = rehearsal.planned(in: Symbol(symbol ?? ""), at: price)
        guard case .order(let order, let market) = planned else { return .refused(Self.why(planned)) }
        var dearer: SmallestOrder?
        if fills {
            let planned = rehearsal.plannedFill(in: market, atMost: atMost, above: order)
            guard case .order(let least, _) = planned else { return .refused(Self.why(planned)) }
            dearer = least
        }
        if let why = try run.waitReady() { return .refused("the account is not ready: \(why)") }
        let count = RehearsalRun.ids(run.adapter.profile.clientIDs).count
        writeToStandardError(
            "omsd: \(run.account.id): \(count) orders, one behind the other: buy \(order.quantity) \(market.symbol) at \(order.price), post-only, each "
                + "cancelled once it was seen; and one too late to be taken\n")
        if let dearer {
            writeToStandardError(
                "omsd: \(run.account.id): then two more of these at once, and between them one at \(dearer.price), post-only, that cannot rest; then one TO "
                    + "EXECUTE: buy \(dearer.quantity) \(market.symbol) at \(dearer.price) at most, worth \(Self.worth(dearer, market)) at most\n")
        }
        if isAgreed { return .orders(order, market, dearer: dearer) }
        writeToStandardError("omsd: go on? [y/N] ")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else { return .refused("nobody agreed") }
        return .orders(order, market, dearer: dearer)
    }

    private static func why(_ planned: Rehearsal.Planned) -> String { if case .refused(let words) = planned { words } else { "" } }

    /// In the market's quote currency; of coin-margined contracts in what they stand for.
    private static func worth(_ order: SmallestOrder, _ market: Instrument) -> String {
        if let value = market.contractValue { return order.quantity.multiplied(by: value, roundingDown: true).map { "\($0)" } ?? "?" }
        let base = order.quantity.multiplied(by: market.contractSize ?? .one, roundingDown: true)
        return base.flatMap { $0.multiplied(by: order.price, roundingDown: true) }.map { "\($0)" } ?? "?"
    }
}
