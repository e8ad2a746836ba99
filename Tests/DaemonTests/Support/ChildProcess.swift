import CLinux
import Synchronization
import TestSupport

/// A program of ours, started by a test and gone with it.
final class ChildProcess: Sendable {
    let pid: pid_t
    /// Standard output and error.
    let log: String
    private let end = Mutex<Int32?>(nil)
    private let hasDumped = Mutex(false)

    /// Programs lie beside the bundle that runs the tests, unless `OMSD_BINARIES` names another folder.
    static let folder: String = {
        if let named = getenv("OMSD_BINARIES") { return String(cString: named) }
        return ownPath.map { String($0[..<($0.lastIndex(of: "/") ?? $0.endIndex)]) } ?? "."
    }()

    /// The bundle that runs these tests.
    static let ownPath: String? = {
        let bytes = [CChar](unsafeUninitializedCapacity: 4_096) { buffer, count in
            count = buffer.baseAddress.map { max(0, readlink("/proc/self/exe", $0, buffer.count)) } ?? 0
        }
        return bytes.isEmpty ? nil : String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    /// - Parameters:
    ///   - environment: All of it: nothing is inherited.
    ///   - descriptors: Handed over from number 3 on, in this order.
    init(
        _ program: String, _ arguments: [String], log: String, environment: [String: String] = [:], descriptors: [Int32] = [], wrapper: [String] = []
    ) throws {
        let path = program.hasPrefix("/") ? program : Self.folder + "/" + program
        let words = wrapper + [path] + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        for (index, descriptor) in descriptors.enumerated() { posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index)) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The runner of the tests may have blocked or ignored signals; a service starts with none of that.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, words[0], &actions, &attributes, &argv, &envp)
        guard code == 0 else { throw Unexpected("\(words[0]) could not be started: \(String(cString: strerror(code)))") }
        (pid, self.log) = (child, log)
    }

    deinit {
        guard exitCode == nil else { return }
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    /// Above 128: ended by the signal of that number less 128. nil: it runs.
    var exitCode: Int32? {
        end.withLock { end in
            if let end { return end }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            hasDumped.withLock { $0 = status & 0x80 != 0 }
            end = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
            return end
        }
    }

    /// It ended with a core dump.
    var dumpedCore: Bool { hasDumped.withLock { $0 } }

    func signal(_ number: Int32) { if exitCode == nil { kill(pid, number) } }

    /// Waits for its end.
    func end(seconds: Double = 30) throws -> Int32 {
        try poll("the end of process \(pid)\n\(tail)", seconds: seconds) { exitCode }
    }

    /// What it wrote so far.
    var output: String { readText(log) ?? "" }
    var tail: String { String(output.suffix(2_000)) }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String], in scratch: ScratchDirectory, environment: [String: String] = [:], seconds: Double = 60)
        throws -> (code: Int32, output: String)
    {
        let log = scratch.file("run-\(program)-\(counter.add(1, ordering: .relaxed).newValue).log")
        return try run(program, arguments, log: log, environment: environment, seconds: seconds)
    }

    static func run(_ program: String, _ arguments: [String], log: String, environment: [String: String] = [:], seconds: Double = 60)
        throws -> (code: Int32, output: String)
    {
        let child = try ChildProcess(program, arguments, log: log, environment: environment)
        let code = try child.end(seconds: seconds)
        return (code, child.output)
    }
    private static let counter = Atomic<Int>(0)
}
