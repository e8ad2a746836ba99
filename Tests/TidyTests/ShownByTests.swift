import Testing

/// docs/RELIABILITY.md names the tests that prove what it says, by suite and sentence. Here the names are held to the sources: a sentence that
/// no test bears any more, or bears elsewhere, is a promise without proof.
@Suite struct ShownByTests {
    private let tree = Tree.here

    /// The sentences of each suite, by its type's or title's name and by the name of each file that holds a part of it.
    private var suites: [String: [String]] {
        var found: [String: [String]] = [:]
        for file in tree.under("Tests/", suffix: ".swift") {
            var names: Set<String> = [String(file.name.dropLast(6).prefix { $0 != "+" })]
            var sentences: [String] = []
            for line in file.lines {
                if let sentence = Self.quoted(line, behind: "func `") { sentences.append(sentence) }
                for word in ["struct `", "extension `"] {
                    if let name = Self.quoted(line, behind: word) { names.insert(name) }
                }
                for word in ["struct ", "final class ", "extension "] where line.hasPrefix(word) || line.hasPrefix("@Suite") {
                    guard let start = line.firstRange(of: word)?.upperBound else { continue }
                    let name = line[start...].prefix { $0.isLetter || $0.isNumber }
                    if name.hasSuffix("Tests") { names.insert(String(name)) }
                }
                if let start = line.firstRange(of: "@Suite(\"")?.upperBound { names.insert(String(line[start...].prefix { $0 != "\"" })) }
            }
            for name in names { found[name, default: []] += sentences }
        }
        return found
    }

    private static func quoted(_ line: Substring, behind mark: String) -> String? {
        guard let start = line.firstRange(of: mark)?.upperBound else { return nil }
        return String(line[start...].prefix { $0 != "`" })
    }

    /// What a line of the document names: sentences that are there, and what is wrong with the others.
    private struct Reading {
        var there = 0
        var wrong: [String] = []
    }

    /// Reads all `Suite`: sentence; sentence (remark); … of a line. Behind a full stop, or a part that names something else, comes prose.
    private func read(_ line: Substring, _ suites: [String: [String]]) -> Reading {
        var reading = Reading()
        let parts = line.split(separator: "`", omittingEmptySubsequences: false)
        for index in stride(from: 1, to: parts.count, by: 2) {
            let name = String(parts[index])
            guard let sentences = suites[name] else {
                if name.hasSuffix("Tests") { reading.wrong.append("no suite \(name)") }
                continue
            }
            var rest = line[parts[index].endIndex...].dropFirst()
            if rest.hasPrefix(" ("), let end = Self.end(ofRemark: rest.dropFirst()) { rest = rest[end...] }
            guard rest.hasPrefix(": ") else { continue }
            rest = rest.dropFirst(2)
            while true {
                if let whole = sentences.filter({ rest.hasPrefix($0) }).max(by: { $0.count < $1.count }) {
                    reading.there += 1
                    rest = rest.dropFirst(whole.count)
                } else {
                    let clause = Self.clause(rest)
                    if clause.contains("`") { break }
                    // A part tells which sentence is meant only where it is more than a word or two.
                    if clause.count >= 12, sentences.contains(where: { $0.contains(clause) }) {
                        reading.there += 1
                    } else {
                        reading.wrong.append("\(name): \(clause)")
                    }
                    rest = rest[clause.endIndex...]
                }
                while rest.hasPrefix(" ("), let end = Self.end(ofRemark: rest.dropFirst()) { rest = rest[end...] }
                if rest.hasPrefix(". "), rest.dropFirst(2).first?.isLowercase == true {
                    reading.wrong.append("\(name): a full stop amid sentences, before \(Self.clause(rest.dropFirst(2)))")
                }
                guard rest.hasPrefix("; ") else { break }
                rest = rest.dropFirst(2)
            }
        }
        return reading
    }

    /// Up to where a part between semicolons ends, without a remark in brackets behind it.
    private static func clause(_ text: Substring) -> Substring {
        let ends = ["; ", ". ", " (", " |", ")"].compactMap { text.firstRange(of: $0)?.lowerBound }
        let end = ends.min() ?? text.endIndex
        return text[..<end].last == "." ? text[..<text.index(before: end)] : text[..<end]
    }

    /// Behind the bracket that ends a remark.
    private static func end(ofRemark text: Substring) -> Substring.Index? {
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return text.index(after: index) }
        }
        return nil
    }

    @Test func `every test that the page of faults names stands under that sentence in that suite`() throws {
        let suites = suites
        let page = try #require(tree.file("docs/RELIABILITY.md"))
        var there = 0
        for (number, line) in page.lines.enumerated() {
            let reading = read(line, suites)
            there += reading.there
            for wrong in reading.wrong { Issue.record("docs/RELIABILITY.md:\(number + 1): \(wrong)") }
        }
        #expect(there > 300, "\(there) sentences")
        // The reader itself: a sentence that nobody bears, and one in another suite's place, are found.
        #expect(read("| `ShownByTests`: a sentence that no test of ours bears |", suites).wrong.count == 1)
        #expect(read("| `TidyTests`: every test that the page of faults names |", suites).wrong.count == 1)
        #expect(read("| `GoneTests` |", suites).wrong == ["no suite GoneTests"])
    }

    @Test func `each fault that came back from outside has its row, and each row a test`() throws {
        let suites = suites
        let page = try #require(tree.file("docs/RELIABILITY.md"))
        let start = try #require(page.lines.firstIndex { $0 == "## What came back from outside" })
        var rows: [String: Int] = [:]
        for line in page.lines[start...].dropFirst().prefix(while: { !$0.hasPrefix("## ") }) where line.hasPrefix("| ") {
            let name = line.dropFirst(2).prefix { $0 != " " }
            if name.first?.isNumber == true { rows[String(name)] = read(line, suites).there }
        }
        for number in 1...32 { #expect(rows["\(number)"] ?? 0 > 0, "\(number)") }
        for (name, tests) in rows { #expect(tests > 0, "\(name)") }
    }

    @Test func `Python tests, scripts and files that the page of faults names are there`() throws {
        let python = tree.under("clients/python/tests/", suffix: ".py").map(\.text).joined()
        var found = 0
        for name in Self.quoted(in: try #require(tree.file("docs/RELIABILITY.md"))) {
            if name.hasPrefix("test_") {
                #expect(python.contains("def \(name)("), "\(name)")
                found += 1
            }
            guard ["scripts/", "Tests/", "Sources/", "migrations/", "docs/"].contains(where: name.hasPrefix), !name.contains(" ") else { continue }
            #expect(tree.file(name) != nil || !tree.under(name + "/").isEmpty || !tree.under(name + ".swift").isEmpty, "\(name)")
            found += 1
        }
        #expect(found > 10, "\(found)")
    }

    @Test func `every rule broken on purpose that the page of faults names is one of those that are broken`() throws {
        let mutants = try #require(tree.file("Sources/Simulator/Explore/Mutant.swift")).text
        var found = 0
        for line in try #require(tree.file("docs/RELIABILITY.md")).lines {
            var isOfMutants = false
            let parts = line.split(separator: "`", omittingEmptySubsequences: false)
            for index in stride(from: 1, to: parts.count, by: 2) {
                if parts[index].hasSuffix("Tests") { isOfMutants = parts[index] == "MutantsTests" }
                guard isOfMutants, parts[index].contains("-"), parts[index].allSatisfy({ $0.isLowercase || $0 == "-" }) else { continue }
                #expect(mutants.contains("= \"\(parts[index])\""), "\(parts[index])")
                found += 1
            }
        }
        #expect(found > 5, "\(found)")
    }

    @Test func `every file that can stop itself is named, with the reason why nothing from outside gets there`() throws {
        let page = try #require(tree.file("docs/RELIABILITY.md"))
        let start = try #require(page.lines.firstIndex { $0 == "## Where omsd stops itself" })
        var named: Set<String> = []
        for line in page.lines[start...].dropFirst().prefix(while: { !$0.hasPrefix("## ") }) where line.hasPrefix("| `") {
            let cells = line.split(separator: "|")
            #expect(cells.count == 2 && cells[1].contains(where: \.isLetter), "\(line)")
            let parts = cells[0].split(separator: "`", omittingEmptySubsequences: false)
            for index in stride(from: 1, to: parts.count, by: 2) { named.insert(String(parts[index].prefix { $0 != "." })) }
        }
        let traps = ["preconditionFailure", "precondition", "fatalError", "assert", "assertionFailure", "unsafelyUnwrapped"]
        var found: Set<String> = []
        for file in tree.under("Sources/", suffix: ".swift") {
            guard !["Simulator", "omsim", "TestSupport"].contains(where: { file.path.hasPrefix("Sources/\($0)/") }) else { continue }
            let code = file.codeLines
            let name = String(file.name.dropLast(6).prefix { $0 != "+" })
            let isForced = code.contains { line in ["try!", "as!", ")!", "]!"].contains { line.contains($0) } }
            if isForced || !file.lines(holding: traps, in: code).isEmpty { found.insert(name) }
        }
        #expect(found.count > 20)
        let unnamed = found.subtracting(named).sorted()
        #expect(unnamed.isEmpty, "docs/RELIABILITY.md does not say why these never stop: \(unnamed)")
    }

    private static func quoted(in file: Tree.File) -> [String] {
        file.lines.flatMap { line in
            line.split(separator: "`", omittingEmptySubsequences: false).enumerated().compactMap { $0.offset % 2 == 1 ? String($0.element) : nil }
        }
    }
}
