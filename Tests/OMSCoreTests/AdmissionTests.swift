@testable import OMSCore
import Testing

/// Intents on their way into the book, built alone, with values.
@Suite struct `The admission of intents` {
    private var admission = Admission(mint: OrderIDMint(tag: "test", usedBelow: 0))

    private func ticket(_ call: UInt64, of connection: UInt64 = 1) -> Ticket { Ticket(connection: connection, call: call) }

    private func waiting(_ call: UInt64, of connection: UInt64 = 1, markets: (desk: Int, until: Int64)? = nil) -> Waiting {
        Waiting(command: .status, caller: Caller(.daemon, .all), ticket: ticket(call, of: connection), markets: markets)
    }

    private func content(_ intent: Intent) -> AskedContent { AskedContent(intent) { _ in Digest256(Array(repeating: 7, count: 32)) } }

    private func planning(_ id: IntentID?, call: UInt64 = 1, isDryRun: Bool = false) -> Planning {
        var intent = Intent(account: "a", id: id)
        intent.dryRun = isDryRun
        return Planning(intent: intent, content: content(intent), desk: 0, actor: .daemon, ticket: ticket(call), guardID: nil)
    }

    /// - Parameters:
    ///   - key: of its intent.
    ///   - places: how many orders it places.
    private func acceptance(
        _ key: IntentKey, call: UInt64 = 1, desk: Int = 0, places: Int = 0, modifies: Int = 0, given: Set<ClientOrderID> = []
    ) -> Acceptance {
        let row = IntentRow(
            key: key, id: IntentID("i\(key)"), account: "a", content: content(Intent(account: "a")).now, orders: places, commands: modifies,
            sequence: .cancelFirst, plannedRequests: 0, acceptedAt: 0, expiresAt: nil)
        let terms = OrderTerms(symbol: "s", side: .buy, type: .market)
        return Acceptance(
            intent: OpenIntent(row, isComplete: false), desk: desk, ticket: ticket(call), actor: .daemon,
            places: (0..<places).map { ($0, nil, terms) }, cancels: [],
            modifies: (0..<modifies).map { _ in ModifyItem(clientOrderID: "x", price: .one, quantity: nil, onFailure: .keep) },
            asked: modifies > 0 ? ["x": (.one, nil)] : [:], mostAsked: modifies > 0 ? ["x": (.one, nil)] : [:], givenIDs: given)
    }

    // MARK: Waiting

    @Test mutating func `lets a submit wait for its account's markets, as long as it may, and all that its connection sends behind it`() {
        admission.wait(waiting(1, markets: (desk: 0, until: 100)))
        admission.wait(waiting(2, of: 2, markets: (desk: 1, until: 100)))
        #expect(admission.isBusy(with: 1) && admission.isBusy(with: 2) && !admission.isBusy(with: 3))

        let turn = Turn(50)
        #expect(admission.takeEarly(in: turn) { $0 == 1 }?.ticket == ticket(2, of: 2))
        #expect(admission.takeEarly(in: turn) { $0 == 1 } == nil && turn.wakeAt == 100)
        #expect(admission.takeEarly(in: Turn(100)) { _ in false }?.ticket == ticket(1))
        #expect(!admission.hasEarly && !admission.isBusy(with: 1))
    }

    @Test mutating func `gives back what waited for something else of its connection in the order in which it came`() {
        for call in 1...3 as ClosedRange<UInt64> { admission.wait(waiting(call)) }
        admission.wait(waiting(4, markets: (desk: 0, until: 9)))

        #expect(admission.takeDeferred().map(\.ticket) == [ticket(1), ticket(2), ticket(3)])
        #expect(admission.takeDeferred().isEmpty && admission.hasEarly)
    }

    @Test mutating func `forgets what a connection that is gone still waited with, and goes on with what is being written`() {
        admission.wait(waiting(1))
        admission.wait(waiting(2, of: 2))
        admission.accept(acceptance(5, call: 3, places: 1))
        admission.drop(1)

        #expect(admission.tickets == [ticket(2, of: 2), ticket(3)])
    }

    // MARK: Half an intent

    @Test mutating func `answers whoever sends an intent again together with who sent it first, and a dry run is no intent`() {
        admission.plan(planning("p"))
        admission.plan(planning("dry", isDryRun: true))
        admission.accept(acceptance(5))

        #expect(admission.echo("p", to: ticket(8)) && admission.echo("i5", to: ticket(9)) && !admission.echo("dry", to: ticket(10)))
        #expect(admission.planned("p")?.account == "a" && admission.planned("dry") == nil && admission.planned("i5") == nil)
        #expect(admission.takePlanning(at: 0).echoes == [ticket(8)])
        #expect(admission.takeAcceptance(at: 0).echoes == [ticket(9)])
    }

    @Test mutating func `counts what is not written down yet as if it stood`() {
        var first = acceptance(7, desk: 1, places: 3, given: ["mine"])
        first.written = 1
        admission.accept(first)
        admission.accept(acceptance(9, desk: 0, modifies: 1))

        #expect(admission.placesLeft(on: 1) == 2 && admission.placesLeft(on: 0) == 0)
        #expect(admission.isGiven("mine") && !admission.isGiven("other"))
        #expect(admission.asked(of: "x").map(\.price) == [.one] && admission.asked(of: "y").isEmpty)
        #expect(admission.firstHalfWritten == 7 && admission.halfWritten(on: 1).map(\.row.key) == [7])
    }

    // MARK: Slices

    @Test mutating func `goes on with the shortest, and puts back what is not done at its place`() {
        admission.accept(acceptance(1, places: 5))
        admission.accept(acceptance(2, places: 2))
        admission.accept(acceptance(3, places: 4))
        #expect(admission.shortestAcceptance == 1)

        var taken = admission.takeAcceptance(at: 1)
        taken.written = 1
        admission.putBack(taken, at: 1)
        #expect(admission.takeAcceptance(at: 1).intent.row.key == 2 && admission.shortestAcceptance == 1)
    }

    @Test mutating func `writes modifies of two intents of one account in the order in which they came, and those of another account at once`() {
        admission.accept(acceptance(1, places: 50, modifies: 1))
        admission.accept(acceptance(2, modifies: 1))
        admission.accept(acceptance(3, desk: 1, modifies: 2))

        #expect(admission.shortestAcceptance == 2, "of the second none is written before those of the first")
        #expect(admission.mayGoOn(0) && !admission.mayGoOn(1) && admission.mayGoOn(2))
    }
}

/// What values alone tell of an intent.
@Suite struct `An examination` {
    private func number(_ text: String) -> Decimal { Decimal(text) ?? .zero }

    private var market: Instrument {
        var market = Instrument(symbol: "s", tradable: true)
        (market.tick, market.lot) = (number("0.5"), number("0.1"))
        (market.minQuantity, market.maxQuantity) = (number("0.2"), Decimal(10))
        (market.minNotional, market.maxNotional) = (Decimal(5), Decimal(500))
        return market
    }

    private func terms(_ price: Decimal?, _ quantity: Decimal?, quote: Decimal? = nil) -> OrderTerms {
        var terms = OrderTerms(symbol: "s", side: .buy, type: price == nil ? .market : .limit, price: price, quantity: quantity)
        terms.quoteQuantity = quote
        return terms
    }

    @Test func `names the first rule of the market that an order breaks, and none where it keeps them all`() {
        func field(_ terms: OrderTerms) -> String? { Examination.problem(with: terms, in: market)?.problem }
        #expect(field(terms(number("49.5"), number("0.2"))) == nil)
        #expect(field(terms(number("49.7"), number("0.2"))) == "not a multiple of the tick 0.5")
        #expect(field(terms(Decimal(-1), number("0.2"))) == "must be positive")
        #expect(field(terms(Decimal(50), number("0.25"))) == "not a multiple of the lot 0.1")
        #expect(field(terms(Decimal(50), number("0.1"))) == "below the minimum 0.2")
        #expect(field(terms(Decimal(50), Decimal(11))) == "above the maximum 10")
        #expect(field(terms(Decimal(10), number("0.2"))) == "notional 2 is below the minimum 5")
        #expect(field(terms(Decimal(100), Decimal(6))) == "notional 600 is above the maximum 500")
        #expect(field(terms(nil, nil, quote: Decimal(4))) == "below the minimum notional 5")
    }

    @Test func `holds market orders to a maximum of their own, where the market has one`() {
        var market = market
        func problem(_ price: Decimal?, _ quantity: Int) -> String? {
            Examination.problem(with: terms(price, Decimal(quantity)), in: market)?.problem
        }
        #expect(problem(nil, 10) == nil && problem(nil, 11) == "above the maximum 10")
        market.maxMarketQuantity = Decimal(4)
        #expect(problem(nil, 4) == nil && problem(nil, 5) == "above the maximum 4")
        #expect(problem(Decimal(50), 10) == nil)
    }

    @Test(arguments: [(10, 3), (7, 7), (100, 9)]) func `cuts an order into children on the lot grid, one lot apart at most, and loses nothing`(
        quantity: Int, slice: Int
    ) throws {
        let item = PlaceItem(terms: terms(Decimal(50), Decimal(quantity)), sliceQuantity: Decimal(slice))
        let children = try Examination.children(of: item, slice: Decimal(slice), lot: number("0.1"))

        #expect(children.count == (quantity + slice - 1) / slice)
        #expect(children.reduce(Decimal.zero) { $0.adding($1) ?? .zero } == Decimal(quantity))
        #expect(children.allSatisfy { $0.isMultiple(of: number("0.1")) && $0 <= Decimal(slice) })
        #expect(try #require(children.max()).units - (try #require(children.min())).units <= number("0.1").units)
    }

    @Test func `refuses children that would be smaller than the lot, or too many`() {
        func words(_ quantity: Decimal, _ slice: Decimal) -> String? {
            do throws(Examination.SliceProblem) {
                _ = try Examination.children(of: PlaceItem(terms: terms(.one, quantity)), slice: slice, lot: number("0.1"))
                return nil
            } catch { return error.words }
        }
        #expect(words(number("0.2"), number("0.05")) == "children would be smaller than the lot 0.1")
        #expect(words(Decimal(1_000_000), Decimal(1)) == "cuts the order into 1000000 children; an intent holds at most 100000")
    }

    @Test func `tells what only makes a position smaller`() {
        var terms = terms(.one, .one)
        #expect(!Examination.reduces(terms))
        terms.positionSide = .short
        #expect(Examination.reduces(terms))
        terms.positionSide = .long
        #expect(!Examination.reduces(terms))
        terms.reduceOnly = true
        #expect(Examination.reduces(terms))
    }

    @Test func `counts the requests an intent comes to`() {
        var plan = IntentPlan()
        plan.places = (0..<23).map { ($0, nil, terms(.one, .one)) }
        (plan.cancels, plan.cancelsToSend) = (["a", "b", "c"], 2)

        let requests = Examination.requests(for: plan, by: PlainRules(), placeMax: 10)

        #expect(requests.map(\.items) == [2, 10, 10, 3] && requests.map(\.kind) == [.cancel, .place, .place, .place])
    }
}
