import Control
import ControlAPI
import OMSCore
import TestSupport
import Testing
import Venues
import Wire

@testable import OMSDaemon

@Suite struct ConfigurationTests {
    /// A configuration with one account, whose fields are `account`.
    private func text(_ account: String, control: String = "socket: \"/run/omsd/control.sock\"") -> String {
        """
        {
          journal: { path: "/var/lib/omsd/journal.db" },
          control: { \(control) },
          accounts: {
            main: {
              venue: "az-futures", product: "usdt", uid: "U1", credentials: "main.json",
              \(account)
            },
          },
        }
        """
    }

    private func parse(_ text: String, environment: [String: String] = [:]) throws -> Configuration {
        try Configuration.parse(Array(text.utf8), path: "/etc/omsd/omsd.json5", environment: environment, profile: testProfile)
    }

    private func problems(_ text: String) -> [String] {
        do {
            _ = try parse(text)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `a configuration with only what is required has the documented defaults`() throws {
        let configuration = try parse(text(""))

        #expect(configuration.journalPath == "/var/lib/omsd/journal.db")
        #expect(configuration.control == ControlConfiguration(socketPath: "/run/omsd/control.sock", socketMode: 0o660, roles: RoleGrants()))
        #expect(configuration.metricsListen == nil)
        let account = try #require(configuration.accounts.first)
        #expect(account.id == "main")
        #expect(account.credentialsPath == "/etc/omsd/main.json")
        #expect(account.baseURL == HTTPOrigin("https://api.northgate.example"))
        #expect(account.requestTimeoutMs == 5_000)
        #expect(account.maxInFlight == nil)
        #expect(account.maxIntentAgeMs == nil)
        #expect(account.resend == .afterProof)
        #expect(account.reconcileIntervalMs == 10_000)
        #expect(account.queueMaxOrders == 1_000_000)
        #expect(account.onExternalOrder == .report)
        #expect(account.holdUnansweredMs == 30_000)
        #expect(account.limits.isEmpty)
        #expect(account.risk == .none)
        #expect(account.quantityUnit == .contracts)
    }

    @Test func `every key reaches its field`() throws {
        let account = try #require(
            try parse(
                text(
                    """
                    base_url: "http://127.0.0.1:8899", ca_file: null, request_timeout_ms: 700, max_in_flight: 8, max_intent_age_ms: 60000,
                    resend: "never", reconcile_interval_ms: 1000, queue_max_orders: 5, on_external_order: "cancel", hold_unanswered_ms: 100,
                    freshness_ms: 800, memory_ms: 9000, batch_max: 7, quantity_unit: "base",
                    limits: [{budget: "batch-place", scope: "uid", permits: 10, window_ms: 500, margin_ms: 5, share: 6, reserve: 2, penalty_ms: 9}],
                    risk: {max_order_notional: "50000.5", max_open_orders: 3, symbols: ["btc_usdt"]},
                    """)
            ).accounts.first)

        #expect(account.baseURL.description == "http://127.0.0.1:8899")
        #expect(account.caFile == nil)
        #expect((account.requestTimeoutMs, account.maxInFlight, account.maxIntentAgeMs) == (700, 8, 60_000))
        #expect((account.resend, account.onExternalOrder) == (.never, .cancel))
        #expect((account.reconcileIntervalMs, account.queueMaxOrders, account.holdUnansweredMs) == (1_000, 5, 100))
        #expect((account.freshnessMs, account.memoryMs, account.batchMax) == (800, 9_000, 7))
        #expect(account.quantityUnit == .base)
        let limit = LimitConfiguration(
            budget: "batch-place", scope: .uid, permits: 10, windowMs: 500, marginMs: 5, share: 6, reserve: 2, penaltyMs: 9,
            place: ConfigurationPlace(line: 10, column: 10, key: "accounts.main.limits[0]"))
        #expect(account.limits == [limit])
        #expect(account.risk == RiskConfiguration(maxOrderNotional: Decimal("50000.5"), maxOpenOrders: 3, symbols: ["btc_usdt"]))
    }

    @Test func `contracts are the unit everywhere, and another one is for az-futures alone`() {
        for line in VenueCatalog.all where line.venue != "az-futures" {
            let venue = line.venue
            let changed = text("quantity_unit: \"base\"").replacing("az-futures", with: venue).replacing("usdt", with: line.products[0])
            let words = "\(venue) counts quantities in one unit only: \"base\" is for az-futures"
            #expect(problems(changed).contains("/etc/omsd/omsd.json5:7:22: accounts.main.quantity_unit: \(words)"))
            #expect(!problems(changed.replacing("\"base\"", with: "\"contracts\"")).contains { $0.contains("quantity_unit") })
        }
    }

    @Test func `batches of bitget-margin may be set to fifty, as some of its pages have it, and hold twenty where nothing is set`() throws {
        func margin(_ lines: String) throws(ConfigurationError) -> AccountConfiguration? {
            let changed = text(lines).replacing("az-futures", with: "bitget-margin").replacing("usdt", with: "isolated")
            return try Configuration.parse(Array(changed.utf8), path: "/etc/omsd/omsd.json5", environment: [:]) {
                VenueCatalog.adapter(venue: $0, product: $1)?.profile
            }.accounts.first
        }
        let account = try #require(try margin("batch_max: 50"))
        #expect(account.batchMax == 50 && account.adapter?.profile.placeMax == 20)
        let error = #expect(throws: ConfigurationError.self) { try margin("batch_max: 51") }
        #expect(error?.problems.map(\.problem) == ["51 is not a whole number in 1...50"])
    }

    @Test func `a mistyped key is refused with its line, column and a suggestion`() {
        #expect(
            problems(text("reconcile_intervall_ms: 5")) == [
                "/etc/omsd/omsd.json5:7:7: accounts.main.reconcile_intervall_ms: unknown key; did you mean reconcile_interval_ms?"
            ])
    }

    @Test func `a key that stands twice is refused where it stands the second time`() {
        #expect(
            problems(text("max_in_flight: 5,\n max_in_flight: 5")) == ["/etc/omsd/omsd.json5:8:2: accounts.main.max_in_flight: the key stands twice"])
    }

    @Test func `all problems are told at once, in the order of the file`() {
        let found = problems(
            """
            { journal: {}, control: { socket: "relative", socket_mode: "999", roles: { trader: ["nobody-prefix"] } },
              metrics: { listen: "localhost:1" },
              accounts: { "a b": { venue: "az-future", product: "usdt", uid: 7, credentials: "c" } } }
            """)

        #expect(
            found.map { $0.split(separator: ": ", maxSplits: 2).dropFirst().joined(separator: ": ") } == [
                "journal.path: the key is missing",
                "control.socket: must be an absolute path of at most 107 bytes",
                "control.socket_mode: must be an octal mode in quotes, \"0000\" to \"0777\"",
                "control.roles.trader[0]: must be user:NAME, user:NUMBER, group:NAME or group:NUMBER",
                "metrics.listen: must be ADDRESS:PORT, for example 127.0.0.1:9464 or [::1]:9464",
                "accounts.a b: an account's name is 1 to 64 of A-Z a-z 0-9 . _ : -",
                "accounts.a b.venue: unknown venue; did you mean \"az-futures\"?",
                "accounts.a b.uid: a string should stand here, not a number",
            ])
    }

    @Test(arguments: [
        ("request_timeout_ms: 0", "request_timeout_ms: 0 is not a whole number in 100...120000"),
        ("request_timeout_ms: 5.5", "request_timeout_ms: 5.5 is not a whole number in 100...120000"),
        ("request_timeout_ms: 99999999999999999999", "request_timeout_ms: 99999999999999999999 is not a whole number in 100...120000"),
        ("max_in_flight: \"8\"", "max_in_flight: a whole number should stand here, not a string"),
        ("max_in_flight: 1", "max_in_flight: must be at least 2: one connection is kept for cancels"),
        ("memory_ms: 5000", "memory_ms: only with a base_url on loopback: what a real venue forgets is never proven absent"),
        ("resend: \"nevr\"", "resend: must be one of after_proof, never; did you mean \"never\"?"),
        ("base_url: \"http://api.northgate.example\"", "base_url: http:// is for loopback addresses only; use https://"),
        ("base_url: \"http://localhost.evil.example\"", "base_url: http:// is for loopback addresses only; use https://"),
        ("base_url: \"ftp://127.0.0.1\"", "base_url: must be https://HOST[:PORT], without user, path or query"),
        ("quantity_unit: \"coins\"", "quantity_unit: must be one of contracts, base"),
        ("batch_max: 101", "batch_max: 101 is not a whole number in 1...100"),
        ("limits: [{permits: 5}]", "limits[0].budget: the key is missing"),
        (
            "limits: [{budget: \"batch-plac\"}]",
            "limits[0].budget: az-futures usdt has no such budget; did you mean \"batch-place\"?"
        ),
        ("limits: [{budget: \"overall\"}, {budget: \"overall\"}]", "limits[1].budget: the budget stands twice in this list"),
        ("limits: [{budget: \"overall\", permits: 0}]", "limits[0].permits: 0 is not a whole number in 1...1000000"),
        ("limits: [{budget: \"overall\", share: 1001}]", "limits[0].share: 1001 is not a whole number in 1...1000"),
        ("limits: [{budget: \"overall\", share: 5, reserve: 5}]", "limits[0].reserve: 5 is not a whole number in 0...4"),
        ("risk: {max_order_notional: \"1e3\"}", "risk.max_order_notional: must be a decimal above zero in plain notation"),
        ("risk: {max_order_notional: \"0\"}", "risk.max_order_notional: must be a decimal above zero in plain notation"),
        ("risk: {max_order_quantity: {btc_usdt: \"-1\"}}", "risk.max_order_quantity.btc_usdt: must be a decimal above zero in plain notation"),
        ("risk: {max_order_quantity: {btc_usdt: null}}", "risk.max_order_quantity.btc_usdt: must not be null"),
        ("risk: {price_band: {btc_usdt: {low: \"2\", high: \"1\"}}}", "risk.price_band.btc_usdt.low: must not be above high"),
        ("risk: {price_band: {btc_usdt: {low: \"2\"}}}", "risk.price_band.btc_usdt.high: the key is missing"),
        ("risk: {max_open_notional: \"-5\"}", "risk.max_open_notional: must be a decimal above zero in plain notation"),
        ("risk: {max_position: {btc_usdt: {opening: \"1\"}}}", "risk.max_position.btc_usdt.max: the key is missing"),
        ("risk: {max_position: {btc_usdt: {max: \"5\", opening: \"x\"}}}", "risk.max_position.btc_usdt.opening: must be a decimal in plain notation"),
        (
            "risk: {max_position: {btc_usdt: {max: \"5\", opening: \"-1\"}}}",
            "risk.max_position.btc_usdt.since: the time of the opening amount should be named, in microseconds since 1970 UTC"
        ),
        ("risk: {max_orders_per_s: 0}", "risk.max_orders_per_s: 0 is not a whole number in 1...1000000"),
        ("risk: {symbols: [\"\"]}", "risk.symbols[0]: a string that is not empty should stand here, not a string"),
        ("ca_file: \"/nonexistent/ca.pem\"", "ca_file: /nonexistent/ca.pem cannot be read: open: No such file or directory"),
        (
            "freshness_ms: 500",
            "freshness_ms: only with a base_url on loopback: against a real venue a wrong window means orders sent twice"
        ),
        (
            "max_intent_age_ms: 7749",
            "max_intent_age_ms: 7749 is less than the 7750 ms this venue needs to prove that an order is absent; raise it, or set resend: \"never\""
        ),
    ])
    func `a value out of its range is refused by name`(field: String, problem: String) {
        let found = problems(text(field))

        #expect(found.count == 1)
        #expect(found.first?.hasSuffix(": accounts.main." + problem) == true, "\(found)")
    }

    @Test func `an age below the proof of absence is fine where nothing is ever resent`() throws {
        #expect(try parse(text("max_intent_age_ms: 1, resend: \"never\"")).accounts.first?.maxIntentAgeMs == 1)
    }

    @Test func `a venue that is not built in is told apart from one that does not exist`() {
        let found = problems(text("").replacing("az-futures", with: "ascendex").replacing("usdt", with: "cash"))
        #expect(found == ["/etc/omsd/omsd.json5:6:14: accounts.main.venue: ascendex cash is not built into this omsd"])
    }

    @Test func `broken syntax is told with its line and column`() {
        #expect(problems("{\n  journal: ]\n}") == ["/etc/omsd/omsd.json5:2:12: no value starts like this"])
    }

    @Test func `text from the file is escaped in messages`() {
        #expect(problems(text("\"\\u001b[31m\": 1")).first?.contains("\\u{1b}[31m: unknown key") == true)
    }

    @Test func `roles are granted as the file says`() throws {
        let control =
            "socket: \"/s\", roles: {viewer: [\"group:root\", \"group:50\"], trader: [\"user:1001\", \"group:60\"], operator: [\"user:1002\"]}"
        let roles = try parse(text("", control: control)).control.roles

        func role(_ user: UInt32, _ groups: Set<UInt32>) -> Role? { roles.role(of: Peer(uid: user, pid: 1, groups: groups)) }
        #expect(role(70_005, [0]) == .viewer)
        #expect(role(70_005, [50, 60]) == .trader)
        #expect(role(1_002, [50]) == .operator)
        #expect(role(70_005, [7]) == nil)
    }

    @Test func `an account's roles are read as the socket's are, hold for it alone, and at most as those do`() throws {
        let control = "socket: \"/s\", roles: {trader: [\"user:1001\", \"user:1002\"]}"
        let configuration = try parse(text("roles: {viewer: [\"user:1002\"], operator: [\"user:1001\"]}", control: control))
        func rights(_ user: UInt32) -> Rights { configuration.roles.rights(of: Peer(uid: user, pid: 1, groups: [])) }
        #expect(rights(1_001) == .all, "a trader on the socket is one here")
        #expect(rights(1_002).allow(.view, on: "main") && !rights(1_002).allow(.trade, on: "main"))
        #expect(configuration.rolesOfNobody == [])

        let other = try parse(text("roles: {trader: [\"user:1002\"]}", control: control))
        #expect(!other.roles.rights(of: Peer(uid: 1_001, pid: 1, groups: [])).sees("main"))
        #expect(configuration.changesTakenOver(to: other) == ["accounts.main.roles: changed"] && configuration.changesNeedingRestart(to: other) == [])
        #expect(configuration.reloaded(by: other).roles == other.roles)

        let found = problems(text("roles: {trader: [\"ops\"], traders: []}", control: control))
        #expect(found.contains { $0.contains("accounts.main.roles.trader[0]: must be user:NAME") }, "\(found)")
        #expect(found.contains { $0.contains("accounts.main.roles.traders: unknown key") }, "\(found)")
    }

    @Test func `roles that open an account to nobody are taken, and told`() throws {
        let control = "socket: \"/s\", roles: {trader: [\"user:1001\"]}"
        let shut = try parse(text("roles: {viewer: []}", control: control))
        #expect(shut.rolesOfNobody.count == 1 && shut.rolesOfNobody[0].hasPrefix("accounts.main.roles names nobody"))
        #expect(!shut.roles.rights(of: Peer(uid: 1_001, pid: 1, groups: [])).sees("main"))
        let vain = try parse(text("roles: {viewer: [\"user:1001\"]}", control: "socket: \"/s\""))
        #expect(vain.rolesOfNobody.count == 1 && vain.rolesOfNobody[0].contains("who has no role in control.roles"))
        #expect(try parse(text("", control: "socket: \"/s\"")).rolesOfNobody == [])
    }

    @Test func `a user or group that does not exist is refused`() {
        let found = problems(text("", control: "socket: \"/s\", roles: {viewer: [\"user:no-such-one\", \"group:4294967295\"]}"))
        #expect(
            found.map { $0.split(separator: ": ").last } == ["no user \"no-such-one\" on this machine", "no group \"4294967295\" on this machine"])
    }

    @Test func `credentials are looked for in systemd's folder first, then beside the file`() throws {
        let scratch = ScratchDirectory()
        let there = try scratch.write("main.json", "{}")
        let fromFolder = try scratch.write("credentials_second.json", "{}")
        let environment = ["CREDENTIALS_DIRECTORY": scratch.path]

        let managed = try #require(try parse(text(""), environment: environment).accounts.first)
        let beside = try #require(try parse(text("").replacing("main.json", with: "other.json"), environment: environment).accounts.first)
        let second = try #require(try parse(text("").replacing("main.json", with: "second.json"), environment: environment).accounts.first)
        let climbing = try #require(try parse(text("").replacing("main.json", with: "../main.json"), environment: environment).accounts.first)

        #expect((managed.credentialsPath, managed.credentialsAreManaged) == (there, true))
        #expect((beside.credentialsPath, beside.credentialsAreManaged) == ("/etc/omsd/other.json", false))
        #expect((second.credentialsPath, second.credentialsAreManaged) == (fromFolder, true))
        #expect(climbing.credentialsAreManaged == false)
    }

    @Test func `a reload takes limits, risk, roles and the log, and names what needs a restart`() throws {
        let old = try parse(text(""))

        let softer = try parse(text("risk: {max_open_orders: 2}, limits: [{budget: \"batch-place\", permits: 9}]"))
        let harder = try parse(text("uid: \"U2\"").replacing("uid: \"U1\", ", with: "").replacing("journal.db", with: "other.db"))

        let told = try parse(text("").replacing("accounts:", with: "log: {format: \"json\"}, accounts:"))
        #expect(old.changesNeedingRestart(to: told) == [] && old.changesTakenOver(to: told) == ["log.format: auto -> json"])
        #expect(old.changesNeedingRestart(to: softer) == [])
        #expect(old.changesNeedingRestart(to: harder) == ["journal.path", "accounts.main"])
    }

    @Test func `a limit that would begin or cease to count, or count for somebody else, waits for a restart, and is not told as taken over`() throws {
        let plain = try parse(text("limits: [{budget: \"batch-place\", permits: 100}]"))
        let on = try parse(text("limits: [{budget: \"batch-place\", permits: 90}, {budget: \"overall\", permits: 50, window_ms: 60000}]"))
        let wider = try parse(text("limits: [{budget: \"batch-place\", permits: 90, scope: \"uid\"}]"))

        #expect(plain.changesNeedingRestart(to: on) == ["accounts.main.limits.overall"])
        #expect(plain.changesTakenOver(to: plain.reloaded(by: on)) == ["accounts.main.limits.batch-place: permits 100 -> permits 90"])
        #expect(plain.reloaded(by: on).addressClaims() == plain.addressClaims() && on.addressClaims() != plain.addressClaims())

        #expect(plain.changesNeedingRestart(to: wider) == ["accounts.main.limits.batch-place"])
        #expect(plain.changesTakenOver(to: plain.reloaded(by: wider)) == [])

        #expect(on.changesNeedingRestart(to: plain) == ["accounts.main.limits.overall"])
        #expect(on.changesTakenOver(to: on.reloaded(by: plain)) == ["accounts.main.limits.batch-place: permits 90 -> permits 100"])
        #expect(on.reloaded(by: plain).addressClaims() == on.addressClaims())
        // What was not taken over once is not thought to hold when the next file comes.
        #expect(plain.reloaded(by: on).reloaded(by: plain).accounts == plain.accounts)

        let gone = try parse(text("").replacing("main:", with: "other:"))
        #expect(plain.reloaded(by: gone).accounts == plain.accounts && plain.changesTakenOver(to: plain.reloaded(by: gone)) == [])
    }

    @Test func `a file that is not there is one clear error`() {
        #expect(
            throws: ConfigurationError(problems: [
                ConfigurationProblem(
                    file: "/nonexistent/omsd.json5", line: nil, column: nil, key: "", problem: "cannot be read: open: No such file or directory")
            ])
        ) { try Configuration.load("/nonexistent/omsd.json5", environment: [:], profile: testProfile) }
    }
}
