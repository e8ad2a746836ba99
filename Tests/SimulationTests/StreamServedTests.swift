import CLinux
import TestSupport
import Testing
import Transport
import Wire

import struct OMSCore.Decimal

@testable import Simulator

/// Streams over a real port, heard by Debian's python3-websockets.
@Suite(.timeLimit(.minutes(3))) struct `Streams over a port` {
    /// A served world whose time passes by itself.
    private final class Served: Sendable {
        let world: ServedWorld
        let server: HTTPServer
        let account: SimAccount
        private let isOver = Shared(false)
        private let clock: Shared<Aside<Void>?>

        init(_ venue: String, _ faults: String, _ switches: [(name: String, value: String)] = []) throws {
            var options = WorldOptions()
            options.faults = try FaultPlan.read(Array(faults.utf8)).rules
            options.switches = switches
            account = try #require(options.accounts.first { $0.venue == venue })
            let offset: Int64 = 1_700_000_000_000_000
            let served = ServedWorld(try VenueWorld(options), now: { offset + Served.uptime() }, wake: {})
            world = served
            server = try HTTPServer(address: "127.0.0.1:0") { request, peer, responder in served.receive(request, from: peer, responder) }
            clock = Shared(nil)
            let isOver = isOver
            try server.start()
            clock.value.withLock { aside in
                aside = Aside {
                    while !isOver.value.withLock({ $0 }) {
                        _ = served.advance()
                        _ = CLinux.poll(nil, 0, 1)
                    }
                }
            }
        }

        private static func uptime() -> Int64 {
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        }

        var nowMs: Int64 { world.with { _, now in now / 1_000 } }

        func end() throws {
            isOver.value.withLock { $0 = true }
            try clock.value.withLock { $0.take() }?.join()
            server.stop()
        }

        /// Runs the client until its stream ends; when it is subscribed, an order is placed and filled, and the streams are closed with 1012.
        ///
        /// - Returns: what it heard, and how it ended.
        func converse(_ target: String, headers: [String: String] = [:], _ messages: [String], symbol: String) throws -> [String] {
            let scratch = ScratchDirectory()
            let report = scratch.file("report")
            let names = JSON.object(headers.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
            let tree = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
            let arguments =
                ["/usr/bin/python3", "-B", tree + "/Tests/oracle/venue_stream.py", report, "ws://127.0.0.1:\(server.port)\(target)"]
                + [String(decoding: names.serialized(), as: UTF8.self)] + messages
            let client = Aside { runProgram(arguments) }
            let account = account
            func ended() -> Bool { world.with { world, _ in !world.streams.ended.isEmpty || !world.streams.refused.isEmpty } }
            if eventually({ ended() || world.with { world, _ in world.streams.open.values.contains { !$0.session.channels.isEmpty } } }) {
                world.with { world, now in
                    guard !world.streams.open.isEmpty, let exchange = world.venue(named: account.venue)?.exchange else { return }
                    var ticket = Ticket(symbol: symbol, side: .buy, quantity: Decimal(10), clientID: "o1", product: account.products[0])
                    ticket.price = Decimal(100)
                    let order = exchange.placeExternally(ticket, uid: account.uid, at: now)
                    exchange.fill(order, at: now)
                }
                _ = eventually {
                    ended()
                        || world.with { world, now in
                            world.streams.open.values.contains { $0.session.pushes >= 2 && $0.lastLeaves < now && $0.lastDelivered < now }
                        }
                }
                world.with { world, _ in for stream in world.streams.inOrder { world.end(stream, "done", 1_012) } }
            }
            #expect(try client.join() == 0, "is python3-websockets installed (make setup)?")
            return (readText(report) ?? "").split(separator: "\n").map(String.init)
        }
    }

    private func unified(_ faults: String = "[]") throws -> [String] {
        let served = try Served("bitget-uta", faults, [("bitget-uta/stream_words", "one")])
        defer { try? served.end() }
        let stamp = String(served.nowMs / 1_000)
        let key = SigningKey(keyID: "", secret: Array(served.account.secret.utf8), passphrase: nil)
        let sign = base64(key.hmacSHA256(Array("\(stamp)GET/user/verify".utf8)))
        let login =
            #"{"op":"login","args":[{"apiKey":"\#(served.account.key)","passphrase":"\#(served.account.passphrase ?? "")","timestamp":"\#(stamp)","sign":"\#(sign)"}]}"#
        return try served.converse("/v3/ws/private", [login, "ping", StreamBench.unifiedChannels], symbol: "BTCUSDT")
    }

    @Test func `the unified account's login, pong, subscriptions, order, fill and close are heard in order`() throws {
        let heard = try unified()
        try #require(heard.count == 8, "\(heard)")
        for (line, part) in zip(heard, [#""event":"login""#, "pong", #""topic":"order""#, #""topic":"fill""#, "\"new\"", "\"filled\"", "execId"]) {
            #expect(line.contains(part), "\(line)")
        }
        #expect(heard[7] == "closed 1012")
    }

    @Test(arguments: [
        (#"{channel: "order", fault: {type: "push_broken", how: "masked"}}"#, "failed 1002"),
        (#"{channel: "order", fault: {type: "push_broken", how: "compressed"}}"#, "failed 1002"),
        (#"{channel: "order", fault: {type: "push_broken", how: "opcode"}}"#, "failed 1002"),
        (#"{channel: "order", fault: {type: "push_broken", how: "long_control"}}"#, "failed 1002"),
        (#"{channel: "order", fault: {type: "push_broken", how: "bad_text"}}"#, "failed 1007"),
        (#"{channel: "order", fault: {type: "push_broken", how: "unfinished"}}"#, "failed 1006"),
        (#"{channel: "order", fault: {type: "stream_close", code: 1001}}"#, "closed 1001"),
        (#"{channel: "order", fault: {type: "stream_close", code: 1008}}"#, "closed 1008"),
        (#"{channel: "order", fault: {type: "stream_close"}}"#, "cut"),
        (#"{fault: {type: "upgrade_wrong_accept"}}"#, "no handshake"), (#"{fault: {type: "upgrade_extension"}}"#, "no handshake"),
        (#"{fault: {type: "upgrade_refused", status: 429}}"#, "refused 429"),
    ])
    func `a client that is not ours sees each fault of the wire as what it is`(rule: String, end: String) throws {
        let heard = try unified("[\(rule)]")
        // A connection that ends in the middle of a frame is told as one that ends without a close.
        #expect(heard.last == end || end == "failed 1006" && ["cut", "failed 1006"].contains(heard.last ?? ""), "\(heard)")
    }

    @Test func `fragments and a message of 1 MiB arrive whole`() throws {
        let heard = try unified(
            #"[{first: 1, channel: "order", fault: {type: "push_fragmented", parts: 5}}, {channel: "order", fault: {type: "push_giant"}}]"#)
        #expect(heard.count == 8 && heard[4].contains("\"new\"") && heard[5].contains("\"filled\""), "\(heard.map { $0.prefix(80) })")
    }

    @Test(arguments: ["bitget-margin", "xt-spot", "az-futures", "az-futures older", "ascendex", "bybit", "okx"])
    func `each other venue's stream tells a client that is not ours of an order`(venue: String) throws {
        let isOlder = venue == "az-futures older"
        let name = isOlder ? "az-futures" : venue
        let served = try Served(name, "[]", isOlder ? [("az-futures/stream", "older")] : [])
        defer { try? served.end() }
        let account = served.account
        let key = SigningKey(keyID: "", secret: Array(account.secret.utf8), passphrase: nil)
        let stamp = served.nowMs
        let heard: [String]
        switch venue {
        case "bitget-margin":
            let sign = base64(key.hmacSHA256(Array("\(stamp / 1_000)GET/user/verify".utf8)))
            let login =
                #"{"op":"login","args":[{"apiKey":"\#(account.key)","passphrase":"\#(account.passphrase ?? "")","timestamp":"\#(stamp / 1_000)","sign":"\#(sign)"}]}"#
            let channel = #"{"op":"subscribe","args":[{"instType":"MARGIN","channel":"orders-\#(account.products[0])","instId":"BTCUSDT"}]}"#
            heard = try served.converse("/v2/ws/private", [login, channel], symbol: "BTCUSDT")
        case "xt-spot":
            let token = issued(served) { ($0 as? XTSpotDialect)?.userStream.tokens }
            let subscribe = #"{"method":"subscribe","params":["order","trade"],"listenKey":"\#(token)","id":"1"}"#
            heard = try served.converse("/private", [subscribe], symbol: "btc_usdt")
        case "az-futures":
            let token = issued(served) { ($0 as? AZFuturesDialect)?.userStream.tokens }
            heard = try served.converse(
                "/ws/account/futures", headers: ["Authorization": "Bearer \(token)"],
                [#"{"method":"SUBSCRIBE","params":["order","trade"],"id":"1"}"#], symbol: "btc_usdt")
        case "az-futures older":
            let token = issued(served) { ($0 as? AZFuturesDialect)?.userStream.listenKeys }
            heard = try served.converse(
                "/ws/user", [#"{"method":"SUBSCRIBE","params":["order@\#(token)","trade@\#(token)"],"id":"1"}"#], symbol: "btc_usdt")
        case "bybit":
            let sign = hex(key.hmacSHA256(Array("GET/realtime\(stamp + 10_000)".utf8)))
            heard = try served.converse(
                "/v5/private",
                [
                    #"{"op":"auth","args":["\#(account.key)",\#(stamp + 10_000),"\#(sign)"]}"#,
                    #"{"req_id":"order","op":"subscribe","args":["order"]}"#,
                ], symbol: "BTCUSDT")
        case "okx":
            let sign = base64(key.hmacSHA256(Array("\(stamp / 1_000)GET/users/self/verify".utf8)))
            let login =
                #"{"op":"login","args":[{"apiKey":"\#(account.key)","passphrase":"\#(account.passphrase ?? "")","timestamp":"\#(stamp / 1_000)","sign":"\#(sign)"}]}"#
            let channel = #"{"op":"subscribe","args":[{"channel":"orders","instType":"ANY"}]}"#
            heard = try served.converse("/ws/v5/private", [login, channel], symbol: "BTC-USDT")
        default:
            let sign = base64(key.hmacSHA256(Array("\(stamp)+stream".utf8)))
            heard = try served.converse(
                "/\(account.group)/api/pro/v1/stream",
                headers: ["x-auth-key": account.key, "x-auth-timestamp": String(stamp), "x-auth-signature": sign],
                [#"{"op":"sub","id":"s1","ch":"order:cash"}"#], symbol: "BTC/USDT")
        }
        #expect(heard.last == "closed 1012" && heard.contains { $0.lowercased().contains("\"filled\"") }, "\(heard)")
    }

    /// A token that the venue gave the account.
    private func issued(_ served: Served, _ desk: @escaping @Sendable (any Dialect) -> StreamTokens?) -> String {
        let account = served.account
        return served.world.with { world, now in
            world.venue(named: account.venue).flatMap { desk($0.dialect) }?.issue(to: account.key, at: now) ?? ""
        }
    }
}
