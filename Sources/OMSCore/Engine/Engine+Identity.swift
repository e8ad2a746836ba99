/// What a desk knows of who its account is.
struct DeskIdentity {
    /// On record, since the first signed request.
    var pinned: PinnedIdentity?
    /// Nothing but questions of time, markets and the account itself leaves before the venue said whose key it is.
    var awaitsUID = false
    /// The venue did not say it, and the account goes on as where no venue does.
    var isUntold = false
}

extension Engine {
    /// At a start: whether the account is as the record has it. What cannot be told apart here (venue, product, uid, origin) the start has refused.
    func identify(_ desk: Desk, _ pinned: PinnedIdentity?) {
        desk.identity.pinned = pinned
        let (tells, key) = (desk.profile.accountTellsUID, desk.setup.keyFingerprint)
        guard let pinned, let former = pinned.keyInUse else {
            // Pinned with its first signed request; a rebound one said itself what is to become of its orders.
            desk.identity.awaitsUID = tells
            return
        }
        let isUnknown = pinned.uid == nil || pinned.origin == nil
        if former != key {
            // A venue that tells whose key it is lifts the bar again.
            desk.formerly = (
                isUnknown ? [.key, .identity] : .key, "it was sent with key \(former); key \(key) may be of another account, and not find it"
            )
            desk.identity.awaitsUID = tells
            if !tells { pin(desk, "") }
        } else if isUnknown {
            desk.formerly = (.identity, "the journal did not say for whom, and where, this was sent: omsd rebind --same-venue does")
            pin(desk, "pinned from the configuration, as the journal knew none")
        }
    }

    /// No look-up can settle what may have been sent for another account: a person is called at once. It is still asked about, for what is found is there.
    func parkAtOnce(_ live: LiveOrder, on desk: Desk) {
        guard let formerly = desk.formerly, live.state == .inDoubt, live.order.parkedAt == nil, !live.order.bars.isDisjoint(with: formerly.bar),
            formerly.bar.contains(.identity) || !desk.profile.accountTellsUID || desk.identity.isUntold
        else { return }
        live.order.parkedAt = now.wall
        change(live, to: .inDoubt, kind: .parked, evidence: live.order.evidence, fields: .parkedAt, note: formerly.words)
    }

    /// Puts on record who the account is, as the configuration has it.
    func pin(_ desk: Desk, _ why: String) {
        let (setup, key) = (desk.setup, desk.setup.keyFingerprint)
        let former = desk.identity.pinned?.keyInUse
        let pinned = PinnedIdentity(
            account: desk.id, venue: desk.profile.venue, product: desk.profile.product, uid: setup.uid, origin: setup.origin, keyInUse: key,
            keys: (desk.identity.pinned?.keys ?? []).union([key]), former: desk.identity.pinned?.former ?? [])
        desk.identity.pinned = pinned
        let words = former == key ? "signs with key \(key)" : "signs with key \(key)" + (former.map { ", until now with \($0)" } ?? "")
        let note = [words, "uid \(setup.uid)", setup.origin, why].filter { !$0.isEmpty }.joined(separator: "; ")
        record(.identity(pinned, event(.identity, note: note)))
    }

    /// A signed request is about to leave. The first one pins who the account is; where the venue tells, its word comes first.
    func pinFirst(_ desk: Desk) {
        guard !desk.identity.awaitsUID, desk.identity.pinned?.keyInUse != desk.setup.keyFingerprint else { return }
        pin(desk, "")
    }

    /// The venue answered whose key it is. Another uid than the configured one: nothing may be sent for this account, or asked about its orders.
    ///
    /// - Returns: why the account cannot be used; nil: it is who it should be.
    func identityProblem(_ facts: AccountFacts, on desk: Desk) -> String? {
        guard desk.profile.accountTellsUID else { return nil }
        let key = desk.setup.keyFingerprint
        guard let uid = facts.uid else {
            return desk.identity.awaitsUID ? untold(facts, on: desk) : nil
        }
        guard uid == desk.setup.uid else {
            desk.identity.awaitsUID = true
            desk.hasReconciled = false
            let words = "the venue says that key \(key) is of uid \(uid), the configuration says \(desk.setup.uid): nothing is sent. "
            found(.identity, of: nil, on: desk, detail: words + "Are the credentials those of another account?")
            return words + "Put the right credentials in place; if the uid is misspelt, set it right (omsd rebind, where the journal has it, too)"
        }
        desk.identity.awaitsUID = false
        mended(.identity, on: desk)
        if desk.identity.pinned?.keyInUse != key { pin(desk, "the venue says the same uid") }
        heardUID(facts, on: desk)
        return nil
    }

    /// The venue did not say whose key it is. The first key of an account is the configuration's word, or, behind a rebinding, a person's, and stands; so does
    /// another one where the venue has no such page. A key that alone may not ask could be anybody's: it waits for the right to, or for a person.
    ///
    /// - Returns: why the account cannot be used; nil: it goes on as where no venue tells.
    private func untold(_ facts: AccountFacts, on desk: Desk) -> String? {
        let (key, former) = (desk.setup.keyFingerprint, desk.identity.pinned?.keyInUse)
        let words: String
        switch facts.silence {
        case nil: return facts.problem ?? "the venue did not say whose key (\(key)) it is: nothing is sent before it does"
        case .noPage(let said): words = said
        case .forbidden(let said):
            words = said
            guard let former, former != key else { break }
            let problem = "key \(key) may not ask the venue whose it is (\(said)), and until now key \(former) signed: nothing is sent. "
            found(.identity, of: nil, on: desk, detail: problem + "It may be the key of another account")
            return problem + "Let it read the account at the venue, or say that it is this account's: omsd rebind --account \(desk.id) --same-venue"
        }
        (desk.identity.awaitsUID, desk.identity.isUntold) = (false, true)
        mended(.identity, on: desk)
        if former != key { pin(desk, "the venue did not say whose key it is: \(words)") }
        // What was sent with another key is now nobody's to settle but a person's.
        for key in desk.doubts.sorted() { if let live = desk.orders[key] { parkAtOnce(live, on: desk) } }
        return nil
    }
}

extension BudgetOwner {
    init(_ setup: AccountSetup) { self.init(profile: setup.rules.profile, uid: setup.uid, keyFingerprint: setup.keyFingerprint) }
}
