/// What bars orders from being sent again, set and lifted on record.
extension Engine {
    // MARK: What bars a resend

    /// Bars an order from being sent again, on record. No news where it is barred so already.
    func bar(_ live: LiveOrder, _ bars: Bars, words: String) {
        guard !live.order.bars.isSuperset(of: bars) else { return }
        live.order.bars.formUnion(bars)
        change(live, to: live.state, kind: .barred, evidence: live.order.evidence, fields: .bars, request: live.order.request, note: words)
    }

    /// Takes bars off all orders of an account, on record: what they stood for is refuted.
    func lift(_ bars: Bars, on desk: Desk, words: String) {
        for key in desk.book.elements {
            guard let live = desk.orders[key], !live.order.bars.isDisjoint(with: bars) else { continue }
            live.order.bars.subtract(bars)
            change(live, to: live.state, kind: .barred, evidence: live.order.evidence, fields: .bars, request: live.order.request, note: words)
            if live.state == .inDoubt { ask(live, .doubt, on: desk, after: 0) }
        }
    }

    /// No look-up can settle what may have been sent for another account: a person is called at once. It is still asked about, for what is found is there.
    func parkAtOnce(_ live: LiveOrder, on desk: Desk) {
        guard let formerly = desk.access.formerly, live.state == .inDoubt, live.order.parkedAt == nil,
            !live.order.bars.isDisjoint(with: formerly.bar),
            formerly.bar.contains(.identity) || !desk.profile.accountTellsUID || desk.access.isUntold
        else { return }
        live.order.parkedAt = now.wall
        change(live, to: .inDoubt, kind: .parked, evidence: live.order.evidence, fields: .parkedAt, note: formerly.words)
    }
}
