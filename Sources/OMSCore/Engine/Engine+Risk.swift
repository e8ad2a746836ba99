/// Bounds that the owner of an account set. What is still being accepted counts as if it stood already.
extension Engine {
    /// What the account's state and its owner's bounds say.
    func examineState(_ intent: Intent, plan: IntentPlan, on desk: Desk) throws(ControlError) {
        switch desk.trading.state {
        case .active: break
        case .halted:
            guard plan.places.isEmpty, plan.modifies.isEmpty else {
                throw .halted("\(desk.id) is halted (\(desk.trading.reason)): only cancels pass")
            }
        case .reducing:
            guard plan.modifies.isEmpty, plan.places.allSatisfy({ Examination.reduces($0.terms) }) else {
                throw .halted("\(desk.id) is reducing (\(desk.trading.reason)): only cancels, reduce_only orders and closing sides pass")
            }
        }
        let risk = desk.setup.risk
        if risk.judgesOrders { for place in plan.places { try bound(place.terms, list: "place", index: place.item, on: desk) } }
        if let most = risk.maxOpenOrders, !plan.places.isEmpty {
            let open = openOrders(on: desk, atLeast: most - plan.places.count)
            guard open + plan.places.count <= most else {
                let apart = desk.absentOrders + leftOrders(toUserOf: desk)
                let whose = apart == 0 ? "" : " (\(apart) of accounts of this uid that are configured no more, or were bound elsewhere)"
                throw .risk(
                    "max_open_orders", of: desk.id,
                    "the limit is \(most), it would have been \(open + plan.places.count): \(open) orders are open or under way\(whose)")
            }
        }
        if let most = risk.maxOrdersPerSecond, !plan.places.isEmpty { try boundRate(plan.places.count, to: most, on: desk) }
        let waiting = desk.unsent + admission.placesLeft(on: desk.index)
        guard waiting + plan.places.count <= desk.setup.queueMaxOrders else {
            throw .queueFull("\(waiting) orders of \(desk.id) wait to be sent; queue_max_orders is \(desk.setup.queueMaxOrders)")
        }
    }

    /// Orders of this uid at the venue that are not closed, in doubt included, those under way, and those that no configured account looks after there.
    /// Counted one by one only where they may be as many as asked for: memory holds closed ones for a moment.
    private func openOrders(on desk: Desk, atLeast bound: Int) -> Int {
        let same = sharers(of: desk)
        let apart = desk.absentOrders + leftOrders(toUserOf: desk)
        let coming = same.reduce(apart) { $0 + admission.placesLeft(on: $1.index) }
        let atMost = coming + same.reduce(0) { $0 + $1.book.count }
        guard atMost > bound else { return atMost }
        return coming + same.reduce(0) { $0 + $1.book.all.count { !$0.state.isTerminal } }
    }

    /// Orders that accounts of other uids left behind when they still had this one.
    private func leftOrders(toUserOf desk: Desk) -> Int {
        desks.filter { $0.profile.venue == desk.profile.venue && $0.setup.uid != desk.setup.uid }.reduce(0) { count, other in
            count
                + other.book.left.count { key in
                    guard let order = other.book[key]?.order, let place = place(of: order, on: other) else { return false }
                    return place.uid == nil || place.uid == desk.setup.uid
                }
        }
    }

    /// An order's terms as they will stand once what was asked of it before has had its effect; nil: this journal never held it.
    func standing(_ id: ClientOrderID) throws(ControlError) -> OrderTerms? {
        guard let order = try find(id) else { return nil }
        var terms = order.terms
        (terms.price, terms.quantity) = (order.price, order.quantity)
        for command in names[id]?.commands.compactMap({ commands[$0] }) ?? [] where command.kind == .modify {
            (terms.price, terms.quantity) = (command.price ?? terms.price, command.quantity ?? terms.quantity)
        }
        for asked in admission.asked(of: id) { (terms.price, terms.quantity) = (asked.price ?? terms.price, asked.quantity ?? terms.quantity) }
        return terms
    }

    /// Holds one order to the rules that need nothing but itself.
    func bound(_ terms: OrderTerms, list: String, index: Int, on desk: Desk) throws(ControlError) {
        do throws(RiskSetting.Refusal) { try desk.setup.risk.examine(terms, in: desk.access.markets[terms.symbol]) } catch {
            throw .risk(
                error.key, of: desk.id, "\(list)[\(index)]: \(error.words)",
                details: [.init(list: list, index: index, field: error.field, problem: error.words)])
        }
    }

    private func boundRate(_ count: Int, to most: Int, on desk: Desk) throws(ControlError) {
        guard count <= most else {
            throw .risk("max_orders_per_s", of: desk.id, "the limit is \(most), the intent alone has \(count): cut it into several")
        }
        let same = sharers(of: desk)
        guard same.allSatisfy({ $0.recentPlaces.isKnown(at: now.monotonic) }) else {
            throw .risk(
                "max_orders_per_s", of: desk.id, "what was placed in the second before the daemon began is not known; submit again in a second",
                retryable: .yes)
        }
        let recent = same.reduce(0) { $0 + $1.recentPlaces.count(at: now.monotonic) }
        guard recent + count <= most else {
            throw .risk(
                "max_orders_per_s", of: desk.id, "the limit is \(most), it would have been \(recent + count); submit again in a second",
                retryable: .yes)
        }
    }
}
