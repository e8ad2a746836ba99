import CLinux
import TestSupport
import Testing
import Wire

/// More clients than a process has room for.
@Suite struct ManyClientsTests {
    @Test func `ten thousand connections are bounded, another client's answers and orders go on, and there is room again when they leave`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        let pid = try #require(house.daemon?.pid)
        let quiet = try #require(Self.descriptors(of: pid)).count
        var held: [ControlClient] = []
        let wanted = Self.roomForDescriptors(10_000)

        for number in 1...wanted {
            held.append(try ControlClient(house.socket))
            guard number % (wanted / 20) == 0 else { continue }
            #expect(try client.call("daemon.status")["ready"]?.bool == true)
            try client.submit(account.intent("during-\(number)", orders: 10))
        }

        // One user's share of what the server takes; the rest was told so and closed.
        let busy = try #require(Self.descriptors(of: pid)).count
        #expect(busy - quiet <= 512 + 64)
        let refused = try #require(held.last)
        #expect(try refused.message()?.member("error", "code")?.integer == 1008)
        #expect(try refused.line() == nil)
        #expect(try held[0].call("daemon.status")["ready"]?.bool == true)
        for number in stride(from: wanted / 20, through: wanted, by: wanted / 20) { try client.wait("during-\(number)") }
        let told = house.daemonLogs.split(separator: "\n").filter { $0.contains("refused, and") }.count
        #expect(told > 0 && told < 200, "\(told) lines of the log for \(wanted) connections")
        held = []
        try pollUntil("room for another client") { (try? house.client().call("daemon.status")["ready"]?.bool) == true }
        print("\(wanted) connections: \(told) lines of the log")
        #expect(wanted >= 1_000)
    }

    @Test func `clients that take every descriptor meant for them leave venues and journal theirs`() throws {
        let house = try House()
        let client = try house.start(wrapper: ["/usr/bin/prlimit", "--nofile=256:256"])
        let held = try (1...200).map { _ in try ControlClient(house.socket) }
        #expect(try held[199].message()?.member("error", "code")?.integer == 1008)

        for account in house.accounts { try client.submit(account.intent("of-\(account.name)", orders: 200)) }
        for account in house.accounts { try client.wait("of-\(account.name)", seconds: 120) }

        #expect(try house.journal.states(where: "attempts = 1") == house.journal.states())
        #expect(!house.daemonLogs.contains("Too many open files"), "\(house.daemonLogs)")
        #expect(try held[0].call("daemon.status")["ready"]?.bool == true)
    }

    @Test func `a daemon without a free descriptor takes no client for a while, goes on sending, and takes them when there is one again`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        // Every connection that it will use is there.
        try client.submit(account.intent("first", orders: 2_000))
        try client.wait("first")
        let pid = try #require(house.daemon?.pid)
        let highest = try #require(Self.descriptors(of: pid)?.max())
        try limit(pid, descriptors: highest + 1)

        var waiting = try (1...8).map { _ in try ControlClient(house.socket, patience: 30) }
        let paused = try poll("a pause: \(house.daemon?.tail ?? "")") { () throws -> Bool? in
            if house.daemonLogs.contains("accepting pauses") { return true }
            // Numbers below the highest may have been free.
            waiting.append(try ControlClient(house.socket, patience: 30))
            return nil
        }
        #expect(paused)
        for number in 1...10 { try client.submit(account.intent("during-\(number)", orders: 100)) }
        for number in 1...10 { try client.wait("during-\(number)") }
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working')") == 3_000)

        try limit(pid, descriptors: highest + 1 + waiting.count + 8)
        for other in waiting { #expect(try other.call("daemon.status")["ready"]?.bool == true) }
        #expect(try house.verify().code == 0)
    }

    private func limit(_ pid: pid_t, descriptors: Int) throws {
        let log = "/dev/null"
        let set = try ChildProcess.run("/usr/bin/prlimit", ["--pid", "\(pid)", "--nofile=\(descriptors):"], log: log)
        guard set.code == 0 else { throw Unexpected("the limit of \(pid) cannot be set") }
    }

    /// Which numbers are in use; nil: the process is not ours to look into.
    private static func descriptors(of pid: pid_t) -> [Int]? {
        guard let folder = opendir("/proc/\(pid)/fd") else { return nil }
        defer { closedir(folder) }
        var numbers: [Int] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            if let number = Int(name) { numbers.append(number) }
        }
        return numbers
    }

    /// As many descriptors as this process may open besides those it needs, at most `wish`.
    private static func roomForDescriptors(_ wish: Int) -> Int {
        var files = rlimit()
        let which = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        guard getrlimit(which, &files) == 0 else { return 0 }
        files.rlim_cur = files.rlim_max
        setrlimit(which, &files)
        return min(wish, Int(clamping: files.rlim_cur) - 500)
    }
}
