import OMSCore
import Testing
import Wire

@testable import Venues

/// What is XT futures' own: orders one by one unless somebody wants batches that say nothing of each, contracts, positions with a side, listings that hide.
@Suite struct XTFuturesTests {
    private static let usdt = Situation("xt-futures", "usdt")
    private static let coin = Situation("xt-futures", "coin")

    private static func failure(_ code: String, _ text: String = "no") -> HTTPResponse {
        HTTPResponse(
            status: 200, body: Array(#"{"returnCode":1,"msgInfo":"failure","error":{"code":"\#(code)","msg":"\#(text)"},"result":null}"#.utf8))
    }
    private static func success(_ result: String) -> HTTPResponse {
        HTTPResponse(status: 200, body: Array(#"{"returnCode":0,"msgInfo":"success","error":null,"result":\#(result)}"#.utf8))
    }
    private static func read(_ ask: String, _ response: HTTPResponse) -> VenueAnswer {
        usdt.adapter.answer(to: usdt.plan(usdt.content(ask)), from: response)
    }

    // MARK: One by one, or together

    @Test(arguments: ["usdt", "coin"])
    func `orders go one by one unless the account is configured for batches, of 20 at most`(_ product: String) throws {
        let profile = try #require(XTFutures(product: product)).profile
        #expect(profile.placeMax == 1 && profile.placeMaxAtMost == 20 && profile.placeCeiling == 20)
        #expect(profile.baseURL == (product == "coin" ? "https://dapi.xt.com" : "https://fapi.xt.com"))
        #expect(XTFutures(product: "spot") == nil)
    }

    @Test func `one order goes by create, two as a bare list by the batch, and cost a permit of what they go by`() throws {
        let adapter = Self.usdt.adapter
        let tickets = Self.usdt.placeTickets
        let one = adapter.request(for: Self.usdt.plan(.place([tickets[0]], isSingle: true)))
        let single = try JSONParser.parse(one.body)
        #expect(one.target == "/future/trade/v1/order/create" && single.object != nil)
        let two = adapter.request(for: Self.usdt.plan(.place(tickets, isSingle: false)))
        let list = try JSONParser.parse(two.body)
        #expect(two.target == "/future/trade/v2/order/atomic-create-batch" && list.array?.count == 2)
        #expect(adapter.charges(of: .place([], isSingle: false)) == ["place", "overall"])
        #expect(adapter.charges(of: .place([tickets[0]], isSingle: false)) == ["place", "overall"])
        #expect(adapter.charges(of: .place(tickets, isSingle: false)) == ["place", "batch-place", "overall"])
        #expect(adapter.charges(of: .cancel([Self.usdt.cancelTickets[0]])) == ["cancel", "overall"])
        #expect(adapter.charges(of: .cancel(Self.usdt.cancelTickets)) == ["cancel", "batch-cancel", "overall"])
    }

    @Test(arguments: [#""""#, "true", "null", "false", #"["554845056780618881","554845056780618883"]"#, "{}"])
    func `whatever a batch's success says, each of its orders is in doubt`(_ result: String) {
        let answer = Self.read("place", Self.success(result))
        #expect(answer.disposition == .answered && answer.places.count == 2)
        #expect(answer.places.allSatisfy { if case .inDoubt = $0 { true } else { false } }, "\(answer.places)")
    }

    @Test(arguments: ["invalid_quantity", "order_create_size_exceed", "insufficient_balance", "invalid_params", "fail", "invalid_order"])
    func `a code that may be one order's refuses none of a batch, and leaves each to be looked for`(_ code: String) {
        let answer = Self.read("place", Self.failure(code))
        #expect(answer.places == [.inDoubt(code: code, text: "no"), .inDoubt(code: code, text: "no")])
        #expect(answer.venueCode == code)
    }

    @Test func `a batch refused by a code of no table is refused unless found, and one refused for its stamp or the account was not executed`() {
        #expect(Self.read("place", Self.failure("new_rule_17")).places.allSatisfy { $0 == .refusedUnlessFound(code: "new_rule_17", text: "no") })
        #expect(Self.read("place", Self.failure("403", "timestamp expired")).places.allSatisfy { $0.isNotExecuted(.clock) })
        let barred = Self.read("place", Self.failure("user_can_not_trade"))
        #expect(barred.disposition == .halted && barred.places.allSatisfy { $0.isNotExecuted(.halted) })
    }

    // MARK: Single orders

    @Test(arguments: ["554845056780618881", "1", "9223372036854775808"]) func `a single order's id is what digits are answered`(_ id: String) {
        for result in [id, #""\#(id)""#, #"{"orderId":"\#(id)"}"#] {
            #expect(Self.read("place-one", Self.success(result)).places == [.acknowledged(VenueOrderID(id), venueState: nil)], "\(result)")
        }
    }

    @Test(arguments: ["null", #""""#, "0", "true", #""accepted""#, "-5", "1.5", "1e3", "[]", #"["5"]"#, #"{"orderId":null}"#, #""１２""#])
    func `a success that names no order leaves a single one in doubt`(_ result: String) {
        let answer = Self.read("place-one", Self.success(result))
        #expect(answer.places.allSatisfy { if case .inDoubt = $0 { true } else { false } }, "\(answer.places)")
    }

    @Test func `words that could mean a repeated id refuse unless the order is found, whether it was sent before or not`() {
        for isResent in [false, true] {
            for code in ["invalid_params", "fail"] {
                var ticket = Self.usdt.placeTickets[0]
                ticket.isResent = isResent
                let plan = Self.usdt.plan(.place([ticket], isSingle: false))
                #expect(Self.usdt.adapter.answer(to: plan, from: Self.failure(code)).places == [.refusedUnlessFound(code: code, text: "no")])
            }
        }
        #expect(Self.read("place-one", Self.failure("insufficient_balance")).places == [.refused(code: "insufficient_balance", text: "no")])
    }

    @Test(arguments: ["contract_not_open", "account_error", "user_can_not_trade", "sub_account_not_trade"])
    func `what bars the account from trading halts it, and what bars only opening refuses the order alone`(_ code: String) {
        let barred = Self.read("place-one", Self.failure(code))
        #expect(barred.disposition == .halted && barred.places.allSatisfy { $0.isNotExecuted(.halted) })
        let opening = Self.read("place-one", Self.failure("user_can_not_open_position"))
        #expect(opening.disposition == .answered && opening.places == [.refused(code: "user_can_not_open_position", text: "no")])
    }

    // MARK: Cancels and changes

    @Test func `a whole cancel request that is refused goes again in smaller company, and a single one has its order's state asked for`() {
        for code in ["invalid_params", "fail", "new_rule_18", "invalid_order"] {
            let refused = Self.read("cancel", Self.failure(code))
            #expect(refused.cancels.allSatisfy { $0.isNotExecuted(.sibling(offenderNamed: false)) }, "\(code): \(refused.cancels)")
            #expect(refused.disposition == .answered)
        }
        for code in ["invalid_params", "fail", "invalid_order"] {
            #expect(Self.read("cancel-one", Self.failure(code)).cancels == [.gone(code: code, text: "no")])
            #expect(Self.read("modify", Self.failure(code)).modifies == [.gone(code: code, text: "no")])
        }
        for code in ["400", "502"] {
            for outcome in Self.read("cancel", Self.failure(code)).cancels {
                guard case .inDoubt = outcome else { Issue.record("\(code): \(outcome)"); continue }
            }
        }
    }

    @Test func `a change is known by the id that is answered, and by the one it had where none is`() {
        let id = Self.usdt.venueIDs[0]
        #expect(Self.read("modify", Self.success("{}")).modifies == [.acknowledged(id, venueState: nil)])
        #expect(Self.read("modify", Self.success(#""777""#)).modifies == [.acknowledged("777", venueState: nil)])
        for odd in ["null", #"{"id":"777"}"#, #""done""#, "[]"] {
            guard case .inDoubt = Self.read("modify", Self.success(odd)).modifies[0] else { Issue.record("\(odd)"); continue }
        }
    }

    // MARK: Orders

    @Test func `quantities are whole contracts, a position's side is required, and what XT does not know is refused here`() throws {
        let adapter = Self.usdt.adapter
        func problem(_ change: (inout OrderTerms) -> Void) -> String? {
            var terms = Self.usdt.terms[0]
            change(&terms)
            return adapter.problem(with: terms)?.field
        }
        #expect(problem { _ in } == nil)
        #expect(problem { $0.quantity = Decimal("1.5") } == "quantity")
        #expect(problem { $0.positionSide = nil } == "position_side")
        #expect(problem { $0.reduceOnly = true } == "reduce_only")
        #expect(problem { $0.stp = .cancelBoth } == "stp")
        #expect(problem { $0.takeProfit = .zero } == "take_profit")
        #expect(problem { ($0.takeProfit, $0.stopLoss) = (Decimal(40_000), Decimal(30_000)) } == nil)
        #expect(problem { ($0.type, $0.price, $0.timeInForce) = (.market, nil, nil) } == nil)
        #expect(adapter.problem(modifying: Self.usdt.terms[0], price: nil, quantity: Decimal("0.5"))?.field == "quantity")
    }

    @Test func `a market order has neither price nor time in force, and triggers ride with the order`() throws {
        func body(_ change: (inout OrderTerms) -> Void) -> String {
            var terms = Self.usdt.terms[0]
            change(&terms)
            let plan = Self.usdt.plan(.place(Self.usdt.placeTickets([terms]), isSingle: false))
            return String(decoding: Self.usdt.adapter.request(for: plan).body, as: UTF8.self)
        }
        let id = #"{"clientOrderId":"int000001a1","symbol":"btc_usdt","orderSide":"BUY""#
        let market = body { ($0.type, $0.price, $0.timeInForce) = (.market, nil, nil) }
        #expect(market == id + #","orderType":"MARKET","origQty":"10","positionSide":"LONG"}"#)
        let guarded = body { ($0.takeProfit, $0.stopLoss) = (Decimal(40_000), Decimal("30000.5")) }
        #expect(guarded.hasSuffix(#""positionSide":"LONG","triggerProfitPrice":"40000","triggerStopPrice":"30000.5"}"#))
    }

    @Test func `a coin-margined contract is worth its size in quote currency, one margined in USDT its size in coins`() throws {
        let row = #""symbol":"btc_usd","contractSize":"100","minQty":"1","minNotional":"5","minStepPrice":"0.1""#
        let table = #"[{\#(row),"tradeSwitch":true,"isOpenApi":true}]"#
        func market(_ situation: Situation) throws -> Instrument {
            let answer = situation.adapter.answer(to: situation.plan(.query(.instruments)), from: Self.success(table))
            guard case .instruments(let markets)? = answer.query else { throw Unreadable("no table") }
            return try #require(markets.first)
        }
        let (coin, usdt) = (try market(Self.coin), try market(Self.usdt))
        #expect(coin.contractValue == Decimal(100) && coin.contractSize == nil && coin.lot == .one)
        #expect(usdt.contractSize == Decimal(100) && usdt.contractValue == nil && usdt.tradable)
    }

    // MARK: Questions

    @Test func `an order is asked for by our id and a state, whatever is known of it`() {
        for (ask, state) in [("find", "UNFINISHED"), ("find-known", "UNFINISHED"), ("find-second", "HISTORY")] {
            let request = Self.usdt.adapter.request(for: Self.usdt.plan(Self.usdt.content(ask)))
            #expect(request.target == "/future/trade/v1/order/list?clientOrderId=int000001a1&page=1&size=100&state=\(state)")
        }
    }

    @Test func `window and algorithm go along unsigned, and the window never says more than what holds without it`() throws {
        for (freshness, window) in [(nil, "5000"), (60_000, "5000"), (3_000, "3000"), (100, "2000")] as [(Int64?, String)] {
            let plan = Self.usdt.plan(Self.usdt.content("cancel"), freshnessMs: freshness)
            let request = Self.usdt.adapter.request(for: plan)
            #expect(request.header("validate-recvwindow") == window && request.header("validate-algorithms") == "HmacSHA256")
        }
    }

    @Test func `an account that may not trade is told so, and one that may not open is not kept from closing`() {
        func problem(_ fields: String) -> String? {
            guard case .account(let facts)? = Self.read("account", Self.success("{\(fields)}")).query else { return "no answer" }
            return facts.problem
        }
        #expect(problem(#""allowTrade":false"#)?.contains("allowTrade") == true)
        #expect(problem(#""allowTrade":"FALSE""#) != nil)
        #expect(problem(#""allowTrade":true,"allowOpenPosition":false"#) == nil && problem("") == nil)
        #expect(problem(#""allowTrade":7"#) == "no answer")
    }
}
