import CLinux
import OMSCore
import Testing
import Wire

/// What becomes of a turn that is to write about an order whose file in the archive broke just then.
@Suite struct TakenBackTests {
    @Test func `a turn that a broken file of the archive keeps from being written is taken back, who asked is told, and the rest goes on`() throws {
        let stage = try ReplyStage()
        let client = try RawClient(stage.path)
        #expect(client.call("rpc.discover") != nil)
        stage.setReachable(true)
        try stage.getReady()
        let order = "{\"symbol\":\"BTCUSDT\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"60000\",\"quantity\":\"0.01\"}"
        #expect(client.call("intent.submit", "{\"account\":\"desk\",\"intent_id\":\"before\",\"place\":[\(order)]}")?.code == nil)
        #expect(client.call("intent.wait", "{\"intent_id\":\"before\"}")?["result"]?["timed_out"]?.bool == false)

        stage.breakArchive()
        let halt = "{\"account\":\"desk\",\"state\":\"halted\",\"reason\":\"r\"}"
        let refused = try #require(client.call("account.set_state", halt))
        #expect(refused.code == 1010 && refused.message.contains("2026-08.db cannot be read"), "\(refused)")
        #expect(client.call("account.list")?["result"]?["accounts"]?.array?.first?["state"]?.string == "active")

        #expect(client.call("account.set_state", halt)?.code == nil)
        #expect(client.call("account.set_state", "{\"account\":\"desk\",\"state\":\"active\",\"reason\":\"r\"}")?.code == nil)
        try stage.getReady()
        #expect(client.call("intent.submit", "{\"account\":\"desk\",\"intent_id\":\"behind\",\"place\":[\(order)]}")?.code == nil)
        #expect(client.call("intent.wait", "{\"intent_id\":\"behind\"}")?["result"]?["timed_out"]?.bool == false)
        let before = try #require(client.call("intent.get", "{\"intent_id\":\"before\"}")?["result"])
        #expect(before["state"]?.string == "settled" && before["orders"]?.integer == 1, "\(before)")
        try stage.stop()
    }

    @Test func `executions that cannot be booked, since the file with those before them broke, are booked once when it is whole again`() throws {
        let stage = try ReplyStage()
        let client = try RawClient(stage.path)
        #expect(client.call("rpc.discover") != nil)
        stage.setReachable(true)
        try stage.getReady()
        let order =
            "{\"symbol\":\"BTCUSDT\",\"side\":\"sell\",\"type\":\"limit\",\"price\":\"70000.5\",\"quantity\":\"0.03\",\"client_order_id\":\"mine1\"}"
        #expect(client.call("intent.submit", "{\"account\":\"desk\",\"intent_id\":\"before\",\"place\":[\(order)]}")?.code == nil)
        #expect(client.call("intent.wait", "{\"intent_id\":\"before\"}")?["result"]?["timed_out"]?.bool == false)
        // An engine that is made anew has none of its executions in mind.
        stage.breakArchive()
        #expect(client.call("account.set_state", "{\"account\":\"desk\",\"state\":\"halted\",\"reason\":\"r\"}")?.code == 1010)
        try stage.getReady()
        func booked() -> [String] {
            client.call("fill.list", "{\"account\":\"desk\"}")?["result"]?["fills"]?.array?.compactMap { $0["quantity"]?.string } ?? ["no answer"]
        }

        try stage.fill("mine1", "0.004")
        stage.breakFills(true)
        _ = client.call("account.reconcile", "{\"account\":\"desk\"}")
        stage.pass(ms: 5_000)
        #expect(booked().isEmpty)

        stage.breakFills(false)
        try stage.getReady()
        #expect(client.call("account.reconcile", "{\"account\":\"desk\"}")?.code == nil)
        stage.pass(ms: 5_000)
        #expect(booked() == ["0.004"])
        try stage.stop()
    }

    @Test func `a configuration that was read in a turn that is taken back holds, and is on record`() throws {
        let stage = try ReplyStage()
        let client = try RawClient(stage.path)
        #expect(client.call("rpc.discover") != nil)
        stage.setReachable(true)
        try stage.getReady()
        stage.breakArchive()

        #expect(try stage.reload(maxOpenOrders: 1) == 1)

        try stage.getReady()
        let order = "{\"symbol\":\"BTCUSDT\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"60000\",\"quantity\":\"0.01\"}"
        let refused = client.call("intent.submit", "{\"account\":\"desk\",\"intent_id\":\"two\",\"place\":[\(order),\(order)]}")
        #expect(refused?.code == 1005, "\(String(describing: refused))")
        try stage.stop()
    }

    @Test func `an intent whose archived orders cannot be read while it is written down is taken back, and the daemon goes on`() throws {
        // Of a small one all is known in front of the step that writes it.
        let stage = try ReplyStage(sliceRows: 3)
        let client = try RawClient(stage.path)
        #expect(client.call("rpc.discover") != nil)
        stage.setReachable(true)
        try stage.getReady()
        let order = "{\"symbol\":\"BTCUSDT\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"60000\",\"quantity\":\"0.01\"}"
        let orders = Array(repeating: order, count: 4).joined(separator: ",")
        let placed = client.call("intent.submit", "{\"account\":\"desk\",\"intent_id\":\"old\",\"place\":[\(orders)]}")
        let ids = placed?["result"]?["orders"]?.array?.compactMap(\.string) ?? []
        #expect(ids.count == 4)
        #expect(client.call("intent.cancel", "{\"intent_id\":\"old\"}")?.code == nil)
        #expect(client.call("intent.wait", "{\"intent_id\":\"old\",\"timeout_ms\":60000}")?["result"]?["timed_out"]?.bool == false)
        let cancels = ids.map { "\"\($0)\"" }.joined(separator: ",")
        let cancel = "{\"account\":\"desk\",\"intent_id\":\"gone\",\"cancel\":[\(cancels)]}"

        // All of them are looked at once before anything is written; the file breaks at the second of those that are.
        stage.breakArchive(afterReads: 5)
        let refused = try #require(client.call("intent.submit", cancel))
        #expect(refused.code == 1010 && refused.message.contains("2026-08.db cannot be read"), "\(refused)")
        #expect(client.call("intent.get", "{\"intent_id\":\"gone\"}")?.code == 1007)
        try stage.getReady()
        #expect(client.call("intent.submit", "{\"account\":\"desk\",\"intent_id\":\"behind\",\"place\":[\(order)]}")?.code == nil)
        #expect(client.call("intent.wait", "{\"intent_id\":\"behind\"}")?["result"]?["timed_out"]?.bool == false)

        stage.breakArchive(afterReads: nil)
        #expect(client.call("intent.submit", cancel)?.code == nil)
        #expect(client.call("intent.wait", "{\"intent_id\":\"gone\"}")?["result"]?["state"]?.string == "settled")
        try stage.stop()
    }
}
