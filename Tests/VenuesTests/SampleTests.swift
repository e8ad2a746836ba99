import OMSCore
import Testing
import Wire

@testable import Venues

/// The samples that the venues' pages print, word for word (docs/venues/): requests are what is sent, answers what is understood.
@Suite struct `Samples of the venues' pages` {
    private static func plan(_ content: RequestPlan.Content, timeMs: Int64 = 1_763_640_000_123) -> RequestPlan {
        RequestPlan(
            id: 1, account: "mm", content: content, timeMs: timeMs, facts: Situation.facts, freshnessMs: 5_000, staleAt: .max, timeoutMs: 5_000)
    }

    private static func adapter(_ venue: String, _ product: String) throws -> any VenueAdapter {
        try #require(VenueCatalog.adapter(venue: venue, product: product))
    }

    private static func limit(_ symbol: Symbol, _ side: Side, _ price: String, _ quantity: String, postOnly: Bool = false) -> OrderTerms {
        var terms = OrderTerms(symbol: symbol, side: side, type: .limit, price: Decimal(price), quantity: Decimal(quantity))
        terms.postOnly = postOnly
        return terms
    }

    private static func places(_ orders: [(ClientOrderID, OrderTerms)]) -> RequestPlan.Content {
        .place(orders.enumerated().map { PlaceTicket(order: OrderKey(Int64($0)), clientOrderID: $1.0, terms: $1.1) }, isSingle: false)
    }

    private static func find(_ id: ClientOrderID, _ terms: OrderTerms, predicted: [VenueOrderID] = []) -> RequestPlan.Content {
        .query(
            .find(
                [FindSubject(order: 0, clientOrderID: id, venueOrderID: nil, predictedIDs: predicted, terms: terms, sinceMs: 1_763_639_000_000)],
                step: 0))
    }

    private func ok(_ body: String) -> HTTPResponse { HTTPResponse(status: 200, body: Array(body.utf8)) }

    /// The same members in whatever order.
    private func isSame(_ sent: [UInt8], _ sample: String, without key: String? = nil) throws -> Bool {
        func sorted(_ json: JSON) -> JSON {
            switch json {
            case .array(let items): .array(items.map(sorted))
            case .object(let members): .object(members.filter { $0.key != key }.map { ($0.key, sorted($0.value)) }.sorted { $0.0 < $1.0 })
            case .null, .bool, .number, .string: json
            }
        }
        return sorted(try JSONParser.parse(sent)) == sorted(try JSONParser.parse(Array(sample.utf8)))
    }

    private func report(_ answer: VenueAnswer) throws -> OrderReport {
        guard case .orders(let reports, next: nil, _) = answer.query else { throw Unreadable("\(String(describing: answer.query))") }
        return try #require(reports.first)
    }

    // MARK: Bitget

    @Test func `Bitget margin: a batch, one of it refused, and an open order`() throws {
        let adapter = try Self.adapter("bitget-margin", "isolated")
        let content = Self.places([
            ("oms-1-a", Self.limit("BTCUSDT", .buy, "60000.01", "0.001")), ("oms-1-b", Self.limit("BTCUSDT", .buy, "60000.01", "0.00001")),
        ])
        let request = adapter.request(for: Self.plan(content))
        #expect(request.method == "POST" && request.target == "/api/v2/margin/isolated/batch-place-order")
        #expect(
            try isSame(
                request.body,
                #"{"symbol":"BTCUSDT","orderList":[{"side":"buy","orderType":"limit","force":"gtc","price":"60000.01","baseSize":"0.001","loanType":"normal","clientOid":"oms-1-a"},{"side":"buy","orderType":"limit","force":"gtc","price":"60000.01","baseSize":"0.00001","loanType":"normal","clientOid":"oms-1-b"}]}"#
            ))
        let answer = adapter.answer(
            to: Self.plan(content),
            from: ok(
                #"{"code":"00000","msg":"success","requestTime":1763640000200,"data":{"successList":[{"orderId":"1370000000000000001","clientOid":"oms-1-a"}],"failureList":[{"clientOid":"oms-1-b","errorMsg":"less than the minimum amount 1 USDT"}]}}"#
            ))
        #expect(
            answer.places == [.acknowledged("1370000000000000001", venueState: nil), .refused(code: "", text: "less than the minimum amount 1 USDT")])

        let found = try report(
            adapter.answer(
                to: Self.plan(Self.find("oms-1-a", Self.limit("BTCUSDT", .buy, "60000.01", "0.001"))),
                from: ok(
                    #"{"code":"00000","msg":"success","requestTime":1763640001000,"data":{"orderList":[{"orderId":"1370000000000000001","clientOid":"oms-1-a","symbol":"BTCUSDT","side":"buy","orderType":"limit","force":"gtc","loanType":"normal","price":"60000.01","baseSize":"0.001","quoteSize":"60.00001","size":"0.0004","amount":"24.000004","priceAvg":"60000.01","status":"partial_fill","enterPointSource":"API","cTime":"1763640000210","uTime":"1763640000655"}],"maxId":"1370000000000000001","minId":"1370000000000000001"}}"#
                )))
        #expect(found.status == .partiallyFilled && found.filledQuantity == Decimal("0.0004") && found.version == 1_763_640_000_655)
    }

    @Test func `Bitget unified: a batch, one of it refused, and one order`() throws {
        let adapter = try Self.adapter("bitget-uta", "margin")
        let content = Self.places([
            ("oms-2-a", Self.limit("BTCUSDT", .buy, "60000.01", "0.001")),
            ("oms-2-b", Self.limit("ETHUSDT", .sell, "4000", "0.00001", postOnly: true)),
        ])
        #expect(
            try isSame(
                adapter.request(for: Self.plan(content)).body,
                #"[{"category":"MARGIN","symbol":"BTCUSDT","side":"buy","orderType":"limit","timeInForce":"gtc","price":"60000.01","qty":"0.001","clientOid":"oms-2-a"},{"category":"MARGIN","symbol":"ETHUSDT","side":"sell","orderType":"limit","timeInForce":"post_only","price":"4000","qty":"0.00001","clientOid":"oms-2-b"}]"#
            ))
        let answer = adapter.answer(
            to: Self.plan(content),
            from: ok(
                #"{"code":"00000","msg":"success","requestTime":1763640000300,"data":[{"orderId":"1370000000000000002","clientOid":"oms-2-a"},{"orderId":"","clientOid":"oms-2-b","code":"25207","msg":"ETHUSDT trading quantity cannot be less than 0.0001 units"}]}"#
            ))
        #expect(
            answer.places == [
                .acknowledged("1370000000000000002", venueState: nil),
                .refused(code: "25207", text: "ETHUSDT trading quantity cannot be less than 0.0001 units"),
            ])
        let found = try report(
            adapter.answer(
                to: Self.plan(Self.find("oms-2-a", Self.limit("BTCUSDT", .buy, "60000.01", "0.001"))),
                from: ok(
                    #"{"code":"00000","msg":"success","requestTime":1763640001500,"data":{"orderId":"1370000000000000002","clientOid":"oms-2-a","category":"MARGIN","symbol":"BTCUSDT","orderType":"limit","side":"buy","price":"60000.01","qty":"0.001","amount":"0","cumExecQty":"0.0004","cumExecValue":"24.000004","avgPrice":"60000.01","timeInForce":"gtc","orderStatus":"partially_filled","posSide":"","holdMode":"","tradeSide":"","reduceOnly":"NO","marginMode":"crossed","stpMode":"none","delegateType":"normal","takeProfit":"","stopLoss":"","tpTriggerBy":"","slTriggerBy":"","tpOrderType":"","slOrderType":"","tpLimitPrice":"","slLimitPrice":"","feeDetail":[{"feeCoin":"BTC","fee":"0.0000004"}],"cancelReason":"","execType":"normal","createdTime":"1763640000310","updatedTime":"1763640000902"}}"#
                )))
        #expect(found.status == .partiallyFilled && found.filledQuantity == Decimal("0.0004") && found.reason == nil)
    }

    // MARK: XT and AZ

    @Test func `XT spot: a batch, one of it refused, a whole refusal, and one order`() throws {
        let adapter = try Self.adapter("xt-spot", "spot")
        let content = Self.places([
            ("o_000017_00", Self.limit("btc_usdt", .buy, "39000.5", "0.01")),
            ("o_000017_01", Self.limit("eth_usdt", .sell, "2100", "0.2", postOnly: true)),
        ])
        #expect(
            try isSame(
                adapter.request(for: Self.plan(content)).body,
                #"{"clientBatchId":"b_000017","items":[{"symbol":"btc_usdt","clientOrderId":"o_000017_00","side":"BUY","type":"LIMIT","timeInForce":"GTC","bizType":"SPOT","price":"39000.5","quantity":"0.01"},{"symbol":"eth_usdt","clientOrderId":"o_000017_01","side":"SELL","type":"LIMIT","timeInForce":"GTX","bizType":"SPOT","price":"2100","quantity":"0.2"}]}"#,
                without: "clientBatchId"))
        let answer = adapter.answer(
            to: Self.plan(content),
            from: ok(
                #"{"rc":0,"mc":"SUCCESS","ma":[],"result":{"batchId":"423100000000000001","items":[{"index":0,"clientOrderId":"o_000017_00","orderId":"423100000000000002","rejected":false,"reason":null},{"index":1,"clientOrderId":"o_000017_01","orderId":null,"rejected":true,"reason":"invalid price precision"}]}}"#
            ))
        #expect(
            answer.places == [
                .acknowledged("423100000000000002", venueState: nil), .refused(code: "rejected", text: "invalid price precision"),
            ])
        let alone = Self.places([("o_000017_00", Self.limit("btc_usdt", .buy, "39000.5", "0.01"))])
        let refused = adapter.answer(to: Self.plan(alone), from: ok(#"{"rc":1,"mc":"ORDER_002","ma":[],"result":null}"#))
        #expect(refused.places == [.refused(code: "ORDER_002", text: "ORDER_002")])
        let found = try report(
            adapter.answer(
                to: Self.plan(Self.find("o_000017_00", Self.limit("btc_usdt", .buy, "39000.5", "0.01"))),
                from: ok(
                    #"{"rc":0,"mc":"SUCCESS","ma":[],"result":{"symbol":"btc_usdt","orderId":"423100000000000002","clientOrderId":"o_000017_00","baseCurrency":"btc","quoteCurrency":"usdt","side":"BUY","type":"LIMIT","timeInForce":"GTC","price":"39000.50","origQty":"0.010000","origQuoteQty":"390.005","executedQty":"0.004000","leavingQty":"0.006000","tradeBase":"0.004000","tradeQuote":"156.002","avgPrice":"39000.50","fee":"0.000008","feeCurrency":"btc","deductServices":[],"closed":false,"state":"PARTIALLY_FILLED","nftId":null,"symbolType":"normal","time":1700000000100,"updatedTime":1700000000350,"ip":"203.0.113.7"}}"#
                )))
        #expect(found.status == .partiallyFilled && found.filledQuantity == Decimal("0.004") && found.version == 1_700_000_000_350)
    }

    @Test func `AZ: creates and cancels in one request, a whole refusal, an amend, and one order`() throws {
        let adapter = try Self.adapter("az-futures", "usdt")
        var terms = Self.limit("btc_usdt", .buy, "39000", "10", postOnly: true)
        terms.positionSide = .long
        let place = PlaceTicket(order: 0, clientOrderID: "o_000018_00", terms: terms)
        let cancel = CancelTicket(command: 1, order: 1, clientOrderID: "o_000017_00", venueOrderID: "554845056780618880", terms: terms)
        let content = RequestPlan.Content.mixed(place: [place], cancel: [cancel], placeFirst: false)
        #expect(
            try isSame(
                adapter.request(for: Self.plan(content)).body,
                #"{"createOrderFirst":false,"createOrders":[{"clientOrderId":"o_000018_00","symbol":"btc_usdt","orderSide":"BUY","orderType":"LIMIT","origQty":"10","price":"39000","timeInForce":"GTX","positionSide":"LONG"}],"cancelOrderIds":[554845056780618880]}"#
            ))
        let answer = adapter.answer(
            to: Self.plan(content),
            from: ok(
                #"{"returnCode":0,"msgInfo":"success","error":{"code":"","msg":""},"result":{"createOrdersResponse":[{"clientOrderId":"o_000018_00","orderId":"554845056780618890","createState":1}],"cancelOrdersResponse":[{"cancelOrderId":"554845056780618880","cancelState":1}]}}"#
            ))
        #expect(answer.places == [.acknowledged("554845056780618890", venueState: "1")])
        #expect(answer.cancels == [.acknowledged("554845056780618880", venueState: "1")])
        let refused = adapter.answer(
            to: Self.plan(.place([place], isSingle: false)),
            from: ok(
                #"{"returnCode":1,"msgInfo":"failure","error":{"code":"insufficient_balance","msg":"insufficient balance","args":[]},"result":null}"#)
        )
        #expect(refused.places == [.refused(code: "insufficient_balance", text: "insufficient balance")])
        let modify = ModifyTicket(
            command: 2, order: 0, clientOrderID: "o_000018_00", venueOrderID: "554845056780618890", terms: terms, price: Decimal(39_001),
            quantity: Decimal(10), onFailure: .keep)
        let amended = adapter.answer(
            to: Self.plan(.modify([modify])), from: ok(#"{"returnCode":0,"msgInfo":"success","error":null,"result":"554845056780618880"}"#))
        #expect(amended.modifies == [.acknowledged("554845056780618880", venueState: nil)])
        let found = try report(
            adapter.answer(
                to: Self.plan(Self.find("o_000018_00", terms)),
                from: ok(
                    #"{"returnCode":0,"msgInfo":"success","error":null,"result":{"page":1,"ps":10,"total":1,"items":[{"orderId":"554845056780618880","clientOrderId":"o_000018_00","symbol":"btc_usdt","contractSize":0.0001,"orderType":"LIMIT","orderSide":"BUY","positionSide":"LONG","positionType":"CROSSED","timeInForce":"GTC","closePosition":false,"price":"39000","origQty":"10","avgPrice":"0","executedQty":"0","marginFrozen":"1.95","remark":null,"sourceId":null,"sourceType":"DEFAULT","forceClose":false,"leverage":20,"openPrice":null,"closeProfit":null,"state":"NEW","createdTime":1700000000100,"updatedTime":1700000000171,"triggerProfitPrice":null,"triggerStopPrice":null,"markPrice":"39010.1","systemCancel":false,"profit":false}]}}"#
                )))
        #expect(found.status == .open && found.venueOrderID == "554845056780618880" && found.version == 1_700_000_000_171)
    }

    // MARK: AscendEX

    @Test func `AscendEX: receipts of a batch, a refused batch, and one order`() throws {
        let adapter = try Self.adapter("ascendex", "cash")
        let orders: [(ClientOrderID, OrderTerms)] = [
            ("int000001a1", Self.limit("BTC/USDT", .buy, "34000", "0.1")), ("int000001a2", Self.limit("ETH/USDT", .buy, "1800", "0.001")),
        ]
        let content = Self.places(orders)
        let taken = adapter.answer(
            to: Self.plan(content),
            from: ok(
                #"{"code":0,"data":{"ac":"CASH","accountId":"cshDEMO","action":"batch-place-order","status":"Ack","info":[{"id":"int000001a1","orderId":"a18bcfe56864U0123456789t000001a1","orderType":"Limit","symbol":"BTC/USDT","timestamp":1700000000231},{"id":"int000001a2","orderId":"a18bcfe56864U0123456789t000001a2","orderType":"Limit","symbol":"ETH/USDT","timestamp":1700000000231}]}}"#
            ))
        #expect(
            taken.places == [
                .acknowledged("a18bcfe56864U0123456789t000001a1", venueState: "Ack"),
                .acknowledged("a18bcfe56864U0123456789t000001a2", venueState: "Ack"),
            ])
        let refused = adapter.answer(
            to: Self.plan(content),
            from: ok(
                #"{"code":300013,"ac":"CASH","accountId":"cshDEMO","action":"batch-place-order","status":"Err","reason":"INVALID_BATCH_ORDER","message":"Batch Order failed, please check each order info for detail.","info":[{"code":300004,"reason":"INVALID_NOTIONAL","message":"Notional is too small.","id":"int000001a1","symbol":"BTC/USDT"},{"code":300013,"reason":"INVALID_BATCH_ORDER","message":"Some invalid order in this batch.","id":"int000001a2","symbol":"ETH/USDT"}]}"#
            ))
        #expect(refused.places == [.refused(code: "300004", text: "Notional is too small."), .notExecuted(.sibling(offenderNamed: true))])
        let alone = adapter.answer(
            to: Self.plan(Self.places([orders[0]])),
            from: ok(
                #"{"code":300011,"ac":"CASH","accountId":"cshDEMO","action":"place-order","status":"Err","reason":"INVALID_BALANCE","message":"Not Enough Account Balance","info":{"id":"int000001a1","symbol":"BTC/USDT"}}"#
            ))
        #expect(alone.places == [.refused(code: "300011", text: "Not Enough Account Balance")])
        let row =
            #"{"orderId":"a18bcfe56864U0123456789t000001a1","seqNum":2323407894,"symbol":"BTC/USDT","side":"Buy","orderType":"Limit","price":"34000","orderQty":"0.1","stopPrice":"","status":"PartiallyFilled","avgPx":"33999.5","cumFilledQty":"0.04","cumFee":"1.35998","feeAsset":"USDT","lastExecTime":1700000003120,"errorCode":"","execInst":"NULL_VAL"}"#
        for data in [row, "[\(row)]"] {
            let found = try report(
                adapter.answer(
                    to: Self.plan(Self.find(orders[0].0, orders[0].1, predicted: ["a18bcfe56864U0123456789t000001a1"])),
                    from: ok(#"{"code":0,"data":\#(data)}"#)))
            #expect(found.status == .partiallyFilled && found.filledQuantity == Decimal("0.04") && found.version == 2_323_407_894)
        }
    }
}
