import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// What somebody who can write the file, and who knows how it is made, may do to it.
@Suite struct `A careful insider` {
    /// Sealed in four stretches: 1 to 10, 11 to 21 (an execution, a modify, a break and an end of a request among them), 22 to 28, 29 to 35.
    private func sealed(key: Ed25519Key? = nil) throws -> Sample {
        let sample = try Sample()
        try sample.place("one", count: 3)
        try sample.seal(key: key)
        let orders = try sample.place("two", count: 2)
        try sample.end(RequestID(2))
        try sample.fill(orders[0], trade: "t1")
        try sample.cancel(orders[1])
        try sample.breakFound(orders[1])
        try sample.seal(key: key)
        for id in ["three", "four"] {
            try sample.place(IntentID(id), count: 2)
            try sample.seal(key: key)
        }
        // Under way, and of no line yet.
        let request = sample.request(budgets: [1])
        let budget = BudgetRow(id: 1, venue: "az-futures", owner: "U1", name: "batch-place", scope: .uid, permits: 5, windowMs: 1_000)
        let permit = PermitRow(budget: 1, slot: 0, request: request.id, takenAt: 5, releasedAt: nil, isUnanswered: false)
        try sample.open.commit([.budget(budget), .request(request), .permit(permit)])
        return sample
    }

    private func verify(_ sample: Sample, head: Digest256? = nil, key: SealKeys? = nil) throws -> VerifyReport {
        try JournalVerifier.verify(path: sample.path, witness: SealWitness(head: head, publicKey: key.map { try $0.publicKey }))
    }

    @Test func `what nobody touched is sound, signed or not`() throws {
        let plain = try verify(try sealed())
        #expect(plain.problems == [] && plain.seals.count == 4 && plain.seals.unsealed == 0)
        #expect(plain.notes.contains { $0.contains("made anew as a whole") }, "\(plain.notes)")
        let keys = try SealKeys(seed: 1)
        let sample = try sealed(key: keys.key)
        let signed = try verify(sample, head: verify(sample).seals.head?.digest, key: keys)
        #expect(signed.problems == [])
        #expect(!signed.notes.contains { $0.contains("made anew as a whole") }, "\(signed.notes)")
    }

    private static func swap(_ one: Int, _ other: Int) -> String {
        "UPDATE events SET seq = 1000 WHERE seq = \(one); UPDATE events SET seq = \(one) WHERE seq = \(other); UPDATE events SET seq = \(other) WHERE seq = 1000"
    }
    private static let (first, second, third, fourth): (ClosedRange<Int64>, ClosedRange<Int64>, ClosedRange<Int64>, ClosedRange<Int64>) = (
        1...10, 11...21, 22...28, 29...35
    )
    typealias Edit = (what: String, sql: String, broken: [ClosedRange<Int64>], words: String)

    private static let lines: [Edit] = [
        ("a line's time", "UPDATE events SET at = at + 1 WHERE seq = 27", [third], "22 to 28"),
        ("a line removed", "DELETE FROM events WHERE seq = 18", [second], "it speaks of 11 lines, 10 are there"),
        (
            "a line removed, and said to be taken back",
            "DELETE FROM events WHERE seq = 18; "
                + "INSERT INTO events (seq, at, kind, detail) VALUES (36, 1, 'intent_discarded', '{\"discarded\":[[18,18]]}')",
            [second], "11 to 21"
        ),
        ("two lines swapped", swap(25, 26), [third], "22 to 28"),
        ("lines of two stretches swapped", swap(18, 27), [second, third], "11 to 21"),
        ("a line moved to the end", "UPDATE events SET seq = 36 WHERE seq = 28", [third], "numbers 28 to 28 are missing"),
        ("what was asked", "UPDATE orders SET asked_price = '1' WHERE order_key = 2", [first], "1 to 10"),
        (
            "births removed with all that came of them",
            "DELETE FROM events WHERE order_key = 24; DELETE FROM used_ids WHERE order_key = 24; DELETE FROM orders WHERE order_key = 24", [third],
            "numbers 24 to 24 are missing"
        ),
        (
            "tables and record together",
            "UPDATE events SET detail = json_set(detail, '$.venue_order_id', 'x') WHERE seq = 16; UPDATE orders SET venue_order_id = 'x' WHERE order_key = 12",
            [second], "11 to 21"
        ),
        (
            "a state in tables and record",
            "UPDATE events SET to_state = 'working' WHERE seq = 28; UPDATE orders SET state = 'working' WHERE order_key = 24", [third], "22 to 28"
        ),
        (
            "an execution's price in tables and record",
            "UPDATE fills SET price = '1'; UPDATE events SET detail = json_set(detail, '$.price', '1') WHERE seq = 19", [second], "11 to 21"
        ),
        (
            "a line added", "INSERT INTO events (seq, at, kind) VALUES (36, 1, 'note'); UPDATE seals SET last_seq = 36 WHERE last_seq = 35",
            [29...36],
            "29 to 36"
        ),
        ("the last lines cut off", "DELETE FROM events WHERE seq > 33", [fourth], "the record ends at number 33"),
    ]

    private static let rows: [Edit] = [
        ("an execution's price", "UPDATE fills SET price = '1'", [second], "fill t1: price is 1, line 19 says 39000.5"),
        ("whose execution it was", "UPDATE fills SET order_key = 13", [second], "11 to 21"),
        ("the permits that a request took", "UPDATE requests SET budgets = '[1]' WHERE request_id = 3", [third], "22 to 28"),
        ("when a request left", "UPDATE requests SET signed_at = signed_at - 5 WHERE request_id = 4", [fourth], "29 to 35"),
        ("when a request was answered", "UPDATE requests SET answered_at = answered_at - 5 WHERE request_id = 2", [second], "11 to 21"),
        ("a permit that is held", "UPDATE permits SET count = 3", [], "slot 0 holds 3 permits of request 5"),
        ("an intent's content", "UPDATE intents SET content = zeroblob(32) WHERE intent_key = 22", [third], "22 to 28"),
        ("who asked", "UPDATE intents SET actor = 'uid:7' WHERE intent_key = 1", [first], "1 to 10"),
        ("a modify's price", "UPDATE commands SET price = '1'", [second], "11 to 21"),
        ("a break's words", "UPDATE breaks SET detail = 'nothing of note'", [second], "break 21"),
        ("an account's name", "UPDATE accounts SET account = 'other' WHERE account_key = 1", [first, second, third, fourth], "1 to 10"),
        (
            "how an order stands", "UPDATE orders SET state = 'canceled', closed_at = 5 WHERE order_key = 23", [],
            "number 23: state is canceled, the record says acknowledged up to its last line, 27"
        ),
    ]

    private static let seals: [Edit] = [
        ("a seal removed", "DELETE FROM seals WHERE last_seq = 21", [second], "one was removed"),
        ("the first seal removed", "DELETE FROM seals WHERE last_seq = 10", [first], "one was removed"),
        ("a seal changed", "UPDATE seals SET seal = zeroblob(32) WHERE last_seq = 21", [second], "their seal was changed; by the next one they hold"),
        ("the last seal changed", "UPDATE seals SET seal = zeroblob(32) WHERE last_seq = 35", [fourth], "do not give their seal"),
        ("how many lines a seal speaks of", "UPDATE seals SET lines = lines + 1 WHERE last_seq = 28", [third], "it speaks of 8 lines, 7 are there"),
        ("when a seal was made", "UPDATE seals SET at = at - 1 WHERE last_seq = 28", [third], "22 to 28"),
        ("where a seal ends", "UPDATE seals SET last_seq = 20 WHERE last_seq = 21", [11...20, 21...21], "21 to 21"),
        ("where a seal begins", "UPDATE seals SET first_seq = 9 WHERE last_seq = 21", [9...21], "begins within the one before"),
        ("a seal of a form to come", "UPDATE seals SET form = 7 WHERE last_seq = 28", [third], "form 7"),
        (
            "a seal of numbers that none can be", "UPDATE seals SET last_seq = 9223372036854775807 WHERE last_seq = 35",
            [29...Int64.max], "which no omsd counts to"
        ),
    ]

    @Test(arguments: lines + rows + seals) func `is found, by the smallest sealed stretch and by number`(edit: Edit) throws {
        let sample = try sealed()
        try sample.edit(edit.sql)
        let report = try verify(sample)
        #expect(!report.isSound, "\(edit.what)")
        #expect(report.seals.broken == edit.broken, "\(edit.what): \(report.problems)")
        #expect(report.problems.contains { $0.contains(edit.words) }, "\(edit.what): \(report.problems)")
        // And nothing else is said of what was changed together.
        if edit.what.contains("tables and record") { #expect(report.problems.count == 1, "\(report.problems)") }
    }

    @Test func `leaves a gap where the triggers were, or a trigger of his own`() throws {
        let gone = try sealed()
        try gone.tamper("DROP TRIGGER events_fixed")
        #expect(try verify(gone).problems == ["the trigger events_fixed is missing"])
        let bent = try sealed()
        try bent.tamper("DROP TRIGGER fills_fixed; CREATE TRIGGER fills_fixed BEFORE UPDATE ON fills BEGIN SELECT 1; END")
        #expect(try verify(bent).problems == ["the trigger fills_fixed is not as omsd makes it"])
        let added = try sealed()
        try added.tamper("CREATE TRIGGER later AFTER INSERT ON events BEGIN DELETE FROM symbols; END")
        #expect(try verify(added).problems == ["the trigger later is none of omsd's"])
        let view = try sealed()
        try view.tamper("DROP VIEW v_breaks; CREATE VIEW v_breaks AS SELECT * FROM breaks WHERE 0")
        #expect(try verify(view).problems == ["the view v_breaks is not as omsd makes it"])
    }

    @Test func `who seals what he changed is found at the next seal`() throws {
        let sample = try sealed()
        try sample.edit("UPDATE orders SET asked_quantity = '9' WHERE order_key = 12")
        let connection = try Connection(path: sample.path, .readOnly)
        let content = try SealReader(connection, form: .newest).content(from: 11, to: 21)
        let at = try #require(try connection.integer("SELECT at FROM seals WHERE last_seq = 21"))
        let former = try connection.prepare("SELECT seal FROM seals WHERE last_seq = 10")
        #expect(try former.step())
        let anew = content.seal(lines: content.lines, at: at, former: try former.next())
        former.reset()
        try sample.edit("UPDATE seals SET seal = x'\(hex(anew.bytes))' WHERE last_seq = 21")
        let report = try verify(sample)
        #expect(report.seals.broken == [22...28])
        #expect(report.problems.contains { $0.contains("Or what the seal before covers was changed, and sealed anew") }, "\(report.problems)")
    }

    // MARK: The chain as a whole

    private static let change = "UPDATE orders SET asked_price = '1' WHERE order_key = 12"

    @Test(arguments: [nil, UInt8(2)]) func `who makes the whole chain anew is found by a head from before, and by the key`(seed: UInt8?) throws {
        let keys = try SealKeys(seed: 1)
        let sample = try sealed(key: keys.key)
        let head = try #require(try verify(sample).seals.head?.digest)
        try sample.edit("\(Self.change); DELETE FROM seals")
        try sample.seal(key: try seed.map { try SealKeys(seed: $0).key })

        let alone = try verify(sample)
        #expect(alone.problems == [])
        #expect(alone.notes.contains { $0.contains("made anew as a whole is found only by a head that was kept elsewhere") })
        #expect(try verify(sample, head: head).problems.contains { $0.contains("is no seal that holds here") })
        #expect(try verify(sample, key: keys).problems.contains { $0.contains("no seal is signed with the key \(keys.key.fingerprint)") })
    }

    @Test func `who cuts off the end with its seals is found by a head from before alone`() throws {
        let keys = try SealKeys(seed: 1)
        let sample = try sealed(key: keys.key)
        let head = try #require(try verify(sample).seals.head?.digest)
        try sample.edit(
            """
            DELETE FROM events WHERE seq > 28; DELETE FROM used_ids WHERE order_key > 28; DELETE FROM orders WHERE order_key > 28;
            DELETE FROM intents WHERE intent_key > 28; DELETE FROM requests WHERE request_id = 4; DELETE FROM seals WHERE last_seq > 28
            """)
        #expect(try verify(sample, key: keys).problems == [])
        #expect(try verify(sample, head: head).problems.count == 1)
    }

    @Test func `a signature that is another's, or none, is found by the key`() throws {
        let keys = try SealKeys(seed: 1)
        for (sql, broken) in [
            ("UPDATE seals SET signature = zeroblob(64) WHERE last_seq = 28", [Self.third]),
            ("UPDATE seals SET signature = (SELECT s.signature FROM seals s WHERE s.last_seq = 10) WHERE last_seq = 28", [Self.third]),
        ] {
            let sample = try sealed(key: keys.key)
            try sample.edit(sql)
            #expect(try verify(sample).problems == [])
            let report = try verify(sample, key: keys)
            #expect(report.seals.broken == broken && report.problems.contains { $0.contains("is not signed with it") }, "\(report.problems)")
        }
        let stripped = try sealed(key: keys.key)
        try stripped.edit("UPDATE seals SET signature = NULL, key = NULL WHERE last_seq > 21")
        let report = try verify(stripped, key: keys)
        #expect(report.problems.count == 1 && report.problems[0].hasPrefix("numbers 22 to 35: no seal from there on is signed"), "\(report.problems)")
    }

    @Test func `a key that came later vouches for what was sealed before, and one that went away for nothing behind it`() throws {
        let (old, new) = (try SealKeys(seed: 1), try SealKeys(seed: 2))
        let sample = try Sample()
        try sample.place("unsigned")
        try sample.seal()
        try sample.place("by the old key")
        try sample.seal(key: old.key)
        let until = sample.seq
        try sample.place("by the new key")
        try sample.seal(key: new.key)
        #expect(try verify(sample, key: new).problems == [])
        let report = try verify(sample, key: old)
        #expect(report.problems.count == 1, "\(report.problems)")
        #expect(report.problems.first?.contains("numbers \(until + 1) to \(sample.seq)") == true)
        #expect(report.problems.first?.contains(new.key.fingerprint) == true)
        try sample.edit("UPDATE orders SET asked_price = '1' WHERE order_key = 2")
        #expect(try verify(sample, key: new).seals.broken == [1...4])
    }
}
