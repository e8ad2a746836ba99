import CLinux
import Glibc
import TestSupport

/// A process of ours: started with its output in a file, ended with us.
final class Child {
    let name: String
    let log: String
    private let pid: pid_t
    private var isOver = false

    init(_ program: String, _ arguments: [String], log: String) throws {
        name = String(program.split(separator: "/").last ?? "")
        self.log = log
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, nil, words, omsd_environment())
        guard code == 0 else { throw BenchError("\(program): \(String(cString: strerror(code)))") }
        pid = child
    }

    deinit { stop() }

    var isRunning: Bool {
        guard !isOver else { return false }
        isOver = waitpid(pid, nil, WNOHANG) == pid
        return !isOver
    }

    /// SIGTERM, and after twenty seconds the hard way.
    func stop() {
        guard isRunning else { return }
        kill(pid, SIGTERM)
        let deadline = omsd_clock_us(CLOCK_MONOTONIC) + 20_000_000
        while isRunning {
            if omsd_clock_us(CLOCK_MONOTONIC) > deadline { kill(pid, SIGKILL) }
            usleep(2_000)
        }
    }

    /// User and system time so far, in seconds; the kernel counts hundredths.
    var cpuSeconds: Double { Self.cpuSeconds(readText("/proc/\(pid)/stat")) }

    /// The same of one thread, by its name.
    func cpuSeconds(ofThread name: String) -> Double {
        guard let folder = opendir("/proc/\(pid)/task") else { return .nan }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let task = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if readText("/proc/\(pid)/task/\(task)/comm") == name + "\n" { return Self.cpuSeconds(readText("/proc/\(pid)/task/\(task)/stat")) }
        }
        return .nan
    }

    private static func cpuSeconds(_ stat: String?) -> Double {
        guard let text = stat, let end = text.lastIndex(of: ")") else { return .nan }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // utime and stime: fields 14 and 15, the third being the first behind the name.
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory now and at most, in MB of 1,000,000 bytes.
    var memoryMB: (now: Double, peak: Double) {
        let status = readText("/proc/\(pid)/status") ?? ""
        func value(_ name: String) -> Double {
            guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") }) else { return .nan }
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).compactMap { Double($0) }.first.map { $0 * 1_024 / 1e6 } ?? .nan
        }
        return (value("VmRSS"), value("VmHWM"))
    }

    /// The last lines it wrote.
    var lastWords: String { (readText(log) ?? "").split(separator: "\n").suffix(8).joined(separator: "\n") }
}

/// CPU time of this process's calling thread, in seconds.
func threadCPU() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func now() -> Double { Double(omsd_clock_us(CLOCK_MONOTONIC)) / 1e6 }

func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
