import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

/// A world with its clock in the test's hand, and callers that sign as the venue pages say.
final class DialectBench {
    let world: VenueWorld
    /// Milliseconds since 1970 UTC: the venue's clock and the caller's.
    var nowMs: Int64 = 1_700_000_000_000
    private var keys: [String: SigningKey] = [:]

    /// - Parameter dialects: Venues that are served; without it all of the catalogue.
    init(
        _ switches: [String: String] = [:], freshnessMs: Int64? = nil, seed: UInt64 = 1, accounts: [SimAccount] = .standard,
        dialects: [any Dialect] = DialectCatalog.dialects()
    ) throws {
        var options = WorldOptions()
        (options.seed, options.accounts) = (seed, accounts)
        options.freshnessMs = freshnessMs
        options.switches = switches.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        world = try VenueWorld(options, dialects: dialects)
    }

    func account(_ venue: String, _ product: String) throws -> SimAccount {
        try #require(world.options.accounts.first { $0.venue == venue && $0.products.contains(product) })
    }

    func exchange(_ venue: String) throws -> Exchange { try #require(world.venue(named: venue)).exchange }

    /// The venue's own view of an order: whatever look-ups may show.
    func order(_ venue: String, clientID: String) throws -> SimOrder { try #require(exchange(venue).orders.last { $0.clientID == clientID }) }

    /// Sends one request now and returns its answer.
    func send(_ request: HTTPRequest) throws -> HTTPResponse {
        guard case .response(let response, _) = world.handle(request, from: "127.0.0.1:40000", at: nowMs * 1000) else {
            throw BenchError.noAnswer
        }
        return response
    }

    enum BenchError: Error { case noAnswer }

    func key(of account: SimAccount) -> SigningKey {
        if let key = keys[account.key] { return key }
        let key = SigningKey(keyID: account.key, secret: Array(account.secret.utf8), passphrase: nil)
        keys[account.key] = key
        return key
    }

    /// A target with its query percent-encoded.
    static func target(_ path: String, _ query: [(String, String)]) -> String {
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { percentEncoded($0.0) + "=" + percentEncoded($0.1) }.joined(separator: "&")
    }
}

/// What of an XT signature a test wants wrong or different.
struct XTSigning {
    var prefix = "validate-"
    var window: String? = "5000"
    /// Added to the clock for the stamp, milliseconds.
    var skewMs: Int64 = 0
    var isUpperCase = false
    var drops: String?
    var replaces: (name: String, value: String)?
    var contentType = "application/json"
}

extension DialectBench {
    /// XT page 1.1 and 1.2: spot signs algorithm, window and method as well.
    func xt(
        _ account: SimAccount, _ method: String, _ path: String, query: [(String, String)] = [], body: String = "", isFutures: Bool = false,
        _ how: XTSigning = XTSigning()
    ) -> HTTPRequest {
        let stamp = String(nowMs + how.skewMs)
        let p = how.prefix
        var text =
            isFutures
            ? "\(p)appkey=\(account.key)&\(p)timestamp=\(stamp)"
            : "\(p)algorithms=HmacSHA256&\(p)appkey=\(account.key)&\(p)recvwindow=\(how.window ?? "")&\(p)timestamp=\(stamp)#\(method)"
        text += "#" + path
        if !query.isEmpty { text += "#" + query.sorted { $0.0 < $1.0 }.map { $0.0 + "=" + $0.1 }.joined(separator: "&") }
        if !body.isEmpty {
            let isForm = how.contentType == "application/x-www-form-urlencoded"
            let pairs = body.split(separator: "&").sorted().map(String.init)
            text += "#" + (isForm ? formPairs(Substring(pairs.joined(separator: "&"))).map { $0.name + "=" + $0.value }.joined(separator: "&") : body)
        }
        var signature = hex(key(of: account).hmacSHA256(Array(text.utf8)))
        if how.isUpperCase { signature = signature.uppercased() }
        var headers = [
            HTTPHeader(p + "algorithms", "HmacSHA256"), HTTPHeader(p + "appkey", account.key), HTTPHeader(p + "timestamp", stamp),
            HTTPHeader(p + "signature", signature), HTTPHeader("Content-Type", how.contentType),
        ]
        if let window = how.window { headers.append(HTTPHeader(p + "recvwindow", window)) }
        headers.removeAll { $0.name == how.drops }
        if let (name, value) = how.replaces {
            headers.removeAll { $0.name == name }
            headers.append(HTTPHeader(name, value))
        }
        return HTTPRequest(method, Self.target(path, query), headers: headers, body: Array(body.utf8))
    }

    /// AscendEX page 2: only the stamp and the end of the path are signed.
    func ascendex(
        _ account: SimAccount, _ method: String, _ path: String, signing apiPath: String, query: [(String, String)] = [], body: String = "",
        skewMs: Int64 = 0
    ) -> HTTPRequest {
        let stamp = String(nowMs + skewMs)
        let signature = base64(key(of: account).hmacSHA256(Array((stamp + "+" + apiPath).utf8)))
        let headers = [
            HTTPHeader("x-auth-key", account.key), HTTPHeader("x-auth-timestamp", stamp), HTTPHeader("x-auth-signature", signature),
            HTTPHeader("Content-Type", "application/json"),
        ]
        return HTTPRequest(method, Self.target(path, query), headers: headers, body: Array(body.utf8))
    }
}

extension HTTPResponse {
    /// The body as JSON; null where it is none.
    var json: JSON { (try? JSONParser.parse(body)) ?? .null }
}

extension JSON {
    /// The member or element at a path like `result.items.0.orderId`; null where there is none.
    func at(_ path: String) -> JSON {
        path.split(separator: ".").reduce(self) { json, step in
            if let index = Int(step), let items = json.array { return items.indices.contains(index) ? items[index] : .null }
            return json[String(step)] ?? .null
        }
    }

    /// The text of a string or number at a path.
    func text(_ path: String) -> String? { at(path).text }
}
