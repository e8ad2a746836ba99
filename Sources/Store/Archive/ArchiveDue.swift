import OMSCore

/// Finds the closed orders of which nothing is left to do. Reads the journal alone, some thousand orders a snapshot.
struct ArchiveDue {
    /// Microseconds since 1970 UTC: what closed then or later is too young.
    let before: Int64
    /// Up to where the record is sealed: lines behind it would be missing where it is sealed next.
    private let sealed: Int64
    /// Accounts that are being emptied, and behind which number of the record: what ended since is counted by its rows.
    private let kills: [(account: Int64, since: Int64)]
    private let connection: Connection
    static let ordersAtOnce: Int64 = 2_000

    /// How old the youngest is, microseconds, also where `after_days` is 0: late words of the venue come within seconds.
    static let ageMin: Int64 = 60_000_000

    /// The age is counted from the newest line on record and never from a clock that shows more: set ahead for a moment, it makes nothing old; set back, it makes
    /// nothing older than it says.
    static func cutoff(afterDays: Int64, now: Int64, in journal: Connection) throws(JournalError) -> Int64 {
        let newest = try journal.integer("SELECT at FROM events ORDER BY seq DESC LIMIT 1") ?? 0
        return min(now, newest) - max(ageMin, afterDays * 86_400_000_000)
    }

    init(_ connection: Connection, before: Int64) throws(JournalError) {
        (self.connection, self.before) = (connection, before)
        sealed = try connection.lastSeal()?.last ?? 0
        var kills: [(Int64, Int64)] = []
        let rows = try connection.prepare(
            "SELECT a.account_key, m.value FROM meta m JOIN accounts a ON m.key = '\(JournalLoader.killSince)' || a.account WHERE m.value > 0")
        while try rows.step() { kills.append((try rows.next(), try rows.next())) }
        self.kills = kills
    }

    struct Page {
        fileprivate(set) var orders: [(key: Int64, month: ArchiveMonth)] = []
        /// Where to go on; nil: orders behind it were born after `before`, or there are none.
        fileprivate(set) var after: Int64?
    }

    /// The due ones among the next orders behind a number. Within a snapshot, where they are to be read further.
    func next(after: Int64) throws(JournalError) -> Page {
        var page = Page()
        let young = try connection.prepare(
            "SELECT max(order_key), max(intended_at) FROM (SELECT order_key, intended_at FROM orders WHERE order_key > ? ORDER BY order_key LIMIT ?)")
        try young.bind(after, Self.ordersAtOnce)
        guard try young.step(), let last = try young.next(Int64?.self) else { return page }
        let rows = try connection.prepare(sql)
        try rows.bind(after, last, before, sealed)
        while try rows.step() {
            let key: Int64 = try rows.next()
            page.orders.append((key, ArchiveMonth(of: try rows.next())))
        }
        // Numbers rise with time, but for a clock that was set back: then the rest waits until it is older.
        if try young.next(Int64.self) < before { page.after = last }
        return page
    }

    private var sql: String {
        let emptied = kills.map { kill in
            " AND NOT (o.account_key = \(kill.account) AND (SELECT max(e.seq) FROM events e WHERE e.order_key = o.order_key) > \(kill.since))"
        }
        return """
            SELECT o.order_key, o.closed_at FROM orders o JOIN intents i ON i.intent_key = o.intent_key
            WHERE o.order_key > ? AND o.order_key <= ? AND o.closed_at < ? AND i.complete = 1 AND i.settled_at IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM commands c LEFT JOIN intents n ON n.intent_key = c.intent_key
                    WHERE c.order_key = o.order_key AND (c.closed_at IS NULL OR n.intent_key IS NOT NULL AND n.settled_at IS NULL))
                AND NOT EXISTS (SELECT 1 FROM unlisted u WHERE u.order_key = o.order_key)
                AND NOT EXISTS (SELECT 1 FROM breaks b WHERE b.resolved_at IS NULL AND b.client_order_id = o.client_order_id)
                AND coalesce((SELECT max(e.seq) FROM events e WHERE e.order_key = o.order_key), o.order_key) <= ?\(emptied.joined())
            ORDER BY o.order_key
            """
    }
}
