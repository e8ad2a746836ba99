import CLinux
import Control
import OMSCore
import TestSupport
import Testing
import Wire

struct FramingTests {
    @Test func `a request cut into single bytes is answered like a whole one`() throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)

        for byte in "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"daemon.status\"}\n".utf8 { client.send([byte]) }

        #expect(client.answer()?["id"] == .number("7"))
    }

    @Test func `requests reach the sink in the order sent, whatever the packets`() throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)
        let names = (0..<10_000).map { "i\($0)" }

        let lines = names.map { "{\"jsonrpc\":\"2.0\",\"id\":\"\($0)\",\"method\":\"intent.get\",\"params\":{\"intent_id\":\"\($0)\"}}\n" }
        client.send(lines.joined())

        var answered: [String] = []
        for _ in names { answered.append(client.answer()?["id"]?.string ?? "none") }
        #expect(answered == names)
        let seen = harness.sink.calls.map { if case .intentGet(let id) = $0.command { id.text } else { "other" } }
        #expect(seen == names)
    }

    @Test func `a request is lone when nothing else is at hand, and never amid pipelined ones`() throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)
        func line(_ id: Int) -> String { "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"daemon.status\"}\n" }

        client.send(line(1))
        #expect(client.answer()?["id"] == .number("1"))
        client.send(line(2) + line(3))
        for _ in 2...3 { _ = client.answer() }

        #expect(harness.sink.calls.map(\.isLone) == [true, false, false])
    }

    @Test func `of a connection that asked for a guard any line is a sign of life, a thousand at once are one, and of others none is`() throws {
        let harness = try Harness()
        let (guarded, other) = (try RawClient(harness.path), try RawClient(harness.path))
        #expect(guarded.call("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":0}") != nil && other.call("daemon.status") != nil)
        #expect(harness.sink.spoke.isEmpty, "a command is heard as such")
        let id = try #require(harness.sink.calls.first?.ticket.connection)

        for text in ["\n", "nonsense\n", "{\"jsonrpc\":\"2.0\",\"method\":\"intent.submit\"}\n"] {
            let before = harness.sink.spoke.count
            guarded.send(text)
            other.send(text)
            #expect(eventually { harness.sink.spoke.count == before + 1 })
        }
        let before = harness.sink.spoke.count
        guarded.send(String(repeating: "\n", count: 1_000))
        #expect(guarded.call("daemon.status") != nil)
        #expect(harness.sink.spoke.count - before <= 20 && Set(harness.sink.spoke) == [id])
    }

    @Test func `answers come in the order in which they are given`() throws {
        let held = Held()
        let harness = try Harness(
            sink: FakeSink { call, server in
                held.add(call.ticket)
                if held.count == 3 { for ticket in held.all.reversed() { server.reply(Array("true".utf8), to: ticket) } }
                return true
            })
        let client = try RawClient(harness.path)

        for id in 1...3 { client.send("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"daemon.status\"}\n") }

        #expect((1...3).map { _ in client.answer()?["id"]?.integer } == [3, 2, 1])
    }

    @Test func `a line over the bound closes its connection and no other`() throws {
        var limits = ControlLimits()
        limits.lineMax = 1_000_000
        let harness = try Harness(limits: limits)
        let (large, other) = (try RawClient(harness.path), try RawClient(harness.path))

        large.send([UInt8](repeating: UInt8(ascii: "x"), count: 1_500_000))

        #expect(large.answer()?.code == -32600)
        #expect(large.line() == nil)
        #expect(other.call("daemon.status")?["result"] != nil)
    }

    @Test func `half-sent requests are bounded together, and a small one still passes`() throws {
        var limits = ControlLimits()
        limits.inputTotalMax = 4 << 20
        let harness = try Harness(limits: limits)
        let clients = [try RawClient(harness.path), try RawClient(harness.path)]

        for client in clients { client.send([UInt8](repeating: 0x20, count: 3 << 20)) }

        #expect(clients[1].answer()?.code == 1008)
        #expect(try RawClient(harness.path).call("daemon.status")?["result"] != nil)
        #expect(clients[0].call("daemon.status")?["result"] != nil)
    }

    @Test func `a line just under the bound is read`() throws {
        var limits = ControlLimits()
        limits.lineMax = 1_000_000
        let harness = try Harness(limits: limits)
        let client = try RawClient(harness.path)
        let request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.status\"}"

        let answer = client.ask(request + String(repeating: " ", count: 1_000_000 - request.utf8.count))

        #expect(answer?["result"] != nil)
    }

    @Test func `a client that has closed its sending side still gets its answers, then the end`() throws {
        let held = Held()
        let harness = try Harness(
            sink: FakeSink { call, _ in
                held.add(call.ticket)
                return true
            })
        let client = try RawClient(harness.path)
        // The last one lacks its newline.
        client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.status\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"account.list\"}")
        client.finishSending()
        #expect(eventually { held.count == 2 })
        #expect(harness.sink.disconnected.isEmpty)

        for ticket in held.all { harness.server.reply(Array("1".utf8), to: ticket) }

        #expect(client.answer()?["id"] == .number("1"))
        #expect(client.answer()?["id"] == .number("2"))
        #expect(client.line() == nil)
        #expect(eventually { harness.sink.disconnected.count == 1 })
    }

    @Test func `what a client sent before it went away reaches the sink, then the sink is told`() throws {
        let harness = try Harness()
        do {
            let client = try RawClient(harness.path)
            for id in 1...500 { client.send("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"daemon.status\"}\n") }
        }
        #expect(eventually { harness.sink.disconnected.count == 1 })
        #expect(harness.sink.calls.count == 500)
    }

    @Test func `a client that never reads does not delay another, and is not read without bound`() throws {
        let answer = Array(("\"" + String(repeating: "a", count: 50_000) + "\"").utf8)
        let harness = try Harness(
            sink: FakeSink { call, server in
                server.reply(answer, to: call.ticket)
                return true
            })
        let (deaf, other) = (try RawClient(harness.path), try RawClient(harness.path))
        // In one piece: many small ones would fill the kernel's buffer once the server has stopped reading.
        deaf.send((1...100).map { "{\"jsonrpc\":\"2.0\",\"id\":\($0),\"method\":\"daemon.status\"}\n" }.joined())

        let start = omsd_clock_us(CLOCK_BOOTTIME)
        for _ in 0..<20 { #expect(other.call("daemon.status")?["result"] != nil) }

        #expect(omsd_clock_us(CLOCK_BOOTTIME) - start < 2_000_000)
        // Paused after about a megabyte of unread answers, of the five that were asked for.
        #expect(harness.sink.calls.count < 100)
        var read = 0
        while read < 100, deaf.line() != nil { read += 1 }
        #expect(read == 100)
    }

    @Test func `a subscriber that never reads is handed no more at a bound, and goes on where it stopped once it reads`() throws {
        var limits = ControlLimits()
        limits.notifyMax = 1 << 20
        let harness = try Harness(limits: limits)
        let client = try RawClient(harness.path)
        #expect(client.call("event.subscribe")?["result"] != nil)
        let connection = try #require(harness.sink.calls.first?.ticket.connection)
        let padding = String(repeating: "a", count: 10_000)
        var told = 0
        func tell() -> Notified {
            let outcome = harness.server.notify(Array("{\"seq\":\(told),\"detail\":\"\(padding)\"}".utf8), connection: connection)
            if outcome == .taken { told += 1 }
            return outcome
        }

        // As fast as a record is read: many at a time.
        func fill() -> Int {
            let before = told
            while tell() == .taken {}
            return told - before
        }

        // The bound holds as well for one that has read: 1 MiB, and what the socket holds.
        for round in 1...3 {
            let first = told
            #expect(eventually { fill() == 0 })
            #expect(told - first < 500, "round \(round)")
            #expect(harness.sink.disconnected.isEmpty)
            for seq in first..<told { #expect(client.answer()?["params"]?["seq"] == .number("\(seq)")) }
        }
        #expect(eventually { tell() == .taken })
        harness.server.end(connection: connection)
        #expect(eventually { harness.sink.disconnected == [connection] })
        #expect(tell() == .gone)
    }

    @Test func `a notification to a subscriber is a JSON-RPC event`() throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)
        #expect(client.call("event.subscribe", "{\"after_seq\":5}")?["result"] != nil)
        let connection = try #require(harness.sink.calls.first?.ticket.connection)

        #expect(harness.server.notify(Array("{\"subscription\":1,\"seq\":6}".utf8), connection: connection) == .taken)

        let event = client.answer()
        #expect(event?["method"] == .string("event"))
        #expect(event?["params"]?["seq"] == .number("6"))
        #expect(event?["id"] == nil)
    }

    @Test func `a full mailbox answers 1008 at once`() throws {
        let harness = try Harness(sink: FakeSink { _, _ in false })
        #expect(try RawClient(harness.path).call("daemon.status")?.code == 1008)
    }

    @Test func `connections beyond the bound are told so and closed, and one that ends makes room`() throws {
        var limits = ControlLimits()
        limits.connectionsMax = 8
        limits.connectionsPerUserMax = 4
        let harness = try Harness(limits: limits)
        var clients = try (0..<4).map { _ in try RawClient(harness.path) }
        for client in clients { #expect(client.call("daemon.status")?["result"] != nil) }

        let refused = try RawClient(harness.path)
        #expect(refused.answer()?.code == 1008)
        #expect(refused.line() == nil)

        clients.removeLast()
        #expect(eventually { harness.sink.disconnected.count == 1 })
        #expect(try RawClient(harness.path).call("daemon.status")?["result"] != nil)
    }

    @Test func `stopping sends the answers that are due and removes the socket`() throws {
        let harness = try Harness(sink: FakeSink { _, _ in true })
        let client = try RawClient(harness.path)
        client.send("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.status\"}\n")
        #expect(eventually { harness.sink.calls.count == 1 })
        for call in harness.sink.calls { harness.server.reply(Array("{}".utf8), to: call.ticket) }

        harness.server.stop()

        #expect(client.answer()?["id"] == .number("1"))
        #expect(client.line() == nil)
        #expect(access(harness.path, F_OK) != 0)
        #expect(harness.sink.disconnected.count == 1)
    }
}
