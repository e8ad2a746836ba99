import CLinux
import CSQLite
import TestSupport
import Testing
import Wire

/// An auditor who forgets to close a transaction.
@Suite struct StuckReaderTests {
    @Test func `a reader that stays open lets the WAL grow: status and log tell its size, orders go on, and it ends with the reader`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        try client.submit(account.intent("first", orders: 10))
        try client.wait("first")
        #expect(try client.call("daemon.status")["journal"]?.string == "ok")
        var reader: OpaquePointer?
        defer { sqlite3_close(reader) }
        try #require(sqlite3_open_v2(house.journal.path, &reader, SQLITE_OPEN_READONLY, nil) == SQLITE_OK)
        // A snapshot is taken by its first read.
        try #require(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM v_orders", nil, nil, nil) == SQLITE_OK)

        // Small turns: each writes every page it touches into the WAL.
        var number = 0
        try pollUntil("a WAL of 64 MiB: \(house.daemon?.tail ?? "")", seconds: 180) {
            for _ in 1...50 {
                number += 1
                try client.submit(account.intent("more-\(number)", orders: 3))
            }
            return try client.call("daemon.status")["journal"]?.string == "wal_held"
        }

        let bytes = try #require(try client.call("daemon.status")["wal_bytes"]?.integer)
        #expect(bytes >= 64 << 20)
        #expect(bytes <= Self.size(house.journal.path + "-wal"))
        #expect(house.daemonLogs.contains("WAL has grown to 64 MiB"), "\(house.daemonLogs)")
        try client.submit(account.intent("held", orders: 100))
        try client.wait("held")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE intent_id = 'held' AND state IN ('acknowledged', 'working')") == 100)
        try #require(sqlite3_exec(reader, "COMMIT", nil, nil, nil) == SQLITE_OK)
        try pollUntil("a WAL that is used again: \(house.daemon?.tail ?? "")") {
            number += 1
            try client.submit(account.intent("more-\(number)", orders: 3))
            return try client.call("daemon.status")["journal"]?.string == "ok"
        }
        #expect(try client.call("daemon.status")["wal_bytes"]?.integer.map { $0 < 64 << 20 } == true)
        #expect(house.daemonLogs.contains("WAL is used again"), "\(house.daemonLogs)")
        try client.wait("more-\(number)")
        #expect(try house.verify().code == 0)
    }

    private static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
