import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

/// A world and clients of its streams, with the clock in the test's hand. Messages are written from the venue pages alone.
final class StreamBench {
    let bench: DialectBench
    /// Fails a test that waits for what never comes.
    enum Failure: Error { case refused(Int), silent }

    init(
        _ switches: [String: String] = [:], faults: String = "[]", seed: UInt64 = 1, accounts: [SimAccount] = .standard,
        dialects: [any Dialect] = DialectCatalog.dialects()
    ) throws {
        bench = try DialectBench(switches, seed: seed, accounts: accounts, dialects: dialects)
        bench.world.setFaults(try FaultPlan.read(Array(faults.utf8)).rules)
    }

    var world: VenueWorld { bench.world }

    /// What the venue's answer to an upgrade is: the stream's number, or the HTTP status.
    func opening(_ target: String, headers: [HTTPHeader] = [], peer: String = "127.0.0.1:5000") -> StreamOpening {
        let box = Heard()
        let opening = world.openStream(HTTPRequest("GET", target, headers: headers), from: peer, at: bench.nowMs * 1_000) { box.outputs.append($0) }
        if case .opened(let id, _, _) = opening { boxes[id] = box }
        return opening
    }

    private final class Heard { var outputs: [StreamOutput] = [] }
    private var boxes: [Int: Heard] = [:]

    func open(_ target: String, headers: [HTTPHeader] = []) throws -> Int {
        switch opening(target, headers: headers) {
        case .opened(let id, _, _): return id
        case .refused(let response): throw Failure.refused(response.status)
        case .silent: throw Failure.silent
        }
    }

    func status(_ target: String, headers: [HTTPHeader] = [], peer: String = "127.0.0.1:5000") -> Int? {
        if case .refused(let response) = opening(target, headers: headers, peer: peer) { response.status } else { nil }
    }

    func wait(_ ms: Int64) {
        bench.nowMs += ms
        world.advance(to: bench.nowMs * 1_000)
    }

    /// What came on a stream since the last look, a moment later.
    func outputs(_ id: Int, after ms: Int64 = 10) -> [StreamOutput] {
        wait(ms)
        defer { boxes[id]?.outputs = [] }
        return boxes[id]?.outputs ?? []
    }

    func texts(_ id: Int, after ms: Int64 = 10) -> [String] {
        outputs(id, after: ms).compactMap { if case .text(let text) = $0 { String(decoding: text, as: UTF8.self) } else { nil } }
    }

    func messages(_ id: Int, after ms: Int64 = 10) throws -> [JSON] { try texts(id, after: ms).map { try JSONParser.parse(Array($0.utf8)) } }

    /// Says something, and what comes back at once.
    @discardableResult
    func say(_ text: String, on id: Int) -> [String] {
        world.hearStream(id, Array(text.utf8), at: bench.nowMs * 1_000)
        return texts(id, after: 0)
    }

    func isOpen(_ id: Int) -> Bool { world.streams.open[id] != nil }
    func session(_ id: Int) throws -> StreamSession { try #require(world.streamSessions.first { $0.id == id }) }

    // MARK: Each venue's way in

    func login(_ account: SimAccount, stamp: String? = nil, secret: String? = nil, passphrase: String? = nil) -> String {
        let stamp = stamp ?? String(bench.nowMs / 1_000)
        let key = SigningKey(keyID: "", secret: Array((secret ?? account.secret).utf8), passphrase: nil)
        let sign = base64(key.hmacSHA256(Array("\(stamp)GET/user/verify".utf8)))
        return
            #"{"op":"login","args":[{"apiKey":"\#(account.key)","passphrase":"\#(passphrase ?? account.passphrase ?? "")","timestamp":"\#(stamp)","sign":"\#(sign)"}]}"#
    }

    static let unifiedChannels =
        #"{"op":"subscribe","args":[{"instType":"UTA","topic":"order"},{"instType":"UTA","topic":"fill"}]}"#

    /// A stream of the unified account that is told of orders and fills.
    func unified(_ channels: String = StreamBench.unifiedChannels) throws -> Int {
        let id = try open("/v3/ws/private")
        say(login(try bench.account("bitget-uta", "spot")), on: id)
        say(channels, on: id)
        return id
    }

    func token(_ account: SimAccount, az: Bool = false) throws -> String {
        let answer = try bench.send(bench.xt(account, "POST", az ? "/az/spot/ws-token" : "/v4/ws-token")).json
        return try #require(answer.text("result.accessToken"), "\(answer)")
    }

    func listenKey(_ account: SimAccount) throws -> String {
        let answer = try bench.send(bench.xt(account, "GET", "/az/future/user/v1/user/listen-key", isFutures: true)).json
        return try #require(answer.text("result"), "\(answer)")
    }

    /// A stream of a venue, subscribed to all that tells of orders.
    func stream(_ venue: String) throws -> Int {
        switch venue {
        case "bitget-uta": return try unified()
        case "bitget-margin":
            let id = try open("/v2/ws/private")
            say(login(try bench.account(venue, "isolated")), on: id)
            say(#"{"op":"subscribe","args":[{"instType":"MARGIN","channel":"orders-isolated","instId":"BTCUSDT"}]}"#, on: id)
            return id
        case "xt-spot":
            let id = try open("/private")
            let token = try token(try bench.account(venue, "spot"))
            say(#"{"method":"subscribe","params":["order","trade"],"listenKey":"\#(token)","id":"1"}"#, on: id)
            return id
        case "az-futures":
            let account = try bench.account(venue, "usdt")
            let token = try token(account, az: true)
            let id = try open("/ws/account/futures", headers: [HTTPHeader("Authorization", "Bearer \(token)")])
            say(#"{"method":"SUBSCRIBE","params":["order","trade"],"id":"1"}"#, on: id)
            return id
        case "az-futures older":
            let key = try listenKey(try bench.account("az-futures", "usdt"))
            let id = try open("/ws/user")
            say(#"{"method":"SUBSCRIBE","params":["order@\#(key)","trade@\#(key)"],"id":"1"}"#, on: id)
            return id
        case "bybit":
            let id = try open("/v5/private")
            bybitLogin(try bench.account(venue, "linear"), on: id)
            for topic in ["order", "execution"] { say(#"{"req_id":"\#(topic)","op":"subscribe","args":["\#(topic)"]}"#, on: id) }
            return id
        case "okx":
            let id = try open("/ws/v5/private")
            okxLogin(try bench.account(venue, "swap"), on: id)
            say(#"{"id":"orders","op":"subscribe","args":[{"channel":"orders","instType":"ANY"}]}"#, on: id)
            return id
        default:
            let id = try open("/6/api/pro/v1/stream", headers: ascendexHeaders(try bench.account(venue, "cash")))
            say(#"{"op":"sub","id":"s1","ch":"order:cash"}"#, on: id)
            return id
        }
    }

    func okxLogin(_ account: SimAccount, on id: Int) {
        let stamp = String(bench.nowMs / 1_000)
        let sign = base64(bench.key(of: account).hmacSHA256(Array("\(stamp)GET/users/self/verify".utf8)))
        say(
            #"{"op":"login","args":[{"apiKey":"\#(account.key)","passphrase":"\#(account.passphrase ?? "")","timestamp":"\#(stamp)","sign":"\#(sign)"}]}"#,
            on: id)
    }

    func ascendexHeaders(_ account: SimAccount) -> [HTTPHeader] {
        let stamp = String(bench.nowMs)
        let sign = base64(bench.key(of: account).hmacSHA256(Array("\(stamp)+stream".utf8)))
        return [HTTPHeader("x-auth-key", account.key), HTTPHeader("x-auth-timestamp", stamp), HTTPHeader("x-auth-signature", sign)]
    }

    /// An order that somebody of the account places, without a request.
    func place(
        _ venue: String, _ product: String, _ symbol: String, _ id: String = "o1", price: String? = "100", quantity: String = "10"
    ) throws -> SimOrder {
        let account = try bench.account(venue, product)
        var ticket = Ticket(symbol: symbol, side: .buy, quantity: try #require(Decimal(quantity)), clientID: id, product: product)
        ticket.price = price.flatMap { Decimal($0) }
        ticket.isMarket = price == nil
        return try bench.exchange(venue).placeExternally(ticket, uid: account.uid, at: bench.nowMs * 1_000)
    }

    func fill(_ order: SimOrder, _ quantity: String? = nil, at venue: String) throws {
        _ = try #require(try bench.exchange(venue).fill(order, quantity: quantity.flatMap { Decimal($0) }, at: bench.nowMs * 1_000))
    }
}
