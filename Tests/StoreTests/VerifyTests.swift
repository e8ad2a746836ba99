import CLinux
import CSQLite
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

@Suite struct `Checking a journal` {
    private func problems(after sql: String) throws -> [String] {
        let sample = try Sample()
        try sample.place("some", count: 5)
        sample.close()
        try sample.tamper(sql)
        return try JournalVerifier.verify(path: sample.path).problems
    }

    private static let endless = """
        DROP TRIGGER events_fixed; UPDATE events SET kind = 'intent_discarded', seq = 20, detail = '{"discarded":[[8,9223372036854775807]]}'
        WHERE seq = 16
        """

    @Test func `a sound journal has no problems`() throws {
        let sample = try Sample()
        try sample.place("some", count: 5)
        let report = try JournalVerifier.verify(path: sample.path)
        #expect(report.isSound && report.orders == 5 && report.events == 11 && report.requests == 1)
    }

    @Test(arguments: [
        ("a changed column", "UPDATE orders SET filled_quantity = '0.0005' WHERE order_key = 3", "filled_quantity"),
        ("more filled than asked", "UPDATE orders SET filled_quantity = '5' WHERE order_key = 3", "is filled of"),
        ("a changed state", "UPDATE orders SET state = 'working' WHERE order_key = 3", "state is working"),
        ("another venue id", "UPDATE orders SET venue_order_id = 'x' WHERE order_key = 3", "venue_order_id is x"),
        ("a missing event", "DROP TRIGGER events_kept; DELETE FROM events WHERE seq = 8", "numbers 8 to 8 are missing"),
        ("a missing last event", "DROP TRIGGER events_kept; DELETE FROM events WHERE seq = 16", "state is acknowledged, the record says submitted"),
        (
            "a missing order", "DROP TRIGGER orders_kept; DELETE FROM orders WHERE order_key = 3", "numbers 3 to 3 are missing"
        ),
        ("a changed event", "DROP TRIGGER events_fixed; UPDATE events SET to_state = 'working' WHERE seq = 8", "comes from submitted"),
        ("another tag", "DROP TRIGGER orders_fixed; UPDATE orders SET tag = 'mine' WHERE order_key = 3", "its tag is not its intent's"),
        ("an id taken out of use", "DROP TRIGGER used_ids_kept; DELETE FROM used_ids", "does not stand among the used ones"),
        ("a request that is gone", "DROP TRIGGER requests_kept; DELETE FROM requests", "in a request that has no row"),
        ("a detail that is no JSON", "DROP TRIGGER events_fixed; UPDATE events SET detail = '{' WHERE seq = 16", "its detail is no JSON"),
        ("sent before signed", "UPDATE requests SET sent_at = 5", "sent before it was signed"),
        (
            "permits that the request did not take",
            """
            INSERT INTO budgets (budget_id, venue, owner, budget, scope, permits, window_ms) VALUES (1, 'v', 'o', 'b', 'uid', 5, 1000);
            INSERT INTO permits SELECT 1, 0, max(request_id), 1, NULL, 0, 2 FROM requests
            """, "slot 0 holds 2 permits of request"
        ),
        ("a fill from nowhere", "INSERT INTO fills VALUES (3, 3, 1, 't', 'v', '1', '1', NULL, NULL, 1)", "fill t is not in the record"),
        ("an intent that stays open", "UPDATE orders SET state = 'canceled', closed_at = 5", "intent some is open, but nothing of it is"),
        (
            "a settled intent with an order that nobody knows of",
            "UPDATE intents SET settled_at = 5; UPDATE orders SET state = 'in_doubt' WHERE order_key = 3", "is settled, but its order"
        ),
        (
            "a break from nowhere", "INSERT INTO breaks (break_id, account_key, kind, detail, at) VALUES (3, 1, 'loop', 'x', 1)",
            "when it was found is not in the record"
        ),
        ("a number that no omsd counts to", "DROP TRIGGER events_fixed; UPDATE events SET seq = 9223372036854775807 WHERE seq = 16", "is none that"),
        (
            "a number that is far away", "DROP TRIGGER events_fixed; UPDATE events SET seq = 2305843009213693951 WHERE seq = 16",
            "numbers 10001 to 2305843009213693950 are missing"
        ),
        (
            "an order's number that is far away", "DROP TRIGGER orders_fixed; UPDATE orders SET order_key = 2305843009213693900 WHERE order_key = 3",
            "numbers 3 to 3 are missing"
        ),
        (
            "a request's number that is far away",
            "DROP TRIGGER requests_kept; DROP TRIGGER requests_fixed; UPDATE requests SET request_id = 2305843009213693900, sent_at = 5",
            "sent before it was signed"
        ),
        (
            "a discarded stretch without end",
            endless,
            "numbers 16 to 19 are missing"
        ),
        ("a reference to nothing", "INSERT INTO fills VALUES (99, 98, 1, 't', 'v', '1', '1', NULL, NULL, 1)", "that is not there"),
    ]) func `it finds`(what: String, sql: String, problem: String) throws {
        let problems = try problems(after: sql)
        #expect(problems.contains { $0.contains(problem) }, "\(what): \(problems)")
    }

    @Test(arguments: [
        (
            "a refusal in a command that is done", "UPDATE commands SET reject_code = '7', reject_text = 'no' WHERE state = 'done'",
            "reject_code is 7, the record says NULL"
        ),
        ("an end of a command that has none", "UPDATE commands SET evidence = 'query' WHERE state = 'done'", "evidence is query"),
        ("a guard's token", "UPDATE guards SET token = zeroblob(32)", "the hash of its token is 0000"),
        ("a key that was never there", "INSERT INTO account_keys VALUES (1, 'k3')", "its keys is k1 k2 k3, the record says k1 k2"),
        ("where it was", "DELETE FROM former_places", "where it was is "),
        ("who halted", "UPDATE trading_state SET actor = 'uid:9 pid:9'", "who said so is uid:9 pid:9"),
        ("an intent that settled by itself", "UPDATE intents SET settled_at = 5 WHERE intent_id = 'two'", "which no line of the record says"),
        (
            "an intent that no view shows", "DROP TRIGGER intents_stay_complete; UPDATE intents SET complete = 0 WHERE intent_id = 'two'",
            "it is said to be half written"
        ),
        ("a break that ended by itself", "UPDATE breaks SET resolved_at = 5 WHERE resolved_at IS NULL", "it is over, which no line"),
        ("fewer permits than requests took", "DELETE FROM rate_usage", "requests took 1 permits, 0 are counted"),
        ("a kill that is forgotten", "DELETE FROM meta WHERE key = 'kill_since/mm-az'", "kill_since is NULL"),
    ]) func `it finds in a journal of everything`(what: String, sql: String, problem: String) throws {
        let sample = try Sample.full()
        try sample.tamper(sql)
        let problems = try JournalVerifier.verify(path: sample.path).problems
        #expect(problems.contains { $0.contains(problem) }, "\(what): \(problems)")
    }

    @Test func `a clock that was set back between signing and sending is the clock's fault, if the record shows it`() throws {
        let hour = 3_600_000_000
        let sent = "UPDATE requests SET sent_at = sent_at - \(hour)"
        let record =
            "DROP TRIGGER events_fixed; UPDATE events SET at = at - \(hour) WHERE seq > 11; UPDATE orders SET acknowledged_at = acknowledged_at - \(hour)"

        #expect(try problems(after: "\(sent); \(record)") == ["the trigger events_fixed is missing"])
        #expect(try problems(after: sent).contains { $0.contains("sent before it was signed") })
    }

    @Test func `it goes on beside a writer`() throws {
        let sample = try Sample()
        try sample.place("one", count: 10)
        var turns = 0
        let report = try JournalVerifier.verify(path: sample.path) { _ in
            turns += 1
            do { try sample.place(IntentID("during-\(turns)"), count: 3) } catch { Issue.record(error) }
        }
        #expect(turns > 3)
        #expect(report.problems == [])
    }

    @Test func `what is no journal is not verified`() {
        let folder = ScratchDirectory()
        write(Array("hello".utf8), to: folder.file("x"))
        #expect { try JournalVerifier.verify(path: folder.file("x")) } throws: { ($0 as? JournalError)?.exitCode == 65 }
        #expect { try JournalVerifier.verify(path: folder.file("nothing")) } throws: { ($0 as? JournalError)?.exitCode == 74 }
    }
}

@Suite struct `Copying a journal` {
    @Test func `a copy of a live journal is whole and opens as one`() throws {
        let sample = try Sample()
        try sample.place("one", count: 500)
        let copy = sample.folder.file("copy.db")
        try JournalBackup.backup(from: sample.path, to: copy)
        try sample.place("later")
        #expect(try JournalVerifier.verify(path: copy).problems == [])
        #expect(access(copy + ".partial", F_OK) != 0)
        let opened = try SQLiteJournal.open(path: copy, accounts: Sample.accounts)
        #expect(try opened.load().orders.count == 500)
        #expect(try sample.open.load().orders.count == 501)
    }

    @Test func `a journal is never copied over itself, and a damaged one not at all`() throws {
        let sample = try Sample()
        #expect(throws: JournalError.self) { try JournalBackup.backup(from: sample.path, to: sample.path) }
        let folder = ScratchDirectory()
        write(Array("hello".utf8), to: folder.file("x"))
        #expect(throws: JournalError.self) { try JournalBackup.backup(from: folder.file("x"), to: folder.file("y")) }
        #expect(access(folder.file("y"), F_OK) != 0)
    }
}

@Suite struct `What an order costs` {
    @Test func `ten thousand placed and acknowledged orders take at most 1,500 bytes each`() throws {
        let sample = try Sample()
        for batch in 0..<100 { try sample.place(IntentID("rebalance-\(batch)"), count: 100) }
        let connection = try sample.open.connection
        let bytes = try connection.integer("SELECT sum(pgsize) FROM dbstat").get()
        let perOrder = Double(bytes) / 10_000
        print("bytes an order, all tables and indexes: \(perOrder)")
        #expect(perOrder <= 1_500)
        let tables = try connection.prepare("SELECT name, sum(pgsize) / 10000.0 FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 12")
        while try tables.step() { print("  \(tables.text(0)): \(tables.text(1))") }
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `a backup of the version before is verified, and stays as it is`() throws {
        let sample = try Sample()
        try sample.place("one", count: 3)
        let seals = try sample.seal()
        let folder = ScratchDirectory()
        let path = try sample.former(in: folder)
        let before = contents(of: path)

        let report = try JournalVerifier.verify(path: path)
        #expect(report.problems == [] && report.orders == 3 && report.seals.count == seals.count && !seals.isEmpty)
        #expect(report.notes.contains { $0.contains("of an older omsd (version \(Migrator.newest - 1))") }, "\(report.notes)")
        #expect(contents(of: path) == before)

        do { try Connection(path: path, .readWrite).execute("UPDATE orders SET filled_quantity = '0.0007' WHERE item = 1") }
        #expect(try !JournalVerifier.verify(path: path).isSound)
    }
}
