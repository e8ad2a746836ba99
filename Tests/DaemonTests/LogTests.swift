import CLinux
import Kernel
import TestSupport
import Testing
import Wire

@testable import OMSDaemon

/// The forms that a line of the log takes, and where it goes.
@Suite struct LogTests {
    private static let line = Log.Line(
        .warning, .breakFound, "venue said <0>\n", [("account", "mm"), ("order", "o1"), ("text", "a\"b\\\u{1b}[31mé\nPRIORITY=0")])

    @Test func `a line is one line of printable ASCII in each form, whatever is logged`() throws {
        let at: Int64 = 1_795_183_260_000_001
        let logfmt = Self.line.logfmt(at: at)
        #expect(
            logfmt == #"time=2026-11-20T14:01:00.000001Z level=warning event=break msg="venue said <0>\u000a" account="mm" order="o1" "#
                + #"text="a\"b\\\u001b[31m\u00e9\u000aPRIORITY=0""#)
        let json = Self.line.json(at: at)
        #expect((logfmt + json).utf8.allSatisfy { (0x20..<0x7F).contains($0) })
        let read = try JSONParser.parse(json)
        #expect(read["text"]?.string == "a\"b\\\u{1b}[31mé\nPRIORITY=0" && read["event"]?.string == "break" && read["level"]?.string == "warning")
        let long = Log.Line(.info, .problem, String(repeating: "é", count: 100_000)).logfmt(at: at)
        #expect(long.utf8.count < 5_000 && long.hasSuffix("...\""))
    }

    @Test func `systemd's journal is sent fields, a line each, which no text from outside can add to`() throws {
        let scratch = ScratchDirectory()
        let listener = try Datagrams(scratch.file("journal"))
        #expect(JournalSocket(path: scratch.file("journal")).send(Self.line.journalMessage))
        let fields = listener.next().split(separator: "\n").map(String.init)
        #expect(
            fields == [
                #"MESSAGE=venue said <0>\u000a account="mm" order="o1" text="a\"b\\\u001b[31m\u00e9\u000aPRIORITY=0""#, "PRIORITY=4",
                "SYSLOG_IDENTIFIER=omsd", "OMSD_EVENT=break", "OMSD_ACCOUNT=mm", "OMSD_ORDER=o1",
                #"OMSD_TEXT=a\"b\\\u001b[31m\u00e9\u000aPRIORITY=0"#,
            ])
        #expect(!JournalSocket(path: scratch.file("nobody")).send(Self.line.journalMessage))
    }

    @Test func `a daemon whose standard error is systemd's journal writes there, with fields and priorities`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let listener = try Datagrams(house.scratch.file("journal"))
        // The file that the daemon's standard error will be: named by device and inode, as systemd names its own.
        let log = house.scratch.file("omsd-1.log")
        try writeText("", to: log)
        var status = stat()
        try #require(stat(log, &status) == 0)
        let client = try house.start(environment: [
            "JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)", "OMSD_JOURNAL_SOCKET": house.scratch.file("journal"),
        ])
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'halted', reason: 'lunch \u{e9}'}")
        var lines: [[String]] = []
        let halt = try poll("the halt: \(lines)") { () -> [String]? in
            lines.append(listener.next().split(separator: "\n").map(String.init))
            return lines.last.flatMap { $0.contains("OMSD_EVENT=trading_state") ? $0 : nil }
        }
        #expect(halt.contains("OMSD_ACCOUNT=\(account.name)") && halt.contains("PRIORITY=4") && halt.contains("OMSD_REASON=lunch \\u00e9"))
        #expect(lines.contains { $0.contains("OMSD_EVENT=start") && $0.contains("PRIORITY=6") })
        #expect(!house.daemonLogs.contains("trading state"), "\(house.daemonLogs)")
    }

    @Test func `log.format is taken over by a reload, and a word that is none is refused`() throws {
        let house = try House(["az-futures"])
        try house.writeConfiguration(extra: "log: { format: 'logfmt' },")
        try house.start()
        #expect(house.daemonLogs.contains(" level=info event=start msg=\"omsd answers\""), "\(house.daemonLogs)")
        try house.writeConfiguration(extra: "log: { format: 'json' },")
        house.daemon?.signal(SIGHUP)
        let line = try poll("a line in JSON: \(house.daemonLogs)") { house.daemonLogs.split(separator: "\n").first { $0.contains("are reloaded") } }
        let read = try JSONParser.parse(Array(line.utf8))
        #expect(read["event"]?.string == "reload" && read["changes"]?.string == "log.format: logfmt -> json", "\(line)")
        try house.writeConfiguration(extra: "log: { format: 'jsn' },")
        let (code, output) = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
        #expect(code == 78 && output.contains("log.format: must be one of auto, logfmt, json; did you mean \"json\"?"), "\(output)")
    }

    @Test func `a part that repeats itself is counted, and one that makes up new words each time is, too`() {
        var limiter = LineLimiter()
        let same = (0..<100).filter { limiter.passes(LineLimiter.subject(of: "client \($0) sent \($0) bytes"), at: 0) }
        #expect(same.count == LineLimiter.linesMax)
        let others = (0..<5_000).filter { number in
            let word = String(number).map { String(UnicodeScalar(UInt8(ascii: "a") + UInt8($0.wholeNumberValue ?? 0))) }.joined()
            return limiter.passes(LineLimiter.subject(of: "word \(word)"), at: 1)
        }
        #expect(others.count < LineLimiter.subjectsMax + LineLimiter.linesMax + 1)
        #expect(limiter.due(at: LineLimiter.windowUs + 2).map(\.held).reduce(0, +) == 5_100 - same.count - others.count)
    }
}

/// A datagram socket that plays systemd's journal.
private final class Datagrams {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, omsd_datagram_socket_type(), 0)
        guard descriptor >= 0, let address = UnixAddress(path: path) else { throw Unexpected("no socket at \(path)") }
        guard address.withPointer({ omsd_bind(descriptor, $0, $1) }) == 0 else { throw Unexpected("bind \(path): \(errorText(omsd_errno()))") }
    }

    deinit { close(descriptor) }

    /// The next message; empty when none comes in time.
    func next() -> String {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard CLinux.poll(&wait, 1, 5_000) == 1 else { return "" }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        return String(decoding: buffer[..<max(0, recv(descriptor, &buffer, buffer.count, 0))], as: UTF8.self)
    }
}
