import CLinux
import CSQLite
import TestSupport
import Testing
import Wire

/// What a daemon finds when it starts: it names what is wrong, exits by the book and leaves every file as it was.
@Suite struct BadStartTests {
    /// Starts, expects this exit code and text, and an absent socket.
    private func refuse(_ house: House, _ code: Int32, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let child = try house.launch()
        let ended = try child.end()
        #expect(ended == code, "\(child.tail)", sourceLocation: sourceLocation)
        #expect(child.output.contains(text), "\(child.tail)", sourceLocation: sourceLocation)
        #expect(access(house.socket, F_OK) != 0, "a socket appeared", sourceLocation: sourceLocation)
        // What a look beforehand can see, it sees, and says with the same code.
        guard code == 65 || code == 78 else { return }
        let (checked, words) = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
        #expect(checked == code, "check-config: \(words)", sourceLocation: sourceLocation)
    }

    private func execute(_ sql: String, on path: String) throws {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        guard sqlite3_open(path, &connection) == SQLITE_OK, sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw Unexpected("\(sql): \(connection.map { String(cString: sqlite3_errmsg($0)) } ?? "")")
        }
    }

    @Test func `wrong credentials end it with 78, naming file and key`() throws {
        let house = try House(["az-futures"])
        let file = house.scratch.file("mm-az.json")
        let good = try #require(readText(file))

        try writeText(good, to: file, mode: 0o644)
        // The file as a whole: the line and the key that name it.
        try refuse(house, 78, "omsd.json5:2:")
        try refuse(house, 78, "accounts.mm-az.credentials: \(file) is open to group or others")
        try writeText(#"{"key":"k""#, to: file)
        try refuse(house, 78, "mm-az.json:1")
        try writeText(#"{"key":"k"}"#, to: file)
        try refuse(house, 78, "secret")
        unlink(file)
        try refuse(house, 78, "mm-az.json")
    }

    @Test func `an unknown key of the configuration ends it with 78, with place and suggestion`() throws {
        let house = try House(["az-futures"], settings: ["mm-az": "bacth_max: 10"])
        try refuse(house, 78, "batch_max")
        let (code, output) = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
        #expect(code == 78 && output.contains("omsd.json5:3:"), "\(output)")
    }

    @Test func `a journal folder that is not there is told by check-config as well as by a start`() throws {
        let house = try House(["az-futures"])
        house.journalFolder = house.scratch.file("missing")
        try house.writeConfiguration()
        try refuse(house, 78, "missing cannot be written")
        let (code, output) = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
        #expect(code == 78 && output.contains("journal.path") && output.contains("missing"), "\(output)")
    }

    @Test func `a journal of another program, of a newer omsd, or torn ends it with 65 and stays as it was`() throws {
        let house = try House(["az-futures"])
        let path = house.journal.path

        try execute("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')", on: path)
        let foreign = readBytes(path)
        try refuse(house, 65, path)
        #expect(readBytes(path) == foreign)

        try writeText(
            "this is no database at all, and it is longer than a header of a hundred bytes would be: " + String(repeating: "x", count: 4_000),
            to: path)
        let text = readBytes(path)
        try refuse(house, 65, path)
        #expect(readBytes(path) == text)

        unlink(path)
        try house.start()
        #expect(try house.stopDaemon() == 0)
        let version = try house.journal.number("PRAGMA user_version")
        #expect(version > 0)
        try execute("PRAGMA user_version = 9999", on: path)
        let newer = readBytes(path)
        unlink(house.socket)
        try refuse(house, 65, "newer")
        #expect(readBytes(path) == newer)

        try execute("PRAGMA user_version = \(version)", on: path)
        let descriptor = omsd_open(path, O_WRONLY, 0)
        let noise = [UInt8](repeating: 0xA5, count: 4_096)
        // The schema's page beyond its header: what every start reads.
        #expect(pwrite(descriptor, noise, 3_996, 100) == 3_996)
        close(descriptor)
        let torn = readBytes(path)
        try refuse(house, 65, path)
        #expect(readBytes(path) == torn)
    }

    @Test func `a journal or a venue's uid that another daemon holds ends it with 75, and the other goes on`() throws {
        let first = try House(["az-futures"])
        let client = try first.start()

        let sameUID = try ChildProcess.run("omsd", ["--config", try copy(first, journal: "other.db")], in: first.scratch)
        #expect(sameUID.code == 75 && sameUID.output.contains(first.accounts[0].uid) && sameUID.output.contains("other.db"), "\(sameUID.output)")

        let second = try House(["az-futures"])
        let sameKey = try ChildProcess.run("omsd", ["--config", try copy(first, journal: "other.db", uid: "spelt-otherwise")], in: first.scratch)
        #expect(sameKey.code == 75 && sameKey.output.contains("signs with key") && sameKey.output.contains("other.db"), "\(sameKey.output)")

        second.journalFolder = first.scratch.path
        try second.writeConfiguration()
        let held = try ChildProcess.run("omsd", ["--config", second.configuration], in: first.scratch)
        #expect(held.code == 75 && held.output.contains("journal.db"), "\(held.output)")

        try client.submit(try first.account("az-futures").intent("on", orders: 10))
        try client.wait("on")
    }

    /// The house's configuration with another journal, socket and uid.
    private func copy(_ house: House, journal: String, uid: String? = nil) throws -> String {
        var text = try #require(readText(house.configuration))
        for (from, to) in [("journal.db", journal), ("control.sock", "other.sock"), (house.accounts[0].uid, uid ?? house.accounts[0].uid)] {
            text = text.replacing(from, with: to)
        }
        let path = house.scratch.file("other.json5")
        try writeText(text, to: path)
        return path
    }

    @Test func `a venue that is down at the start keeps its account waiting and no other`() throws {
        let house = try House(["az-futures", "xt-spot"])
        house.origins["spot-xt"] = "http://127.0.0.1:1"
        try house.writeConfiguration()
        let client = try house.start(untilReady: false)
        try house.waitReady(client, accounts: ["mm-az"])

        try client.submit(try house.account("az-futures").intent("works", orders: 50))
        try client.wait("works")
        let xt = try #require(try client.call("account.list")["accounts"]?.array?.first { $0["account"]?.string == "spot-xt" })
        #expect(xt["ready"]?.bool == false)
        #expect(xt["last_error"]?.string?.isEmpty == false)
        let answer = try client.ask("intent.submit", try house.account("xt-spot").intent("waits", orders: 1))
        #expect(answer.member("error", "code")?.integer == 1009 || answer["result"] != nil, "\(answer.lines)")
    }
}
