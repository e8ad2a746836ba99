import CLinux
import TestSupport
import Testing
import Wire

/// A disk that fails: what is promised to a client afterwards is still true.
@Suite(.enabled(if: Tap.library != nil, "no C compiler")) struct DiskTests {
    /// errno, by the call that meets it.
    struct Failure: Sendable, CustomTestStringConvertible {
        let call: String
        let number: Int32
        var testDescription: String { "\(call): \(String(cString: strerror(number)))" }
    }

    @Test(arguments: [
        Failure(call: "sync", number: EIO), Failure(call: "pwrite", number: EIO), Failure(call: "pwrite", number: EROFS),
    ])
    func `a write or sync that fails ends the daemon with 74, once, and nothing that was told is lost`(failure: Failure) throws {
        let house = try House()
        let record = house.scratch.file("record")
        let nth = failure.call == "sync" ? 40 : 400
        let client = try house.start(
            environment: Tap.environment(journal: house.journal.path, record: record, fail: "\(failure.call):\(nth):\(failure.number)"))
        var told: [String] = []
        var number = 0
        while house.daemon?.exitCode == nil, number < 400 {
            number += 1
            for account in house.accounts {
                guard let ids = try? client.submit(account.intent("run-\(account.name)-\(number)", orders: 2)) else { break }
                told += ids
            }
        }

        #expect(try house.daemon?.end() == 74)
        let steps = try Tap.steps(of: record)
        let end = try #require(steps.firstIndex { $0.kind == .failure }, "nothing failed")
        #expect(steps[end...].allSatisfy { $0.kind != .sync }, "something was synced after the failure")
        #expect(steps[end...].filter { $0.kind == .failure && $0.bytes.elementsEqual("sync".utf8) }.count <= 1, "a failed sync was tried again")
        #expect(house.daemonLogs.contains(failure.number == EIO ? "I/O" : "journal") || house.daemonLogs.contains("disk"), "\(house.daemonLogs)")

        let again = try house.start()
        let kept = Set(try house.journal.texts("SELECT client_order_id FROM v_orders"))
        #expect(!told.isEmpty && kept.isSuperset(of: told), "\(told.count) told, \(kept.count) kept")
        for intent in try house.journal.texts("SELECT intent_id FROM v_intents") { try again.wait(intent, seconds: 120) }
        #expect(try house.audit().code == 0)
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
    }

    /// Who meets the disk that cannot be read: the reader that answers listings, or the turn that looks up what memory does not hold.
    @Test(arguments: ["order.list", "intent.submit"])
    func `a disk that cannot be read ends the daemon with 74, and nothing that was told is lost`(method: String) throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let first = try house.start()
        let told = try first.submit(account.intent("before", orders: 300))
        try first.wait("before")
        #expect(try house.stopDaemon() == 0)
        let record = house.scratch.file("record")
        let broken = house.scratch.file("broken")
        let environment = try Tap.environment(journal: house.journal.path, record: record, fail: "pread:1:\(EIO)", when: broken)
        let client = try house.start(environment: environment)

        try writeText("", to: broken)
        // The same intent again: a closed one, which only the journal knows.
        let answer = try? client.ask(method, method == "order.list" ? "{limit: 1000}" : account.intent("before", orders: 300))

        #expect(answer?["result"] == nil, "\(answer?.lines ?? "")")
        #expect(try house.daemon?.end() == 74)
        let steps = try Tap.steps(of: record)
        let end = try #require(steps.firstIndex { $0.kind == .failure }, "nothing failed")
        #expect(steps[end...].allSatisfy { $0.kind != .sync && $0.kind != .write }, "something was written after the failure")
        #expect(house.daemonLogs.contains("I/O error"), "\(house.daemonLogs)")
        try house.start()
        #expect(Set(try house.journal.texts("SELECT client_order_id FROM v_orders")) == Set(told))
        #expect(try house.verify().code == 0)
    }

    @Test(arguments: ["read", "pread"]) func `a start from a disk that cannot be read ends with 74, and blames no file`(call: String) throws {
        let house = try House(["az-futures"])
        try house.start()
        #expect(try house.stopDaemon() == 0)
        let before = DiskHistory.files(of: house.journal.path)

        let child = try house.launch(environment: Tap.environment(journal: house.journal.path, fail: "\(call):1:\(EIO)"))

        #expect(try child.end() == 74, "\(child.tail)")
        #expect(DiskHistory.files(of: house.journal.path) == before)
    }

    @Test(arguments: ["removed", "replaced"])
    func `a journal that is removed or replaced under the daemon is noticed before anything more is sent`(change: String) throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        try client.submit(account.intent("before", orders: 2))
        try client.wait("before")
        let path = house.journal.path
        let sent = try house.pages.requests { $0["kind"]?.string == "mixed" }.count
        if change == "removed" {
            #expect(rename(path, path + ".elsewhere") == 0)
        } else {
            #expect(rename(path, path + ".elsewhere") == 0)
            try writeText("", to: path)
        }

        _ = try? client.submit(account.intent("after", orders: 2))

        #expect(try house.daemon?.end() == 74)
        #expect(try house.pages.requests { $0["kind"]?.string == "mixed" }.count == sent)
        #expect(house.daemonLogs.contains("moved, replaced or deleted"), "\(house.daemonLogs)")
    }
}
