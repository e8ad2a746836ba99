/// Whose account it is, and where: what orders are placed for and looked up under.
package struct AccountIdentity: Hashable, Sendable, CustomStringConvertible {
    package let venue: String
    package let product: String
    package let uid: String
    /// Where requests go: scheme, host and port, and of a demo that it is one (``place(_:isDemo:)``).
    package let origin: String
    package init(venue: String, product: String, uid: String, origin: String) {
        (self.venue, self.product, self.uid, self.origin) = (venue, product, uid, origin)
    }

    package var description: String { "\(venue) \(product), uid \(uid), \(origin)" }

    private static let demo = " demo"

    /// A place as accounts are pinned to it. A venue may serve its demo at the live host, and tell the two apart by a header alone.
    package static func place(_ origin: String, isDemo: Bool) -> String { isDemo ? origin + demo : origin }

    /// Whether a pinned place is of a demo.
    package static func isDemo(_ place: String) -> Bool { place.hasSuffix(demo) }
}

/// An account as a configuration names it.
package struct ConfiguredIdentity: Sendable {
    package let account: AccountID
    package let identity: AccountIdentity
    /// Fingerprint of its key; nil: it could not be read.
    package let key: String?
    /// Scheme, host and port of its private stream; nil: it is off.
    package let stream: String?
    package init(account: AccountID, identity: AccountIdentity, key: String?, stream: String? = nil) {
        (self.account, self.identity, self.key, self.stream) = (account, identity, key, stream)
    }
}

/// Where an account was before a rebinding said that it is somebody, or somewhere, else. Its orders of that time are there, and not where it is now.
package struct FormerPlace: Sendable, Hashable, CustomStringConvertible {
    /// Orders born behind `since` and up to `until` were left there.
    package let since: Int64
    package let until: Int64
    /// nil: of a journal that did not know it.
    package let uid: String?
    package let origin: String?
    package init(since: Int64, until: Int64, uid: String?, origin: String?) {
        (self.since, self.until, self.uid, self.origin) = (since, until, uid, origin)
    }

    func holds(_ order: OrderKey) -> Bool { since < order.number && order.number <= until }

    package var description: String { "uid \(uid ?? "unknown"), \(origin ?? "an unknown host")" }
}

/// Who an account is by the journal, since its first signed request.
package struct PinnedIdentity: Sendable, Equatable {
    package let account: AccountID
    package let venue: String
    package let product: String
    /// nil: of a journal that did not know it; the next start takes the configuration's.
    package var uid: String?
    package var origin: String?
    /// Where its private stream is heard; nil: nowhere so far, and the next start that has one takes the configuration's.
    package var streamOrigin: String?
    /// Fingerprint of the key that it signs with; nil: whichever comes next is taken as the first.
    package var keyInUse: String?
    /// Fingerprints of all its keys so far.
    package var keys: Set<String>
    /// Where it was before; no two hold the same order.
    package var former: [FormerPlace]
    package init(
        account: AccountID, venue: String, product: String, uid: String?, origin: String?, keyInUse: String?, keys: Set<String>,
        former: [FormerPlace] = []
    ) {
        self.former = former
        (self.account, self.venue, self.product, self.uid, self.origin) = (account, venue, product, uid, origin)
        (self.keyInUse, self.keys) = (keyInUse, keys)
    }

    /// Where an order was left; nil: it is where the account is.
    package func place(of order: OrderKey) -> FormerPlace? { former.first { $0.holds(order) } }

    /// Whether an order of the account was placed, or waits to be, for a user. Where the journal did not know whose the account was, it may be.
    func mayHave(placed order: Order, for uid: String) -> Bool {
        let place = place(of: order.key)
        let known = place == nil && !order.bars.contains(.elsewhere) ? self.uid : place?.uid
        return known == nil || known == uid
    }

    /// All orders born up to `seq` that are here stay behind.
    mutating func leave(at seq: Int64) {
        var from: Int64 = 0
        var left: [FormerPlace] = []
        for place in former.sorted(by: { $0.since < $1.since }) {
            if place.since > from { left.append(FormerPlace(since: from, until: place.since, uid: uid, origin: origin)) }
            from = max(from, place.until)
        }
        if seq > from { left.append(FormerPlace(since: from, until: seq, uid: uid, origin: origin)) }
        former += left
    }

    /// Whether a move goes where a person said once that the account was no more. What it has here was not there then.
    ///
    /// A place that the journal did not know may be any. And who goes back in two steps, uid and origin, is on the way with the first: it must not be taken
    /// for another name of the place that is left.
    func goesBack(toUID nextUID: String?, at nextOrigin: String?) -> Bool {
        let (changesUID, changesOrigin) = (nextUID != uid, nextOrigin != origin)
        return former.contains {
            changesUID && ($0.uid == nil || $0.uid == nextUID) || changesOrigin && ($0.origin == nil || $0.origin == nextOrigin)
        }
    }

    /// A person says that nothing moved since it was here, and what was left here before is here again.
    mutating func comeBack() {
        guard let uid, let origin else { return }
        former.removeAll { $0.uid == uid && $0.origin == origin }
    }
}

/// The one check of who the accounts are. An order that is looked up in another account, or at another host, is not found there, and that proves nothing.
package enum IdentityCheck {
    /// What contradicts within a configuration: by the later account, with words that name both.
    package static func clashes(_ accounts: [ConfiguredIdentity]) -> [(account: AccountID, words: String)] {
        accounts.enumerated().compactMap { index, later in
            for earlier in accounts[..<index] {
                let (mine, theirs) = (later.identity, earlier.identity)
                // One user may have an account of the demo beside his own.
                let isOneWorld = AccountIdentity.isDemo(mine.origin) == AccountIdentity.isDemo(theirs.origin)
                if mine.venue == theirs.venue, mine.product == theirs.product, mine.uid == theirs.uid, isOneWorld {
                    return (
                        later.account, "\(earlier.account) is \(theirs.venue) \(theirs.product), uid \(theirs.uid), too: one account needs one name"
                    )
                }
                if let key = later.key, key == earlier.key, mine.uid != theirs.uid, isOneHouse(mine.venue, theirs.venue) {
                    return (
                        later.account,
                        "its key (\(key)) is that of \(earlier.account), uid \(theirs.uid): a key belongs to one uid, here it is \(mine.uid)"
                    )
                }
            }
            return nil
        }
    }

    /// What a configuration says otherwise than the record, in words that name both.
    package static func problems(_ accounts: [ConfiguredIdentity], pinned: [PinnedIdentity]) -> [String] {
        accounts.flatMap { account -> [String] in
            var problems: [String] = []
            let mine = account.identity
            if let known = pinned.first(where: { $0.account == account.account }) {
                let former = AccountIdentity(
                    venue: known.venue, product: known.product, uid: known.uid ?? mine.uid, origin: known.origin ?? mine.origin)
                if former != mine {
                    problems.append(
                        "account \(account.account) is \(former) by the journal, \(mine) by the configuration: another account needs another name; where "
                            + "the venue moved, or the uid was misspelt, omsd rebind says so")
                }
            }
            if let stream = account.stream, let former = pinned.first(where: { $0.account == account.account })?.streamOrigin, former != stream {
                problems.append(
                    "account \(account.account) hears its stream at \(former) by the journal, at \(stream) by the configuration: what another place pushes "
                        + "would be believed; where the venue moved its stream, omsd rebind --stream-url says so")
            }
            guard let key = account.key else { return problems }
            for other in pinned where other.account != account.account && other.keys.contains(key) && isOneHouse(other.venue, mine.venue) {
                // Of a journal that knew no uids: as the configuration has it.
                let uid = other.uid ?? accounts.first { $0.account == other.account }?.identity.uid
                guard let uid, uid != mine.uid else { continue }
                problems.append(
                    "account \(account.account), uid \(mine.uid), has the key (\(key)) that account \(other.account), uid \(uid), signed with by the journal: "
                        + "a key belongs to one uid; are the credentials files swapped?")
            }
            return problems
        }
    }

    /// Hosts of one venue take one key for one user.
    private static func isOneHouse(_ a: String, _ b: String) -> Bool { BudgetOwner.family(a) == BudgetOwner.family(b) }
}
