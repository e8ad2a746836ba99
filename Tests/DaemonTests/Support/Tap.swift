import CLinux
import TestSupport

/// Libraries of `Preload`, to be loaded before libc.
enum PreloadedLibrary {
    private static let folder = ScratchDirectory()

    /// nil: no C compiler here.
    static func build(_ name: String) -> String? {
        guard access("/usr/bin/cc", X_OK) == 0 else { return nil }
        let source = "/" + "\(#filePath)".split(separator: "/").dropLast(2).joined(separator: "/") + "/Preload/\(name).c"
        let arguments = ["-shared", "-fPIC", "-O1", "-o", folder.file("\(name).so"), source, "-ldl"]
        let built = try? ChildProcess.run("/usr/bin/cc", arguments, log: folder.file("\(name)-cc.log"), environment: ["PATH": "/usr/bin:/bin"])
        return built?.code == 0 ? folder.file("\(name).so") : nil
    }
}

/// The preloaded library of `Preload/tap.c`: records what a daemon does to its journal and its sockets, and lets the disk fail.
enum Tap {
    /// nil: no C compiler here.
    static let library = PreloadedLibrary.build("tap")

    /// What a daemon is started with, as the C file's head says.
    static func environment(
        journal: String, record: String? = nil, fail: String? = nil, when: String? = nil, half: Int? = nil, kill: Int? = nil
    ) throws -> [String: String] {
        guard let library else { throw Unexpected("the library cannot be built") }
        var environment = ["LD_PRELOAD": library, "OMSD_TAP_JOURNAL": journal]
        environment["OMSD_TAP_RECORD"] = record
        environment["OMSD_TAP_FAIL"] = fail
        environment["OMSD_TAP_WHEN"] = when
        environment["OMSD_TAP_HALF"] = half.map { "\($0)" }
        environment["OMSD_TAP_KILL"] = kill.map { "\($0)" }
        return environment
    }

    /// One thing that the daemon did.
    struct Step: Sendable {
        enum Kind: UInt8, Sendable {
            case write = 0x57, sync = 0x53, truncate = 0x54, unlink = 0x55, toVenue = 0x4E, toClient = 0x43, failure = 0x46
        }
        enum File: UInt8, Sendable { case other, main, wal }
        let kind: Kind
        let file: File
        /// Of a write; the size of a truncation; the descriptor of a send.
        let offset: Int
        let bytes: ArraySlice<UInt8>
    }

    /// A daemon that was killed may leave its last line half written: it ends the list.
    static func steps(of record: String) throws -> [Step] {
        guard let bytes = readBytes(record) else { throw Unexpected("no record at \(record)") }
        var steps: [Step] = []
        var at = 0
        func number(_ from: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(bytes[from + $1]) << (8 * $1) } }
        while at + 16 <= bytes.count {
            let size = number(at + 4, 4)
            guard at + 16 + size <= bytes.count else { break }
            guard let kind = Step.Kind(rawValue: bytes[at]), let file = Step.File(rawValue: bytes[at + 1]) else {
                throw Unexpected("the record is unreadable at byte \(at)")
            }
            steps.append(Step(kind: kind, file: file, offset: number(at + 8, 8), bytes: bytes[at + 16..<at + 16 + size]))
            at += 16 + size
        }
        return steps
    }
}
