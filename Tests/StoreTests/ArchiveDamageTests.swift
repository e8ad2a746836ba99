import CLinux
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// A file of the archive that breaks: what lies in it is not answered for, and nothing else suffers by it.
@Suite struct ArchiveDamageTests {
    /// Overwrites the first page of a table, as a disk does that loses a sector.
    private func ruin(_ table: String, in file: String) throws {
        let root = try Connection(path: file, .readOnly).integer("SELECT rootpage FROM sqlite_schema WHERE name = '\(table)'").get()
        let size = try Connection(path: file, .readOnly).integer("PRAGMA page_size").get()
        var bytes = contents(of: file)
        for index in Int((root - 1) * size)..<Int(root * size) { bytes[index] = 0xFF }
        write(bytes, to: file)
    }

    @Test(arguments: ["orders", "events", "fills"])
    func `an order that cannot be read wholly in its file is known to be used and not answered for, and the journal goes on`(table: String) throws {
        let sample = try Sample()
        let orders = try sample.trade("late", count: 2)
        try sample.archive()
        let file = sample.archiveFolder + "/2026-11.db"
        let whole = contents(of: file)
        sample.close()
        try ruin(table, in: file)
        try sample.reopen()
        func error(_ body: () throws(JournalError) -> Void) -> JournalError? {
            do throws(JournalError) { try body() } catch { return error }
            return nil
        }
        // It holds the lock for as long as somebody knows it.
        do {
            let journal = try sample.open
            func order() throws(JournalError) { _ = try journal.order(orders[0].clientOrderID) }
            let asked = try #require(error(order))
            #expect(asked.isOfArchive && !asked.isStorageFault, "\(asked)")
            let byVenue = error { () throws(JournalError) in _ = try journal.orders(venueOrderID: orders[0].venueOrderID ?? "") }
            #expect(byVenue?.isOfArchive == true)
            #expect(try journal.isUsed(orders[0].clientOrderID))
            let noted = sample.event(.note) { $0.note = "late" }
            let written = error { () throws(JournalError) in try journal.commit([.note(account: Sample.az, orders[0].key, noted)]) }
            #expect(written?.isOfArchive == true, "\(String(describing: written))")
            // A reader of it all says which file, and takes nothing of the journal for damaged.
            let reader = try SQLiteJournalReader(path: sample.path)
            if table != "fills" {
                let listed = error { () throws(JournalError) in
                    if table == "orders" { _ = try reader.answer(.orders(OrderFilter())) }
                    _ = try reader.events(after: 0, of: .all, limit: 1_000)
                }
                #expect(listed?.isOfArchive == true && listed?.isStorageFault == false, "\(String(describing: listed))")
            }
        }
        sample.now += 1
        try sample.reopen()
        try sample.place("four")
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == 1)
        // Put back as it was, all is as before.
        sample.close()
        write(whole, to: file)
        try sample.reopen()
        #expect(try sample.open.order(orders[0].clientOrderID)?.clientOrderID == orders[0].clientOrderID)
        try sample.seal()
        #expect(try sample.verify().problems == [])
    }

    @Test func `what fails in the journal while the archive is read is the journal's own fault`() throws {
        let connection = try Sample().open.connection
        func failing(_ body: () throws(JournalError) -> Void) throws -> JournalError {
            do throws(JournalError) { try inArchive(beside: connection, body) } catch { return error }
            throw JournalError(.failed, "nothing failed")
        }
        _ = try connection.integer("SELECT 1")
        let theirs = try failing { () throws(JournalError) in throw JournalError(.failed, "a file", isStorageFault: true) }
        #expect(theirs.isOfArchive && !theirs.isStorageFault)
        let ours = try failing { () throws(JournalError) in try connection.execute("SELECT nothing") }
        #expect(!ours.isOfArchive, "\(ours)")
        // And none that was answered since.
        _ = try connection.integer("SELECT 1")
        #expect(try failing { () throws(JournalError) in throw JournalError(.damaged, "a file") }.isOfArchive)
    }
}
