import OMSCore
import Replica

/// `replica`: the group of hosts that this one belongs to, and the log that they share.
struct ReplicaConfiguration: Sendable, Equatable {
    let group: String
    /// This host's name in the group, as the lease has it.
    let host: String
    /// Where the log is, in libpq's words.
    let log: String
    /// Whether a standby takes the group by itself, or waits for a person's word. Default auto.
    let takeover: Takeover
    /// 100...5,000. Default 500.
    let beatMs: Int64
    /// At least three beats. Default 2,000.
    let leaseMs: Int64
    /// Whose limits by address this host uses up. Default "default".
    let egress: String
    /// Turns that an owner keeps for a log that lost some: 1...10,000,000. Default 10,000.
    let outboxTurns: Int64
    /// 1...36,500. Default 14.
    let keepDays: Int64
    /// Why the log may be without a second copy; nil: it may not.
    let allowUnreplicated: String?
    /// Whether it is known here that an owner is not whole yet (docs/STANDBY.md). Default false.
    let isTrial: Bool
    var place: FilePlace?
    var logPlace: FilePlace?

    enum Takeover: String, CaseIterable, Sendable { case auto, manual }

    static let keys = [
        "group", "host", "log", "takeover", "beat_ms", "lease_ms", "egress", "outbox_turns", "keep_days", "allow_unreplicated",
        "trial",
    ]
    static let beats: ClosedRange<Int64> = 100...5_000
    static let leaseMsMax: Int64 = 600_000

    /// Reports all that is wrong; nil where something that is required is.
    init?(_ section: ConfigurationSection, place: FilePlace?) {
        func name(_ key: String, isRequired: Bool = true) -> String? {
            guard let text = section.text(key, isRequired: isRequired) else { return nil }
            if !Configuration.isName(text) { section.report("must be 1 to 64 of A-Z a-z 0-9 . _ : -", key) }
            return text
        }
        let (group, host, egress) = (name("group"), name("host"), name("egress", isRequired: false))
        let log = section.text("log", isRequired: true)
        takeover = section.choice("takeover", Takeover.self) ?? .auto
        beatMs = section.integer("beat_ms", in: Self.beats) ?? 500
        leaseMs = section.integer("lease_ms", in: 1...Self.leaseMsMax) ?? 2_000
        if leaseMs < 3 * beatMs {
            // One beat may be lost, and one late, without another host's taking the group.
            section.report("must be at least three times beat_ms, \(3 * beatMs) here", "lease_ms")
        }
        outboxTurns = section.integer("outbox_turns", in: 1...10_000_000) ?? 10_000
        keepDays = section.integer("keep_days", in: 1...36_500) ?? 14
        allowUnreplicated = section.text("allow_unreplicated")
        isTrial = section.bool("trial") ?? false
        if let reason = allowUnreplicated, !reason.contains(where: { !$0.isWhitespace }) {
            section.report("must say why: a log without a second copy loses turns with its one machine", "allow_unreplicated")
        }
        guard let group, let host, let log else { return nil }
        (self.group, self.host, self.log, self.egress, self.place) = (group, host, log, egress ?? "default", place)
        logPlace = section.place(of: "log")
    }
}

extension ReplicaConfiguration {
    /// What it says, wherever it stands.
    var withoutPlaces: ReplicaConfiguration {
        var same = self
        (same.place, same.logPlace) = (nil, nil)
        return same
    }
}

extension ReplicaConfiguration {
    /// What is wrong with the log or its place, with the line that names it.
    func problem(_ words: String, in path: String) -> ConfigurationProblem {
        ConfigurationProblem(file: path, line: logPlace?.line, column: logPlace?.column, key: "replica.log", problem: words.escapedForLog)
    }

    /// What `check-config` says of a log that a start may use.
    func words(_ found: LogFindings) -> String {
        let owner =
            found.lease.flatMap { $0.epoch == 0 ? nil : "host \($0.holder) took it last (epoch \($0.epoch)), its log ends at turn \($0.seq)" }
            ?? "nobody owned it yet"
        let copies = found.isReplicated ? "it waits for a second node" : "IT KEEPS NO SECOND COPY, as allow_unreplicated allows"
        return "replica: group \(group), this host \(host); the log is PostgreSQL \(found.server) at \(found.node), \(copies); \(owner)".escapedForLog
    }

    /// As the log's rules want it.
    ///
    /// - Parameter instance: another for each process.
    func succession(_ instance: String) -> Succession.Settings {
        var settings = Succession.Settings(host: host, instance: instance)
        settings.takeover = takeover == .auto ? .auto : .manual
        (settings.beatUs, settings.leaseUs) = (beatMs * 1_000, leaseMs * 1_000)
        return settings
    }
}

extension Configuration {
    /// What a start would refuse of the section, without asking the log.
    func checkReplica() throws(ConfigurationError) {
        guard let replica else { return }
        guard replica.isTrial else {
            let words =
                "an owner is not whole in this version (docs/STANDBY.md, \"What is missing\"): leave the section out where money hangs on it, "
                + "or say trial: true to try one"
            throw ConfigurationError(
                problems: [
                    ConfigurationProblem(file: path, line: replica.place?.line, column: replica.place?.column, key: "replica.trial", problem: words)
                ])
        }
        do throws(LogProblem) { try PostgresLibrary().check(replica.log) } catch {
            throw ConfigurationError(problems: [replica.problem(error.description, in: path)])
        }
    }

    /// What its accounts need for the group alone.
    func logClaims(_ credentials: [AccountID: Credentials]) -> Set<LogClaim> {
        var claims: Set<LogClaim> = []
        for account in accounts {
            claims.insert(LogClaim(.uid, venue: account.venue, account.uid))
            guard let fingerprint = credentials[account.id]?.fingerprint else { continue }
            claims.insert(LogClaim(.key, venue: String(BudgetOwner.family(account.venue)), fingerprint))
        }
        return claims
    }

    /// Asks the log whether a start may use it.
    ///
    /// - Throws: ``GroupError`` with the line that names the log.
    func probeLog(_ credentials: [AccountID: Credentials]) throws(GroupError) -> (probe: LogProbe, found: LogFindings)? {
        guard let replica else { return nil }
        do {
            let probe = try LogProbe(try PostgresLibrary(), place: replica.log)
            let found = try probe.look(group: replica.group, claims: logClaims(credentials))
            guard found.isReplicated || replica.allowUnreplicated != nil else {
                throw LogTrouble(
                    "the engine keeps no second copy (synchronous_standby_names is empty, or synchronous_commit is neither on nor remote_apply): name a "
                        + "standby there, or say in replica.allow_unreplicated why turns may be lost with the one machine")
            }
            return (probe, found)
        } catch let trouble as LogTrouble {
            throw GroupError(trouble.mayPass ? .inputOutput : .configuration, "\(replica.problem(trouble.description, in: path))")
        } catch { throw GroupError(.configuration, "\(replica.problem("\(error)", in: path))") }
    }
}
