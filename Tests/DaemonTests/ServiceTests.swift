import CLinux
import Kernel
import TestSupport
import Testing
import Wire

/// The daemon as a service manager sees it: signals, readiness, watchdog, a socket handed over.
@Suite struct ServiceTests {
    @Test func `SIGTERM waits for the answers that are due, leaves orders working and says so, and a restart finds them`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let account = try house.account("az-futures")
        try client.submit(account.intent("resting", orders: 100))
        try client.wait("resting")
        try house.pages.setFaults("[{kind: 'mixed', fault: {type: 'delay', delay_ms: 700}}]")
        try client.submit(account.intent("on its way".replacing(" ", with: "-"), orders: 1))
        try pollUntil("a request in flight") { try house.journal.states(where: "intent_id = 'on-its-way'") == ["submitted": 1] }

        #expect(try house.stopDaemon() == 0)

        #expect(house.daemonLogs.contains(#"requests_unanswered="0" orders_left_working="101""#), "\(house.daemonLogs)")
        #expect(access(house.socket, F_OK) != 0)
        let states = try house.journal.states()
        #expect(states["in_doubt"] == nil && states["submitted"] == nil, "\(states)")
        try house.pages.setFaults("[]")
        let again = try house.start()
        try pollUntil("working orders") { try house.journal.states() == ["working": 101] }
        #expect(try again.call("daemon.status")["ready"]?.bool == true)
        #expect(try house.audit().code == 0)
    }

    @Test func `SIGHUP takes over risk and limits, and a file with errors changes nothing`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let account = try house.account("az-futures")
        func submit(_ id: String) throws -> Int64? { try client.ask("intent.submit", account.intent(id, orders: 1)).member("error", "code")?.integer }
        #expect(try submit("before") == nil)

        house.settings["mm-az"] = #"risk: { symbols: ["eth_usdt"] }, limits: [{ budget: "batch-place", permits: 50 }]"#
        try house.writeConfiguration()
        house.daemon?.signal(SIGHUP)
        try pollUntil("the reload: \(house.daemonLogs)") { house.daemonLogs.contains("are reloaded") }
        try pollUntil("the new rule") { try submit("other-\(omsd_clock_us(CLOCK_MONOTONIC))") == 1005 }
        let permits = try client.call("limit.list")["budgets"]?.array?.first { $0["budget"]?.string == "batch-place" }?["permits"]?.integer
        #expect(permits == 50)

        house.settings["mm-az"] = "risk: { max_open_orders: -1 }"
        try house.writeConfiguration()
        house.daemon?.signal(SIGHUP)
        try pollUntil("the refusal: \(house.daemonLogs)") { house.daemonLogs.contains("not reloaded") }
        #expect(house.daemonLogs.contains("max_open_orders"))
        #expect(try submit("after") == 1005)
        #expect(house.daemon?.exitCode == nil)
    }

    @Test func `what SIGHUP cannot take over is told as waiting, and neither log nor record has it as done`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let before = try client.call("limit.list")["budgets"]?.array
        house.settings["mm-az"] =
            #"limits: [{ budget: "overall", permits: 50, window_ms: 60000 }, { budget: "batch-place", scope: "uid", permits: 20 }]"#
        try house.writeConfiguration()
        house.daemon?.signal(SIGHUP)
        try pollUntil("the reload: \(house.daemonLogs)") { house.daemonLogs.contains("wait for a restart") }
        #expect(house.daemonLogs.contains("accounts.mm-az.limits.batch-place") && house.daemonLogs.contains("accounts.mm-az.limits.overall"))
        #expect(house.daemonLogs.contains("changes=\"none\""), "\(house.daemonLogs)")
        let after = try client.call("limit.list")["budgets"]?.array
        #expect(after?.count == before?.count && after?.contains { $0["budget"]?.string == "overall" } == false)
        let places = after?.first { $0["budget"]?.string == "batch-place" }
        let former = before?.first { $0["budget"]?.string == "batch-place" }
        #expect(places?["scope"]?.string == "apikey" && places?["permits"]?.integer == former?["permits"]?.integer)
    }

    @Test func `the service manager hears that the socket answers, that the core loop lives, of reloads and of the end`() throws {
        let house = try House(["az-futures"])
        let notices = try NoticeSocket(house.scratch.file("notify"))
        try house.start(environment: ["NOTIFY_SOCKET": notices.path, "WATCHDOG_USEC": "800000"])

        try notices.expect("READY=1")
        // The socket answered before the notice: one connects at once.
        _ = try house.client()
        for _ in 0..<4 { try notices.expect("WATCHDOG=1") }
        try notices.expect("STATUS=mm-az active, 0 queued, 0 open, 0 in doubt")
        house.daemon?.signal(SIGHUP)
        try notices.expect("RELOADING=1")
        try notices.expect("READY=1")
        #expect(try house.stopDaemon() == 0)
        try notices.expect("STOPPING=1")
    }

    @Test func `a socket handed over is used as it is and outlives the daemon`() throws {
        let house = try House(["az-futures"])
        let path = house.scratch.file("activated.sock")
        let listening = try #require(Self.listen(path))
        defer { close(listening) }
        // Only a process whose number stands in LISTEN_PID may take it, so a shell writes its own there and becomes the daemon.
        try house.launch(
            environment: ["LISTEN_FDS": "1"], descriptors: [listening],
            wrapper: ["/bin/sh", "-c", "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"", "sh"])

        let client = try ControlClient(path)
        #expect(try client.call("daemon.status")["version"]?.string == omsdVersion)
        #expect(access(house.socket, F_OK) != 0)
        #expect(try house.stopDaemon() == 0)
        #expect(access(path, F_OK) == 0)
        // Nobody accepts any more, but a client still connects: it waits for the next daemon.
        _ = try ControlClient(path)
    }

    private static func listen(_ path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, omsd_stream_socket_type(), 0)
        guard descriptor >= 0, NoticeSocket.bind(descriptor, path), CLinux.listen(descriptor, 16) == 0 else { return nil }
        return descriptor
    }
}

/// Where a service manager listens for notices.
final class NoticeSocket {
    let path: String
    private let descriptor: Int32
    private(set) var heard: [String] = []

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, omsd_datagram_socket_type(), 0)
        guard Self.bind(descriptor, path) else { throw Unexpected("\(path) cannot be bound") }
    }
    deinit { close(descriptor) }

    static func bind(_ descriptor: Int32, _ path: String) -> Bool {
        UnixAddress(path: path)?.withPointer { omsd_bind(descriptor, $0, $1) } == 0
    }

    /// Waits for a line and takes it; what else was heard stays.
    func expect(_ line: String, seconds: Double = 20) throws {
        try pollUntil("\(line) among \(heard)", seconds: seconds) {
            var buffer = [UInt8](repeating: 0, count: 8_192)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { heard += String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init) }
            guard let index = heard.firstIndex(of: line) else { return false }
            heard.remove(at: index)
            return true
        }
    }
}
