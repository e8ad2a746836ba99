import CLinux
import OMSCore

/// What an opening looks at before anything is written, and what it says of a journal that went back.
extension SQLiteJournal {
    /// Whether a journal can be kept there at all, changing nothing. SQLite writes beside the file too: a folder that refuses would show as an I/O error later.
    ///
    /// - Throws: `.configuration`.
    package static func checkPlace(_ path: String) throws(OpenError) {
        let path = JournalFile.resolved(path)
        var status = stat()
        // Links are resolved: what is still one leads nowhere. To put a new journal in its place would forget the one that it means.
        if lstat(path, &status) == 0 {
            let kind = status.st_mode & mode_t(S_IFMT)
            guard kind != mode_t(S_IFLNK) else {
                throw OpenError(.configuration, "\(path) is a link to a file that is not there: is its disk mounted?")
            }
            guard kind == mode_t(S_IFREG) else { throw OpenError(.configuration, "\(path) is no file") }
        }
        let exists = JournalFile.identity(of: path) != nil
        for name in exists ? [JournalFile.folder(of: path), path] : [JournalFile.folder(of: path)] where access(name, R_OK | W_OK) != 0 {
            throw OpenError(.configuration, "\(name) cannot be written: \(systemError())")
        }
    }

    /// What a start would refuse of a journal's place and file, but for what its accounts say; changes nothing.
    package static func check(_ path: String) throws(OpenError) {
        let path = JournalFile.resolved(path)
        try checkPlace(path)
        try JournalFile.checkNames(path)
        if JournalFile.identity(of: path) != nil { _ = try JournalFile.checkHeader(path, versionMax: Migrator.newest) }
    }

    /// Reads all that a start reads, on a connection that cannot write: a file that fails here is left as it was.
    static func probe(
        _ path: String, accounts: [JournalAccount], identities: [ConfiguredIdentity], for use: JournalUse
    ) throws(OpenError) {
        let problems: [String]
        do throws(JournalError) { problems = try look(path, accounts: accounts, identities: identities) } catch { throw OpenError(error, path: path) }
        guard problems.isEmpty else { throw OpenError(.configuration, problems.map { "\(path): \($0)" }.joined(separator: "\n")) }
        try checkUse(path, use)
    }

    /// What the record of the journal says otherwise than the configuration, in words that name both; changes nothing. Nothing where no journal is.
    package static func identityProblems(
        _ path: String, accounts: [JournalAccount], identities: [ConfiguredIdentity]
    ) throws(JournalError) -> [String] {
        let path = JournalFile.resolved(path)
        guard JournalFile.identity(of: path) != nil else { return [] }
        try JournalFile.checkForReading(path)
        return try look(path, accounts: accounts, identities: identities)
    }

    static func look(
        _ path: String, accounts: [JournalAccount], identities: [ConfiguredIdentity]
    ) throws(JournalError) -> [String] {
        let connection = try Connection(path: path, .readOnly)
        let version = try Migrator.version(of: connection)
        guard version <= Migrator.newest else {
            throw JournalError(.damaged, "it is of version \(version), newer than this omsd (\(Migrator.newest)): take the omsd that wrote it")
        }
        guard version >= 1 else { throw JournalError(.damaged, "it has no version: its making was never finished") }
        let loader = JournalLoader(connection: connection)
        if version == Migrator.newest { _ = try loader.load() }
        return try problems(accounts, identities, in: connection)
    }

    /// As ``identityProblems(_:accounts:identities:)``, of what the open journal holds now: a log may have brought what the file lacked when it was opened.
    package func identityProblems(_ identities: [ConfiguredIdentity]) throws(JournalError) -> [String] {
        try Self.problems(configured, identities, in: connection)
    }

    private static func problems(
        _ accounts: [JournalAccount], _ identities: [ConfiguredIdentity], in connection: Connection
    ) throws(JournalError) -> [String] {
        let loader = JournalLoader(connection: connection)
        var problems: [String] = []
        for account in accounts {
            guard let place = try place(of: account.id, in: connection), place != (account.venue, account.product) else { continue }
            problems.append(
                "account \(account.id) is at \(place.venue) \(place.product) by the journal, at \(account.venue) \(account.product) by the configuration: "
                    + "an account of another venue needs another name")
        }
        return problems.isEmpty ? IdentityCheck.problems(identities, pinned: try loader.pinnedIdentities()) : problems
    }

    static func place(of account: AccountID, in connection: Connection) throws(JournalError) -> (venue: String, product: String)? {
        let known = try connection.prepare("SELECT venue, product FROM accounts WHERE account = ?")
        try known.bind(account)
        return try known.step() ? (try known.next(), try known.next()) : nil
    }

    /// The journal went back in time. What was born so far may have changed since, ids go on where the lost part cannot have come to, and the boot is
    /// forgotten with whatever its clock said of permits.
    ///
    /// - Parameter lastSeq: what the last run noted beside the journal.
    /// - Returns: false where nothing is gone: another program took the WAL in, or there were no orders and events.
    static func markLoss(
        _ loss: JournalFile.Loss, on connection: Connection, lastSeq: Int64?, now: Int64
    ) throws(JournalError) -> Bool {
        let seq = try JournalLoader(connection: connection).seq()
        if loss == .lacksWAL, let lastSeq, seq >= lastSeq { return false }
        guard seq > 0 else { return false }
        try connection.execute("BEGIN IMMEDIATE; \(try goneBack(seq, on: connection, now: now)) COMMIT;")
        return true
    }

    /// What is written of a journal that went back when this was its last number.
    static func goneBack(_ seq: Int64, on connection: Connection, now: Int64) throws(JournalError) -> String {
        let used = try connection.integer("SELECT value FROM meta WHERE key = 'id_high_water'") ?? 0
        // An hour of ids: each start takes ten seconds' worth ahead of the clock at most.
        let next = max(used, now) + 3_600_000_000
        return """
            INSERT INTO meta VALUES ('gone_back_seq', \(seq)) ON CONFLICT (key) DO UPDATE SET value = excluded.value;
            UPDATE meta SET value = \(next) WHERE key = 'id_high_water';
            DELETE FROM meta WHERE key = 'boot_id';
            """
    }
}
