@testable import OMSCore
import Testing

/// An account's orders in memory, built alone, with orders.
@Suite struct `The book of an account` {
    private let names = OrderNames()
    private let book: Book

    init() { book = Book(names: names, positions: Positions(of: "a", takesFees: true)) }

    private func order(_ key: OrderKey, _ state: OrderState = .intended, _ change: (inout Order) -> Void = { _ in }) -> LiveOrder {
        var order = Order(
            key: key, clientOrderID: ClientOrderID("c\(key)"), account: "a", intent: 1, intentID: "i", item: 0,
            terms: OrderTerms(symbol: "s", side: .buy, type: .limit, timeInForce: .gtc, price: Decimal(5), quantity: Decimal(2)), intendedAt: 1,
            expiresAt: nil, sequence: .cancelFirst)
        order.state = state
        change(&order)
        return LiveOrder(order, intent: nil)
    }

    @discardableResult private func adopted(
        _ key: OrderKey, _ state: OrderState = .intended, _ change: (inout Order) -> Void = { _ in }
    ) -> LiveOrder {
        let live = order(key, state, change)
        book.adopt(live, isLeft: false)
        return live
    }

    private func report(_ status: OrderReport.Status, filled: Decimal? = nil) -> OrderReport {
        var report = OrderReport(status: status, venueState: status.rawValue)
        report.filledQuantity = filled
        return report
    }

    // MARK: Finding

    @Test func `finds an order by its number, by our id and by the venue's, also one that an attempt may bear`() {
        let live = adopted(1, .working) { $0.venueOrderID = "v" }
        #expect(book[OrderKey(1)] === live && names["c1"] === live && book[VenueOrderID("v")] === live)

        _ = book.send(live, in: 9, stampMs: 7, predictedID: "p", at: 70)
        #expect(book[VenueOrderID("p")] === live && live.possibleIDs == ["p"] && live.attemptedAt == 70 && live.firstStampMs == 7)
        book.unbear("p", of: live)
        #expect(book[VenueOrderID("p")] == nil && live.possibleIDs.isEmpty)

        book.forget(live)
        #expect(book.count == 0 && names["c1"] == nil && book[VenueOrderID("v")] == nil)
    }

    @Test func `knows no venue's id of one that was left elsewhere, and counts it until it is closed`() {
        let live = order(1, .working) { $0.venueOrderID = "v" }
        book.adopt(live, isLeft: true)

        #expect(book[VenueOrderID("v")] == nil && book.left == [1] && book.counts.live == 1)
        #expect(book.closeLeft(live) && !book.closeLeft(live))
    }

    @Test func `keeps an id for the order that bears it, when another that bore it is forgotten`() {
        let first = adopted(1, .canceled) { $0.venueOrderID = "v" }
        let second = adopted(2, .working) { $0.venueOrderID = "v" }
        book.forget(first)
        #expect(book[VenueOrderID("v")] === second)
    }

    // MARK: Moving

    @Test func `counts orders as they stand, whatever way they came there`() {
        let live = adopted(1)
        #expect(book.counts[.intended] == 1 && book.counts.live == 0 && book.counts.all == 1)
        for (state, counts) in [
            (.submitted, (0, 0, 1)), (.inDoubt, (0, 0, 1)), (.intended, (1, 0, 1)), (.submitted, (0, 0, 1)), (.acknowledged, (0, 1, 1)),
            (.partiallyFilled, (0, 1, 1)), (.filled, (0, 0, 0)),
        ] as [(OrderState, (Int, Int, Int))] {
            _ = book.move(live, to: state, .query, at: 5)
            #expect((book.counts[.intended], book.counts.live, book.counts.all) == counts, "\(state)")
        }
        #expect(live.order.closedAt == 5 && live.order.acknowledgedAt == 5 && live.order.evidence == .query)
        _ = book.move(live, to: .filled, .operator, at: 9)
        #expect(live.order.evidence == .query && live.order.closedAt == 5, "equal states move nothing")
    }

    @Test func `is parked as long as it is in doubt, and the oldest doubt is that which was intended first`() {
        for key in [3, 1, 2] as [OrderKey] { adopted(key, .inDoubt) }
        guard let first = book[OrderKey(1)] else { return #expect(Bool(false)) }
        #expect(book.park(first, at: 8) == .parkedAt && book.park(first, at: 9) == .parkedAt && first.order.parkedAt == 8)
        #expect(book.parked == [1] && book.oldestDoubt() == 1)

        #expect(book.move(first, to: .working, .query, at: 10) == .parkedAt)
        #expect(book.parked.isEmpty && book.oldestDoubt() == 2 && first.order.parkedAt == nil)
    }

    @Test func `knows what was proven absent and waits to be sent again, and forgets the stamps of attempts that surely were not executed`() {
        let live = adopted(1)
        _ = book.send(live, in: 9, stampMs: 7, predictedID: nil, at: 0)
        for expected in 1...3 {
            _ = book.move(live, to: .inDoubt, .inferred, at: 0)
            #expect(book.miss(live, at: 30) == .absences && live.order.absences == min(expected, Order.absencesMax))
            _ = book.move(live, to: .intended, .inferred, at: 0)
            #expect(!book.track(live) && book.provenAbsent == [1] && live.firstStampMs == 7)
        }
        #expect(live.batchCap == 1 && live.provenAt == 30)

        let other = adopted(2)
        _ = book.send(other, in: 9, stampMs: 7, predictedID: nil, at: 0)
        #expect(book.unsend(other) == .attempts && !book.track(other) && other.firstStampMs == nil && other.order.attempts == 0)
    }

    @Test func `tells once that an order which the venue called a duplicate is hidden no more`() {
        let live = adopted(1, .inDoubt)
        #expect(book.bar(live, .duplicate) == .bars && !book.track(live) && book.hidden == [1])
        _ = book.lift(live, .duplicate)
        #expect(book.track(live) && !book.track(live) && book.hidden.isEmpty)
    }

    // MARK: What the venue says

    @Test func `lets what is filled never fall`() {
        let live = adopted(1, .working)
        let first = book.apply(report(.partiallyFilled, filled: .one), to: live, .asked(at: 0))
        #expect(first?.fields == [.venueState, .filledQuantity] && first?.hasGrown == true && first?.next == .partiallyFilled)
        let second = book.apply(report(.partiallyFilled, filled: .zero), to: live, .asked(at: 0))
        #expect(second?.fields == [] && second?.hasGrown == false && live.order.filledQuantity == .one)
        #expect(book.apply(report(.filled), to: live, .asked(at: 0))?.next == .filled && live.order.filledQuantity == Decimal(2))
    }

    @Test func `takes a refusal back that held only unless the order was found, and keeps one that the venue states`() {
        let live = adopted(1, .inDoubt)
        _ = book.bar(live, .refusal).union(book.refuse(live, "7", "no"))
        #expect(book.apply(report(.open), to: live, .asked(at: 0))?.fields == [.venueState, .bars, .reject])
        #expect(live.order.bars.isEmpty && live.order.rejectCode == nil && live.order.rejectText == nil)

        let other = adopted(2, .submitted)
        _ = book.refuse(other, "7", "no")
        #expect(book.apply(report(.rejected), to: other, .asked(at: 0))?.fields == .venueState && other.order.rejectText == "no")
    }

    @Test func `changes nothing by a report that is older than what is known, unless nobody knew what had become of the order`() {
        let live = adopted(1, .working)
        var new = report(.partiallyFilled, filled: .one)
        (new.version, new.price) = (20, Decimal(6))
        #expect(book.apply(new, to: live, .asked(at: 0))?.fields == [.venueState, .filledQuantity, .price])
        var old = report(.canceled, filled: Decimal(2))
        old.version = 19
        #expect(book.apply(old, to: live, .asked(at: 0)) == nil)
        #expect(live.order.filledQuantity == .one && live.order.venueState == "partiallyFilled" && live.version == 20)

        _ = book.move(live, to: .inDoubt, .inferred, at: 0)
        #expect(book.apply(old, to: live, .asked(at: 0))?.next == .canceled)
    }

    @Test func `lets an end that the venue told of stand, counts what was executed before it all the same, and tells of another end`() {
        let live = adopted(1, .working)
        _ = book.move(live, to: .canceled, .query, at: 0)
        let late = book.apply(report(.partiallyFilled, filled: .one), to: live, .asked(at: 0))
        #expect(late?.next == .canceled && late?.isContradiction == false && late?.hasGrown == true)
        #expect(book.apply(report(.filled, filled: Decimal(2)), to: live, .asked(at: 0))?.isContradiction == true && live.state == .canceled)
    }

    @Test func `knows an order by the id that it had first, and tells of another one under which it shows`() {
        let live = adopted(1, .acknowledged)
        func named(_ id: VenueOrderID) -> OrderReport {
            var report = report(.open)
            (report.venueOrderID, report.clientOrderID) = (id, "c1")
            return report
        }
        #expect(book.apply(named("v"), to: live, .asked(at: 0))?.fields.contains(.venueOrderID) == true)
        #expect(book.apply(named("w"), to: live, .asked(at: 0))?.other == "w" && live.order.venueOrderID == "v")
        live.mayBeRenamed = true
        #expect(book.apply(named("w"), to: live, .asked(at: 0))?.other == nil && live.order.venueOrderID == "w")
    }

    // MARK: Pushes beside answers

    private func priced(_ status: OrderReport.Status, _ price: Int, filled: Int, version: Int64? = nil) -> OrderReport {
        var report = report(status, filled: Decimal(filled))
        (report.price, report.version) = (Decimal(price), version)
        return report
    }

    @Test func `takes of an answer that was asked for before the last push only what cannot go back`() {
        let live = adopted(1, .working)
        #expect(book.apply(priced(.partiallyFilled, 5, filled: 1), to: live, .pushed(version: nil, at: 100))?.hasGrown == true)
        #expect(book.apply(priced(.open, 9, filled: 0), to: live, .asked(at: 99)) == nil)
        #expect(book.apply(priced(.partiallyFilled, 9, filled: 1), to: live, .asked(at: 99))?.fields == [])
        #expect(live.order.price == Decimal(5) && live.order.venueState == "partiallyFilled")
        #expect(book.apply(priced(.partiallyFilled, 9, filled: 1), to: live, .asked(at: 101))?.fields == .price)
    }

    @Test func `takes a push that bears nothing to compare for what cannot go back, and drops one that is behind`() {
        let live = adopted(1, .working)
        _ = book.apply(priced(.partiallyFilled, 9, filled: 1), to: live, .asked(at: 100))
        #expect(book.apply(priced(.open, 5, filled: 0), to: live, .pushed(version: nil, at: 101)) == nil)
        #expect(book.apply(priced(.partiallyFilled, 5, filled: 1), to: live, .pushed(version: nil, at: 102))?.fields == [])
        #expect(live.order.price == Decimal(9))
        #expect(book.apply(priced(.canceled, 5, filled: 1), to: live, .pushed(version: nil, at: 103))?.next == .canceled)
    }

    @Test func `compares versions where both sides have one of the same kind, and lets what was filled decide where they are equal`() {
        let live = adopted(1, .working)
        _ = book.apply(priced(.open, 9, filled: 1, version: 20), to: live, .asked(at: 100))
        #expect(book.apply(priced(.open, 5, filled: 1, version: 19), to: live, .pushed(version: nil, at: 101)) == nil)
        #expect(book.apply(priced(.open, 9, filled: 0, version: 20), to: live, .pushed(version: nil, at: 102)) == nil)
        let newer = book.apply(priced(.partiallyFilled, 6, filled: 1, version: 21), to: live, .pushed(version: nil, at: 103))
        #expect(newer?.fields == [.venueState, .price] && live.version == 20 && live.pushed?.heardVersion(at: 103) == 21)
        let lagging = book.apply(priced(.open, 9, filled: 1, version: 20), to: live, .asked(at: 200))
        #expect(lagging?.fields == [] && live.order.price == Decimal(6), "asked later, and older all the same")
        #expect(book.apply(priced(.open, 9, filled: 1, version: 19), to: live, .asked(at: 300)) == nil, "older than another answer")
    }

    @Test func `learns an end and what was executed from an answer although a push before it was stamped ahead, and the rest when that is long ago`()
    {
        let live = adopted(1, .working)
        _ = book.apply(priced(.open, 5, filled: 0, version: 9_000_000), to: live, .pushed(version: nil, at: 100))
        #expect(book.apply(priced(.open, 7, filled: 0, version: 30), to: live, .asked(at: 200))?.fields.contains(.price) == false)
        #expect(book.apply(priced(.partiallyFilled, 7, filled: 1, version: 31), to: live, .asked(at: 300))?.hasGrown == true)
        #expect(book.apply(priced(.open, 7, filled: 0, version: 32), to: live, .pushed(version: nil, at: 400)) == nil)
        let later = 100 + Pushed.heardForUs + 400
        #expect(book.apply(priced(.partiallyFilled, 7, filled: 1, version: 33), to: live, .asked(at: later))?.fields == .price)
        #expect(book.apply(priced(.partiallyFilled, 8, filled: 1, version: 34), to: live, .pushed(version: nil, at: later))?.fields == .price)
        let end = book.apply(priced(.filled, 8, filled: 2, version: 33), to: adopted(2, .working), .asked(at: 500))
        #expect(end?.next == .filled)
    }

    @Test func `compares versions that only pushes bear with those of pushes alone`() {
        let live = adopted(1, .working)
        _ = book.apply(priced(.open, 6, filled: 0), to: live, .pushed(version: 50, at: 100))
        #expect(book.apply(priced(.open, 7, filled: 0), to: live, .pushed(version: 49, at: 101)) == nil)
        #expect(book.apply(priced(.open, 8, filled: 0), to: live, .pushed(version: 51, at: 102))?.fields == [.venueState, .price])
        _ = book.apply(priced(.open, 9, filled: 0), to: live, .asked(at: 200))
        #expect(book.apply(priced(.open, 8, filled: 0), to: live, .pushed(version: 52, at: 201))?.fields == [])
        #expect(live.order.price == Decimal(9), "whether it is newer than the answer nobody can say")
    }

    // MARK: Executions

    @Test func `books an execution once, whoever tells of it again, and keeps the first where two tell otherwise`() {
        let live = adopted(1, .working)
        func fill(_ id: TradeID, _ quantity: Int, fee: Decimal? = nil) -> Fill {
            Fill(tradeID: id, venueOrderID: "v", quantity: Decimal(quantity), price: Decimal(5), fee: fee, feeAsset: nil, at: 1)
        }
        book.recall([fill("a", 1)], of: live)
        #expect(book.book(fill("a", 1), of: live) == .known && book.book(fill("a", 1, fee: .one), of: live) == .known)
        #expect(book.book(fill("b", 1), of: live) == .new && book.book(fill("b", 1), of: live) == .known)
        #expect(book.book(fill("b", 2), of: live) == .differs(fill("b", 1)))
        #expect(live.trades?.keys.sorted() == ["a", "b"])
    }
}
