import CPQ
import Glibc
import OMSCore

/// What a log says of itself and of who asks, before anything is written there: what a start wants to know, and `check-config`.
package struct LogFindings: Sendable, Equatable {
    package var server = ""
    package var role = ""
    /// `host:port` of the node that can write.
    package var node = ""
    /// nil: the group has no row yet.
    package var lease: Lease?
    /// The engine waits for a second node.
    package var isReplicated = true
}

/// Why a log cannot be used.
package struct LogTrouble: Error, Sendable, Equatable, CustomStringConvertible {
    /// It may pass by itself: nobody answers, or a node is coming up. Else a person has to change something.
    package let mayPass: Bool
    package let description: String
    package init(_ description: String, mayPass: Bool = false) { (self.description, self.mayPass) = (description, mayPass) }
}

/// Who sends for a uid, and signs with a key: at most one group (R-J).
package struct LogClaim: Sendable, Hashable {
    package enum Kind: String, Sendable { case uid, key }
    package let kind: Kind
    package let venue: String
    /// The uid, or the key's fingerprint.
    package let name: String
    package init(_ kind: Kind, venue: String, _ name: String) { (self.kind, self.venue, self.name) = (kind, venue, name) }
}

/// A short talk with a log that waits, as a start may and a turn may not: at most ten seconds for a connection.
package final class LogProbe {
    private let pq: omsd_pq
    private let handle: OpaquePointer

    /// - Throws: ``LogTrouble``, with the server's words.
    package init(_ library: PostgresLibrary, place: String) throws(LogTrouble) {
        pq = library.functions
        let settings: [(String, String)] = [
            ("connect_timeout", "10"), ("application_name", "omsd start"), ("dbname", place), ("target_session_attrs", "read-write"),
            ("client_encoding", "UTF8"),
            ("options", "-c client_min_messages=error -c statement_timeout=10000 -c standard_conforming_strings=on"),
        ]
        let texts = settings.flatMap { [strdup($0.0), strdup($0.1)] }
        defer { texts.forEach { free($0) } }
        let keys: [UnsafePointer<CChar>?] = stride(from: 0, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) } + [nil]
        let values: [UnsafePointer<CChar>?] = stride(from: 1, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) } + [nil]
        guard let made = pq.connect_now(keys, values, 1) else { throw LogTrouble("no memory for a connection", mayPass: true) }
        guard pq.status(made) == CONNECTION_OK else {
            let words = pq.error_message(made).map { PostgresLibrary.line($0) } ?? ""
            pq.finish(made)
            throw LogTrouble("the log cannot be reached: \(words)", mayPass: true)
        }
        handle = made
    }

    deinit { pq.finish(handle) }

    /// - Parameters:
    ///   - group: whose lease is looked at.
    ///   - claims: what the group's accounts need.
    /// - Throws: ``LogTrouble``: what is wrong, and what to do next.
    package func look(group: String, claims: Set<LogClaim>) throws(LogTrouble) -> LogFindings {
        var findings = LogFindings()
        let own = try first(
            """
            SELECT current_user, current_setting('server_version'), host(inet_server_addr()) || ':' || inet_server_port(),
                current_setting('server_version_num')::int >= 140000,
                current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') IN ('on', 'remote_apply'),
                (SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
            """)
        (findings.role, findings.server, findings.node) = (own[0] ?? "", own[1] ?? "", own[2] ?? "a local socket")
        guard own[3] == "t" else { throw LogTrouble("PostgreSQL \(findings.server) is too old for a log: version 14 or later") }
        findings.isReplicated = own[4] == "t"
        if own[5] != "f" {
            throw LogTrouble(
                "the role \(findings.role) may too much for a daemon: make one that may only log in (CREATE ROLE … LOGIN), run omsd log-init for it, and name it in replica.log"
            )
        }
        try checkSchema(findings.role)
        try checkRights(findings.role)
        findings.lease = try lease(of: group)
        if let lease = findings.lease, lease.versionMin > LogRow.version {
            throw LogTrouble("the log asks for rows of version \(lease.versionMin), this omsd reads up to \(LogRow.version): upgrade it")
        }
        for claim in claims { try check(claim, try holder(of: claim), group) }
        return findings
    }

    /// Puts on record that the group has these uids and keys.
    ///
    /// It is not waited for a second node here: the turn that follows is behind it in the engine's own log, and is.
    /// - Throws: ``LogTrouble`` where another group has one.
    package func register(_ claims: Set<LogClaim>, group: String) throws(LogTrouble) {
        _ = try rows("SET synchronous_commit = local")
        for claim in claims.sorted(by: { ($0.kind.rawValue, $0.venue, $0.name) < ($1.kind.rawValue, $1.venue, $1.name) }) {
            let values = [claim.venue, claim.name, group].map(Self.literal).joined(separator: ", ")
            _ = try rows("INSERT INTO \(claim.table) VALUES (\(values)) ON CONFLICT DO NOTHING")
            try check(claim, try holder(of: claim), group)
        }
    }

    private func check(_ claim: LogClaim, _ holder: String?, _ group: String) throws(LogTrouble) {
        guard let holder, holder != group else { return }
        let what = claim.kind == .uid ? "uid \(claim.name) of \(claim.venue)" : "the key with the fingerprint \(claim.name) of \(claim.venue)"
        throw LogTrouble(
            "\(what) is group \(holder)'s by the log, and a uid and a key have one group: take the account out of one of them. Where that group is given up, "
                + "the log's owner frees it: DELETE FROM \(claim.table) WHERE grp = \(Self.literal(holder))")
    }

    private func holder(of claim: LogClaim) throws(LogTrouble) -> String? {
        let column = claim.kind == .uid ? "uid" : "fingerprint"
        return try rows(
            "SELECT grp FROM \(claim.table) WHERE venue = \(Self.literal(claim.venue)) AND \(column) = \(Self.literal(claim.name))"
        ).first?.first ?? nil
    }

    private func checkSchema(_ role: String) throws(LogTrouble) {
        guard try first("SELECT to_regclass('log_schema') IS NOT NULL")[0] == "t" else {
            throw LogTrouble("the log has no tables: run omsd log-init --log … --daemon-role \(role) as the role that is to own them")
        }
        guard try first("SELECT has_table_privilege('log_schema', 'SELECT')")[0] == "t" else { throw tooLittle(role) }
        let version = try first("SELECT max(version) FROM log_schema")[0].flatMap { Int($0) } ?? 0
        if version < LogSchema.version {
            throw LogTrouble("the log's tables are of version \(version), this omsd needs \(LogSchema.version): run omsd log-init once more")
        }
        if version > LogSchema.version {
            throw LogTrouble("the log's tables are of version \(version), newer than this omsd (\(LogSchema.version)): take the omsd that made them")
        }
    }

    private func tooLittle(_ role: String) -> LogTrouble {
        LogTrouble("the role \(role) may not use the log's tables: run omsd log-init --log … --daemon-role \(role) as their owner")
    }

    private func checkRights(_ role: String) throws(LogTrouble) {
        let rights = try first(
            """
            SELECT bool_and(has_table_privilege(t, 'SELECT')) AND has_column_privilege('lease', 'epoch', 'UPDATE') AND has_table_privilege('log', 'INSERT')
                    AND has_column_privilege('log', 'version', 'UPDATE') AND has_table_privilege('uid', 'INSERT') AND has_table_privilege('key', 'INSERT'),
                bool_or(has_table_privilege(t, 'DELETE') OR has_table_privilege(t, 'TRUNCATE') OR has_table_privilege(t, 'TRIGGER'))
                    OR has_column_privilege('log', 'body', 'UPDATE') OR has_column_privilege('log', 'digest', 'UPDATE')
                    OR has_column_privilege('lease', 'grp', 'UPDATE'),
                (SELECT bool_or(pg_has_role(current_user, relowner, 'MEMBER')) FROM pg_class WHERE oid IN ('log'::regclass, 'lease'::regclass))
            FROM unnest(ARRAY['lease', 'log', 'member', 'uid', 'key', 'egress']) t
            """)
        guard rights[0] == "t" else { throw tooLittle(role) }
        guard rights[1] == "f", rights[2] == "f" else {
            throw LogTrouble(
                "the role \(role) may take back or change what is in the log: name another in replica.log, and run omsd log-init for that one")
        }
    }

    private func lease(of group: String) throws(LogTrouble) -> Lease? {
        let found = try rows(
            "SELECT epoch, seq, beat, confirmed, holder, holder_addr, min_version, lease_us FROM lease WHERE grp = \(Self.literal(group))")
        guard let row = found.first else { return nil }
        func number(_ at: Int) -> Int64 { row[at].flatMap { Int64($0) } ?? 0 }
        return Lease(
            epoch: number(0), seq: number(1), beat: number(2), confirmed: number(3), holder: row[4] ?? "", instance: row[5] ?? "",
            versionMin: Int(number(6)), leaseUs: number(7))
    }

    // MARK: Statements

    private func first(_ sql: String) throws(LogTrouble) -> [String?] {
        guard let row = try rows(sql).first else { throw LogTrouble("the log answers nothing") }
        return row
    }

    private func rows(_ sql: String) throws(LogTrouble) -> [[String?]] {
        let result = pq.execute(handle, sql)
        defer { if let result { pq.clear(result) } }
        guard let result, [PGRES_TUPLES_OK, PGRES_COMMAND_OK].contains(pq.result_status(result)) else {
            let words = pq.error_message(handle).map { PostgresLibrary.line($0) } ?? ""
            throw LogTrouble("the log cannot be used: \(words)", mayPass: pq.status(handle) != CONNECTION_OK)
        }
        return (0..<pq.tuples(result)).map { row in
            (0..<pq.columns(result)).map { column in
                // NULL has no length, and no value here is empty where that matters.
                guard pq.length(result, row, column) > 0, let text = pq.value(result, row, column) else { return nil }
                return String(cString: text)
            }
        }
    }

    private static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}

extension LogClaim {
    fileprivate var table: String { kind.rawValue }
}
