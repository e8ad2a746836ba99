import CLinux
import CSQLite
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Closed orders in files of their own: each order has one home, whatever happens on the way.
@Suite struct `The archive` {
    /// Seven orders in November 2026 of which five are done with, two executions of each, and one order that lives.
    private func sample() throws -> Sample {
        let sample = try Sample()
        try sample.trade("one", count: 3)
        try sample.place("live")
        try sample.trade("two", count: 2)
        try sample.settle("expired")
        return sample
    }

    @Test func `a month begins and ends at midnight UTC, also in leap years and before 1970`() {
        for (micros, name) in [
            (0, "1970-01"), (-1, "1969-12"), (951_782_399_999_999, "2000-02"), (951_868_799_999_999, "2000-02"), (951_868_800_000_000, "2000-03"),
            (1_795_183_260_000_000, "2026-11"), (1_796_083_199_999_999, "2026-11"), (1_796_083_200_000_000, "2026-12"),
        ] as [(Int64, String)] {
            let month = ArchiveMonth(of: micros)
            #expect(month.description == name && month.range.contains(micros), "\(micros)")
            #expect(ArchiveMonth(of: month.range.upperBound) == month.next && ArchiveMonth(of: month.range.upperBound - 1) == month)
            #expect(ArchiveMonth(name) == month)
        }
        for text in ["", "2026", "2026-13", "2026-1", "2026-011", "26-1-1", "x-01"] { #expect(ArchiveMonth(text) == nil, "\(text)") }
    }

    @Test func `what is closed leaves the journal for a file with all of its rows, and every row is there once as it was`() throws {
        let sample = try sample()
        try sample.seal()
        let before = try whole(sample.path, sample.archiveFolder)
        let ids = try sample.open.connection.text("SELECT group_concat(client_order_id) FROM used_ids").get()
        try sample.archive()
        let after = try whole(sample.path, sample.archiveFolder)
        for table in ["orders", "commands", "fills", "predicted_ids"] { #expect(after[table] == before[table], "\(table)") }
        #expect(Set(after["events"] ?? []).isSuperset(of: before["events"] ?? []))
        let journal = try sample.open.connection
        #expect(try journal.integer("SELECT count(*) FROM orders") == 1)
        #expect(try journal.integer("SELECT count(*) FROM fills") == 0)
        #expect(try journal.integer("SELECT count(*) FROM intents") == 4)
        #expect(try journal.text("SELECT group_concat(client_order_id) FROM used_ids") == ids)
        #expect(names(in: sample.archiveFolder) == ["2026-11.db"])
        let report = try sample.verify()
        #expect(report.problems == [] && report.orders == 7 && report.seals.notChecked == 0)
        #expect(try sample.verify(withArchive: false).problems == [])
        sample.close()
        try sample.reopen()
        #expect(try sample.verify().problems == [])
    }

    @Test func `without its archive a journal is sound, and verify says what of it is not checked`() throws {
        let sample = try sample()
        try sample.seal()
        try sample.archive()
        let report = try sample.verify(withArchive: false)
        #expect(report.isSound && report.seals.notChecked > 0)
        #expect(report.notes.contains { $0.contains("not checked") && $0.contains("lie in 1 files") })
        #expect(report.archive.numbers > 0 && !report.archive.isChecked)
    }

    @Test func `numbers go on behind those that left, and an id that left stays used`() throws {
        let sample = try sample()
        let orders = try sample.trade("three")
        try sample.archive()
        let last = sample.seq
        try sample.reopen()
        #expect(sample.seq == last)
        let journal = try sample.open
        #expect(try journal.isUsed(orders[0].clientOrderID))
        #expect(try journal.intent("three")?.content == IntentContent(version: 2, digest: Digest256([UInt8](repeating: 7, count: 32))))
        try sample.place("four")
        #expect(try sample.verify().problems == [])
    }

    @Test func `whoever asks the journal for an order that left is answered from the file`() throws {
        let sample = try sample()
        let order = try sample.trade("three")[0]
        let journal = try sample.open
        let (known, fills) = (try journal.order(order.clientOrderID), try journal.fills(of: order.key))
        var moved: [Decimal] = []
        try journal.trades(of: Sample.az, since: 0) { moved.append($0.quantity) }
        try sample.archive()
        #expect(try journal.connection.integer("SELECT count(*) FROM orders WHERE order_key = \(order.key.number)") == 0)
        #expect(try described(journal.order(order.clientOrderID)) == described(known))
        #expect(try described(journal.order(account: Sample.az, venueOrderID: order.venueOrderID.get())) == described(known))
        #expect(try journal.orders(venueOrderID: order.venueOrderID.get()).map(described) == [described(known)])
        #expect(try journal.fills(of: order.key) == fills && fills.count == 1)
        var told: [Decimal] = []
        try journal.trades(of: Sample.az, since: 0) { told.append($0.quantity) }
        #expect(told == moved && moved.count == 6)
    }

    @Test func `what the venue says of an order that left brings it back, and later it is filed anew`() throws {
        let sample = try sample()
        var order = try sample.trade("late")[0]
        try sample.archive()
        try sample.fill(order, trade: "another")
        #expect(try sample.open.connection.integer("SELECT count(*) FROM fills WHERE order_key = \(order.key.number)") == 2)
        #expect(try sample.open.connection.archive(of: order.key.number) == nil)
        let event = sample.event(.reported) { $0.evidence = .query }
        order.filledQuantity = try Decimal("0.001").get()
        try sample.open.commit([.orderChanged(order, from: .canceled, fields: [.filledQuantity], event)])
        try sample.seal()
        #expect(try sample.verify().problems == [])
        // Half a year later.
        try sample.archive(at: 180 * 86_400_000_000)
        #expect(names(in: sample.archiveFolder) == ["2026-11.2.db", "2026-11.db"])
        #expect(try sample.open.order(order.clientOrderID)?.filledQuantity == Decimal("0.001"))
        #expect(try sample.verify().problems == [])
    }

    @Test func `all that may still be written about an order keeps it or brings it back: cancels, breaks, listings, notes`() throws {
        let sample = try sample()
        let orders = try sample.trade("late", count: 4)
        try sample.archive()
        let (found, venue) = (try sample.open.connection.integer("SELECT count(*) FROM orders").get(), sample.now)
        try sample.cancel(orders[0])
        try sample.breakFound(orders[1])
        try sample.open.commit([.unlisted(orders[2].key, true)])
        try sample.open.commit([.note(account: Sample.az, orders[3].key, sample.event(.note) { $0.note = "noted" })])
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == found + 4)
        try sample.seal()
        #expect(try sample.verify().problems == [])
        sample.now = venue
        // Three of them have something open now.
        try sample.archive(at: 180 * 86_400_000_000)
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == found + 3)
        #expect(try sample.verify().problems == [])
    }

    @Test func `an order that changed after it was copied stays where it is`() throws {
        let sample = try sample()
        let order = try sample.trade("late")[0]
        var isDone = false
        try sample.archive { step in
            guard case .whole = step, !isDone else { return }
            isDone = true
            try sample.fill(order, trade: "in between")
        }
        #expect(isDone)
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == 2)
        #expect(try sample.verify().problems == [])
    }

    @Test func `nothing young, open, disputed, unlisted or unsealed leaves`() throws {
        let sample = try Sample()
        let (disputed, unlisted) = (try sample.trade("disputed")[0], try sample.trade("unlisted")[0])
        try sample.breakFound(disputed)
        try sample.open.commit([.unlisted(unlisted.key, true)])
        try sample.cancel(try sample.trade("commanded")[0])
        try sample.place("live")
        #expect(try sample.archive().count { if case .copying = $0 { true } else { false } } == 0)
        #expect(names(in: sample.archiveFolder) ?? [] == [])
        // After 30 days the month is not over for 30 days; in January it is.
        let keeper = try sample.keeper(afterDays: 30)
        try sample.trade("plain")
        try sample.archive(keeper, at: 33 * 86_400_000_000)
        #expect(names(in: sample.archiveFolder) ?? [] == [])
        try sample.archive(keeper, at: 20 * 86_400_000_000)
        #expect(names(in: sample.archiveFolder) == ["2026-11.db"])
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == 4)
        #expect(try sample.verify().problems == [])
    }

    @Test func `a clock that is a month ahead makes nothing old that the record does not, and one set back files nothing young`() throws {
        let sample = try sample()
        let keeper = try sample.keeper(afterDays: 1)
        try sample.seal()
        let month: Int64 = 31 * 86_400_000_000
        #expect(try keeper.step(at: sample.now + month) == .nothing)
        // Set back by a month, and a line written by it.
        sample.now -= month
        let order = try sample.trade("by a wrong clock")[0]
        try sample.seal()
        #expect(try keeper.step(at: sample.now) == .nothing)
        #expect(try sample.open.order(order.clientOrderID)?.closedAt == order.closedAt)
        // It goes by what the record says: into October.
        sample.now += 3 * month
        try sample.archive(keeper)
        #expect(names(in: sample.archiveFolder) == ["2026-10.db", "2026-11.db"])
        #expect(try sample.verify().problems == [])
    }

    @Test func `many orders of a month that is not over are filed in parts`() throws {
        let sample = try Sample()
        try sample.trade("many", count: 5)
        let keeper = try sample.keeper(afterDays: 1, partOrders: 4)
        try sample.archive(keeper, at: 2 * 86_400_000_000)
        try sample.trade("more", count: 3)
        try sample.archive(keeper, at: 2 * 86_400_000_000)
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == 3)
        try sample.trade("most", count: 4)
        try sample.archive(keeper, at: 2 * 86_400_000_000)
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == 0)
        #expect(names(in: sample.archiveFolder) == ["2026-11.2.db", "2026-11.db"])
        let report = try sample.verify()
        #expect(report.problems == [] && report.orders == 12)
    }

    @Test(arguments: ["DELETE FROM events", "DELETE FROM orders", "DELETE FROM fills", "DELETE FROM commands"])
    func `rows that are in no file stay, also once some have left`(sql: String) throws {
        let sample = try sample()
        try sample.archive()
        let order = try sample.trade("more")[0]
        try sample.cancel(order)
        #expect(throws: JournalError.self) { try sample.open.connection.execute(sql) }
    }

    @Test func `space that orders leave goes back to the file system`() throws {
        let sample = try Sample()
        for number in 0..<40 { try sample.trade(IntentID("bulk-\(number)"), count: 50) }
        try sample.seal()
        _ = try sample.open.connection.checkpoint()
        let before = contents(of: sample.path).count
        let steps = try sample.archive()
        #expect(steps.contains { if case .gaveBack = $0 { true } else { false } })
        _ = try sample.open.connection.checkpoint()
        let after = contents(of: sample.path).count
        #expect(after < before * 2 / 3, "\(before) bytes, then \(after)")
        #expect(try sample.verify().problems == [])
    }
}
