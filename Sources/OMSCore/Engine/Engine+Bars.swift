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

    /// The venue told whose key the account's is. What was attempted with a former one can be looked up with this one, if both are of one user.
    func heardUID(_ facts: AccountFacts, on desk: Desk) {
        guard desk.profile.accountTellsUID, let uid = facts.uid, uid == desk.setup.uid else { return }
        if desk.formerly?.bar == .key { desk.formerly = nil }
        lift(.key, on: desk, words: "the venue says that the key is of uid \(uid), as the former one was")
    }
}
