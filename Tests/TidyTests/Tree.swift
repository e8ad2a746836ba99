import Glibc

/// The files of this repository, read without help from anything but libc.
struct Tree {
    struct File {
        /// From the root, for example `Sources/Wire/Version.swift`.
        let path: String
        let bytes: [UInt8]
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var name: Substring { path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...] }
    }

    let root: String
    /// What people wrote: neither build products nor git's own files.
    let files: [File]

    static let here = Tree()

    private init(file: String = #filePath) {
        // Tests/TidyTests/Tree.swift stands three steps below the root.
        root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        var found: [File] = []
        Self.walk(root, "", &found)
        files = found.sorted { $0.path < $1.path }
    }

    func under(_ folder: String, suffix: String = "") -> [File] { files.filter { $0.path.hasPrefix(folder) && $0.path.hasSuffix(suffix) } }

    func file(_ path: String) -> File? { files.first { $0.path == path } }

    private static func walk(_ root: String, _ folder: String, _ found: inout [File]) {
        guard let handle = opendir(root + "/" + folder) else { return }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let isHidden = name == "." || name == ".." || name == ".git" || name == ".scratch" || name.hasPrefix(".build")
            if isHidden || [".o", ".db", ".db-wal", ".db-shm"].contains(where: name.hasSuffix) { continue }
            let path = folder.isEmpty ? name : folder + "/" + name
            var status = stat()
            guard lstat(root + "/" + path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: walk(root, path, &found)
            case S_IFREG: found.append(File(path: path, bytes: read(root + "/" + path)))
            default: break
            }
        }
    }

    private static func read(_ path: String) -> [UInt8] {
        guard let handle = fopen(path, "r") else { return [] }
        defer { fclose(handle) }
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&room, 1, room.count, handle)
            if count == 0 { return bytes }
            bytes += room[..<count]
        }
    }
}

extension Tree.File {
    /// Swift lines without what stands behind `//`, and without the text of one-line literals: code only, roughly.
    var codeLines: [String] {
        lines.map { line in
            var code = ""
            var isQuoted = false
            var last: Character = " "
            for character in line {
                if character == "\"", last != "\\" { isQuoted.toggle() }
                if !isQuoted, character == "/", last == "/" { return String(code.dropLast()) }
                if !isQuoted { code.append(character) }
                last = character
            }
            return code
        }
    }

    /// The line numbers on which one of these words stands by itself.
    func lines(holding words: [String], in lines: [String]) -> [Int] {
        lines.enumerated().filter { line in
            let found = line.element.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            return found.contains { words.contains(String($0)) }
        }.map { $0.offset + 1 }
    }
}
