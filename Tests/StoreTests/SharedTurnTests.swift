import OMSCore
import Testing

@testable import Store

/// A turn that several hosts write, and one that waits for a word from elsewhere before it is committed.
@Suite struct SharedTurnTests {
    /// All kinds of rows that hang on a time, and of which hosts could make different ones.
    private static func turns(of sample: Sample) throws -> [[JournalRecord]] {
        let budget = BudgetRow(id: 3, venue: "az-futures", owner: "f00d", name: "batch-place", scope: .apikey, permits: 9, windowMs: 1_000)
        let (row, accepted) = sample.intent("one", orders: 2)
        var orders = (0..<2).map { sample.order(row, item: $0) }
        let request = sample.request(items: 2, budgets: [3], permits: 2)
        var end = RequestEnd(id: request.id, outcome: .acknowledged)
        (end.sentAt, end.answeredAt, end.httpStatus) = (sample.now + 1, sample.now + 20_000, 200)
        let births = [accepted] + orders.map { JournalRecord.orderBorn($0, actor: .daemon) } + [.intentComplete(row.key)]
        let taken = PermitRow(budget: 3, slot: 0, count: 2, request: request.id, takenAt: 5, releasedAt: nil, isUnanswered: false)
        var sent: [JournalRecord] = [.request(request), .permit(taken)]
        for index in orders.indices { sent.append(sample.submit(&orders[index], in: request)) }
        var answered: [JournalRecord] = [.requestEnded(end)]
        for index in orders.indices { answered.append(sample.acknowledge(&orders[index])) }
        // A look-up without a row of its own: its permit alone says that it left.
        let lookUp = sample.request(budgets: [3])
        let alone = PermitRow(budget: 3, slot: 1, request: lookUp.id, takenAt: 9, releasedAt: nil, isUnanswered: false)
        return [[.budget(budget), .boot(id: "boot"), .idHighWater(4_096)], births, sent, answered, [.permit(alone)]]
    }

    @Test func `a turn that is read from the log leaves the same rows on every host, whatever its clock says`() throws {
        let (owner, standby) = (try Sample(), try Sample())
        standby.now += 3_600_000_000
        try standby.reopen()
        for records in try Self.turns(of: owner) {
            try owner.open.commit(records, at: owner.now)
            try Self.follow(records, at: owner.now, standby.open)
        }

        #expect(try Self.compared(owner, standby) > 20)
        #expect(try Self.rows(of: "rate_usage", in: standby).count >= 1)
        #expect(try JournalVerifier.verify(path: standby.path).problems == [])
    }

    @Test func `accounts are numbered as the record says, and an intent that was half written is taken out by a record`() throws {
        let (owner, standby) = (try Sample(), try Sample())
        let gamma = JournalRecord.account(key: 3, "gamma", venue: "xt-spot", product: "spot")
        let (half, accepted) = owner.intent("half", orders: 2)
        let born = JournalRecord.orderBorn(owner.order(half), actor: .daemon)
        for records in [[gamma], [accepted, born]] {
            try owner.open.commit(records, at: owner.now)
            try Self.follow(records, at: owner.now, standby.open)
        }
        #expect(try Self.knows("gamma", standby))
        try owner.reopen()
        #expect(try owner.open.intent("half") == nil)
        let at = try owner.open.wallClock()

        let records = try standby.open.discards(at: at)
        #expect(records.count == 1)
        try Self.follow(records, at: at, standby.open)

        #expect(try Self.compared(owner, standby) > 3)
        #expect(try standby.open.discards(at: at).isEmpty)
        #expect(try JournalVerifier.verify(path: standby.path).problems == [])
    }

    @Test func `an account of a turn that is taken back has no place`() throws {
        let sample = try Sample()
        try sample.open.write([.account(key: 3, "gamma", venue: "xt-spot", product: "spot")], at: sample.now)
        sample.journal?.takeBack()
        #expect(try Self.knows("gamma", sample) == false)
        // One that has a place already, or a number that is another's, is no turn of this history.
        for record in [
            JournalRecord.account(key: 3, "mm-az", venue: "az-futures", product: "usdt"), .account(key: 1, "gamma", venue: "v", product: "p"),
        ] {
            #expect(throws: JournalError.self) { try sample.open.commit([record]) }
        }
        #expect(try Self.knows("gamma", sample) == false && Self.knows("mm-az", sample))
    }

    /// As a standby reads it: by its bytes.
    private static func follow(_ records: [JournalRecord], at: Int64, _ journal: SQLiteJournal) throws {
        let turn = try LogTurn(bytes: LogTurn(number: 1, epoch: 1, at: at, records: records).bytes)
        try journal.commit(turn.records, at: turn.at)
    }

    private static func knows(_ account: AccountID, _ sample: Sample) throws -> Bool {
        try sample.open.connection.integer("SELECT count(*) FROM accounts WHERE account = '\(account.text)'") == 1
    }

    /// How many rows both have, all alike.
    private static func compared(_ one: Sample, _ other: Sample) throws -> Int {
        let connection = try Connection(path: one.path, .readOnly)
        let tables = try connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        var count = 0
        while try tables.step() {
            let table: String = try tables.next()
            // Whose file it is, and when it was made, is not told by turns: a host joins with a copy.
            func told(_ sample: Sample) throws -> [String] {
                try rows(of: table, in: sample).filter { row in !["id_tag", "created_at"].contains { row.hasPrefix("key \($0),") } }
            }
            let mine = try told(one)
            #expect(try mine == told(other), "\(table)")
            count += mine.count
        }
        return count
    }

    @Test func `what is written is seen by nobody before it is finished, and durable then`() throws {
        let sample = try Sample()
        let (row, accepted) = sample.intent("one", orders: 1)
        let order = sample.order(row)
        try sample.open.write([accepted, .orderBorn(order, actor: .daemon), .intentComplete(row.key)], at: sample.now)
        #expect(try Self.rows(of: "intents", in: sample).isEmpty)

        try sample.open.finish()

        #expect(try Self.rows(of: "intents", in: sample).count == 1)
        #expect(try sample.reopen().seq == order.key.number)
        #expect(try sample.open.load().orders.map(\.key) == [order.key])
    }

    @Test func `what was written and is taken back leaves no row, number or permit, and another turn has its place`() throws {
        let sample = try Sample()
        let turns = try Self.turns(of: sample)
        try sample.open.commit(turns[0])
        let before = try sample.open.load().requestMax
        let born = try #require(turns[1].compactMap { if case .orderBorn(let order, _) = $0 { order } else { nil } }.first)
        for _ in 0..<3 {
            try sample.open.write(turns[1] + turns[2], at: sample.now)
            sample.journal?.takeBack()
            #expect(try sample.open.isUsed(born.clientOrderID) == false)
        }
        let state = try sample.open.load()
        #expect(state.seq == 0 && state.requestMax == before && state.orders.isEmpty)
        #expect(try Self.rows(of: "rate_usage", in: sample).isEmpty)
        // Nothing is open any more.
        sample.journal?.takeBack()
        for records in turns[1...] { try sample.open.commit(records) }
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        #expect(try Self.rows(of: "rate_usage", in: sample).count >= 1)
    }

    private static func rows(of table: String, in sample: Sample) throws -> [String] {
        let connection = try Connection(path: sample.path, .readOnly)
        let statement = try connection.prepare("SELECT * FROM \(table)")
        var rows: [String] = []
        while try statement.step() {
            rows.append((0..<statement.columns).map { "\(statement.name(of: $0)) \(statement.text($0))" }.joined(separator: ", "))
        }
        return rows.sorted()
    }
}
