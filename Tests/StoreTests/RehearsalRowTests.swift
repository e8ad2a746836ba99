import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Rehearsals on record.
@Suite struct RehearsalRowTests {
    static func told(_ verdicts: [(String, RehearsalRow.Verdict)], account: AccountID = Sample.az) -> RehearsalRow {
        let seen = verdicts.map { name, verdict in
            RehearsalRow.Seen(
                name: name, assumed: "as \"ever\"", seen: verdict == .notSeen ? "" : "ö", verdict: verdict, bears: name == "tls" ? nil : "P2")
        }
        return RehearsalRow(id: 0, account: account, at: 0, orders: 3, assumptions: seen, standing: [])
    }

    @discardableResult
    static func rehearse(_ sample: Sample, _ verdicts: [(String, RehearsalRow.Verdict)], after last: RehearsalRow? = nil) throws -> RehearsalRow {
        let event = sample.event(.note) { $0.note = "rehearsed" }
        let row = told(verdicts).recorded(as: event.seq, at: event.at, after: last)
        try sample.open.commit([.rehearsal(row, event)])
        return row
    }

    @Test func `what a start reads is the last rehearsal of an account, as it was written`() throws {
        let sample = try Sample()
        let first = try Self.rehearse(sample, [("freshness", .contradicts), ("tls", .contradicts)])
        #expect(try sample.reopen().load().rehearsals == [first])
        let second = try Self.rehearse(sample, [("freshness", .notSeen), ("memory", .contradicts)], after: first)
        #expect(try sample.reopen().load().rehearsals == [second])
        #expect(second.standing == ["freshness", "memory"])
        sample.close()
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        #expect(throws: (any Error).self) { try sample.tamper("UPDATE rehearsals SET orders = 1") }
        #expect(throws: (any Error).self) { try sample.tamper("DELETE FROM rehearsals") }
    }

    @Test func `what was contradicted stands until it is seen to hold, and what no promise rests on never does`() {
        let first = Self.told([("freshness", .contradicts), ("memory", .contradicts), ("tls", .contradicts)]).recorded(as: 1, at: 1, after: nil)
        #expect(first.standing == ["freshness", "memory"] && first.contradicted == ["freshness", "memory", "tls"])
        let second = Self.told([("freshness", .holds), ("memory", .notSeen)]).recorded(as: 2, at: 2, after: first)
        #expect(second.standing == ["memory"] && second.contradicted == [])
    }

    @Test(arguments: [
        ("UPDATE rehearsals SET orders = 4", "rehearsal 1: it is not what event 1 tells of"),
        ("UPDATE rehearsals SET standing = '[]'", "rehearsal 1: it is not what event 1 tells of"),
        ("UPDATE rehearsals SET at = at + 1", "rehearsal 1: it is not what event 1 tells of"),
        ("UPDATE rehearsals SET rehearsal_id = 2", "rehearsal 2: no line of the record tells of it"),
        ("DELETE FROM rehearsals", "rehearsal 1: it has no row, event 1 tells of it"),
    ])
    func `a row that its line does not tell is found before it is under seal`(sql: String, problem: String) throws {
        let sample = try Sample()
        try Self.rehearse(sample, [("freshness", .contradicts)])
        sample.close()
        try sample.tamper("DROP TRIGGER rehearsals_fixed; DROP TRIGGER rehearsals_kept; \(sql)")
        #expect(try JournalVerifier.verify(path: sample.path).problems.contains(problem))
    }

    @Test func `the view tells account, time, assumptions and orders`() throws {
        let sample = try Sample()
        try Self.rehearse(sample, [("freshness", .holds)])
        let reader = try SQLiteJournalReader(path: sample.path).connection
        let seen = "SELECT json_extract(value, '$.name') || ' ' || json_extract(value, '$.verdict') FROM v_rehearsals, json_each(assumptions)"
        #expect(try reader.text(seen) == "freshness holds")
        #expect(try reader.text("SELECT account || ' ' || orders || ' ' || standing FROM v_rehearsals") == "\(Sample.az) 3 []")
    }
}
