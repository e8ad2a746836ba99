import CLinux
import TestSupport
import Testing

/// What a daemon with a log refuses before it sends anything, in words that name the place and what to do.
@Suite(.serialized) struct OwnerRefusalTests {
    /// Starts a daemon that must not come up. - Returns: its code and what it said.
    private static func refused(_ house: House, _ section: String) throws -> (code: Int32, words: String) {
        try house.writeConfiguration(extra: section)
        let child = try house.launch()
        let code = try child.end(seconds: 60)
        return (code, child.output)
    }

    @Test func `a log that is not there, lacks tables, is of another version or refuses the role is told with its line and what to do`() throws {
        let (group, house) = (try Group(hasTables: false), try House(["az-futures"]))
        func expect(_ code: Int32, _ words: [String], _ section: String) throws {
            let told = try Self.refused(house, section)
            let all = words + ["omsd.json5:1:", "replica.log"]
            #expect(told.code == code && all.allSatisfy { told.words.contains($0) }, "\(code) \(words): \(told)")
            #expect(!told.words.contains("omsd answers"))
            let check = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
            #expect(check.code == code && words.allSatisfy { check.output.contains($0) }, "\(check)")
        }
        try expect(74, ["the log cannot be reached"], group.section(place: "host=127.0.0.1 port=1 user=omsd"))
        try expect(74, ["the log cannot be reached", "nobody-there"], group.section(place: group.cluster.place(user: "nobody-there")))
        try expect(78, ["has no tables", "omsd log-init"], group.section())
        try group.makeTables()
        try group.cluster.sql("SET synchronous_commit = local; CREATE ROLE other LOGIN")
        try expect(78, ["other may not use the log's tables", "omsd log-init"], group.section(place: group.cluster.place(user: "other")))
        try expect(78, ["owner may too much", "CREATE ROLE"], group.section(place: group.cluster.place(user: "owner")))
        try group.cluster.sql("SET synchronous_commit = local; GRANT DELETE ON log TO other; GRANT omsd TO other")
        try expect(78, ["other may take back or change"], group.section(place: group.cluster.place(user: "other")))
        try group.cluster.sql("SET synchronous_commit = local; INSERT INTO log_schema VALUES (9)")
        try expect(78, ["version 9, newer than this omsd"], group.section())
        try group.cluster.sql("SET synchronous_commit = local; DELETE FROM log_schema; INSERT INTO log_schema VALUES (0)")
        try expect(78, ["version 0, this omsd needs 1", "omsd log-init once more"], group.section())
        try group.cluster.sql("SET synchronous_commit = local; UPDATE log_schema SET version = 1")
        try group.cluster.stopPrimaryListing()
        try expect(78, ["keeps no second copy", "allow_unreplicated"], group.section())
        #expect(try group.number("SELECT count(*) FROM lease") == 0, "nothing was claimed")
        // Allowed, and said so.
        try house.writeConfiguration(extra: group.section(more: ", allow_unreplicated: \"a test\""))
        let check = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
        #expect(check.code == 0 && check.output.contains("KEEPS NO SECOND COPY"), "\(check)")
    }

    @Test func `a journal that holds nothing of the log, a second process of one name, and a host beside a living owner are refused`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        try house.writeConfiguration(extra: group.section())
        try house.start()
        try house.killDaemon()
        let turns = try group.number("SELECT seq FROM lease")

        let fresh = try Self.refused(try House(["az-futures"]), group.section())
        #expect(fresh.code == 78 && fresh.words.contains("holds none of the \(turns) turns of group desk's log"), "\(fresh)")
        let twin = try Self.beside(group) { try Self.refused(house, group.section()) }
        #expect(twin.code == 78 && twin.words.contains("another process runs as host alpha of group desk (epoch 1)"), "\(twin)")
        try group.cluster.sql("UPDATE lease SET epoch = 2, holder = 'beta', holder_addr = 'beta/1'")
        let second = try Self.beside(group) { try Self.refused(house, group.section()) }
        #expect(second.code == 75 && second.words.contains("owned by beta (epoch 2), which lives"), "\(second)")
        let manual = try Self.refused(house, group.section(more: ", takeover: \"manual\""))
        #expect(manual.code == 75 && manual.words.contains("takeover is manual"), "\(manual)")
        #expect(try group.number("SELECT count(*) FROM log") == turns && group.number("SELECT epoch FROM lease") == 2)
    }

    /// Does something while whoever owns the group beats.
    private static func beside<Result: Sendable>(_ group: Group, _ body: () throws -> Result) throws -> Result {
        let isOver = Shared(false)
        let cluster = group.cluster
        let owner = Aside {
            while !isOver.now { try cluster.sql("UPDATE lease SET beat = beat + 1; SELECT pg_sleep(0.1)") }
        }
        let result = Swift.Result { try body() }
        isOver.value.withLock { $0 = true }
        try owner.join()
        return try result.get()
    }

    @Test func `a uid and a key have one group, by the log`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        try house.writeConfiguration(extra: group.section())
        try house.start()
        #expect(try house.stopDaemon() == 0)
        let uid = try house.account("az-futures").uid

        let other = try House(like: house)
        let told = try Self.refused(other, group.section(group: "second"))
        #expect(told.words.contains("uid \(uid) of az-futures") || told.words.contains("the key with the fingerprint"), "\(told)")
        #expect(told.code == 78)
        #expect(told.words.contains("is group desk's by the log") && told.words.contains("DELETE FROM"))
    }

    @Test func `a copy of a group's log is opened neither alone, nor for another group or log, and leaves by a person's word`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        try house.writeConfiguration(extra: group.section())
        try house.start()
        #expect(try house.stopDaemon() == 0)

        let alone = try Self.refused(house, "")
        #expect(alone.code == 78 && alone.words.contains("copy of group desk's log") && alone.words.contains("omsd log-leave"), "\(alone)")
        let renamed = try Self.refused(house, group.section(group: "desk2"))
        #expect(renamed.code == 78, "\(renamed)")
        let rebind = try ChildProcess.run(
            "omsd",
            ["rebind", "--journal", house.journal.path, "--account", house.accounts[0].name, "--reason", "test", "--same-venue"], in: house.scratch)
        #expect(rebind.code == 78, "\(rebind)")
        let empty = try Group()
        let lacking = try Self.refused(house, empty.section())
        #expect(lacking.code == 65 && lacking.words.contains("the log went back in time"), "\(lacking)")

        let left = try ChildProcess.run("omsd", ["log-leave", "--journal", house.journal.path], in: house.scratch)
        #expect(left.code == 0 && left.output.contains("desk"), "\(left)")
        try house.writeConfiguration()
        try house.start()
        #expect(try house.stopDaemon() == 0)
        // What it wrote alone is in no log.
        let back = try Self.refused(house, group.section())
        #expect(back.code == 78 && back.words.contains("holds none of the"), "\(back)")
    }
}
