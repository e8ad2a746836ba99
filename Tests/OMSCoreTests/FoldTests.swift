import OMSCore
import Testing

/// docs/AUDIT.md, "Folding the record".
@Suite struct FoldTests {
    private static func event(_ seq: Int64, _ kind: EventKind, _ evidence: Evidence?, request: RequestID? = nil) -> JournalEvent {
        var event = JournalEvent(seq: seq, at: 1_000 + seq, kind: kind)
        (event.evidence, event.request) = (evidence, request)
        return event
    }

    /// A life that moves every field there is.
    private static func life() -> (born: Order, steps: [(order: Order, from: OrderState, fields: OrderFields, event: JournalEvent)]) {
        let terms = OrderTerms(symbol: "s", side: .buy, type: .limit, timeInForce: .gtc, price: .one, quantity: Decimal(2))
        let born = Order(
            key: 1, clientOrderID: "c", account: "mm", intent: 1, intentID: "i", item: 0, terms: terms, intendedAt: 1_000, expiresAt: nil,
            sequence: .cancelFirst)
        var order = born
        var steps: [(order: Order, from: OrderState, fields: OrderFields, event: JournalEvent)] = []
        func step(_ fields: OrderFields, _ event: JournalEvent, _ change: (inout Order) -> Void) {
            let from = order.state
            change(&order)
            steps.append((order, from, fields, event))
        }
        step([.attempts, .predictedID], event(2, .submitted, .local, request: 7)) {
            ($0.state, $0.attempts, $0.request, $0.submittedAt) = (.submitted, 1, 7, 1_002)
            $0.predictedIDs = ["p1"]
        }
        step([.bars, .reject], event(3, .inDoubt, .inferred, request: 7)) {
            ($0.state, $0.evidence, $0.bars) = (.inDoubt, .inferred, [.duplicate, .refusal])
            ($0.rejectCode, $0.rejectText) = ("9", "odd")
        }
        step(.parkedAt, event(4, .parked, nil, request: 8)) { $0.parkedAt = 1_004 }
        step([.bars, .absences, .parkedAt], event(5, .requeued, .query)) {
            ($0.state, $0.evidence, $0.bars, $0.absences, $0.parkedAt, $0.request) = (.intended, .query, [], 1, nil, nil)
        }
        step(.attempts, event(6, .submitted, .local, request: 9)) {
            ($0.state, $0.evidence, $0.attempts, $0.request, $0.submittedAt) = (.submitted, .local, 2, 9, 999)
        }
        step([.venueOrderID, .venueState], event(7, .acknowledged, .response, request: 9)) {
            ($0.state, $0.evidence, $0.venueOrderID, $0.venueState, $0.acknowledgedAt) = (.acknowledged, .response, "v", "NEW", 1_007)
        }
        step([.filledQuantity, .averagePrice, .price, .quantity], event(8, .reported, .query, request: 9)) {
            ($0.state, $0.evidence, $0.filledQuantity, $0.averagePrice) = (.partiallyFilled, .query, .one, .one)
            ($0.price, $0.quantity) = (Decimal(3), Decimal(4))
        }
        step(.venueState, event(9, .closed, .query, request: 9)) { ($0.state, $0.venueState, $0.closedAt) = (.canceled, "CANCELED", 1_009) }
        // A closed order that the venue contradicts, and its end.
        step([], event(10, .reported, .query, request: 9)) { ($0.state, $0.closedAt) = (.working, nil) }
        step([], event(11, .closed, .operator, request: 9)) { ($0.state, $0.evidence, $0.closedAt) = (.filled, .operator, 500) }
        return (born, steps)
    }

    @Test func `the fold of an order's lines is the order, after each of them`() {
        let (born, steps) = Self.life()
        var folded = FoldedOrder(born)
        var seen: Set<String> = []
        for (order, from, fields, event) in steps {
            folded.apply(OrderLine(order, from: from, fields, event))
            for (index, field) in Order.known.enumerated() {
                #expect(folded.values[index].text == field.get(order).text, "\(field.name) after \(event.seq)")
                if field.get(order) != field.get(born) { seen.insert(field.name) }
            }
            #expect(folded.predictedIDs == order.predictedIDs)
        }
        #expect(folded.problems.isEmpty)
        #expect(seen == Set(Order.known.map(\.name)), "a field that this life does not move is not shown to fold")
    }

    @Test func `a line that does not come from where the order was is told`() throws {
        let (born, steps) = Self.life()
        var folded = FoldedOrder(born)
        let (order, from, fields, event) = try #require(steps.last)
        folded.apply(OrderLine(order, from: from, fields, event))
        #expect(folded.problems == ["event 11 comes from working, the order was intended"])
    }

    @Test func `a line without a state changes nothing, and words for people are passed over`() {
        var folded = FoldedOrder(price: .none, quantity: .text("1"))
        let before = folded.values
        folded.apply(OrderLine(seq: 2, at: 2, kind: "filled", from: nil, to: nil, evidence: nil, request: 3, changes: [("price", .text("9"))]))
        #expect(folded.values == before)
        folded.apply(
            OrderLine(
                seq: 3, at: 3, kind: "reported", from: "intended", to: "intended", evidence: "local", request: nil,
                changes: [("note", .text("x")), ("state", .text("filled")), ("evidence", .text("query"))]))
        #expect(folded.values == before && folded["state"] == .text("intended") && folded["nothing"] == .none)
    }
}
