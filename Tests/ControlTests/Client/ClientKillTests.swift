import Control
import OMSCore
import Testing

/// `omsctl kill` against a daemon that plays its part by script.
@Suite struct ClientKillTests {
    private static func status(
        closed: Int = 0, taken: Int = 0, live: Int = 0, foreign: Int = 0, isListed: Bool = true, cancelAll: String = "not_asked",
        cancelsForeign: Bool = false
    ) -> String {
        """
        {"accounts":[{"account":"mm","state":"halted","confirmed_closed":\(closed),"cancel_taken":\(taken),"live_or_unknown":\(live),\
        "foreign":\(foreign),"listed":\(isListed),"cancel_all":"\(cancelAll)","cancels_foreign":\(cancelsForeign),"last_error":null}]}
        """
    }

    /// A daemon that answers questions for the status one after the other, the last one for ever.
    private static func daemon(_ answers: [String]) throws -> ScriptedDaemon {
        let rounds = Held()
        return try ScriptedDaemon { command in
            guard case .killStatus = command else { return "{\"accounts\":[],\"cancels\":2}" }
            rounds.add(Ticket(connection: 0, call: 0))
            return answers[min(rounds.count, answers.count) - 1]
        }
    }

    @Test func `kill halts once, asks until nothing lives, and tells what was confirmed`() throws {
        let daemon = try Self.daemon([
            Self.status(live: 2, isListed: false, cancelAll: "unanswered"), Self.status(taken: 2, cancelAll: "confirmed"),
            Self.status(closed: 2, cancelAll: "confirmed"),
        ])
        #expect(daemon.run("kill", "mm", "--everything", "--reason", "test") == 0)
        let halts = daemon.commands.filter { if case .setState = $0 { true } else { false } }
        #expect(halts.map { "\($0)" } == ["\(ControlCommand.setState("mm", .halted, reason: "test", cancelOpen: true, everything: true))"])
        #expect(daemon.commands.count == 4)
        #expect(daemon.terminal.output.contains("nothing lives any more"))
    }

    @Test func `kill --json has the fixed shape`() throws {
        let daemon = try Self.daemon([Self.status(closed: 7)])
        #expect(daemon.run("kill", "--json") == 0)
        let line =
            "{\"accounts\":[{\"account\":\"mm\",\"confirmed_closed\":7,\"cancel_taken\":0,\"live_or_unknown\":0,\"foreign\":0,"
            + "\"cancel_all\":\"not_asked\"}]}\n"
        #expect(daemon.terminal.output == line)
    }

    @Test func `kill that runs out of time with something alive or unknown is 5`() throws {
        #expect(try Self.daemon([Self.status(live: 1)]).run("kill", "--timeout", "10ms") == 5)
    }

    @Test func `orders that are not ours are 5 and said at once, where nothing is under way against them`() throws {
        let daemon = try Self.daemon([Self.status(closed: 20_000, foreign: 60)])
        #expect(daemon.run("kill") == 5)
        #expect(daemon.commands.count == 2)
        #expect(daemon.terminal.output.contains("60 orders rest there that are not ours or not on record"))
    }

    @Test(arguments: [false, true])
    func `who could not list the venue's open orders tells what is known, does not say that nothing rests, and ends with 5`(json: Bool) throws {
        let daemon = try Self.daemon([Self.status(closed: 3, foreign: 2, isListed: false)])
        #expect(daemon.run(["kill", "--timeout", "10ms"] + (json ? ["--json"] : [])) == 5)
        let said = daemon.terminal.output + daemon.terminal.errors
        #expect(!said.contains("nothing lives") && said.contains("could not be listed since the halt"))
        // A number, whatever is not known.
        if json { #expect(daemon.terminal.output.contains("\"foreign\":2,")) }
    }

    @Test func `a venue without cancel-all is told`() throws {
        let daemon = try Self.daemon([Self.status(closed: 3, cancelAll: "none")])
        #expect(daemon.run("kill", "--everything") == 0)
        #expect(daemon.terminal.output.contains("this venue has no cancel-all"))
    }

    @Test(arguments: [false, true])
    func `kill never advises the cancel-all of a venue that has none, and says what takes orders of others there`(everything: Bool) throws {
        let daemon = try Self.daemon([Self.status(closed: 3, foreign: 2, cancelAll: "none")])
        #expect(daemon.run(["kill"] + (everything ? ["--everything"] : [])) == 5)
        let said = daemon.terminal.output
        #expect(!said.contains("--everything") && said.contains("2 orders rest there that are not ours or not on record"))
        #expect(said.contains("this venue has no cancel-all") && said.contains("only its own page takes them"))
    }

    @Test func `kill does not advise a cancel-all that the venue answered already`() throws {
        let daemon = try Self.daemon([Self.status(closed: 3, foreign: 2, cancelAll: "confirmed")])
        #expect(daemon.run("kill", "--everything") == 5)
        #expect(!daemon.terminal.output.contains("--everything takes them"))
        #expect(daemon.terminal.output.contains("answered the cancel-all and lists them all the same"))
    }

    @Test func `cancels that were taken and not confirmed in time are told, and are no 5`() throws {
        let daemon = try Self.daemon([Self.status(closed: 1, taken: 4)])
        #expect(daemon.run("kill", "--timeout", "10ms") == 0)
        #expect(daemon.terminal.output.contains("4 cancels were taken by the venue"))
    }
}
