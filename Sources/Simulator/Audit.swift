import OMSCore
import Wire

/// What a journal says of one order, for the audit.
package struct RecordedOrder: Sendable {
    package let clientID: String
    package let venue: String
    /// The journal's word, e.g. `working`.
    package let state: String
    package let venueOrderID: String?
    /// Requests that may have left with it.
    package let attempts: Int
    /// What was executed of it.
    package let filled: Decimal
    /// Rows of its executions.
    package let executions: [RecordedExecution]
    /// The journal says that more of them are still to be listed.
    package let awaitsExecutions: Bool

    package init(
        clientID: String, venue: String, state: String, venueOrderID: String?, attempts: Int, filled: Decimal, executions: [RecordedExecution] = [],
        awaitsExecutions: Bool = false
    ) {
        (self.clientID, self.venue, self.state, self.venueOrderID, self.attempts) = (clientID, venue, state, venueOrderID, attempts)
        (self.filled, self.executions, self.awaitsExecutions) = (filled, executions, awaitsExecutions)
    }

    /// Nothing more happens to it.
    var isClosed: Bool { ["filled", "canceled", "expired", "rejected", "denied", "abandoned"].contains(state) }
}

/// A journal held against the venues' own ledger, order by order.
///
/// An order the journal calls acknowledged, working, partially filled or filled must be at the venue exactly once; one it calls closed without a trade
/// must not be live there; of one it calls closed the venue must have executed what the journal says, no more and no less; one that never left must not be
/// there at all; one whose fate is open makes the audit fail, for nobody can vouch for it. Each row of an execution must be the venue's, with its amounts, and
/// of a closed order none may be missing, unless the journal itself says that it is still to be listed.
package struct Audit: Sendable {
    /// One venue's line.
    package struct Line: Sendable, Equatable {
        package let venue: String
        /// Orders of the journal.
        package internal(set) var intended = 0
        /// Of those, how many the venue has or had.
        package internal(set) var placed = 0
        /// Of those, how many the venue rightly never had: refused, withdrawn, expired or given up.
        package internal(set) var notPlaced = 0
        package internal(set) var lost = 0
        package internal(set) var twice = 0
        /// Without an end the journal could vouch for: intended, submitted or in doubt.
        package internal(set) var open = 0
        /// Rows of executions.
        package internal(set) var executions = 0
        /// Requests the venue counted over a limit.
        package internal(set) var overLimit = 0
        package init(venue: String) { self.venue = venue }
    }

    /// Something that must not be, named by the client order id (or the budget) it concerns.
    package struct Finding: Sendable, Equatable {
        package let venue: String
        package let id: String
        package let problem: String
    }

    package private(set) var lines: [Line] = []
    package internal(set) var findings: [Finding] = []
    package var holds: Bool { findings.isEmpty }

    /// - Parameters:
    ///   - orders: All orders of the journal.
    ///   - ledger: The simulator's `/_sim/ledger`.
    ///   - venues: Which lines appear, and in which order; venues beyond them follow.
    /// - Throws: ``SimulatorInputError`` when the ledger is no ledger.
    package init(orders: [RecordedOrder], ledger: JSON, venues: [String] = DialectCatalog.all.map(\.venue)) throws(SimulatorInputError) {
        let known = try Self.holdings(in: ledger)
        var byVenue: [String: Line] = [:]
        for order in orders {
            var line = byVenue[order.venue] ?? Line(venue: order.venue)
            let held = known.orders[Self.key(order.venue, order.clientID)] ?? []
            judge(order, held, &line)
            judgeExecutions(of: order, held, known.executions, &line)
            byVenue[order.venue] = line
        }
        findStrays(orders, known)
        for limit in known.limits where limit.violations > 0 {
            byVenue[limit.venue, default: Line(venue: limit.venue)].overLimit += limit.violations
            findings.append(Finding(venue: limit.venue, id: limit.budget, problem: "\(limit.violations) requests over the limit"))
        }
        let others = byVenue.keys.filter { !venues.contains($0) }.sorted()
        lines = (venues + others).map { byVenue[$0] ?? Line(venue: $0) }
    }

    private mutating func judge(_ order: RecordedOrder, _ held: [Holding], _ line: inout Line) {
        func finding(_ problem: String) { findings.append(Finding(venue: order.venue, id: order.clientID, problem: problem)) }
        line.intended += 1
        if !held.isEmpty { line.placed += 1 }
        if held.count > 1 {
            line.twice += 1
            finding("\(held.count) orders at the venue: \(held.map(\.orderID).joined(separator: " "))")
        }
        switch order.state {
        case "acknowledged", "working", "partially_filled", "filled":
            if let first = held.first {
                if held.count == 1, let id = order.venueOrderID, id != first.orderID { finding("known as \(id) here and as \(first.orderID) there") }
                if order.venueOrderID == nil { finding("\(order.state) without the venue's id") }
                if order.state == "filled", held.count == 1, first.state != "filled" { finding("filled here, \(first.state) there") }
            } else {
                line.lost += 1
                finding("\(order.state) here, unknown to the venue")
            }
        case "canceled", "expired", "rejected", "denied", "abandoned":
            if held.isEmpty { line.notPlaced += 1 }
            if let live = held.first(where: \.isLive) { finding("\(order.state) here, \(live.state) there as \(live.orderID)") }
            if order.attempts == 0, let first = held.first { finding("never sent by the record, yet there as \(first.orderID)") }
        default:
            line.open += 1
            finding("\(order.state): its fate is not known yet")
        }
        guard order.isClosed else { return }
        let executed = held.reduce(Decimal.zero) { $0.adding($1.filled) ?? $0 }
        if executed != order.filled { finding("\(order.state) here with \(order.filled) executed, there with \(executed)") }
    }

    /// Orders of the audited accounts that came by a request and are on no record.
    private mutating func findStrays(_ orders: [RecordedOrder], _ known: Holdings) {
        let recorded = Set(orders.lazy.map { Self.key($0.venue, $0.clientID) })
        let owners = Set(known.orders.lazy.filter { recorded.contains($0.key) }.flatMap { $0.value.map(\.owner) })
        for (key, held) in known.orders.sorted(by: { $0.key < $1.key }) where !recorded.contains(key) {
            for order in held where order.cameByRequest && owners.contains(order.owner) {
                findings.append(Finding(venue: order.venue, id: order.clientID, problem: "at the venue as \(order.orderID), on no record"))
            }
        }
    }

    // MARK: The ledger

    struct Holding {
        let venue: String
        let clientID: String
        let orderID: String
        let state: String
        let filled: Decimal
        /// Venue and uid.
        let owner: String
        let cameByRequest: Bool
        var isLive: Bool { SimState(rawValue: state).map { $0.isLive || $0 == .accepted } ?? true }
    }

    struct LimitLine {
        let venue: String
        let budget: String
        let violations: Int
    }

    struct Holdings {
        /// By venue and client id.
        var orders: [String: [Holding]] = [:]
        var limits: [LimitLine] = []
        /// By venue and the venue's order id.
        var executions: [String: [RecordedExecution]] = [:]
    }

    static func key(_ venue: String, _ clientID: String) -> String { venue + "\u{0}" + clientID }

    /// What the venues hold, by venue and client id, and what they counted. An order that an engine refused before it lived is no order.
    private static func holdings(in ledger: JSON) throws(SimulatorInputError) -> Holdings {
        guard let orders = ledger["orders"]?.array, let limits = ledger["limits"]?.array, let executions = ledger["executions"]?.array else {
            throw SimulatorInputError("the answer is not the ledger of an omsim")
        }
        var known = Holdings()
        for order in orders {
            guard let venue = order["venue"]?.string, let account = order["account"]?.string, let clientID = order["client_order_id"]?.string,
                let orderID = order["order_id"]?.string, let state = order["state"]?.string, let request = order["request_n"]?.integer,
                let filled = order["filled"]?.string.flatMap({ Decimal($0) })
            else { throw SimulatorInputError("the ledger has an order without venue, ids, state, filled quantity or request") }
            guard state != SimState.rejected.rawValue else { continue }
            known.orders[key(venue, clientID), default: []].append(
                Holding(
                    venue: venue, clientID: clientID, orderID: orderID, state: state, filled: filled, owner: key(venue, account),
                    cameByRequest: request > 0))
        }
        for execution in executions {
            guard let venue = execution["venue"]?.string, let row = RecordedExecution(ledger: execution) else {
                throw SimulatorInputError("the ledger has an execution without venue, ids, quantity, price or fee")
            }
            known.executions[key(venue, row.venueOrderID), default: []].append(row)
        }
        for limit in limits {
            guard let venue = limit["venue"]?.string, let budget = limit["budget"]?.string, let violations = limit["violations"]?.integer else {
                throw SimulatorInputError("the ledger has a limit without venue, budget or violations")
            }
            known.limits.append(LimitLine(venue: venue, budget: budget, violations: Int(clamping: violations)))
        }
        return known
    }
}
