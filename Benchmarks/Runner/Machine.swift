import CLinux
import Glibc
import TestSupport

/// Where the figures come from.
enum Machine {
    static func description() -> [(name: String, value: String)] {
        var system = utsname()
        uname(&system)
        let model = field("/proc/cpuinfo", "model name") ?? "unknown CPU"
        let memory = field("/proc/meminfo", "MemTotal").flatMap { $0.split(separator: " ").first }.flatMap { Double($0) } ?? .nan
        let folder = ScratchDirectory()
        var status = statfs()
        let type = statfs(folder.path, &status) == 0 ? fileSystem(Int(status.f_type)) : "unknown"
        return [
            ("date", date()), ("cpu", "\(sysconf(Int32(_SC_NPROCESSORS_ONLN))) x \(model)"), ("memory", "\((memory * 1_024 / 1e9).brief) GB"),
            ("kernel", text(of: &system.release)),
            ("scratch", "\(folder.path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }) on \(type)"),
            ("load", readText("/proc/loadavg")?.split(separator: " ").prefix(3).joined(separator: " ") ?? "unknown"),
        ]
    }

    private static func field(_ path: String, _ name: String) -> String? {
        guard let line = readText(path)?.split(separator: "\n").first(where: { $0.hasPrefix(name) }), let colon = line.firstIndex(of: ":") else {
            return nil
        }
        return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
    }

    private static func date() -> String {
        var (seconds, parts) = (time(nil), tm())
        gmtime_r(&seconds, &parts)
        var room = [CChar](repeating: 0, count: 32)
        let count = strftime(&room, room.count, "%Y-%m-%d %H:%M UTC", &parts)
        return String(decoding: room[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Magic numbers of statfs(2).
    private static func fileSystem(_ type: Int) -> String {
        switch type {
        case 0xEF53: "ext4"
        case 0x5846_5342: "xfs"
        case 0x9123_683E: "btrfs"
        case 0x0102_1994: "tmpfs (not durable: these are no figures)"
        case 0x794C_7630: "overlayfs"
        default: "file system " + String(type, radix: 16)
        }
    }

    private static func text<Tuple>(of tuple: inout Tuple) -> String {
        withUnsafeBytes(of: &tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
