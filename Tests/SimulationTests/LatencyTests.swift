import Containers
import Synchronization
import Testing
import Transport
import Wire

@testable import Simulator

@Suite struct `Latency at the simulator` {
    private static let batch = "/api/v3/trade/place-batch"

    /// What came back, and when the venue let it go.
    private final class Answers: Sendable {
        let all = Mutex<[ServerReply]>([])
        var count: Int { all.withLock { $0.count } }
        var first: ServerReply? { all.withLock { $0.first } }
    }

    private func client(_ lowMs: Int64, _ highMs: Int64, seed: UInt64 = 1, freshnessMs: Int64? = nil) throws -> BitgetClient {
        var options = WorldOptions()
        (options.seed, options.latency, options.freshnessMs) = (seed, Latency(lowMs: lowMs, highMs: highMs), freshnessMs)
        return try BitgetClient("bitget-uta", "spot", options)
    }

    private func send(_ client: BitgetClient, _ id: String, to answers: Answers) {
        let request = client.signed("POST", Self.batch, body: "[\(BitgetClient.item(id))]")
        client.world.receive(request, from: "127.0.0.1:40000", at: client.now) { reply in answers.all.withLock { $0.append(reply) } }
    }

    @Test func `a request is counted and executed when it arrives, and its answer has the rest of the way before it`() throws {
        let client = try client(100, 100)
        let answers = Answers()
        send(client, "a", to: answers)
        let arrival = try #require(client.world.nextEventAt)
        #expect((BitgetClient.start...BitgetClient.start + 100_000).contains(arrival))

        client.world.advance(to: arrival - 1)
        #expect(client.world.ledger.requests.isEmpty && answers.count == 0)
        client.world.advance(to: arrival)

        #expect(client.world.ledger.requests.map(\.at) == [arrival])
        #expect(client.world.limitCounts.first { $0.rule.name == "batch-place" }?.arrivals == 1)
        guard case .response(let response, let after) = answers.first else { throw Unanswered() }
        #expect(response.status == 200 && arrival + after == BitgetClient.start + 100_000)
    }

    @Test func `a stamp is judged when it arrives, not when it left`() throws {
        let client = try client(20_000, 20_000, freshnessMs: 1)
        send(client, "a", to: Answers())
        client.world.advance(to: BitgetClient.start + 20_000_000)
        #expect(client.world.ledger.requests.map(\.refusal) == ["40008"])
    }

    @Test func `both ways are drawn by the seed, fill their range, and let what left later arrive sooner`() throws {
        func ways(seed: UInt64) -> [(there: Int64, back: Int64)] {
            let latency = Latency(lowMs: 1, highMs: 400)
            var random = SplitMix64(seed: seed)
            return (0..<2_000).map { _ in latency.draw(&random) }
        }
        let drawn = ways(seed: 7)
        #expect(drawn.map(\.there) == ways(seed: 7).map(\.there) && drawn.map(\.there) != ways(seed: 8).map(\.there))
        #expect(drawn.allSatisfy { $0.there >= 0 && $0.back >= 0 && (1_000...400_000).contains($0.there + $0.back) })
        #expect(drawn.contains { $0.there > 350_000 } && drawn.contains { $0.back > 350_000 } && drawn.contains { $0.there + $0.back < 5_000 })
        #expect(zip(drawn, drawn.dropFirst()).contains { $0.there > $1.there + 200_000 })
    }

    @Test func `arrivals that latency brings together are one window to the venue`() throws {
        // Five a second are allowed; ten are sent with more than a second between the fives, as a window of send times would allow.
        let overSeeds = try (1...20).filter { seed in
            var client = try client(1, 400, seed: UInt64(seed))
            for index in 0..<10 {
                if index == 5 { client.now += 1_001_000 }
                send(client, "o\(index)", to: Answers())
            }
            client.world.advance(to: client.now + 1_000_000)
            return client.world.limitCounts.contains { $0.violations > 0 }
        }
        #expect(!overSeeds.isEmpty)
    }

    @Test func `the simulator's own pages are no network away`() throws {
        let client = try client(400, 400)
        let answers = Answers()
        let request = HTTPRequest("GET", "/_sim/health")
        client.world.receive(request, from: "127.0.0.1:1", at: client.now) { reply in answers.all.withLock { $0.append(reply) } }
        guard case .response(let response, 0) = answers.first else { throw Unanswered() }
        #expect(response.status == 200)
    }
}

private struct Unanswered: Error {}
