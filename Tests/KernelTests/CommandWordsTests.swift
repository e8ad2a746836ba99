import Kernel
import Testing

@Suite struct CommandWordsTests {
    private static let options = [
        CommandWords.Option("--to", takesValue: true), CommandWords.Option("--limit", takesValue: true, repeats: true),
        CommandWords.Option("--json", takesValue: false),
    ]

    private func read(_ words: String...) throws(CommandWords.Problem) -> CommandWords {
        try CommandWords(words, options: Self.options, alsoKnown: ["--socket"], takesOperands: true)
    }

    @Test func `options stand in any order, among operands, with a value behind them or behind an equals sign`() throws {
        let words = try read("a", "--limit", "1", "--json", "b", "--to=x=y", "--limit=2", "-")
        #expect(words.operands == ["a", "b", "-"])
        #expect(words.has("--json") && words.text("--to") == "x=y")
        #expect(words.texts("--limit") == ["1", "2"] && words.text("--limit") == "2")
    }

    @Test func `a value may look like an option, and behind two dashes all are operands`() throws {
        #expect(try read("--to", "--json").text("--to") == "--json")
        #expect(try read("--json", "--", "--to", "--").operands == ["--to", "--"])
    }

    @Test(arguments: [
        (["--tp", "x"], CommandWords.Problem.unknown(word: "--tp", name: "--tp", near: "--to")),
        (["--sockt=x"], .unknown(word: "--sockt=x", name: "--sockt", near: "--socket")), (["-x"], .unknown(word: "-x", name: "-x", near: nil)),
        (["--to"], .valueMissing("--to")), (["--to="], .valueMissing("--to")), (["--json=1"], .valueNotTaken("--json")),
        (["--to", "a", "--to", "b"], .twice("--to")), (["--json", "--json"], .twice("--json")),
    ])
    func `what cannot be meant is named`(words: [String], problem: CommandWords.Problem) {
        #expect(throws: problem) { try CommandWords(words, options: Self.options, alsoKnown: ["--socket"], takesOperands: true) }
    }

    @Test func `where there are no operands a word is out of place, two dashes are no option, and an empty value may be one`() throws {
        #expect(throws: CommandWords.Problem.misplaced("a")) { try CommandWords(["a"], options: Self.options) }
        #expect(throws: CommandWords.Problem.unknown(word: "--", name: "--", near: nil)) { try CommandWords(["--"], options: Self.options) }
        #expect(try CommandWords(["--to", ""], options: Self.options, takesEmptyValues: true).text("--to") == "")
    }
}
