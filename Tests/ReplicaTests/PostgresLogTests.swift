import CLinux
import OMSCore
import Replica
import TestSupport
import Testing

/// The log against PostgreSQL itself, of which each surprise is played.
@Suite(.serialized) struct PostgresLogTests {
    private static let library = Result { try PostgresLibrary() }

    /// A cluster with tables and the daemon's role; a standby if writes are to be durable.
    private static func cluster(standby: Bool = true) throws -> PostgresCluster {
        let cluster = try PostgresCluster()
        if standby { try cluster.addStandby() }
        try cluster.sql("SET synchronous_commit = local; CREATE ROLE omsd LOGIN; \(LogSchema.statements(daemonRole: "omsd"))")
        return cluster
    }

    private static func log(_ cluster: PostgresCluster, group: String = "desk") throws -> PostgresLog {
        PostgresLog(try library.get(), place: cluster.place(), group: group)
    }

    private static func write(_ write: LogWrite, to log: PostgresLog, within seconds: Int64 = 10) throws -> LogOutcome {
        log.send(write)
        return try #require(log.outcome(within: seconds * 1_000_000), "no outcome of \(write)")
    }

    private static func ask(_ question: LogQuestion, _ log: PostgresLog) throws -> LogReading {
        log.ask(question)
        return try #require(log.reading(within: 20_000_000))
    }

    private static func state(_ log: PostgresLog) throws -> LogState {
        guard case .state(let state) = try ask(.state, log) else { throw Unexpected("no state") }
        return state
    }

    /// `log` owns epoch `epoch` afterwards.
    private static func own(_ log: PostgresLog, from epoch: Int64 = 0, _ host: String = "alpha") throws {
        let bump = LogBump(epoch: epoch, still: nil, holder: host, instance: host + "/1", beat: 5, leaseUs: 2_000_000)
        guard case .durable(let lease) = try write(.bump(bump), to: log) else { throw Unexpected("no bump") }
        #expect(lease.epoch == epoch + 1 && lease.holder == host && lease.instance == host + "/1" && lease.beat == 5 && lease.leaseUs == 2_000_000)
    }

    private static func row(_ number: Int64, after head: LogHead = .start, epoch: Int64 = 1, at: Int64 = 1, bytes: Int = 0) -> LogRow {
        let note = String(repeating: "x", count: bytes)
        var event = JournalEvent(seq: number, at: 1, kind: .note)
        event.note = note
        return RecordCodec.row(LogTurn(number: number, epoch: epoch, at: at, records: [.note(account: nil, nil, event)]), after: head)
    }

    private static func head(_ row: LogRow) -> LogHead { LogHead(turn: row.turn, digest: row.digest) }

    @Test func `a turn is durable when a second node has it, is read back byte for byte, and can be written again, but no other`() throws {
        let cluster = try Self.cluster()
        let log = try Self.log(cluster)
        try Self.own(log)
        let first = Self.row(1, bytes: 300_000)
        let outcome = try Self.write(.append(first, beat: 70), to: log)
        #expect(
            outcome
                == .durable(Lease(epoch: 1, seq: 1, beat: 70, confirmed: 0, holder: "alpha", instance: "alpha/1", versionMin: 1, leaseUs: 2_000_000)))
        #expect(try cluster.sql("SELECT count(*) FROM log", port: cluster.standbyPort) == "1")
        let second = Self.row(2, after: Self.head(first))
        for beat in [80, 81] as [Int64] {
            #expect(
                try Self.write(.append(second, beat: beat), to: log)
                    == .durable(
                        Lease(epoch: 1, seq: 2, beat: beat, confirmed: 1, holder: "alpha", instance: "alpha/1", versionMin: 1, leaseUs: 2_000_000)))
        }
        #expect(try Self.ask(.rows(after: 0, limit: 10), log) == .rows([first, second]))
        #expect(try Self.ask(.rows(after: 1, limit: 10), log) == .rows([second]))
        #expect(try Self.ask(.rows(after: 0, limit: 1), log) == .rows([first]))

        guard case .refused(.contradicted) = try Self.write(.append(Self.row(2, after: Self.head(first), at: 9), beat: 82), to: log) else {
            Issue.record("another turn 2 was taken")
            return
        }
        // Nothing older, nothing beyond the next.
        guard case .refused(.contradicted) = try Self.write(.append(first, beat: 83), to: log) else {
            Issue.record("turn 1 was taken again")
            return
        }
        let fourth = Self.row(4, after: LogHead(turn: 3, digest: first.digest))
        #expect(try Self.write(.append(fourth, beat: 84), to: log) == .refused(.behind(seq: 2)))
        #expect(try Self.write(.beat(epoch: 1, confirmed: 3, beat: 85), to: log) == .refused(.behind(seq: 2)))
        guard case .durable(let lease) = try Self.write(.beat(epoch: 1, confirmed: 2, beat: 86), to: log) else {
            Issue.record("no beat")
            return
        }
        #expect(lease.beat == 86 && lease.confirmed == 2)
    }

    @Test func `of two that bump an epoch one wins, the former owner writes nothing more, and who made a bump can send it again`() throws {
        let cluster = try Self.cluster()
        let (alpha, beta) = (try Self.log(cluster), try Self.log(cluster))
        try Self.own(alpha)
        let seen = try Self.state(beta)
        #expect(seen.canWrite && seen.isReplicated && seen.lease.holder == "alpha")
        func bump(_ host: String, _ instance: String, beat: Int64) -> LogWrite {
            .bump(LogBump(epoch: 1, still: .init(beat: beat, seq: 0), holder: host, instance: instance, beat: 9, leaseUs: 3_000_000))
        }
        // It stood otherwise when it was looked at.
        #expect(try Self.write(bump("beta", "beta/1", beat: 4), to: beta) == .refused(.fenced(seen.lease)))
        guard case .durable = try Self.write(bump("beta", "beta/1", beat: 5), to: beta) else {
            Issue.record("no bump")
            return
        }
        let now = try Self.state(alpha).lease
        #expect(now.epoch == 2 && now.holder == "beta" && now.leaseUs == 3_000_000)
        #expect(try Self.write(bump("beta", "beta/2", beat: 5), to: alpha) == .refused(.fenced(now)), "another process under the same name")
        #expect(try Self.write(bump("gamma", "gamma/1", beat: 5), to: alpha) == .refused(.fenced(now)))
        #expect(try Self.write(bump("beta", "beta/1", beat: 5), to: beta) == .durable(now))
        #expect(try Self.write(.append(Self.row(1), beat: 6), to: alpha) == .refused(.fenced(now)))
        #expect(try Self.write(.beat(epoch: 1, confirmed: 0, beat: 7), to: alpha) == .refused(.fenced(now)))
        #expect(try cluster.sql("SELECT count(*) FROM log") == "0")
    }

    @Test func `a wait without a standby is no answer; cancelled it answers success, which is taken for doubt, though the row is seen`() throws {
        let cluster = try Self.cluster()
        let log = try Self.log(cluster)
        try Self.own(log)
        try cluster.stopStandby()
        let row = Self.row(1)
        log.send(.append(row, beat: 6))
        #expect(log.outcome(within: 300_000) == nil)
        // A time-out of the server's does not end it either.
        #expect(try cluster.sql("SELECT count(*) FROM log") == "0", "nobody sees it while it waits")
        try cluster.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        guard case .inDoubt(let words)? = log.outcome(within: 20_000_000) else {
            Issue.record("a cancelled wait was taken for an answer")
            return
        }
        #expect(words.hasPrefix("01000"))
        #expect(try cluster.sql("SELECT count(*) FROM log") == "1", "seen, and on one node alone")
        // The same again, which waits, until a standby is there.
        log.send(.append(row, beat: 7))
        #expect(log.outcome(within: 300_000) == nil)
        try cluster.startStandby()
        guard case .durable(let lease)? = log.outcome(within: 30_000_000) else {
            Issue.record("not durable")
            return
        }
        #expect(lease.seq == 1 && lease.beat == 7)
    }

    @Test func `a list of standbys that is emptied ends a wait without a warning, which is taken for doubt; then the guard refuses`() throws {
        let cluster = try Self.cluster()
        let log = try Self.log(cluster)
        try Self.own(log)
        try cluster.stopStandby()
        let row = Self.row(1)
        log.send(.append(row, beat: 6))
        #expect(log.outcome(within: 300_000) == nil)
        try cluster.stopPrimaryListing()
        guard case .inDoubt(let words)? = log.outcome(within: 20_000_000) else {
            Issue.record("a wait that ended for nobody was taken for an answer")
            return
        }
        #expect(words.contains("synchronous_standby_names"))
        guard case .refused(.unreplicated) = try Self.write(.append(row, beat: 7), to: log) else {
            Issue.record("written without a second copy")
            return
        }
        guard case .refused(.unreplicated) = try Self.write(.beat(epoch: 1, confirmed: 0, beat: 8), to: log) else {
            Issue.record("a beat without a second copy")
            return
        }
        #expect(try !Self.state(log).isReplicated)
        log.allowsUnreplicated = true
        guard case .durable = try Self.write(.append(row, beat: 9), to: log) else {
            Issue.record("not written although it is allowed")
            return
        }
    }

    @Test func `a connection that is ended, or an engine that is, leaves a write in doubt, and the next goes to whichever node can write`() throws {
        let cluster = try Self.cluster()
        let log = try Self.log(cluster)
        try Self.own(log)
        let first = Self.row(1)
        guard case .durable = try Self.write(.append(first, beat: 6), to: log) else {
            Issue.record("not durable")
            return
        }
        try cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'omsd desk'")
        guard case .inDoubt = try Self.write(.append(Self.row(2, after: Self.head(first)), beat: 7), to: log) else {
            Issue.record("an answer over a connection that is gone")
            return
        }
        try cluster.stopPrimary()
        guard case .inDoubt = try Self.write(.append(Self.row(2, after: Self.head(first)), beat: 8), to: log) else {
            Issue.record("an answer of an engine that is gone")
            return
        }
        try cluster.promoteStandby()
        // The promoted node waits for nobody: refused until a person allows it, or gives it a standby.
        let outcome = try poll("the new primary answers") {
            let outcome = try Self.write(.append(Self.row(2, after: Self.head(first)), beat: 9), to: log)
            if case .inDoubt = outcome { return nil as LogOutcome? }
            return outcome
        }
        guard case .refused(.unreplicated) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        log.allowsUnreplicated = true
        guard case .durable(let lease) = try Self.write(.append(Self.row(2, after: Self.head(first)), beat: 10), to: log) else {
            Issue.record("not written")
            return
        }
        #expect(lease.seq == 2 && lease.epoch == 1)
    }

    @Test func `the daemon's role can neither delete, nor change a row, nor turn a lease back; making the tables again takes nothing`() throws {
        let cluster = try Self.cluster(standby: false)
        let log = try Self.log(cluster)
        log.allowsUnreplicated = true
        try cluster.stopPrimaryListing()
        try Self.own(log)
        guard case .durable = try Self.write(.append(Self.row(1), beat: 6), to: log) else {
            Issue.record("not written")
            return
        }
        for wrong in [
            "DELETE FROM log", "TRUNCATE log", "DELETE FROM lease", "UPDATE log SET body = ''", "UPDATE log SET version = 7", "DROP TABLE log",
            "UPDATE lease SET epoch = 0", "UPDATE lease SET seq = 0", "UPDATE lease SET seq = seq + 2", "UPDATE lease SET epoch = epoch + 2",
            "UPDATE lease SET holder = 'me'", "UPDATE lease SET grp = 'other'", "INSERT INTO lease (grp, epoch) VALUES ('x', 5)",
            "ALTER TABLE log DISABLE TRIGGER ALL", "CREATE TABLE mine (x int)", "INSERT INTO log_schema VALUES (9)", "DELETE FROM member",
        ] {
            #expect(throws: Unexpected.self, "\(wrong)") { try cluster.sql(wrong, user: "omsd") }
        }
        try cluster.sql(LogSchema.statements(daemonRole: "omsd"))
        #expect(try cluster.sql("SELECT count(*), max(seq) FROM log") == "1|1")
        #expect(try cluster.sql("SELECT attstorage FROM pg_attribute WHERE attrelid = 'log'::regclass AND attname = 'body'") == "e")
    }

    @Test func `a log without tables, of another version, or that nobody reaches, is said in words, and nothing counts as refused`() throws {
        let cluster = try PostgresCluster()
        try cluster.sql("SET synchronous_commit = local; CREATE ROLE omsd LOGIN")
        func words() throws -> String {
            guard case .failed(let words) = try Self.ask(.state, Self.log(cluster)) else { return "it answered" }
            return words
        }
        #expect(try words().contains("omsd log-init"))
        try cluster.sql("SET synchronous_commit = local; \(LogSchema.statements(daemonRole: "omsd"))")
        try cluster.sql("SET synchronous_commit = local; INSERT INTO log_schema VALUES (9)")
        #expect(try words().contains("not of version 1"))
        #expect(throws: Unexpected.self) { try cluster.sql("SET synchronous_commit = local; \(LogSchema.statements(daemonRole: "omsd"))") }
        let nowhere = PostgresLog(try Self.library.get(), place: "host=127.0.0.1 port=1 user=omsd dbname=postgres", group: "desk")
        guard case .inDoubt(let why) = try Self.write(.beat(epoch: 1, confirmed: 0, beat: 1), to: nowhere) else {
            Issue.record("an answer of nobody")
            return
        }
        #expect(why.contains("cannot be reached"))
    }

    @Test func `a place with a password or that cannot be read is refused, and a library that is not there names its package`() throws {
        let library = try Self.library.get()
        try library.check("host=a,b port=5432 user=omsd passfile=/etc/omsd/pgpass")
        for wrong in ["host=a password=secret", "postgresql://omsd:secret@a/postgres"] {
            #expect(throws: LogProblem("the log's place holds a password: use a certificate, or passfile=FILE")) { try library.check(wrong) }
        }
        #expect(throws: LogProblem.self) { try library.check("host=a hots=b") }
        #expect { try PostgresLibrary("libpq-of-nowhere.so.5") } throws: { "\($0)".contains("apt-get install libpq5") }
    }
}
