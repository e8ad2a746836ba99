import Glibc
import Migrations
import Testing

@Suite struct TidyTests {
    private let tree = Tree.here

    @Test func `every file of migrations is embedded, word for word and in order`() {
        let files = tree.under("migrations/", suffix: ".sql")
        #expect(Migrations.all.map { $0.name + ".sql" } == files.map { String($0.name) })
        #expect(Migrations.all.map { Array($0.sql.utf8) } == files.map(\.bytes))
        #expect(Migrations.all.map(\.number) == Array(1...files.count))
    }

    @Test func `nothing is left for later in words`() {
        // Put together here, so that this file does not find itself.
        let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
        // Fixtures are venues' words, not ours.
        for file in tree.files where !file.path.contains("/Fixtures/") && !file.path.contains("/Seeds/") {
            let found = file.lines(holding: words, in: file.lines.map(String.init))
            #expect(found.isEmpty, "\(file.path): lines \(found)")
        }
    }

    @Test func `the repository stands alone`() {
        let outside = ["../" + "shared", "/work/" + "shared"]
        for file in tree.files {
            #expect(!outside.contains { file.text.contains($0) }, "\(file.path)")
        }
    }

    @Test func `every file ends with one line feed and holds no carriage return`() {
        for file in tree.files where !file.bytes.isEmpty && !file.path.contains("/Fixtures/") && !file.path.contains("/Seeds/") {
            #expect(file.bytes.last == 0x0A, "\(file.path)")
            #expect(!file.bytes.contains(0x0D), "\(file.path)")
        }
    }

    @Test func `no binary floating point comes near money or time`() {
        for folder in ["Sources/OMSCore/", "Sources/Venues/", "Sources/Store/"] {
            for file in tree.under(folder, suffix: ".swift") {
                let found = file.lines(holding: ["Double", "Float", "Float16", "Float32", "Float64", "CGFloat", "TimeInterval"], in: file.codeLines)
                #expect(found.isEmpty, "\(file.path): lines \(found)")
            }
        }
    }

    @Test func `what is inlinable is public: swiftc makes nothing of another module for its element that is merely of the package`() {
        var inlinable = 0
        for file in tree.under("Sources/", suffix: ".swift") {
            for line in file.codeLines where line.contains("@inlinable") {
                inlinable += 1
                #expect(line.contains("public "), "\(file.path): \(line)")
            }
        }
        #expect(inlinable > 20)
    }

    @Test func `every fact of a venue's profile and of its stream's has a name among the assumptions`() throws {
        for (type, profile, facts) in [
            ("VenueProfile", "Sources/OMSCore/Ports/VenueProfile.swift", "Sources/Venues/Assumptions/ProfileFact.swift"),
            ("StreamProfile", "Sources/OMSCore/Ports/StreamProfile.swift", "Sources/Venues/Assumptions/StreamFact.swift"),
        ] {
            let lines = try #require(tree.file(profile)).lines.map(String.init)
            let named = try #require(tree.file(facts)).text
            let start = try #require(lines.firstIndex { $0.hasPrefix("package struct \(type):") })
            let body = lines[start...].prefix { $0 != "}" }
            let properties = body.filter { $0.hasPrefix("    package var ") && !$0.contains("{") }.compactMap { line in
                line.dropFirst("    package var ".count).split { $0 == ":" || $0 == " " }.first
            }
            #expect(properties.count > 10)
            for property in properties { #expect(named.contains("\"\(property)\""), "\(type).\(property) has no name in \(facts)") }
        }
    }

    @Test func `a file of the core says in its first lines what belongs there`() {
        let files = tree.under("Sources/OMSCore/", suffix: ".swift")
        #expect(files.count > 50)
        for file in files {
            let first = file.lines.first { !$0.isEmpty && !$0.hasPrefix("import ") }
            #expect(first?.hasPrefix("///") == true, "\(file.path): \(first ?? "")")
        }
    }

    @Test func `a Swift file past 400 lines is two files`() {
        let long = tree.files.filter { $0.path.hasSuffix(".swift") && $0.lines.count > 401 }.map { "\($0.path): \($0.lines.count - 1)" }
        #expect(long.isEmpty, "\(long.joined(separator: ", "))")
    }

    @Test func `one fact is spelled in no more files than was promised`() throws {
        let pipe = try #require(popen("exec '\(tree.root)/scripts/matrix' 2>&1", "r"))
        var words = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&words, 1, words.count, pipe)
        let text = String(decoding: words[..<count], as: UTF8.self)
        #expect(pclose(pipe) == 0, "\(text)")
        #expect(text.contains("of at most"), "\(text)")
    }

    @Test func `every make command of the documents can be made`() throws {
        let makefile = try #require(tree.file("Makefile"))
        let targets = Set(makefile.lines.compactMap { line in line.first?.isLetter == true ? line.split(separator: ":").first : nil })
        for document in tree.files where document.path.hasSuffix(".md") {
            for code in Self.code(of: document) {
                let words = code.split(separator: " ")
                guard words.first == "make", words.count > 1, let target = words[1...].first(where: { !$0.contains("=") }) else { continue }
                #expect(targets.contains(target), "\(document.path): make \(target)")
            }
        }
        #expect(Self.code(of: try #require(tree.file("README.md"))).contains("make demo"))
    }

    @Test func `every file that a document links to is there`() {
        let known = Set(tree.files.map(\.path))
        for document in tree.files where document.path.hasSuffix(".md") {
            let folder = document.path.split(separator: "/").dropLast().map(String.init)
            for part in document.text.split(separator: "](").dropFirst() {
                let target = part.prefix { $0 != ")" && $0 != "#" }
                if target.isEmpty || target.contains("://") { continue }
                var steps = folder
                for step in target.split(separator: "/") {
                    if step == ".." { steps = steps.dropLast() } else if step != "." { steps.append(String(step)) }
                }
                let path = steps.joined(separator: "/")
                #expect(known.contains(path) || known.contains { $0.hasPrefix(path + "/") }, "\(document.path) links to \(target)")
            }
        }
    }

    @Test func `manuals, the Python package and the newest entry of the changes say the version that the programs print`() throws {
        let constant = try #require(tree.file("Sources/Wire/Version.swift")).text
        let version = try #require(constant.split(separator: "\"").dropFirst().first)
        let manuals = tree.files.filter { $0.path.hasPrefix("man/") }
        #expect(manuals.count >= 3)
        for manual in manuals { #expect(manual.lines.first?.contains("\"omsd \(version)\"") == true, "\(manual.path)") }
        #expect(try #require(tree.file("clients/python/src/omsd/_version.py")).text.contains("\"\(version)\""))
        let newest = try #require(tree.file("CHANGELOG.md")).lines.first { $0.hasPrefix("## ") }
        #expect(newest?.hasPrefix("## \(version)") == true)
        // One constant: nobody else says it for a program.
        let others = tree.under("Sources/", suffix: ".swift").filter { $0.name != "Version.swift" && $0.text.contains("\"\(version)\"") }
        #expect(others.isEmpty, "\(others.map(\.path))")
    }

    @Test func `the packages are of the program's version, and all that they name is there`() throws {
        let version = try #require(tree.file("Sources/Wire/Version.swift")?.text.split(separator: "\"").dropFirst().first)
        #expect(tree.file("debian/changelog")?.text.hasPrefix("omsd (\(version)) ") ?? false)
        let lists = tree.under("debian/").filter { [".docs", ".examples", ".manpages", ".install"].contains(where: $0.path.hasSuffix) }
        #expect(lists.count >= 6)
        for list in lists {
            for line in list.lines where !line.isEmpty {
                let path = String(line.split(separator: " ")[0])
                // Completions are made by the build.
                #expect(path.hasPrefix("debian/completions/") || tree.file(path) != nil, "\(list.path): \(path)")
            }
        }
    }

    @Test func `every page is linked from the README`() throws {
        let readme = try #require(tree.file("README.md")).text
        for page in tree.under("docs/", suffix: ".md") where page.path.split(separator: "/").count == 2 {
            #expect(readme.contains("(\(page.path))"), "\(page.path)")
        }
    }

    /// What stands in backticks, and the lines of indented or fenced blocks, each without a comment behind it.
    private static func code(of file: Tree.File) -> [String] {
        var found: [String] = []
        var isFenced = false
        for line in file.lines {
            if line.hasPrefix("```") {
                isFenced.toggle()
            } else if isFenced {
                found.append(line.split(separator: "#").first.map(String.init) ?? "")
            } else {
                let parts = line.split(separator: "`", omittingEmptySubsequences: false)
                for index in stride(from: 1, to: parts.count, by: 2) { found.append(String(parts[index])) }
            }
        }
        return found.map { $0.split(separator: " ").joined(separator: " ") }
    }
}
