import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct `Requests to XT, AZ and AscendEX` {
    @Test func `requests to XT spot are these bytes`() {
        let asks = [
            "place", "cancel", "modify", "time", "account", "instruments", "find", "find-known", "open", "history", "history:-700", "fills",
            "fills:+900", "cancel-all",
        ]
        #expect(goldenText(.spot, asks) == golden("XT"))
    }

    @Test func `requests to AZ are these bytes`() {
        let asks = [
            "mixed", "place-one", "cancel", "modify", "time", "account", "instruments", "find", "find-second", "open", "open:3", "history",
            "history:?700", "fills", "fills:2", "fills:+900", "cancel-all",
        ]
        #expect(goldenText(.az, asks) == golden("AZ"))
    }

    @Test func `requests to AscendEX are these bytes`() {
        let asks = [
            "place", "cancel", "time", "account", "instruments", "find", "find-many", "find-known", "open", "history", "history:2323408000",
            "cancel-all",
        ]
        #expect(goldenText(.ascendex, asks) == golden("AscendEX"))
    }

    private func golden(_ folder: String) -> String { String(decoding: fixtureBytes("\(folder)/requests.txt"), as: UTF8.self) }

    @Test func `margin orders of XT say LEVER, and those of AscendEX go by the margin path`() {
        let xt = Situation("xt-spot", "margin")
        let ascendex = Situation("ascendex", "margin")

        let body = String(decoding: xt.adapter.request(for: xt.plan(xt.content("place-one"))).body, as: UTF8.self)

        #expect(body.contains(#""bizType":"LEVER""#))
        #expect(xt.adapter.request(for: xt.plan(xt.content("open"))).target == "/v4/open-order?bizType=LEVER")
        #expect(ascendex.adapter.request(for: ascendex.plan(ascendex.content("place"))).target == "/6/api/pro/v1/margin/order/batch")
    }

    @Test func `market orders name no price, and a market buy of XT only what it may spend`() {
        var buy = OrderTerms(symbol: "btc_usdt", side: .buy, type: .market)
        buy.quoteQuantity = Decimal("25.5")
        let sell = OrderTerms(symbol: "btc_usdt", side: .sell, type: .market, quantity: Decimal("0.5"))
        #expect(
            item(.spot, buy)
                == #"{"symbol":"btc_usdt","clientOrderId":"int000001a1","side":"BUY","type":"MARKET","timeInForce":"FOK","bizType":"SPOT","quoteQty":"25.5"}"#
        )
        #expect(
            item(.spot, sell)
                == #"{"symbol":"btc_usdt","clientOrderId":"int000001a1","side":"SELL","type":"MARKET","timeInForce":"FOK","bizType":"SPOT","quantity":"0.5"}"#
        )
        var close = OrderTerms(symbol: "btc_usdt", side: .sell, type: .market, quantity: Decimal(5))
        close.positionSide = .long
        (close.takeProfit, close.stopLoss) = (Decimal(50_000), Decimal("30000.5"))
        #expect(
            item(.az, close)
                == #"{"clientOrderId":"int000001a1","symbol":"btc_usdt","orderSide":"SELL","orderType":"MARKET","origQty":"5","positionSide":"LONG","triggerProfitPrice":"50000","triggerStopPrice":"30000.5"}"#
        )
        #expect(
            item(.ascendex, OrderTerms(symbol: "BTC/USDT", side: .sell, type: .market, quantity: Decimal(5)))
                == #"{"id":"int000001a1","time":1700000000100,"symbol":"BTC/USDT","orderQty":"5","orderType":"market","side":"sell","respInst":"ACK"}"#
        )
    }

    @Test(arguments: [TimeInForce.gtc, .ioc, .fok]) func `the time in force is sent in capitals`(_ timeInForce: TimeInForce) {
        let word = #""timeInForce":"\#(timeInForce.rawValue.uppercased())""#
        for situation in [Situation.spot, .az, .ascendex] {
            var terms = situation.terms[0]
            terms.timeInForce = timeInForce
            #expect(item(situation, terms).contains(word))
        }
    }

    /// The first item of a place request.
    private func item(_ situation: Situation, _ terms: OrderTerms) -> String {
        let plan = situation.plan(.place(situation.placeTickets([terms]), isSingle: false))
        guard let body = try? JSONParser.parse(situation.adapter.request(for: plan).body) else { return "unreadable" }
        let list = body["items"] ?? body["createOrders"] ?? body["orders"]
        return list?.array?.first.map { String(decoding: $0.serialized(), as: UTF8.self) } ?? "no item"
    }

    @Test func `AZ is told which side of a mixed request goes first`() {
        for first in [true, false] {
            let plan = Situation.az.plan(.mixed(place: Situation.az.placeTickets, cancel: Situation.az.cancelTickets, placeFirst: first))
            let body = try? JSONParser.parse(Situation.az.adapter.request(for: plan).body)
            #expect(body?["createOrderFirst"]?.bool == first)
        }
    }

    @Test func `cancels of AZ are numbers where nothing is lost by it`() {
        let ids: [(VenueOrderID, String)] = [
            ("554845056780618881", "554845056780618881"), ("9223372036854775808", #""9223372036854775808""#), ("007", #""007""#), ("a1", #""a1""#),
        ]
        for (id, expected) in ids {
            let ticket = CancelTicket(command: 1, order: 1, clientOrderID: "int000001a1", venueOrderID: id, terms: Situation.az.terms[0])
            let body = Situation.az.adapter.request(for: Situation.az.plan(.cancel([ticket]))).body
            #expect(String(decoding: body, as: UTF8.self) == #"{"createOrderFirst":false,"cancelOrderIds":[\#(expected)]}"#)
        }
    }

    @Test func `a look-up of AscendEX that cannot name every id is no absence`() {
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

    @Test func `equal plans give equal bytes`() {
        for situation in [Situation.spot, .az, .ascendex] {
            for ask in ["place", "cancel", "find", "open", "history", "instruments"] {
                let plan = situation.plan(situation.content(ask))
                #expect(situation.adapter.request(for: plan) == situation.adapter.request(for: plan))
            }
        }
    }
}
