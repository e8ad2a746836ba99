import CLinux
import Kernel
import OMSCore
import Venues
import Wire

/// What this daemon may use of the limits that a venue counts by address: all daemons of this host, or rather of its network namespace, send from one.
///
/// Each daemon binds an abstract socket whose name says origin, budget, share and whose it is. The kernel lists the names to everybody in `/proc/net/unix`,
/// takes them away with the process whatever ends it, and lets nobody change those of another: who makes up a name can have a start refused, in words that
/// name it, and never let one pass (docs/decisions/0009-shares-of-an-address.md).
final class AddressShares {
    /// One limit at one origin.
    struct Claim: Hashable {
        let family: String
        let origin: String
        let budget: String
        /// As the configuration states it; nil: it states none.
        let share: Int?
        let permits: Int

        var subject: String { String(hex(sha256(Array("\(family)|\(origin)|\(budget)".utf8))).prefix(16)) }
    }

    /// A name that a daemon bound.
    struct Entry: Equatable {
        let subject: String
        let share: Int?
        let permits: Int
        let pid: String
        let journal: String

        static let prefix = "@omsd-share/"

        var name: String { "\(Self.prefix)\(subject)/\(share ?? 0)/\(permits)/\(pid)/\(journal)" }

        /// - Parameter former: what this daemon holds already.
        init(_ claim: Claim, atLeast former: Entry?, journal: String) {
            (subject, permits, pid) = (claim.subject, claim.permits, String(getpid()))
            if let former, let share = claim.share {
                self.share = former.share.map { max($0, share) }
            } else {
                share = claim.share
            }
            // What a name may hold, of its end: 107 bytes in all.
            self.journal = String(decoding: journal.utf8.suffix(48).map { Self.isPlain($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        }

        /// nil: the name of something else. Numbers that cannot be read count as a daemon that states no share.
        init?(name: some StringProtocol) {
            guard name.hasPrefix(Self.prefix) else { return nil }
            let parts = name.dropFirst(Self.prefix.count).split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false)
            guard parts.count == 5 else { return nil }
            let (share, permits) = (Int(parts[1]) ?? 0, Int(parts[2]) ?? 0)
            (subject, self.share) = (String(parts[0]), (1...1_000_000).contains(share) ? share : nil)
            self.permits = (1...1_000_000).contains(permits) ? permits : 0
            (pid, journal) = (String(parts[3]), String(parts[4]))
        }

        private static func isPlain(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "@") }

        var words: String { "pid \(pid.escapedForLog), journal \(journal.escapedForLog)" }
    }

    private let journal: String
    private var held: [(entry: Entry, socket: AbstractSocket)] = []

    /// - Throws: ``VenueLockError``: another daemon has a share that does not go with ours.
    init(_ claims: Set<Claim>, journal: String) throws(VenueLockError) {
        self.journal = journal
        try replace(with: claims)
    }

    /// Of which limits more is held than was asked for last.
    private(set) var heldBeyond: [String] = []

    /// Other claims from here on; those held so far stay where these are refused.
    ///
    /// What is held does not become less while the daemon runs: requests under the former share may be under way. Others see less at the next start.
    func replace(with claims: Set<Claim>) throws(VenueLockError) {
        let own = held.map(\.entry)
        let wanted = claims.sorted { $0.subject < $1.subject }.map { claim in
            (claim: claim, entry: Entry(claim, atLeast: own.first { $0.subject == claim.subject }, journal: journal))
        }
        heldBeyond = wanted.filter { $0.claim.share != $0.entry.share }.map { claim, entry in
            "\(claim.origin) \(claim.budget): \(entry.share.map(String.init) ?? "all")"
        }
        guard !wanted.allSatisfy({ own.contains($0.entry) }) else { return }
        let gate = try Self.gate()
        defer { withExtendedLifetime(gate) {} }
        let others = try Self.entries().filter { !own.contains($0) }
        for (claim, entry) in wanted { try Self.check(claim, entry, against: others.filter { $0.subject == entry.subject }) }
        var taken = held.filter { holding in
            wanted.contains { $0.entry == holding.entry } || !wanted.contains { $0.entry.subject == holding.entry.subject }
        }
        for (_, entry) in wanted where !own.contains(entry) {
            taken.append((entry, try AbstractSocket(entry.name, heldWords: "\(entry.name) is taken")))
        }
        held = taken
    }

    static func check(_ claim: Claim, _ mine: Entry, against others: [Entry]) throws(VenueLockError) {
        guard let first = others.first(where: { $0.share == nil }) ?? others.first else { return }
        let shares = [mine.share] + others.map(\.share)
        let sum = shares.reduce(0) { $0 + ($1 ?? 0) }
        let fewest = ([mine.permits] + others.map(\.permits)).min() ?? 0
        guard shares.contains(nil) || sum > fewest else { return }
        func told(_ share: Int?) -> String { share.map { "a share of \($0)" } ?? "no share" }
        throw VenueLockError(
            isHeld: true,
            description:
                "\(claim.origin) counts \(claim.budget) by address, \(claim.permits) a window, and two omsd of this host would use it: this one "
                + "(\(mine.words)) would hold \(told(mine.share)), the other (\(first.words)) holds \(told(first.share)); each must state a share in limits, and "
                + "all together at most \(fewest). What a running omsd holds becomes less only when it is started again")
    }

    /// One daemon at a time looks and then binds: of two that start together the second sees the first.
    private static func gate() throws(VenueLockError) -> AbstractSocket {
        for _ in 0..<500 {
            do throws(VenueLockError) { return try AbstractSocket("@omsd-share-gate", heldWords: "") } catch {
                guard error.isHeld else { throw error }
            }
            usleep(10_000)
        }
        throw VenueLockError(
            isHeld: true, description: "another process of this host holds the abstract socket omsd-share-gate: no share can be taken")
    }

    /// All that this host's daemons claim.
    ///
    /// Source: proc(5), /proc/net/unix: seven columns, then the name, `@` for an abstract one.
    static func entries() throws(VenueLockError) -> [Entry] {
        let text: String
        do throws(SystemError) { text = String(decoding: try readWholeFile("/proc/net/unix", bytesMax: 64 << 20), as: UTF8.self) } catch {
            throw VenueLockError(
                isHeld: false,
                description: "/proc/net/unix cannot be read (\(error)): what other daemons of this host use of an address's limits is not known")
        }
        return text.split(separator: "\n").compactMap { line in
            let columns = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: true)
            return columns.count == 8 ? Entry(name: columns[7]) : nil
        }
    }
}

extension Configuration {
    /// What this daemon uses of limits by address.
    func addressClaims() -> Set<AddressShares.Claim> {
        var claims: Set<AddressShares.Claim> = []
        for account in accounts {
            guard let profile = VenueCatalog.adapter(venue: account.venue, product: account.product)?.profile else { continue }
            let settings = account.settings(profile)
            let streams = Set(account.streamDialect?.profile.budgets.map(\.name) ?? [])
            for rule in account.budgets(profile) {
                let setting = settings.first { $0.budget == rule.name }
                let terms = LimitTerms(rule, setting)
                guard terms.scope == .ip, !rule.isOffByDefault || setting != nil else { continue }
                // A stream may be of another host than requests.
                let origin = streams.contains(rule.name) && !rule.name.hasPrefix("lookup:") ? account.stream?.origin.place : nil
                let claim = AddressShares.Claim(
                    family: profile.addressFamily, origin: origin ?? account.origin, budget: rule.name, share: setting?.share,
                    permits: terms.permits)
                // Accounts that share it say the same of it; it is enough that one states the share.
                let same = claims.first { $0.subject == claim.subject }
                if same == nil || same?.share == nil {
                    if let same { claims.remove(same) }
                    claims.insert(claim)
                }
            }
        }
        return claims
    }
}
