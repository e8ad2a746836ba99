import Testing
import Transport
import Wire

@testable import Simulator

/// A client written from the page alone: it signs by hand and reads answers field by field.
struct BitgetClient {
    let world: VenueWorld
    var account: SimAccount
    /// The client's idea of the time, microseconds.
    var now: Int64 = start

    static let start: Int64 = 1_795_183_200_000_000

    init(_ venue: String, _ product: String, _ options: WorldOptions = WorldOptions()) throws {
        world = try VenueWorld(options)
        account = try #require(world.accounts(of: venue).first { $0.products == [product] })
    }

    init(in world: VenueWorld, _ account: SimAccount, at now: Int64) { (self.world, self.account, self.now) = (world, account, now) }

    func signed(_ method: String, _ target: String, body: String = "", stampMs: Int64? = nil, secret: String? = nil) -> HTTPRequest {
        let stamp = String(stampMs ?? now / 1000)
        let key = SigningKey(keyID: account.key, secret: Array((secret ?? account.secret).utf8), passphrase: nil)
        let signature = base64(key.hmacSHA256(Array((stamp + method + target + body).utf8)))
        return HTTPRequest(
            method, target,
            headers: [
                HTTPHeader("ACCESS-KEY", account.key), HTTPHeader("ACCESS-SIGN", signature), HTTPHeader("ACCESS-TIMESTAMP", stamp),
                HTTPHeader("ACCESS-PASSPHRASE", account.passphrase ?? ""), HTTPHeader("Content-Type", "application/json"),
                HTTPHeader("locale", "en-US"),
            ], body: Array(body.utf8))
    }

    func reply(_ request: HTTPRequest) -> ServerReply { world.handle(request, from: "127.0.0.1:40000", at: now) }

    func answer(_ request: HTTPRequest) throws -> (status: Int, json: JSON) {
        guard case .response(let response, _) = reply(request) else {
            Issue.record("no answer")
            return (0, .null)
        }
        return (response.status, try JSONParser.parse(response.body))
    }

    func post(_ target: String, _ body: String) throws -> (status: Int, json: JSON) { try answer(signed("POST", target, body: body)) }
    func get(_ target: String) throws -> (status: Int, json: JSON) { try answer(signed("GET", target)) }

    /// One plain limit order of the unified account.
    static func item(_ id: String, price: String = "60000.01", qty: String = "0.001", more: String = "") -> String {
        """
        {"category":"SPOT","symbol":"BTCUSDT","side":"buy","orderType":"limit","timeInForce":"gtc","price":"\(price)","qty":"\(qty)","clientOid":"\(id)"\(more)}
        """
    }

    func place(_ ids: String...) throws -> JSON {
        try post("/api/v3/trade/place-batch", "[" + ids.map { Self.item($0) }.joined(separator: ",") + "]").json
    }

    func find(_ id: String) throws -> JSON { try get("/api/v3/trade/order-info?clientOid=\(id)").json }
}

extension JSON {
    /// The code of the envelope.
    var code: String? { self["code"]?.string }
    /// The member under each name in turn; a number picks from a list.
    func at(_ path: String...) -> JSON? {
        path.reduce(self as JSON?) { json, name in
            if let index = Int(name), let items = json?.array { return items.indices.contains(index) ? items[index] : nil }
            return json?[name]
        }
    }
}
