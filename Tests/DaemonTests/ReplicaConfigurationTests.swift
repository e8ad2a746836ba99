import TestSupport
import Testing

@testable import OMSDaemon

/// `replica`: what is wrong is told with its place before anything is asked of a log.
@Suite struct ReplicaConfigurationTests {
    private static func text(_ replica: String) -> String {
        """
        {
          journal: { path: "/var/lib/omsd/journal.db" },
          control: { socket: "/run/omsd/control.sock" },
          replica: { \(replica) },
          accounts: { main: { venue: "az-futures", product: "usdt", uid: "U1", credentials: "main.json" } },
        }
        """
    }

    private static func parse(_ replica: String) throws(ConfigurationError) -> Configuration {
        try Configuration.parse(Array(text(replica).utf8), path: "/etc/omsd/omsd.json5", environment: [:], profile: testProfile)
    }

    private static func problems(_ body: () throws(ConfigurationError) -> Void) -> [String] {
        do {
            try body()
            return []
        } catch { return error.problems.map(\.description) }
    }

    @Test func `with only what is required it has the documented defaults, and without it a host is alone`() throws {
        let replica = try #require(try Self.parse(#"group: "desk", host: "alpha", log: "host=pg1,pg2""#).replica)
        #expect(replica.group == "desk" && replica.host == "alpha" && replica.log == "host=pg1,pg2" && replica.takeover == .auto)
        #expect(replica.beatMs == 500 && replica.leaseMs == 2_000 && replica.egress == "default")
        #expect(replica.outboxTurns == 10_000 && replica.keepDays == 14 && replica.allowUnreplicated == nil)
        let alone = Self.text("").replacing("replica: {  },", with: "")
        #expect(try Configuration.parse(Array(alone.utf8), path: "/o", environment: [:], profile: testProfile).replica == nil)
    }

    @Test func `every key reaches its field`() throws {
        let replica = try #require(
            try Self.parse(
                """
                group: "g", host: "h", log: "l=1", takeover: "manual", beat_ms: 100, lease_ms: 300, egress: "nat-2", outbox_turns: 5, keep_days: 1,
                allow_unreplicated: "the second machine is being mended", trial: true
                """
            ).replica)
        #expect(replica.takeover == .manual && replica.beatMs == 100 && replica.leaseMs == 300 && replica.egress == "nat-2")
        #expect(replica.outboxTurns == 5 && replica.keepDays == 1 && replica.allowUnreplicated == "the second machine is being mended")
        #expect(replica.isTrial)
    }

    @Test func `no owner starts that is not called a trial, for it is not whole in this version`() throws {
        let configuration = try Self.parse(#"group: "desk", host: "alpha", log: "host=pg1""#)
        let told = Self.problems { () throws(ConfigurationError) in try configuration.checkReplica() }
        #expect(told.count == 1 && told[0].contains("replica.trial: an owner is not whole in this version"), "\(told)")
    }

    @Test(arguments: [
        ("", "replica.group: the key is missing"), ("", "replica.host: the key is missing"), ("", "replica.log: the key is missing"),
        (#"group: "a b""#, "replica.group: must be 1 to 64 of"), (#"host: "alpha/1""#, "replica.host: must be 1 to 64 of"),
        (#"egress: "n t""#, "replica.egress: must be 1 to 64 of"), (#"takeover: "manuel""#, "did you mean \"manual\"?"),
        ("beat_ms: 99", "replica.beat_ms: 99 is not a whole number in 100...5000"),
        ("beat_ms: 5001", "replica.beat_ms: 5001 is not a whole number in 100...5000"),
        ("beat_ms: 700", "replica.lease_ms: must be at least three times beat_ms, 2100 here"),
        ("lease_ms: 1499", "replica.lease_ms: must be at least three times beat_ms, 1500 here"),
        ("outbox_turns: 0", "replica.outbox_turns: 0 is not"), ("keep_days: 0", "replica.keep_days: 0 is not"),
        (#"allow_unreplicated: " ""#, "replica.allow_unreplicated: must say why"), ("leese_ms: 1", "did you mean lease_ms?"),
    ])
    func `what is wrong is told with its key`(_ replica: String, _ words: String) {
        let told = Self.problems { () throws(ConfigurationError) in _ = try Self.parse(replica) }
        #expect(told.contains { $0.hasPrefix("/etc/omsd/omsd.json5:") && $0.contains(words) }, "\(told)")
    }

    @Test func `a password in the place of the log, and words that are no place, are refused before anybody is asked`() throws {
        for (log, words) in [
            ("host=pg1 password=hunter2", "replica.log: the log's place holds a password"), ("host", "replica.log: the log's place cannot be read"),
        ] {
            let configuration = try Self.parse("group: \"desk\", host: \"alpha\", log: \"\(log)\", trial: true")
            let told = Self.problems { () throws(ConfigurationError) in try configuration.checkReplica() }
            #expect(told.count == 1 && told[0].contains(":4:") && told[0].contains(words), "\(told)")
            #expect(!told.joined().contains("hunter2"))
        }
    }

    @Test func `a reload that changes it says that it waits for a restart`() throws {
        let (one, other) = (try Self.parse(#"group: "a", host: "h", log: "l=1""#), try Self.parse(#"group: "b", host: "h", log: "l=1""#))
        #expect(one.changesNeedingRestart(to: other) == ["replica"])
        #expect(
            one.changesNeedingRestart(to: try Self.parse(#"  group: "a", host: "h", log: "l=1""#)).isEmpty, "it stands elsewhere, and says the same")
    }

    @Test func `log-init wants a place without a password, and a role`() throws {
        let scratch = ScratchDirectory()
        for (words, code) in [
            (["--daemon-role", "omsd"], 64), (["--log", "host=pg1"], 64), (["--log", "host=pg1", "--daemon-role", ""], 64),
            (["--log", "host=pg1 password=hunter2", "--daemon-role", "omsd"], 78), (["--log", "host", "--daemon-role", "omsd"], 78),
            (["--log", "host=127.0.0.1 port=1", "--daemon-role", "omsd"], 74),
        ] as [([String], Int32)] {
            let (ended, output) = try ChildProcess.run("omsd", ["log-init"] + words, in: scratch)
            #expect(ended == code, "\(words): \(output)")
            #expect(!output.contains("hunter2"))
        }
    }
}
