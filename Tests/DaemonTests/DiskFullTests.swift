import CLinux
import TestSupport
import Testing
import Wire

/// A small file system in memory, for the journal of a test.
final class SmallDisk {
    let path: String

    /// nil: this process may not mount.
    init?(megabytes: Int, in scratch: ScratchDirectory) {
        path = scratch.file("disk")
        guard mkdir(path, 0o700) == 0, mount("none", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else { return nil }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    private var filler: String { path + "/filler" }

    /// Takes all the space that is left.
    func fill() throws {
        let descriptor = omsd_open(filler, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let page = [UInt8](repeating: 0x78, count: 4_096)
        while write(descriptor, page, page.count) == page.count {}
        guard omsd_errno() == ENOSPC else { throw Unexpected("the disk does not fill") }
    }

    func free() { unlink(filler) }

    static let isPossible: Bool = {
        let scratch = ScratchDirectory()
        return SmallDisk(megabytes: 1, in: scratch) != nil
    }()
}

@Suite(.enabled(if: SmallDisk.isPossible, "a file system can be mounted by root only")) struct DiskFullTests {
    @Test func `a full disk refuses new intents, lets cancels and look-ups go on, and recovers by itself with nothing lost or sent twice`() throws {
        let house = try House()
        let disk = try #require(SmallDisk(megabytes: 28, in: house.scratch))
        house.journalFolder = disk.path
        try house.writeConfiguration()
        let client = try house.start()
        #expect(house.daemonLogs.contains("\(house.journal.path) is on a file system in memory: it is lost with the machine's power"))
        var accepted: [String] = []
        for account in house.accounts {
            try client.submit(account.intent("first-\(account.name)", orders: 40))
            accepted.append("first-\(account.name)")
        }
        for intent in accepted { try client.wait(intent) }
        let rules = ["place", "mixed"].map { "{kind: '\($0)', probability: 0.2, fault: {type: 'lose_reply_after_execution'}}" }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")

        // The WAL has pages to write over for a while: intents are taken until it has to grow.
        #expect(try client.call("daemon.status")["journal_free_bytes"]?.integer ?? 0 > 1 << 20)
        try disk.fill()
        #expect(try client.call("daemon.status")["journal_free_bytes"] == .number("0"), "a person can see it before the journal does")
        var refusal: JSON?
        for number in 1...3_000 where refusal == nil {
            let account = house.accounts[number % house.accounts.count]
            let answer = try client.ask("intent.submit", account.intent("more-\(number)", orders: 20))
            if answer["result"] == nil { refusal = answer["error"] } else { accepted.append("more-\(number)") }
        }
        #expect(refusal?["code"]?.integer == 1010, "\(refusal?.lines ?? "never refused")")
        #expect(refusal?.member("data", "reason")?.string == "JOURNAL_UNAVAILABLE")
        // The ballast's space is for what is under way: all of it now belongs to nobody else.
        for account in house.accounts {
            let open = try house.journal.texts(
                "SELECT client_order_id FROM v_orders WHERE account = '\(account.name)' AND venue_order_id IS NOT NULL AND intent_id LIKE 'first-%' LIMIT 2"
            )
            #expect(open.count == 2)
            for id in open {
                // No new row can be promised, but what was placed can be withdrawn.
                _ = try client.ask("intent.submit", #"{"account":"\#(account.name)","cancel":["\#(id)"]}"#)
            }
        }
        try pollUntil("cancels on a full disk: \(house.daemon?.tail ?? "")") {
            try house.journal.number("SELECT count(*) FROM v_orders WHERE state = 'canceled'") >= 2 * house.accounts.count
        }
        try pollUntil("look-ups on a full disk: \(house.daemon?.tail ?? "")", seconds: 60) {
            try house.journal.states()["in_doubt"] == nil
        }
        let still = try client.ask("intent.submit", house.accounts[0].intent("refused", orders: 20))
        #expect(still.member("error", "code")?.integer == 1010, "\(still.lines)")

        disk.free()
        try pollUntil("intents after space came back: \(house.daemon?.tail ?? "")") {
            try client.ask("intent.submit", house.accounts[0].intent("after", orders: 20))["result"] != nil
        }
        try house.pages.setFaults("[]")
        for intent in accepted + ["after"] { try client.wait(intent, seconds: 120) }

        #expect(house.starts == 1)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
        #expect(Set(try house.journal.texts("SELECT intent_id FROM v_intents")).isSuperset(of: accepted))
    }

    @Test func `a journal that filled its disk lets every cancel, halt and status pass, and is told to be full once`() throws {
        let house = try House(["az-futures"])
        let disk = try #require(SmallDisk(megabytes: 40, in: house.scratch))
        house.journalFolder = disk.path
        try house.writeConfiguration()
        let client = try house.start()
        let account = try house.account("az-futures")
        let resting = try client.submit(account.intent("resting", orders: 20))
        try client.wait("resting")
        // What is taken waits for permits by the thousand: it would leave with whatever space there is.
        var refusal: JSON?
        for number in 1...400 where refusal == nil {
            let answer = try client.ask("intent.submit", account.intent("more-\(number)", orders: 500))
            if answer["result"] == nil { refusal = answer["error"] }
        }
        #expect(refusal?["code"]?.integer == 1010, "\(refusal?.lines ?? "never refused")")

        for (number, id) in resting.enumerated() {
            let answer = try client.ask("intent.submit", #"{"account":"\#(account.name)","cancel":["\#(id)"]}"#)
            #expect(answer["result"] != nil, "cancel \(number): \(answer.lines)")
            let state = number % 2 == 0 ? "halted" : "active"
            let halt = try client.ask("account.set_state", #"{"account":"\#(account.name)","state":"\#(state)","reason":"full"}"#)
            #expect(halt["result"] != nil, "\(number): \(halt.lines)")
            #expect(try client.ask("daemon.status", "{}")["result"] != nil)
        }
        try pollUntil("cancels on a full disk: \(house.daemon?.tail ?? "")") {
            try house.journal.number("SELECT count(*) FROM v_orders WHERE intent_id = 'resting' AND state = 'canceled'") == resting.count
        }
        let lines = house.daemonLogs.split(separator: "\n")
        #expect(lines.count { $0.contains("the journal's disk is full") } == 1, "\(house.daemonLogs)")
        #expect(!house.daemonLogs.contains("has space again"), "\(house.daemonLogs)")
        #expect(try house.verify().code == 0)
    }
}
