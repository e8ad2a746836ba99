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
    /// Characters a line holds.
    var width: Int { get }
}

final class SystemTerminal: Terminal {
    let isInteractive = isatty(1) == 1

    func out(_ text: String) { write(text, to: 1) }
    func err(_ text: String) { write(text, to: 2) }
    func now() -> Int64 { omsd_clock_us(CLOCK_REALTIME) }
    func pause(ms: Int32) { _ = poll(nil, 0, ms) }
    func sayWhenInterrupted(_ text: String) { omsd_say_when_interrupted(text) }
    /// 80 where nobody can say.
    var width: Int {
        var size = winsize()
        return isInteractive && omsd_window_size(1, &size) == 0 && size.ws_col >= 40 ? Int(size.ws_col) : 80
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
