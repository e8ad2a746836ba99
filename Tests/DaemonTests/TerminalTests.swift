import TestSupport
import Testing

/// `omsctl` on a terminal of the system's, made by script(1).
@Suite struct TerminalTests {
    @Test(arguments: [(nil, 20, 8), ("dumb", 20, 8), ("xterm", 20, 8), (nil, 8, 6), ("xterm", 80, 24)] as [(String?, Int, Int)])
    func `a narrow terminal, and one that knows no moves or has no name, shows status and top without a line that hangs over`(
        name: String?, columns: Int, lines: Int
    ) throws {
        let house = try House(["az-futures", "xt-spot"])
        try house.start()
        for verb in ["status", "top --count 1"] {
            let line = "stty cols \(columns) rows \(lines); exec \(ChildProcess.folder)/omsctl --socket \(house.socket) \(verb)"
            let environment = ["PATH": "/usr/bin:/bin"].merging(name.map { ["TERM": $0] } ?? [:]) { $1 }
            let (code, output) = try ChildProcess.run(
                "/usr/bin/script", ["-qec", line, "/dev/null"], log: house.scratch.file("terminal-\(verb.prefix(3)).log"), environment: environment)
            #expect(code == 0, "\(output)")
            let canMove = name == "xterm"
            #expect(output.contains("\u{1B}") == canMove, "\(verb) on \(name ?? "no TERM"): \(output)")
            // What steers the terminal takes no room on it.
            let shown = output.replacing(/\u{1B}\[[0-9;]*[A-Za-z]/, with: "").replacing("\r\n", with: "\n").split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(shown.allSatisfy { $0.count <= columns }, "\(verb): \(shown.filter { $0.count > columns })")
            #expect(shown.joined().contains("omsd"))
            if canMove, verb != "status" {
                #expect(shown.count <= lines)
                #expect(shown.last { !$0.isEmpty }?.contains("more line") == (lines == 8))
            }
        }
    }
}
