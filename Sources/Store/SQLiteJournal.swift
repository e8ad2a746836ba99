import CLinux
import CSQLite
import Migrations
import OMSCore

/// An account as the configuration names it; `open` gives it a row.
package struct JournalAccount: Hashable, Sendable {
    package let id: AccountID
    package let venue: String
    package let product: String
    package init(id: AccountID, venue: String, product: String) { (self.id, self.venue, self.product) = (id, venue, product) }
}

/// The journal in one SQLite file: the only writer in the world, held by a lock for as long as this lives.
///
/// One connection that commits and checkpoints, used by one thread: two that write are what SQLite's WAL-reset bug needs (docs/decisions/0004-journal.md).
package final class SQLiteJournal: Journal {
    /// Without symbolic links.
    package let path: String
    /// What a person should know of where it lies.
    package let warnings: [String]

    // Declared before the connection and the lock, and so gone before them.
    let statements: WriterStatements
    let connection: Connection
    private let lock: JournalLock
    private let identity: JournalFile.Identity?
    private let ballast: Ballast

    /// Set by the first I/O error: what is written after it may not be durable, whatever SQLite says.
    private var latched: JournalError? {
        didSet { if latched != nil { connection.leaveAsItIs() } }
    }
    /// All that was ever executed has been read, to be counted: the next commit holds what it came to, and says that positions are kept from then on.
    var beginsPositions = false
    /// The last sequence number committed.
    private(set) var seq: Int64
    /// The last one written, of a turn that is not committed yet; nil: none is open.
    private var written: Int64?
    /// As of the last commit, and of the turn that is open.
    package private(set) var place: LogPlace?
    private var placeWritten: LogPlace?
    /// It follows a log: nothing but turns of that is written here.
    let isShared: Bool
    /// Those of the configuration.
    let configured: [JournalAccount]
    /// The wall clock of the turn that is written: hosts of a group that write one turn write the same rows.
    private(set) var turnAt: Int64 = 0
    var accountKeys: [AccountID: Int64]
    var accountNames: [Int64: AccountID]
    var seenSymbols: Set<SymbolSeen> = []
    /// Accounts that got their place in the transaction that runs.
    var newAccounts: [Int64] = []
    /// Symbols first seen in the transaction that runs.
    var newSymbols: [SymbolSeen] = []
    var rate = RateUsage()
    /// Which taking of each slot was counted last.
    var countedPermits: [PermitSlot: Int64] = [:]
    /// Requests counted by their permits before a row of theirs came.
    var countedWithoutRow: Set<Int64> = []
    /// Request ids up to this one may be in use; and as of the last commit.
    var requestReserve: Int64 = 0
    private var reserveCommitted: Int64 = 0
    let wallClock: () -> Int64
    /// Whose intents the last births belong to: an order's actor is written only where it differs.
    var lastIntent: (key: IntentKey, actor: Actor)?
    private var checkpointed = 0
    /// Files of the archive that something was asked of.
    let shelf: ArchiveShelf
    /// The rows of orders here, as they are compared with a file's.
    let ownTables: ArchiveTables
    /// Some orders are in the archive: what is not here may be there.
    var hasArchived = false

    struct SymbolSeen: Hashable {
        let account: Int64
        let symbol: Symbol
    }
    struct PermitSlot: Hashable {
        let budget: Int64
        let slot: Int
    }

    /// A checkpoint inside the commit path at this many frames: measured, 1,000 (SQLite's own) gives a commit p99 of 4.3 ms, 4,000 0.8 ms.
    private static let checkpointFrames = 4_000
    private static let idleCheckpointFrames = 500

    /// Opens the journal at `path`, or makes it where nothing is.
    ///
    /// In this order: the lock; a look at an existing file that changes nothing; migrations; what a crash left half written is removed.
    ///
    /// - Parameters:
    ///   - accounts: Those of the configuration; missing ones get a row.
    ///   - identities: Who they are: one that the record has otherwise refuses the journal, with `.configuration`.
    ///   - bootID: Which boot of the machine this is.
    ///   - use: Whether its turns are a group's.
    ///   - wallClock: Microseconds since 1970 UTC: for what the journal itself records.
    package static func open(
        path: String, accounts: [JournalAccount], identities: [ConfiguredIdentity] = [], bootID: String = "", for use: JournalUse = .alone,
        wallClock: @escaping () -> Int64 = { omsd_clock_us(CLOCK_REALTIME) }
    ) throws(OpenError) -> SQLiteJournal {
        let path = JournalFile.resolved(path)
        let exists = JournalFile.identity(of: path) != nil
        try checkPlace(path)
        let lock = try JournalLock(journal: path, bootID: bootID)
        let loss: JournalFile.Loss?
        do throws(OpenError) {
            try JournalFile.checkNames(path)
            if exists { try lock.hold(path) }
            loss = try JournalFile.signOfLoss(path, hasWAL: exists ? JournalFile.checkHeader(path, versionMax: Migrator.newest) : nil)
            if exists { try probe(path, accounts: accounts, identities: identities, for: use) }
        } catch {
            lock.withdraw()
            throw error
        }
        do {
            if !exists {
                try Migrator.create(at: path, now: wallClock())
                try lock.hold(path)
            }
            return try SQLiteJournal(path: path, loss: loss, lock: lock, accounts: accounts, use: use, wallClock: wallClock)
        } catch let error as JournalError {
            throw OpenError(error, path: path)
        } catch let error as OpenError {
            throw error
        } catch {
            throw OpenError(.failed, "\(path): \(error)")
        }
    }

    private init(
        path: String, loss: JournalFile.Loss?, lock: JournalLock, accounts: [JournalAccount], use: JournalUse, wallClock: @escaping () -> Int64
    ) throws(JournalError) {
        let connection = try Connection(path: path, .readWrite)
        var warnings: [String] = []
        let place = try Self.place(in: connection)?.place
        (self.place, isShared, configured) = (place, place != nil || use.isShared, accounts)
        // On record before the WAL is made that would hide it. What follows a log lost nothing that the log does not have.
        if let loss, place == nil, try Self.markLoss(loss, on: connection, lastSeq: lock.lastSeq, now: wallClock()) {
            warnings.append(
                "\(path) \(loss == .isCopy ? "is a copy" : "has lost its WAL"): it may lack what was recorded last. Orders that had not left by then are "
                    + "looked up before they are sent, limits count as used up")
        }
        try connection.becomeWriter()
        // Of an older version nothing was read so far but what every version has: a journal that cannot be read stays of the version that it is.
        try Migrator.migrate(connection) { () throws(JournalError) in _ = try JournalLoader(connection: connection).load() }
        var failure: JournalError?
        statements = WriterStatements(on: connection, failure: &failure)
        if let failure { throw failure }
        let loader = JournalLoader(connection: connection)
        (self.path, self.connection, self.lock, self.wallClock) = (path, connection, lock, wallClock)
        identity = JournalFile.identity(of: path)
        ballast = Ballast(journal: path)
        shelf = ArchiveShelf(journal: path)
        ownTables = try ArchiveTables(on: connection)
        seq = try loader.seq()
        accountNames = try loader.accounts()
        accountKeys = Dictionary(uniqueKeysWithValues: accountNames.map { ($0.value, $0.key) })
        if let warning = JournalFile.warning(about: path) { warnings.append(warning) }
        if !ballast.restore() { warnings.append("there is no space for the 16 MiB of ballast beside \(path)") }
        self.warnings = warnings
        if !isShared { try commitOpenings() }
        lock.note(seq)
        try readMemory()
    }

    /// What the writer keeps in memory beside its statements, read anew.
    private func readMemory() throws(JournalError) {
        seenSymbols.removeAll()
        let symbols = try connection.prepare("SELECT account_key, symbol FROM symbols")
        while try symbols.step() { seenSymbols.insert(SymbolSeen(account: try symbols.next(), symbol: try symbols.next())) }
        hasArchived = try connection.hasArchived()
        reserveCommitted = try connection.integer("SELECT value FROM meta WHERE key = 'request_max'") ?? 0
        requestReserve = reserveCommitted
        rate = RateUsage()
        var lengthMax: Int64 = 1_000
        let budgets = try connection.prepare("SELECT budget_id, window_ms, begins_ms FROM budgets")
        while try budgets.step() {
            let (budget, windowMs): (Int64, Int64) = (try budgets.next(), try budgets.next())
            rate.define(budget: budget, windowMs: windowMs, WindowShape(beginsMs: try budgets.next()))
            lengthMax = max(lengthMax, min(windowMs, 3_600_000))
        }
        countedPermits.removeAll()
        countedWithoutRow.removeAll()
        let permits = try connection.prepare("SELECT budget_id, slot, request_id FROM permits WHERE request_id IS NOT NULL")
        while try permits.step() {
            let slot = PermitSlot(budget: try permits.next(), slot: try permits.next())
            countedPermits[slot] = try permits.next(Int64.self)
        }
        // Requests of the last window, so that a quick restart goes on counting.
        let recent = try JournalLoader(connection: connection).taken(since: wallClock() - lengthMax * 1_000)
        for (permits, at) in recent { _ = rate.count(permits, at: at) }
        rate.keep()
    }

    package func write(_ records: [JournalRecord], at: Int64) throws(JournalError) { try write(records, at: at, to: nil) }

    package func write(_ records: [JournalRecord], at: Int64, reaching place: LogPlace) throws(JournalError) {
        try write(records, at: at, to: place)
    }

    private func write(_ records: [JournalRecord], at: Int64, to place: LogPlace?) throws(JournalError) {
        if let latched { throw latched }
        guard written == nil else { throw JournalError(.damaged, "a turn is open, and another was to be written") }
        guard !records.isEmpty || place != nil else { return }
        let last = try lastSeq(of: records)
        turnAt = at
        do throws(JournalError) {
            try statements.begin.run()
            if hasArchived { try bringHome(records) }
            try write(records)
            if beginsPositions {
                try connection.execute(
                    "INSERT INTO meta (key, value) VALUES ('\(JournalLoader.positions)', 1) ON CONFLICT (key) DO UPDATE SET value = 1")
            }
            if let place { try write(place, seq: last) }
        } catch {
            takeBack(after: error)
            throw error
        }
        (written, placeWritten) = (last, place)
    }

    package func finish() throws(JournalError) {
        guard let last = written else { return }
        written = nil
        do throws(JournalError) {
            if let latched { throw latched }
            try statements.commit.run()
        } catch {
            takeBack(after: error)
            throw error
        }
        (seq, beginsPositions) = (last, false)
        if let placeWritten { place = placeWritten }
        lock.note(last)
        rate.keep()
        reserveCommitted = requestReserve
        newSymbols.removeAll(keepingCapacity: true)
        newAccounts.removeAll()
        checkpointIfDue()
    }

    package func takeBack() {
        guard written != nil else { return }
        written = nil
        undo()
    }

    /// A turn of now, all at once.
    package func commit(_ records: [JournalRecord]) throws(JournalError) { try commit(records, at: wallClock()) }

    func checkpointIfDue() { if uncheckpointed >= Self.checkpointFrames { checkpoint() } }

    /// The numbers that the engine gave must go on without a gap: one that is missing would look like a lost line.
    private func lastSeq(of records: [JournalRecord]) throws(JournalError) -> Int64 {
        var last = seq
        for index in records.indices {
            guard let next = records[index].seq else { continue }
            guard next == last + 1 else { throw JournalError(.damaged, "record \(next) was to follow \(last): the sequence has a gap") }
            last = next
        }
        return last
    }

    /// Nothing of a failed transaction stays, in the file or in memory.
    func takeBack(after error: JournalError) {
        if error.kind == .failed { latched = error }
        if error.isOfArchive { shelf.close() }
        undo()
    }

    private func undo() {
        statements.insertOrder.forget()
        statements.insertUsedID.forget()
        statements.insertEvent.forget()
        rate.takeBack()
        requestReserve = reserveCommitted
        for symbol in newSymbols { seenSymbols.remove(symbol) }
        newSymbols.removeAll(keepingCapacity: true)
        for key in newAccounts { if let account = accountNames.removeValue(forKey: key) { accountKeys[account] = nil } }
        newAccounts.removeAll()
        beginsPositions = false
        lastIntent = nil
        guard sqlite3_get_autocommit(connection.handle) == 0 else { return }
        do throws(JournalError) { try statements.rollback.run() } catch { latched = error }
    }

    /// A disk that cannot be read is as bad as one that cannot be written: what memory took from it before may be wrong, too.
    func reading<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
        if let latched { throw latched }
        do throws(JournalError) { return try body() } catch {
            if error.isStorageFault || error.kind == .failed { latched = error }
            // Perhaps another file stands there next time.
            if error.isOfArchive { shelf.close() }
            throw error
        }
    }

    /// Nothing is written any more: somebody else found that the disk fails, or missed what cannot be read.
    package func latch(_ error: JournalError) { if latched == nil { latched = error } }

    package func check() throws(JournalError) {
        if let latched { throw latched }
    }

    package func load() throws(JournalError) -> JournalState {
        if let latched { throw latched }
        if !isShared { try discardHalfWritten() }
        try readMemory()
        seq = try JournalLoader(connection: connection).seq()
        return try JournalLoader(connection: connection).load()
    }

    package func idle() throws(JournalError) {
        if let latched { throw latched }
        if uncheckpointed > Self.idleCheckpointFrames { checkpoint() }
        if let latched { throw latched }
    }

    /// How long the WAL is, for health: a header, and each page with one of its own. Much more than 4,000 pages mean that a reader holds it.
    package var walBytes: Int { connection.walFrames == 0 ? 0 : 32 + connection.walFrames * (4_096 + 24) }

    private var uncheckpointed: Int {
        // Fewer frames than were moved: SQLite began the WAL anew.
        if connection.walFrames < checkpointed { checkpointed = 0 }
        return connection.walFrames - checkpointed
    }

    /// What was committed is durable whatever happens here. A full disk or a busy file: the next time. An I/O error: latched.
    private func checkpoint() {
        do throws(JournalError) {
            checkpointed = try connection.checkpoint().moved
        } catch {
            if error.kind == .failed || error.kind == .damaged { latched = error }
            checkpointed = connection.walFrames
        }
    }

    /// True: the file under the path is not the one that is open any more. What is written then is lost to whoever looks for it: stop.
    package func fileIdentityChanged() -> Bool { identity == nil || JournalFile.identity(of: path) != identity }

    /// Gives up the space kept back, so that cancels, look-ups and outcomes fit on a full disk.
    package func releaseBallast() { ballast.release() }

    /// Takes the space back; false while there is not that much and some more.
    package func restoreBallast() -> Bool { ballast.restoreWithSpare() }
}
