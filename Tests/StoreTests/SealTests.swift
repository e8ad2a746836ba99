import CSQLite
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

@Suite struct `Sealing a record` {
    @Test func `seals follow each other without a gap, and what did not grow gets none`() throws {
        let sample = try Sample()
        #expect(try sample.seal() == [])
        try sample.place("one", count: 3)
        let first = try sample.seal()
        #expect(first.map(\.first) == [1] && first.map(\.last) == [10] && first.map(\.lines) == [10])
        #expect(try sample.seal() == [])
        try sample.place("two")
        try sample.place("three")
        let second = try sample.seal()
        #expect(second.map(\.first) == [11] && second.map(\.last) == [18])
        let report = try JournalVerifier.verify(path: sample.path)
        #expect(report.problems == [] && report.seals.count == 2 && report.seals.head == second.last && report.seals.unsealed == 0)
    }

    @Test func `what lies behind is sealed in slices, and a seal that does not follow the last one is not written`() throws {
        let sample = try Sample()
        for number in 0..<5 { try sample.place(IntentID("number-\(number)"), count: 3) }
        let early = try #require(try JournalSealer(path: sample.path, key: nil).next(at: 5))
        let slices = try sample.seal(numbersMax: 7)
        #expect(slices.map(\.last) == [7, 14, 21, 28, 35, 42, 49, 50])
        #expect(try !sample.open.write(early.seal))
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `nothing of an intent that is still being written is sealed, and what is taken back of it never was`() throws {
        let sample = try Sample()
        try sample.place("whole")
        let (row, accepted) = sample.intent("half", orders: 2)
        try sample.open.commit([accepted, .orderBorn(sample.order(row), actor: .daemon)])
        let sealed = try sample.seal()
        #expect(sealed.map(\.last) == [4])
        try sample.reopen()
        try sample.place("later")
        #expect(try sample.seal().map(\.first) == [5])
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `a journal that is older than its seals is sealed from its first number on`() throws {
        let sample = try Sample()
        try sample.place("of old", count: 10)
        sample.close()
        let step = try #require(Migrator.shipped.first { $0.name.hasSuffix("seals") })
        let views = try Connection(path: sample.path, .readOnly).text("SELECT sql FROM sqlite_schema WHERE name = 'v_budgets'").get()
        try sample.tamper("DROP VIEW v_budgets; DROP VIEW v_seals; DROP TABLE seals; PRAGMA user_version = \(step.number - 1)")
        // That one alone: those behind it ran already.
        try Migrator.migrate(try Connection(path: sample.path, .readWrite), with: [step])
        try sample.tamper("DROP VIEW v_budgets; \(views)")
        try sample.tamper("PRAGMA user_version = \(Migrator.newest)")
        try sample.reopen()
        let seals = try sample.seal(numbersMax: 20)
        #expect(seals.first?.first == 1 && seals.last?.last == sample.seq)
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `a backup goes on with its own seals, and the head of what it lacks is not found in it`() throws {
        let sample = try Sample()
        try sample.place("both")
        let common = try #require(try sample.seal().last)
        let folder = ScratchDirectory()
        try JournalBackup.backup(from: sample.path, to: folder.file("journal.db"))
        try sample.place("lost", count: 2)
        let lost = try #require(try sample.seal().last)

        let restored = try Sample(in: folder)
        restored.requests = 10
        try restored.place("instead", count: 2)
        try restored.seal()

        func problems(_ head: Seal) throws -> [String] {
            try JournalVerifier.verify(path: restored.path, witness: SealWitness(head: head.digest)).problems
        }
        #expect(try problems(common) == [])
        #expect(try problems(lost).count == 1)
        #expect(try JournalVerifier.verify(path: sample.path, witness: SealWitness(head: lost.digest)).problems == [])
    }

    @Test func `an accept writes as many pages with seals as without`() throws {
        func pages(sealing: Bool) throws -> [Int] {
            let sample = try Sample()
            return try (0..<20).map { number in
                if sealing { try sample.seal() }
                let before = try sample.open.walBytes
                let (row, accepted) = sample.intent(IntentID("number-\(number)"), orders: 1)
                try sample.open.commit([accepted, .orderBorn(sample.order(row), actor: .daemon), .intentComplete(row.key)])
                return try (sample.open.walBytes - before) / 4_120
            }
        }
        #expect(try pages(sealing: true) == pages(sealing: false))
    }

    @Test func `everything that never changes is under seal`() throws {
        let sample = try Sample()
        let form = SealForm.newest
        let tables = form.tables + [form.request]
        for table in ["orders", "intents", "commands", "requests", "guards"] {
            let sql = try #require(try sample.open.connection.text("SELECT sql FROM sqlite_schema WHERE name = '\(table)_fixed'"))
            let words = sql.split { $0.isWhitespace || $0 == "," }
            let (begin, end) = (try #require(words.firstIndex(of: "OF")), try #require(words.firstIndex(of: "ON")))
            let names = words[(begin + 1)..<end]
            let columns = try #require(tables.first { $0.name == table }).columns
            #expect(!names.isEmpty)
            for name in names { #expect(columns.contains(String(name)), "\(table).\(name)") }
        }
        for table in ["events", "fills", "guarded_intents", "rehearsals"] {
            let rows = try sample.open.connection.prepare("SELECT name FROM pragma_table_info('\(table)')")
            let columns = try #require(tables.first { $0.name == table }).columns
            while try rows.step() { #expect(columns.contains(rows.text(0)), "\(table).\(rows.text(0))") }
        }
        for field in OrderTerms.fields { #expect(form.tables[0].columns.contains(OrderColumns.name(of: field)), "\(field.name)") }
    }

    @Test func `what the page on auditing says of its bytes is enough to make a seal anew`() throws {
        let sample = try Sample()
        let orders = try sample.place("one", count: 2)
        let request = sample.request()
        try sample.open.commit([.request(request)])
        var order = orders[0]
        try sample.open.commit([sample.submit(&order, in: request)])
        try sample.end(request.id)
        try sample.fill(order, trade: "t1")
        try sample.cancel(orders[1])
        try sample.breakFound(orders[1])
        let seal = try #require(try sample.seal().last)

        func number(_ value: Int64) -> [UInt8] { [1] + withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        func rows(_ mark: UInt8, _ sql: String) throws -> [UInt8] {
            let rows = try sample.open.connection.prepare(sql)
            var bytes: [UInt8] = []
            while try rows.step() {
                bytes.append(mark)
                for column in 0..<rows.columns {
                    if rows.isNull(column) {
                        bytes.append(0)
                    } else if rows.isInteger(column) {
                        bytes += number(rows.integer(column))
                    } else {
                        let name = rows.name(of: column)
                        let value = rows.bytes(column)
                        let length = withUnsafeBytes(of: UInt32(value.count).bigEndian) { Array($0) }
                        bytes += [name == "content" || name == "body_sha256" ? 3 : 2] + length + value
                    }
                }
            }
            return bytes
        }
        func columns(_ table: SealForm.Table) -> String { table.columns.joined(separator: ", ") }
        let form = SealForm.newest
        var bytes: [UInt8] = []
        for table in form.tables { bytes += try rows(table.mark, "SELECT \(columns(table)) FROM \(table.name) ORDER BY \(table.key)") }
        // The first request's end is not among the lines, the second one's is.
        bytes += try rows(7, "SELECT \(columns(form.request)) FROM requests WHERE request_id = 1")
        bytes += try rows(8, "SELECT \(columns(form.endedRequest)) FROM requests WHERE request_id = 2")
        bytes += try rows(9, "SELECT \(columns(form.account)) FROM accounts WHERE account_key = 1")
        bytes += [0] + number(1) + number(1) + number(seal.last) + number(seal.lines) + number(seal.at) + [UInt8](repeating: 0, count: 32)
        #expect(sha256(bytes) == seal.digest.bytes)
    }

    @Test func `the reader tells the newest seal and how much is behind it`() throws {
        let sample = try Sample()
        func told() throws -> JSON { try JSONParser.parse(try SQLiteJournalReader(path: sample.path).answer(.seal).get()) }
        #expect(try told()["head"]?.isNull == true)
        try sample.place("one")
        let key = try SealKeys(seed: 1).key
        let seal = try #require(try sample.seal(key: key).last)
        try sample.place("two")
        let answer = try told()
        #expect(answer["head"]?["seal"]?.string == hex(seal.digest.bytes) && answer["head"]?["last_seq"]?.integer == seal.last)
        #expect(answer["head"]?["key"]?.string == key.fingerprint && answer["head"]?["signature"]?.string?.utf8.count == 128)
        #expect(answer["seq"]?.integer == sample.seq && answer["unsealed"]?.integer == sample.seq - seal.last)
    }
}
