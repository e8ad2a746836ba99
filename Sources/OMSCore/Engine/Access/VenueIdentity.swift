/// Who an account is, by the record, by the configuration and by its venue's word; and what the venue says of it. Part of ``Access``.
///
/// A class, as it is large and read in every turn: a value was copied whole for one field.
final class VenueIdentity {
    private let account: AccountID
    private let profile: VenueProfile
    private let uid: String
    private let origin: String
    /// nil: the stream is off.
    private let streamOrigin: String?
    private let key: String

    /// On record, since the first signed request.
    private(set) var pinned: PinnedIdentity?
    /// Nothing but questions of time, markets and the account itself leaves before the venue said whose key it is.
    private(set) var awaitsUID = false
    /// The venue did not say it, and the account goes on as where no venue does.
    private(set) var isUntold = false
    /// Why what was attempted before this start may not be found by look-ups now, as the bar that this sets on orders in doubt; nil: it surely is.
    private(set) var formerly: (bar: Bars, words: String)?
    private(set) var facts: AccountFacts?
    /// Why the account cannot be used, by what the venue said of it.
    private(set) var problem: String?
    /// What the venue showed against something that the configuration takes for granted, in words.
    private(set) var contradiction: String?

    init(_ setup: AccountSetup) {
        (account, profile, uid, origin, key) = (setup.id, setup.rules.profile, setup.uid, setup.origin, setup.keyFingerprint)
        streamOrigin = setup.streamOrigin
    }

    var isContradicted: Bool { contradiction != nil }
    /// What the venue tells of the account was heard, and nothing speaks against the unit of quantities.
    var isChecked: Bool { contradiction == nil && facts != nil }
    var isToBePinned: Bool { !awaitsUID && pinned?.keyInUse != key }

    /// At a start: whether the account is as the record has it. What cannot be told apart here (venue, product, uid, origin) the start has refused.
    func restore(_ pinned: PinnedIdentity?, in turn: Turn) {
        self.pinned = pinned
        guard let pinned, let former = pinned.keyInUse else {
            // Pinned with its first signed request; a rebound one said itself what is to become of its orders.
            awaitsUID = profile.accountTellsUID
            return
        }
        let isUnknown = pinned.uid == nil || pinned.origin == nil
        if former != key {
            // A venue that tells whose key it is lifts the bar again.
            formerly = (
                isUnknown ? [.key, .identity] : .key, "it was sent with key \(former); key \(key) may be of another account, and not find it"
            )
            awaitsUID = profile.accountTellsUID
            if !awaitsUID { pin("", in: turn) }
        } else if isUnknown {
            formerly = (.identity, "the journal did not say for whom, and where, this was sent: omsd rebind --same-venue does")
            pin("pinned from the configuration, as the journal knew none", in: turn)
        } else if let streamOrigin, pinned.streamOrigin == nil {
            pin("hears its stream at \(streamOrigin)", in: turn)
        }
    }

    func pin(_ why: String, in turn: Turn) {
        let former = pinned?.keyInUse
        var new = PinnedIdentity(
            account: account, venue: profile.venue, product: profile.product, uid: uid, origin: origin, keyInUse: key,
            keys: (pinned?.keys ?? []).union([key]), former: pinned?.former ?? [])
        new.streamOrigin = streamOrigin ?? pinned?.streamOrigin
        pinned = new
        let words = former == key ? "signs with key \(key)" : "signs with key \(key)" + (former.map { ", until now with \($0)" } ?? "")
        let note = [words, "uid \(uid)", origin, why].filter { !$0.isEmpty }.joined(separator: "; ")
        turn.record(.identity(new, turn.event(.identity, note: note)))
    }

    /// The venue answered whose key it is, and how the account is set. Another uid than the configured one: nothing may be sent for this account, or asked
    /// about its orders.
    func learn(_ facts: AccountFacts) -> [Consequence] {
        var consequences: [Consequence] = []
        problem = check(facts, &consequences) ?? facts.problem
        // What cannot be used is not known.
        self.facts = problem == nil ? facts : nil
        // Nothing in the answer speaks against the unit of quantities.
        if contradiction == nil, profile.quantityUnit != nil { consequences.append(.mended(.assumption)) }
        return consequences
    }

    /// - Returns: why the account cannot be used; nil: it is who it should be.
    private func check(_ facts: AccountFacts, _ consequences: inout [Consequence]) -> String? {
        guard profile.accountTellsUID else { return nil }
        guard let told = facts.uid else { return awaitsUID ? untold(facts, &consequences) : nil }
        guard told == uid else {
            awaitsUID = true
            let words = "the venue says that key \(key) is of uid \(told), the configuration says \(uid): nothing is sent. "
            consequences += [.reconcile(at: nil), .found(.identity, detail: words + "Are the credentials those of another account?")]
            return words + "Put the right credentials in place; if the uid is misspelt, set it right (omsd rebind, where the journal has it, too)"
        }
        awaitsUID = false
        consequences.append(.mended(.identity))
        if pinned?.keyInUse != key { consequences.append(.pin("the venue says the same uid")) }
        // What was attempted with a former key can be looked up with this one, if both are of one user.
        if formerly?.bar == .key { formerly = nil }
        consequences.append(.lift(.key, words: "the venue says that the key is of uid \(told), as the former one was"))
        return nil
    }

    /// The venue did not say whose key it is. The first key of an account is the configuration's word, or, behind a rebinding, a person's, and stands; so does
    /// another one where the venue has no such page. A key that alone may not ask could be anybody's: it waits for the right to, or for a person.
    ///
    /// - Returns: why the account cannot be used; nil: it goes on as where no venue tells.
    private func untold(_ facts: AccountFacts, _ consequences: inout [Consequence]) -> String? {
        let former = pinned?.keyInUse
        let words: String
        switch facts.silence {
        case nil: return facts.problem ?? "the venue did not say whose key (\(key)) it is: nothing is sent before it does"
        case .noPage(let said): words = said
        case .forbidden(let said):
            words = said
            guard let former, former != key else { break }
            let problem = "key \(key) may not ask the venue whose it is (\(said)), and until now key \(former) signed: nothing is sent. "
            consequences.append(.found(.identity, detail: problem + "It may be the key of another account"))
            return problem + "Let it read the account at the venue, or say that it is this account's: omsd rebind --account \(account) --same-venue"
        }
        (awaitsUID, isUntold) = (false, true)
        consequences.append(.mended(.identity))
        if former != key { consequences.append(.pin("the venue did not say whose key it is: \(words)")) }
        // What was sent with another key is now nobody's to settle but a person's.
        consequences.append(.parkFormer)
        return nil
    }

    /// - Returns: whether it is news.
    func contradicted(_ why: String) -> Bool {
        guard contradiction == nil else { return false }
        contradiction = why
        return true
    }

    /// The venue is asked anew.
    func forgetProblems() { (contradiction, problem, facts) = (nil, nil, nil) }
}
