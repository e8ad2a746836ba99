import Testing

/// The floors of docs/ARCHITECTURE.md, as a table that the sources are held against.
@Suite struct FloorTests {
    /// What each target may import of ours, and its floor.
    private static let targets: [String: (floor: Int, imports: Set<String>)] = [
        "CSQLite": (0, []), "COpenSSL": (0, []), "CLinux": (0, []), "CPQ": (0, []), "Containers": (0, []),
        "OMSCore": (1, ["Containers"]),
        "Wire": (1, ["COpenSSL"]),
        "Kernel": (1, ["CLinux"]),
        "Migrations": (1, []),
        "ControlAPI": (2, ["Wire"]),
        "Venues": (3, ["OMSCore", "Wire"]),
        "Store": (3, ["OMSCore", "Wire", "ControlAPI", "Migrations", "CSQLite", "CLinux"]),
        "Replica": (3, ["OMSCore", "Wire", "CPQ"]),
        "Transport": (3, ["Containers", "Kernel", "Wire", "COpenSSL", "CLinux"]),
        "Calls": (3, ["Kernel", "OMSCore", "Wire", "ControlAPI"]),
        "TestSupport": (3, ["Kernel", "OMSCore", "Wire", "CLinux"]),
        "Control": (4, ["Kernel", "OMSCore", "Wire", "ControlAPI", "Calls", "CLinux"]),
        "Runtime": (4, ["Containers", "OMSCore", "Wire", "ControlAPI", "Venues", "Calls", "CLinux"]),
        "Simulator": (5, ["Containers", "Kernel", "OMSCore", "Wire", "Venues", "Runtime", "Transport", "CLinux"]),
        "OMSDaemon": (
            5, ["Kernel", "OMSCore", "Wire", "ControlAPI", "Venues", "Store", "Replica", "Transport", "Control", "Runtime", "CLinux"]
        ),
        "omsim": (6, ["Simulator", "Transport", "Wire", "OMSCore", "Venues", "Runtime", "CSQLite", "CLinux"]),
        "omsctl": (6, ["Kernel", "OMSCore", "Wire", "ControlAPI", "Venues", "Store", "Transport", "CLinux"]),
    ]
    /// Parts of the platform that any target but the pure ones may use.
    private static let platform: Set<String> = ["Glibc", "Synchronization"]
    /// Values in, values out: no clock, lock or system call can be reached from here.
    private static let pure: Set<String> = ["Containers", "ControlAPI", "OMSCore", "Venues"]

    private static func imports(of file: Tree.File) -> [String] {
        file.codeLines.compactMap { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
            let modifiers: Set<Substring> = ["package", "public", "internal", "private", "fileprivate"]
            guard words[..<at].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) }) else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
            let named = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
            return named.split(separator: ".").first.map(String.init)
        }
    }

    @Test func `a floor rests on lower floors only, and two targets on one floor never meet`() {
        for (name, target) in Self.targets {
            for below in target.imports {
                #expect((Self.targets[below]?.floor ?? .max) < target.floor, "\(name) imports \(below)")
            }
        }
    }

    @Test func `only the daemon sees store, transport and control together`() {
        let all: Set<String> = ["Store", "Transport", "Control"]
        #expect(Self.targets.filter { all.isSubset(of: $0.value.imports) }.map(\.key) == ["OMSDaemon"])
    }

    @Test func `every target imports only what its floor allows`() {
        let files = Tree.here.under("Sources/", suffix: ".swift") + Tree.here.under("migrations/", suffix: ".swift")
        #expect(files.count > 20)
        for file in files {
            let folder = file.path.split(separator: "/")
            let name = folder[0] == "migrations" ? "Migrations" : String(folder[1])
            guard let target = Self.targets[name] else {
                Issue.record("\(file.path): \(name) has no floor in this table")
                continue
            }
            let allowed = target.imports.union(Self.pure.contains(name) ? [] : Self.platform)
            for module in Self.imports(of: file) where !allowed.contains(module) { Issue.record("\(file.path) imports \(module)") }
        }
    }

    @Test func `the table knows every target of the sources`() {
        let folders = Set(Tree.here.under("Sources/").map { String($0.path.split(separator: "/")[1]) })
        #expect(folders.union(["Migrations"]) == Set(Self.targets.keys))
    }

    @Test func `Foundation is imported nowhere`() {
        for file in Tree.here.files where file.path.hasSuffix(".swift") {
            #expect(!Self.imports(of: file).contains { $0.hasPrefix("Foundation") }, "\(file.path)")
        }
    }
}
