import CLinux
import Testing
import Wire

/// What people and programs send by mistake: each gets a clear answer that names the place, nothing is journaled, and nobody else notices.
@Suite struct BadInputTests {
    private static let order = #"{"symbol":"btc_usdt","side":"buy","type":"limit","price":"39000","quantity":"10","position_side":"long"}"#

    private func change(_ from: String, _ to: String) -> String {
        #"{"account":"mm-az","place":["# + replace(Self.order, from, to) + "]}"
    }

    private func replace(_ text: String, _ from: String, _ to: String) -> String {
        text.replacing(from, with: to, maxReplacements: 1)
    }

    @Test func `whatever is wrong with a request, its answer names the place and the journal stays empty`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let seq = try client.call("daemon.status")["seq"]?.integer

        /// Params of intent.submit, the error's code, and what its text must name.
        let cases: [(params: String, code: Int64, names: String)] = [
            (#"{"account":"nobody","place":["# + Self.order + "]}", 1001, "nobody"),
            (#"{"account":"mm-az","plaec":[]}"#, -32602, "plaec"),
            (change("btc_usdt", "nix_usdt"), 1003, "symbol"),
            (change(#""buy""#, #""hold""#), -32602, "side"),
            (change(#""39000""#, "1e5"), -32602, "price"),
            (change(#""39000""#, #""-1""#), -32602, "price"),
            (change(#""39000""#, #""NaN""#), -32602, "price"),
            (change(#""39000""#, #""39000.0000000000000000000000000000000000001""#), -32602, "price"),
            (change(#""39000""#, #""３９０００""#), -32602, "price"),
            (change(#""39000""#, #""39000.05""#), 1003, "price"),
            (change(#""10""#, #""10.5""#), 1003, "quantity"),
            (change(#""10""#, #""1""#), 1003, "quantity"),
            (change(#""10""#, #""99999999999""#), 1003, "quantity"),
            (change(#""side""#, #""sideways":1,"side""#), -32602, "sideways"),
            (change(#""side""#, #""price":"1","side""#), -32600, "price"),
        ]
        for (params, code, names) in cases {
            let answer = try raw(client, #"{"jsonrpc":"2.0","id":7,"method":"intent.submit","params":"# + params + "}")
            let error = try #require(answer["error"], "\(params) was accepted")
            let accepted: Set<Int64> = code == -32602 || code == -32600 ? [-32602, -32600, 1003] : [code]
            #expect(accepted.contains(error["code"]?.integer ?? 0), "\(params): \(answer.lines)")
            #expect(error.lines.contains(names), "\(params): \(answer.lines)")
        }
        #expect(try raw(client, #"{"jsonrpc":"2.0","id":8,"method":"intent.submitt"}"#).member("error", "code")?.integer == -32601)
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 0)
        #expect(try house.journal.number("SELECT count(*) FROM v_intents") == 0)
        #expect(try client.call("daemon.status")["seq"]?.integer == seq)
    }

    @Test func `lines that are no requests are answered without an id, and the connection lives on`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let deep = Array(repeating: UInt8(ascii: "["), count: 10_000) + Array(repeating: UInt8(ascii: "]"), count: 10_000)
        for line in [Array("garbage".utf8), [0x22, 0xFF, 0xFE, 0x22], deep, Array("[]".utf8), Array(#"{"jsonrpc":"1.0","id":1,"method":"x"}"#.utf8)] {
            client.send(raw: line + [0x0A])
            let answer = try #require(try client.message())
            #expect([-32700, -32600].contains(answer.member("error", "code")?.integer), "\(answer.lines)")
        }
        #expect(try client.call("daemon.status")["ready"]?.bool == true)
    }

    @Test func `an oversized line closes its connection, a silent or deaf client stands in nobody's way`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let silent = try house.client()
        let deaf = try house.client()
        // Its answers are never read: some megabytes of them.
        let question = Array(#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#.utf8) + [0x0A]
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(deaf.descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        for _ in 0..<300 where !deaf.send(raw: question) { break }

        let large = try house.client()
        large.send(raw: Array(repeating: UInt8(ascii: " "), count: 33 << 20))
        large.send(raw: [0x0A])
        var closed = false
        while !closed { closed = try large.line() == nil }

        let account = try house.account("az-futures")
        try client.submit(account.intent("undisturbed", orders: 100))
        try client.wait("undisturbed", seconds: 20)
        #expect(try silent.call("daemon.status")["ready"]?.bool == true)
    }

    @Test func `an intent sent again is answered as the first time, one with other content is refused, and an id is used once`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let account = try house.account("az-futures")
        let first = try client.call("intent.submit", JSONParser.parse(account.intent("once", orders: 3)))
        let again = try client.call("intent.submit", JSONParser.parse(account.intent("once", orders: 3, price: "39000.0")))
        #expect(first["duplicate"]?.bool == false && again["duplicate"]?.bool == true)
        #expect(first["orders"] == again["orders"])
        #expect(try client.ask("intent.submit", account.intent("once", orders: 4)).member("error", "code")?.integer == 1002)

        let own = account.item(more: #","client_order_id":"mine1""#)
        try client.submit(#"{"account":"mm-az","intent_id":"a","place":[\#(own)]}"#)
        let error = try client.ask("intent.submit", #"{"account":"mm-az","intent_id":"b","place":[\#(own)]}"#)["error"]
        #expect(error?["code"]?.integer == 1003 && error?.lines.contains("client_order_id") == true, "\(error?.lines ?? "")")
        try client.wait("once")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 4)

        try house.killDaemon()
        let after = try house.start()
        let third = try after.call("intent.submit", JSONParser.parse(account.intent("once", orders: 3)))
        #expect(third["duplicate"]?.bool == true && third["orders"] == first["orders"])
    }

    @Test func `100,001 orders in one intent are refused`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let error = try client.ask("intent.submit", JSONParser.parse(try house.account("az-futures").intent("much", orders: 100_001)))["error"]
        #expect(error?.lines.contains("100000") == true || error?.lines.contains("100,000") == true, "\(error?.lines.prefix(300) ?? "")")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 0)
    }

    private func raw(_ client: ControlClient, _ line: String) throws -> JSON {
        client.send(raw: Array(line.utf8) + [0x0A])
        return try #require(try client.message())
    }
}
