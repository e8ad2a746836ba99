import OMSCore
import Testing

@testable import Venues

/// The placing part of a rehearsal, as values: what is done next, and what is made of what came back.
@Suite struct PlacingRehearsalTests {
    private static let ids: [ClientOrderID] = ["rhlong", "rhs"]

    private static func profile(_ venue: String) throws -> VenueProfile {
        let line = try #require(VenueCatalog.line(venue))
        return try #require(line.adapter(line.products[0])).profile
    }

    private static func placing(_ profile: VenueProfile, canChange: Bool = false, refusesOpenIDs: Bool = false) -> PlacingRehearsal {
        PlacingRehearsal(
            profile, ids: ids, canChange: canChange, lateID: "rhlate", windowMs: profile.freshnessMs, refusesOpenIDs: refusesOpenIDs)
    }

    private static func said(_ outcome: ItemOutcome, _ disposition: VenueAnswer.Disposition = .answered) -> VenueAnswer {
        var answer = VenueAnswer(httpStatus: 200, disposition: disposition)
        (answer.places, answer.cancels, answer.venueCode, answer.venueText) = ([outcome], [outcome], "7", "words of 7")
        return answer
    }

    /// A venue: how long it hides an order, and what it says.
    private struct Venue {
        var hidesOpenMs: Int64 = 20
        var hidesClosedMs: Int64 = 0
        var shownID: ClientOrderID?
        var refuses = false
        /// Nothing is known of what is placed, and it is withdrawn, or proven absent.
        var placeIsLost = false
        var fills = false
        var cancelIsLost = false
        /// What a further order under an open id gets, and what is sent too late.
        var again = ItemOutcome.duplicate(code: "9", text: "it is there")
        var late = ItemOutcome.notExecuted(.clock)
        /// How a further order stands that was taken.
        var second: OrderReport?
    }

    private static func run(_ placing: inout PlacingRehearsal, _ venue: Venue = Venue()) -> [PlacingRehearsal.Step] {
        var (now, taken, closed): (Int64, Int64, Int64?) = (0, 0, nil)
        var steps: [PlacingRehearsal.Step] = []
        while let step = placing.next() {
            steps.append(step)
            now += 5_000
            switch step {
            case .place:
                (taken, closed) = (now, nil)
                if venue.placeIsLost {
                    placing.heard(.unknown("it is in_doubt", at: now))
                    continue
                }
                placing.heard(venue.refuses ? .closed("the venue refused it: 7", at: now) : .taken("v1", at: now))
            case .look(let id, _, _, let afterMs):
                now += afterMs * 1_000
                let since = closed ?? taken
                guard !venue.placeIsLost, now - since >= (closed == nil ? venue.hidesOpenMs : venue.hidesClosedMs) * 1_000 else {
                    placing.heard(.shown([], at: now))
                    continue
                }
                var report = OrderReport(status: closed == nil ? .open : .canceled, venueState: "x")
                (report.clientOrderID, report.venueOrderID) = (venue.shownID ?? id, "v1")
                placing.heard(.shown([report], at: now))
            case .change: placing.heard(.taken("v2", at: now))
            case .again: placing.heard(.said(said(venue.again)))
            case .lookAgain: placing.heard(.shown(venue.second.map { [$0] } ?? [], at: now))
            case .late: placing.heard(.said(said(venue.late)))
            case .cancel:
                closed = now
                placing.heard(
                    venue.cancelIsLost ? .unknown("it is working", at: now) : .closed(venue.fills ? "it is filled, 1 of it executed" : nil, at: now))
            }
            #expect(steps.count < 2_000)
        }
        return steps
    }

    private static func verdicts(_ placing: PlacingRehearsal) -> [String: RehearsalRow.Verdict] {
        Dictionary(placing.seen.map { ($0.name, $0.verdict) }) { $0 == .contradicts ? $0 : $1 }
    }

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `each order is placed once and cancelled once, and what was seen holds`(_ venue: String)
        throws
    {
        let profile = try Self.profile(venue)
        var placing = Self.placing(profile, canChange: true)
        let steps = Self.run(&placing)
        for id in Self.ids {
            #expect(steps.count { $0 == .place(id) } == 1 && steps.count { $0 == .cancel(id) } == 1)
        }
        #expect(steps.contains(.change(Self.ids[0])) == (profile.modifyMax > 0))
        let verdicts = Self.verdicts(placing)
        #expect(verdicts["visibility_delay"] == .holds && verdicts["find_steps"] == .holds && verdicts["client_ids"] == .holds)
        #expect(verdicts["freshness"] == .holds && (verdicts["freshness:cancel"] == .holds) == (profile.freshnessMsByKind[.cancel] != nil))
        #expect(placing.placed == 2 && placing.surprises == [])
    }

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `an order that is shown late, or never, contradicts, and is cancelled all the same`(
        _ venue: String
    ) throws {
        let profile = try Self.profile(venue)
        for hides in [profile.visibilityDelayMs + 1_000, 1_000_000] {
            var placing = Self.placing(profile)
            let steps = Self.run(&placing, Venue(hidesOpenMs: hides))
            #expect(Self.verdicts(placing)["visibility_delay"] == .contradicts, "\(hides)")
            // More of them would show no more.
            #expect(steps.count { if case .cancel = $0 { true } else { false } } == 1)
        }
        var placing = Self.placing(profile)
        _ = Self.run(&placing, Venue(hidesClosedMs: 1_000_000))
        #expect(Self.verdicts(placing)["find_steps"] == .contradicts)
    }

    @Test(arguments: VenueCatalog.all.map(\.venue))
    func `an order that is taken too late is a contradiction, and nothing is sent that late under a used id`(
        _ venue: String
    ) throws {
        let profile = try Self.profile(venue)
        for (late, verdict) in [
            (ItemOutcome.acknowledged("v9", venueState: nil), RehearsalRow.Verdict.contradicts), (.notExecuted(.clock), .holds),
            (.refused(code: "8", text: "too small"), .notSeen), (.inDoubt("?"), .notSeen),
        ] {
            var placing = Self.placing(profile)
            let steps = Self.run(&placing, Venue(late: late))
            #expect(Self.verdicts(placing)["freshness"] == verdict, "\(late)")
            let ages = steps.compactMap { step -> Int64? in
                guard case .late(_, let id, let agedMs) = step else { return nil }
                #expect(id == "rhlate")
                return agedMs
            }
            #expect(ages.count == 1 + (profile.freshnessMsByKind[.cancel] == nil ? 0 : 1))
            #expect(ages.allSatisfy { $0 > max(profile.freshnessMs, profile.recvwindowFloorMs) })
        }
    }

    @Test func `a further order under an open id is tried where it should be refused, once, and looked for where it is taken`() throws {
        let profile = try Self.profile("bybit")
        var taken = OrderReport(status: .open, venueState: "New")
        taken.venueOrderID = "v9"
        for (venue, verdict, looks) in [
            (Venue(), RehearsalRow.Verdict.holds, 0), (Venue(again: .refused(code: "8", text: "too small")), .notSeen, 0),
            (Venue(again: .acknowledged("v9", venueState: nil), second: taken), .contradicts, 1),
            (Venue(again: .acknowledged("v9", venueState: nil)), .notSeen, 1), (Venue(again: .acknowledged("v1", venueState: nil)), .holds, 0),
            // Where the order itself had traded, its id was nobody's any more.
            (Venue(fills: true, again: .acknowledged("v9", venueState: nil), second: taken), .notSeen, 1),
        ] {
            var placing = Self.placing(profile, refusesOpenIDs: true)
            let steps = Self.run(&placing, venue)
            #expect(Self.verdicts(placing)["duplicate_id"] == verdict, "\(placing.seen)")
            #expect(steps.count { if case .again = $0 { true } else { false } } == 1)
            #expect(steps.count { if case .lookAgain = $0 { true } else { false } } == looks)
            #expect(Self.ids.allSatisfy { id in steps.count { $0 == .cancel(id) } == 1 })
        }
        var placing = Self.placing(profile)
        #expect(Self.run(&placing).allSatisfy { if case .again = $0 { false } else { true } })
    }

    @Test func `an id that comes back as another is a contradiction`() throws {
        var placing = Self.placing(try Self.profile("bybit"))
        _ = Self.run(&placing, Venue(shownID: "other"))
        #expect(Self.verdicts(placing)["client_ids"] == .contradicts)
    }

    @Test func `a refusal and a fill are told, and the next order goes on; a cancel without an end is told, and ends it`() throws {
        let profile = try Self.profile("bybit")
        for (venue, words, count) in [
            (Venue(refuses: true), "refused it: 7 before it rested", 2),
            (Venue(fills: true), "filled, 1 of it executed before it was cancelled", 2),
            // Nothing is placed beside what could not be cancelled.
            (Venue(cancelIsLost: true), "may still be open", 1), (Venue(placeIsLost: true), "it is in_doubt", 1),
        ] {
            var placing = Self.placing(profile)
            _ = Self.run(&placing, venue)
            #expect(placing.placed == count && placing.surprises.count == count && placing.surprises[0].contains(words), "\(placing.surprises)")
            // Nor is what the venue may never have had looked for on its pages.
            #expect(!Self.verdicts(placing).values.contains(.contradicts), "\(placing.seen)")
        }
    }

    @Test(
        arguments: [
            ("0.5", "0.01", "0.02", "5", "100.3", "100", "0.06"), ("0.1", "1", "1", nil, "39000", "39000", "1"),
            ("1", "0.001", nil, "10", "0.5", nil, nil),
        ] as [(String, String, String?, String?, String, String?, String?)])
    func `the smallest order is on the grid, above every minimum, and none where the rules leave none`(
        tick: String, lot: String, least: String?, notional: String?, asked: String, price: String?, quantity: String?
    ) throws {
        var market = Instrument(symbol: "S", tradable: true)
        (market.tick, market.lot) = (Decimal(tick), Decimal(lot))
        (market.minQuantity, market.minNotional) = (least.flatMap { Decimal($0) }, notional.flatMap { Decimal($0) })
        let order = SmallestOrder(in: market, at: try #require(Decimal(asked)))
        #expect(order?.price.description == price && order?.quantity.description == quantity, "\(String(describing: order))")
    }

    @Test func `figures of a venue that no number can hold leave no order, and end nothing`() throws {
        var market = Instrument(symbol: "S", tradable: true)
        (market.tick, market.lot) = (Decimal("0.1"), Decimal(units: .max - 1))
        market.minQuantity = Decimal(units: .max - 1)
        #expect(SmallestOrder(in: market, at: .one) == nil)
        (market.lot, market.minQuantity, market.minNotional) = (Decimal(units: .max - 1), nil, Decimal(units: .max - 1))
        #expect(SmallestOrder(in: market, at: .one) == nil)
    }
}
