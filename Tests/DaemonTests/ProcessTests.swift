import CLinux
import TestSupport
import Testing
import Wire

private let isRoot = geteuid() == 0

/// What the kernel lets others see of the daemon, and what it tells the daemon of others.
@Suite struct ProcessTests {
    /// A user without a role, and without anything of ours.
    private static let nobody: uid_t = 65_534
    private static let asNobody = ["/usr/bin/setpriv", "--reuid=\(nobody)", "--regid=\(nobody)", "--clear-groups"]

    /// The watchdog's signal, and what a trap raises.
    @Test(arguments: [SIGABRT, SIGILL])
    func `a crash ends the daemon at once, and nothing that it holds is dumped, printed or shown to processes of its own user`(crash: Int32) throws {
        let house = try House(["az-futures"])
        // Root may look at everything: the daemon runs as somebody else then.
        let user = isRoot ? Self.nobody : geteuid()
        if isRoot { try give(house.scratch.path, to: user) }
        let folder = house.scratch.path
        let limits = ["/bin/sh", "-c", "cd '\(folder)' && exec \"$@\"", "sh", "/usr/bin/prlimit", "--core=unlimited"]
        let wrapper = limits + (isRoot ? Self.asNobody : [])
        // The same for a program that says nothing of dumps: what is looked for can be found.
        let other = try ChildProcess("/bin/sleep", ["600"], log: house.scratch.file("sleep.log"), wrapper: wrapper)
        try pollUntil("sleep") { (readText("/proc/\(other.pid)/comm") ?? "").hasPrefix("sleep") }
        try house.start(wrapper: wrapper)
        let daemon = try #require(house.daemon)

        #expect(owner("/proc/\(other.pid)/environ") == user)
        #expect(owner("/proc/\(daemon.pid)/environ") == 0)
        #expect(owner("/proc/\(daemon.pid)/mem") == 0)
        #expect(owner("/proc/\(daemon.pid)") == user, "it runs as \(user)")
        #expect((readText("/proc/\(daemon.pid)/limits") ?? "").contains(try Regex("core file size +unlimited")))
        let said = daemon.output
        other.signal(crash)
        daemon.signal(crash)
        #expect(try other.end() == 128 + crash)
        #expect(try daemon.end() == 128 + crash)
        #expect(!daemon.dumpedCore)
        #expect(daemon.output == said, "a crash prints no memory")
        if !other.dumpedCore { print("no program dumps core here: only the owner of its files in /proc was looked at") }
    }

    @Test(.enabled(if: isRoot, "needs two users"))
    func `a descriptor that is passed on speaks with the rights of who connected, whoever uses it`() throws {
        let house = try House(["az-futures"])
        house.control = #", socket_mode: "0666""#
        try house.writeConfiguration()
        try #require(chmod(house.scratch.path, 0o711) == 0)
        let mine = try house.start()
        let request = #"{"jsonrpc":"2.0","id":7,"method":"daemon.status"}"#
        let speak = "printf '%s\\n' '\(request)' >&3; head -n 1 <&3"
        /// Connects as nobody, then becomes who it was before and goes on as `sh`, the connection in hand.
        let connect = """
            use Socket; $^F = 255; $> = \(Self.nobody); socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!;
            connect($s, pack_sockaddr_un($ARGV[0])) or die $!; $> = $<; exec("/bin/sh", "-c", $ARGV[1] . fileno($s) . $ARGV[2] . fileno($s));
            """

        let given = try ChildProcess(
            "/bin/sh", ["-c", speak], log: house.scratch.file("given.log"), descriptors: [mine.descriptor], wrapper: Self.asNobody)
        #expect(try given.end() == 0)
        let own = house.scratch.file("own.log")
        let parts = ["id -u; printf '%s\\n' '\(request)' >&", "; head -n 1 <&"]
        #expect(try ChildProcess.run("/usr/bin/perl", ["-e", connect, house.socket] + parts, log: own).code == 0)

        #expect(given.output.contains(#""result""#), "\(given.output)")
        let lines = (readText(own) ?? "").split(separator: "\n")
        #expect(lines.first == "0", "root uses it")
        #expect(lines.last?.contains("1006") == true, "\(lines)")
    }

    @Test(.enabled(if: isRoot, "needs two users"))
    func `a person sees the accounts that are his to see, by omsctl too, and a reload changes which`() throws {
        let house = try House(["az-futures", "xt-spot"])
        let (mine, other) = (try house.account("az-futures"), try house.account("xt-spot"))
        house.control = #", socket_mode: "0666", roles: { trader: ["user:\#(Self.nobody)"] }"#
        house.settings = [other.name: #"roles: { viewer: [] }, "#]
        try house.writeConfiguration()
        try #require(chmod(house.scratch.path, 0o711) == 0)
        let boss = try house.start()
        func ask(_ words: String...) throws -> (code: Int32, output: String) {
            let log = house.scratch.file("ask-\(words.joined(separator: "-").prefix(40)).log")
            unlink(log)
            let child = try ChildProcess("omsctl", ["--socket", house.socket] + words, log: log, wrapper: Self.asNobody)
            return (try child.end(), child.output)
        }

        #expect(house.daemonLogs.contains("accounts.\(other.name).roles names nobody"))
        for verb in ["status", "limits", "orders"] {
            let seen = try ask(verb)
            #expect(seen.code == 0 && !seen.output.contains(other.name), "\(verb): \(seen.output)")
        }
        #expect(try ask("status").output.contains(mine.name))
        let hidden = try ask("reconcile", other.name)
        #expect(hidden.code == 3 && hidden.output.contains("no account \(other.name) is configured"), "\(hidden.output)")
        #expect(try boss.call("account.list")["accounts"]?.array?.count == 2)

        house.settings = [:]
        try house.writeConfiguration()
        house.daemon?.signal(SIGHUP)
        try pollUntil("the reload") { try ask("status").output.contains(other.name) }
        #expect(house.daemonLogs.contains("accounts.\(other.name).roles: changed"))
    }

    private func owner(_ path: String) -> uid_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_uid : nil
    }

    private func give(_ folder: String, to user: uid_t) throws {
        guard chown(folder, user, user) == 0, let stream = opendir(folder) else { throw Unexpected("\(folder) cannot be given away") }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            guard entry.pointee.d_type == UInt8(DT_REG) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            chown(folder + "/" + name, user, user)
        }
    }
}
