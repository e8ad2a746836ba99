import CLinux
import Kernel

/// PostgreSQL of Debian's on loopback: a primary and, if wanted, a standby that follows it, in a scratch folder. Ended with it.
package final class PostgresCluster {
    package let scratch = ScratchDirectory()
    package let port: Int
    package private(set) var standbyPort: Int?
    private var nodes: [String] = []

    /// PostgreSQL refuses to run as root: whom it runs as then.
    private static let user = "nobody"
    package static let tools: String? = ["15", "16", "17"].map { "/usr/lib/postgresql/\($0)/bin" }.first { access($0 + "/initdb", X_OK) == 0 }

    package init() throws {
        guard let tools = Self.tools else { throw Unexpected("PostgreSQL 15 to 17 is not there: `scripts/setup postgresql` installs it") }
        port = try Self.freePort()
        chmod(scratch.path, 0o777)
        let folder = scratch.file("primary")
        try Self.run([tools + "/initdb", "-D", folder, "-U", "owner", "-A", "trust", "-N", "--no-instructions"])
        try writeText("synchronous_standby_names = second\n", to: folder + "/postgresql.auto.conf", mode: 0o644)
        try start(folder, port: port)
    }

    deinit {
        for folder in nodes { _ = try? Self.run([(Self.tools ?? "") + "/pg_ctl", "-D", folder, "-m", "immediate", "-w", "stop"]) }
    }

    /// A second node, on whose word writes wait.
    package func addStandby() throws {
        let tools = Self.tools ?? ""
        let (folder, other) = (scratch.file("standby"), try Self.freePort())
        try Self.run([
            tools + "/pg_basebackup", "-D", folder, "-R", "-X", "stream", "-c", "fast", "-d",
            "host=127.0.0.1 port=\(port) user=owner application_name=second",
        ])
        // Promoted it waits for nobody, until somebody is named.
        let settings = folder + "/postgresql.auto.conf"
        try writeText((readText(settings) ?? "") + "synchronous_standby_names = ''\n", to: settings, mode: 0o644)
        try start(folder, port: other)
        standbyPort = other
        try pollUntil("the standby follows") {
            try sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync'") == "1"
        }
    }

    package func stopStandby() throws { try stop("standby") }
    package func startStandby() throws { try start(scratch.file("standby"), port: standbyPort ?? 0) }
    package func stopPrimary() throws { try stop("primary") }
    package func startPrimary() throws { try start(scratch.file("primary"), port: port) }
    package func promoteStandby() throws { try Self.run([(Self.tools ?? "") + "/pg_ctl", "-D", scratch.file("standby"), "-w", "promote"]) }

    /// A person empties the list of standbys.
    package func stopPrimaryListing() throws {
        try sql("ALTER SYSTEM SET synchronous_standby_names = ''")
        try sql("SELECT pg_reload_conf()")
        try pollUntil("the list is empty") { try sql("SHOW synchronous_standby_names").isEmpty }
    }

    /// Where a client finds it.
    package func place(user: String = "omsd") -> String {
        let ports = [port, standbyPort].compactMap { $0 }
        return "host=\(ports.map { _ in "127.0.0.1" }.joined(separator: ",")) port=\(ports.map { "\($0)" }.joined(separator: ",")) "
            + "user=\(user) dbname=postgres"
    }

    /// One or more statements as the owner, who waits for no standby; what they print.
    @discardableResult package func sql(_ text: String, user: String = "owner", port: Int? = nil) throws -> String {
        let file = try scratch.write("sql", text)
        let answer = scratch.file("answer")
        let status = runProgram([
            "/bin/sh", "-c",
            "exec \(Self.tools ?? "")/psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p \(port ?? self.port) -U \(user) postgres -f \(file) > \(answer) 2>&1",
        ])
        let words = readText(answer) ?? ""
        guard status == 0 else { throw Unexpected(words) }
        return words.split(separator: "\n").joined(separator: "\n")
    }

    private func stop(_ node: String) throws {
        try Self.run([(Self.tools ?? "") + "/pg_ctl", "-D", scratch.file(node), "-m", "immediate", "-w", "stop"])
    }

    private func start(_ folder: String, port: Int) throws {
        // Before it is tried: one that comes up too late is stopped, too.
        if !nodes.contains(folder) {
            nodes.append(folder)
            try watchOver(folder)
        }
        let options = "-p \(port) -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=40"
        try Self.run([(Self.tools ?? "") + "/pg_ctl", "-D", folder, "-w", "-t", "60", "-l", folder + ".log", "-o", options, "start"])
    }

    /// Stops a node whose test did not come to its end: killed, or ended by a trap. `/proc` tells, since who it runs as may not signal who tests.
    private func watchOver(_ folder: String) throws {
        let stop = "\(Self.tools ?? "")/pg_ctl -D \(folder) -m immediate stop"
        try Self.run([
            "/bin/sh", "-c", "(while [ -d /proc/\(getpid()) ] && [ -d \(folder) ]; do sleep 1; done; \(stop)) </dev/null >/dev/null 2>&1 &",
        ])
    }

    private static func run(_ words: [String]) throws {
        let asUser = getuid() == 0 ? ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=nogroup", "--clear-groups"] : []
        guard runProgram(asUser + words) == 0 else { throw Unexpected("it failed: \((asUser + words).joined(separator: " "))") }
    }

    /// Free a moment ago.
    private static func freePort() throws -> Int {
        guard let address = SocketAddress(numeric: "127.0.0.1", port: 0) else { throw Unexpected("loopback has no address") }
        let socket = CLinux.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var name = [UInt8](repeating: 0, count: 16)
        var size = socklen_t(name.count)
        guard omsd_tcp_bind(socket, address.bytes, socklen_t(address.bytes.count)) == 0, omsd_tcp_own_name(socket, &name, &size) == 0 else {
            throw Unexpected("no port is free: \(errorText(omsd_errno()))")
        }
        return Int(name[2]) << 8 | Int(name[3])
    }
}
