import Replica
import TestSupport
import Testing

/// `omsd log-init` against PostgreSQL itself.
@Suite(.serialized) struct LogTablesTests {
    private static let library = Result { try PostgresLibrary() }

    /// What a person does before, without waiting for a second node.
    private static func prepare(_ cluster: PostgresCluster, _ sql: String) throws { try cluster.sql("SET synchronous_commit = local; \(sql)") }

    private static func words(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was refused"
        } catch { return "\(error)" }
    }

    @Test func `the tables are made as often as one likes, and the daemon's role can do with them what a log needs`() throws {
        let (cluster, library) = (try PostgresCluster(), try Self.library.get())
        // A daemon's first look makes the group's row, and waits for a second node.
        try cluster.addStandby()
        try Self.prepare(cluster, "CREATE ROLE \"om'sd\" LOGIN")
        for _ in 0..<2 { try LogTables.make(library, place: cluster.place(user: "owner"), daemonRole: "om'sd") }

        let log = PostgresLog(library, place: cluster.place(user: #"'om\'sd'"#), group: "desk")
        log.ask(.state)
        let reading = log.reading(within: 20_000_000)

        guard case .state(let state)? = reading else {
            Issue.record("\(String(describing: reading))")
            return
        }
        #expect(state.lease.epoch == 0 && state.lease.leaseUs == 0 && state.canWrite)
    }

    @Test func `a role that is not there, that may too much or that owns the tables is refused by name, and nothing is made`() throws {
        let (cluster, library) = (try PostgresCluster(), try Self.library.get())
        try Self.prepare(cluster, "CREATE ROLE chief LOGIN CREATEROLE; CREATE ROLE heir LOGIN; GRANT owner TO heir")
        for (role, word) in [("nobody-there", "there is no role nobody-there"), ("chief", "too much"), ("heir", "too much"), ("owner", "too much")] {
            let told = Self.words { try LogTables.make(library, place: cluster.place(user: "owner"), daemonRole: role) }
            #expect(told.contains(word) && told.contains(role), "\(told)")
        }
        #expect(try cluster.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'lease'") == "0")
    }

    @Test func `a log that cannot be reached, and one of a later version, are told in the server's words`() throws {
        let (cluster, library) = (try PostgresCluster(), try Self.library.get())
        try Self.prepare(cluster, "CREATE ROLE omsd LOGIN; CREATE TABLE log_schema (version int PRIMARY KEY); INSERT INTO log_schema VALUES (99)")
        let later = Self.words { try LogTables.make(library, place: cluster.place(user: "owner"), daemonRole: "omsd") }
        #expect(later.contains("version 99"), "\(later)")
        let gone = Self.words { try LogTables.make(library, place: "host=127.0.0.1 port=1 user=owner", daemonRole: "omsd") }
        #expect(gone.hasPrefix("the log cannot be reached: "), "\(gone)")
    }

    @Test func `a library that is not there is named, with the package that has it`() {
        let told = Self.words { _ = try PostgresLibrary("libpq-of-nobody.so.5") }
        #expect(told.contains("libpq-of-nobody") && told.contains("apt-get install libpq5"), "\(told)")
    }
}
