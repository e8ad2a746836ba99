import OMSCore
import Testing
import Wire

@testable import Calls

struct IntentDecodingTests {
    /// Decodes a submit whose params are `params`.
    static func decode(_ params: String, careful: Bool = false) -> DecodedLine {
        let line = Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"intent.submit\",\"params\":\(params)}".utf8)
        return line.withUnsafeBufferPointer {
            careful ? RequestDecoder.decodeCarefully($0, role: .trader) : RequestDecoder.decode($0, role: .trader)
        }
    }

    static func error(_ params: String) -> ControlError? { if case .refused(let error, _) = decode(params) { error } else { nil } }

    static func intent(_ params: String) -> Intent? { if case .command(.submit(let intent, _), _) = decode(params) { intent } else { nil } }

    static let good = "\"symbol\":\"btc_usdt\",\"side\":\"buy\",\"type\":\"limit\""

    @Test func `an intent of the contract is read as it stands there`() throws {
        let intent = try #require(
            Self.intent(
                """
                {"account":"mm-az","intent_id":"rebalance-7","place":[{"symbol":"btc_usdt","side":"buy","type":"limit","time_in_force":"ioc","post_only":false,
                "price":"39000","quantity":10.50,"position_side":"long","margin_action":"auto_repay","stp":"cancel_both","take_profit":"1","stop_loss":"2",
                "reduce_only":true,"slice_quantity":"0.5"}],"modify":[{"client_order_id":"m1","price":"1","on_failure":"cancel"}],
                "cancel":["o4k2",{"symbol":"BTC/USDT"},{"side":"sell"},{}],"sequence":"place_first","expires_at":1795183260000000,"dry_run":true}
                """))
        var terms = OrderTerms(symbol: "btc_usdt", side: .buy, type: .limit, timeInForce: .ioc, price: Decimal(39000), quantity: Decimal("10.5"))
        terms.positionSide = .long
        terms.marginAction = .autoRepay
        terms.stp = .cancelBoth
        terms.takeProfit = .one
        terms.stopLoss = Decimal(2)
        terms.reduceOnly = true
        #expect(intent.place == [PlaceItem(terms: terms, sliceQuantity: Decimal("0.5"))])
        #expect(intent.modify == [ModifyItem(clientOrderID: "m1", price: .one, quantity: nil, onFailure: .cancel)])
        let any = CancelItem.matching(symbol: nil, side: nil)
        #expect(intent.cancel == [.order("o4k2"), .matching(symbol: "BTC/USDT", side: nil), .matching(symbol: nil, side: .sell), any])
        #expect(intent.account == "mm-az" && intent.id == "rebalance-7" && intent.sequence == .placeFirst && intent.dryRun)
        #expect(intent.expiresAt == 1_795_183_260_000_000)
    }

    @Test func `equal content gives an equal digest, and other content another`() throws {
        func digest(_ params: String) -> AskedContent? { if case .command(.submit(_, let digest), _) = Self.decode(params) { digest } else { nil } }
        let plain = digest("{\"account\":\"a\",\"intent_id\":\"x\",\"place\":[{\(Self.good),\"price\":\"1.50\",\"quantity\":\"2\"}]}")
        let other = digest(
            "{\"modify\":[],\"place\":[{\"quantity\":2.0,\"price\":1.5,\"time_in_force\":\"gtc\",\"post_only\":false,\"stp\":null,\(Self.good)}],\"account\":\"\\u0061\"}"
        )
        #expect(plain != nil && plain == other)
        #expect(plain != digest("{\"account\":\"a\",\"place\":[{\(Self.good),\"price\":\"1.51\",\"quantity\":\"2\"}]}"))
    }

    @Test(arguments: [
        "1,5", "０.1", "1e3", "1E3", "+1", "", " 1", "1 ", ".5", "5.", "0x10", "NaN", "Infinity", "1.0000000000000000001",
        "10000000000000000000000000000000000000000", "1111111111222222222233333333334444444444", "-1", "0", "-0", "0.000", "١",
    ]) func `a price that is no plain decimal above zero is 1003 with its index and field`(text: String) throws {
        let item = "{\(Self.good),\"quantity\":\"1\",\"price\":\"\(text)\"}"

        let error = try #require(Self.error("{\"account\":\"a\",\"place\":[{\(Self.good),\"price\":\"1\",\"quantity\":\"1\"},\(item)]}"))

        #expect(error.code == 1003)
        #expect(error.details.map(\.list) == ["place"] && error.details.map(\.index) == [1] && error.details.map(\.field) == ["price"])
    }

    @Test(arguments: ["1e3", "1E-8", "1e400", "-1", "0", "1.0000000000000000001", "true", "[]", "{}"])
    func `a price that is no plain number above zero is 1003`(text: String) throws {
        let error = try #require(Self.error("{\"account\":\"a\",\"place\":[{\(Self.good),\"quantity\":\"1\",\"price\":\(text)}]}"))
        #expect(error.code == 1003 && error.details.map(\.field) == ["price"])
    }

    @Test func `a number in plain notation is read digit by digit`() throws {
        let intent = try #require(
            Self.intent("{\"account\":\"a\",\"place\":[{\(Self.good),\"quantity\":0.1,\"price\":12345678901234567.123456789012345678}]}"))
        #expect(intent.place.first?.terms.price?.description == "12345678901234567.123456789012345678")
        #expect(intent.place.first?.terms.quantity?.description == "0.1")
    }

    @Test(arguments: [
        ("{\"side\":\"buy\",\"type\":\"limit\",\"price\":\"1\",\"quantity\":\"1\"}", "symbol"),
        ("{\"symbol\":\"b\",\"side\":\"Buy\",\"type\":\"limit\",\"price\":\"1\",\"quantity\":\"1\"}", "side"),
        ("{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"stop\",\"price\":\"1\",\"quantity\":\"1\"}", "type"),
        ("{\(good),\"quantity\":\"1\"}", "price"), ("{\(good),\"price\":\"1\"}", "quantity"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"-2\"}", "quantity"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"time_in_force\":\"day\"}", "time_in_force"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"quote_quantity\":\"1\"}", "quote_quantity"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"post_only\":true,\"time_in_force\":\"ioc\"}", "post_only"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"post_only\":\"yes\"}", "post_only"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"sidee\":\"buy\"}", "sidee"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"client_order_id\":\"a b\"}", "client_order_id"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"client_order_id\":\"é\"}", "client_order_id"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"client_order_id\":7}", "client_order_id"),
        ("{\(good),\"price\":\"1\",\"quantity\":\"1\",\"client_order_id\":\"c\",\"slice_quantity\":\"1\"}", "slice_quantity"),
        ("{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"market\",\"quote_quantity\":\"9\",\"slice_quantity\":\"1\"}", "slice_quantity"),
        ("{\"symbol\":\"b\",\"side\":\"sell\",\"type\":\"market\",\"quote_quantity\":\"9\"}", "quote_quantity"),
        ("{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\",\"quote_quantity\":\"9\"}", "quote_quantity"),
        ("{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"market\"}", "quantity"),
        ("{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\",\"price\":\"1\"}", "price"),
        ("{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\",\"time_in_force\":\"gtc\"}", "time_in_force"),
        ("{\"symbol\":\"b\\nc\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\"}", "symbol"),
        ("{\"symbol\":\"../b\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\"}", "symbol"),
        ("{\"symbol\":\"a/../b\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\"}", "symbol"),
        // Signs beyond ASCII are parts of names where a venue lists them; marks that cannot be seen, or that turn the text around, are none.
        ("{\"symbol\":\"b\u{202E}c\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\"}", "symbol"),
        ("{\"symbol\":\"b\u{200B}c\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\"}", "symbol"),
        ("{\"symbol\":\"\u{E000}\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\"}", "symbol"),
        ("{\"symbol\":\"b\\u001b[31m\",\"side\":\"buy\",\"type\":\"market\",\"quantity\":\"1\"}", "symbol"), ("7", "item"), ("null", "item"),
    ]) func `a wrong item is 1003 and names its field`(item: String, field: String) throws {
        let error = try #require(Self.error("{\"account\":\"a\",\"place\":[\(item)]}"))
        #expect(error.code == 1003)
        #expect(error.details.map(\.field) == [field])
        #expect(error.details.first?.list == "place" && error.details.first?.index == 0)
    }

    @Test(arguments: [
        ("modify", "{\"price\":\"1\"}", "client_order_id"), ("modify", "{\"client_order_id\":\"c\"}", "price"),
        ("modify", "{\"client_order_id\":\"c\",\"quantity\":\"0\"}", "quantity"),
        ("modify", "{\"client_order_id\":\"c\",\"quantity\":\"1\",\"on_failure\":\"retry\"}", "on_failure"), ("modify", "\"c\"", "item"),
        ("cancel", "\"\"", "client_order_id"), ("cancel", "{\"side\":\"both\"}", "side"),
        ("cancel", "{\"client_order_id\":\"c\"}", "client_order_id"),
        ("cancel", "3", "item"),
    ]) func `a wrong modify or cancel is 1003 and names its list`(list: String, item: String, field: String) throws {
        let error = try #require(Self.error("{\"account\":\"a\",\"\(list)\":[\(item)]}"))
        #expect(error.code == 1003)
        #expect(error.details.map(\.field) == [field] && error.details.map(\.list) == [list])
    }

    @Test(arguments: [
        ("{\"place\":[{}]}", "params.account"), ("{\"account\":\"a\"}", "at least one item"), ("{\"account\":\"a\",\"place\":{}}", "params.place"),
        ("{\"account\":\"a\",\"orders\":[]}", "params.orders: unknown field"), ("{\"account\":7,\"cancel\":[\"x\"]}", "params.account"),
        ("{\"account\":\"a\",\"intent_id\":\"a b\",\"cancel\":[\"x\"]}", "params.intent_id"),
        ("{\"account\":\"a\",\"intent_id\":\"\(String(repeating: "i", count: 65))\",\"cancel\":[\"x\"]}", "params.intent_id"),
        ("{\"account\":\"a\",\"expires_at\":\"soon\",\"cancel\":[\"x\"]}", "params.expires_at"),
        ("{\"account\":\"a\",\"expires_at\":1e3,\"cancel\":[\"x\"]}", "params.expires_at"),
        ("{\"account\":\"a\",\"expires_at\":99999999999999999999,\"cancel\":[\"x\"]}", "params.expires_at"),
        ("{\"account\":\"a\",\"dry_run\":1,\"cancel\":[\"x\"]}", "params.dry_run"),
    ]) func `a wrong intent object is -32602 and names the path`(params: String, path: String) throws {
        let error = try #require(Self.error(params))
        #expect(error.code == -32602)
        #expect(error.message.contains(path), "\(error.message)")
    }

    @Test func `an unknown sequence is 1003`() throws {
        let error = try #require(Self.error("{\"account\":\"a\",\"sequence\":\"cancel_frist\",\"cancel\":[\"x\"]}"))
        #expect(error.code == 1003)
        #expect(error.details.first?.field == "sequence" && error.details.first?.problem.contains("did you mean cancel_first?") == true)
    }

    @Test func `every wrong item is named, up to a bound that the message tells`() throws {
        let items = Array(repeating: "{\(Self.good),\"price\":\"x\",\"quantity\":\"y\"}", count: 700).joined(separator: ",")
        let error = try #require(Self.error("{\"account\":\"a\",\"place\":[\(items)]}"))
        #expect(error.details.count == 1_000)
        #expect(error.message.contains("1400 problems"))
        #expect(error.details.last?.index == 499)
    }

    @Test func `a client order id twice in one intent is refused`() throws {
        let item = "{\(Self.good),\"price\":\"1\",\"quantity\":\"1\",\"client_order_id\":\"c1\"}"
        let error = try #require(Self.error("{\"account\":\"a\",\"place\":[\(item),\(item)]}"))
        #expect(error.code == 1003 && error.details.map(\.index) == [1])
    }

    @Test func `100,000 items fit in one intent, one more does not`() throws {
        let ids = (0..<100_000).map { "\"c\($0)\"" }.joined(separator: ",")
        #expect(Self.intent("{\"account\":\"a\",\"cancel\":[\(ids)]}")?.cancel.count == 100_000)
        #expect(Self.error("{\"account\":\"a\",\"cancel\":[\(ids)],\"modify\":[{}]}")?.code == 1003)
    }
}
