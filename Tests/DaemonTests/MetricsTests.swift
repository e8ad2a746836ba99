import CLinux
import OMSCore
import Runtime
import TestSupport
import Testing
import Wire

@testable import OMSDaemon

/// One page of `/metrics`, taken apart.
struct MetricsProbe {
    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }
    let samples: [Sample]

    init(_ page: String) throws {
        samples = try page.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else { throw Unexpected(String(line)) }
            let series = line[..<space]
            let name = series.prefix { $0 != "{" }
            var labels: [String: String] = [:]
            for pair in series.dropFirst(name.count).trimmed("{}").split(separator: ",") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                labels[String(parts[0])] = String(parts[1].trimmed("\""))
            }
            return Sample(name: String(name), labels: labels, value: value)
        }
    }

    func sum(_ name: String, _ labels: [String: String] = [:]) -> Int {
        Int(samples.filter { sample in sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value } }.reduce(0) { $0 + $1.value })
    }
}

extension Substring {
    fileprivate func trimmed(_ characters: String) -> Substring {
        var text = self
        while let first = text.first, characters.contains(first) { text = text.dropFirst() }
        while let last = text.last, characters.contains(last) { text = text.dropLast() }
        return text
    }
}

@Suite struct MetricsTests {
    /// A house whose daemon serves metrics.
    private static func house(_ venues: [String]?, settings: String = "") throws -> (House, SimulatorPages) {
        let house = try House(venues, everywhere: settings)
        let port = UInt16.random(in: 20_000..<30_000)
        try house.writeConfiguration(extra: "metrics: { listen: '127.0.0.1:\(port)' },")
        return (house, SimulatorPages(port: port))
    }

    private static func probe(_ pages: SimulatorPages) throws -> MetricsProbe { try MetricsProbe(try pages.page("/metrics").body) }

    @Test func `what is counted is what the journal holds, with lost replies, cancels and refusals`() throws {
        let (house, pages) = try Self.house(nil)
        try house.pages.setFaults(
            """
            [{venue: 'xt-spot', kind: 'place', count: 1, fault: {type: 'rate_limit_429'}},
             {kind: 'place', probability: 0.2, fault: {type: 'lose_reply_after_execution'}},
             {kind: 'mixed', probability: 0.2, fault: {type: 'lose_reply_before_execution'}}]
            """)
        let client = try house.start()
        for account in house.accounts { try client.submit(account.intent("of-\(account.name)", orders: 60)) }
        for account in house.accounts { try client.wait("of-\(account.name)", seconds: 120) }
        try house.pages.setFaults("[]")
        let some = try house.journal.texts("SELECT client_order_id FROM v_orders WHERE account = 'mm-az' LIMIT 20")
        try client.submit(#"{"account":"mm-az","intent_id":"cancels","cancel":[\#(some.map { "\"\($0)\"" }.joined(separator: ","))]}"#)
        try client.wait("cancels", seconds: 60)
        // What has no row is counted too: only what has one can be compared.
        let written = try house.journal.rows(
            "SELECT account, kind, outcome, count(*) FROM v_requests WHERE kind <> 'lookup' AND outcome IS NOT NULL GROUP BY 1, 2, 3")

        var problems: [String] = []
        try pollUntil("figures as the journal has them: \(problems)") {
            problems = []
            let probe = try Self.probe(pages)
            func check(_ what: String, _ counted: Int, _ held: Int) { if counted != held { problems.append("\(what): \(counted), journal \(held)") } }
            for account in house.accounts {
                let name = ["account": account.name]
                for state in OrderState.allCases {
                    let labels = name.merging(["state": state.rawValue]) { $1 }
                    let here = "account = '\(account.name)' AND"
                    if !state.isTerminal {
                        check(
                            "\(labels)", probe.sum("omsd_orders", labels),
                            try house.journal.number("SELECT count(*) FROM v_orders WHERE \(here) state = '\(state.rawValue)'"))
                    }
                    let moves = try house.journal.number(
                        "SELECT count(*) FROM v_timeline WHERE \(here) kind IN ('order_born', 'order') AND to_state = '\(state.rawValue)' AND from_state IS NOT to_state"
                    )
                    check("entered \(labels)", probe.sum("omsd_orders_total", labels), moves)
                }
                check(
                    "fills", probe.sum("omsd_fills_total", name),
                    try house.journal.number("SELECT count(*) FROM v_fills WHERE account = '\(account.name)'"))
                check("doubt", probe.sum("omsd_parked_orders", name), 0)
            }
            for row in written {
                let labels = ["account": row[0] ?? "", "endpoint": row[1] ?? "", "outcome": row[2] ?? ""]
                check("\(labels)", probe.sum("omsd_requests_total", labels), row[3].flatMap { Int($0) } ?? -1)
            }
            check(
                "cancels", probe.sum("omsd_commands_total", ["kind": "cancel", "outcome": "done"]),
                try house.journal.number("SELECT count(*) FROM v_commands WHERE state = 'done'"))
            check("refusals", probe.sum("omsd_rate_refusals_total", ["account": "spot-xt"]), 1)
            check("accepted", probe.sum("omsd_accept_seconds_count"), house.accounts.count + 1)
            check("acknowledged", probe.sum("omsd_acknowledge_seconds_count"), house.accounts.count * 60)
            return problems.isEmpty
        }
        #expect(problems.isEmpty, "\(problems)")
    }

    @Test func `orders by state are told by a daemon that serves no metrics, after a kill too, as the journal has them`() throws {
        let house = try House(["az-futures", "xt-spot"])
        let az = try house.account("az-futures")
        try house.pages.setFaults("[{kind: 'place', probability: 0.3, fault: {type: 'lose_reply_after_execution'}}]")
        var client = try house.start()
        func agree(_ when: String) throws {
            var (told, held): ([String: [String: Int]], [String: [String: Int]]) = ([:], [:])
            try pollUntil("\(when): told \(told), held \(held)") {
                told = [:]
                held = [:]
                for row in try client.call("account.list")["accounts"]?.array ?? [] {
                    let counts = (row["counts"]?.object ?? []).map { ($0.key, Int($0.value.integer ?? -1)) }
                    told[row["account"]?.string ?? ""] = Dictionary(uniqueKeysWithValues: counts)
                }
                for account in house.accounts {
                    let states = OrderCounts.states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
                    held[account.name] = try house.journal.states(where: "account = '\(account.name)' AND state IN (\(states))")
                }
                return told == held
            }
            #expect(told == held && told.values.allSatisfy { !$0.isEmpty }, "\(when)")
        }
        for account in house.accounts { try client.submit(account.intent("of-\(account.name)", orders: 80)) }
        try agree("under way")
        for account in house.accounts { try client.wait("of-\(account.name)", seconds: 120) }
        try client.submit(#"{"account":"mm-az","intent_id":"more","place":[\#(az.item())]}"#)
        try agree("settled")
        try house.killDaemon()
        client = try house.start()
        try agree("after a kill")
        let some = try house.journal.texts("SELECT client_order_id FROM v_orders WHERE account = 'mm-az' LIMIT 20")
        try client.submit(#"{"account":"mm-az","intent_id":"cancels","cancel":[\#(some.map { "\"\($0)\"" }.joined(separator: ","))]}"#)
        try client.wait("cancels", seconds: 60)
        try agree("canceled")
    }

    @Test func `readiness names the accounts that are not ready, each with its reason, and life goes on`() throws {
        let (house, pages) = try Self.house(["az-futures", "xt-spot"])
        house.origins = ["mm-az": "http://127.0.0.1:9"]
        try house.writeConfiguration(extra: "metrics: { listen: '127.0.0.1:\(pages.port)' },")
        let client = try house.start(untilReady: false)
        try house.waitReady(client, accounts: ["spot-xt"])

        try pollUntil("readiness") {
            let page = try pages.page("/readyz")
            return page.status == 503 && page.body.hasPrefix("account mm-az: ") && page.body.split(separator: "\n").count == 1
        }
        #expect(try pages.page("/livez") == (200, "ok\n"))
        #expect(try pages.page("/healthz") == (503, "not ready\n"))
        let probe = try Self.probe(pages)
        #expect(probe.sum("omsd_account_ready", ["account": "mm-az"]) == 0 && probe.sum("omsd_account_ready", ["account": "spot-xt"]) == 1)
        #expect(!probe.samples.contains { $0.name == "omsd_clock_offset_seconds" && $0.labels["account"] == "mm-az" })
    }

    @Test func `a core that has not turned for five seconds is not alive, and not ready either`() {
        let facts = DaemonFacts(version: "test", sqliteVersion: "", startedAt: 0)
        let board = MetricsServer.Board(facts: facts, journalPath: "/nonexistent", now: 1_000_000)
        #expect(board.life(at: 5_999_999).isAlive)
        #expect(!board.life(at: 6_000_000).isAlive)
        #expect(board.unready(at: 8_000_000) == ["the core has not turned for 7 s"])
        board.turned(at: 8_000_000, isStopping: false)
        #expect(board.life(at: 8_000_001).isAlive)
    }

    @Test func `a thousand scrapers that read nothing, and one that asks every ten milliseconds, delay no order`() throws {
        let (house, pages) = try Self.house(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        let daemon = try #require(house.daemon)
        let quietKB = try Self.residentKB(of: daemon.pid)
        var slow: [Int32] = []
        defer { for descriptor in slow { close(descriptor) } }
        for _ in 0..<1_000 { slow.append(try Self.connect(to: pages.port, asking: "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", room: 4_096)) }

        try client.submit(account.intent("during", orders: 500))
        try client.wait("during")
        #expect(
            try house.journal.states() == ["working": 500]
                || house.journal.states(where: "state IN ('acknowledged', 'working')").values.reduce(0, +) == 500)
        let descriptors = try Self.descriptors(of: daemon.pid)
        #expect(descriptors < MetricsServer.connectionsMax + 200, "\(descriptors) descriptors")
        // Those who do not let go are ended; whoever waited is answered then.
        #expect(try pages.page("/livez").status == 200)
        for descriptor in slow { close(descriptor) }
        slow = []
        let deadline = omsd_clock_us(CLOCK_MONOTONIC) + 2_000_000
        var scrapes = 0
        while omsd_clock_us(CLOCK_MONOTONIC) < deadline {
            #expect(try pages.page("/metrics").status == 200)
            scrapes += 1
        }
        try client.submit(account.intent("after", orders: 100))
        try client.wait("after")
        let grownKB = try Self.residentKB(of: daemon.pid) - quietKB
        #expect(grownKB < 100_000, "\(grownKB) KB")
        print("\(scrapes) scrapes in two seconds, \(grownKB) KB more")
    }

    @Test func `hundreds of connections that bring no request, or half of one, make room before a scraper loses its patience`() throws {
        let (house, pages) = try Self.house(["az-futures"])
        _ = try house.start()
        var silent: [Int32] = []
        defer { for descriptor in silent { close(descriptor) } }
        for number in 0..<MetricsServer.connectionsMax + 50 {
            silent.append(try Self.connect(to: pages.port, asking: number % 2 == 0 ? "" : "GET /metr", room: 4_096))
        }
        let begin = omsd_clock_us(CLOCK_MONOTONIC)
        #expect(try pages.page("/livez").status == 200)
        let waitedUs = omsd_clock_us(CLOCK_MONOTONIC) - begin
        #expect(waitedUs < 9_000_000, "\(waitedUs / 1_000) ms, and Prometheus waits ten seconds")
    }

    private static func connect(to port: UInt16, asking request: String, room: Int32) throws -> Int32 {
        let descriptor = omsd_tcp_socket(AF_INET)
        var room = room
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        _ = omsd_tcp_connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr_in>.size))
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, 10_000) == 1 else { throw Unexpected("the metrics port takes no connection") }
        _ = Array(request.utf8).withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return descriptor
    }

    private static func residentKB(of pid: pid_t) throws -> Int {
        let status = readText("/proc/\(pid)/status") ?? ""
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }), let kb = Int(line.filter(\.isNumber)) else {
            throw Unexpected("no VmRSS of \(pid)")
        }
        return kb
    }

    private static func descriptors(of pid: pid_t) throws -> Int {
        guard let folder = opendir("/proc/\(pid)/fd") else { throw Unexpected("no descriptors of \(pid)") }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
