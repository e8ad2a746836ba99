import CLinux
import OMSCore
import TestSupport
import Testing
import Wire

/// The daemon files closed orders, is killed while it does, and goes on.
@Suite(.enabled(if: ShiftedClock.library != nil, "no C compiler")) struct ArchiveTests {
    private static let hasKillPoints: Bool = {
        #if DEBUG
        getenv("OMSD_BINARIES") == nil
        #else
        false
        #endif
    }()

    private let folder = "archive: { after_days: 1 },"

    /// Orders that were placed and cancelled, and the daemon stopped.
    private func house(orders: Int = 40) throws -> (house: House, ids: [String]) {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        try client.submit(account.intent("old", orders: orders))
        try client.wait("old", until: "acknowledged")
        try client.submit(#"{"account":"\#(account.name)","intent_id":"gone","cancel":[{"symbol":"\#(account.symbol)"}]}"#)
        try pollUntil("all are closed", seconds: 60) { try house.journal.number("SELECT count(*) FROM v_open") == 0 }
        try client.wait("gone")
        #expect(try house.stopDaemon() == 0)
        return (house, try house.journal.texts("SELECT client_order_id FROM v_orders ORDER BY order_key"))
    }

    /// Forty days later.
    private func later(_ house: House) throws -> [String: String] {
        try ShiftedClock(house.scratch.file("shift"), seconds: 40 * 86_400).environment()
    }

    private func left(_ house: House) throws -> Int64 { Int64(try house.journal.number("SELECT count(*) FROM orders")) }

    private func isMoved(_ house: House) throws -> Bool {
        try house.journal.number("SELECT count(*) FROM archives WHERE state = 'moved'") == 1
    }

    /// Each order is found exactly once, with its story, by whoever asks.
    private func check(_ house: House, _ client: ControlClient, _ ids: [String]) throws {
        var listed: [String] = []
        var after: Int64?
        repeat {
            let page = try client.call("order.list", #"{"limit":7\#(after.map { ",\"after\":\($0)" } ?? "")}"#)
            listed += page["orders"]?.array?.compactMap { $0["client_order_id"]?.string } ?? []
            after = page["next"]?.integer
        } while after != nil
        #expect(listed == ids)
        for id in [ids[0], ids[ids.count / 2], ids[ids.count - 1]] {
            let order = try client.call("order.get", #"{"client_order_id":"\#(id)"}"#)
            #expect(order["state"]?.string == "canceled" && order["intent_id"]?.string == "old", "\(order)")
            let venueID = order["venue_order_id"]?.string ?? ""
            let found = try client.call("order.get", #"{"account":"\#(order["account"]?.string ?? "")","venue_order_id":"\#(venueID)"}"#)
            #expect(found["client_order_id"]?.string == id)
            let story = try client.call("order.timeline", #"{"client_order_id":"\#(id)"}"#)
            #expect(story["events"]?.array?.first?["kind"]?.string == "order_born" && (story["requests"]?.array?.count ?? 0) > 0)
        }
        let intent = try client.call("intent.get", #"{"intent_id":"old"}"#)
        #expect(intent["counts"]?["canceled"]?.integer == Int64(ids.count), "\(intent)")
    }

    private func isSound(_ house: House) throws {
        let (code, output) = try verify(house)
        #expect(code == 0, "\(output)")
    }

    private func verify(_ house: House) throws -> (code: Int32, output: String) {
        try ChildProcess.run("omsd", ["verify", "--journal", house.journal.path, "--archive", house.scratch.file("archive")], in: house.scratch)
    }

    @Test func `a month later all that is closed lies in one file, and every question is answered as before`() throws {
        let (house, ids) = try house()
        try house.writeConfiguration(extra: folder)
        let client = try house.start(environment: later(house), untilReady: false)
        try pollUntil("a month is filed \(house.daemon?.tail ?? "")", seconds: 60) { try isMoved(house) }
        #expect(try left(house) == 0)
        try check(house, client, ids)
        let account = try house.account("az-futures")
        let again = try client.call("intent.submit", account.intent("old", orders: ids.count))
        #expect(again["duplicate"]?.bool == true && again["orders"]?.array?.compactMap(\.string) == ids)
        try isSound(house)
        let audit = try house.audit()
        #expect(audit.code == 0 && audit.output.contains(" \(ids.count) "), "what lies in the archive is audited, too: \(audit.output)")
        let (code, output) = try house.verify()
        #expect(code == 0 && output.contains("not checked"), "\(output)")
        let export = try ChildProcess.run("omsctl", ["export", "orders", "--csv", "--journal", house.journal.path], in: house.scratch)
        let rows = export.output.split(whereSeparator: \.isNewline).filter { $0.contains(",old,") }
        #expect(export.code == 0 && rows.count == ids.count, "\(rows.count) of \(ids.count): \(export.output.suffix(500))")
        let report = try ChildProcess.run(
            "omsctl", ["report", "--json", "-o", "-", "--journal", house.journal.path, "--archive", house.scratch.file("archive")], in: house.scratch)
        #expect(report.code == 0 && report.output.contains("\"canceled\":\(ids.count)"), "\(report.output.prefix(2_000))")
        #expect(try house.stopDaemon() == 0)
        // Without the setting nothing more is filed, and what is filed is read.
        try house.writeConfiguration()
        try check(house, house.start(environment: later(house), untilReady: false), ids)
        #expect(try house.stopDaemon() == 0)
    }

    @Test(
        .enabled(if: hasKillPoints, "a release build has no kill points"),
        arguments: [
            "before_archive_rename:1", "after_archive_rename:1", "before_archive_move:1", "after_archive_move:1", "before_archive_move:3",
        ]) func `a kill at any point of filing leaves each order in one place, and the next run ends it`(point: String) throws
    {
        let (house, ids) = try house()
        try house.writeConfiguration(extra: folder)
        let child = try house.launch(environment: later(house).merging(["OMSD_KILL_AT": point]) { $1 })
        #expect(try child.end(seconds: 60) == 128 + SIGKILL, "\(point) was never reached\n\(child.tail)")
        try isSound(house)
        let client = try house.start(environment: later(house), untilReady: false)
        try pollUntil("a month is filed \(house.daemon?.tail ?? "")", seconds: 60) { try isMoved(house) }
        try check(house, client, ids)
        try isSound(house)
        #expect(try house.stopDaemon() == 0)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "a file system can be mounted by root only"))
    func `a full disk under the archive is told once, costs no order and no turn, and filing goes on once it has space`() throws {
        let (house, ids) = try house()
        let disk = try #require(SmallDisk(megabytes: 4, in: house.scratch))
        try disk.fill()
        try house.writeConfiguration(extra: #"archive: { after_days: 1, folder: "\#(disk.path)" },"#)
        let client = try house.start(environment: later(house), untilReady: false)
        func problem() throws -> String? { try client.call("daemon.status").member("archive", "problem")?.string }
        try pollUntil("the problem: \(house.daemon?.tail ?? "")") { try problem() != nil }
        let said = try problem() ?? ""
        #expect(said.contains("full") || said.contains("No space left"), "\(said)")
        // Tried again by a reload, it fails for the same reason.
        for _ in 0..<2 {
            let before = try house.journal.number("SELECT count(*) FROM v_timeline WHERE kind = 'reload'")
            house.daemon?.signal(SIGHUP)
            try pollUntil("a reload") { try house.journal.number("SELECT count(*) FROM v_timeline WHERE kind = 'reload'") > before }
        }
        #expect(try left(house) == Int64(ids.count))
        #expect(house.daemonLogs.split(separator: "\n").count { $0.contains("nothing is archived") } == 1, "\(house.daemonLogs)")
        #expect(try house.journal.number("SELECT count(*) FROM archives WHERE state <> 'filling'") == 0)
        try check(house, client, ids)

        disk.free()
        house.daemon?.signal(SIGHUP)
        try pollUntil("a month is filed \(house.daemon?.tail ?? "")", seconds: 60) { try isMoved(house) }
        #expect(try left(house) == 0)
        #expect(try problem() == nil)
        try check(house, client, ids)
        #expect(try house.stopDaemon() == 0)
        let verify = try ChildProcess.run("omsd", ["verify", "--journal", house.journal.path, "--archive", disk.path], in: house.scratch)
        #expect(verify.code == 0, "\(verify.output)")
    }

    @Test func `a file that breaks stops what rests on it and nothing else, and is read again once it is put back`() throws {
        let (house, ids) = try house(orders: 5)
        let account = try house.account("az-futures")
        try house.writeConfiguration(extra: folder)
        try house.start(environment: later(house), untilReady: false)
        try pollUntil("a month is filed \(house.daemon?.tail ?? "")", seconds: 60) { try isMoved(house) }
        #expect(try house.stopDaemon() == 0)
        let name = try #require(try house.journal.texts("SELECT file FROM v_archives").first)
        let (file, kept) = (house.scratch.file("archive") + "/" + name, house.scratch.file("kept"))
        let probe = JournalProbe(path: file)
        let (page, root) = (try probe.number("PRAGMA page_size"), try probe.number("SELECT rootpage FROM sqlite_schema WHERE name = 'events'"))
        #expect(try ChildProcess.run("/bin/cp", ["-a", file, kept], log: house.scratch.file("cp.log")).code == 0)
        let words = ["if=/dev/zero", "of=\(file)", "bs=\(page)", "seek=\(root - 1)", "count=1", "conv=notrunc"]
        #expect(try ChildProcess.run("/bin/dd", words, log: house.scratch.file("dd.log")).code == 0)

        let client = try house.start(environment: later(house), untilReady: false)
        for (method, params) in [
            ("order.timeline", #"{"client_order_id":"\#(ids[0])"}"#),
            ("intent.submit", #"{"account":"\#(account.name)","intent_id":"late","cancel":["\#(ids[0])"]}"#),
        ] {
            let answer = try client.ask(method, params)
            #expect(answer.member("error", "code")?.integer == 1010, "\(method): \(answer.lines)")
        }
        #expect(house.daemon?.exitCode == nil)
        for state in ["halted", "active"] {
            _ = try client.call("account.set_state", #"{"account":"*","state":"\#(state)","reason":"it is written"}"#)
        }

        #expect(rename(kept, file) == 0)
        #expect(try client.call("order.timeline", #"{"client_order_id":"\#(ids[0])"}"#)["events"]?.array?.isEmpty == false)
        try client.submit(#"{"account":"\#(account.name)","intent_id":"late","cancel":["\#(ids[0])"]}"#)
        try client.wait("late")
        #expect(try left(house) == 1, "it came back")
        try isSound(house)
        #expect(try house.stopDaemon() == 0)
    }

    @Test func `a folder that is none, another journal's or without its files keeps a daemon from starting, in words that say what to set`() throws {
        let (house, _) = try house(orders: 3)
        func refusal(_ extra: String) throws -> String {
            try house.writeConfiguration(extra: extra)
            let child = try house.launch(environment: later(house))
            #expect(try child.end(seconds: 30) == 78, "\(child.tail)")
            return child.output
        }
        #expect(try refusal(#"archive: { after_days: -1 },"#).contains("archive.after_days: -1 is not a whole number in 0...36500"))
        #expect(try refusal(#"archive: { after_days: 1.5 },"#).contains("archive.after_days"))
        #expect(try refusal(#"archive: { days: 1 },"#).contains("unknown key"))
        #expect(try refusal(#"archive: { folder: "/nowhere/at/all" },"#).contains("cannot be made: No such file"))
        #expect(try refusal(#"archive: { folder: "journal.db" },"#).contains("is no folder"))
        try house.writeConfiguration(extra: folder)
        try house.start(environment: later(house), untilReady: false)
        try pollUntil("a month is filed \(house.daemon?.tail ?? "")", seconds: 60) { try isMoved(house) }
        #expect(try house.stopDaemon() == 0)
        let (here, away) = (house.scratch.file("archive"), house.scratch.file("away"))
        #expect(rename(here, away) == 0)
        #expect(try refusal(folder).contains("which is not there"))
        #expect(try refusal("").contains("which is not there"))
        #expect(try refusal(#"archive: { folder: "elsewhere" },"#).contains("which is not there"))
        // Said where they are now, they are read there.
        try house.writeConfiguration(extra: #"archive: { folder: "away" },"#)
        let client = try house.start(environment: later(house), untilReady: false)
        #expect(try client.call("order.list")["orders"]?.array?.count == 3)
        #expect(try house.stopDaemon() == 0)
        #expect(rename(away, here) == 0)
    }
}
