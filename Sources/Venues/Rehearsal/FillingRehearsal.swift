import OMSCore

/// The part of a rehearsal in which something executes: three orders in one request, of which one can neither rest nor trade; then one that takes what the
/// market offers at its price or below, once. Values in, values out; the daemon places and cancels, as it does any order.
package struct FillingRehearsal: Sendable {
    package enum Step: Sendable, Equatable {
        /// In one request: two that rest, and between them a post-only one beyond the market.
        case placeBatch([ClientOrderID])
        case cancel(ClientOrderID)
        /// The one that is to execute: what it does not get at once it never gets.
        case buy(ClientOrderID)
        /// One page of a look-up of it, so long after the step before, milliseconds.
        case look(ClientOrderID, VenueOrderID?, page: Int, afterMs: Int64)
        /// Its executions, as they are listed.
        case list(ClientOrderID, VenueOrderID, afterMs: Int64)
        /// What the stream tells within so long, milliseconds.
        case hear(forMs: Int64)
    }

    package enum Heard: Sendable {
        case batch([RehearsedOrder])
        case order(RehearsedOrder)
        case shown([OrderReport])
        case listed([Fill])
        case told([HeardPush])
        /// No answer, or none that can be read: why.
        case nothing(String)
    }

    private enum Phase { case batch, cancelling, buying, ending, looking, listing, hearing, over }

    private static let pauseMs: Int64 = 150
    /// How long what should come at once is waited for, milliseconds.
    private static let patienceMs: Int64 = 10_000

    let profile: VenueProfile
    /// What the stream promises; nil: nobody listens.
    let stream: StreamProfile?
    package let market: Instrument
    package let order: SmallestOrder
    private let batch: [ClientOrderID]
    private let id: ClientOrderID
    private var phase = Phase.batch
    /// What is to be cancelled yet.
    private var open: [ClientOrderID] = []
    /// Nothing is bought beside what nobody knows.
    private var isLast = false
    private var page = 0
    private var since: Int64 = 0
    /// The order that was to execute, as the daemon had it last.
    private(set) var bought: RehearsedOrder?
    /// When it had been handed over and answered.
    private(set) var boughtAt: Int64 = 0
    /// What a look-up showed of it once it was closed.
    private(set) var shown: OrderReport?
    private(set) var rows: [Fill] = []
    var pushes: [HeardPush] = []
    /// Why nothing more is heard; nil: it is.
    private(set) var deafness: String?
    /// Orders that were handed to the daemon.
    package private(set) var placed = 0
    /// What went otherwise than it should, in words.
    package private(set) var surprises: [String] = []
    package private(set) var seen: [RehearsalRow.Seen] = []

    /// - Parameters:
    ///   - batch: ids of the three.
    ///   - order: price and quantity of the one that executes: at most so dear.
    package init(
        _ profile: VenueProfile, stream: StreamProfile?, batch: [ClientOrderID], id: ClientOrderID, order: SmallestOrder, in market: Instrument
    ) {
        precondition(batch.count == 3, "a batch of three")
        (self.profile, self.stream, self.batch, self.id, self.order, self.market) = (profile, stream, batch, id, order, market)
    }

    /// nil: it is over.
    package func next() -> Step? {
        switch phase {
        case .batch: .placeBatch(batch)
        case .cancelling: open.first.map { Step.cancel($0) }
        case .buying: .buy(id)
        case .ending: .cancel(id)
        case .looking:
            .look(
                id, bought?.venueOrderID, page: page % max(1, profile.findSteps),
                afterMs: page > 0 && page % max(1, profile.findSteps) == 0 ? Self.pauseMs : 0)
        case .listing: bought?.venueOrderID.map { Step.list(id, $0, afterMs: page == 0 ? 0 : Self.pauseMs) }
        case .hearing: .hear(forMs: Self.pauseMs)
        case .over: nil
        }
    }

    /// - Parameter at: microseconds of the runner's clock.
    package mutating func heard(_ heard: Heard, at: Int64) {
        switch (phase, heard) {
        case (.batch, .batch(let orders)): placed(orders)
        case (.batch, .nothing(let why)):
            surprise("a batch of three: \(why)")
            end()
        case (.cancelling, .order(let order)):
            if order.fate != .closed { lost("\(order.id) may still be open: it is \(order.state)") }
            if !order.filled.isZero { surprise("\(order.id) was to rest, and \(order.filled) of it executed") }
            cancelled()
        case (.cancelling, .nothing(let why)):
            lost("\(open.first?.text ?? "an order") may still be open: \(why)")
            cancelled()
        case (.buying, .order(let order)):
            placed += 1
            (bought, boughtAt) = (order, at)
            settle(order, at: at, isLeft: true)
        case (.buying, .nothing(let why)):
            surprise("\(id): \(why)")
            end()
        case (.ending, .order(let order)):
            bought = order
            settle(order, at: at, isLeft: false)
        case (.ending, .nothing(let why)):
            lost("\(id) may still be open: \(why)")
            end()
        case (.looking, .shown(let reports)): looked(reports, at: at)
        case (.looking, .nothing): missed(at: at)
        case (.listing, .listed(let fills)): listed(fills, at: at)
        case (.listing, .nothing(let why)): unlisted(why, at: at)
        case (.hearing, .told(let news)):
            pushes += news
            if hasHeardAll || at - since > Self.patienceMs * 1_000 { end() }
        case (.hearing, .nothing(let why)):
            deafness = why
            end()
        default: break
        }
    }

    /// It cannot go on: why.
    package mutating func broke(_ why: String) {
        surprise(why)
        end()
    }

    /// What the account has now that it did not have before, in words; nil: nothing.
    package var bill: String? {
        guard let bought, !bought.filled.isZero else { return nil }
        let price = bought.averagePrice.map { " at \($0)" } ?? ""
        let fees = rows.compactMap { row in row.fee.map { "\($0) \(row.feeAsset ?? "of an asset that is not told")" } }
        return
            "bought \(bought.filled) \(market.symbol)\(price) by \(id)\(fees.isEmpty ? "" : ", fee \(fees.joined(separator: " + "))"): it is the account's"
    }

    // MARK: Steps

    private mutating func placed(_ orders: [RehearsedOrder]) {
        placed += orders.count
        judgeBatch(orders)
        open = orders.filter { $0.fate != .closed }.map(\.id)
        for order in orders where order.fate == .unknown { lost("\(order.id): it is \(order.state)") }
        phase = .cancelling
        if open.isEmpty { goBuy() }
    }

    private mutating func cancelled() {
        if !open.isEmpty { open.removeFirst() }
        if open.isEmpty { goBuy() }
    }

    private mutating func goBuy() { if isLast { end() } else { phase = .buying } }

    /// - Parameter isLeft: it may be cancelled yet.
    private mutating func settle(_ order: RehearsedOrder, at: Int64, isLeft: Bool) {
        switch order.fate {
        case .closed where !order.filled.isZero:
            if order.filled < self.order.quantity { surprise("\(id): \(order.filled) of \(self.order.quantity) executed") }
            (phase, since, page) = (.looking, at, 0)
        case .closed:
            surprise("\(id): nothing executed at \(self.order.price) or below (it is \(order.state)\(order.refusal.map { ": \($0)" } ?? ""))")
            end()
        case .open where isLeft:
            surprise("\(id) rests, though it was to execute at once or not at all")
            phase = .ending
        case .unknown where isLeft:
            surprise("\(id): it is \(order.state)")
            phase = .ending
        case .open, .unknown:
            lost("\(id) may still be open: it is \(order.state)")
            end()
        }
    }

    private mutating func looked(_ reports: [OrderReport], at: Int64) {
        guard let report = reports.first(where: { isOurs($0.clientOrderID, $0.venueOrderID) }), report.isClosed,
            report.filledQuantity == bought?.filled
        else { return missed(at: at) }
        shown = report
        goList(at: at)
    }

    private mutating func missed(at: Int64) {
        page += 1
        guard at - since > (profile.visibilityDelayMs + Self.patienceMs) * 1_000 else { return }
        note("find_steps", .contradicts, "an order that executed was on none of the pages \((at - since) / 1_000) ms later")
        goList(at: at)
    }

    private mutating func goList(at: Int64) {
        (phase, since, page) = (.listing, at, 0)
        if !profile.listsFills || bought?.venueOrderID == nil { goHear(at: at) }
    }

    private mutating func listed(_ fills: [Fill], at: Int64) {
        rows = fills.filter { $0.venueOrderID == bought?.venueOrderID }
        guard sum(rows) != bought?.filled else {
            judgeRows()
            return goHear(at: at)
        }
        unlisted("\(rows.count) rows come to \(sum(rows)?.description ?? "no number")", at: at)
    }

    private mutating func unlisted(_ why: String, at: Int64) {
        page += 1
        guard at - since > Self.patienceMs * 1_000 else { return }
        let name = rows.isEmpty ? "lists_fills" : "fills"
        note(name, .contradicts, "\(bought?.filled.description ?? "it") executed, and \((at - since) / 1_000) ms later: \(why)")
        goHear(at: at)
    }

    private mutating func goHear(at: Int64) {
        (phase, since) = (.hearing, at)
        if stream == nil { end() }
    }

    private mutating func end() {
        guard phase != .over else { return }
        phase = .over
        judgeStream()
    }

    // MARK: Words

    func isOurs(_ client: ClientOrderID?, _ venue: VenueOrderID?) -> Bool {
        client == id || (venue != nil && venue == bought?.venueOrderID)
    }

    func sum(_ rows: [Fill]) -> Decimal? { rows.reduce(Decimal.zero as Decimal?) { $0?.adding($1.quantity) } }

    private mutating func lost(_ words: String) {
        surprise(words)
        isLast = true
    }

    private mutating func surprise(_ words: String) { surprises.append(words.cut) }

    mutating func note(_ name: String, _ verdict: RehearsalRow.Verdict, _ words: String) {
        seen.append(RehearsalRow.Seen(name: name, assumed: "", seen: words, verdict: verdict, bears: nil))
    }
}
