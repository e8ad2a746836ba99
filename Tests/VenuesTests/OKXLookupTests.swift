import OMSCore
import Testing
import Wire

@testable import Venues

/// How OKX's listings are gone through to the venue's own end, and what a question for an order proves.
@Suite struct OKXLookupTests {
    private typealias Base = OKXTests

    /// Goes on until the question has its end, answering each page with the next of `pages`.
    private static func walk(
        _ product: String, _ pages: [String], _ content: (_ page: String?) -> RequestPlan.Content
    ) throws -> (targets: [String], last: QueryAnswer?) {
        let adapter = try Base.adapter(product)
        var (page, targets, last): (String?, [String], QueryAnswer?) = (nil, [], nil)
        for body in pages {
            let plan = Base.plan(content(page))
            targets.append(adapter.request(for: plan).target)
            last = adapter.answer(to: plan, from: body.hasPrefix(#"{"code""#) ? Base.response(body) : Base.data(body == "-" ? "" : body)).query
            switch last {
            case .orders(_, let next?, _), .fills(_, let next?): page = next
            default: return (targets, last)
            }
        }
        return (targets, last)
    }

    private static func order(_ id: String, client: String = "others") -> String {
        #"{"instType":"FUTURES","instId":"BTC-USDT-261225","ordId":"\#(id)","clOrdId":"\#(client)","side":"buy","ordType":"limit","px":"1","sz":"2","state":"live","accFillSz":"0","uTime":"1"}"#
    }

    private static let market = "instType=FUTURES&instId=BTC-USDT-261225"

    @Test func `a listing ends with an empty page, however short the others are`() throws {
        let (targets, last) = try Self.walk("swap", [Self.order("19"), Self.order("18"), "-"]) { .query(.openOrders(symbol: nil, page: $0)) }
        #expect(
            targets == ["", "&after=19", "&after=18"].map { "/api/v5/trade/orders-pending?instType=SWAP&limit=100\($0)" })
        guard case .orders(let orders, nil, _) = last else { Issue.record("\(String(describing: last))"); return }
        #expect(orders.isEmpty)
    }

    @Test func `an order's listings are its market's pending orders, then its history since the stamp`() throws {
        var subject = Base.subject()
        subject.stampedMs = Base.timeMs - 20_000
        let (targets, last) = try Self.walk("futures", [Self.order("19"), "-", Self.order("17"), "-"]) { page in
            subject.page = page
            return .query(.find([subject], step: 1))
        }
        let begin = "begin=\(Base.timeMs - 80_000)&limit=100"
        #expect(
            targets == [
                "/api/v5/trade/orders-pending?\(Self.market)&limit=100", "/api/v5/trade/orders-pending?\(Self.market)&limit=100&after=19",
                "/api/v5/trade/orders-history?\(Self.market)&\(begin)", "/api/v5/trade/orders-history?\(Self.market)&\(begin)&after=17",
            ])
        guard case .orders(let orders, nil, _) = last else { Issue.record("\(String(describing: last))"); return }
        #expect(orders.isEmpty, "absent, as far as listings tell")
    }

    @Test func `of a market that is no more an order is looked for in history, found there, and never absent for that`() throws {
        let gone = #"{"code":"51001","msg":"Instrument ID does not exist","data":[]}"#
        func look(_ pages: [String], sinceMs: Int64 = Base.timeMs - 3_600_000) throws -> (targets: [String], last: QueryAnswer?) {
            try Self.walk("futures", pages) { .query(.find([Base.subject(sinceMs: sinceMs, page: $0)], step: 0)) }
        }
        let found = try look([gone, Self.order("17"), Self.order("16", client: "oms01JD5ZK0Q20001")])
        guard case .orders(let orders, nil, _) = found.last else { Issue.record("\(found)"); return }
        #expect(orders.map(\.venueOrderID) == ["16"] && found.targets[0] == "/api/v5/trade/order?instId=BTC-USDT-261225&clOrdId=oms01JD5ZK0Q20001")
        #expect(found.targets[1].hasPrefix("/api/v5/trade/orders-history?"))
        let absent = try look([gone, "-"])
        guard case .failed = absent.last else { Issue.record("\(absent)"); return }
        let old = try look([gone, "-", "-"], sinceMs: Base.timeMs - 10 * 86_400_000)
        guard case .failed = old.last else { Issue.record("\(old)"); return }
        #expect(old.targets[2].hasPrefix("/api/v5/trade/orders-history-archive?"))
    }

    @Test func `only the venue's word that there is no such order says so, and an empty list does not`() throws {
        let adapter = try Base.adapter("swap")
        func read(_ body: String, status: Int = 200) -> QueryAnswer? {
            adapter.answer(to: Base.plan(.query(.find([Base.subject()], step: 0))), from: Base.response(body, status: status)).query
        }
        for status in [200, 400] {
            guard case .orders(let orders, nil, _) = read(#"{"code":"51603","msg":"Order does not exist","data":[]}"#, status: status) else {
                Issue.record("\(status)")
                continue
            }
            #expect(orders.isEmpty)
        }
        for (body, status) in [
            (#"{"code":"0","msg":"","data":[]}"#, 200), (#"{"code":"51603","msg":"","data":[]}"#, 503), (#"{"code":"51000","msg":"instId"}"#, 200),
            (#"{"code":"50011","msg":""}"#, 429), (#"{"code":"51603","msg":"","data":[]}"#, 429),
        ] {
            guard case .failed = read(body, status: status) else { Issue.record("\(status) \(body)"); continue }
        }
    }

    @Test func `executions older than three days are asked for where the venue keeps them, behind the newer ones`() throws {
        let row = #"{"instId":"BTC-USDT-261225","tradeId":"7","ordId":"17","clOrdId":"","billId":"901","fillPx":"1","fillSz":"1","fillTime":"5"}"#
        func look(_ sinceMs: Int64) throws -> [String] {
            try Self.walk("futures", [row, "-", "-"]) { .query(.fills(Base.subject(sinceMs: sinceMs), page: $0)) }.targets
        }
        let day: Int64 = 86_400_000
        let young = try look(Base.timeMs - 2 * day)
        #expect(young.count == 2 && young[1].hasPrefix("/api/v5/trade/fills?") && young[1].hasSuffix("&after=901"))
        let old = try look(Base.timeMs - 5 * day)
        #expect(old.count == 3 && old[2].hasPrefix("/api/v5/trade/fills-history?\(Self.market)&begin=\(Base.timeMs - 5 * day)"))
    }

    @Test func `each page is charged where it is asked, and a single order's question to its market`() throws {
        let adapter = try Base.adapter("futures")
        func charge(_ query: Query) -> [Charge] { adapter.charges(of: .query(query)) }
        #expect(charge(.find([Base.subject()], step: 0)) == [Charge("lookup:order", of: "BTC-USDT-261225")])
        #expect(charge(.find([Base.subject(page: "gone-history|")], step: 0)) == ["lookup:history"])
        #expect(charge(.find([Base.subject(page: "gone-archive|5")], step: 0)) == ["lookup:archive"])
        #expect(charge(.find([Base.subject()], step: 1)) == ["lookup:pending"])
        #expect(charge(.find([Base.subject(page: "history|")], step: 1)) == ["lookup:history"])
        #expect(charge(.find([Base.subject()], step: 2)) == ["lookup:fills"])
        #expect(charge(.fills(Base.subject(), page: "fills-archive|")) == ["lookup:fills-archive"])
    }

    @Test func `no attempt older than two hours is proven absent, whatever is kept of orders that traded`() throws {
        let profile = try Base.adapter("spot").profile
        #expect(try #require(profile.unfilledMemoryMs) < 2 * 3_600_000 && !profile.listingProvesAbsence && profile.findSteps == 3)
    }

    @Test func `linear contracts are so many coins, inverse ones so many dollars, by size and multiplier`() throws {
        func instrument(_ type: String, _ value: String, _ multiplier: String) throws -> Instrument? {
            let row =
                #"{"instId":"X","state":"live","tickSz":"0.1","lotSz":"0.01","minSz":"0.01","maxLmtSz":"100","maxMktSz":"50","ctVal":"\#(value)","ctMult":"\#(multiplier)","ctType":"\#(type)"}"#
            let answer = try Base.adapter("swap").answer(to: Base.plan(.query(.instruments)), from: Base.data(row))
            guard case .instruments(let markets) = answer.query else { return nil }
            return markets.first
        }
        let linear = try #require(try instrument("linear", "0.01", "10"))
        #expect(linear.contractSize == Decimal("0.1") && linear.contractValue == nil && linear.maxMarketQuantity == Decimal(50))
        let inverse = try #require(try instrument("inverse", "100", "1"))
        #expect(inverse.contractValue == Decimal(100) && inverse.contractSize == nil)
        #expect(try instrument("quadratic", "1", "1")?.problem?.contains("ctType") == true)
    }
}
