import OMSCore
import Testing
import Wire

@testable import Venues

/// What is Bybit's own: weights, answers of two lists, walks through history, accounts whose prices may be moved.
@Suite struct BybitTests {
    private static func adapter(_ product: String) throws -> Bybit { try #require(Bybit(product: product)) }

    private static func plan(_ content: RequestPlan.Content, timeMs: Int64 = 1_763_640_000_123, freshnessMs: Int64 = 5_000) -> RequestPlan {
        RequestPlan(
            id: 1, account: "mm", content: content, timeMs: timeMs, facts: nil, freshnessMs: freshnessMs, staleAt: .max, timeoutMs: 5_000)
    }

    private static func terms(_ change: (inout OrderTerms) -> Void = { _ in }) -> OrderTerms {
        var terms = OrderTerms(symbol: "BTCUSDT", side: .buy, type: .limit, timeInForce: .gtc, price: Decimal(60_000), quantity: Decimal("0.01"))
        change(&terms)
        return terms
    }

    private static func ticket(_ terms: OrderTerms) -> PlaceTicket {
        PlaceTicket(order: 1, clientOrderID: "oms-01JD5ZK0Q2-0001", terms: terms, predictedID: nil)
    }

    private static func item(_ product: String, _ terms: OrderTerms) throws -> String {
        let request = try adapter(product).request(for: plan(.place([ticket(terms)], isSingle: false)))
        let body = try JSONParser.parse(request.body)
        #expect(body["category"]?.string == product)
        return String(decoding: try #require(body["request"]?.array?.first).serialized(), as: UTF8.self)
    }

    // MARK: Limits

    @Test(arguments: ["spot", "linear", "inverse"]) func `a batch costs as many permits as it holds orders, and one of the address`(product: String)
        throws
    {
        let adapter = try Self.adapter(product)
        let ticket = Self.ticket(Self.terms())
        for count in [0, 1, 7] {
            let charges = adapter.charges(of: .place(Array(repeating: ticket, count: count), isSingle: false))
            #expect(charges == [Charge("batch-place", items: count), "overall"])
        }
        let profile = adapter.profile
        let permits = try #require(profile.budgets.first { $0.name == "batch-place" }).permits
        #expect(product == "spot" ? permits == 20 && profile.placeMax == 10 : permits == 10 && profile.placeMax == 20)
    }

    @Test func `linear and inverse share their limits, spot has its own, and look-ups are one row for all`() throws {
        func key(_ product: String, _ budget: String) throws -> String {
            BudgetOwner(profile: try Self.adapter(product).profile, uid: "7", keyFingerprint: "k").key(budget, .uid)
        }
        #expect(try key("linear", "batch-place") == key("inverse", "batch-place"))
        #expect(try key("linear", "batch-place") != key("spot", "batch-place"))
        #expect(try key("linear", "lookup:realtime") == key("spot", "lookup:realtime"))
    }

    @Test func `what a header says of the endpoint's limit is told of the limit that counts its orders`() throws {
        let adapter = try Self.adapter("linear")
        let headers = [HTTPHeader("X-Bapi-Limit", "8"), HTTPHeader("X-Bapi-Limit-Status", "3"), HTTPHeader("X-Bapi-Limit-Reset-Timestamp", "5400")]
        func read(_ content: RequestPlan.Content, _ body: String) -> VenueAnswer {
            adapter.reading(HTTPResponse(status: 200, headers: headers, body: Array(body.utf8)), of: Self.plan(content))
        }
        let place = RequestPlan.Content.place([Self.ticket(Self.terms())], isSingle: false)
        #expect(read(place, "{}").limits == [LimitWord(remaining: 3, permits: 8)])
        #expect(read(.query(.instruments), "{}").limits.isEmpty, "counted by address alone")
        let refused = read(place, #"{"retCode":10006,"retMsg":"Too many visits","result":{},"retExtInfo":{},"time":5000}"#)
        #expect(refused.disposition == .rateLimited(retryAfterMs: 400) && refused.places.map(\.isPutBack) == [true])
    }

    @Test func `who is shut out without a header rests ten minutes, and a refused key is a refused key`() throws {
        let adapter = try Self.adapter("linear")
        func read(_ body: String) -> VenueAnswer.Disposition {
            adapter.reading(HTTPResponse(status: 403, body: Array(body.utf8)), of: Self.plan(.query(.openOrders(symbol: nil, page: nil)))).disposition
        }
        #expect(read("<html>CloudFront</html>") == .shutOut(forMs: 600_000))
        #expect(read(#"{"retCode":10018,"retMsg":"access too frequent"}"#) == .shutOut(forMs: 600_000))
        #expect(read(#"{"retCode":10003,"retMsg":"API key is invalid"}"#) == .halted)
    }

    // MARK: Orders

    @Test func `an order says what it must and nothing unasked`() throws {
        #expect(
            try Self.item("linear", Self.terms())
                == #"{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.01","price":"60000","timeInForce":"GTC","orderLinkId":"oms-01JD5ZK0Q2-0001"}"#
        )
        let closing = Self.terms {
            ($0.side, $0.reduceOnly, $0.positionSide, $0.postOnly, $0.stp) = (.sell, true, .long, true, .cancelBoth)
        }
        #expect(
            try Self.item("linear", closing)
                == #"{"symbol":"BTCUSDT","side":"Sell","orderType":"Limit","qty":"0.01","price":"60000","timeInForce":"PostOnly","orderLinkId":"oms-01JD5ZK0Q2-0001","reduceOnly":true,"positionIdx":1,"smpType":"CancelBoth"}"#
        )
        func market(_ change: (inout OrderTerms) -> Void) -> OrderTerms {
            Self.terms {
                ($0.type, $0.timeInForce, $0.price) = (.market, nil, nil)
                change(&$0)
            }
        }
        let byQuote = market { ($0.quantity, $0.quoteQuantity, $0.marginAction) = (nil, Decimal(25), .autoBorrow) }
        #expect(
            try Self.item("spot", byQuote)
                == #"{"symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"25","marketUnit":"quoteCoin","orderLinkId":"oms-01JD5ZK0Q2-0001","isLeverage":1}"#
        )
        #expect(try Self.item("spot", market { _ in }).contains(#""marketUnit":"baseCoin""#))
        #expect(try !Self.item("linear", market { _ in }).contains("marketUnit"))
    }

    @Test func `what Bybit does not take is refused before it is sent`() throws {
        func field(_ product: String, _ change: (inout OrderTerms) -> Void) throws -> String? {
            try Self.adapter(product).problem(with: Self.terms(change))?.field
        }
        #expect(try field("spot") { $0.reduceOnly = true } == "reduce_only")
        #expect(try field("spot") { $0.positionSide = .long } == "position_side")
        #expect(try field("inverse") { $0.positionSide = .long } == "position_side")
        #expect(try field("linear") { $0.marginAction = .autoBorrow } == "margin_action")
        #expect(try field("spot") { $0.marginAction = .autoRepay } == "margin_action")
        #expect(try field("linear") { $0.takeProfit = Decimal(70_000) } == "take_profit")
        #expect(try field("linear") { $0.symbol = "BTC_USDT" } == "symbol")
        #expect(try field("linear") { $0.positionSide = .short } == nil)
        #expect(Bybit(product: "option") == nil && Bybit(product: "Linear") == nil)
    }

    @Test func `the window that is signed is the one that bounds the fence`() throws {
        let adapter = try Self.adapter("spot")
        for (freshnessMs, window) in [(5_000, "5000"), (2_000, "2000"), (60_000, "5000")] as [(Int64, String)] {
            let request = adapter.request(for: Self.plan(.query(.account), freshnessMs: freshnessMs))
            #expect(request.header("X-BAPI-RECV-WINDOW") == window)
        }
        #expect(adapter.request(for: Self.plan(.query(.serverTime))).headers.isEmpty)
    }

    // MARK: Finding

    @Test func `history is walked by windows of seven days, to the moment that was asked for and no further`() throws {
        let day: Int64 = 86_400_000
        let now = 100 * day
        var (token, starts): (String?, [Int64]) = (nil, [])
        repeat {
            let page = Bybit.HistoryPage(sinceMs: now - 20 * day, token: token, timeMs: now)
            if let window = page.window { #expect(window.upperBound - window.lowerBound <= 7 * day) } else { #expect(token == nil) }
            starts.append(page.window?.lowerBound ?? now - 7 * day)
            let inside = try #require(page.next(cursor: "a%3A1"))
            let second = Bybit.HistoryPage(sinceMs: now - 20 * day, token: inside, timeMs: now)
            #expect(second.cursor == "a%3A1" && second.window == page.window)
            token = page.next(cursor: nil)
        } while token != nil && starts.count < 9
        #expect(starts.count == 3 && starts[2] <= now - 20 * day && starts[1] <= now - 13 * day)
        #expect(Bybit.HistoryPage(sinceMs: now - day, token: nil, timeMs: now).next(cursor: nil) == nil)
    }

    @Test func `linear contracts are listed coin by coin, the others at once`() throws {
        let body = Array(#"{"retCode":0,"retMsg":"OK","result":{"list":[],"nextPageCursor":""},"retExtInfo":{},"time":1}"#.utf8)
        func walk(_ product: String) throws -> [String] {
            let adapter = try Self.adapter(product)
            var (page, targets): (String?, [String]) = (nil, [])
            repeat {
                let plan = Self.plan(.query(.openOrders(symbol: nil, page: page)))
                targets.append(adapter.request(for: plan).target)
                guard case .orders(_, let next, _) = adapter.answer(to: plan, from: HTTPResponse(status: 200, body: body)).query else { break }
                page = next
            } while page != nil && targets.count < 9
            return targets
        }
        let tail = "limit=50&orderFilter=Order"
        #expect(try walk("linear") == ["USDT", "USDC"].map { "/v5/order/realtime?category=linear&settleCoin=\($0)&\(tail)" })
        #expect(try walk("inverse") == ["/v5/order/realtime?category=inverse&\(tail)"])
    }

    @Test(arguments: ["linear", "spot"]) func `an account whose prices the venue may move is not traded, in words that say what to do`(
        product: String
    ) throws {
        let adapter = try Self.adapter(product)
        func facts(_ settings: String) -> AccountFacts? {
            let body = #"{"retCode":0,"retMsg":"","result":\#(settings),"retExtInfo":{},"time":1}"#
            let answer = adapter.answer(to: Self.plan(.query(.account)), from: HTTPResponse(status: 200, body: Array(body.utf8)))
            guard case .account(let facts) = answer.query else { return nil }
            return facts
        }
        let (own, other) = product == "spot" ? ("lpaSpot", "lpaPerp") : ("lpaPerp", "lpaSpot")
        #expect(facts(#"{"\#(own)":true,"\#(other)":false}"#) == AccountFacts())
        #expect(facts(#"{"\#(own)":false,"\#(other)":true}"#)?.problem?.contains("set-limit-px-action") == true)
        #expect(facts(#"{"\#(other)":true}"#) == nil, "silence is no evidence")
    }
}

extension ItemOutcome {
    fileprivate var isPutBack: Bool { if case .notExecuted(.rateLimited, _) = self { true } else { false } }
}
