import CLinux
import Kernel
import TestSupport
import Testing

@testable import OMSDaemon

/// A manager's end of the notify socket.
private final class NotifyListener {
    let descriptor: Int32
    private let file: String?

    init(_ name: String) throws {
        descriptor = socket(AF_UNIX, omsd_datagram_socket_type(), 0)
        file = name.hasPrefix("@") ? nil : name
        let address = try #require(UnixAddress(name: name))
        try #require(address.withPointer { omsd_bind(descriptor, $0, $1) } == 0)
    }

    deinit {
        close(descriptor)
        if let file { unlink(file) }
    }

    /// A datagram between two sockets of one host is there as soon as it was sent.
    func received() -> String {
        var room = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &room, room.count, 0)
        return String(decoding: room.prefix(max(count, 0)), as: UTF8.self)
    }
}

@Suite struct SystemdTests {
    @Test func `notices arrive as one message, over a path and over an abstract name`() throws {
        let scratch = ScratchDirectory()
        for name in [scratch.path + "/notify", "@omsd-notify-test-\(getpid())"] {
            let listener = try NotifyListener(name)
            let systemd = Systemd(environment: ["NOTIFY_SOCKET": name])

            #expect(systemd.notify(.ready, .status("mm-az ready\nREADY=0"), .alive))
            #expect(listener.received() == "READY=1\nSTATUS=mm-az ready\\u{a}READY=0\nWATCHDOG=1")
            #expect(systemd.notify(.stopping, .needsTime(5_000_000)))
            #expect(listener.received() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=5000000")
        }
    }

    @Test func `a reload tells the monotonic clock`() throws {
        let name = "@omsd-reload-test-\(getpid())"
        let listener = try NotifyListener(name)
        let before = omsd_clock_us(CLOCK_MONOTONIC)

        #expect(Systemd(environment: ["NOTIFY_SOCKET": name]).notify(.reloading))

        let lines = listener.received().split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        let stamp = try #require(lines.last?.split(separator: "=").last.flatMap { Int64($0) })
        #expect((before...omsd_clock_us(CLOCK_MONOTONIC)).contains(stamp))
    }

    @Test func `without systemd notices go nowhere and that is fine`() {
        let systemd = Systemd(environment: [:])

        #expect(systemd.notify(.ready))
        #expect(systemd.watchdog_us == nil)
        #expect(systemd.listenDescriptors == [])
    }

    @Test func `a manager that is gone costs a notice, not the daemon`() {
        #expect(Systemd(environment: ["NOTIFY_SOCKET": "/nonexistent/notify"]).notify(.ready) == false)
    }

    @Test func `sockets and watchdog are taken only by the process they are meant for`() {
        let environment = ["LISTEN_FDS": "2", "LISTEN_PID": "77", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "77"]

        let meant = Systemd(environment: environment, pid: 77)
        let child = Systemd(environment: environment, pid: 78)

        #expect(meant.listenDescriptors == [3, 4])
        #expect(meant.watchdog_us == 30_000_000)
        #expect(child.listenDescriptors == [])
        #expect(child.watchdog_us == nil)
    }

    @Test(arguments: ["-1", "0", "2147483647", "x", ""])
    func `a nonsensical number of sockets is none`(count: String) {
        #expect(Systemd(environment: ["LISTEN_FDS": count, "LISTEN_PID": "\(getpid())"]).listenDescriptors == [])
    }
}

@Suite struct ArgumentTests {
    @Test func `each command is understood, options in any order`() throws {
        #expect(try Arguments.parse(["--config", "a"]) == .run(config: "a"))
        #expect(try Arguments.parse(["--config=a=b"]) == .run(config: "a=b"))
        #expect(try Arguments.parse(["check-config", "--config", "a"]) == .checkConfig(config: "a"))
        #expect(try Arguments.parse(["verify", "--json", "--journal", "j"]) == .verify(Verify(["--journal", "j", "--json"])))
        #expect(try Arguments.parse(["backup", "--to", "t", "--journal", "j"]) == .backup(journal: "j", to: "t"))
        #expect(try Arguments.parse(["verify", "--help"]) == .help)
        #expect(try Arguments.parse(["--version"]) == .version)
    }

    @Test(arguments: [
        ([], "--config FILE is missing"), (["--config"], "--config needs a value"),
        (["--confg", "a"], "unknown option --confg; did you mean --config?"),
        (["verfy"], "unknown command \"verfy\"; did you mean verify?"), (["backup", "--journal", "j"], "--to FILE is missing"),
        (["--config", "a", "--config", "b"], "--config stands twice"), (["verify", "j"], "\"j\" stands where an option should"),
    ])
    func `a wrong command line is refused in words`(words: [String], problem: String) {
        #expect(throws: ArgumentError(problem)) { try Arguments.parse(words) }
    }
}
