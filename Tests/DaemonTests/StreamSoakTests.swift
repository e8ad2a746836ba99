import CLinux
import Containers
import Kernel
import OMSCore
import TestSupport
import Testing
import Wire

/// Private streams under load for as long as one likes: orders that rest and are filled all the time, connections cut, the daemon killed. Beside it the same
/// load without streams, for what streams save.
@Suite(.serialized) struct StreamSoakTests {
    /// How long in `make soak`; 0: a short form of a quarter of a minute, among the tests.
    private static let minutes = setting("OMSD_SOAK_STREAM_MINUTES", 0)
    private static var isShort: Bool { minutes == 0 }
    private static var seconds: Int { isShort ? 15 : minutes * 60 }
    private static var resting: Int { isShort ? 120 : 1_000 }
    private static var fillsASecond: Int { isShort ? 20 : 50 }
    private static var secondsBetweenCuts: Int { isShort ? 4 : 20 }
    private static var kills: Int { isShort ? 1 : 5 }

    @Test func `journal and ledger agree, each execution once, while orders are filled by the second, streams are cut and daemons killed`() throws {
        let seed = UInt64(setting("OMSD_SOAK_SEED", Int(omsd_clock_us(CLOCK_REALTIME) % 1_000_000)))
        say(
            "soak: streams: \(Self.seconds) s, \(Self.resting) orders rest, \(Self.fillsASecond) fills/s, a cut every \(Self.secondsBetweenCuts) s, "
                + "\(Self.kills) kills, seed \(seed)")
        var random = SplitMix64(seed: seed)
        let (live, off) = (
            try StreamedLoad("with", hasStreams: true, resting: Self.resting, seed: seed),
            try StreamedLoad("without", hasStreams: false, resting: Self.resting, seed: seed)
        )
        let loads = [live, off]
        for load in loads { try load.begin() }

        let start = bootTime()
        let end = start + Int64(Self.seconds) * 1_000_000
        // Somewhere in its part of the run, each.
        let killAt = (0..<Self.kills).map { number in
            start + (end - start) * (Int64(number) * 100 + Int64.random(in: 20...90, using: &random)) / Int64(Self.kills * 100)
        }
        var (killed, cuts, told) = (0, 0, 0)
        // On a machine that is slow all of the kills come all the same.
        while bootTime() < end || killed < killAt.count {
            let passed = Int(bootTime() - start)
            for load in loads { try load.goOn(fills: passed * Self.fillsASecond / 1_000_000) }
            if passed / 1_000_000 >= (cuts + 1) * Self.secondsBetweenCuts {
                cuts += 1
                try live.house.pages.post("/_sim/stream", #"{"do":"close"}"#)
            }
            if killed < killAt.count, bootTime() >= killAt[killed] {
                killed += 1
                for load in loads { try load.kill() }
                say("soak: streams: kill \(killed) of \(Self.kills) after \(passed / 1_000_000) s")
            }
            if passed / 60_000_000 > told {
                told += 1
                say("soak: streams: minute \(told) of \(Self.minutes): \(try live.line()); \(try off.line())")
            }
            _ = CLinux.poll(nil, 0, 20)
        }

        let hours = Double(bootTime() - start) / 3_600_000_000
        var asked: [[String: Int]] = []
        for load in loads {
            // Counted before the rest is waited for: that is no part of the load.
            asked.append(try load.lookUps())
            try load.settle()
            let audit = try load.house.audit()
            #expect(audit.code == 0, "\(load.name) streams, seed \(seed)\n\(audit.output)")
            let (code, report) = try load.house.verify()
            #expect(code == 0, "\(load.name) streams, seed \(seed)\n\(report)")
            say("soak: streams: \(try load.line()); \(audit.output.split(separator: "\n").last ?? "")")
        }
        #expect(cuts > 0 && killed == Self.kills)
        #expect(try live.house.journal.number("SELECT count(*) FROM v_timeline WHERE kind = 'stream_down'") >= cuts, "nothing was cut")
        for account in live.house.accounts {
            let (with, without) = (asked[0][account.venue] ?? 0, asked[1][account.venue] ?? 0)
            say(
                "soak: streams: \(account.venue): \(Int(Double(with) / hours)) look-ups an hour, without a stream \(Int(Double(without) / hours)): "
                    + "\((Double(with) / Double(max(1, without)) * 1_000).rounded() / 1_000) of them")
        }
        if !Self.isShort { #expect(asked[0].values.reduce(0, +) < asked[1].values.reduce(0, +), "streams save no look-ups: \(asked)") }
    }
}

/// A house under one load: so many orders rest all the time, and are filled in two halves or at once.
private final class StreamedLoad {
    let name: String
    let house: House
    private let resting: Int
    private var client: ControlClient?
    private var random: SplitMix64
    /// Client ids of what rests at a venue, oldest first, and whether a half of it is filled.
    private var open: [String: Deque<(id: String, isHalf: Bool)>] = [:]
    private var fills: [String: Int] = [:]
    private var intents = 0
    private var placed = 0

    init(_ name: String, hasStreams: Bool, resting: Int, seed: UInt64) throws {
        (self.name, self.resting) = (name, resting)
        random = SplitMix64(seed: seed)
        house = try House(options: ["--seed", "\(seed)"], hasStreams: hasStreams)
        // As a user has it who sets nothing.
        house.paceMs = 10_000
        try house.writeConfiguration()
    }

    func begin() throws {
        client = try house.start()
        for account in house.accounts { (open[account.venue], fills[account.venue]) = (Deque(), 0) }
        for account in house.accounts { try refill(account) }
    }

    /// Fills as many as are due by now, venue by venue, and has orders in the place of those that are filled.
    func goOn(fills due: Int) throws {
        var sum = fills.values.reduce(0, +)
        // One that is not there yet is tried later, and a venue that has none is passed over.
        var idle = 0
        var turn = sum % house.accounts.count
        while sum < due, idle < house.accounts.count {
            let account = house.accounts[turn]
            if try fill(account) { (sum, idle) = (sum + 1, 0) } else { idle += 1 }
            turn = (turn + 1) % house.accounts.count
        }
        for account in house.accounts { try refill(account) }
    }

    private func fill(_ account: TestAccount) throws -> Bool {
        guard let next = open[account.venue]?.popFirst() else { return false }
        let isFirstHalf = !next.isHalf && random.next() % 2 == 0
        let quantity = isFirstHalf ? #","quantity":"\#(account.quantity)""# : ""
        guard (try? house.pages.post("/_sim/fill", #"{"venue":"\#(account.venue)","client_order_id":"\#(next.id)"\#(quantity)}"#)) != nil else {
            open[account.venue]?.append(next)
            return false
        }
        fills[account.venue, default: 0] += 1
        if isFirstHalf { open[account.venue]?.append((next.id, true)) }
        return true
    }

    private func refill(_ account: TestAccount) throws {
        let missing = resting / house.accounts.count - (open[account.venue]?.count ?? 0)
        guard missing >= min(10, resting / house.accounts.count) else { return }
        intents += 1
        let intent = try Self.intent("load-\(intents)", account, orders: missing)
        take(try client?.submit(intent) ?? [], account)
    }

    private func take(_ ids: [String], _ account: TestAccount) {
        placed += ids.count
        for id in ids { open[account.venue]?.append((id, false)) }
    }

    /// Of two halves each, so that it can be filled in part.
    private static func intent(_ id: String, _ account: TestAccount, orders: Int) throws -> String {
        guard let half = Decimal(account.quantity), let whole = half.adding(half) else { throw Unexpected("no quantity: \(account.quantity)") }
        let items = Array(repeating: account.item(quantity: whole.description), count: orders).joined(separator: ",")
        return #"{"account":"\#(account.name)","intent_id":"\#(id)","place":[\#(items)]}"#
    }

    /// By `kill -9` while orders are on their way; the next daemon starts at once, and is asked for the same again.
    func kill() throws {
        var asked: [(account: TestAccount, intent: String)] = []
        for account in house.accounts {
            intents += 1
            let intent = try Self.intent("load-\(intents)", account, orders: 5)
            let request = #"{"jsonrpc":"2.0","id":\#(1_000_000 + intents),"method":"intent.submit","params":\#(intent)}"# + "\n"
            client?.send(raw: Array(request.utf8))
            asked.append((account, intent))
        }
        _ = CLinux.poll(nil, 0, Int32.random(in: 0...200, using: &random))
        try house.killDaemon()
        let (code, report) = try house.verify()
        #expect(code == 0, "\(name) streams: after a kill\n\(report)")
        let client = try house.start(untilReady: false)
        self.client = client
        for (account, intent) in asked { take(try client.submit(intent), account) }
    }

    /// Waits until all that was filled is on record.
    func settle() throws {
        let expected = house.accounts.filter(\.profile.listsFills).reduce(0) { $0 + (fills[$1.venue] ?? 0) }
        func booked() throws -> Int { try house.journal.number("SELECT count(*) FROM v_fills") }
        try pollUntil("\(expected) executions on record, \((try? booked()) ?? 0) are; \(house.daemon?.tail ?? "")", seconds: 300) {
            try booked() == expected
                && house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('intended', 'submitted', 'in_doubt')") == 0
        }
        let filled = try house.journal.number("SELECT count(*) FROM v_orders WHERE state = 'filled'")
        let whole = placed - open.values.reduce(0) { $0 + $1.count }
        #expect(filled == whole, "\(name) streams: \(filled) orders are filled on record, \(whole) at the venues")
    }

    func lookUps() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for limit in try house.pages.get("/_sim/summary")["limits"]?.array ?? [] {
            guard let venue = limit["venue"]?.string, let budget = limit["budget"]?.string, budget.hasPrefix("lookup:") else { continue }
            counts[venue, default: 0] += Int(limit["requests"]?.integer ?? 0)
        }
        return counts
    }

    func line() throws -> String {
        let rows = try client?.call("account.list")["accounts"]?.array ?? []
        let (gaps, late) = rows.reduce((0, 0)) { sum, row in
            (sum.0 + (row.member("stream", "gaps")?.integer ?? 0), sum.1 + (row.member("stream", "late")?.integer ?? 0))
        }
        let told = house.hasStreams ? ", \(gaps) gaps and \(late) late since the last start" : ""
        let fillCount = fills.values.reduce(0, +)
        return "\(name) streams \(placed) orders, \(fillCount) fills\(told), \(try lookUps().values.reduce(0, +)) look-ups"
    }
}
