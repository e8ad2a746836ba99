import CLinux
import Kernel
import TestSupport
import Testing
import Wire

@testable import OMSDaemon

/// Two daemons on one host: on one journal, with one key, or behind one address.
@Suite struct TwoDaemonsTests {
    @Test func `a journal with a second name is refused under either, and can still be checked and copied`() throws {
        let house = try House(["az-futures"])
        let account = house.accounts[0]
        let client = try house.start()
        try client.submit(account.intent("before", orders: 5))
        try client.wait("before")
        let path = house.journal.path
        let other = house.scratch.file("other.db")
        try #require(link(path, other) == 0)
        // Of other accounts at another host: nothing but the journal can stop it.
        let neighbour = try House(["xt-spot"])
        func start(_ journal: String) throws -> ChildProcess {
            let text = try #require(readText(neighbour.configuration))
            let file = neighbour.scratch.file("second.json5")
            try writeText(text.replacing(neighbour.journal.path, with: journal), to: file)
            return try ChildProcess("omsd", ["--config", file], log: house.scratch.file("second.log"))
        }
        let second = try start(other)
        #expect(try second.end() == 65, "\(second.tail)")
        #expect(second.output.contains("hard links"), "\(second.tail)")
        try client.submit(account.intent("while", orders: 5))
        try client.wait("while")
        #expect(try house.stopDaemon() == 0)
        let again = try house.launch()
        #expect(try again.end() == 65, "\(again.tail)")
        for name in [path, other] {
            let (code, output) = try ChildProcess.run("omsd", ["verify", "--journal", name], in: house.scratch)
            #expect(code == 0 && output.contains("hard links"), "\(output)")
        }
        let copy = house.scratch.file("copy.db")
        #expect(try ChildProcess.run("omsd", ["backup", "--journal", path, "--to", copy], in: house.scratch).code == 0)

        unlink(other)
        try house.start()
        // A file that was renamed under the daemon is still the same one.
        try #require(rename(path, other) == 0)
        let third = try start(other)
        let code = try third.end()
        #expect(code == 75 && third.output.contains("held by another daemon"), "\(code): \(third.tail)")
        try #require(rename(other, path) == 0)
        let (busy, words) = try ChildProcess.run("omsd", ["backup", "--journal", copy, "--to", path], in: house.scratch)
        #expect(busy == 75, "\(words)")
    }

    @Test func `another program that opens and closes the journal leaves the daemon its WAL`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        var status = stat()
        try #require(stat(house.journal.path, &status) == 0)
        let locks = (readText("/proc/locks") ?? "").split(separator: "\n").filter { $0.contains("POSIX") && $0.contains(":\(status.st_ino) ") }
        #expect(!locks.isEmpty, "SQLite's lock on the file is gone: \(readText("/proc/locks") ?? "")")
        try #require(stat(house.journal.path + "-wal", &status) == 0)
        let before = status.st_ino
        // Opened for writing and closed by another process: the last to close takes the WAL away, unless somebody else holds the file.
        let script = "import sqlite3; c = sqlite3.connect('\(house.journal.path)'); c.execute('SELECT count(*) FROM events').fetchone(); c.close()"
        #expect(try ChildProcess.run("/usr/bin/python3", ["-c", script], log: house.scratch.file("python.log")).code == 0)
        try #require(stat(house.journal.path + "-wal", &status) == 0)
        #expect(status.st_ino == before)
        try client.submit(house.accounts[0].intent("after", orders: 2))
        try client.wait("after")
        try house.killDaemon()
        try house.start()
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 2)
    }

    @Test func `two daemons behind one address need shares that fit, and one that is killed leaves its own`() throws {
        let house = try House(["bitget-uta"], hasStrangers: true)
        let other = house.accounts[0].stranger
        func writeSecond(_ limits: String, at origin: String) throws -> String {
            let text = """
                { journal: { path: "\(house.scratch.file("second.db"))" }, control: { socket: "\(house.scratch.file("second.sock"))" },
                  accounts: { other: { venue: "bitget-uta", product: "spot", uid: "\(other.uid)", credentials: "second.json", freshness_ms: 3000,
                  base_url: "\(origin)", limits: [\(limits)] } } }
                """
            let file = house.scratch.file("second.json5")
            try writeText(text, to: file)
            try writeText(other.credentials(), to: house.scratch.file("second.json"))
            return file
        }
        func second(_ limits: String, at origin: String? = nil) throws -> ChildProcess {
            let file = try writeSecond(limits, at: origin ?? house.origin)
            return try ChildProcess("omsd", ["--config", file], log: house.scratch.file("second.log"))
        }
        func share(_ share: Int) -> String { "{budget: 'overall', share: \(share)}" }
        func start(_ limits: String?) throws {
            house.settings[house.accounts[0].name] = limits.map { "limits: [\($0)]" } ?? ""
            try house.writeConfiguration()
            try house.start()
        }
        try start(nil)
        for limits in ["", share(10)] {
            let refused = try second(limits)
            #expect(try refused.end() == 75, "\(refused.tail)")
            let names = ["pid \(house.daemon?.pid ?? 0)", "pid \(refused.pid)", "/journal.db", "/second.db", house.origin]
            for name in names { #expect(refused.output.contains(name), "\(name): \(refused.tail)") }
        }
        // However the address is spelt.
        let disguised = try second("", at: house.origin.replacing("127.0.0.1", with: "localhost"))
        #expect(try disguised.end() == 75, "\(disguised.tail)")
        try house.killDaemon()
        try start(share(4_000))
        for limits in ["", share(2_001)] {
            let refused = try second(limits)
            #expect(try refused.end() == 75, "\(refused.tail)")
        }
        let fits = try second(share(2_000))
        try pollUntil("the second daemon: \(fits.tail)") { fits.output.contains("omsd answers") || fits.exitCode != nil }
        #expect(fits.exitCode == nil, "\(fits.tail)")
        // Raised while running: what the other has left counts.
        house.settings[house.accounts[0].name] = "limits: [\(share(5_000))]"
        try house.writeConfiguration()
        house.daemon?.signal(SIGHUP)
        try pollUntil("the refusal: \(house.daemonLogs)") { house.daemonLogs.contains("not reloaded") }
        // Lowered while running: held on until the next start, since requests under the former share may be under way, and so it is told.
        house.settings[house.accounts[0].name] = "limits: [\(share(1_000))]"
        try house.writeConfiguration()
        house.daemon?.signal(SIGHUP)
        try pollUntil("the word on it: \(house.daemonLogs)") {
            house.daemonLogs.contains("a share that became smaller is given back at the next start")
        }
        _ = try writeSecond(share(3_000), at: house.origin)
        fits.signal(SIGHUP)
        try pollUntil("the refusal: \(fits.output)") { fits.output.contains("not reloaded") }
        // Which of the limits by address is named first is any; the parts of the others follow the stated share.
        let told = [(3_000, 4_000), (10, 13), (5, 6)].contains { mine, theirs in
            fits.output.contains("would hold a share of \(mine),") && fits.output.contains("holds a share of \(theirs);")
        }
        #expect(told && fits.output.contains("becomes less only when it is started again"), "\(fits.output)")
        house.settings[house.accounts[0].name] = "limits: [\(share(5_000))]"
        try house.writeConfiguration()
        fits.signal(SIGKILL)
        _ = try fits.end()
        let before = house.daemonLogs.count { $0 == "\n" }
        house.daemon?.signal(SIGHUP)
        try pollUntil("the reload: \(house.daemonLogs)") {
            house.daemonLogs.split(separator: "\n").dropFirst(before).contains { $0.contains("are reloaded") }
        }
    }

    @Test func `a name that cannot be read, or was made up, counts as a daemon without a share`() {
        let claim = AddressShares.Claim(family: "bitget", origin: "https://api.example:443", budget: "overall", share: 10, permits: 100)
        let mine = AddressShares.Entry(claim, atLeast: nil, journal: "/var/lib/a b/\u{e9}.db")
        #expect(AddressShares.Entry(name: mine.name) == mine)
        #expect(mine.name.utf8.count <= 107 && UnixAddress(name: mine.name) != nil)
        for (name, isRefused) in [
            ("\(AddressShares.Entry.prefix)\(claim.subject)/90/100/7/x", false), ("\(AddressShares.Entry.prefix)\(claim.subject)/91/100/7/x", true),
            ("\(AddressShares.Entry.prefix)\(claim.subject)/90/99/7/x", true), ("\(AddressShares.Entry.prefix)\(claim.subject)/-5/100/7/x", true),
            ("\(AddressShares.Entry.prefix)\(claim.subject)/99999999999999999999/100/7/x", true),
            ("\(AddressShares.Entry.prefix)\(claim.subject)/1/junk/7/x", true),
        ] {
            var refused = false
            do throws(VenueLockError) {
                try AddressShares.check(claim, mine, against: [AddressShares.Entry(name: name)].compactMap { $0 })
            } catch { refused = error.isHeld }
            #expect(refused == isRefused, "\(name)")
        }
        #expect(AddressShares.Entry(name: "@omsd/bitget-uta/7") == nil)
    }
}
