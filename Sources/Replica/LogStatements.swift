/// The statements of a group's log. Each is one statement and one transaction: nothing of ours is ever open while a client is paused.
enum LogStatements {
    /// The engine waits for a second node, in this session. The last parameter of each write is whether somebody allowed that it does not.
    private static func guarded(_ allowed: String) -> String {
        "(current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') IN ('on', 'remote_apply') OR \(allowed))"
    }

    private static let lease = "epoch, seq, beat, confirmed, holder, holder_addr, min_version, lease_us"

    /// The lease and the row together. A row that is there with the same digest is written once more, so that a clean answer speaks for it too: a write that only
    /// looks would say nothing of what is on a second node. DO UPDATE and not DO NOTHING, because the row may have come while this statement waited for the lease.
    static let append = """
        WITH held AS (
            UPDATE lease SET seq = $3, beat = $4, confirmed = GREATEST(confirmed, $3 - 1)
            WHERE grp = $1 AND epoch = $2 AND seq IN ($3 - 1, $3) AND \(guarded("$8::bool")) RETURNING grp, \(lease)),
        kept AS (
            INSERT INTO log (grp, seq, epoch, version, digest, body) SELECT grp, $3, $2, $5, $6, $7 FROM held
            ON CONFLICT (grp, seq) DO UPDATE SET version = log.version WHERE log.digest = excluded.digest RETURNING 1)
        SELECT \(lease), (SELECT count(*) FROM kept) FROM held
        """

    static let beat = """
        UPDATE lease SET beat = $4, confirmed = GREATEST(confirmed, $3) WHERE grp = $1 AND epoch = $2 AND seq >= $3 AND \(guarded("$5::bool"))
        RETURNING \(lease), 1
        """

    /// Made from the lease as it was seen to stand still, or made already by this very process: then once more, so that it is clean.
    static let bump = """
        UPDATE lease SET epoch = $2 + 1, holder = $3, holder_addr = $4, beat = $5, lease_us = $10
        WHERE grp = $1 AND (epoch = $2 AND ($6::bool OR beat = $7 AND seq = $8) OR epoch = $2 + 1 AND holder = $3 AND holder_addr = $4) AND \(guarded("$9::bool"))
        RETURNING \(lease), 1
        """

    static let state = """
        SELECT \(lease), CASE WHEN \(guarded("false")) THEN 1 ELSE 0 END,
            CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN 0 ELSE 1 END
        FROM lease WHERE grp = $1
        """

    /// Asked behind each write, in the same breath. A list of standbys that is emptied ends a wait without a warning; whoever asks afterwards sees it.
    static let guardAfter = "SELECT CASE WHEN \(guarded("false")) THEN 1 ELSE 0 END"

    static let rows = "SELECT seq, epoch, version, digest, body FROM log WHERE grp = $1 AND seq > $2 ORDER BY seq LIMIT $3"

    static let schema = "SELECT max(version) FROM log_schema"

    /// A group's first host makes its row.
    static let enrol = "INSERT INTO lease (grp) VALUES ($1) ON CONFLICT DO NOTHING"
}
