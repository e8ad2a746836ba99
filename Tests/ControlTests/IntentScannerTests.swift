import CLinux
import ControlAPI
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Calls

struct IntentScannerTests {
    private static func decimal(_ dice: inout XorShift) -> String {
        let plain = ["\"39000\"", "\"0.001\"", "12.50", "7", "\"1.0\"", "\"170000000000000000000\"", "\"007\""]
        let odd = ["\"1e3\"", "1e3", "\"０.1\"", "-1", "0", "\"\"", "null", "\"1.0000000000000000001\"", "01", "1.", "true", "\"1\\u0030\""]
        return dice.chance(97) ? dice.one(plain) : dice.one(odd)
    }

    private static func item(_ dice: inout XorShift) -> String {
        var members = [
            "\"symbol\":" + dice.one(["\"BTCUSDT\"", "\"btc_usdt\"", "\"BTC/USDT\"", dice.chance(3) ? "\"..\"" : "\"x\""]),
            "\"side\":" + dice.one(["\"buy\"", "\"sell\"", dice.chance(2) ? "\"bu\\u0079\"" : "\"buy\""]),
            "\"type\":" + dice.one(["\"limit\"", "\"limit\"", "\"limit\"", "\"market\""]),
        ]
        let others = [
            "\"time_in_force\":\"ioc\"", "\"post_only\":true", "\"post_only\":false", "\"client_order_id\":\"c\(dice.roll(50))\"",
            "\"reduce_only\":true",
            "\"position_side\":\"short\"", "\"margin_action\":\"auto_borrow\"", "\"stp\":\"none\"", "\"stp\":\"cancel_taker\"", "\"sidee\":1",
            "\"take_profit\":\(decimal(&dice))", "\"stop_loss\":\(decimal(&dice))", "\"slice_quantity\":\(decimal(&dice))",
            "\"quote_quantity\":\(decimal(&dice))", "\"side\":\"buy\"", "\"stp\":null",
        ]
        if dice.chance(96) { members.append("\"price\":\(decimal(&dice))") }
        if dice.chance(96) { members.append("\"quantity\":\(decimal(&dice))") }
        while dice.chance(30) { members.append(dice.one(others)) }
        if dice.chance(30) { members.swapAt(0, dice.roll(members.count)) }
        return "{" + members.joined(separator: dice.one([",", ", ", " ,\t"])) + "}"
    }

    private static func line(_ dice: inout XorShift) -> [UInt8] {
        var params = ["\"account\":\"mm-az\"", "\"place\":[" + (0..<1 + dice.roll(3)).map { _ in item(&dice) }.joined(separator: ",") + "]"]
        if dice.chance(12) { params.append("\"intent_id\":" + dice.one(["\"a.b:c-1\"", "\"\"", "\"a b\"", "7"])) }
        if dice.chance(12) { params.append("\"tag\":" + dice.one(["\"grid.btc:1-a\"", "\"mm\"", "\"\"", "\"a b\"", "null", "3"])) }
        if dice.chance(12) {
            params.append(
                "\"cancel\":" + dice.one(["[\"c1\",{\"side\":\"sell\"}]", "[{\"tag\":\"mm\",\"side\":\"buy\"}]", "[]", "[{}]", "[\"\"]", "{}"]))
        }
        if dice.chance(12) {
            params.append("\"modify\":" + dice.one(["[{\"client_order_id\":\"c1\",\"price\":\"1\"}]", "[{\"client_order_id\":\"c1\"}]", "[3]"]))
        }
        if dice.chance(8) { params.append("\"sequence\":" + dice.one(["\"place_first\"", "\"cancel_first\"", "\"x\""])) }
        if dice.chance(8) { params.append("\"expires_at\":" + dice.one(["1795183260000000", "1.5", "-3", "1e3", "99999999999999999999"])) }
        if dice.chance(8) { params.append("\"dry_run\":" + dice.one(["true", "false", "1"])) }
        let members = [
            "\"jsonrpc\":\"2.0\"", "\"id\":" + (dice.chance(90) ? dice.one(["1", "\"x\""]) : dice.one(["null", "-0", "1.5", "01"])),
            "\"method\":\"intent.submit\"",
            "\"params\":{" + params.joined(separator: ",") + "}",
        ]
        var text = Array(("{" + members.joined(separator: ",") + "}" + dice.one(["", " ", "\r", "", "", dice.chance(10) ? "x" : ""])).utf8)
        if dice.chance(5) { text[dice.roll(text.count)] = UInt8(dice.roll(256)) }
        if dice.chance(5) { text.removeLast(dice.roll(text.count)) }
        return text.map { $0 == 0x0A ? 0x20 : $0 }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `what the scanner accepts, the careful decoder reads as the same`(seed: UInt64) throws {
        var dice = XorShift(seed: seed)
        var accepted = 0
        for round in 0..<2_000 {
            let line = Self.line(&dice)
            let (fast, careful) = line.withUnsafeBufferPointer { bytes in
                (IntentScanner.scan(bytes), RequestDecoder.decodeCarefully(bytes, role: .trader))
            }
            guard let fast else { continue }
            accepted += 1
            guard case .command(.submit(let intent, let content), let id) = careful else {
                Issue.record("seed \(seed), round \(round): only the scanner takes \(String(decoding: line, as: UTF8.self).escapedForLog)")
                continue
            }
            #expect(try JSONParser.parse(fast.id) == JSONParser.parse(id))
            #expect("\(fast.intent)" == "\(intent)", "seed \(seed), round \(round)")
            #expect(IntentDecoder.submission(of: fast.intent).asked == content)
        }
        // Otherwise the comparison above says nothing.
        #expect(accepted > 300)
    }

    @Test func `the plain shape that programs send takes the fast way`() {
        let item = "{\"symbol\":\"btc_usdt\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"39000\",\"quantity\":\"10\"}"
        let line = Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"intent.submit\",\"params\":{\"account\":\"a\",\"place\":[\(item)]}}".utf8)
        #expect(line.withUnsafeBufferPointer { IntentScanner.scan($0)?.intent.place.count } == 1)
    }

    @Test func `broken lines never trap: no way of reading them takes what the other refuses, and nobody gets past his role`() {
        var dice = XorShift(seed: 99)
        var (commands, refusals) = (0, 0)
        for round in 0..<2_000 {
            var line = Self.line(&dice)
            for _ in 0..<(dice.chance(50) ? dice.roll(6) : 0) { line[dice.roll(line.count)] = UInt8(dice.roll(256)) }
            if dice.chance(50) { line.removeLast(dice.roll(line.count)) }
            line.withUnsafeBufferPointer { bytes in
                let (told, careful) = (RequestDecoder.decode(bytes, role: .trader), RequestDecoder.decodeCarefully(bytes, role: .trader))
                switch (told, careful) {
                case (.command(let told, _), .command(let careful, _)):
                    commands += 1
                    #expect("\(told)" == "\(careful)", "round \(round)")
                case (.refused(let told, let id), .refused(let careful, let sameID)):
                    refusals += 1
                    #expect("\(told)" == "\(careful)" && id == sameID, "round \(round)")
                    #expect(ErrorCode(rawValue: told.code) != nil && !told.message.isEmpty, "round \(round)")
                case (.notification, .notification), (.blank, .blank): break
                default: Issue.record("round \(round): \(told) is \(careful) to the careful decoder")
                }
                for role in [nil, Role.viewer] {
                    guard case .command = RequestDecoder.decode(bytes, role: role) else { continue }
                    Issue.record("round \(round): taken from \(role?.name ?? "no role")")
                }
            }
        }
        // Otherwise the comparison above says nothing.
        #expect(commands > 50 && refusals > 1_000, "\(commands), \(refusals)")
    }

    /// Prints the cost of an order; only the release build's figure means anything (docs/CONTROL_API.md).
    @Test func `decoding 100 orders costs what it prints, and the fast way is the faster one`() throws {
        let item =
            "{\"symbol\":\"btc_usdt\",\"side\":\"buy\",\"type\":\"limit\",\"time_in_force\":\"gtc\",\"post_only\":true,\"price\":\"39000.5\",\"quantity\":\"10.25\"}"
        let items = Array(repeating: item, count: 100).joined(separator: ",")
        let text =
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"intent.submit\",\"params\":{\"account\":\"mm-az\",\"intent_id\":\"i-1\",\"place\":[\(items)]}}"
        let line = Array(text.utf8)
        func cost(_ rounds: Int, _ body: (UnsafeBufferPointer<UInt8>) -> DecodedLine) -> Int64 {
            let start = omsd_clock_us(CLOCK_THREAD_CPUTIME_ID)
            for _ in 0..<rounds { _ = line.withUnsafeBufferPointer { body($0) } }
            return (omsd_clock_us(CLOCK_THREAD_CPUTIME_ID) - start) * 10 / Int64(rounds)
        }
        let fast = cost(50) { RequestDecoder.decode($0, role: .trader) }
        let careful = cost(50) { RequestDecoder.decodeCarefully($0, role: .trader) }
        print("intent.submit, 100 orders: \(fast) ns an order; the careful way \(careful) ns")
        #expect(fast < careful)
    }
}

extension ControlCommand {
    fileprivate var asked: AskedContent? { if case .submit(_, let asked) = self { asked } else { nil } }
}
