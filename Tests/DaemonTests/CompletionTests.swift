import TestSupport
import Testing
import Wire

/// What a shell offers when Tab is pressed, by a real bash and a running daemon.
@Suite struct CompletionTests {
    /// A bash that has read the script.
    private final class Shell {
        let house: House
        private let script: String
        private var asked = 0
        init(_ house: House) throws {
            self.house = house
            script = house.scratch.file("omsctl.bash")
            let (code, output) = try ChildProcess.run("omsctl", ["completions", "bash"], in: house.scratch)
            guard code == 0 else { throw Unexpected(output) }
            try writeText(output, to: script)
        }

        /// What is offered for the end of this line.
        func offers(_ line: String) throws -> [String] {
            asked += 1
            // As bash sets them: COMP_WORDS is looked at for the program alone.
            let body = """
                . "$1"; [ "$(complete -p omsctl)" = 'complete -F _omsctl omsctl' ] || exit 9
                COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'; COMP_LINE=$2; COMP_POINT=${#2}; COMP_WORDS=("$3"); COMPREPLY=()
                _omsctl; [ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
                """
            let (code, output) = try ChildProcess.run(
                "/bin/bash", ["--norc", "-c", body, "bash", script, line, ChildProcess.folder + "/omsctl"],
                log: house.scratch.file("bash-\(asked).log"))
            guard code == 0 else { throw Unexpected("bash ends with \(code): \(output)") }
            return output.split(separator: "\n").map(String.init)
        }
    }

    @Test func `bash offers verbs, options, words, accounts, and the ids of live orders, intents and breaks of the daemon named`() throws {
        let house = try House(["az-futures", "xt-spot"])
        let client = try house.start()
        let account = try house.account("az-futures")
        let ids = try client.submit(account.intent("rebalance:7", orders: 2))
        try client.wait("rebalance:7")
        let shell = try Shell(house)
        let at = "omsctl --socket \(house.socket) "

        #expect(try shell.offers("omsctl sta") == ["status"])
        #expect(Set(try shell.offers("omsctl can")) == ["cancel", "cancel-all"])
        #expect(try shell.offers("omsctl --js") == ["--json"])
        #expect(try shell.offers("omsctl place --sy") == ["--symbol"])
        #expect(Set(try shell.offers("omsctl place --side ")) == ["buy", "sell"])
        #expect(try shell.offers("omsctl place --side=b") == ["buy"])
        #expect(try shell.offers("omsctl orders --state working,in_") == ["working,in_doubt"])
        #expect(try shell.offers("omsctl resolve o1 a") == ["absent"])
        #expect(Set(try shell.offers(at + "halt ")) == Set(house.accounts.map(\.name)))
        #expect(try shell.offers(at + "submit f --account mm") == ["mm-az"])
        #expect(try shell.offers("omsctl --socket=\(house.socket) kill s") == ["spot-xt"])
        #expect(Set(try shell.offers(at + "why ")) == Set(ids))
        #expect(Set(try shell.offers(at + "cancel \(ids[0]) --account mm-az ")) == Set(ids))
        // An id may hold what bash takes for the end of a word: what stands in front of it stays.
        #expect(try shell.offers(at + "cancel --intent reb") == ["rebalance:7"])
        #expect(try shell.offers(at + "cancel --intent rebalance:") == ["7"])
        #expect(try shell.offers(at + "break ack") == ["acknowledge"])
        #expect(try shell.offers(at + "limits ").isEmpty)
        try writeText("{}", to: house.scratch.file("orders.json"))
        #expect(try shell.offers("omsctl submit \(house.scratch.path)/ord") == [house.scratch.file("orders.json")])
    }

    @Test func `without a daemon nothing is offered of it, and nothing is said`() throws {
        let house = try House(["az-futures"])
        let shell = try Shell(house)
        #expect(try shell.offers("omsctl --socket /nonexistent/socket halt ").isEmpty)
        #expect(try shell.offers("omsctl hal") == ["halt"])
    }

    @Test func `every verb and option of the help is in each shell's script, and what the scripts ask for is answered`() throws {
        let house = try House(["az-futures"])
        try house.start()
        func run(_ words: [String]) throws -> String {
            let (code, output) = try ChildProcess.run("omsctl", words, in: house.scratch)
            guard code == 0 else { throw Unexpected("\(words): \(output)") }
            return output
        }
        let scripts = try ["bash", "zsh", "fish"].map { try run(["completions", $0]) }
        let help = try run(["--help"]).split(separator: "\n")
        let verbs = help.drop { $0 != "verbs:" }.dropFirst().prefix { $0.hasPrefix("  ") }.map { String($0.split(separator: " ")[0]) }
        #expect(verbs.count > 20)
        for verb in verbs {
            for script in scripts { #expect(script.contains(verb), "\(verb)") }
            for line in try run([verb, "--help"]).split(separator: "\n") where line.hasPrefix("  --") {
                let option = line.split(separator: " ")[0]
                #expect(
                    scripts[0].contains(option) && scripts[1].contains(option) && scripts[2].contains("-l \(option.dropFirst(2))"),
                    "\(verb) \(option)")
            }
        }
        for list in ["accounts", "orders", "intents", "breaks", "symbols"] { _ = try run(["--socket", house.socket, "completions", list]) }
        #expect(try run(["--socket", house.socket, "completions", "symbols"]).contains("btc_usdt\n"))
    }
}
