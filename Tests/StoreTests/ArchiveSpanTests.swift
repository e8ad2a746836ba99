import CLinux
import Containers
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Ninety days of orders, a hundred an intent, filed each day: `OMSD_ARCHIVE_ORDERS` says how many (10,000,000 in `make soak`; in release).
@Suite(.serialized) struct `Ninety days of orders` {
    private static let orders = getenv("OMSD_ARCHIVE_ORDERS").flatMap { Int(String(cString: $0)) } ?? 9_000
    private static let days = 90
    private static let dayUs: Int64 = 86_400_000_000

    private func clock() -> Int64 { omsd_clock_us(CLOCK_MONOTONIC) }

    /// A hundred orders, placed, acknowledged, some of them executed, and closed.
    private func trade(_ sample: Sample, _ id: IntentID) throws {
        var orders = try sample.place(id, count: 100)
        var records: [JournalRecord] = []
        for index in orders.indices {
            let from = orders[index].state
            let event = sample.event(.closed) { $0.evidence = .response }
            (orders[index].state, orders[index].evidence, orders[index].closedAt) = (.canceled, .response, event.at)
            records.append(.orderChanged(orders[index], from: from, fields: [], event))
        }
        records.append(.intentSettled(orders[0].intent, at: sample.now, sample.event(.intentSettled)))
        try sample.open.commit(records)
    }

    /// How long accepting a hundred orders takes, microseconds.
    private func accept(_ sample: Sample, _ id: String) throws -> Int64 {
        let (row, accepted) = sample.intent(IntentID(id), orders: 100)
        let records = [accepted] + (0..<100).map { .orderBorn(sample.order(row, item: $0), actor: .daemon) } + [.intentComplete(row.key)]
        let begun = clock()
        try sample.open.commit(records)
        return clock() - begun
    }

    @Test func `leave a journal that is small, as quick as an empty one, and holds or files each order exactly once, through a hundred kills`() throws
    {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix64(seed: seed)
        let sample = try Sample()
        let intents = max(Self.days, Self.orders / 100)
        var (kills, steps, filed, made) = (0, 0, 0, 0)
        var keeper = try sample.keeper(afterDays: 0, partOrders: 100_000)
        for day in 0..<Self.days {
            sample.now += Self.dayUs
            while made < intents * (day + 1) / Self.days {
                made += 1
                try trade(sample, IntentID("intent-\(made)"))
            }
            sample.now += 120_000_000
            try sample.open.commit([.note(account: nil, nil, sample.event(.note) { $0.note = "a day" })])
            try sample.seal()
            // Killed in the middle of moving, once a day and more.
            var killIn = Int.random(in: 1...8, using: &random)
            while true {
                let step = try keeper.step(at: sample.now)
                steps += 1
                if case .moving(_, let moved) = step { filed += moved.orders }
                if step == .nothing { break }
                if step == .waiting { try sample.seal() }
                killIn -= 1
                guard killIn == 0 else { continue }
                kills += 1
                let (now, requests) = (sample.now, sample.requests)
                try sample.reopen()
                (sample.now, sample.requests) = (now, requests)
                keeper = try sample.keeper(afterDays: 0, partOrders: 100_000)
                killIn = Int.random(in: 8...200, using: &random)
            }
        }
        #expect(kills >= 90, "seed \(seed)")
        #expect(filed == made * 100, "seed \(seed): each order leaves once")
        let verified = clock()
        let report = try sample.verify()
        #expect(report.problems == [], "seed \(seed)")
        #expect(report.orders == made * 100, "seed \(seed)")
        let verifyUs = clock() - verified
        let bytes = try sample.open.connection.integer("SELECT (SELECT * FROM pragma_page_count) * 4096").get()
        let began = clock()
        try sample.reopen()
        _ = try sample.open.load()
        let startUs = clock() - began
        // By turns, so that both meet the same machine.
        let empty = try Sample()
        var (here, there): ([Int64], [Int64]) = ([], [])
        for round in 0..<40 {
            here.append(try accept(sample, "accept-\(round)"))
            there.append(try accept(empty, "accept-\(round)"))
        }
        let (old, new) = (here.sorted()[20], there.sorted()[20])
        let files = names(in: sample.archiveFolder) ?? []
        print(
            "\(made * 100) orders in \(files.count) files by \(steps) steps with \(kills) kills: journal \(bytes / 1_000) kB (\(bytes / Int64(made * 100)) bytes an order),",
            "start \(startUs) us, accept of 100 \(old) us, in an empty journal \(new) us, verify \(verifyUs / 1_000) ms")
        // 100 bytes an order are a gigabyte for ten million.
        #expect(bytes < 8_000_000 + Int64(made * 100) * 100)
        #expect(old < 3 * new + 2_000)
        #expect(startUs < 5_000_000)
    }
}
