import Testing
import Venues
import Wire

@testable import Simulator

@Suite struct `Omsim's command line and files` {
    private func serve(_ words: String...) throws -> ServeCommand {
        guard case .serve(let command) = try SimulatorCommand.read(["serve"] + words) else { throw SimulatorInputError("no serve command") }
        return command
    }

    @Test func `every option of serve reaches the world`() throws {
        let command = try serve(
            "--listen", "[::1]:0", "--seed", "9", "--fill", "0.25", "--cross", "--freshness-ms", "3000", "--limit", "bitget-uta/batch-place=7",
            "--switch",
            "bitget-uta/modify_ms=10", "--tls-cert", "c", "--tls-key", "k", "--latency-ms", "1-400")
        #expect(command.host == "::1" && command.port == 0 && command.certificateFile == "c")
        let options = try command.worldOptions(accounts: nil, faults: Array("{limits: {'bitget-uta/place': null}}".utf8))
        #expect(options.seed == 9 && options.matching == Matching(fillRatio: 0.25, crosses: true) && options.freshnessMs == 3000)
        #expect(options.latency == Latency(lowMs: 1, highMs: 400))
        #expect(try serve("--latency-ms", "50").latency == Latency(lowMs: 50, highMs: 50))
        let world = try VenueWorld(options)
        #expect(world.venue(named: "bitget-uta")?.exchange.matching.crosses == true)
    }

    @Test(arguments: [
        [], ["discover"], ["serve", "--listen"], ["serve", "--listen", "nowhere"], ["serve", "--fill", "2"], ["serve", "--seed", "-1"],
        ["serve", "--tls-cert", "c"], ["serve", "--what"], ["serve", "--limit", "x"], ["accounts", "--what"],
        ["serve", "--latency-ms", "2-1"], ["serve", "--latency-ms", "1-2-3"], ["serve", "--latency-ms", "-5"], ["serve", "--latency-ms", "70000"],
    ])
    func `words that mean nothing are refused`(_ words: [String]) {
        #expect(throws: SimulatorInputError.self) { try SimulatorCommand.read(words) }
    }

    @Test(arguments: ["bitget-uta/nothing=1", "nowhere/batch_max=1", "bitget-uta/batch_max=0"])
    func `a switch that no venue has is refused`(_ setting: String) throws {
        let options = try serve("--switch", setting).worldOptions(accounts: nil, faults: nil)
        #expect(throws: SimulatorInputError.self) { try VenueWorld(options) }
    }

    @Test func `lifting all limits leaves every budget counted and none enforced`() throws {
        let options = try serve("--no-limits").worldOptions(accounts: nil, faults: nil)
        let client = try BitgetClient("bitget-uta", "spot", options)
        for index in 0..<30 { #expect(try client.place("n\(index)").code == "00000") }
        #expect(client.world.limitCounts.first { $0.rule.name == "batch-place" }?.busiestWindow == 30)
    }

    @Test func `every verb has help, and the help of serve has every fault`() throws {
        for words in [["--help"], ["serve", "--help"], ["accounts", "-h"]] {
            guard case .help(let text) = try SimulatorCommand.read(words) else { throw SimulatorInputError("no help") }
            #expect(text.hasSuffix("\n"))
        }
        for name in [
            "lose_reply_before_execution", "execute_late", "late_visibility", "reordered_items", "status_5xx", "clock", "duplicate_execution",
            "venue_error", "early_push", "fill_first", "push_swapped", "push_broken", "ack_missing", "upgrade_wrong_accept", "stream_notice",
            "token_dies",
        ] {
            #expect(ServeCommand.help.contains(name))
        }
        #expect(try SimulatorCommand.read(["--version"]) == .version)
    }

    @Test func `accounts are printed as they are read, one for each venue and product`() throws {
        let standard = [SimAccount].standard
        #expect(try [SimAccount](reading: standard.json) == standard)
        #expect(Set(standard.map { "\($0.venue) \($0.products)" }).count == standard.count && Set(standard.map(\.key)).count == standard.count)
        #expect(standard.map { "\($0.venue) \($0.products)" } == VenueCatalog.all.flatMap { line in line.products.map { "\(line.venue) \([$0])" } })
    }

    @Test(arguments: [
        ("{}", "accounts"), ("{accounts: [{}]}", "venue"),
        ("{accounts: [{venue: 'v', product: 'p', uid: 'u', key: 'k', secret: 's', x: 1}]}", "unknown field `x`"),
        (
            "{accounts: [{venue: 'v', product: 'p', uid: 'u', key: 'k', secret: 's'}, {venue: 'v', product: 'q', uid: 'w', key: 'k', secret: 's'}]}",
            "two accounts"
        ),
        ("{accounts: [{venue: 'v', product: 'p', uid: 'u', key: 'k', secret: 's', mode: 'x'}]}", "mode"),
    ])
    func `accounts that cannot be meant are refused with the field`(_ text: String, _ hint: String) {
        let error = #expect(throws: SimulatorInputError.self) { try [SimAccount](reading: Array(text.utf8)) }
        #expect(error?.description.contains(hint) == true)
    }

    @Test func `a key named twice serves both products`() throws {
        let text =
            "{accounts: [{venue: 'v', product: 'p', uid: 'u', key: 'k', secret: 's'}, {venue: 'v', product: 'q', uid: 'u', key: 'k', secret: 's'}]}"
        #expect(try [SimAccount](reading: Array(text.utf8)).map(\.products) == [["p", "q"]])
    }

    @Test func `a written configuration names one account for each venue, with credentials apart`() throws {
        let files = GeneratedConfiguration().files(for: .standard, in: "/x")
        let root = try JSONParser.parse(files[0].bytes, options: .init(isJSON5: true))
        #expect(root["accounts"]?.object?.map(\.key) == VenueCatalog.all.map(\.samples[0].account))
        #expect(root.at("journal", "path")?.string == "/x/journal.db" && root.at("accounts", "mm-az", "freshness_ms")?.integer == 3000)
        #expect(root.at("accounts", "mm-az", "credentials")?.string == "mm-az.json")
        let credentials = try #require(files.first { $0.name == "uta-bitget.json" })
        #expect(try JSONParser.parse(credentials.bytes).object?.map(\.key) == ["key", "secret", "passphrase"])
        #expect(!String(decoding: files[0].bytes, as: UTF8.self).contains("secret"))
    }
}
