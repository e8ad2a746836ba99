import OMSCore
import Wire

/// Answers from committed rows, on a read-only connection of its own: used by one thread, which need not be the writer's.
///
/// Each answer is one snapshot and bounded: a read that lasts keeps SQLite from using the WAL again.
package final class SQLiteJournalReader: JournalReader {
    let connection: Connection
    /// Made by the first that follows the record.
    var following: FollowerStatements?
    /// Of a journal: what is not there may be in its archive. nil: this is a file of one.
    private let shelf: ArchiveShelf?
    private static let rowsMax = 1_000

    /// - Parameters:
    ///   - isOpenHere: a journal of this process is open on it. Then the file is not looked at from outside: a descriptor of it that is closed would take SQLite's
    ///     locks with it, and the next program that opens and closes the journal would take its WAL away under the daemon.
    ///   - archive: where its archive lies; nil: where its daemon has it.
    /// - Throws: `.damaged` for a file that is no journal this omsd knows, `.failed` where there is none.
    package init(path: String, isOpenHere: Bool = false, archive: String? = nil) throws(JournalError) {
        if !isOpenHere { try JournalFile.checkForReading(path) }
        connection = try Connection(path: path, .readOnly)
        let version = try Migrator.version(of: connection)
        guard version == Migrator.newest else {
            throw JournalError(.damaged, "\(path) is of version \(version), this omsd reads \(Migrator.newest); start omsd once to migrate it")
        }
        shelf = ArchiveShelf(journal: path, folder: archive)
    }

    /// - Parameter file: of an archive: it has the same tables and views.
    init(file: Connection) { (connection, shelf) = (file, nil) }

    /// The files of the archive in which something may be that is meant, newest first. Nothing is opened where nothing ever left the journal.
    ///
    /// - Throws: `.busy` for one that is not there: what lacks it would be no answer.
    func files(_ isMeant: (ArchiveRow) -> Bool = { _ in true }) throws(JournalError) -> [(id: Int64, reader: SQLiteJournalReader)] {
        guard let shelf, try connection.hasArchived() else { return [] }
        var files: [(Int64, SQLiteJournalReader)] = []
        for archive in try connection.archivesInUse().reversed() where isMeant(archive) {
            let file = try inArchive(beside: connection) { () throws(JournalError) in try shelf.file(archive, of: connection) }
            files.append((archive.id, SQLiteJournalReader(file: file)))
        }
        return files
    }

    /// The file that an order lies in; nil: it is here, or nowhere.
    private func file(of id: ClientOrderID) throws(JournalError) -> SQLiteJournalReader? {
        guard let shelf, try connection.hasArchived() else { return nil }
        let used = try connection.prepare("SELECT order_key FROM used_ids WHERE client_order_id = ?")
        try used.bind(id)
        guard try used.step() else { return nil }
        let number: Int64 = try used.next()
        return try inArchive(beside: connection) { () throws(JournalError) in
            try shelf.file(of: number, in: connection).map { SQLiteJournalReader(file: $0.file) }
        }
    }

    func isAtHome(_ number: Int64, in archive: Int64) throws(JournalError) -> Bool { try connection.archive(of: number) == archive }

    package func answer(_ query: JournalQuery) throws(JournalError) -> [UInt8]? {
        try mending { () throws(JournalError) in try answerOnce(query) }
    }

    /// A file that could not be read is opened anew the next time: perhaps another one stands there then.
    func mending<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
        do throws(JournalError) { return try body() } catch {
            if error.isOfArchive { shelf?.close() }
            throw error
        }
    }

    private func answerOnce(_ query: JournalQuery) throws(JournalError) -> [UInt8]? {
        try connection.snapshot { () throws(JournalError) -> [UInt8]? in
            switch query {
            case .order(let filter): try order(filter)
            case .orders(let filter): try orders(filter)
            case .timeline(let id, let waitsFor, let visible): try timeline(id, waitsFor: waitsFor, visible)
            case .fills(let filter): try fills(filter)
            case .breaks(let filter): try breaks(filter)
            case .oneBreak(let id, let visible): try oneBreak(id, visible)
            case .intent(let id, let timedOut, let visible): try intent(id, timedOut: timedOut, visible)
            case .intents(let account, let visible, let tag, let after, let limit):
                try intents(account: account, visible, tag, after: after, limit: limit)
            case .submission(let id, let duplicate): try submission(id, duplicate: duplicate)
            case .stats(let query): try stats(query)
            case .seal: try seal()
            }
        }
    }

    /// What a WHERE asks for: texts only, bound in order.
    struct Conditions {
        private(set) var terms: [String] = []
        private(set) var values: [String] = []

        /// - Parameter visible: nil: any account may be meant. Also an account that is named must be one of them: who sees what may have changed since it was
        ///   looked at.
        init(account: AccountID? = nil, _ visible: Set<AccountID>? = nil) {
            equal("account", account?.text)
            if let visible { among("account", visible.map(\.text)) }
        }

        mutating func equal(_ column: String, _ value: String?) {
            guard let value else { return }
            values.append(value)
            terms.append("\(column) = ?")
        }
        /// Each once: who names one a million times asks for no more, and SQLite takes some thousand parameters at most.
        mutating func among(_ column: String, _ candidates: [String]) {
            let candidates = Set(candidates).sorted()
            values.append(contentsOf: candidates)
            terms.append("\(column) IN (\(candidates.map { _ in "?" }.joined(separator: ", ")))")
        }
        mutating func require(_ term: String) { terms.append(term) }

        var sql: String { terms.isEmpty ? "" : " WHERE " + terms.joined(separator: " AND ") }
        func bind(to statement: borrowing Statement) throws(JournalError) {
            for value in values { try statement.bind(value) }
        }
    }

    private func order(_ filter: OrderFilter) throws(JournalError) -> [UInt8]? {
        if let row = try row(of: filter) { return row.json }
        if let id = filter.clientOrderID {
            let file = try file(of: id)
            return try inArchive(beside: connection) { () throws(JournalError) in try file?.row(of: filter)?.json }
        }
        for (archive, reader) in try files() {
            let row = try inArchive(beside: connection) { () throws(JournalError) in try reader.row(of: filter) }
            if let row, try isAtHome(row.key, in: archive) { return row.json }
        }
        return nil
    }

    private func row(of filter: OrderFilter) throws(JournalError) -> (key: Int64, json: [UInt8])? {
        guard filter.clientOrderID != nil || filter.venueOrderID != nil else { return nil }
        var conditions = Conditions(account: filter.account, filter.visible)
        conditions.equal("client_order_id", filter.clientOrderID?.text)
        conditions.equal("venue_order_id", filter.venueOrderID?.text)
        let rows = try connection.prepare("SELECT * FROM v_orders" + conditions.sql + " ORDER BY order_key DESC LIMIT 1")
        try conditions.bind(to: rows)
        guard try rows.step() else { return nil }
        var writer = JSONWriter(reserving: 1_024)
        let json = RowJSON(rows)
        json.write(rows, to: &writer)
        return (json.integer("order_key", in: rows) ?? 0, writer.bytes)
    }

    private func intents(
        account: AccountID?, _ visible: Set<AccountID>?, _ tag: Tag?, after: Int64?, limit: Int
    ) throws(JournalError) -> [UInt8]? {
        guard try isBorne(tag, by: account, visible) else { return nil }
        var conditions = Conditions(account: account, visible)
        conditions.equal("tag", tag?.text)
        return try page("intents", of: "v_intents", key: "intent_key", where: conditions, after: after, limit: limit)
    }

    /// Whether an intent bears the tag: one that none does is a typing error.
    private func isBorne(_ tag: Tag?, by account: AccountID?, _ visible: Set<AccountID>?) throws(JournalError) -> Bool {
        guard let tag else { return true }
        var conditions = Conditions(account: account, visible)
        conditions.equal("tag", tag.text)
        let rows = try connection.prepare("SELECT 1 FROM v_intents\(conditions.sql) LIMIT 1")
        try conditions.bind(to: rows)
        return try rows.step()
    }

    private func orders(_ filter: OrderFilter) throws(JournalError) -> [UInt8]? {
        guard try isBorne(filter.tag, by: filter.account, filter.visible) else { return nil }
        var conditions = Conditions(account: filter.account, filter.visible)
        conditions.equal("symbol", filter.symbol?.text)
        conditions.equal("intent_id", filter.intentID?.text)
        conditions.equal("client_order_id", filter.clientOrderID?.text)
        conditions.equal("venue_order_id", filter.venueOrderID?.text)
        let isOfLive = filter.states?.allSatisfy { !$0.isTerminal } ?? false
        // The plus keeps SQLite from starting at the tag where few live orders stand beside many that are closed.
        conditions.equal(isOfLive ? "+tag" : "tag", filter.tag?.text)
        if let states = filter.states {
            conditions.among("state", states.map(\.rawValue))
            // Leads to the index of live orders: a listing of them must not pass by all that are closed.
            if isOfLive { conditions.require("closed_at IS NULL") }
        }
        return try page(
            "orders", of: "v_orders", key: "order_key", where: conditions, after: filter.after, limit: filter.limit, crosses: !isOfLive)
    }

    private func fills(_ filter: OrderFilter) throws(JournalError) -> [UInt8]? {
        guard try isBorne(filter.tag, by: filter.account, filter.visible) else { return nil }
        var conditions = Conditions(account: filter.account, filter.visible)
        conditions.equal("+tag", filter.tag?.text)
        conditions.equal("symbol", filter.symbol?.text)
        conditions.equal("client_order_id", filter.clientOrderID?.text)
        conditions.equal("venue_order_id", filter.venueOrderID?.text)
        conditions.equal("intent_id", filter.intentID?.text)
        if let states = filter.states { conditions.among(Self.orderState(of: "v_fills"), states.map(\.rawValue)) }
        return try page("fills", of: "v_fills", key: "seq", where: conditions, after: filter.after, limit: filter.limit, crosses: true)
    }

    /// Narrowed by anything but the account, only breaks that name an order of this journal are meant.
    private func breaks(_ filter: OrderFilter) throws(JournalError) -> [UInt8] {
        var conditions = Conditions(account: filter.account, filter.visible)
        conditions.equal("client_order_id", filter.clientOrderID?.text)
        conditions.equal("(SELECT o.symbol FROM v_orders o WHERE o.client_order_id = v_breaks.client_order_id)", filter.symbol?.text)
        conditions.equal("(SELECT o.intent_id FROM v_orders o WHERE o.client_order_id = v_breaks.client_order_id)", filter.intentID?.text)
        if let states = filter.states { conditions.among(Self.orderState(of: "v_breaks"), states.map(\.rawValue)) }
        if let kinds = filter.breakKinds { conditions.among("kind", kinds.map(\.rawValue)) }
        if let isOpen = filter.isOpen { conditions.require("(resolved_at IS NULL AND acknowledged_at IS NULL) = \(isOpen ? 1 : 0)") }
        return try page("breaks", of: "v_breaks", key: "break_id", where: conditions, after: filter.after, limit: filter.limit, crosses: true)
    }

    private func oneBreak(_ id: Int64, _ visible: Set<AccountID>?) throws(JournalError) -> [UInt8]? {
        var conditions = Conditions(account: nil, visible)
        conditions.require("break_id = \(id)")
        let rows = try connection.prepare("SELECT * FROM v_breaks\(conditions.sql)")
        try conditions.bind(to: rows)
        guard try rows.step() else { return nil }
        var writer = JSONWriter(reserving: 512)
        RowJSON(rows).write(rows, to: &writer)
        return writer.bytes
    }

    private static func orderState(of view: String) -> String {
        "(SELECT o.state FROM v_orders o WHERE o.client_order_id = \(view).client_order_id)"
    }

    /// `{"<name>":[…],"next":N|null}`: up to `limit` rows with a greater key than `after`, in order of the key.
    ///
    /// - Parameter crosses: rows that lie in the archive are among them.
    private func page(
        _ name: String, of view: String, key: String, where conditions: Conditions, after: Int64?, limit: Int, crosses: Bool = false
    ) throws(JournalError) -> [UInt8] {
        let limit = min(max(limit, 1), Self.rowsMax)
        var sources = [
            ArchiveMerge.Source { (after, limit) throws(JournalError) in
                try self.rows(of: view, key: key, where: conditions, after: after, limit: limit)
            }
        ]
        if crosses {
            for (archive, reader) in try files() {
                sources.append(
                    ArchiveMerge.Source(isMeant: { (number) throws(JournalError) in try self.isAtHome(number, in: archive) }) {
                        (after, limit) throws(JournalError) in
                        try inArchive(beside: self.connection) { () throws(JournalError) in
                            try reader.rows(of: view, key: key, where: conditions, after: after, limit: limit)
                        }
                    })
            }
        }
        let rows = try ArchiveMerge.next(of: sources, after: after ?? 0, limit: limit)
        var writer = JSONWriter(reserving: 16_384)
        writer.beginObject()
        writer.key(name)
        writer.beginArray()
        for row in rows { writer.raw(String(decoding: row.bytes, as: UTF8.self)) }
        writer.endArray()
        writer.member("next", rows.count == limit ? rows.last?.key : nil)
        writer.endObject()
        return writer.bytes
    }

    private func rows(
        of view: String, key: String, where conditions: Conditions, after: Int64, limit: Int
    ) throws(JournalError) -> [ArchiveMerge.Row] {
        var conditions = conditions
        conditions.require("\(key) > \(after)")
        let rows = try connection.prepare("SELECT * FROM \(view)\(conditions.sql) ORDER BY \(key) LIMIT \(limit)")
        try conditions.bind(to: rows)
        let json = RowJSON(rows)
        var found: [ArchiveMerge.Row] = []
        while try rows.step() {
            var writer = JSONWriter(reserving: 1_024)
            json.write(rows, to: &writer)
            found.append((json.integer(key, in: rows) ?? 0, writer.bytes))
        }
        return found
    }

    private func list(_ name: String, _ sql: String, _ values: [String], rawDetail: Bool, to writer: inout JSONWriter) throws(JournalError) {
        let rows = try connection.prepare(sql)
        for value in values { try rows.bind(value) }
        let json = RowJSON(rows, rawDetail: rawDetail)
        writer.key(name)
        writer.beginArray()
        while try rows.step() { json.write(rows, to: &writer) }
        writer.endArray()
    }

    private func timeline(_ id: ClientOrderID, waitsFor: String?, _ visible: Set<AccountID>?) throws(JournalError) -> [UInt8]? {
        var conditions = Conditions(visible)
        conditions.equal("client_order_id", id.text)
        let known = try connection.prepare("SELECT 1 FROM v_orders" + conditions.sql)
        try conditions.bind(to: known)
        guard try known.step() else {
            let file = try file(of: id)
            return try inArchive(beside: connection) { () throws(JournalError) in try file?.timeline(id, waitsFor: waitsFor, visible) }
        }
        known.reset()
        var writer = JSONWriter(reserving: 4_096)
        writer.beginObject()
        writer.member("client_order_id", id.text)
        try list("events", "SELECT * FROM v_timeline WHERE client_order_id = ? ORDER BY seq", [id.text], rawDetail: true, to: &writer)
        try list(
            "requests",
            """
            SELECT * FROM v_requests WHERE request_id IN (SELECT e.request_id FROM events e
                WHERE e.order_key = (SELECT order_key FROM used_ids WHERE client_order_id = ?)) ORDER BY request_id
            """, [id.text], rawDetail: false, to: &writer)
        try list("commands", "SELECT * FROM v_commands WHERE client_order_id = ? ORDER BY command_id", [id.text], rawDetail: false, to: &writer)
        writer.member("waits_for", waitsFor)
        writer.endObject()
        return writer.bytes
    }
}
