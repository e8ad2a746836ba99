import OMSCore
import Venues
import Wire

/// What `--place` places, where anything is and somebody agrees.
extension Rehearse {
    func plan(_ rehearsal: Rehearsal, _ run: RehearsalRun) throws(ControlCaller.Problem) -> Rehearsal.Planned {
        let planned = rehearsal.planned(in: Symbol(symbol ?? ""), at: price)
        guard case .order(let order, let market) = planned else { return planned }
        if let why = try run.waitReady() { return .refused("the account is not ready: \(why)") }
        let count = RehearsalRun.ids(run.adapter.profile.clientIDs).count
        writeToStandardError(
            "omsd: \(run.account.id): \(count) orders, one behind the other: buy \(order.quantity) \(market.symbol) at \(order.price), post-only, each "
                + "cancelled once it was seen\n")
        if isAgreed { return planned }
        writeToStandardError("omsd: go on? [y/N] ")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else { return .refused("nobody agreed") }
        return planned
    }
}
