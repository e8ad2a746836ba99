import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct `Requests to XT and AZ` {
    @Test func `margin orders of XT say LEVER`() {
        let xt = Situation("xt-spot", "margin")

        let body = String(decoding: xt.adapter.request(for: xt.plan(xt.content("place-one"))).body, as: UTF8.self)

        #expect(body.contains(#""bizType":"LEVER""#))
        #expect(xt.adapter.request(for: xt.plan(xt.content("open"))).target == "/v4/open-order?bizType=LEVER")
    }

    @Test func `market orders name no price, and a market buy of XT only what it may spend`() {
        var buy = OrderTerms(symbol: "btc_usdt", side: .buy, type: .market)
        buy.quoteQuantity = Decimal("25.5")
        let sell = OrderTerms(symbol: "btc_usdt", side: .sell, type: .market, quantity: Decimal("0.5"))
        #expect(
            Situation.spot.item(buy)
                == #"{"symbol":"btc_usdt","clientOrderId":"int000001a1","side":"BUY","type":"MARKET","timeInForce":"FOK","bizType":"SPOT","quoteQty":"25.5"}"#
        )
        #expect(
            Situation.spot.item(sell)
                == #"{"symbol":"btc_usdt","clientOrderId":"int000001a1","side":"SELL","type":"MARKET","timeInForce":"FOK","bizType":"SPOT","quantity":"0.5"}"#
        )
        var close = OrderTerms(symbol: "btc_usdt", side: .sell, type: .market, quantity: Decimal(5))
        close.positionSide = .long
        (close.takeProfit, close.stopLoss) = (Decimal(50_000), Decimal("30000.5"))
        #expect(
            Situation.az.item(close)
                == #"{"clientOrderId":"int000001a1","symbol":"btc_usdt","orderSide":"SELL","orderType":"MARKET","origQty":"5","positionSide":"LONG","triggerProfitPrice":"50000","triggerStopPrice":"30000.5"}"#
        )
    }

    @Test(arguments: [TimeInForce.gtc, .ioc, .fok]) func `the time in force is sent in capitals`(_ timeInForce: TimeInForce) {
        let word = #""timeInForce":"\#(timeInForce.rawValue.uppercased())""#
        for situation in [Situation.spot, .az] {
            var terms = situation.terms[0]
            terms.timeInForce = timeInForce
            #expect(situation.item(terms).contains(word))
        }
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
}
