import OMSCore
import Testing
import Wire

@testable import Venues

/// Golden requests, byte for byte.
@Suite struct BitgetRequestTests {
    typealias Make = BitgetFixtures

    @Test func `a margin batch names its symbol once and each order in order`() throws {
        var borrowing = Make.terms(price: "59990.02", quantity: "0.002")
        (borrowing.postOnly, borrowing.marginAction, borrowing.stp) = (true, .autoBorrow, .cancelTaker)
        let tickets = [
            Make.place(1), Make.place(2, borrowing), Make.place(3, Make.market(.buy, quote: "100")),
            Make.place(4, Make.market(.sell, quantity: "0.5")),
        ]

        let request = try Make.isolated().request(for: Make.plan(.place(tickets, isSingle: false)))

        #expect(request.method == "POST")
        #expect(request.target == "/api/v2/margin/isolated/batch-place-order")
        #expect(request.header("locale") == "en-US")
        #expect(request.header("Content-Type") == "application/json")
        #expect(
            request.bodyText
                == #"{"symbol":"BTCUSDT","orderList":["#
                + #"{"side":"buy","orderType":"limit","force":"gtc","price":"60000.01","baseSize":"0.001","loanType":"normal","#
                + #""clientOid":"o0000001"},"#
                + #"{"side":"buy","orderType":"limit","force":"post_only","price":"59990.02","baseSize":"0.002","#
                + #""loanType":"autoLoan","clientOid":"o0000002","stpMode":"cancel_taker"},"#
                + #"{"side":"buy","orderType":"market","force":"gtc","quoteSize":"100","loanType":"normal","clientOid":"o0000003"},"#
                + #"{"side":"sell","orderType":"market","force":"gtc","baseSize":"0.5","loanType":"normal","clientOid":"o0000004"}]}"#)
    }

    @Test func `a margin cancel prefers the venue's id`() throws {
        let crossed = try #require(BitgetMargin(product: "crossed"))

        let request = crossed.request(for: Make.plan(.cancel([Make.cancel(1), Make.cancel(2, knowsVenueID: false)])))

        #expect(request.target == "/api/v2/margin/crossed/batch-cancel-order")
        #expect(request.bodyText == #"{"symbol":"BTCUSDT","orderIdList":[{"orderId":"1370000000000000001"},{"clientOid":"o0000002"}]}"#)
    }

    @Test func `a margin order is looked for among open orders, then in history, with sorted keys`() throws {
        let isolated = try Make.isolated()
        let open = isolated.request(for: Make.plan(.query(.find([Make.subject(1)], step: 0))))
        let past = isolated.request(for: Make.plan(.query(.find([Make.subject(1, knowsVenueID: true)], step: 1))))

        #expect(open.method == "GET" && open.body.isEmpty)
        #expect(open.target == "/api/v2/margin/isolated/open-orders?clientOid=o0000001&limit=500&startTime=1763639940123&symbol=BTCUSDT")
        #expect(past.target == "/api/v2/margin/isolated/history-orders?limit=500&orderId=1370000000000000001&startTime=1763639940123&symbol=BTCUSDT")
    }

    @Test func `a margin listing starts at most ninety days back and pages by the smallest id`() throws {
        let isolated = try Make.isolated()
        let start = Make.timeMs - 90 * 86_400_000 + 60_000
        let open = isolated.request(for: Make.plan(.query(.openOrders(symbol: "BTCUSDT", page: "1370000000000000001"))))
        let past = isolated.request(for: Make.plan(.query(.history(symbol: "BTCUSDT", sinceMs: 0, page: nil))))
        let fills = isolated.request(for: Make.plan(.query(.fills(Make.subject(1, knowsVenueID: true), page: nil))))

        #expect(open.target == "/api/v2/margin/isolated/open-orders?idLessThan=1370000000000000001&limit=500&startTime=\(start)&symbol=BTCUSDT")
        #expect(past.target == "/api/v2/margin/isolated/history-orders?limit=500&startTime=\(start)&symbol=BTCUSDT")
        #expect(fills.target == "/api/v2/margin/isolated/fills?limit=500&orderId=1370000000000000001&startTime=1763639940123&symbol=BTCUSDT")
    }

    @Test func `a unified batch is a bare array, each item with its category`() throws {
        var resting = Make.terms("ETHUSDT", .sell, price: "4000", quantity: "0.5")
        (resting.postOnly, resting.stp) = (true, .cancelBoth)
        let tickets = [Make.place(1), Make.place(2, resting), Make.place(3, Make.market(.buy, quote: "100"))]

        let request = try Make.unified().request(for: Make.plan(.place(tickets, isSingle: false)))

        #expect(request.method == "POST" && request.target == "/api/v3/trade/place-batch")
        #expect(
            request.bodyText
                == #"[{"category":"MARGIN","symbol":"BTCUSDT","qty":"0.001","price":"60000.01","side":"buy","orderType":"limit","#
                + #""timeInForce":"gtc","clientOid":"o0000001"},"#
                + #"{"category":"MARGIN","symbol":"ETHUSDT","qty":"0.5","price":"4000","side":"sell","orderType":"limit","#
                + #""timeInForce":"post_only","clientOid":"o0000002","stpMode":"cancel_both"},"#
                + #"{"category":"MARGIN","symbol":"BTCUSDT","qty":"100","side":"buy","orderType":"market","clientOid":"o0000003"}]"#)
    }

    @Test func `reduce-only and take profit go alone, by the single endpoint`() throws {
        let futures = try Make.unified("usdt-futures")
        var closing = Make.terms()
        (closing.reduceOnly, closing.timeInForce) = (true, .ioc)
        var guarded = Make.terms()
        (guarded.positionSide, guarded.takeProfit, guarded.stopLoss) = (.long, Decimal("70000"), Decimal("50000"))

        let first = futures.request(for: Make.plan(.place([Make.place(1, closing)], isSingle: true)))
        let second = futures.request(for: Make.plan(.place([Make.place(2, guarded)], isSingle: true)))

        #expect(futures.group(of: closing).isSingle && futures.group(of: guarded).isSingle && !futures.group(of: Make.terms()).isSingle)
        #expect(futures.charges(of: .place([Make.place(1, closing)], isSingle: true)) == ["place", "overall"])
        #expect(first.target == "/api/v3/trade/place-order")
        #expect(
            first.bodyText
                == #"{"category":"USDT-FUTURES","symbol":"BTCUSDT","qty":"0.001","price":"60000.01","side":"buy","#
                + #""orderType":"limit","timeInForce":"ioc","clientOid":"o0000001","reduceOnly":"yes"}"#
        )
        #expect(
            second.bodyText
                == #"{"category":"USDT-FUTURES","symbol":"BTCUSDT","qty":"0.001","price":"60000.01","side":"buy","#
                + #""orderType":"limit","timeInForce":"gtc","posSide":"long","clientOid":"o0000002","takeProfit":"70000","stopLoss":"50000"}"#
        )
    }

    @Test func `a unified cancel and modify name one id each`() throws {
        let unified = try Make.unified("spot")
        let cancel = unified.request(for: Make.plan(.cancel([Make.cancel(1), Make.cancel(2, knowsVenueID: false)])))
        let modify = unified.request(
            for: Make.plan(
                .modify([Make.modify(1, price: "60001.5", quantity: "0.002"), Make.modify(2, price: "60002", knowsVenueID: false, .cancel)])))

        #expect(cancel.target == "/api/v3/trade/cancel-batch")
        #expect(
            cancel.bodyText
                == #"[{"orderId":"1370000000000000001","category":"SPOT","symbol":"BTCUSDT"},{"clientOid":"o0000002","#
                + #""category":"SPOT","symbol":"BTCUSDT"}]"#
        )
        #expect(modify.target == "/api/v3/trade/batch-modify-order")
        #expect(
            modify.bodyText
                == #"[{"orderId":"1370000000000000001","qty":"0.002","price":"60001.5","autoCancel":"no","symbol":"BTCUSDT","category":"SPOT"},"#
                + #"{"clientOid":"o0000002","price":"60002","autoCancel":"yes","symbol":"BTCUSDT","category":"SPOT"}]"#)
    }

    @Test func `the unified account is asked by category`() throws {
        let unified = try Make.unified("coin-futures")
        func target(_ query: Query) -> String { unified.request(for: Make.plan(.query(query))).target }

        #expect(target(.account) == "/api/v3/account/settings")
        #expect(target(.instruments) == "/api/v3/market/instruments?category=COIN-FUTURES")
        #expect(target(.find([Make.subject(1)], step: 0)) == "/api/v3/trade/order-info?clientOid=o0000001")
        #expect(target(.find([Make.subject(1, knowsVenueID: true)], step: 0)) == "/api/v3/trade/order-info?orderId=1370000000000000001")
        #expect(target(.openOrders(symbol: nil, page: nil)) == "/api/v3/trade/unfilled-orders?category=COIN-FUTURES&limit=100")
        #expect(target(.openOrders(symbol: nil, page: "137")) == "/api/v3/trade/unfilled-orders?category=COIN-FUTURES&cursor=137&limit=100")
        #expect(
            target(.history(symbol: nil, sinceMs: 1_763_639_940_123, page: nil))
                == "/api/v3/trade/history-orders?category=COIN-FUTURES&limit=100&startTime=1763639940123")
        #expect(
            target(.fills(Make.subject(1, knowsVenueID: true), page: "0_137"))
                == "/api/v3/trade/fills?category=COIN-FUTURES&cursor=137&limit=100&orderId=1370000000000000001&startTime=1763639940123")
        let everything = unified.request(for: Make.plan(.query(.cancelAll(symbol: nil))))
        #expect(everything.method == "POST" && everything.target == "/api/v3/trade/cancel-symbol-order")
        #expect(everything.bodyText == #"{"category":"COIN-FUTURES"}"#)
    }

    @Test func `a walk through history covers every moment asked for, in windows the venue allows`() {
        let since = BitgetFixtures.timeMs - 80 * Bitget.dayMs
        var token: String?
        var seenTo: Int64?
        for _ in 0..<10 {
            let page = BitgetUTA.HistoryPage(sinceMs: since, token: token, timeMs: BitgetFixtures.timeMs)
            let end = page.endMs ?? BitgetFixtures.timeMs
            #expect(end - page.startMs < 30 * Bitget.dayMs)
            if let seenTo { #expect(end > seenTo) }
            seenTo = page.startMs
            token = page.next(cursor: nil)
            if token == nil { break }
            // A second page of the same window keeps its end.
            let behind = BitgetUTA.HistoryPage(sinceMs: since, token: page.next(cursor: "137_x"), timeMs: BitgetFixtures.timeMs)
            #expect(behind.endMs == page.endMs && behind.startMs == page.startMs && behind.cursor == "137_x")
        }
        #expect(token == nil && seenTo == since)
    }
}
