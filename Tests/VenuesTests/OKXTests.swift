import OMSCore
import Testing
import Wire

@testable import Venues

/// What is OKX's own: limits by market and family, the deadline that requests bear, rows without positions, walks by the last id, markets that are no more.
@Suite struct OKXTests {
    static let timeMs: Int64 = 1_763_640_000_123

    static func adapter(_ product: String) throws -> OKX { try #require(OKX(product: product)) }

    static func plan(_ content: RequestPlan.Content, level: String? = "2", freshnessMs: Int64 = 5_000) -> RequestPlan {
        RequestPlan(
            id: 1, account: "mm", content: content, timeMs: timeMs, facts: level.map { AccountFacts(group: $0, uid: "7") }, freshnessMs: freshnessMs,
            staleAt: .max, timeoutMs: 5_000)
    }

    static func terms(_ symbol: Symbol = "BTC-USDT", _ change: (inout OrderTerms) -> Void = { _ in }) -> OrderTerms {
        var terms = OrderTerms(symbol: symbol, side: .buy, type: .limit, timeInForce: .gtc, price: Decimal(60_000), quantity: Decimal(2))
        change(&terms)
        return terms
    }

    static func market(_ symbol: Symbol = "BTC-USDT", _ change: (inout OrderTerms) -> Void = { _ in }) -> OrderTerms {
        terms(symbol) {
            ($0.type, $0.timeInForce, $0.price) = (.market, nil, nil)
            change(&$0)
        }
    }

    static func places(_ symbols: [Symbol]) -> [PlaceTicket] {
        symbols.enumerated().map {
            PlaceTicket(order: OrderKey(Int64($0 + 1)), clientOrderID: ClientOrderID("oms01JD5ZK0Q2000\($0)"), terms: terms($1))
        }
    }

    static func cancels(_ symbols: [Symbol]) -> [CancelTicket] {
        symbols.enumerated().map {
            CancelTicket(
                command: CommandID(Int64($0)), order: OrderKey(Int64($0 + 1)), clientOrderID: ClientOrderID("oms01JD5ZK0Q2000\($0)"),
                venueOrderID: nil,
                terms: terms($1))
        }
    }

    static func modify(onFailure: OnFailure = .keep) -> ModifyTicket {
        ModifyTicket(
            command: 80, order: 1, clientOrderID: "oms01JD5ZK0Q20001", venueOrderID: "1752588852617379840", terms: terms(), price: Decimal("60001.5"),
            quantity: Decimal(3), onFailure: onFailure)
    }

    static func subject(_ symbol: Symbol = "BTC-USDT-261225", sinceMs: Int64 = timeMs - 3_600_000, page: String? = nil) -> FindSubject {
        var subject = FindSubject(
            order: 1, clientOrderID: "oms01JD5ZK0Q20001", venueOrderID: nil, predictedIDs: [], terms: terms(symbol), sinceMs: sinceMs)
        subject.page = page
        return subject
    }

    static func response(_ body: String, status: Int = 200) -> HTTPResponse { HTTPResponse(status: status, body: Array(body.utf8)) }
    static func data(_ rows: String) -> HTTPResponse { response(#"{"code":"0","msg":"","data":[\#(rows)]}"#) }

    // MARK: Limits

    @Test func `orders cost a permit each of their market, and a market's only order one of single orders beside it`() throws {
        func charges(_ product: String, _ symbols: [Symbol]) throws -> [Charge] {
            try Self.adapter(product).charges(of: .place(Self.places(symbols), isSingle: false))
        }
        #expect(try charges("spot", ["BTC-USDT"]) == [Charge("place", of: "BTC-USDT"), Charge("batch-place", items: 1, of: "BTC-USDT")])
        #expect(try charges("spot", ["BTC-USDT", "BTC-USDT", "BTC-USDT"]) == [Charge("batch-place", items: 3, of: "BTC-USDT")])
        #expect(
            try charges("swap", ["ETH-USDT-SWAP", "BTC-USDT-SWAP", "BTC-USDT-SWAP"]) == [
                Charge("batch-place", items: 2, of: "BTC-USDT-SWAP"), Charge("place", of: "ETH-USDT-SWAP"),
                Charge("batch-place", items: 1, of: "ETH-USDT-SWAP"), Charge("account-orders", items: 3),
            ])
        #expect(
            try Self.adapter("swap").charges(of: .cancel(Self.cancels(["BTC-USDT-SWAP", "BTC-USDT-SWAP"]))) == [
                Charge("batch-cancel", items: 2, of: "BTC-USDT-SWAP")
            ])
    }

    @Test func `contracts count against the account's limit when they are placed or changed; spot, margin and cancels do not`() throws {
        for (product, counts) in [("spot", false), ("margin", false), ("swap", true), ("futures", true)] {
            let adapter = try Self.adapter(product)
            func names(_ content: RequestPlan.Content) -> Bool { adapter.charges(of: content).contains { $0.budget == "account-orders" } }
            #expect(names(.place(Self.places(["BTC-USDT"]), isSingle: false)) == counts && names(.modify([Self.modify()])) == counts, "\(product)")
            #expect(!names(.cancel(Self.cancels(["BTC-USDT"]))), "\(product)")
        }
    }

    @Test func `what the account's own limit refuses leaves nothing of it, and of markets' limits their share`() throws {
        let plan = Self.plan(.place(Self.places(["BTC-USDT-SWAP", "BTC-USDT-SWAP"]), isSingle: false))
        let body = #"""
            {"code":"2","msg":"","data":[{"clOrdId":"oms01JD5ZK0Q20000","ordId":"17","sCode":"0","sMsg":""},
            {"clOrdId":"oms01JD5ZK0Q20001","ordId":"","sCode":"50061","sMsg":"too many"}]}
            """#
        let answer = try Self.adapter("swap").reading(Self.response(body), of: plan)
        #expect(answer.limits == [LimitWord("account-orders", remaining: 0)] && answer.disposition == .answered)
        #expect(answer.places.map { $0.isNotExecuted(.rateLimited) } == [false, true])
    }

    @Test func `429 is a rate where its code says so, and systems that are busy where it says that`() throws {
        let plan = Self.plan(.place(Self.places(["BTC-USDT"]), isSingle: false))
        let adapter = try Self.adapter("spot")
        let rate = adapter.reading(Self.response(#"{"msg":"Too Many Requests","code":"50011"}"#, status: 429), of: plan)
        #expect(rate.disposition == .rateLimited(retryAfterMs: nil) && rate.places.allSatisfy { $0.isNotExecuted(.rateLimited) })
        let busy = adapter.reading(
            Self.response(#"{"msg":"Systems are busy. Please try again later.","code":"50013","data":[]}"#, status: 429), of: plan)
        #expect(busy.disposition == .busy(retryAfterMs: nil))
        guard case .inDoubt(_, let said) = busy.places[0] else { Issue.record("\(busy.places)"); return }
        #expect(said?.code == "50013")
    }

    // MARK: Orders

    private static func item(_ product: String, _ terms: OrderTerms, level: String? = "2") throws -> String {
        let ticket = PlaceTicket(order: 1, clientOrderID: "oms01JD5ZK0Q20001", terms: terms)
        let request = try adapter(product).request(for: plan(.place([ticket], isSingle: false), level: level))
        #expect(request.method == "POST" && request.target == "/api/v5/trade/batch-orders")
        return String(decoding: try #require(JSONParser.parse(request.body).array?.first).serialized(), as: UTF8.self)
    }

    @Test func `an order says what it must and nothing unasked`() throws {
        let id = #""clOrdId":"oms01JD5ZK0Q20001""#
        #expect(
            try Self.item("spot", Self.terms())
                == #"{"instId":"BTC-USDT","tdMode":"cash",\#(id),"side":"buy","ordType":"limit","sz":"2","px":"60000"}"#)
        let closing = Self.terms("BTC-USDT-SWAP") { ($0.side, $0.reduceOnly, $0.postOnly, $0.stp) = (.sell, true, true, .cancelBoth) }
        #expect(
            try Self.item("swap", closing)
                == #"{"instId":"BTC-USDT-SWAP","tdMode":"cross",\#(id),"side":"sell","ordType":"post_only","sz":"2","px":"60000","reduceOnly":true,"stpMode":"cancel_both"}"#
        )
        // Of a position's side, what closes it only reduces anyway.
        let sided = Self.terms("BTC-USDT-SWAP") { ($0.side, $0.reduceOnly, $0.positionSide, $0.timeInForce) = (.sell, true, .long, .ioc) }
        #expect(
            try Self.item("swap", sided)
                == #"{"instId":"BTC-USDT-SWAP","tdMode":"cross",\#(id),"side":"sell","posSide":"long","ordType":"ioc","sz":"2","px":"60000"}"#)
        #expect(
            try Self.item("margin", Self.terms { $0.side = .sell })
                == #"{"instId":"BTC-USDT","tdMode":"cross","ccy":"USDT",\#(id),"side":"sell","ordType":"limit","sz":"2","px":"60000"}"#)
    }

    @Test func `a spot market order says what its size counts, and that it must not be made smaller`() throws {
        let byQuote = Self.market { ($0.quantity, $0.quoteQuantity) = (nil, Decimal(25)) }
        #expect(try Self.item("spot", byQuote).hasSuffix(#""ordType":"market","sz":"25","tgtCcy":"quote_ccy","banAmend":true}"#))
        #expect(try Self.item("spot", Self.market()).hasSuffix(#""ordType":"market","sz":"2","tgtCcy":"base_ccy","banAmend":true}"#))
        #expect(try Self.item("swap", Self.market("BTC-USDT-SWAP")).hasSuffix(#""ordType":"market","sz":"2"}"#))
    }

    @Test func `spot is traded on the whole account's margin where the account's mode is of that kind`() throws {
        for (level, mode) in [("1", "cash"), ("2", "cash"), ("3", "cross"), ("4", "cross")] {
            #expect(try Self.item("spot", Self.terms(), level: level).contains(#""tdMode":"\#(mode)""#), "\(level)")
            #expect(try Self.item("swap", Self.terms("BTC-USDT-SWAP"), level: level).contains(#""tdMode":"cross""#), "\(level)")
        }
    }

    @Test func `what OKX does not take is refused before it is sent`() throws {
        func field(_ product: String, _ terms: OrderTerms) throws -> String? { try Self.adapter(product).problem(with: terms)?.field }
        #expect(try field("spot", Self.terms { $0.reduceOnly = true }) == "reduce_only")
        #expect(try field("spot", Self.terms { $0.positionSide = .long }) == "position_side")
        #expect(try field("margin", Self.terms { $0.positionSide = .long }) == "position_side")
        #expect(try field("margin", Self.terms { $0.reduceOnly = true }) == nil)
        #expect(try field("margin", Self.market()) == "quote_quantity", "its market buys are counted in quote currency")
        #expect(try field("margin", Self.market { $0.side = .sell }) == nil)
        #expect(try field("margin", Self.terms("BTC-USDT-SWAP")) == "symbol")
        #expect(try field("spot", Self.market { $0.quantity = nil }) == "quantity")
        #expect(try field("swap", Self.market { ($0.quantity, $0.quoteQuantity) = (nil, Decimal(50)) }) == "quote_quantity")
        #expect(try field("swap", Self.terms { ($0.reduceOnly, $0.positionSide) = (true, .long) }) == "reduce_only", "a buy opens a long")
        #expect(try field("swap", Self.terms { ($0.reduceOnly, $0.positionSide) = (true, .short) }) == nil)
        #expect(try field("spot", Self.terms { $0.marginAction = .autoBorrow }) == "margin_action")
        #expect(try field("spot", Self.terms { $0.stp = SelfTradePrevention.none }) == "stp")
        #expect(try field("spot", Self.terms { ($0.stp, $0.timeInForce) = (.cancelBoth, .fok) }) == "stp")
        #expect(try field("swap", Self.terms { $0.takeProfit = Decimal(70_000) }) == "take_profit")
        #expect(try field("spot", Self.terms("BTC/USDT")) == "symbol")
        #expect(OKX(product: "option") == nil && OKX(product: "SPOT") == nil && OKX(product: "Swap") == nil)
        let rule = try Self.adapter("spot").profile.clientIDs
        #expect(rule.allows("oms01JD5ZK0Q20001") && !rule.allows("oms-01") && !rule.allows(ClientOrderID(String(repeating: "a", count: 33))))
    }

    @Test func `places and changes bear the moment behind which they are not processed, the fence; cancels know none and wait out the stamp`() throws
    {
        let adapter = try Self.adapter("spot")
        for (freshnessMs, until) in [(5_000, Self.timeMs + 5_000), (2_000, Self.timeMs + 2_000), (60_000, Self.timeMs + 5_000)] as [(Int64, Int64)] {
            for content: RequestPlan.Content in [.place(Self.places(["BTC-USDT"]), isSingle: false), .modify([Self.modify()])] {
                #expect(adapter.request(for: Self.plan(content, freshnessMs: freshnessMs)).header("expTime") == String(until))
            }
        }
        #expect(adapter.request(for: Self.plan(.cancel(Self.cancels(["BTC-USDT"])))).header("expTime") == nil)
        let profile = adapter.profile
        #expect(profile.freshnessMs == 5_000 && profile.freshnessMsByKind == [.cancel: 30_000])
    }

    @Test func `a change is named by its command and request, keeps the order where it fails unless asked otherwise, and says the new total`() throws
    {
        func body(_ ticket: ModifyTicket) throws -> String {
            String(decoding: try Self.adapter("spot").request(for: Self.plan(.modify([ticket]))).body, as: UTF8.self)
        }
        #expect(
            try body(Self.modify())
                == #"[{"instId":"BTC-USDT","ordId":"1752588852617379840","reqId":"m28r1","newSz":"3","newPx":"60001.5","cxlOnFail":false}]"#)
        #expect(try body(Self.modify(onFailure: .cancel)).hasSuffix(#""cxlOnFail":true}]"#))
        let largest = ModifyTicket(
            command: CommandID(.max), order: 1, clientOrderID: "a", venueOrderID: "1", terms: Self.terms(), price: nil, quantity: nil,
            onFailure: .keep)
        let plan = RequestPlan(
            id: RequestID(.max), account: "mm", content: .modify([largest]), timeMs: Self.timeMs, facts: nil, freshnessMs: 5_000, staleAt: .max,
            timeoutMs: 5_000)
        let id = try #require(JSONParser.parse(try Self.adapter("spot").request(for: plan).body).array?.first?["reqId"]?.string)
        #expect(id.utf8.count <= 32 && id.allSatisfy { $0.isLetter || $0.isNumber })
    }

    @Test func `of innocent orders in a batch that is all or nothing the venue names an offender, or nobody`() throws {
        func siblings(_ second: String) throws -> [ItemOutcome] {
            let body = #"""
                {"code":"1","msg":"","data":[{"clOrdId":"oms01JD5ZK0Q20000","ordId":"","sCode":"54004","sMsg":"x"},
                {"clOrdId":"oms01JD5ZK0Q20001","ordId":"","sCode":"\#(second)","sMsg":"x"}]}
                """#
            return try Self.adapter("swap").answer(
                to: Self.plan(.place(Self.places(["BTC-USDT-SWAP", "BTC-USDT-SWAP"]), isSingle: false)), from: Self.response(body)
            ).places
        }
        #expect(try siblings("51008")[0].isNotExecuted(.sibling(offenderNamed: true)))
        #expect(try siblings("54004").allSatisfy { $0.isNotExecuted(.sibling(offenderNamed: false)) })
    }

    // MARK: Signing

    @Test func `a stamp is the venue's text of the moment, whatever the day`() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_007, "2000-03-01T00:00:00.007Z"), (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599_012, "2024-12-31T23:59:59.012Z"), (1_763_640_000_123, "2025-11-20T12:00:00.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)] { #expect(OKX.stamp(ms) == text) }
    }

    @Test func `method, path, query as sent and body are signed, and nothing of the deadline`() throws {
        let key = SigningKey(keyID: "ok_dummy_key_0001", secret: Array("dummySecret0123456789abcdefABCDEF".utf8), passphrase: "dummyPass1")
        var request = HTTPRequest("GET", "/api/v5/trade/order?instId=BTC-USDT-SWAP&clOrdId=oms01JD5ZK0Q20001", headers: [HTTPHeader("expTime", "1")])
        try Self.adapter("swap").sign(&request, timeMs: Self.timeMs, with: key)
        #expect(request.header("OK-ACCESS-SIGN") == "vOoO/BNtkPKIZmmWrNDHzshHHw5gDwfraOKg82OjF68=")
        #expect(request.header("OK-ACCESS-TIMESTAMP") == "2025-11-20T12:00:00.123Z" && request.header("OK-ACCESS-PASSPHRASE") == "dummyPass1")
        var time = try Self.adapter("swap").request(for: Self.plan(.query(.serverTime)))
        try Self.adapter("swap").sign(&time, timeMs: Self.timeMs, with: key)
        #expect(time.headers.isEmpty)
    }

    // MARK: Accounts

    @Test func `an account whose mode does not have the product, or whose key may not trade, is told what to do`() throws {
        func facts(_ product: String, _ level: String, perm: String = "read_only,trade") throws -> AccountFacts? {
            let answer = try Self.adapter(product).answer(
                to: Self.plan(.query(.account)), from: Self.data(#"{"acctLv":"\#(level)","perm":"\#(perm)","uid":"43812"}"#))
            guard case .account(let facts) = answer.query else { return nil }
            return facts
        }
        for (product, levels) in [("spot", "1234"), ("margin", "2"), ("swap", "234"), ("futures", "234")] {
            for level in ["1", "2", "3", "4"] {
                let told = try #require(try facts(product, level))
                #expect((told.problem == nil) == levels.contains(level) && told.uid == "43812" && told.group == level, "\(product) \(level)")
            }
        }
        #expect(try facts("margin", "3")?.problem?.contains("configure product spot") == true)
        #expect(try facts("spot", "1", perm: "read_only")?.problem?.contains("may not trade") == true)
        #expect(try facts("spot", "5") == nil, "a mode of no page says nothing")
    }
}
