import CLinux
import OMSCore
import Synchronization
import TestSupport
import Testing
import Venues
import Wire

/// One account of a test, the same at the simulator and in the daemon's configuration.
struct TestAccount: Sendable {
    let name: String
    let venue: String
    let product: String
    let uid: String
    let key: String
    let secret: String
    let passphrase: String?
    let sample: Sample
    let profile: VenueProfile

    static let venues = VenueCatalog.all.map(\.venue)

    var symbol: String { sample.markets[0].symbol.text }
    var quantity: String { sample.markets[0].quantity.description }
    /// Quantities are whole contracts.
    var isWhole: Bool { !quantity.contains(".") }
    /// What sort of request brings the venue new orders.
    var placeKind: String { profile.mixesPlaceAndCancel ? "mixed" : "place" }

    /// One for each venue, with uids no other test of this machine uses: a uid is locked on the whole host.
    static func all() -> [TestAccount] {
        precondition(VenueCatalog.all.count <= 16, "uids are counted by sixteens")
        let house = houses.add(1, ordering: .relaxed).newValue
        return VenueCatalog.all.enumerated().map { index, line in
            let sample = line.samples[0]
            guard let profile = line.adapter(sample.product)?.profile else { preconditionFailure("\(line.venue) has no \(sample.product)") }
            let number = 1_000_000_000 + Int64(getpid() % 500_000) * 16_000 + Int64(house) * 16 + Int64(index)
            var random = SystemRandomNumberGenerator()
            let secret = String((0..<40).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement(using: &random) ?? "x" })
            return TestAccount(
                name: sample.account, venue: line.venue, product: sample.product, uid: "U\(number)", key: "key-\(line.venue)-\(number)",
                secret: secret, passphrase: profile.needsPassphrase ? "pass\(secret.prefix(12))" : nil, sample: sample, profile: profile)
        }
    }
    private static let houses = Atomic<Int>(0)

    /// The same account with another key.
    var spare: TestAccount { like(product: product, uid: uid) }

    /// Another account of the same uid: of another product.
    var twin: TestAccount { like(product: VenueCatalog.line(venue)?.products.first { $0 != product } ?? product, uid: uid) }

    /// Somebody else's account at the venue. Their uids are apart, too: ours are counted by sixteens.
    var stranger: TestAccount { like(product: product, uid: "U9" + uid.dropFirst()) }

    private func like(product: String, uid: String) -> TestAccount {
        TestAccount(
            name: name + "-2", venue: venue, product: product, uid: uid, key: key + "-2", secret: secret, passphrase: passphrase, sample: sample,
            profile: profile)
    }

    /// A limit order that rests, as an item of `place`.
    func item(price: String = "39000", quantity: String? = nil, more: String = "") -> String {
        let side = sample.positionSide.map { #","position_side":"\#($0.rawValue)""# } ?? ""
        return #"{"symbol":"\#(symbol)","side":"buy","type":"limit","price":"\#(price)","quantity":"\#(quantity ?? self.quantity)"\#(side)\#(more)}"#
    }

    func intent(_ id: String, orders count: Int, price: String = "39000") -> String {
        let items = Array(repeating: item(price: price), count: count).joined(separator: ",")
        return #"{"account":"\#(name)","intent_id":"\#(id)","place":[\#(items)]}"#
    }

    func credentials() -> String {
        let passphrase = passphrase.map { #","passphrase":"\#($0)""# } ?? ""
        return #"{"key":"\#(key)","secret":"\#(secret)"\#(passphrase)}"#
    }
}

/// A simulator and a daemon beside it, as processes of their own, in a folder that goes with the test.
final class House {
    let scratch = ScratchDirectory()
    let accounts: [TestAccount]
    let simulator: ChildProcess
    let pages: SimulatorPages
    private(set) var daemon: ChildProcess?
    private(set) var starts = 0
    /// Lines added to an account's entry of the configuration, by name.
    var settings: [String: String]
    /// Where the venues are looked for, by account, when not at the simulator.
    var origins: [String: String] = [:]

    /// How often what is open is listed without a stream. Write the configuration anew after setting it.
    var paceMs = 3_000

    /// Members added to `control` of the configuration, each with a comma before it. Write the configuration anew after setting it.
    var control = ""

    private let isTLS: Bool
    /// Other keys of the same accounts, which the venues know and the daemon does not.
    private let spares: [TestAccount]

    /// Where the simulator listens.
    let hasStreams: Bool
    var origin: String { "\(isTLS ? "https" : "http")://127.0.0.1:\(pages.port)" }
    var socket: String { scratch.file("control.sock") }
    var configuration: String { scratch.file("omsd.json5") }
    /// Where the journal lies, when not in the scratch folder. Write the configuration anew after setting it.
    var journalFolder: String?
    var journal: JournalProbe { JournalProbe(path: (journalFolder ?? scratch.path) + "/journal.db") }

    /// - Parameters:
    ///   - venues: nil: all of the catalogue.
    ///   - twins: Venues where a second account has the same uid, under another key.
    ///   - hasSpareKeys: The venues know a second key of every account, for ``rotateKeys()``.
    ///   - hasStrangers: The venues know somebody else's account beside each of ours.
    ///   - other: A house whose accounts the venues of this one know, too, under the same uids and keys.
    ///   - options: More words for `omsim serve`.
    ///   - everywhere: What `settings` is for accounts that it does not name.
    ///   - hasStreams: Accounts listen to their private streams, and list what is open every three seconds without one, once a minute with one.
    ///   - isTLS: The venues speak TLS under a certificate made for this house. The simulator's pages cannot be asked then, only `audit()` can.
    init(
        _ venues: [String]? = nil, twins: [String] = [], hasSpareKeys: Bool = false, hasStrangers: Bool = false, like other: House? = nil,
        options: [String] = [],
        settings: [String: String] = [:],
        everywhere: String = "", hasStreams: Bool = false,
        isTLS: Bool = false
    ) throws {
        self.hasStreams = hasStreams
        let single = other?.accounts ?? TestAccount.all().filter { venues?.contains($0.venue) ?? true }
        accounts = single + single.filter { twins.contains($0.venue) }.map(\.twin)
        self.settings = everywhere.isEmpty ? settings : Dictionary(uniqueKeysWithValues: accounts.map { ($0.name, settings[$0.name] ?? everywhere) })
        spares = hasSpareKeys ? accounts.map(\.spare) : []
        let strangers = hasStrangers ? accounts.map(\.stranger) : []
        let entries = (accounts + spares + strangers).map { account in
            let passphrase = account.passphrase.map { #","passphrase":"\#($0)""# } ?? ""
            return #"{"venue":"\#(account.venue)","product":"\#(account.product)","uid":"\#(account.uid)","key":"\#(account.key)","#
                + #""secret":"\#(account.secret)"\#(passphrase)}"#
        }
        let file = scratch.file("accounts.json")
        try writeText("{\"accounts\":[\(entries.joined(separator: ","))]}", to: file)
        self.isTLS = isTLS
        var options = options
        if isTLS {
            let (certificate, key) = (scratch.file("certificate.pem"), scratch.file("key.pem"))
            let made = try ChildProcess.run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=omsim", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key,
                ], log: scratch.file("openssl.log"))
            guard made.code == 0 else { throw Unexpected("no certificate: \(made.output)") }
            options += ["--tls-cert", certificate, "--tls-key", key]
        }
        let simulator = try ChildProcess(
            "omsim", ["serve", "--listen", "127.0.0.1:0", "--accounts", file, "--freshness-ms", "3000", "--quiet"] + options,
            log: scratch.file("omsim.log"))
        let port = try poll("omsim's port: \(simulator.tail)") { () throws -> UInt16? in
            guard simulator.exitCode == nil else { throw Unexpected("omsim ended: \(simulator.tail)") }
            guard let line = simulator.output.split(separator: "\n").first(where: { $0.hasPrefix("listening ") }) else { return nil }
            return line.split(separator: ":").last.flatMap { UInt16($0) }
        }
        (self.simulator, pages) = (simulator, SimulatorPages(port: port))
        try unlinkAccounts(file)
        for account in accounts { try writeText(account.credentials(), to: scratch.file(account.name + ".json")) }
        try writeConfiguration()
    }

    /// The file with all secrets goes once omsim has read it, so that a search for secrets finds only what leaked.
    private func unlinkAccounts(_ file: String) throws { guard unlink(file) == 0 else { throw Unexpected("\(file) cannot be removed") } }

    deinit {
        // The daemon first: its requests should not fail on a venue that is gone.
        daemon = nil
    }

    func writeConfiguration(extra: String = "") throws {
        let entries = accounts.map { account in
            let base = origins[account.name] ?? origin
            let stream = hasStreams ? "stream: \"on\", stream_url: \"\(isTLS ? "wss" : "ws")://127.0.0.1:\(pages.port)\", " : ""
            return """
                "\(account.name)": { venue: "\(account.venue)", product: "\(account.product)", uid: "\(account.uid)", credentials: "\(account.name).json",
                  base_url: "\(base)", \(isTLS ? "ca_file: \"certificate.pem\"," : "") freshness_ms: 3000, hold_unanswered_ms: 1000, reconcile_interval_ms: \(paceMs), \(stream)\(settings[account.name] ?? "") }
                """
        }
        let text = """
            { journal: { path: "\(journal.path)" }, control: { socket: "\(socket)"\(control) }, \(extra)
              accounts: { \(entries.joined(separator: ",\n")) } }
            """
        try writeText(text, to: configuration)
    }

    /// Puts every account's second key in its place, for the next daemon. - Returns: the old key ids and the new ones.
    func rotateKeys() throws -> (old: [String], new: [String]) {
        for (account, spare) in zip(accounts, spares) { try writeText(spare.credentials(), to: scratch.file(account.name + ".json")) }
        return (accounts.map(\.key), spares.map(\.key))
    }

    func account(_ venue: String) throws -> TestAccount {
        guard let account = accounts.first(where: { $0.venue == venue }) else { throw Unexpected("this house has no account at \(venue)") }
        return account
    }

    // MARK: The daemon

    /// Starts omsd and waits until the socket answers, and the accounts are ready too unless told otherwise.
    @discardableResult
    func start(environment: [String: String] = [:], descriptors: [Int32] = [], wrapper: [String] = [], untilReady: Bool = true) throws
        -> ControlClient
    {
        let child = try launch(environment: environment, descriptors: descriptors, wrapper: wrapper)
        let client = try poll("omsd's socket: \(child.tail)") { () throws -> ControlClient? in
            guard child.exitCode == nil else { throw Unexpected("omsd ended with \(child.exitCode ?? -1): \(child.tail)") }
            return try? ControlClient(socket)
        }
        if untilReady { try waitReady(client) }
        return client
    }

    /// Starts omsd and waits for nothing.
    @discardableResult
    func launch(environment: [String: String] = [:], descriptors: [Int32] = [], wrapper: [String] = []) throws -> ChildProcess {
        starts += 1
        let child = try ChildProcess(
            "omsd", ["--config", configuration], log: scratch.file("omsd-\(starts).log"), environment: environment, descriptors: descriptors,
            wrapper: wrapper)
        daemon = child
        return child
    }

    func waitReady(_ client: ControlClient, accounts names: [String]? = nil) throws {
        try pollUntil("ready accounts: \((try? client.call("account.list").lines) ?? "") \(daemon?.tail ?? "")") {
            let rows = try client.call("account.list")["accounts"]?.array ?? []
            return rows.allSatisfy { names?.contains($0["account"]?.string ?? "") == false || $0["ready"]?.bool == true }
        }
    }

    /// As a power cut: nothing is written any more.
    func killDaemon() throws {
        guard let daemon else { return }
        daemon.signal(SIGKILL)
        guard try daemon.end() == 128 + SIGKILL else { throw Unexpected("omsd had ended before: \(daemon.tail)") }
        self.daemon = nil
    }

    /// By SIGTERM. - Returns: its exit code.
    func stopDaemon() throws -> Int32 {
        guard let daemon else { throw Unexpected("no omsd runs") }
        daemon.signal(SIGTERM)
        return try daemon.end()
    }

    func client() throws -> ControlClient { try ControlClient(socket) }

    /// Everything the daemons wrote so far.
    var daemonLogs: String { (1...max(1, starts)).map { readText(scratch.file("omsd-\($0).log")) ?? "" }.joined() }

    /// `omsd verify`.
    func verify() throws -> (code: Int32, output: String) {
        try ChildProcess.run("omsd", ["verify", "--journal", journal.path], in: scratch, seconds: 120)
    }

    /// `omsim audit`.
    func audit() throws -> (code: Int32, output: String) {
        let trust = isTLS ? ["--ca-file", scratch.file("certificate.pem")] : []
        return try ChildProcess.run("omsim", ["audit", "--url", origin, "--journal", journal.path] + trust, in: scratch)
    }
}
