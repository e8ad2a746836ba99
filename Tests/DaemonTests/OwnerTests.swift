import CLinux
import TestSupport
import Testing

/// An owner alone: omsd over a log in PostgreSQL, with processes, engines and connections that end at the wrong moment.
@Suite(.serialized) struct OwnerTests {
    @Test func `orders are in the log before they leave, and a restart behind a kill has every one of them once`() throws {
        let (group, house) = (try Group(), try House())
        try house.writeConfiguration(extra: group.section())
        let rules = ["place", "mixed"].map { "{kind: '\($0)', probability: 0.1, fault: {type: 'lose_reply_after_execution'}}" }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")
        let client = try house.start()
        for account in house.accounts { try client.submit(account.intent("one-\(account.name)", orders: 60)) }
        try client.wait("one-\(house.accounts[0].name)", until: "acknowledged")
        try house.killDaemon()
        try house.pages.setFaults("[]")

        let next = try house.start()
        for account in house.accounts {
            try next.submit(account.intent("one-\(account.name)", orders: 60))
            try next.submit(account.intent("two-\(account.name)", orders: 5))
        }
        for account in house.accounts { for name in ["one", "two"] { try next.wait("\(name)-\(account.name)", seconds: 120) } }

        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 65 * house.accounts.count)
        #expect(try house.stopDaemon() == 0)
        #expect(try group.agrees(with: house.journal))
        #expect(try group.number("SELECT max(epoch) FROM log") == 2)
        #expect(try group.number("SELECT count(*) FROM log") == group.number("SELECT seq FROM lease"))
        let (audit, verify) = (try house.audit(), try house.verify())
        #expect(audit.code == 0 && verify.code == 0, "\(audit.output) \(verify.output)")
    }

    @Test func `the metrics of a group are those that are documented, and a turn that is durable counts`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        let port = UInt16.random(in: 20_000..<30_000)
        try house.writeConfiguration(extra: "metrics: { listen: '127.0.0.1:\(port)' }, " + group.section())
        try house.start()
        let pages = SimulatorPages(port: port)
        let text = try poll("metrics") { () throws -> String? in
            let body = try? pages.page("/metrics").body
            return body?.contains("omsd_replica_role{group=\"desk\",host=\"alpha\",role=\"owner\"} 1\n") == true ? body : nil
        }
        let families = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE omsd_replica_") }
        let root = #filePath.dropLast("Tests/DaemonTests/OwnerTests.swift".count)
        let page = try #require(readText(root + "docs/MONITORING.md"))
        for family in families {
            let words = family.split(separator: " ")
            #expect(page.contains("| `\(words[2])` | \(words[3]) |"), "\(family)")
        }
        #expect(families.count == page.split(separator: "\n").count { $0.hasPrefix("| `omsd_replica_") })
        #expect(text.contains("omsd_replica_epoch{group=\"desk\"} 1\n") && !text.contains("omsd_replica_append_seconds_count{group=\"desk\"} 0\n"))
        #expect(try house.stopDaemon() == 0)
    }

    @Test(arguments: ["before_append:6", "after_append:6", "after_commit:6", "before_send:5"])
    func `a kill around the append leaves each order at its venue exactly once, and journal and log alike`(_ point: String) throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        let account = try house.account("az-futures")
        try house.writeConfiguration(extra: group.section())
        let child = try house.launch(environment: ["OMSD_KILL_AT": point])
        let doomed = try poll("a socket") { () -> ControlClient?? in
            child.exitCode != nil ? .some(nil) : (try? ControlClient(house.socket)).map { .some($0) }
        }
        doomed?.send(raw: Array(#"{"jsonrpc":"2.0","id":1,"method":"intent.submit","params":\#(account.intent("one", orders: 30))}"#.utf8) + [0x0A])
        #expect(try child.end(seconds: 60) == 128 + SIGKILL, "\(point) was never reached\n\(child.tail)")

        let client = try house.start()
        try client.submit(account.intent("one", orders: 30))
        try client.wait("one", seconds: 120)

        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 30)
        #expect(try house.stopDaemon() == 0)
        #expect(try group.agrees(with: house.journal))
        let (audit, verify) = (try house.audit(), try house.verify())
        #expect(audit.code == 0 && verify.code == 0, "\(audit.output) \(verify.output)")
    }

    @Test func `while the engine is gone nothing is accepted and nothing leaves; once it is back what waited goes on`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        let account = try house.account("az-futures")
        try house.writeConfiguration(extra: group.section())
        let client = try house.start()
        try client.submit(account.intent("one", orders: 3))
        try client.wait("one")

        try group.cluster.stopPrimary()
        let waits = try ControlClient(house.socket)
        waits.send(raw: Array(#"{"jsonrpc":"2.0","id":1,"method":"intent.submit","params":\#(account.intent("two", orders: 3))}"#.utf8) + [0x0A])
        try pollUntil("it says that it waits: \(house.daemon?.tail ?? "")") { house.daemonLogs.contains("waits for the group's log since") }
        #expect(!waitReadable(waits.descriptor, 300), "nobody is told anything")
        #expect(try house.journal.number("SELECT count(*) FROM v_intents") == 1)

        try group.cluster.startPrimary()
        let answer = try #require(try waits.message())
        #expect(answer["result"]?["duplicate"]?.bool == false, "\(answer.lines)")
        try house.client().wait("two", seconds: 60)
        #expect(try house.stopDaemon() == 0)
        #expect(try group.agrees(with: house.journal))
        #expect(try house.audit().code == 0)
    }

    @Test func `once another host owns the group the daemon sends nothing more and ends with 75`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        let account = try house.account("az-futures")
        try house.writeConfiguration(extra: group.section())
        let client = try house.start()
        try client.submit(account.intent("one", orders: 3))
        try client.wait("one")
        let daemon = try #require(house.daemon)

        try group.cluster.sql("UPDATE lease SET epoch = epoch + 1, holder = 'beta', holder_addr = 'beta/1', beat = 1 WHERE grp = 'desk'")

        #expect(try daemon.end() == 75, "\(daemon.tail)")
        #expect(daemon.output.contains("the group is beta's now (epoch 2)"), "\(daemon.tail)")
        // The log has no word of the former owner behind that.
        #expect(try group.number("SELECT count(*) FROM log WHERE epoch > 1") == 0)
    }

    @Test func `an owner that was stopped and wakes after another took the group sends nothing, answers nobody and ends with 75`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        let account = try house.account("az-futures")
        try house.writeConfiguration(extra: group.section())
        let client = try house.start()
        try client.submit(account.intent("one", orders: 3))
        try client.wait("one")
        let daemon = try #require(house.daemon)

        daemon.signal(SIGSTOP)
        let late = try ControlClient(house.socket)
        late.send(raw: Array(#"{"jsonrpc":"2.0","id":1,"method":"intent.submit","params":\#(account.intent("two", orders: 3))}"#.utf8) + [0x0A])
        try group.cluster.sql("UPDATE lease SET epoch = epoch + 1, holder = 'beta', holder_addr = 'beta/1', beat = 1 WHERE grp = 'desk'")
        daemon.signal(SIGCONT)

        #expect(try daemon.end() == 75, "\(daemon.tail)")
        #expect(try late.line() == nil)
        #expect(try house.journal.texts("SELECT intent_id FROM v_intents") == ["one"])
        #expect(try group.number("SELECT count(*) FROM log WHERE epoch > 1") == 0)
        #expect(try house.audit().code == 0)
    }

    @Test func `a stop while the log is gone ends, and what became of the last turn the next start sees`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        let account = try house.account("az-futures")
        try house.writeConfiguration(extra: group.section())
        let client = try house.start()
        try client.submit(account.intent("one", orders: 3))
        try client.wait("one")
        try group.cluster.stopPrimary()
        client.send(raw: Array(#"{"jsonrpc":"2.0","id":9,"method":"intent.submit","params":\#(account.intent("two", orders: 3))}"#.utf8) + [0x0A])
        try pollUntil("it waits: \(house.daemon?.tail ?? "")") { house.daemonLogs.contains("waits for the group's log since") }

        #expect(try house.stopDaemon() == 0)
        #expect(house.daemonLogs.contains("stopped while the log of group desk was waited for"))

        try group.cluster.startPrimary()
        let next = try house.start()
        try next.submit(account.intent("two", orders: 3))
        try next.wait("two")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 6)
        #expect(try house.stopDaemon() == 0)
        #expect(try group.agrees(with: house.journal))
        #expect(try house.audit().code == 0)
    }

    @Test func `a stop leaves the group to the same host, which has it again at once; a kill makes it wait for the lease`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        try house.writeConfiguration(extra: group.section(more: ", lease_ms: 12000"))
        let status = try house.start().call("daemon.status")
        #expect(status["role"]?.string == "owner" && status.member("replica", "owner")?.string == "alpha", "\(status.lines)")
        #expect(status.member("replica", "epoch")?.integer == 1 && status.member("replica", "problem")?.string == nil)
        let shown = try ChildProcess.run("omsctl", ["--socket", house.socket, "status"], in: house.scratch)
        #expect(shown.output.contains("group desk: host alpha owns it, epoch 1, turn "), "\(shown)")
        #expect(try house.stopDaemon() == 0)
        #expect(try group.agrees(with: house.journal))

        var begun = omsd_clock_us(CLOCK_MONOTONIC)
        try house.start(untilReady: false)
        #expect(omsd_clock_us(CLOCK_MONOTONIC) - begun < 10_000_000)
        try house.killDaemon()
        begun = omsd_clock_us(CLOCK_MONOTONIC)
        try house.start(untilReady: false)
        #expect(omsd_clock_us(CLOCK_MONOTONIC) - begun > 11_000_000, "the former process might still send")
        #expect(try group.number("SELECT epoch FROM lease") == 3)
        #expect(try house.stopDaemon() == 0)
    }

    @Test func `a list of standbys that is emptied refuses everything with 1010 until it names one again`() throws {
        let (group, house) = (try Group(), try House(["az-futures"]))
        let account = try house.account("az-futures")
        try house.writeConfiguration(extra: group.section())
        let client = try house.start()
        try group.cluster.stopPrimaryListing()

        let refused = try client.ask("intent.submit", account.intent("one", orders: 3))
        #expect(refused.member("error", "code")?.integer == 1010, "\(refused.lines)")
        try group.cluster.sql("ALTER SYSTEM SET synchronous_standby_names = 'second'")
        try group.cluster.sql("SELECT pg_reload_conf()")
        try pollUntil("it takes intents again") {
            try client.ask("intent.submit", account.intent("one", orders: 3))["result"] != nil
        }
        try client.wait("one")
        #expect(try house.stopDaemon() == 0)
        #expect(try house.audit().code == 0)
    }
}
