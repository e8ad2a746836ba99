import TestSupport

/// PostgreSQL with a standby and a log's tables, for daemons of a test.
final class Group {
    let cluster: PostgresCluster
    let name = "desk"

    /// - Parameter hasStandby: else nothing written is durable, unless it is allowed.
    init(hasStandby: Bool = true, hasTables: Bool = true) throws {
        cluster = try PostgresCluster()
        if hasStandby { try cluster.addStandby() }
        try cluster.sql("SET synchronous_commit = local; CREATE ROLE omsd LOGIN")
        if hasTables { try makeTables() }
    }

    func makeTables(for role: String = "omsd") throws {
        let scratch = ScratchDirectory()
        let (code, output) = try ChildProcess.run(
            "omsd", ["log-init", "--log", cluster.place(user: "owner"), "--daemon-role", role], in: scratch)
        guard code == 0 else { throw Unexpected(output) }
    }

    /// The section of a configuration. - Parameter more: members behind it, each with a comma before it.
    func section(host: String = "alpha", group: String? = nil, place: String? = nil, more: String = "") -> String {
        "replica: { group: \"\(group ?? name)\", host: \"\(host)\", log: \"\(place ?? cluster.place())\", trial: true\(more) },"
    }

    /// The log's rows: number, epoch and digest in hex, oldest first.
    func rows() throws -> [String] {
        let rows = try cluster.sql("SELECT seq, epoch, encode(digest, 'hex') FROM log WHERE grp = '\(name)' ORDER BY seq")
        return rows.split(separator: "\n").map(String.init)
    }

    func number(_ sql: String) throws -> Int64 { Int64(try cluster.sql(sql)) ?? -1 }

    /// The journal ends with the log's last row.
    func agrees(with journal: JournalProbe) throws -> Bool {
        let place = try journal.texts("SELECT value FROM meta WHERE key = 'log_place'").first?.split(separator: " ") ?? []
        guard place.count == 5, let last = try rows().last else { return false }
        return last == "\(place[2])|\(place[1])|\(place[4])" && String(place[0]) == name
    }
}
