import CLinux

/// Where text goes and comes from: the process's own streams, or a test's.
protocol Terminal: AnyObject {
    /// Standard output shows to a person.
    var isInteractive: Bool { get }
    func out(_ text: String)
    func err(_ text: String)
    /// All of a file, or of standard input for `-`; nil with errno set.
    func read(_ path: String) -> [UInt8]?
    /// Microseconds since 1970 UTC.
    func now() -> Int64
    func pause(ms: Int32)
    /// What an interrupt (Ctrl-C) says before it ends the program.
    func sayWhenInterrupted(_ text: String)
    /// Columns of a line, and lines of the screen.
    var width: Int { get }
    var height: Int { get }
    /// Standard output is a terminal whose cursor can be moved.
    var canMove: Bool { get }
    /// It shows colours, and its user has nothing against them.
    var hasColor: Bool { get }
    /// From here on keys are read as they are typed, without an echo. False: nobody types.
    func beginKeys() -> Bool
    func endKeys()
    /// True as soon as one of these keys is typed.
    func pause(ms: Int32, untilKeys keys: String) -> Bool
}

final class SystemTerminal: Terminal {
    let isInteractive = isatty(1) == 1

    func out(_ text: String) { write(text, to: 1) }
    func err(_ text: String) { write(text, to: 2) }
    func now() -> Int64 { omsd_clock_us(CLOCK_REALTIME) }
    func pause(ms: Int32) { _ = poll(nil, 0, ms) }
    func sayWhenInterrupted(_ text: String) { omsd_say_when_interrupted(text) }
    var width: Int { size.columns }
    var height: Int { size.lines }

    /// 80 by 24 where nobody can say.
    private var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard isInteractive, omsd_window_size(1, &size) == 0 else { return (80, 24) }
        return (size.ws_col > 0 ? Int(size.ws_col) : 80, size.ws_row > 0 ? Int(size.ws_row) : 24)
    }

    /// Without a name of it, or by the name "dumb", a terminal is only written to, line by line. Source: terminfo(5), environ(7).
    var canMove: Bool { isInteractive && !["", "dumb"].contains(Self.environment("TERM") ?? "") }
    /// Source: no-color.org (2024): set and not empty.
    var hasColor: Bool { canMove && (Self.environment("NO_COLOR") ?? "").isEmpty }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    func beginKeys() -> Bool { omsd_begin_keys() == 0 }
    func endKeys() { omsd_end_keys() }

    func pause(ms: Int32, untilKeys keys: String) -> Bool {
        guard !keys.isEmpty else {
            pause(ms: ms)
            return false
        }
        let end = omsd_clock_us(CLOCK_BOOTTIME) + Int64(ms) * 1_000
        while true {
            let left = end - omsd_clock_us(CLOCK_BOOTTIME)
            var wait = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            guard left > 0, poll(&wait, 1, Int32(left / 1_000) + 1) > 0 else {
                if left > 0, omsd_errno() == EINTR { continue }
                return false
            }
            var key: UInt8 = 0
            // The terminal is gone: nobody looks any more.
            guard CLinux.read(0, &key, 1) == 1 else { return true }
            if keys.utf8.contains(key) { return true }
        }
    }

    func read(_ path: String) -> [UInt8]? {
        let descriptor = path == "-" ? 0 : omsd_open_regular(path)
        guard descriptor >= 0 else { return nil }
        defer { if descriptor != 0 { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = CLinux.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if omsd_errno() == EINTR { continue }
                return nil
            }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// What was asked for was done; its words could not be written.
    private func giveUp(_ code: Int32, on descriptor: Int32) -> Never {
        // The reader has gone, as `head` does: nobody is left to tell.
        if code == EPIPE { exit(0) }
        if descriptor == 1 {
            let words = "omsctl: standard output cannot be written: \(String(cString: strerror(code)))\n"
            _ = words.withCString { CLinux.write(2, $0, strlen($0)) }
        }
        exit(Exit.internal.rawValue)
    }

    private func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var at = 0
            while at < bytes.count {
                let count = CLinux.write(descriptor, bytes.baseAddress! + at, bytes.count - at)
                if count < 0, omsd_errno() == EINTR { continue }
                if count < 0 { giveUp(omsd_errno(), on: descriptor) }
                at += count
            }
        }
    }
}
