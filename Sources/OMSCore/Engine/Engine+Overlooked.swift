/// Look-ups that were shown to be wrong: the venue has, or had, an order that they did not show.
///
/// That is no news of one order alone. Absences of all orders of that user at that venue rest on the same look-ups, so that none which was asked about before
/// counts any more: rounds are asked anew, and what was proven absent and waits to be sent again is in doubt again. Two things stay behind, on record. While
/// the venue calls an order a duplicate and does not show it, nothing of that user is proven absent. And rounds lie as far apart from then on as look-ups were
/// seen to lag behind.
extension Engine {
    /// Who shares an account's look-ups: all accounts of its user at its venue.
    func sharers(of desk: Desk) -> [Desk] {
        desks.filter { $0.isOfUser(of: desk) }
    }

    /// Whether an account on record is of a configured one's user, or was before a rebinding. Where a journal did not know its uids, it may be.
    private static func isOfUser(_ pinned: PinnedIdentity, of setup: AccountSetup) -> Bool {
        pinned.venue == setup.rules.profile.venue && ([pinned.uid] + pinned.former.map(\.uid)).contains { $0 == nil || $0 == setup.uid }
    }

    /// What accounts of the same user know of its look-ups, whatever their names, and also such as are not configured now.
    func recallLookups(_ state: JournalState) {
        for desk in desks {
            let others = state.identities.filter { $0.key != desk.id && Self.isOfUser($0.value, of: desk.setup) }
            func isKnown(of account: AccountID) -> Bool { account == desk.id || others[account] != nil }
            let hidden = state.orders.filter { order in
                let isHidden = deskIndex[order.account] == nil && !order.bars.isDisjoint(with: [.duplicate, .among])
                guard isHidden, let pinned = others[order.account] else { return false }
                return pinned.mayHave(placed: order, for: desk.setup.uid)
            }
            desk.lookUps.recall(
                lagUs: state.lookupLags.filter { isKnown(of: $0.key) }.values.max() ?? 0,
                isFormulaBroken: state.formulaBroken.contains(where: isKnown), sharesUser: !others.isEmpty,
                hiddenAbsent: hidden.min { $0.key < $1.key }.map { ($0.clientOrderID, $0.account) })
        }
    }

    /// An earlier process proved it absent, and it waits to be sent again. Whether look-ups were shown to be wrong since by another account of that user, while
    /// this one was not configured, is not known.
    func isDoubtedAtStart(_ live: LiveOrder, on desk: Desk) -> Bool {
        live.state == .intended && live.order.absences > 0 && (desk.lookUps.sharesUser || hiddenOrder(on: desk) != nil)
    }

    /// A round did not show an order that the venue has by its own word, or that had to be visible. Should it show it after all, the round was wrong: by
    /// that much.
    func overlooked(_ live: LiveOrder, in round: Round, on desk: Desk) {
        guard let clock = desk.access.clock, let first = live.firstStampMs else { return }
        let visibleAt = fence(of: live, on: desk) + .milliseconds(desk.profile.visibilityDelayMs)
        guard live.order.bars.contains(.duplicate) || clock.low(at: round.askedAt) >= visibleAt else { return }
        live.isOverdue = true
        // A listing proves nothing by itself, and may lag by its nature.
        if round.isSingle { live.unseenUs = max(live.unseenUs, clock.middle(at: round.askedAt) - .milliseconds(first)) }
    }

    /// An order that was given up by a proof: look-ups did not show it until then.
    func rememberUnseen(_ live: LiveOrder, on desk: Desk) {
        guard live.order.isGivenUp, live.order.evidence == .inferred, let closedAt = live.order.closedAt,
            let first = live.firstStampMs, let clock = desk.access.clock
        else { return }
        live.unseenUs = max(live.unseenUs, clock.middle(at: now.monotonic - (now.wall - closedAt)) - .milliseconds(first))
    }

    /// An order moved: by the venue's word on what look-ups had not shown they were wrong.
    func learn(from live: LiveOrder, from: OrderState, to next: OrderState, evidence: Evidence, on desk: Desk) {
        defer { if next != .inDoubt { live.isOverdue = false } }
        guard from != next, evidence.isVenues else { return }
        switch from {
        case .inDoubt where live.isOverdue: break
        case .intended where live.order.absences > 0: break
        case .rejected, .abandoned: guard next != .rejected else { return }
        case .canceled, .expired: guard live.order.absences > 0 else { return }
        case .intended, .inDoubt, .submitted, .acknowledged, .working, .partiallyFilled, .filled, .denied: return
        }
        lookupsErred("the venue shows \(live.order.clientOrderID), which look-ups did not", by: live, on: desk)
    }

    /// What look-ups did not show is there, or was.
    ///
    /// - Parameter live: the order that shows it; nil: which of several it is, the venue did not say.
    func lookupsErred(_ words: String, by live: LiveOrder?, on desk: Desk) {
        for desk in sharers(of: desk) {
            desk.lookUps.erred(lagUs: live?.unseenUs, in: turn)
            for key in desk.book.provenAbsent.sorted() where key != live?.key {
                guard let waiting = desk.book[key], waiting.state == .intended else { continue }
                doubtAnew(waiting, words, on: desk)
            }
        }
    }

    /// Back in the queue after an attempt that surely was not executed. The ones before were proven absent, and by what look-ups that has been shown since?
    func reconsider(_ live: LiveOrder, on desk: Desk) {
        guard live.state == .intended, live.order.absences > 0, desk.lookUps.erredAt >= live.provenAt else { return }
        doubtAnew(live, "look-ups were shown to be wrong while it was out", on: desk)
    }

    /// It was proven absent and is not sent again on the word of those look-ups.
    private func doubtAnew(_ live: LiveOrder, _ words: String, on desk: Desk) {
        if live.isQueued {
            live.isQueued = false
            desk.lanes.unplace(live.key, of: live.order.intent)
        }
        change(live, to: .inDoubt, kind: .inDoubt, evidence: .inferred, note: "its absence counts no more: \(words)")
        // It had to be visible when it was proven absent: should it be found now, that tells how far look-ups lag.
        live.isOverdue = true
        ask(live, .doubt, on: desk, after: patience.firstLookUs)
    }

    /// An order of the account's user that the venue has by its own word and does not show, also one that a rebinding left with that user; nil: none.
    func hiddenOrder(on desk: Desk) -> LiveOrder? {
        desks.compactMap { other in other.profile.venue == desk.profile.venue ? hiddenOrder(of: other, for: desk.setup.uid) : nil }
            .min { $0.key < $1.key }
    }

    private func hiddenOrder(of other: Desk, for uid: String) -> LiveOrder? {
        guard !other.book.left.isEmpty else { return other.setup.uid == uid ? other.book.hidden.min().flatMap { other.book[$0] } : nil }
        return other.book.hidden.sorted().lazy.compactMap { other.book[$0] }.first { live in
            guard let place = self.place(of: live.order, on: other) else { return other.setup.uid == uid }
            return place.uid == nil || place.uid == uid
        }
    }

    /// The venue called it a duplicate and did not show it, and that is over.
    func cameToLight(_ live: LiveOrder, on desk: Desk) {
        if live.order.evidence.isVenues { clearCompany(of: live, on: desk) }
        // What it stood in the way of is looked for again.
        let venue = desk.profile.venue
        for desk in desks where desk.profile.venue == venue && hiddenOrder(on: desk) == nil {
            for key in desk.book.doubts.sorted() {
                if let doubtful = desk.book[key], doubtful.order.parkedAt != nil { ask(doubtful, .doubt, on: desk, after: 0) }
            }
        }
    }

    /// It is found: so it was the one of its request that the venue spoke of, as far as anybody can tell, and the others can be proven absent again.
    private func clearCompany(of live: LiveOrder, on desk: Desk) {
        for key in desk.book.hidden.sorted() {
            guard let other = desk.book[key], other.order.request == live.order.request, other.order.bars.contains(.among) else { continue }
            let fields = desk.book.lift(other, .among)
            change(
                other, to: other.state, kind: .barred, evidence: other.order.evidence, fields: fields, request: other.order.request,
                note: "the venue shows \(live.order.clientOrderID), of the same request")
            if other.state == .inDoubt { ask(other, .doubt, on: desk, after: 0) }
        }
    }
}
