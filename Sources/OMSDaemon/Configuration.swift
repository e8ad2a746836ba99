import Control
import OMSCore
import Wire

/// What the operator asked for, read and checked (docs/OPERATING.md lists every key). A key left out is nil here where another part knows the default.
struct Configuration: Sendable, Equatable {
    /// The file it was read from, as given.
    let path: String
    let journalPath: String
    let control: ControlConfiguration
    /// Where `/metrics` listens; nil: nowhere.
    let metricsListen: ListenAddress?
    /// Default auto.
    let logFormat: Log.Format
    /// What signs the journal's seals; nil: nothing does.
    let sealKey: SealKeyConfiguration?
    /// Where closed orders go, and when; nil: they stay.
    var archive: ArchiveConfiguration?
    /// The group of hosts this one belongs to; nil: it is alone.
    var replica: ReplicaConfiguration?
    /// In the order of the file.
    var accounts: [AccountConfiguration]

    /// Those of the socket and those of the accounts.
    var roles: RoleTable {
        var table = RoleTable(control.roles)
        for account in accounts { table.limit(account.id, to: account.roles) }
        return table
    }

    /// Roles of accounts that open them to nobody, which may be meant.
    var rolesOfNobody: [String] {
        accounts.compactMap { account in
            guard let roles = account.roles else { return nil }
            let key = "accounts.\(account.id).roles"
            if roles.isEmpty { return "\(key) names nobody: only root and omsd's own user may see the account" }
            guard control.roles.isEmpty else { return nil }
            return "\(key) opens the account to nobody: who has no role in control.roles has none here; only root and omsd's own user may see it"
        }
    }
}

/// `seal.key`: found, but not yet read.
struct SealKeyConfiguration: Sendable, Equatable {
    let path: String
    /// Whether it lies in systemd's credentials folder, whose mode is not ours to judge.
    let isManaged: Bool
    /// Where the configuration names it.
    let place: FilePlace?
}

struct ControlConfiguration: Sendable, Equatable {
    let socketPath: String
    /// Permission bits of the socket, in 0...0o777. Default 0o660.
    let socketMode: UInt32
    let roles: RoleGrants
}

/// A numeric address and port.
struct ListenAddress: Sendable, Equatable {
    /// IPv4 or IPv6, without brackets.
    let host: String
    let port: UInt16
}

struct AccountConfiguration: Sendable, Equatable {
    enum Resend: String, CaseIterable, Sendable {
        case afterProof = "after_proof"
        case never
    }
    enum ExternalOrderPolicy: String, CaseIterable, Sendable { case report, cancel }

    let id: AccountID
    let venue: String
    let product: String
    /// The venue's name of the account's owner. Accounts with the same venue and uid share uid budgets.
    let uid: String
    /// Found, but not yet read: see `Credentials`.
    let credentialsPath: String
    /// Whether the file lies in systemd's credentials folder, whose mode is not ours to judge.
    let credentialsAreManaged: Bool
    let baseURL: HTTPOrigin
    /// In the venue's demo environment. Default false.
    var isDemo = false
    /// PEM to trust beside the system's.
    let caFile: String?
    /// 100...120,000. Default 5,000.
    let requestTimeoutMs: Int64
    /// 2...256; nil: as the batch-place budget needs.
    let maxInFlight: Int?
    /// 1...604,800,000; nil: unsent orders wait for ever.
    let maxIntentAgeMs: Int64?
    let resend: Resend
    /// 500...3,600,000. Default 10,000.
    let reconcileIntervalMs: Int64
    /// 1...10,000,000. Default 1,000,000.
    let queueMaxOrders: Int
    var onExternalOrder: ExternalOrderPolicy
    /// 0...3,600,000. Default 30,000.
    let holdUnansweredMs: Int64
    /// Replaces the venue's freshness window; only with a loopback base URL.
    let freshnessMs: Int64?
    /// Replaces how long the venue remembers orders; only with a loopback base URL.
    let memoryMs: Int64?
    var limits: [LimitConfiguration]
    /// 1 up to the venue's ceiling; nil: the ceiling.
    let batchMax: Int?
    var risk: RiskConfiguration
    /// What the venue counts when it says quantity: only where that is a setting (az-futures). Default contracts.
    let quantityUnit: QuantityUnit
    /// nil: off. Default on where `baseURL` is the venue's own and the venue has one.
    var stream: StreamConfiguration?
    /// What counts as taken for granted though a rehearsal saw the venue contradict it, by the assumption's name, and why. Default none.
    var acceptedAssumptions: [String: String] = [:]
    /// What the venue counts of the account's stream, which a rehearsal speaks on in the daemon's place.
    var lentBudgets: [BudgetRule] = []
    /// Less than everything in a rehearsal's daemon.
    var leaving = Leaving.everything
    /// The venue cancels all orders of the user so long after it last heard of omsd: 5,000...60,000 in whole seconds; nil: never. Accounts of one venue and uid
    /// say the same.
    var deadmanMs: Int64?
    /// How often open orders are listed while the stream is live: 1,000...3,600,000, not below `reconcileIntervalMs`. Default 60,000.
    var reconcileLiveMs = AccountConfiguration.reconcileLiveMsDefault
    /// Who of those with a role on the socket has which here, at most that; nil: as on the socket.
    var roles: RoleGrants?
    /// Where the configuration names the credentials: what is wrong with the file as a whole is told there.
    var credentialsPlace: FilePlace?

    /// As few milliseconds as a proof of absence can take: the freshness window, the stamp's margin, and two looks the visibility delay apart.
    static func proofMs(of profile: VenueProfile, freshnessMs: Int64?) -> Int64 {
        profile.fenceMs(freshnessMs: freshnessMs ?? profile.freshnessMs) + profile.stampMarginMs + profile.visibilityDelayMs
    }
}

/// One entry of `limits`: what is nil stays as the venue's profile says.
struct LimitConfiguration: Sendable, Equatable {
    let budget: String
    let scope: BudgetScope?
    /// 1...1,000,000.
    let permits: Int?
    /// 1...86,400,000.
    let windowMs: Int64?
    /// 0...60,000. Default 20.
    let marginMs: Int64?
    /// How many of the permits are ours: 1...permits.
    let share: Int?
    /// Kept for cancels and look-ups: 0..<share.
    let reserve: Int?
    /// How long the budget rests after the venue said "too many": 0...3,600,000.
    let penaltyMs: Int64?
    let place: ConfigurationPlace
}

/// Where something stands in the file, for what can only be judged once all of it was read.
struct ConfigurationPlace: Sendable, Equatable {
    let line: Int
    let column: Int
    /// For example `accounts.mm-az.limits[0]`.
    let key: String
}

struct RiskConfiguration: Sendable, Equatable {
    /// Above zero, in the quote currency.
    let maxOrderNotional: Decimal?
    /// 1...10,000,000.
    let maxOpenOrders: Int?
    /// nil: any symbol.
    let symbols: [Symbol]?
    /// Each above zero.
    var maxOrderQuantity: [Symbol: Decimal] = [:]
    /// Above zero, in the quote currency.
    var maxOpenNotional: Decimal?
    /// 1...1,000,000.
    var maxOrdersPerSecond: Int?
    /// Each above zero, the low end not above the high one.
    var priceBand: [Symbol: RiskSetting.PriceBand] = [:]
    var maxPosition: [Symbol: PositionLimit] = [:]
    static let none = RiskConfiguration(maxOrderNotional: nil, maxOpenOrders: nil, symbols: nil)
}

/// Counted from 1.
struct FilePlace: Sendable, Equatable {
    let line: Int
    let column: Int
}

/// One thing wrong with a file that a person wrote. Text from the file is escaped.
struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    let file: String
    /// Counted from 1; nil when the file as a whole is wrong.
    let line: Int?
    let column: Int?
    /// For example `accounts.mm-az.limits[0].permits`; empty for the file as a whole.
    let key: String
    let problem: String

    var description: String {
        let place = [line, column].compactMap { $0.map(String.init) }
        return ([file.escapedForLog] + place).joined(separator: ":") + ": " + (key.isEmpty ? "" : key + ": ") + problem
    }
}

/// All that is wrong, in the order of the file: exit 78.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    let problems: [ConfigurationProblem]
    /// One line a problem.
    var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension Configuration {
    /// What a reload would have to change but cannot, by key: only limits, risk, roles and the log's form are taken over while running.
    func changesNeedingRestart(to new: Configuration) -> [String] {
        var changed: [String] = []
        func note(_ key: String, _ isSame: Bool) { if !isSame { changed.append(key) } }
        note("journal.path", journalPath == new.journalPath)
        note("control.socket", control.socketPath == new.control.socketPath)
        note("control.socket_mode", control.socketMode == new.control.socketMode)
        note("metrics.listen", metricsListen == new.metricsListen)
        note("seal.key", sealKey?.path == new.sealKey?.path)
        note("replica", replica?.withoutPlaces == new.replica?.withoutPlaces)
        for account in accounts {
            guard let other = new.accounts.first(where: { $0.id == account.id }) else {
                changed.append("accounts.\(account.id)")
                continue
            }
            note("accounts.\(account.id)", account.withoutReloadable == other.withoutReloadable)
            for budget in account.limitsNeedingRestart(as: other) { changed.append("accounts.\(account.id).limits.\(budget)") }
        }
        for account in new.accounts where !accounts.contains(where: { $0.id == account.id }) { changed.append("accounts.\(account.id)") }
        return changed
    }
}

extension AccountConfiguration {
    /// The account with limits, risk and roles left out: what a reload does not take over.
    fileprivate var withoutReloadable: AccountConfiguration {
        var account = AccountConfiguration(
            id: id, venue: venue, product: product, uid: uid, credentialsPath: credentialsPath, credentialsAreManaged: credentialsAreManaged,
            baseURL: baseURL, isDemo: isDemo, caFile: caFile, requestTimeoutMs: requestTimeoutMs, maxInFlight: maxInFlight,
            maxIntentAgeMs: maxIntentAgeMs, resend: resend, reconcileIntervalMs: reconcileIntervalMs, queueMaxOrders: queueMaxOrders,
            onExternalOrder: onExternalOrder, holdUnansweredMs: holdUnansweredMs, freshnessMs: freshnessMs, memoryMs: memoryMs, limits: [],
            batchMax: batchMax, risk: .none,
            quantityUnit: quantityUnit, stream: stream, reconcileLiveMs: reconcileLiveMs)
        account.deadmanMs = deadmanMs
        return account
    }
}
