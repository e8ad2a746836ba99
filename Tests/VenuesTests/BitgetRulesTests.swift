import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct BitgetRulesTests {
    typealias Make = BitgetFixtures

    @Test func `budgets are as the venue publishes them`() throws {
        func rules(_ adapter: some VenueAdapter) -> [String: String] {
            Dictionary(uniqueKeysWithValues: adapter.profile.budgets.map { ($0.name, "\($0.permits)/\($0.windowMs) \($0.scope.rawValue)") })
        }
        let margin = rules(try Make.isolated())
        let unified = rules(try Make.unified())
        #expect(margin["batch-place"] == "10/1000 uid" && margin["batch-cancel"] == "10/1000 uid")
        #expect(
            margin["lookup:open-orders"] == "10/1000 uid" && margin["lookup:history-orders"] == "10/1000 uid"
                && margin["lookup:fills"] == "10/1000 uid")
        #expect(unified["batch-place"] == "5/1000 uid" && unified["batch-cancel"] == "5/1000 uid" && unified["batch-modify"] == "10/1000 uid")
        #expect(unified["modify"] == "10/1000 uid" && unified["place"] == "10/1000 uid" && unified["lookup:order-info"] == "20/1000 uid")
        #expect(margin["overall"] == "6000/60000 ip" && unified["overall"] == "6000/60000 ip")
        #expect(margin["lookup:time"] == "20/1000 ip" && unified["lookup:instruments"] == "20/1000 ip")
    }

    @Test func `a margin market buy is counted in quote currency, and nothing else is`() throws {
        let isolated = try Make.isolated()
        #expect(isolated.problem(with: Make.market(.buy, quote: "100")) == nil)
        #expect(isolated.problem(with: Make.market(.buy, quantity: "1"))?.field == "quantity")
        #expect(isolated.problem(with: Make.market(.buy))?.field == "quote_quantity")
        #expect(isolated.problem(with: Make.market(.sell, quantity: "1")) == nil)
        #expect(isolated.problem(with: Make.market(.sell, quote: "1"))?.field == "quote_quantity")
        var limit = Make.terms()
        limit.quoteQuantity = .one
        #expect(isolated.problem(with: limit)?.field == "quote_quantity")
    }

    @Test func `futures fields are refused where there are no positions`() throws {
        let changes: [(String, (inout OrderTerms) -> Void)] = [
            ("reduce_only", { $0.reduceOnly = true }), ("position_side", { $0.positionSide = .long }),
            ("take_profit", { $0.takeProfit = .one }), ("stop_loss", { $0.stopLoss = .one }),
        ]
        for (field, change) in changes {
            var terms = Make.terms()
            change(&terms)
            #expect(try Make.isolated().problem(with: terms)?.field == field)
            #expect(try Make.unified("spot").problem(with: terms)?.field == field)
            #expect(try Make.unified("margin").problem(with: terms)?.field == field)
            #expect(try Make.unified("usdc-futures").problem(with: terms) == nil)
        }
    }

    @Test func `a loan that the product does not give is refused, not dropped`() throws {
        func field(_ product: String, _ action: MarginAction?) throws -> String? {
            var terms = Make.terms()
            terms.marginAction = action
            return try Make.unified(product).problem(with: terms)?.field
        }
        // A unified margin order borrows by itself.
        #expect(try field("margin", nil) == nil)
        #expect(try field("margin", .autoBorrow) == nil)
        #expect(try field("margin", .normal) == "margin_action")
        #expect(try field("margin", .autoRepay) == "margin_action")
        #expect(try field("spot", .normal) == nil)
        #expect(try field("spot", .autoBorrow) == "margin_action")
        #expect(try field("usdt-futures", .autoBorrow) == "margin_action")
        var terms = Make.terms()
        for action in MarginAction.allCases {
            terms.marginAction = action
            #expect(try Make.isolated().problem(with: terms) == nil)
        }
    }

    @Test func `an order whose shape contradicts itself is refused`() throws {
        let isolated = try Make.isolated()
        var postOnly = Make.terms()
        (postOnly.postOnly, postOnly.timeInForce) = (true, .ioc)
        #expect(isolated.problem(with: postOnly)?.field == "post_only")
        #expect(isolated.problem(with: Make.terms("BTC/USDT"))?.field == "symbol")
        #expect(isolated.problem(with: Make.terms(""))?.field == "symbol")
        #expect(isolated.problem(with: Make.terms("龙虾USDT")) == nil && isolated.problem(with: Make.terms("$AIUSDT")) == nil)
        for name in [
            "BTC USDT", "BTC\u{202E}USDT", "BTC\u{0}", "BTC\u{7F}", "BTC%2F", "龙 虾", "\u{FEFF}BTC", "\u{300}BTC", String(repeating: "龙", count: 22),
        ] {
            #expect(isolated.problem(with: Make.terms(Symbol(name)))?.field == "symbol", "\(name.escapedForLog)")
        }
        var priced = Make.market(.sell, quantity: "1")
        priced.price = .one
        #expect(isolated.problem(with: priced)?.field == "price")
        var unpriced = Make.terms()
        unpriced.price = nil
        #expect(isolated.problem(with: unpriced)?.field == "price")
    }

    @Test func `only a resting unified order that does not merely reduce can be modified`() throws {
        var closing = Make.terms()
        closing.reduceOnly = true
        #expect(try Make.isolated().problem(modifying: Make.terms(), price: .one, quantity: nil) != nil)
        #expect(try Make.unified().problem(modifying: Make.terms(), price: .one, quantity: nil) == nil)
        #expect(try Make.unified("usdt-futures").problem(modifying: closing, price: .one, quantity: nil)?.field == "reduce_only")
        #expect(try Make.unified("coin-futures").problem(modifying: Make.terms("BTCUSD_CM"), price: .one, quantity: nil)?.field == "symbol")
        #expect(try Make.unified().problem(modifying: Make.market(.sell, quantity: "1"), price: .one, quantity: nil)?.field == "type")
    }

    @Test func `one margin request is about one symbol, a unified one about any`() throws {
        let isolated = try Make.isolated()
        let unified = try Make.unified()
        #expect(isolated.group(of: Make.terms("BTCUSDT")) != isolated.group(of: Make.terms("ETHUSDT")))
        #expect(unified.group(of: Make.terms("BTCUSDT")) == unified.group(of: Make.terms("ETHUSDT")))
    }

    @Test func `what the two lines can tell is told, and nothing else is claimed`() throws {
        let (margin, unified) = (try Make.isolated().profile, try Make.unified().profile)
        #expect(margin.memoryMs == unified.memoryMs && (89 * Bitget.dayMs...90 * Bitget.dayMs).contains(margin.memoryMs))
        #expect(unified.saysUnknown && unified.cancelsAll && unified.accountTellsUID)
        #expect(!margin.saysUnknown && !margin.cancelsAll && margin.accountTellsUID)
    }

    @Test func `products of another spelling do not exist`() {
        #expect(BitgetMargin(product: "spot") == nil)
        #expect(BitgetUTA(product: "isolated") == nil)
        #expect(BitgetUTA(product: "SPOT") == nil)
    }
}
