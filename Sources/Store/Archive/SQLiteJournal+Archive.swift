import CSQLite
import OMSCore
import Wire

/// What of the archive only the writer can do: each is a commit of its own, between two turns.
extension SQLiteJournal {
    private func transaction<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
        try check()
        do throws(JournalError) {
            try statements.begin.run()
            let result = try body()
            try statements.commit.run()
            return result
        } catch {
            takeBack(after: error)
            throw error
        }
    }

    /// Says where the archive's files lie, from here on and for whoever reads the journal.
    package func useArchive(folder: String) throws(JournalError) {
        guard try connection.text("SELECT value FROM meta WHERE key = '\(ArchiveFile.folderKey)'") != folder else { return }
        try transaction { () throws(JournalError) in try statements.setMeta.run(ArchiveFile.folderKey, folder) }
        shelf.close()
    }

    /// At a start: looks whether all that left the journal can be read where it is said to be.
    ///
    /// - Parameter folder: where files lie from here on; nil: where they lay, and none is made.
    /// - Throws: `.configuration`.
    package func openArchive(folder: String?) throws(OpenError) {
        do throws(JournalError) {
            if let folder, let problem = ArchiveFile.problem(ofFolder: folder, journal: path) { throw JournalError(.busy, problem) }
            if let problem = try ArchiveFile.problem(ofFilesIn: Self.place(folder, connection, path), of: connection) {
                throw JournalError(.busy, problem)
            }
            if let folder { try useArchive(folder: folder) }
        } catch { throw OpenError(error.kind == .busy ? .configuration : .failed, "\(error.description)") }
    }

    private static func place(_ folder: String?, _ connection: Connection, _ path: String) throws(JournalError) -> String {
        if let folder { folder } else { try ArchiveFile.folder(of: connection, at: path) }
    }

    /// As a start would refuse it, changing nothing; nil: it would not, or no journal is there.
    ///
    /// - Parameter isOpenHere: by this process, which may close no descriptor of it.
    package static func archiveProblem(journal path: String, folder: String?, isOpenHere: Bool) -> String? {
        let path = JournalFile.resolved(path)
        guard JournalFile.identity(of: path) != nil else { return nil }
        do throws(JournalError) {
            if !isOpenHere { try JournalFile.checkForReading(path) }
            let connection = try Connection(path: path, .readOnly)
            guard try Migrator.version(of: connection) == Migrator.newest else { return nil }
            return try ArchiveFile.problem(ofFilesIn: place(folder, connection, path), of: connection)
        } catch { return nil }
    }

    /// Writes the whole file anew, without what it does not use, and so that it gives space back from here on. For a daemon's journal while none runs.
    ///
    /// - Returns: its bytes before and after.
    package func compact() throws(JournalError) -> (before: Int64, after: Int64) {
        try check()
        func bytes() throws(JournalError) -> Int64 {
            (try connection.integer("PRAGMA page_count") ?? 0) * (try connection.integer("PRAGMA page_size") ?? 0)
        }
        let before = try bytes()
        try connection.execute("PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
        guard try connection.integer("PRAGMA auto_vacuum") == 2 else { throw JournalError(.failed, "SQLite did not take the setting") }
        checkpointIfDue()
        return (before, try bytes())
    }

    /// A file that is to be filled, by its row.
    package func beginArchive(of month: ArchiveMonth, at now: Int64) throws(JournalError) -> ArchiveRow {
        try transaction { () throws(JournalError) -> ArchiveRow in
            let insert = try connection.prepare(
                """
                INSERT INTO archives (month, part, state, begun_at)
                VALUES (:month, (SELECT coalesce(max(part), 0) + 1 FROM archives WHERE month = :month), 'filling', ?) RETURNING \(ArchiveRow.columns)
                """)
            try insert.bind(month.description, now)
            guard try insert.step() else { throw JournalError(.damaged, "a row of archives was not written") }
            let row = try ArchiveRow.read(insert)
            while try insert.step() {}
            return row
        }
    }

    /// Nothing of its month was due after all.
    package func dropArchive(_ id: Int64) throws(JournalError) {
        try transaction { () throws(JournalError) in
            try connection.execute("DELETE FROM archives WHERE archive_id = \(id) AND state = 'filling'")
            try expectOneRow("archive \(id)")
        }
    }

    /// Its file is on disk under its name, and line `toldBy` of the record names its head.
    package func completeArchive(_ id: Int64, _ head: ArchiveHead, toldBy: Int64) throws(JournalError) {
        try transaction { () throws(JournalError) in
            let update = try connection.prepare(
                """
                UPDATE archives SET state = 'whole', orders = ?, lines = ?, first_key = ?, last_key = ?, digest = ?, told_by = ?
                WHERE archive_id = ? AND state = 'filling'
                """)
            try update.run(head.orders, head.lines, head.first, head.last, head.digest, toldBy, id)
            try expectOneRow("archive \(id)")
        }
    }

    package func endArchive(_ id: Int64) throws(JournalError) {
        try transaction { () throws(JournalError) in
            try connection.execute("UPDATE archives SET state = 'moved' WHERE archive_id = \(id) AND state = 'whole'")
            try expectOneRow("archive \(id)")
        }
    }

    /// What a slice of moving came to.
    package struct Moved: Sendable, Equatable {
        /// That left the journal.
        package var orders = 0
        /// That stay, for something was written about them since they were copied.
        package var kept = 0
        /// Where to go on; nil: that was the last one.
        package var after: Int64?
    }

    /// Takes orders out of the journal that lie in a file, each with all of its rows, in one commit that says where they are. What is not, row by row, as the file has
    /// it stays: whatever became of the file or of the order since it was copied, nothing is lost by it.
    ///
    /// - Parameters:
    ///   - after: number of the last order that was looked at.
    ///   - limit: of orders.
    package func moveOrders(of archive: ArchiveRow, after: Int64, limit: Int) throws(JournalError) -> Moved {
        try check()
        var moved = Moved()
        let keys = try inArchive(beside: connection) { () throws(JournalError) -> [Int64] in
            let rows = try shelf.file(archive, of: connection).prepare(
                "SELECT order_key FROM orders WHERE order_key > ? ORDER BY order_key LIMIT ?")
            try rows.bind(after, limit)
            var keys: [Int64] = []
            while try rows.step() { keys.append(try rows.next()) }
            return keys
        }
        guard let last = keys.last else { return moved }
        moved.after = last
        let here = try ordersHere(among: keys)
        let leaving = try same(here, in: archive)
        moved.kept = here.count - leaving.count
        guard !leaving.isEmpty else { return moved }
        KillPointOfArchive.passed("before_archive_move")
        try transaction { () throws(JournalError) in
            let numbers = try ownTables.numbers(of: leaving)
            try setArchived(Self.runs(of: numbers), in: archive.id)
            guard try ownTables.delete(leaving) == Int64(numbers.count) else {
                throw JournalError(.damaged, "orders \(leaving[0]) to \(leaving[leaving.count - 1]) have other lines than were to be archived")
            }
        }
        KillPointOfArchive.passed("after_archive_move")
        (moved.orders, hasArchived) = (leaving.count, true)
        checkpointIfDue()
        return moved
    }

    private func ordersHere(among keys: [Int64]) throws(JournalError) -> [Int64] {
        let rows = try connection.prepare(
            """
            SELECT order_key FROM orders WHERE order_key IN (SELECT value FROM json_each(?))
                AND order_key NOT IN (SELECT order_key FROM unlisted) AND closed_at IS NOT NULL ORDER BY order_key
            """)
        try rows.bind(ArchiveTables.list(keys))
        var here: [Int64] = []
        while try rows.step() { here.append(try rows.next()) }
        return here
    }

    /// Those whose rows are in the file as they are here.
    private func same(_ keys: [Int64], in archive: ArchiveRow) throws(JournalError) -> [Int64] {
        guard !keys.isEmpty else { return [] }
        func isSame(_ keys: [Int64]) throws(JournalError) -> Bool {
            let theirs = try inArchive(beside: connection) { () throws(JournalError) in try shelf.tables(archive, of: connection).digest(of: keys) }
            return try ownTables.digest(of: keys) == theirs
        }
        if try isSame(keys) { return keys }
        guard keys.count > 1 else { return [] }
        let middle = keys.count / 2
        return try same(Array(keys[..<middle]), in: archive) + same(Array(keys[middle...]), in: archive)
    }

    /// Pages at the file's end that hold nothing any more go back to the file system, some at a time.
    package func giveBack(pages: Int) throws(JournalError) {
        try check()
        do throws(JournalError) { try connection.execute("PRAGMA incremental_vacuum(\(pages))") } catch {
            takeBack(after: error)
            throw error
        }
        checkpointIfDue()
    }

    // MARK: Where numbers are

    static func runs(of numbers: [Int64]) -> [ClosedRange<Int64>] {
        var runs: [ClosedRange<Int64>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs
    }

    /// Neighbours in one file are one row.
    private func setArchived(_ runs: [ClosedRange<Int64>], in archive: Int64) throws(JournalError) {
        let behind = try connection.prepare("SELECT last_seq FROM archived WHERE first_seq = ? AND archive_id = ?")
        let insert = try connection.prepare("INSERT INTO archived (first_seq, last_seq, archive_id) VALUES (?, ?, ?)")
        let delete = try connection.prepare("DELETE FROM archived WHERE first_seq = ?")
        for run in runs {
            var (first, last) = (run.lowerBound, run.upperBound)
            if let near = try connection.archivedRun(before: first), near.last == first - 1, near.archive == archive {
                first = near.first
                try delete.run(first)
            }
            try behind.bind(last + 1, archive)
            let more: Int64? = try behind.step() ? try behind.next() : nil
            behind.reset()
            if let more {
                try delete.run(last + 1)
                last = more
            }
            try insert.run(first, last, archive)
        }
    }

    private func setHere(_ runs: [ClosedRange<Int64>]) throws(JournalError) {
        let insert = try connection.prepare("INSERT INTO archived (first_seq, last_seq, archive_id) VALUES (?, ?, ?)")
        for run in runs {
            guard let known = try connection.archivedRun(before: run.lowerBound + 1), known.last >= run.upperBound else {
                throw JournalError(.damaged, "numbers \(run.lowerBound) to \(run.upperBound) of the record are not archived as a whole")
            }
            try connection.execute("DELETE FROM archived WHERE first_seq = \(known.first)")
            if known.first < run.lowerBound { try insert.run(known.first, run.lowerBound - 1, known.archive) }
            if known.last > run.upperBound { try insert.run(run.upperBound + 1, known.last, known.archive) }
        }
    }

    // MARK: Coming back

    /// An order that something is to be written about has its rows here: one that was archived comes back, in the same commit.
    func bringHome(_ records: [JournalRecord]) throws(JournalError) {
        for index in records.indices {
            switch records[index] {
            case .orderChanged(let order, let from, _, _): if from.isTerminal { try bringHome(order.key.number) }
            case .fill(let key, _, _, _, _): try bringHome(key.number)
            case .commandBorn(let command, _), .commandChanged(let command, _, _): try bringHome(command.order.number)
            case .unlisted(let key, let isUnlisted): if isUnlisted { try bringHome(key.number) }
            case .note(_, let key, _): if let key { try bringHome(key.number) }
            case .breakFound(let row, _): if let id = row.clientOrderID { try bringHome(usedBy: id.text) }
            case .breakResolved(let id, _, _), .breakAcknowledged(let id, _, _, _, _):
                if let name = try connection.text("SELECT client_order_id FROM breaks WHERE break_id = \(id)") { try bringHome(usedBy: name) }
            case .intent, .intentComplete, .intentSettled, .orderBorn, .request, .requestEnded, .tradingState, .kill, .sessionGuard, .rehearsal,
                .position,
                .budget, .permit, .idHighWater, .boot, .formulaBroken, .lookupLag, .identity, .budgetRest, .ban, .banEnded, .account,
                .intentDiscarded:
                continue
            }
        }
    }

    private func bringHome(usedBy id: String) throws(JournalError) {
        let used = try connection.prepare("SELECT order_key FROM used_ids WHERE client_order_id = ?")
        try used.bind(id)
        if try used.step() { try bringHome(used.next()) }
    }

    private func bringHome(_ order: Int64) throws(JournalError) {
        do {
            defer { statements.findOrderRow.reset() }
            try statements.findOrderRow.bind(order)
            if try statements.findOrderRow.step() { return }
        }
        guard try connection.archive(of: order) != nil else { return }
        let (numbers, tables) = try inArchive(beside: connection) { () throws(JournalError) -> ([Int64], ArchiveTables) in
            guard let (archive, _) = try shelf.file(of: order, in: connection) else { throw JournalError(.damaged, "order \(order) is nowhere") }
            let tables = try shelf.tables(archive, of: connection)
            let numbers = try tables.numbers(of: [order])
            guard numbers.first == order else { throw JournalError(.damaged, "order \(order) is not in \(archive.name), where it should be") }
            _ = try tables.digest(of: [order])
            return (numbers, tables)
        }
        try setHere(Self.runs(of: numbers))
        try inArchive(beside: connection) { () throws(JournalError) in try tables.copy([order], to: connection, isReturn: true) }
    }

    // MARK: Reading

    /// An order that lies in a file, and of which every row can be read there: whoever is told of it may write about it, and then all of them come back.
    func orderInArchive(_ number: Int64) throws(JournalError) -> Order? {
        try inArchive(beside: connection) { () throws(JournalError) -> Order? in
            guard let (archive, file) = try shelf.file(of: number, in: connection) else { return nil }
            let order = try orders(in: file, where: "o.order_key = \(number)").first
            try checkWhole(number, in: archive)
            return order
        }
    }

    private func checkWhole(_ number: Int64, in archive: ArchiveRow) throws(JournalError) {
        let tables = try shelf.tables(archive, of: connection)
        guard try tables.numbers(of: [number]).first == number else {
            throw JournalError(.damaged, "order \(number) is not in \(archive.name), where it should be")
        }
        _ = try tables.digest(of: [number])
    }

    /// Those that are at home in a file, newest file first.
    func ordersInArchive(venueOrderID: VenueOrderID, of account: Int64?) throws(JournalError) -> [Order] {
        try inArchive(beside: connection) { () throws(JournalError) -> [Order] in
            var found: [Order] = []
            for (archive, file) in try shelf.files(of: connection) {
                let condition = """
                    o.order_key IN (SELECT order_key FROM orders WHERE venue_order_id = ?1
                        UNION SELECT order_key FROM predicted_ids WHERE venue_order_id = ?1)
                    """
                for order in try orders(in: file, where: condition + (account.map { " AND o.account_key = \($0)" } ?? ""), venueOrderID)
                where try connection.archive(of: order.key.number) == archive.id {
                    try checkWhole(order.key.number, in: archive)
                    found.append(order)
                }
            }
            return found
        }
    }

    private func orders(in file: Connection, where condition: String, _ id: VenueOrderID? = nil) throws(JournalError) -> [Order] {
        let predicted = try file.prepare(OrderColumns.selectPredicted)
        let rows = try file.prepare(OrderColumns.select + " WHERE \(condition) ORDER BY o.order_key DESC LIMIT 16")
        if let id { try rows.bind(id) }
        var orders: [Order] = []
        while try rows.step() { orders.append(try OrderColumns.read(rows, accounts: accountNames, predicted: predicted)) }
        return orders
    }

    func fillsInArchive(of order: Int64) throws(JournalError) -> [Fill] {
        try inArchive(beside: connection) { () throws(JournalError) -> [Fill] in
            guard let (_, file) = try shelf.file(of: order, in: connection) else { return [] }
            let rows = try file.prepare(Self.tradesOfOrder)
            try rows.bind(order)
            var fills: [Fill] = []
            while try rows.step() { fills.append(try Fill(row: rows)) }
            return fills
        }
    }

    static let tradesOfOrder = "SELECT trade_id, venue_order_id, quantity, price, fee, fee_asset, at FROM fills WHERE order_key = ?"

    func tradesInArchive(of account: Int64, since: Int64, _ tell: (OwnTrade) -> Void) throws(JournalError) {
        try inArchive(beside: connection) { () throws(JournalError) in
            for (archive, file) in try shelf.files(of: connection) {
                let rows = try file.prepare(
                    """
                    SELECT o.symbol, o.position_side, o.side, f.quantity, f.fee, f.fee_asset, f.at, o.order_key
                    FROM fills f CROSS JOIN orders o USING (order_key) WHERE f.account_key = ? AND f.at >= ?
                    """)
                try rows.bind(account, since)
                while try rows.step() {
                    let trade = try OwnTrade(row: rows)
                    if try connection.archive(of: rows.next()) == archive.id { tell(trade) }
                }
            }
        }
    }
}

/// What goes wrong in a file of the archive is not the journal's fault: nothing of that rests on it.
///
/// - Parameter journal: read by `body` as well: what went wrong there is its own fault all the same.
func inArchive<Result>(beside journal: Connection, _ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
    do throws(JournalError) { return try body() } catch {
        if journal.hasFailed { throw error }
        throw JournalError(error.kind == .damaged ? .damaged : .busy, error.description, isOfArchive: true)
    }
}

extension Connection {
    /// The last run of archived numbers that begins before a number.
    func archivedRun(before number: Int64) throws(JournalError) -> (first: Int64, last: Int64, archive: Int64)? {
        let row = try prepare("SELECT first_seq, last_seq, archive_id FROM archived WHERE first_seq < ? ORDER BY first_seq DESC LIMIT 1")
        try row.bind(number)
        return try row.step() ? (try row.next(), try row.next(), try row.next()) : nil
    }
}
