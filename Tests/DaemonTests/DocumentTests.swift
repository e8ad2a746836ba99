import CLinux
import OMSCore
import TestSupport
import Testing
import Wire

@testable import OMSDaemon

/// Documents that cannot lie: what they show is run, what they name exists, and what exists is named.
@Suite struct DocumentTests {
    private static let root = String(#filePath.dropLast("Tests/DaemonTests/DocumentTests.swift".count))
    private static let pages = [
        "README.md", "docs/OPERATING.md", "docs/CONTROL_API.md", "docs/AUDIT.md", "docs/OMSIM.md", "docs/LIMITS.md",
        "docs/INSTALL.md", "docs/MONITORING.md", "docs/FIRST_LIVE.md",
    ]
    private static let manuals = ["man/omsctl.1", "man/omsd.8", "man/omsim.1", "man/omsd.json5.5"]

    private static func text(_ path: String) throws -> String {
        guard let text = readText(root + path) else { throw Unexpected("no \(path)") }
        return text
    }

    /// Lines of code blocks, or of a manual's unfilled text, without what follows two spaces and a number sign.
    private static func examples(in text: String) -> [String] {
        var isCode = false
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isCode.toggle()
            } else if line == ".nf" || line == ".fi" {
                isCode = line == ".nf"
            } else if isCode {
                let end = line.firstRange(of: "  #")?.lowerBound ?? line.endIndex
                lines.append(line[..<end].split(separator: " ").joined(separator: " ").replacing("\\-", with: "-"))
            }
        }
        return lines
    }

    /// What stands in back quotes, or in bold in a manual.
    private static func quoted(in text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().compactMap { $0.offset % 2 == 1 ? String($0.element) : nil }
    }

    /// First cells of the table between two marks, without back quotes.
    private static func names(in text: String, between mark: String, and end: String) throws -> [String] {
        guard let start = text.firstRange(of: "<!-- \(mark) -->"), let stop = text.firstRange(of: "<!-- \(end) -->") else {
            throw Unexpected("no mark \(mark)")
        }
        return text[start.upperBound..<stop.lowerBound].split(separator: "\n").compactMap { line in
            guard line.hasPrefix("| `") else { return nil }
            return line.split(separator: "`").dropFirst().first.map(String.init)
        }
    }

    @Test func `every omsctl example of the documents and manuals runs against a daemon and ends with 0`() throws {
        let house = try House()
        let client = try house.start()
        let account = try house.account("az-futures")
        let id = try client.submit(account.intent("shown", orders: 1))[0]
        try client.wait("shown", until: "acknowledged")
        let orders = house.scratch.file("orders.jsonl")
        try writeText(account.item() + "\n" + account.item(price: "38000") + "\n", to: orders)
        var run = 0
        for page in Self.manuals + Self.pages {
            _ = try client.call("account.set_state", "{account: '*', state: 'active', reason: 'the next page'}")
            for line in Self.examples(in: try Self.text(page)) where line.hasPrefix("omsctl ") {
                var words = line.split(separator: " ").dropFirst().map(String.init)
                words = words.map { $0.hasPrefix("o4k2") ? id : $0 == "orders.jsonl" ? orders : $0 }
                // Made from the file, not by the daemon.
                if words.first == "report" {
                    words = words.map { $0.hasSuffix(".html") ? house.scratch.file($0) : $0 } + ["--journal", house.journal.path]
                }
                if words.first == "export", ["orders", "fills", "requests", "timeline"].contains(words.dropFirst().first) {
                    // Made from the file, too; where it is written to is the shell's affair.
                    words = Array(words.prefix { $0 != ">" })
                    if let place = words.firstIndex(of: "--journal") { words.removeSubrange(place...place + 1) }
                    words += ["--journal", house.journal.path]
                }
                // One that would follow for ever ends after the first event.
                if words.first == "tail" { words += ["--after", "0", "--count", "1"] }
                let (code, output) = try ChildProcess.run("omsctl", ["--socket", house.socket] + words, in: house.scratch)
                #expect(code == 0, "\(page): \(line)\n\(output)")
                run += 1
            }
        }
        #expect(run >= 12, "\(run) examples")
    }

    /// A line as a shell takes it apart: words, some in double quotes.
    private static func words(_ line: String) -> [String] {
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap { index, part in
            index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
        }
    }

    @Test func `every omsd example of the documents and manuals is understood, and every omsim example that ends runs and ends with 0`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let account = try house.account("az-futures")
        try client.submit(account.intent("audited", orders: 1))
        try client.wait("audited")
        var (understood, run) = (0, 0)
        for page in Self.manuals + Self.pages {
            for line in Self.examples(in: try Self.text(page)) {
                let words = Self.words(line.replacing("$(date +%F)", with: "today"))
                // A picture of what a program says is no command.
                if words.first == "omsd", words.count > 1, words[1].first?.isNumber == false {
                    #expect(throws: Never.self, "\(page): \(line)") { try Arguments.parse(Array(words.dropFirst())) }
                    understood += 1
                }
                guard words.first == "omsim", words.count > 1, words[1] != "serve" else { continue }
                let here = words.dropFirst().map { word in
                    if word == "http://127.0.0.1:8899" { return house.origin }
                    if word.hasSuffix("/journal.db") { return house.journal.path }
                    return word == "/tmp/try" || word == "DIR" ? house.scratch.file("made") : word == "1..2000" ? "1..20" : word
                }
                let (code, output) = try ChildProcess.run("omsim", here, in: house.scratch)
                #expect(code == 0, "\(page): \(line)\n\(output)")
                run += 1
            }
        }
        #expect(understood >= 4 && run >= 4, "\(understood), \(run)")
    }

    @Test func `omsctl's manual names every verb that its help names`() throws {
        let (code, help) = try ChildProcess.run("omsctl", ["--help"], in: ScratchDirectory())
        let verbs = help.split(separator: "\n").drop { $0 != "verbs:" }.dropFirst().prefix { $0.hasPrefix("  ") }
            .compactMap { $0.split(separator: " ").first }
        let manual = try Self.text("man/omsctl.1").replacing("\\-", with: "-")
        let bold = manual.split(separator: "\n").filter { $0.hasPrefix(".B") }.flatMap { $0.split { " \",|".contains($0) } }
        #expect(code == 0 && verbs.count > 20)
        for verb in verbs { #expect(bold.contains(verb), "\(verb)") }
    }

    @Test(arguments: ["serve", "accounts", "audit", "explore"]) func `omsim's manual names every option that a verb's help names`(verb: String) throws
    {
        let (code, help) = try ChildProcess.run("omsim", [verb, "--help"], in: ScratchDirectory())
        let manual = try Self.text("man/omsim.1").replacing("\\-", with: "-")
        let options = help.split(whereSeparator: { $0 == " " || $0 == "\n" || $0 == "," }).filter { $0.hasPrefix("--") && $0.count > 2 }
        #expect(code == 0 && !options.isEmpty && manual.contains("B omsim \(verb)"))
        for option in options {
            let name = option.prefix { $0.isLetter || $0 == "-" }
            #expect(manual.contains(name), "\(name)")
        }
    }

    @Test func `every verb and option of omsctl that a document names exists`() throws {
        let scratch = ScratchDirectory()
        var help: [String: String] = [:]
        func helpOf(_ verb: String) throws -> String? {
            if let known = help[verb] { return known }
            let (code, output) = try ChildProcess.run("omsctl", [verb, "--help"], in: scratch)
            guard code == 0 else { return nil }
            help[verb] = output
            return output
        }
        for page in Self.pages + ["docs/RELIABILITY.md", "docs/ARCHITECTURE.md", "docs/GLOSSARY.md", "CONTRIBUTING.md"] {
            let text = try Self.text(page)
            for span in Self.quoted(in: text) + Self.examples(in: text) where span.hasPrefix("omsctl ") {
                let words = span.split(separator: " ").dropFirst().map(String.init)
                guard let verb = words.first(where: { !$0.hasPrefix("-") }) else { continue }
                guard let help = try helpOf(verb) else {
                    Issue.record("\(page): \(span): no such verb")
                    continue
                }
                for option in words where option.hasPrefix("--") && !["--json", "--socket", "--help"].contains(option) {
                    #expect(help.contains("\(option) ") || help.contains("\(option)\n"), "\(page): \(span)")
                }
            }
        }
    }

    @Test func `the control protocol's page lists the kinds of events as they are`() throws {
        let kinds = try Self.names(in: try Self.text("docs/CONTROL_API.md"), between: "events", and: "end of events")
        #expect(kinds == EventFamily.allCases.map(\.rawValue))
    }

    @Test func `the metrics that are served are those that are documented, and health is as documented`() throws {
        let house = try House(["az-futures"])
        let port = UInt16.random(in: 20_000..<30_000)
        try house.writeConfiguration(extra: "metrics: { listen: '127.0.0.1:\(port)' }, archive: { after_days: 30 },")
        try house.start()
        let pages = SimulatorPages(port: port)
        try pollUntil("health") { (try? pages.page("/healthz"))?.body == "ok\n" }
        #expect(try pages.page("/healthz").status == 200)
        let families = try pages.page("/metrics").body.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
        let served = families.map { String($0.split(separator: " ")[2]) }

        let documented = try Self.names(in: try Self.text("docs/MONITORING.md"), between: "metrics", and: "end of metrics")

        #expect(Set(served) == Set(documented))
        let rows = try Self.text("docs/MONITORING.md")
        for family in families {
            let words = family.split(separator: " ")
            #expect(rows.contains("| `\(words[2])` | \(words[3]) |"), "\(family)")
        }
    }

    /// Keys of a configuration: names in front of a colon, those of accounts (in quotes) apart.
    private static func shownKeys(_ text: String) -> Set<String> {
        var keys: Set<String> = []
        for line in text.split(separator: "\n") {
            let code = line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 0 }.map {
                String($0.element)
            }
            let bare = code.joined()
            let end = bare.firstRange(of: "//")?.lowerBound ?? bare.endIndex
            for part in bare[..<end].split(separator: ":").dropLast() {
                let words = part.split { !($0.isLetter || $0 == "_") }
                if let key = words.last, part.last?.isLetter == true { keys.insert(String(key)) }
            }
        }
        return keys
    }

    /// Keys that man/omsd.json5.5 has a paragraph or a heading for.
    private static func explainedKeys(_ text: String) -> Set<String> {
        var keys: Set<String> = []
        var former: Substring = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix(".SS ") || (line.hasPrefix(".B ") && former == ".TP") { keys.insert(String(line.split(separator: " ")[1])) }
            former = line
        }
        return keys
    }

    @Test func `exit codes and configuration keys of the documents are those of the program`() throws {
        let operating = try Self.text("docs/OPERATING.md")
        let codes: [ExitCode] = [.done, .usage, .journal, .inputOutput, .held, .configuration]
        for code in codes {
            #expect(operating.contains("\n| \(code.rawValue) | "), "\(code)")
            #expect(try Self.text("man/omsd.8").contains("\n.B \(code.rawValue)\n"), "\(code)")
        }
        let example = try Self.text("docs/omsd.example.json5")
        for key in AccountReader.keys + AccountReader.limitKeys {
            #expect(operating.contains("`\(key)`"), "OPERATING does not name \(key)")
            #expect(example.contains("\(key):"), "the example does not show \(key)")
        }
        // What stands inside a rule of risk is explained with the rule.
        let inside: Set = ["btc_usdt", "max", "low", "high", "opening", "since"]
        let (explained, shown) = (Self.explainedKeys(try Self.text("man/omsd.json5.5")), Self.shownKeys(example).subtracting(inside))
        // What is off is shown behind its null.
        let commented: Set = ["after_days", "folder"]
        for key in commented { #expect(example.contains("\(key):"), "the example does not show \(key)") }
        let differing = explained.symmetricDifference(shown.union(commented)).sorted()
        #expect(differing.isEmpty, "the manual and the example differ in \(differing)")
        for key in AccountReader.riskKeys { #expect(operating.contains("`risk.\(key)`") && example.contains("\(key):"), "\(key)") }
    }

    @Test func `every document links to pages that are there`() throws {
        for page in Self.pages + ["docs/RELIABILITY.md", "docs/ARCHITECTURE.md", "docs/ADDING_A_VENUE.md", "CHANGELOG.md", "CONTRIBUTING.md"] {
            let folder = page.contains("/") ? "docs/" : ""
            for part in try Self.text(page).split(separator: "](").dropFirst() {
                let target = part.prefix { $0 != ")" && $0 != "#" }
                guard !target.isEmpty, !target.contains("://") else { continue }
                #expect(access(Self.root + folder + target, F_OK) == 0, "\(page) links to \(target)")
            }
        }
    }
}
