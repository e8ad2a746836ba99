import Containers
import OMSCore
import Testing
import Transport
import Wire

@testable import Simulator

@Suite struct `The exchange` {
    private func bitget(_ options: WorldOptions = WorldOptions()) throws -> BitgetClient { try BitgetClient("bitget-uta", "spot", options) }

    @Test func `in no window of any position do more arrivals than permits pass`() {
        var counter = ArrivalCounter(window: 1_000_000)
        var random = SplitMix64(seed: 7)
        var (at, passed): (Int64, [Int64]) = (0, [])
        for _ in 0..<5000 {
            at += random.between(0, 500_000)
            if counter.arrive(at: at, permits: 5) { passed.append(at) }
        }
        for (index, first) in passed.enumerated() { #expect(passed[index...].prefix { $0 < first + 1_000_000 }.count <= 5) }
        #expect(passed.count > 1000 && counter.violations == 5000 - passed.count)
    }

    @Test func `arrivals one window apart are never in one, and refused ones count too`() {
        var counter = ArrivalCounter(window: 1000)
        let passed = [0, 999, 1998, 2998].map { counter.arrive(at: $0, permits: 1) }
        #expect(passed == [true, false, false, true])
        #expect(counter.busiest == 2 && counter.violations == 2)
    }

    @Test func `the sixth batch of a second is refused, recorded, and not executed`() throws {
        let client = try bitget()
        for index in 0..<5 { #expect(try client.place("b\(index)").code == "00000") }
        let (status, json) = try client.post("/api/v3/trade/place-batch", "[\(BitgetClient.item("b5"))]")
        #expect(status == 429 && json.code == "429")
        let count = try #require(client.world.limitCounts.first { $0.rule.name == "batch-place" })
        #expect(count.owner == client.account.uid && count.busiestWindow == 6 && count.violations == 1)
        #expect(client.world.ledger.requests.last?.outcome == .rateLimited && client.world.ledger.requests.last?.violated == ["batch-place"])
        #expect(client.world.venue(named: "bitget-uta")?.exchange.orders.count == 5)
    }

    @Test func `Bitget's header counts down what is left of the second`() throws {
        let client = try bitget()
        let left = (0..<6).map { index -> String? in
            let request = client.signed("POST", "/api/v3/trade/place-batch", body: "[\(BitgetClient.item("h\(index)"))]")
            guard case .response(let response, _) = client.reply(request) else { return nil }
            return response.header("x-mbx-used-remain-limit")
        }
        #expect(left == ["4", "3", "2", "1", "0", "0"])
    }

    @Test func `limits can be changed and lifted, and unknown ones are refused`() throws {
        var options = WorldOptions()
        options.limits = [("bitget-uta/batch-place", 1)]
        var client = try bitget(options)
        _ = try client.place("a")
        #expect(try client.place("b").code == "429")
        client.now += 1_000_000
        try client.world.setLimit("bitget-uta/batch-place", permits: nil)
        for index in 0..<50 { #expect(try client.place("c\(index)").code == "00000") }
        #expect(throws: SimulatorInputError.self) { try client.world.setLimit("bitget-uta/no-such", permits: 1) }
        #expect(throws: SimulatorInputError.self) { try client.world.setLimit("nowhere/place", permits: 1) }
    }

    @Test func `events happen by time and, at one time, in the order planned`() {
        var queue = EventQueue()
        var seen: [Int] = []
        var random = SplitMix64(seed: 3)
        let times = (0..<500).map { _ in random.between(0, 50) }
        for (index, at) in times.enumerated() { queue.add(at: at) { _ in seen.append(index) } }
        while let event = queue.takeDue(at: 50) { event.action(event.at) }
        #expect(seen == times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
    }

    @Test func `a fill ratio of one trades every resting order, some of them in part`() throws {
        var options = WorldOptions()
        options.matching.fillRatio = 1
        options.limits = [("bitget-uta/place", nil)]
        let client = try bitget(options)
        for index in 0..<60 { _ = try client.post("/api/v3/trade/place-order", BitgetClient.item("f\(index)")) }
        let orders = try #require(client.world.venue(named: "bitget-uta")?.exchange.orders)
        #expect(orders.allSatisfy { !$0.filled.isZero && $0.filled <= $0.quantity })
        #expect(Set(orders.map(\.state)) == [.filled, .partiallyFilled])
    }

    @Test func `a fill never exceeds what is left and a closed order takes none`() throws {
        let client = try bitget()
        _ = try client.place("o")
        let exchange = try #require(client.world.venue(named: "bitget-uta")?.exchange)
        let order = exchange.orders[0]
        #expect(exchange.fill(order, quantity: Decimal(5), at: 1)?.quantity == order.quantity)
        #expect(order.state == .filled && exchange.fill(order, at: 2) == nil && !exchange.cancel(order, at: 2))
    }

    @Test func `pages agree with a plain filter, whichever way they go`() throws {
        let client = try bitget()
        let exchange = try #require(client.world.venue(named: "bitget-uta")?.exchange)
        for index in 0..<200 {
            let ticket = Ticket(symbol: "BTCUSDT", side: .buy, quantity: .one, clientID: "k\(index)", product: "spot")
            let order = exchange.placeExternally(ticket, uid: "U", at: Int64(index))
            if index % 3 == 0 { exchange.cancel(order, at: Int64(index)) }
        }
        for newestFirst in [true, false] {
            var (seen, beyond): ([Int], Int?) = ([], nil)
            while true {
                let page = exchange.page(uid: "U", open: true, newestFirst: newestFirst, beyond: beyond, limit: 7, at: .max)
                seen += page.map(\.sequence)
                guard let last = page.last else { break }
                beyond = last.sequence
            }
            let plain = exchange.orders.filter(\.state.isLive).map(\.sequence)
            #expect(seen == (newestFirst ? plain.reversed() : plain))
        }
    }

    @Test func `orders placed from outside belong to the account and show in its lists`() throws {
        let client = try bitget()
        let body =
            "{\"venue\":\"bitget-uta\",\"account\":\"\(client.account.uid)\",\"symbol\":\"BTCUSDT\",\"side\":\"sell\",\"quantity\":\"1\",\"price\":\"70000\",\"client_order_id\":\"x\"}"
        #expect(try client.answer(HTTPRequest("POST", "/_sim/place", body: Array(body.utf8))).status == 200)
        #expect(try client.find("x").at("data", "side")?.string == "sell")
        #expect(client.world.ledger.requests.count == 1)
    }

    @Test(arguments: [
        ("POST", "/_sim/fill", "{}"), ("POST", "/_sim/fill", "{\"venue\":\"bitget-uta\",\"order_id\":\"1\"}"), ("POST", "/_sim/place", "[]"),
        ("POST", "/_sim/faults", "[{}]"), ("POST", "/_sim/reference", "{\"venue\":\"bitget-uta\",\"symbol\":\"BTCUSDT\",\"price\":\"-1\"}"),
        ("POST", "/_sim/fill", "not json"),
    ])
    func `a wrong order to the simulator is answered with what is wrong`(_ method: String, _ path: String, _ body: String) throws {
        let client = try bitget()
        let (status, json) = try client.answer(HTTPRequest(method, path, body: Array(body.utf8)))
        #expect(status == 400 && json["error"]?.string?.isEmpty == false)
    }

    @Test func `time never runs back`() throws {
        var client = try bitget()
        _ = try client.place("a")
        let stamp = client.now / 1000
        client.now -= 5_000_000
        _ = try client.answer(client.signed("GET", "/api/v3/account/assets", stampMs: stamp))
        #expect(client.world.now == BitgetClient.start)
    }
}
