import OMSCore
import Testing
import Wire

@testable import Venues

/// Answers to questions: found, absent, or no answer at all.
@Suite struct BitgetQueryTests {
    typealias Make = BitgetFixtures

    func ask(_ adapter: some VenueAdapter, _ query: Query, _ reply: HTTPResponse) -> QueryAnswer? {
        adapter.answer(to: Make.plan(.query(query)), from: reply).query
    }

    func orders(_ answer: QueryAnswer?) -> (reports: [OrderReport], next: String?)? {
        guard case .orders(let reports, let next, _) = answer else { return nil }
        return (reports, next)
    }

    func isFailure(_ answer: QueryAnswer?) -> Bool { if case .failed = answer { true } else { false } }

    @Test func `a margin order is found by its exact id`() throws {
        let isolated = try Make.isolated()
        let reply = Make.reply("bitget-margin/bodies/orders.json")

        let found = try #require(orders(ask(isolated, .find([Make.subject(1)], step: 0), reply)))

        let report = try #require(found.reports.first)
        #expect(found.reports.count == 1 && found.next == nil)
        #expect(report.status == .partiallyFilled && report.venueState == "partial_fill")
        #expect(
            report.clientOrderID == "o0000001" && report.venueOrderID == "1370000000000000001" && report.symbol == "BTCUSDT" && report.side == .buy)
        #expect(report.price == Decimal("60000.01") && report.quantity == Decimal("0.001") && report.filledQuantity == Decimal("0.0004"))
        #expect(report.averagePrice == Decimal("60000.01") && report.version == 1_763_640_000_655)
        // Other orders in answer to the question for one: no answer.
        #expect(isFailure(ask(isolated, .find([Make.subject(2)], step: 0), reply)))
    }

    @Test func `an empty listing is absence, a missing one is not`() throws {
        let isolated = try Make.isolated()
        let find = Query.find([Make.subject(1)], step: 1)
        #expect(orders(ask(isolated, find, Make.reply("bitget-margin/bodies/empty-list.json")))?.reports.isEmpty == true)
        for reply in [
            Make.ok(#"{"orderList":null,"maxId":"","minId":""}"#), Make.ok("null"), Make.ok("[]"), Make.ok("{}"), Make.ok(#"{"orderList":{}}"#),
            Make.reply(400, code: "43001"),
            Make.reply(200, code: "40725"),
        ] {
            #expect(isFailure(ask(isolated, find, reply)))
        }
        // The venue forgets after 90 days: then nothing is proven.
        let old = Make.subject(1, sinceMs: Make.timeMs - 91 * Bitget.dayMs)
        #expect(isFailure(ask(isolated, .find([old], step: 1), Make.reply("bitget-margin/bodies/empty-list.json"))))
    }

    func unreadable(_ answer: QueryAnswer?) -> [UnreadableRow]? {
        guard case .orders(_, _, let rows) = answer else { return nil }
        return rows
    }

    @Test func `a row that cannot be read is told by whatever ids it has, and costs no other row`() throws {
        let good = #"{"orderId":"1","clientOid":"a","status":"live","price":"1","baseSize":"1","size":"0"}"#
        let rows: [(row: String, client: ClientOrderID?, venue: VenueOrderID?)] = [
            ("null", nil, nil), (#"{"status":"live"}"#, nil, nil), (#"{"orderId":"2","clientOid":"b"}"#, "b", "2"),
            (#"{"orderId":"2","status":"live","size":"1 000"}"#, nil, "2"), (#"{"clientOid":"b","status":"live"}"#, "b", nil),
            (#"{"orderId":"2","status":"live","price":"1e300","clientOid":"b"}"#, "b", "2"),
            (#"{"orderId":{},"clientOid":[],"status":"live"}"#, nil, nil), (#"{"orderId":"2","status":"live","uTime":"x"}"#, nil, "2"),
        ]
        for (row, client, venue) in rows {
            let answer = ask(try Make.isolated(), .openOrders(symbol: "BTCUSDT", page: nil), Make.ok(#"{"orderList":[\#(good),\#(row)]}"#))
            #expect(orders(answer)?.reports.map(\.venueOrderID) == ["1"], "\(row)")
            #expect(unreadable(answer)?.map(\.clientOrderID) == [client] && unreadable(answer)?.map(\.venueOrderID) == [venue], "\(row)")
        }
        let unified = ask(try Make.unified(), .openOrders(symbol: nil, page: nil), Make.ok(#"{"list":[{"orderId":"1"}],"cursor":null}"#))
        #expect(unreadable(unified)?.map(\.venueOrderID) == ["1"])
    }

    @Test func `a look-up whose row may be the order and cannot be read found nothing out`() throws {
        for row in [#"{"clientOid":"o0000001"}"#, "null", #"{"orderId":"9","status":"live","price":"x"}"#] {
            #expect(isFailure(ask(try Make.isolated(), .find([Make.subject(1)], step: 0), Make.ok(#"{"orderList":[\#(row)],"minId":""}"#))), "\(row)")
        }
    }

    @Test func `numbers with exponents are read exactly, in orders, fills and markets`() throws {
        let row =
            #"{"orderId":"1","clientOid":"a","status":"live","price":"6.000001E+4","baseSize":1E-3,"size":"0E-8","priceAvg":"0E-18","uTime":1.763640000655E12}"#
        let report = try #require(
            orders(ask(try Make.isolated(), .openOrders(symbol: "BTCUSDT", page: nil), Make.ok(#"{"orderList":[\#(row)]}"#)))?.reports.first)
        #expect(report.price == Decimal("60000.01") && report.quantity == Decimal("0.001") && report.filledQuantity == .zero)
        #expect(report.averagePrice == nil && report.version == 1_763_640_000_655)
        let fill =
            #"{"execId":"7","orderId":"1","clientOid":"o0000002","execPrice":"6E4","execQty":"1e-8","feeDetail":[{"feeCoin":"BTC","fee":"1.5E-12"}],"createdTime":"1763640000902"}"#
        guard case .fills(let fills, _) = ask(try Make.unified(), .fills(Make.subject(2), page: nil), Make.ok(#"{"list":[\#(fill)],"cursor":null}"#))
        else { return #expect(Bool(false)) }
        #expect(fills.map(\.price) == [Decimal(60_000)] && fills.map(\.quantity) == [Decimal("0.00000001")])
        #expect(fills.map(\.fee) == [Decimal("0.0000000000015")])
    }

    @Test func `figures that nothing hangs on never take the order, the fill or the market with them`() throws {
        for average in [#""-""#, "true", "{}", #""1e400""#, String(repeating: "9", count: 400)] {
            let row = #"{"orderId":"1","status":"live","size":"0","priceAvg":\#(average)}"#
            let answer = orders(ask(try Make.isolated(), .openOrders(symbol: "BTCUSDT", page: nil), Make.ok(#"{"orderList":[\#(row)]}"#)))
            #expect(answer?.reports.map(\.averagePrice) == [nil], "\(average)")
        }
        for fee in [
            "null", "[]", "{}", #""0.1 USDT""#, "7", "[null]", #"[{"fee":"free"}]"#, #"[{"fee":{}}]"#, #"[{"fee":"1e99"}]"#,
            #"[{"fee":"1","feeCoin":"A"},{"fee":"1","feeCoin":"B"}]"#, #"[{"fee":"1"},{"fee":"?"}]"#,
        ] {
            let fill =
                #"{"execId":"7","orderId":"1","clientOid":"o0000002","execPrice":"1","execQty":"1","feeDetail":\#(fee),"createdTime":"1763640000902"}"#
            let answer = ask(try Make.unified(), .fills(Make.subject(2), page: nil), Make.ok(#"{"list":[\#(fill)],"cursor":null}"#))
            guard case .fills(let fills, nil) = answer else { return #expect(Bool(false), "\(fee)") }
            #expect(fills.map(\.tradeID) == ["7"] && fills.map(\.fee) == [nil], "\(fee)")
        }
        for maximum in [#""1e300""#, String(repeating: "9", count: 400), #""unlimited""#, "{}", #""-1""#] {
            let market =
                #"{"symbol":"BTCUSDT","quoteCoin":"USDT","pricePrecision":"2","quantityPrecision":"6","status":"1","minTradeAmount":"1e-4","maxTradeAmount":\#(maximum)}"#
            guard case .instruments(let markets) = ask(try Make.isolated(), .instruments, Make.ok("[\(market)]")) else {
                return #expect(Bool(false), "\(maximum)")
            }
            #expect(markets.map(\.tradable) == [true] && markets.map(\.maxQuantity) == [nil] && markets.map(\.minQuantity) == [Decimal("0.0001")])
        }
    }

    @Test func `an execution that may be the order's and cannot be read leaves the question open`() throws {
        let good = #"{"execId":"7","orderId":"1","clientOid":"o0000002","execPrice":"1","execQty":"1","createdTime":"1763640000902"}"#
        for bad in [
            "null", #"{"execId":"8","execPrice":"1","execQty":"1","createdTime":"1"}"#,
            #"{"execId":"8","orderId":"1","clientOid":"o0000002","execPrice":"?","execQty":"1","createdTime":"1"}"#,
            #"{"execId":"8","orderId":"1","clientOid":[],"execPrice":"1","execQty":"1","createdTime":"1"}"#,
            #"{"execId":"8","orderId":"1","clientOid":"o0000002","execPrice":"1","execQty":"1","createdTime":"9223372036854775807"}"#,
        ] {
            let answer = ask(try Make.unified(), .fills(Make.subject(2), page: nil), Make.ok(#"{"list":[\#(good),\#(bad)],"cursor":null}"#))
            #expect(isFailure(answer), "\(bad)")
        }
        // A stranger's is his own matter.
        let strange = #"{"execId":"8","orderId":"5","clientOid":"other","execPrice":"?","execQty":"1","createdTime":"1"}"#
        let answer = ask(try Make.unified(), .fills(Make.subject(2), page: nil), Make.ok(#"{"list":[\#(good),\#(strange)],"cursor":null}"#))
        guard case .fills(let fills, nil) = answer else { return #expect(Bool(false)) }
        #expect(fills.map(\.tradeID) == ["7"])
    }

    func full(_ count: Int, list: String, status: String, cursor: String) -> HTTPResponse {
        let rows = (1...count).map { #"{"orderId":"\#($0)","\#(status)":"live"}"# }.joined(separator: ",")
        return Make.ok(#"{"\#(list)":[\#(rows)]\#(cursor)}"#)
    }

    @Test func `a cursor is followed behind however few rows, and only the venue's own signs end a listing`() throws {
        let margin = Query.openOrders(symbol: "BTCUSDT", page: nil)
        func marginPage(_ count: Int, _ cursor: String) throws -> QueryAnswer? {
            ask(try Make.isolated(), margin, full(count, list: "orderList", status: "status", cursor: cursor))
        }
        for count in [1, 99, 100, 499, 500] {
            #expect(orders(try marginPage(count, #","minId":"1","maxId":"\#(count)""#))?.next == "1", "\(count)")
        }
        #expect(try orders(marginPage(99, #","minId":"""#)).map { $0.next } == .some(nil))
        #expect(isFailure(try marginPage(500, "")))
        #expect(isFailure(try marginPage(500, #","minId":null"#)))
        #expect(isFailure(try marginPage(500, #","minId":"7 7&x=1""#)))
        // Ids of rows that are not on the page: it lost some.
        #expect(isFailure(try marginPage(3, #","minId":"0","maxId":"3""#)))
        #expect(isFailure(try marginPage(3, #","minId":"1","maxId":"4""#)))

        let unified = Query.openOrders(symbol: nil, page: nil)
        func unifiedPage(_ count: Int, _ cursor: String) throws -> QueryAnswer? {
            ask(try Make.unified(), unified, full(count, list: "list", status: "orderStatus", cursor: cursor))
        }
        #expect(orders(try unifiedPage(100, #","cursor":"77""#))?.next == "77")
        #expect(orders(try unifiedPage(99, #","cursor":"77""#))?.next == "77")
        #expect(try orders(unifiedPage(100, #","cursor":null"#)).map { $0.next } == .some(nil))
        #expect(isFailure(try unifiedPage(100, "")))
        #expect(isFailure(try unifiedPage(9, #","cursor":"0""#)))
    }

    @Test func `an empty page beside ids or a cursor is no absence`() throws {
        for data in [#"{"orderList":[],"minId":"7","maxId":"9"}"#, #"{"orderList":[],"minId":"","maxId":"9"}"#, #"{"orderList":[],"minId":7}"#] {
            #expect(isFailure(ask(try Make.isolated(), .openOrders(symbol: "BTCUSDT", page: nil), Make.ok(data))), "\(data)")
            #expect(
                isFailure(ask(try Make.isolated(), .history(symbol: "BTCUSDT", sinceMs: Make.timeMs - 1_000, page: nil), Make.ok(data))), "\(data)")
            for step in 0...1 { #expect(isFailure(ask(try Make.isolated(), .find([Make.subject(1)], step: step), Make.ok(data))), "\(data)") }
        }
        for query in [
            Query.openOrders(symbol: nil, page: nil), .openOrders(symbol: nil, page: "8"),
            .history(symbol: nil, sinceMs: Make.timeMs - 1_000, page: nil),
            .fills(Make.subject(1), page: nil),
        ] {
            for data in [#"{"list":[],"cursor":"7"}"#, #"{"list":null,"cursor":null}"#, #"{"cursor":null}"#] {
                #expect(isFailure(ask(try Make.unified(), query, Make.ok(data))), "\(query.name) \(data)")
            }
        }
        #expect(isFailure(ask(try Make.isolated(), .fills(Make.subject(1, knowsVenueID: true), page: nil), Make.ok(#"{"fills":[],"minId":"7"}"#))))
    }

    @Test func `a listing that overlooks its cursor is no listing`() throws {
        let margin = Query.openOrders(symbol: "BTCUSDT", page: "77")
        let unified = Query.history(symbol: nil, sinceMs: Make.timeMs - 1_000, page: "0_77")
        #expect(isFailure(ask(try Make.isolated(), margin, full(500, list: "orderList", status: "status", cursor: #","minId":"77""#))))
        // It began anew, and turned back.
        #expect(isFailure(ask(try Make.isolated(), margin, full(500, list: "orderList", status: "status", cursor: #","minId":"78""#))))
        // A cursor that includes its own row: nothing is behind it.
        let last = Make.ok(#"{"orderList":[{"orderId":"77","status":"live"}],"minId":"77","maxId":"77"}"#)
        #expect(orders(ask(try Make.isolated(), margin, last)).map { $0.next } == .some(nil))
        #expect(isFailure(ask(try Make.unified(), unified, full(100, list: "list", status: "orderStatus", cursor: #","cursor":"77""#))))
        #expect(orders(ask(try Make.unified(), unified, full(100, list: "list", status: "orderStatus", cursor: #","cursor":"76""#)))?.next == "0_76")
    }

    @Test func `a page full of other orders does not say that ours is absent`() throws {
        let reply = full(500, list: "orderList", status: "status", cursor: #","minId":"77""#)
        #expect(isFailure(ask(try Make.isolated(), .find([Make.subject(1)], step: 0), reply)))
    }

    @Test func `a unified order is found, or absent by the one code that says so`() throws {
        let unified = try Make.unified()
        let find = Query.find([Make.subject(2)], step: 0)

        let report = try #require(orders(ask(unified, find, Make.reply("bitget-uta/bodies/order-info.json")))?.reports.first)

        #expect(report.status == .partiallyFilled && report.clientOrderID == "o0000002" && report.version == 1_763_640_000_902)
        // Figures that are computed are cut where they do not fit.
        #expect(report.averagePrice == Decimal("60000.012345678901234567"))
        #expect(orders(ask(unified, find, Make.reply(400, code: "25204")))?.reports.isEmpty == true)
        #expect(orders(ask(unified, find, Make.reply(200, code: "25204")))?.reports.isEmpty == true)
        for reply in [Make.reply(500, code: "25204"), Make.reply(400, code: "40109"), Make.ok("null"), Make.ok("[]"), Make.ok("{}")] {
            #expect(isFailure(ask(unified, find, reply)))
        }
        #expect(isFailure(ask(unified, .find([Make.subject(3)], step: 0), Make.reply("bitget-uta/bodies/order-info.json"))))
    }

    @Test func `an order that order-info does not know is looked for among the executions, page by page, and absent only behind the last`() throws {
        let unified = try Make.unified("spot")
        var subject = Make.subject(2, sinceMs: Make.timeMs - 3_600_000)
        subject.stampedMs = Make.timeMs - 40_000
        #expect(unified.profile.findSteps == 2 && unified.charges(of: .query(.find([subject], step: 1))) == ["lookup:fills", "overall"])
        let first = unified.request(for: Make.plan(.query(.find([subject], step: 1)))).target
        // None is older than a minute before the attempt's stamp.
        #expect(first == "/api/v3/trade/fills?category=SPOT&limit=100&startTime=\(Make.timeMs - 100_000)", "\(first)")
        let strangers = Make.ok(
            #"{"list":[{"execId":"9","orderId":"5","clientOid":"x","execPrice":"1","execQty":"1","createdTime":"1763640000902"}],"cursor":"9"}"#)
        let page = try #require(orders(ask(unified, .find([subject], step: 1), strangers)))
        #expect(page.reports.isEmpty && page.next == "0_9")
        subject.page = page.next
        #expect(
            unified.request(for: Make.plan(.query(.find([subject], step: 1)))).target.hasPrefix(
                "/api/v3/trade/fills?category=SPOT&cursor=9&limit=100"))

        // The listing turned back behind its cursor: no answer.
        #expect(isFailure(ask(unified, .find([subject], step: 1), Make.reply("bitget-uta/bodies/fills.json"))))

        subject.page = nil
        let last = try #require(orders(ask(unified, .find([subject], step: 1), Make.ok(#"{"list":[],"cursor":null}"#))))
        #expect(last.reports.isEmpty && last.next == nil)
        let found = try #require(orders(ask(unified, .find([subject], step: 1), Make.reply("bitget-uta/bodies/fills.json")))?.reports.first)
        #expect(found.clientOrderID == "o0000002" && found.venueOrderID == "1370000000000000002" && found.status == .unknown)
        #expect(found.filledQuantity == Decimal("0.0005"))
        // No answer: an error, the word for an unknown order, a page that contradicts itself, a row that may be the order's.
        for reply in [
            Make.reply(400, code: "25204"), Make.reply(400, code: "40725"), Make.ok("null"), Make.ok(#"{"list":[],"cursor":"9"}"#),
            Make.ok(#"{"list":[{"execId":"9"}],"cursor":null}"#), Make.ok(#"{"list":[{"orderId":"5","clientOid":"o0000002"}],"cursor":null}"#),
        ] {
            #expect(isFailure(ask(unified, .find([subject], step: 1), reply)))
        }
    }

    @Test func `an execution that a page names twice happened once; one with two quantities is no answer`() throws {
        let unified = try Make.unified("spot")
        func page(_ second: String) -> HTTPResponse {
            let rows = ["0.01", second].map {
                #"{"execId":"9","orderId":"5","clientOid":"o0000002","execPrice":"1","execQty":"\#($0)","createdTime":"1"}"#
            }
            return Make.ok(#"{"list":[\#(rows.joined(separator: ","))],"cursor":null}"#)
        }
        let found = try #require(orders(ask(unified, .find([Make.subject(2)], step: 1), page("0.010")))?.reports.first)
        #expect(found.filledQuantity == Decimal("0.01"))
        #expect(isFailure(ask(unified, .find([Make.subject(2)], step: 1), page("0.02"))))
    }

    @Test func `words for states that nobody explained leave the state alone`() throws {
        let listing = try #require(
            orders(ask(try Make.unified("spot"), .openOrders(symbol: nil, page: nil), Make.reply("bitget-uta/bodies/unfilled.json"))))
        #expect(listing.reports.map(\.status) == [.open, .unknown])
        #expect(listing.reports[1].clientOrderID == nil && listing.reports[1].price == nil && listing.reports[1].quantity == nil)
        #expect(["init", "live", "new"].allSatisfy { Bitget.status($0) == .open })
        #expect(["cancelled", "canceled", "cancel"].allSatisfy { Bitget.status($0) == .canceled })
        #expect(["filled", "full_fill"].allSatisfy { Bitget.status($0) == .filled })
        #expect(["partial_fill", "partially_fill", "partially_filled"].allSatisfy { Bitget.status($0) == .partiallyFilled })
        #expect(Bitget.status("reject") == .rejected)
        #expect(Bitget.side("liquidation-buy") == .buy && Bitget.side("systemRepay-sell") == .sell && Bitget.side("up") == nil)
    }

    @Test func `fees paid are positive on both lines, and other orders' fills are left out`() throws {
        guard
            case .fills(let margin, let next) = ask(
                try Make.isolated(), .fills(Make.subject(1, knowsVenueID: true), page: nil), Make.reply("bitget-margin/bodies/fills.json"))
        else { return #expect(Bool(false)) }
        #expect(next == "1370000000000000101" && margin.map(\.tradeID) == ["1370000000000000101", "1370000000000000102"])
        #expect(margin[0].fee == Decimal("0.0000003") && margin[0].feeAsset == "BTC" && margin[1].fee == Decimal("0.0000001"))
        #expect(margin[0].quantity == Decimal("0.0003") && margin[0].at == 1_763_640_000_500_000)

        guard
            case .fills(let unified, "0_1370000000000000201") = ask(
                try Make.unified("spot"), .fills(Make.subject(2), page: nil), Make.reply("bitget-uta/bodies/fills.json"))
        else { return #expect(Bool(false)) }
        #expect(unified.count == 2 && unified[0].fee == Decimal("0.0000004") && unified[1].fee == nil)
        // Margin fills bear no client id: without the venue's id nothing can be asked.
        #expect(isFailure(ask(try Make.isolated(), .fills(Make.subject(1), page: nil), Make.reply("bitget-margin/bodies/fills.json"))))
        let absurd = #"{"fills":[{"orderId":"1370000000000000001","tradeId":"1","size":"1","priceAvg":"1","cTime":"9223372036854775807"}]}"#
        #expect(isFailure(ask(try Make.isolated(), .fills(Make.subject(1, knowsVenueID: true), page: nil), Make.ok(absurd))))
        // How the list of margin's executions is called, no sample shows.
        let row = #"{"orderId":"1370000000000000001","tradeId":"1","size":"1","priceAvg":"1","cTime":"1763640000500"}"#
        for data in [#"{"resultList":[\#(row)],"minId":"1","maxId":"1"}"#, "[\(row)]", #"{"fills":null,"list":[\#(row)]}"#] {
            guard case .fills(let fills, _) = ask(try Make.isolated(), .fills(Make.subject(1, knowsVenueID: true), page: nil), Make.ok(data))
            else { return #expect(Bool(false), "\(data)") }
            #expect(fills.map(\.tradeID) == ["1"] && fills[0].fee == nil)
        }
        #expect(isFailure(ask(try Make.isolated(), .fills(Make.subject(1, knowsVenueID: true), page: nil), Make.ok(#"{"a":[],"b":[]}"#))))
    }

    @Test func `instruments carry the venue's rules, and unreadable ones are not traded`() throws {
        guard case .instruments(let margin) = ask(try Make.isolated(), .instruments, Make.reply("bitget-margin/bodies/currencies.json")),
            case .instruments(let futures) = ask(try Make.unified("usdt-futures"), .instruments, Make.reply("bitget-uta/bodies/instruments.json"))
        else { return #expect(Bool(false)) }
        #expect(margin.map(\.symbol) == ["BTCUSDT", "ETHBTC", "ODDUSDT"] && margin.map(\.tradable) == [true, false, false])
        #expect(margin[0].tick == Decimal("0.01") && margin[0].lot == Decimal("0.000001") && margin[0].minQuantity == Decimal("0.0001"))
        #expect(margin[0].maxQuantity == nil && margin[0].minNotional == Decimal("5"))
        #expect(margin[1].maxQuantity == Decimal("9000") && margin[1].minNotional == nil)
        #expect(futures[0].tick == Decimal("0.5") && futures[0].lot == Decimal("0.0001") && futures[0].tradable)
        #expect(futures[1].tick == Decimal("0.0001") && futures[1].lot == .one && futures[1].maxQuantity == nil && !futures[1].tradable)
    }

    @Test func `an account of the other kind is told its owner`() throws {
        guard case .account(let classic) = ask(try Make.unified(), .account, Make.reply(400, code: "40084")),
            case .account(let unified) = ask(try Make.isolated(), .account, Make.reply(400, code: "40085")),
            case .account(let fine) = ask(try Make.unified(), .account, Make.ok(#"{"uid":"123","holdMode":"one_way_mode"}"#))
        else { return #expect(Bool(false)) }
        #expect(classic.problem?.contains("bitget-margin") == true)
        #expect(unified.problem?.contains("this is a unified account; use bitget-uta") == true)
        #expect(fine == AccountFacts(uid: "123"))
        #expect(isFailure(ask(try Make.unified(), .account, Make.reply(400, code: "40725"))))
    }

    @Test func `margin tells whose key it is, and a page that it keeps from a key says nothing of it`() throws {
        let margin = try Make.isolated()
        func facts(_ response: HTTPResponse) -> AccountFacts? {
            guard case .account(let facts) = ask(margin, .account, response) else { return nil }
            return facts
        }
        #expect(facts(Make.ok(#"{"userId":"123","parentId":"7","authorities":["mgow"]}"#)) == AccountFacts(uid: "123"))
        #expect(facts(Make.ok(#"{"userId":""}"#)) == AccountFacts())
        #expect(facts(Make.reply(400, code: "40014")) == AccountFacts(silence: .forbidden("code 40014: said so")))
        #expect(facts(Make.reply(400, code: "40404")) == AccountFacts(silence: .noPage("code 40404: said so")))
        #expect(facts(HTTPResponse(status: 404, body: [])) == AccountFacts(silence: .noPage("HTTP 404 for /api/v2/spot/account/info")))
        // Neither is a word about the account as a whole; what is lost or refused otherwise is asked again.
        let refusal = Make.reply(400, code: "40014")
        #expect(margin.answer(to: Make.plan(.query(.account)), from: refusal).disposition == .answered)
        #expect(margin.answer(to: Make.plan(.query(.openOrders(symbol: "BTCUSDT", page: nil))), from: refusal).disposition == .halted)
        let others = [
            Make.ok("[]"), Make.ok("null"), Make.reply(400, code: "40725"), Make.reply(400, code: "40037"), HTTPResponse(status: 502, body: []),
        ]
        for response in others { #expect(isFailure(ask(margin, .account, response))) }
    }

    @Test func `the venue's clock is read from either line`() throws {
        guard case .time(let time) = ask(try Make.isolated(), .serverTime, Make.ok(#"{"serverTime":"1763640000123"}"#)) else {
            return #expect(Bool(false))
        }
        #expect(time == 1_763_640_000_123)
        #expect(isFailure(ask(try Make.unified(), .serverTime, Make.ok(#"{"serverTime":"soon"}"#))))
    }

    @Test func `cancel-all is done when nothing is left, and cannot be had on margin`() throws {
        let all = Query.cancelAll(symbol: nil)
        guard case .canceledAll = ask(try Make.unified(), all, Make.reply("bitget-uta/bodies/cancel-symbol.json")) else {
            return #expect(Bool(false))
        }
        let kept = Make.ok(#"{"list":[{"orderId":"1","code":"25113","msg":"Cancel in progress"}]}"#)
        #expect(isFailure(ask(try Make.unified(), all, kept)))
        #expect(isFailure(ask(try Make.unified(), all, Make.reply(400, code: "40725"))))
        #expect(isFailure(ask(try Make.isolated(), all, Make.ok(#"{"serverTime":"1763640000123"}"#))))
        // What stands in for it changes nothing.
        #expect(try Make.isolated().request(for: Make.plan(.query(all))).method == "GET")
    }

    @Test func `a refused question says what the account met`() throws {
        func disposition(_ code: String) throws -> VenueAnswer.Disposition {
            try Make.unified().answer(to: Make.plan(.query(.openOrders(symbol: nil, page: nil))), from: Make.reply(400, code: code)).disposition
        }
        #expect(try disposition("40008") == .clockRefused)
        #expect(try disposition("40006") == .halted)
        #expect(try disposition("429") == .rateLimited(retryAfterMs: nil))
        #expect(try disposition("40200") == .maintenance)
        #expect(try disposition("98765") == .answered)
    }
}
