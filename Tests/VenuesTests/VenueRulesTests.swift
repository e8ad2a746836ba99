import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct `Rules of XT, AZ and AscendEX` {
    private static let all: [Situation] = [
        Situation("xt-spot", "spot"), Situation("xt-spot", "margin"), Situation("az-futures", "usdt"), Situation("az-futures", "coin"),
        Situation("ascendex", "cash"), Situation("ascendex", "margin"),
    ]

    @Test func `an unknown product has no adapter`() {
        for (venue, product) in [("xt-spot", "usdt"), ("az-futures", "spot"), ("ascendex", "futures")] {
            #expect(VenueCatalog.adapter(venue: venue, product: product) == nil)
        }
    }

    @Test func `plain limit orders are taken everywhere`() {
        for situation in Self.all {
            for terms in situation.terms { #expect(situation.adapter.problem(with: terms) == nil, "\(situation.venue)") }
        }
    }

    @Test func `fields that a venue does not know are refused by name`() {
        let fields: [(String, (inout OrderTerms) -> Void)] = [
            ("reduce_only", { $0.reduceOnly = true }), ("position_side", { $0.positionSide = .long }),
            ("margin_action", { $0.marginAction = .normal }),
            ("stp", { $0.stp = SelfTradePrevention.none }), ("take_profit", { $0.takeProfit = .one }), ("stop_loss", { $0.stopLoss = .one }),
            ("quote_quantity", { $0.quoteQuantity = .one }),
        ]
        let known: [String: Set<String>] = ["az-futures": ["position_side", "take_profit", "stop_loss"]]
        for situation in Self.all {
            for (name, set) in fields {
                var terms = situation.terms[0]
                set(&terms)
                let expected = known[situation.venue]?.contains(name) == true ? nil : name
                #expect(situation.adapter.problem(with: terms)?.field == expected, "\(situation.venue) \(name)")
            }
        }
    }

    @Test func `post-only goes with gtc alone, and never with market orders`() {
        for situation in Self.all {
            for timeInForce in [TimeInForce.ioc, .fok] {
                var terms = situation.terms[1]
                terms.timeInForce = timeInForce
                #expect(situation.adapter.problem(with: terms)?.field == "post_only", "\(situation.venue)")
            }
            var market = situation.terms[1]
            (market.type, market.price, market.timeInForce) = (.market, nil, nil)
            #expect(situation.adapter.problem(with: market)?.field == "post_only", "\(situation.venue)")
        }
    }

    @Test func `limit orders need price and quantity, market orders no price`() {
        for situation in Self.all {
            var terms = situation.terms[0]
            terms.price = nil
            #expect(situation.adapter.problem(with: terms)?.field == "price", "\(situation.venue)")
            terms = situation.terms[0]
            terms.quantity = nil
            #expect(situation.adapter.problem(with: terms)?.field == "quantity", "\(situation.venue)")
            terms = situation.terms[0]
            terms.type = .market
            #expect(situation.adapter.problem(with: terms)?.field == "price", "\(situation.venue)")
        }
    }

    @Test func `a market buy at XT is sized by quote, a market sell by base`() {
        let adapter = Situation.spot.adapter
        var terms = OrderTerms(symbol: "btc_usdt", side: .buy, type: .market)
        #expect(adapter.problem(with: terms)?.field == "quote_quantity")
        terms.quoteQuantity = .one
        #expect(adapter.problem(with: terms) == nil)
        terms.quantity = .one
        #expect(adapter.problem(with: terms)?.field == "quantity")
        terms.side = .sell
        #expect(adapter.problem(with: terms)?.field == "quote_quantity")
        terms.quoteQuantity = nil
        #expect(adapter.problem(with: terms) == nil)
    }

    @Test func `AZ takes whole contracts and needs a position side`() {
        var terms = Situation.az.terms[0]
        terms.quantity = Decimal("1.5")
        #expect(Situation.az.adapter.problem(with: terms)?.field == "quantity")
        terms.quantity = Decimal(2)
        terms.positionSide = nil
        #expect(Situation.az.adapter.problem(with: terms)?.field == "position_side")
        #expect(Situation.az.adapter.problem(modifying: Situation.az.terms[0], price: nil, quantity: Decimal("1.5"))?.field == "quantity")
    }

    @Test func `limit orders can be modified at XT and AZ, nothing at AscendEX`() {
        for situation in Self.all {
            let problem = situation.adapter.problem(modifying: situation.terms[0], price: .one, quantity: .one)
            #expect((problem == nil) == (situation.venue != "ascendex"), "\(situation.venue)")
            #expect((situation.adapter.profile.modifyMax > 0) == (problem == nil))
            var market = situation.terms[0]
            market.type = .market
            #expect(situation.adapter.problem(modifying: market, price: .one, quantity: .one) != nil)
        }
    }

    @Test func `every request takes permits of budgets that the profile has`() {
        for situation in Self.all {
            let names = Set(situation.adapter.profile.budgets.map(\.name))
            var asks = ["place", "cancel", "time", "account", "instruments", "find", "open", "history", "fills", "cancel-all"]
            if situation.venue == "az-futures" { asks.append("mixed") }
            if situation.adapter.profile.modifyMax > 0 { asks.append("modify") }
            for ask in asks {
                let taken = situation.adapter.charges(of: situation.content(ask)).map(\.budget)
                #expect(!taken.isEmpty && Set(taken).isSubset(of: names) && Set(taken).count == taken.count, "\(situation.venue) \(ask)")
            }
        }
    }

    @Test func `limits, ceilings and abilities are those of the venues`() throws {
        func permits(_ situation: Situation, _ name: String) throws -> BudgetRule {
            try #require(situation.adapter.profile.budgets.first { $0.name == name })
        }
        #expect(try permits(.spot, "batch-place").permits == 30)
        #expect(try permits(.spot, "batch-cancel").permits == 30)
        #expect(try permits(.spot, "modify").permits == 50)
        #expect(try permits(.az, "batch-place") == BudgetRule("batch-place", 200, perMs: 1_000, scope: .apikey, reserve: 0))
        #expect(try permits(.az, "overall").isOffByDefault)
        #expect(try permits(.ascendex, "overall") == BudgetRule("overall", 10, perMs: 1_000, scope: .apikey))
        #expect(Situation.az.adapter.profile.mixesPlaceAndCancel && Situation.az.adapter.profile.findSteps == 2)
        #expect(Situation.ascendex.adapter.profile.needsAccountFacts)
        #expect([Situation.spot, .az, .ascendex].map(\.adapter.profile.placeMax) == [100, 100, 10])
        #expect([Situation.spot, .az, .ascendex].allSatisfy { !$0.adapter.profile.cancelsByClientID && !$0.adapter.profile.listingProvesAbsence })
        #expect([Situation.spot, .az, .ascendex].map(\.adapter.profile.freshnessMs) == [5_000, 5_000, 30_000])
    }

    @Test(arguments: [
        ("abc", false, false), ("abcd", true, false), ("a_b1", true, false), ("a-b1", false, false), ("abcdefghi", true, true),
        ("abcd_fghi", true, false), ("abcdefghijklmnopqrstuv", true, true), ("abcdefghijklmnopqrstuvw", false, true), ("äbcdefghi", false, false),
        // A broker's, whose orders get another id than the one that is computed.
        ("HMBot12345", true, false), ("1HMBot2345", true, true),
    ]) func `client ids follow each venue's rule`(_ id: String, _ atXT: Bool, _ atAscendEX: Bool) {
        #expect(Situation.spot.adapter.profile.clientIDs.allows(ClientOrderID(id)) == atXT)
        #expect(Situation.az.adapter.profile.clientIDs.allows(ClientOrderID(id)) == atXT)
        #expect(Situation.ascendex.adapter.profile.clientIDs.allows(ClientOrderID(id)) == atAscendEX)
    }
}
