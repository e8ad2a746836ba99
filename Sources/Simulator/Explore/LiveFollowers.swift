import Containers
import OMSCore
import Runtime
import Wire

/// Callers who follow the record live, through deaths and slow reading. What they are told must be the record: nothing missing, nothing twice.
///
/// They draw from a stream of their own and give the daemon no work, so that a history is the same with them and without.
final class LiveFollowers {
    final class Follower {
        let account: AccountID?
        /// The number behind which it began to follow.
        let after: Int64
        /// Sometimes it does not read.
        let isSlow: Bool
        var told: [(seq: Int64, line: [UInt8])] = []
        var last: Int64 { told.last?.seq ?? after }

        init(account: AccountID?, after: Int64, isSlow: Bool) { (self.account, self.after, self.isSlow) = (account, after, isSlow) }
    }

    private(set) var followers: [Follower] = []
    private let journal: MemoryJournal
    private let passesOver: Bool
    private var random: SplitMix64
    private var subscriptions = Subscriptions()
    /// The newest commit that was told of.
    private var newest: Int64 = 0
    private let accounts: [AccountID]
    var broken: (String) -> Void = { _ in }
    /// Where the daemon has those stand who follow from now on.
    var completeSeq: () -> Int64 = { 0 }

    init(_ journal: MemoryJournal, accounts: [AccountID], seed: UInt64, passesOver: Bool) {
        (self.journal, self.accounts, self.passesOver) = (journal, accounts, passesOver)
        random = SplitMix64(seed: mixedSeed(seed, "followers"))
        // One from the record's beginning reads at once.
        followers.append(Follower(account: nil, after: 0, isSlow: false))
    }

    /// A process answers: whoever follows subscribes behind the last line it was told.
    func connect() {
        (subscriptions, newest) = (Subscriptions(), 0)
        for index in followers.indices { subscribe(index) }
    }

    private func subscribe(_ index: Int) {
        _ = subscriptions.add(connection: UInt64(index), after: followers[index].last, account: followers[index].account, for: .peer(uid: 0, pid: 1))
    }

    /// Somebody follows from now on: of all that shows later it is to be told, so that it must not stand behind what is still being written.
    func join(after seq: Int64, account: AccountID?) {
        if let half = journal.firstHalf, seq >= half { broken("who follows from now on stands at \(seq), and an intent is written from \(half) on") }
        followers.append(Follower(account: account, after: seq, isSlow: random.chance(0.5)))
        subscribe(followers.count - 1)
    }

    /// A commit was told of. Some pages are read now, others later, as a thread of its own would.
    func advanced(to seq: Int64, at now: Int64) {
        newest = max(newest, seq)
        if followers.count < 4, random.chance(0.02) {
            join(after: completeSeq(), account: random.chance(0.5) ? nil : accounts[Int(random.below(UInt64(accounts.count)))])
        }
        for _ in 0..<random.between(0, 3) { feed(at: now, limit: Int(random.between(1, 40))) }
    }

    /// Everybody reads to the end.
    func drain(at now: Int64) {
        // A peer that was held is looked at again soon.
        let now = now + .seconds(1)
        while subscriptions.areBehind(newest, at: now) { feed(at: now, limit: 500, isPatient: true) }
    }

    private func feed(at now: Int64, limit: Int, isPatient: Bool = false) {
        let (journal, passesOver, followers, broken) = (journal, passesOver, followers, broken)
        var random = random
        subscriptions.feed(
            to: newest, at: now,
            from: { (after, scope) throws(JournalError) in journal.events(after: after, of: scope, limit: limit, passesOver: passesOver) },
            notify: { params, connection in
                let follower = followers[Int(connection)]
                if !isPatient, follower.isSlow, random.chance(0.1) { return .full }
                Self.hear(params, follower, broken)
                return .taken
            }, failed: { error, _ in broken("a follower was cut off: \(error.description)") })
        self.random = random
    }

    private static func hear(_ params: [UInt8], _ follower: Follower, _ broken: (String) -> Void) {
        guard let comma = params.firstIndex(of: UInt8(ascii: ",")), let seq = (try? JSONParser.parse(params))?["seq"]?.integer else {
            return broken("a follower was told what is no line: \(String(decoding: params, as: UTF8.self))")
        }
        if seq <= follower.last { broken("a follower at \(follower.last) was told of \(seq)") }
        follower.told.append((seq, Array(params[(comma + 1)...].dropLast())))
    }

    /// What each was told, against the record.
    func differences() -> [String] {
        followers.enumerated().compactMap { index, follower in
            let record = journal.lines.filter { line in
                line.seq > follower.after && journal.isVisible(line) && (follower.account == nil || line.account == follower.account)
            }
            let heard = Set(follower.told.map(\.seq))
            let missing = record.filter { !heard.contains($0.seq) }
            if let first = missing.first {
                let words = "\(missing.count) of \(record.count) lines were never told, the first \(first.seq) \(first.kind.rawValue)"
                return "follower \(index) of \(follower.account?.text ?? "all"), from \(follower.after) on: \(words)"
            }
            let known = Dictionary(uniqueKeysWithValues: record.map { ($0.seq, $0.members) })
            guard let odd = follower.told.first(where: { known[$0.seq] != $0.line }) else { return nil }
            return "follower \(index) was told \(String(decoding: odd.line, as: UTF8.self)), which the record does not have so"
        }
    }
}
