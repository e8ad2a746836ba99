import CLinux
import ControlAPI
import TestSupport
import Wire

/// A scratch folder with a simulated venue and a daemon that trades there, under a uid of their own.
final class Rig {
    let folder = ScratchDirectory()
    let programs: String
    private(set) var url = ""
    private(set) var venue: Child?
    private(set) var daemon: Child?
    private let uid: String
    /// Members of the account's configuration beside venue, product, uid, credentials and base_url.
    private let settings: String
    /// Where metrics are served; nil: nowhere.
    private let metricsPort: UInt16?
    /// What the account is at.
    private let place: Place
    /// Between the venue's stream and the daemon; nil: the account has no stream.
    private(set) var relay: StreamRelay?

    struct Place {
        let venue: String
        let product: String
        let passphrase: String?
        static let az = Place(venue: "az-futures", product: "usdt", passphrase: nil)
        static let uta = Place(venue: "bitget-uta", product: "spot", passphrase: "not-a-secret")
        /// Members of a credentials file, and of the venue's accounts, beside key and secret.
        var more: String { passphrase.map { #","passphrase":"\#($0)""# } ?? "" }
    }

    var journal: String { folder.file("journal.db") }
    var socket: String { folder.file("control.sock") }
    private var configuration: String { folder.file("omsd.json5") }

    /// - Parameters:
    ///   - programs: The folder of omsd and omsim.
    ///   - limits: For `batch-place`: permits and window.
    ///   - hasStream: The account listens to its private stream, through a relay.
    ///   - pace: Members of the account that say how often open orders are listed. Listings of a million resting orders are no part of most figures: the
    ///     interval is long.
    init(
        at place: Place = .az, programs: String, limits: String = "", venueOptions: [String] = [], servesMetrics: Bool = false,
        hasStream: Bool = false, pace: String = "reconcile_interval_ms: 3600000, reconcile_live_ms: 3600000"
    ) throws {
        (self.programs, self.place) = (programs, place)
        metricsPort = servesMetrics ? UInt16.random(in: 20_000..<30_000) : nil
        uid = "bench-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        settings = "\(pace), queue_max_orders: 10000000, request_timeout_ms: 30000, limits: [\(limits)]"
        try writeText(
            #"{"accounts":[{"venue":"\#(place.venue)","product":"\#(place.product)","uid":"\#(uid)","key":"bench-key-\#(uid)","secret":"not-a-secret"\#(place.more),"name":"mm-az"}]}"#,
            to: folder.file("accounts.json"))
        try writeText(#"{"key":"bench-key-\#(uid)","secret":"not-a-secret"\#(place.more)}"#, to: folder.file("mm-az.json"))
        try startVenue(venueOptions)
        if hasStream { relay = try StreamRelay(to: Self.port(of: url)) }
        try writeConfiguration()
    }

    deinit { stop() }

    func stop() {
        daemon?.stop()
        relay?.stop()
        venue?.stop()
        (daemon, venue, relay) = (nil, nil, nil)
    }

    private func startVenue(_ options: [String]) throws {
        let child = try Child(
            programs + "/omsim",
            ["serve", "--quiet", "--listen", "127.0.0.1:0", "--accounts", folder.file("accounts.json")] + options, log: folder.file("omsim.log"))
        venue = child
        let prefix = "listening "
        try wait(seconds: 10, for: child) {
            guard let line = readText(child.log)?.split(separator: "\n").first(where: { $0.hasPrefix(prefix) }) else { return false }
            url = String(line.dropFirst(prefix.count))
            return true
        }
    }

    private func writeConfiguration() throws {
        let stream = relay.map { #"stream: "on", stream_url: "ws://127.0.0.1:\#($0.port)","# } ?? #"stream: "off","#
        try writeText(
            """
            { journal: { path: "\(journal)" }, control: { socket: "\(socket)" },\(metricsPort.map { " metrics: { listen: \"127.0.0.1:\($0)\" }," } ?? "")
              accounts: { "mm-az": { venue: "\(place.venue)", product: "\(place.product)", uid: "\(uid)", credentials: "mm-az.json", base_url: "\(url)", \(stream) \(settings) } } }
            """, to: configuration)
    }

    /// Starts the daemon and returns a connection and how long the first answer took, in seconds.
    @discardableResult
    func startDaemon() throws -> (client: ControlClient, seconds: Double) {
        let start = now()
        let child = try Child(programs + "/omsd", ["--config", configuration], log: folder.file("omsd.log"))
        daemon = child
        var client: ControlClient?
        try wait(seconds: 120, for: child, everyUs: 500) {
            client = ControlClient(path: socket)
            return client != nil
        }
        guard let client else { throw BenchError("omsd did not answer") }
        _ = try client.call("daemon.status")
        return (client, now() - start)
    }

    func stopDaemon() {
        daemon?.stop()
        daemon = nil
    }

    /// Until the account knows its markets and has been compared with the venue.
    func awaitReady(_ client: ControlClient) throws {
        guard let daemon else { throw BenchError("no daemon") }
        try wait(seconds: 60, for: daemon, everyUs: 20_000) { try account(client).isReady }
    }

    func account(_ client: ControlClient) throws -> ShownAccount {
        guard let account = try client.ask(AccountList.self).accounts.first else { throw BenchError("the daemon lists no account") }
        return account
    }

    /// Until nothing waits to be sent and every request is answered.
    func awaitSent(_ client: ControlClient) throws {
        guard let daemon else { throw BenchError("no daemon") }
        try wait(seconds: 120, for: daemon) {
            let account = try account(client)
            return account.queue.place == 0 && account.inFlight == 0
        }
    }

    /// Orders enough to give the write-ahead log its full length: a file that grows costs more than one that is written over.
    func warmUp() throws {
        guard let client = ControlClient(path: socket) else { throw BenchError("omsd does not listen any more") }
        _ = try ControlClient.pour(Self.submitLine(orders: 100), into: [client], depth: 8, most: 500)
    }

    /// What the venue counted: `/_sim/summary`.
    func summary() throws -> JSON { try JSONParser.parse(try httpGet(url, "/_sim/summary")) }

    /// The daemon's page of metrics.
    func metrics() throws -> String {
        guard let metricsPort else { throw BenchError("this daemon serves no metrics") }
        return String(decoding: try httpGet("http://127.0.0.1:\(metricsPort)", "/metrics"), as: UTF8.self)
    }

    func wait(seconds: Double, for child: Child, everyUs: UInt32 = 5_000, until isDone: () throws -> Bool) throws {
        let deadline = now() + seconds
        while try !isDone() {
            guard child.isRunning else { throw BenchError("\(child.name) ended:\n\(child.lastWords)") }
            guard now() < deadline else { throw BenchError("\(child.name): not within \(seconds.brief) s:\n\(child.lastWords)") }
            usleep(everyUs)
        }
    }

    /// Until the private stream is live.
    func awaitStream(_ client: ControlClient) throws {
        guard let daemon else { throw BenchError("no daemon") }
        try wait(seconds: 60, for: daemon, everyUs: 20_000) { try account(client).stream.state == "live" }
    }

    /// Fills a resting order, all of it, by the simulator's own page; false: it does not rest yet.
    func fill(_ order: String) throws -> Bool {
        let body = #"{"venue":"\#(place.venue)","client_order_id":"\#(order)"}"#
        return try !String(decoding: httpPost(url, "/_sim/fill", body), as: UTF8.self).contains("\"error\"")
    }

    private static func port(of url: String) throws -> UInt16 {
        guard let colon = url.lastIndex(of: ":"), let port = UInt16(url[url.index(after: colon)...]) else { throw BenchError("no port in \(url)") }
        return port
    }

    /// An intent of `count` orders that rest at Bitget's unified account, as ``submitLine(orders:)``.
    static func submitUTALine(orders count: Int) -> [UInt8] {
        let order = #"{"symbol":"BTCUSDT","side":"buy","type":"limit","time_in_force":"gtc","price":"39000","quantity":"0.001"}"#
        let orders = Array(repeating: order, count: count).joined(separator: ",")
        return ControlClient.line("intent.submit", #"{"account":"mm-az","place":[\#(orders)]}"#)
    }

    /// An intent of `count` orders that rest, in the order of any number of such lines: without an id of its own, so that each is new.
    static func submitLine(orders count: Int) -> [UInt8] {
        let order = #"{"symbol":"btc_usdt","side":"buy","type":"limit","time_in_force":"gtc","price":"39000","quantity":"10","position_side":"long"}"#
        let orders = Array(repeating: order, count: count).joined(separator: ",")
        return ControlClient.line("intent.submit", #"{"account":"mm-az","place":[\#(orders)]}"#)
    }
}

/// One request over a connection of its own; the answer's body.
private func httpGet(_ url: String, _ path: String) throws -> [UInt8] { try http("GET", url, path, "") }
private func httpPost(_ url: String, _ path: String, _ body: String) throws -> [UInt8] { try http("POST", url, path, body) }

private func http(_ method: String, _ url: String, _ path: String, _ body: String) throws -> [UInt8] {
    guard let colon = url.lastIndex(of: ":"), let port = UInt16(url[url.index(after: colon)...]) else { throw BenchError("no port in \(url)") }
    let descriptor = socket(AF_INET, omsd_stream_socket_type(), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    guard omsd_tcp_connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 else { throw BenchError("\(url) refuses") }
    let request = Array(
        "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    guard CLinux.send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { throw BenchError("\(url) went away") }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = recv(descriptor, &room, room.count, 0)
        if count < 0, omsd_errno() == EINTR { continue }
        if count <= 0 { break }
        bytes += room[..<count]
    }
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }) else {
        throw BenchError("\(url)\(path): no answer")
    }
    return Array(bytes[(start + 4)...])
}
