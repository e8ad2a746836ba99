import CLinux
import TestSupport
import Testing
import Wire

private let hasKillPoints: Bool = {
    #if DEBUG
    getenv("OMSD_BINARIES") == nil
    #else
    false
    #endif
}()

/// kill -9 at moments that were chosen: around each commit, send, answer and reply (debug builds only, see KillPoint).
@Suite(.enabled(if: hasKillPoints, "a release build has no kill points")) struct KillPointTests {
    /// The numbers let a little happen before, so that the other side of the daemon is busy too.
    private static let points = [
        "before_commit:4", "after_commit:4", "before_intent_commit:1", "after_intent_commit:1", "before_send:40", "after_send:40", "answer_read:30",
        "before_answer_commit:30", "after_answer_commit:30", "before_reply:1", "after_reply:2",
    ]

    @Test(arguments: points)
    func `a kill at any point of a turn, with lost replies, leaves each order at its venue exactly once`(point: String) throws {
        let house = try House()
        try killOnce(house, environment: ["OMSD_KILL_AT": point])
    }

    @Test(.enabled(if: Tap.library != nil, "no C compiler"), arguments: [1, 6])
    func `a kill in the middle of writing a request leaves each order at its venue exactly once`(request: Int) throws {
        let house = try House()
        try killOnce(house, environment: Tap.environment(journal: house.journal.path, half: request))
    }

    @Test func `an intent whose accept was committed but never told is answered as the first time`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start(environment: ["OMSD_KILL_AT": "before_reply:1"])
        _ = try? client.submit(account.intent("untold", orders: 3))
        #expect(try house.daemon?.end() == 128 + SIGKILL)
        let ids = try house.journal.texts("SELECT client_order_id FROM v_orders ORDER BY client_order_id")
        #expect(ids.count == 3)

        let again = try house.start().call("intent.submit", account.intent("untold", orders: 3))

        #expect(again["duplicate"]?.bool == true)
        #expect(again["orders"]?.array?.compactMap(\.string).sorted() == ids)
    }

    @Test func `an intent that was not committed is unknown after the kill and accepted once when it comes again`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start(environment: ["OMSD_KILL_AT": "before_intent_commit:1"])
        _ = try? client.submit(account.intent("unheard", orders: 3))
        #expect(try house.daemon?.end() == 128 + SIGKILL)
        #expect(try house.journal.number("SELECT (SELECT count(*) FROM v_intents) + (SELECT count(*) FROM v_orders)") == 0)

        let again = try house.start()
        let answer = try again.call("intent.submit", account.intent("unheard", orders: 3))

        #expect(answer["duplicate"]?.bool == false)
        try again.wait("unheard")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 3)
        #expect(try house.audit().code == 0)
    }

    /// Sends intents to all venues until the daemon dies of `environment`, starts it again, sends them again, and compares everything.
    private func killOnce(_ house: House, environment: [String: String]) throws {
        let rules = ["place", "mixed"].flatMap { kind in
            ["before", "after"].map { "{kind: '\(kind)', probability: 0.1, fault: {type: 'lose_reply_\($0)_execution'}}" }
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")
        let child = try house.launch(environment: environment)
        let doomed = try poll("a socket\n\(child.tail)") { child.exitCode != nil ? ControlClient?.none : try? ControlClient(house.socket) }
        for (number, account) in house.accounts.enumerated() {
            let intent = account.intent("run-\(account.name)", orders: 60)
            doomed.send(raw: Array(#"{"jsonrpc":"2.0","id":\#(100 + number),"method":"intent.submit","params":\#(intent)}"#.utf8) + [0x0A])
        }
        #expect(try child.end(seconds: 60) == 128 + SIGKILL, "\(environment) was never reached\n\(child.tail)")
        #expect(try house.verify().code == 0)
        // What was lost before is enough; more would only take longer.
        try house.pages.setFaults("[]")

        let client = try house.start()
        for account in house.accounts {
            try client.submit(account.intent("run-\(account.name)", orders: 60))
            try client.wait("run-\(account.name)", seconds: 120)
        }

        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 60 * house.accounts.count)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
    }
}
