import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

/// A client of XT's futures written from the page alone: it signs by hand and reads answers field by field.
struct XTFuturesCaller {
    static let orders = "/future/trade/v1/order/"
    static let batch = "/future/trade/v2/order/atomic-create-batch"
    static let accounts = [("usdt", "7001"), ("coin", "7002")].map { product, uid in
        SimAccount(
            venue: "xt-futures", products: [product], uid: uid, key: "00000000-1111-2222-3333-44445555666\(uid.suffix(1))",
            secret: "0123456789abcdef0123456789abcdef0123456\(uid.suffix(1))", name: "xtf-\(product)")
    }

    let bench: DialectBench
    let account: SimAccount

    init(_ switches: [String: String] = [:], product: String = "usdt", freshnessMs: Int64? = nil) throws {
        let named = Dictionary(uniqueKeysWithValues: switches.map { ("xt-futures/" + $0.key, $0.value) })
        self.init(
            in: try DialectBench(named, freshnessMs: freshnessMs, accounts: Self.accounts, dialects: [XTFuturesDialect()]), product: product)
    }

    init(in bench: DialectBench, product: String = "usdt") {
        self.bench = bench
        account = Self.accounts.first { $0.products == [product] } ?? Self.accounts[0]
    }

    /// The same world, asked by the other line's account.
    func other(_ product: String) -> XTFuturesCaller { XTFuturesCaller(in: bench, product: product) }

    var exchange: Exchange { get throws { try bench.exchange("xt-futures") } }

    func send(
        _ method: String, _ path: String, query: [(String, String)] = [], body: String = "", _ how: XTSigning = XTSigning()
    ) throws -> HTTPResponse {
        let path = path.hasPrefix("/") ? path : Self.orders + path
        return try bench.send(bench.xt(account, method, path, query: query, body: body, isFutures: true, how))
    }

    /// Sends where limits do not matter, and expects HTTP 200.
    func calm(_ method: String, _ path: String, query: [(String, String)] = [], body: String = "", _ how: XTSigning = XTSigning()) throws -> JSON {
        bench.nowMs += 1_001
        let answer = try send(method, path, query: query, body: body, how)
        #expect(answer.status == 200)
        return answer.json
    }

    /// The page's own example, with some fields otherwise; nil takes one out.
    static func order(_ id: String, _ changes: [String: String?] = [:]) -> String {
        var fields: [(String, String?)] = [
            ("clientOrderId", "\"\(id)\""), ("symbol", "\"btc_usdt\""), ("orderSide", "\"BUY\""), ("orderType", "\"LIMIT\""), ("origQty", "\"10\""),
            ("price", "\"39000\""), ("timeInForce", "\"GTX\""), ("positionSide", "\"LONG\""),
        ]
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            fields.removeAll { $0.0 == name }
            if let value { fields.append((name, value)) }
        }
        return "{" + fields.map { "\"\($0.0)\":\($0.1 ?? "null")" }.joined(separator: ",") + "}"
    }

    static func coinOrder(_ id: String, _ changes: [String: String?] = [:]) -> String {
        order(id, ["symbol": "\"btc_usd\""].merging(changes) { $1 })
    }

    static let tooDear: [String: String?] = ["origQty": "\"1000000000\""]
    static let offTick: [String: String?] = ["price": "\"39000.05\""]

    /// Places an order that rests. - Returns: its id.
    @discardableResult
    func place(_ id: String, _ changes: [String: String?] = [:]) throws -> String {
        let answer = try calm("POST", "create", body: Self.order(id, changes))
        return try #require(answer.at("result").string, "\(answer)")
    }

    func placeAll(_ orders: [String]) throws -> JSON { try calm("POST", Self.batch, body: "[" + orders.joined(separator: ",") + "]") }

    func order(_ id: String) throws -> SimOrder { try bench.order("xt-futures", clientID: id) }
    func fill(_ id: String, _ quantity: String? = nil) throws {
        _ = try #require(try exchange.fill(try order(id), quantity: quantity.flatMap { Decimal($0) }, at: bench.nowMs * 1_000))
    }

    /// The states of an id in one list, newest first.
    func listed(_ id: String, _ state: String?) throws -> [String] {
        let answer = try calm("GET", "list", query: [("clientOrderId", id)] + (state.map { [("state", $0)] } ?? []))
        return (answer.at("result.items").array ?? []).compactMap { $0.text("state") }
    }
}

extension JSON {
    /// The code of a failure; nil for a success.
    var failure: String? { text("returnCode") == "1" ? text("error.code") : nil }
}
