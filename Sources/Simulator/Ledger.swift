import Wire

/// Every request the venues saw, in order of arrival.
package final class Ledger {
    package enum Outcome: String, Sendable {
        /// On its way still (`execute_late`).
        case underWay = "under_way"
        case accepted
        /// Some items taken, some refused.
        case partial
        case refused
        case rateLimited = "rate_limited"
        /// A fault took it before the venue did.
        case notExecuted = "not_executed"
    }

    package final class Request {
        package let number: Int
        /// The world's clock, microseconds.
        package let at: Int64
        package let venue: String
        /// The uid; nil: public, or an unknown key.
        package let account: String?
        package let endpoint: String
        package let kind: Route.Kind?
        package let budgets: [String]
        package internal(set) var items = 0
        package internal(set) var clientIDs: [String] = []
        package internal(set) var outcome = Outcome.accepted
        /// The venue's code where the whole request was refused.
        package internal(set) var refusal: String?
        package internal(set) var fault: String?
        /// Of the answer made, sent or not; 0: none.
        package internal(set) var status = 0
        /// Budgets this request was too much for.
        package internal(set) var violated: [String] = []
        /// When a late one was executed.
        package internal(set) var executedAt: Int64?

        init(number: Int, at: Int64, venue: String, account: String?, endpoint: String, kind: Route.Kind?, budgets: [String]) {
            (self.number, self.at, self.venue, self.account) = (number, at, venue, account)
            (self.endpoint, self.kind, self.budgets) = (endpoint, kind, budgets)
        }

        func note(_ call: Call) {
            (items, clientIDs, refusal) = (call.items, call.clientIDs, call.refusal)
            outcome = call.refusal != nil ? .refused : call.refused == 0 ? .accepted : call.accepted == 0 ? .refused : .partial
        }
    }

    package private(set) var requests: [Request] = []

    func begin(at: Int64, venue: String, account: String?, endpoint: String, kind: Route.Kind?, budgets: [String]) -> Request {
        let request = Request(number: requests.count + 1, at: at, venue: venue, account: account, endpoint: endpoint, kind: kind, budgets: budgets)
        requests.append(request)
        return request
    }
}

/// A client id that became more than one order of an account: what must never happen to omsd.
package struct Duplicate {
    package let venue: String
    package let account: String
    package let clientID: String
    /// Oldest first. Orders an engine refused before they lived are not among them.
    package let orders: [SimOrder]
}

/// What was seen of one budget of one owner.
package struct LimitCount {
    package let venue: String
    package let rule: BudgetRule
    package let owner: String
    package let arrivals: Int
    package let busiestWindow: Int
    package let violations: Int
    /// nil: not limited.
    package let permits: Int?
}

extension VenueWorld {
    package var duplicates: [Duplicate] {
        venues.flatMap { venue -> [Duplicate] in
            var newest: [String: SimOrder] = [:]
            for order in venue.exchange.orders where order.earlier != nil { newest["\(order.uid)\u{0}\(order.clientID)"] = order }
            return newest.values.sorted { $0.sequence < $1.sequence }.compactMap { last in
                let chain = sequence(first: last, next: \.earlier).filter { $0.state != .rejected }
                guard chain.count > 1 else { return nil }
                return Duplicate(venue: venue.dialect.venue, account: last.uid, clientID: last.clientID, orders: chain.reversed())
            }
        }
    }

    package var limitCounts: [LimitCount] {
        venues.flatMap { venue in
            venue.counters.sorted { ($0.key.budget, $0.key.owner) < ($1.key.budget, $1.key.owner) }.compactMap { key, counter in
                venue.rules[key.budget].map {
                    LimitCount(
                        venue: venue.dialect.venue, rule: $0, owner: key.owner, arrivals: counter.total, busiestWindow: counter.busiest,
                        violations: counter.violations, permits: $0.permits(in: key.lane))
                }
            }
        }
    }

    /// The whole ledger as JSON: seed, now, requests, orders, executions, streams, duplicates, limits, faults. Field names are in docs/OMSIM.md.
    package func ledgerJSON() -> [UInt8] {
        // About 300 bytes a request or order, measured on batches of 100 with 9-character ids.
        var writer = JSONWriter(reserving: 4096 + 300 * (ledger.requests.count + venues.reduce(0) { $0 + $1.exchange.orders.count }))
        writer.beginObject()
        writer.member("seed", options.seed)
        writer.member("now", now)
        writer.key("requests")
        writer.beginArray()
        for request in ledger.requests { write(request, to: &writer) }
        writer.endArray()
        writer.key("orders")
        writer.beginArray()
        for venue in venues { for order in venue.exchange.orders { write(order, of: venue.dialect.venue, to: &writer) } }
        writer.endArray()
        writer.key("executions")
        writer.beginArray()
        for venue in venues { for fill in venue.exchange.fills { write(fill, of: venue, to: &writer) } }
        writer.endArray()
        writeStreams(to: &writer)
        writeVerdicts(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// The small form: counts instead of lists, and the verdicts in full.
    package func summaryJSON() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("seed", options.seed)
        writer.member("now", now)
        writer.member("requests", ledger.requests.count)
        writer.key("outcomes")
        writeCounts(of: ledger.requests.lazy.map { $0.outcome.rawValue }, to: &writer)
        writer.key("faults_struck")
        writeCounts(of: ledger.requests.lazy.compactMap { $0.fault }, to: &writer)
        writer.key("accounts")
        writer.beginArray()
        for venue in venues {
            var byAccount: [String: [SimOrder]] = [:]
            for order in venue.exchange.orders { byAccount[order.uid, default: []].append(order) }
            for (uid, orders) in byAccount.sorted(by: { $0.key < $1.key }) {
                writer.beginObject()
                writer.member("venue", venue.dialect.venue)
                writer.member("account", uid)
                writer.member("orders", orders.count)
                writer.member("client_order_ids", Set(orders.lazy.map(\.clientID)).count)
                writer.member("live", orders.count { $0.state.isLive })
                writer.key("states")
                writeCounts(of: orders.lazy.map { $0.state.rawValue }, to: &writer)
                writer.endObject()
            }
        }
        writer.endArray()
        writeStreamCounts(to: &writer)
        writeVerdicts(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private func writeVerdicts(to writer: inout JSONWriter) {
        writer.key("duplicates")
        writer.beginArray()
        for duplicate in duplicates {
            writer.beginObject()
            writer.member("venue", duplicate.venue)
            writer.member("account", duplicate.account)
            writer.member("client_order_id", duplicate.clientID)
            writer.key("order_ids")
            writer.beginArray()
            for order in duplicate.orders { writer.string(order.id) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.key("limits")
        writer.beginArray()
        for count in limitCounts {
            writer.beginObject()
            writer.member("venue", count.venue)
            writer.member("owner", count.owner)
            writer.member("budget", count.rule.name)
            writer.member("scope", count.rule.scope.rawValue)
            writer.member("permits", count.permits)
            writer.member("window_ms", count.rule.windowMs)
            writer.member("requests", count.arrivals)
            writer.member("busiest_window", count.busiestWindow)
            writer.member("violations", count.violations)
            writer.endObject()
        }
        writer.endArray()
        writer.key("faults")
        writer.beginArray()
        for standing in faults.rules {
            writer.beginObject()
            writer.member("type", standing.rule.fault.name)
            writer.member("seen", standing.seen)
            writer.member("struck", standing.struck)
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeCounts(of words: some Sequence<String>, to writer: inout JSONWriter) {
        var counts: [String: Int] = [:]
        for word in words { counts[word, default: 0] += 1 }
        writer.beginObject()
        for (word, count) in counts.sorted(by: { $0.key < $1.key }) { writer.member(word, count) }
        writer.endObject()
    }

    private func write(_ request: Ledger.Request, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("n", request.number)
        writer.member("at", request.at)
        writer.member("venue", request.venue)
        writer.member("account", request.account)
        writer.member("endpoint", request.endpoint)
        writer.member("kind", request.kind?.rawValue)
        writer.key("budgets")
        writeList(request.budgets, to: &writer)
        writer.member("items", request.items)
        writer.key("client_order_ids")
        writeList(request.clientIDs, to: &writer)
        writer.member("outcome", request.outcome.rawValue)
        writer.member("status", request.status)
        if let refusal = request.refusal { writer.member("code", refusal) }
        if let fault = request.fault { writer.member("fault", fault) }
        if let executedAt = request.executedAt { writer.member("executed_at", executedAt) }
        if !request.violated.isEmpty {
            writer.key("violated")
            writeList(request.violated, to: &writer)
        }
        writer.endObject()
    }

    private func writeList(_ texts: [String], to writer: inout JSONWriter) {
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }

    private func write(_ order: SimOrder, of venue: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("venue", venue)
        writer.member("account", order.uid)
        writer.member("product", order.ticket.product)
        writer.member("client_order_id", order.clientID)
        writer.member("order_id", order.id)
        writer.member("symbol", order.symbol)
        writer.member("side", order.side.rawValue)
        writer.member("price", order.price.map { String(describing: $0) })
        writer.member("quantity", String(describing: order.quantity))
        writer.member("state", order.state.rawValue)
        writer.member("reason", order.reason)
        writer.member("filled", String(describing: order.filled))
        writer.member("created_at", order.createdAt)
        writer.member("updated_at", order.updatedAt)
        writer.member("request_n", order.requestNumber)
        writer.endObject()
    }

    private func write(_ fill: SimFill, of venue: Venue, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("venue", venue.dialect.venue)
        writer.member("account", fill.order.uid)
        writer.member("client_order_id", fill.order.clientID)
        writer.member("order_id", fill.order.id)
        writer.member("trade_id", fill.id)
        writer.member("quantity", String(describing: fill.quantity))
        writer.member("price", String(describing: fill.price))
        writer.member("fee", String(describing: venue.dialect.fee(of: fill, on: venue.exchange)))
        writer.member("at", fill.at)
        writer.endObject()
    }
}
