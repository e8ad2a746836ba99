import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct `Requests to AscendEX` {
    @Test func `margin orders go by the margin path`() {
        let margin = Situation("ascendex", "margin")
        #expect(margin.adapter.request(for: margin.plan(margin.content("place"))).target == "/6/api/pro/v1/margin/order/batch")
    }

    @Test func `market orders name no price, and the time in force is sent in capitals`() {
        #expect(
            Situation.ascendex.item(OrderTerms(symbol: "BTC/USDT", side: .sell, type: .market, quantity: Decimal(5)))
                == #"{"id":"int000001a1","time":1700000000100,"symbol":"BTC/USDT","orderQty":"5","orderType":"market","side":"sell","respInst":"ACK"}"#
        )
        for timeInForce in [TimeInForce.gtc, .ioc, .fok] {
            var terms = Situation.ascendex.terms[0]
            terms.timeInForce = timeInForce
            #expect(Situation.ascendex.item(terms).contains(#""timeInForce":"\#(timeInForce.rawValue.uppercased())""#))
        }
    }

    @Test func `a look-up that cannot name every id is no absence`() {
        let adapter = Situation.ascendex.adapter
        let nothing = HTTPResponse(status: 200, body: Array(#"{"code":0,"data":[]}"#.utf8))
        func answer(ids: Int, facts: AccountFacts? = Situation.facts) -> [String] {
            let predicted = (0..<ids).map { VenueOrderID("a18bcfe56864U0123456789" + String(100_000_000 + $0)) }
            let subject = FindSubject(
                order: 0, clientOrderID: "int000001a1", venueOrderID: nil, predictedIDs: predicted, terms: Situation.ascendex.terms[0], sinceMs: 0)
            let plan = Situation.ascendex.plan(.query(.find([subject], step: 0)), facts: facts)
            #expect(adapter.request(for: plan).target.utf8.count < 2_048)
            return Situation.ascendex.told(adapter.answer(to: plan, from: nothing))
        }
        #expect(answer(ids: 30) == ["answered", "next -"])
        #expect(answer(ids: 31) == ["answered", "failed"])
        #expect(answer(ids: 0) == ["answered", "failed"])
        #expect(answer(ids: 1, facts: nil) == ["answered", "failed"])
    }
}
