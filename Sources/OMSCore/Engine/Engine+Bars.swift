/// What bars orders from being sent again, set and lifted on record.
extension Engine {
    // MARK: What bars a resend

    /// Bars an order from being sent again, on record. No news where it is barred so already.
    func bar(_ live: LiveOrder, _ bars: Bars, words: String) {
        guard !live.order.bars.isSuperset(of: bars) else { return }
        guard let desk = desk(live.order.account) else { return }
        let fields = desk.book.bar(live, bars)
        change(live, to: live.state, kind: .barred, evidence: live.order.evidence, fields: fields, request: live.order.request, note: words)
    }

    /// Takes bars off all orders of an account, on record: what they stood for is refuted.
    func lift(_ bars: Bars, on desk: Desk, words: String) {
        for key in desk.book.keys {
            guard let live = desk.book[key], !live.order.bars.isDisjoint(with: bars) else { continue }
            let fields = desk.book.lift(live, bars)
            change(live, to: live.state, kind: .barred, evidence: live.order.evidence, fields: fields, request: live.order.request, note: words)
            if live.state == .inDoubt { ask(live, .doubt, on: desk, after: 0) }
        }
    }

    /// No look-up can settle what may have been sent for another account: a person is called at once. It is still asked about, for what is found is there.
    func parkAtOnce(_ live: LiveOrder, on desk: Desk) {
        guard let formerly = desk.access.formerly, live.state == .inDoubt, live.order.parkedAt == nil,
            !live.order.bars.isDisjoint(with: formerly.bar),
            formerly.bar.contains(.identity) || !desk.profile.accountTellsUID || desk.access.isUntold
        else { return }
        let fields = desk.book.park(live, at: now.wall)
        change(live, to: .inDoubt, kind: .parked, evidence: live.order.evidence, fields: fields, note: formerly.words)
    }
}
