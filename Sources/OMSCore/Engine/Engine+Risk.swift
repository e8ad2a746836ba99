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
        if risk.judgesOrders { for place in plan.places { try bound(place.terms, atMost: place.terms, list: "place", index: place.item, on: desk) } }
        if let most = risk.maxOpenOrders, !plan.places.isEmpty {
            let open = openOrders(on: desk, atLeast: most - plan.places.count)
            guard open + plan.places.count <= most else {
                let apart = desk.absentOrders + leftOrders(toUserOf: desk).count
                let whose = apart == 0 ? "" : " (\(apart) of accounts of this uid that are configured no more, or were bound elsewhere)"
                throw .risk(
                    "max_open_orders", of: desk.id,
                    "the limit is \(most), it would have been \(open + plan.places.count): \(open) orders are open or under way\(whose)")
            }
        }
        if risk.maxOpenNotional != nil || risk.addsUpPositions {
            let changes = changes(by: plan, on: desk)
            if let most = risk.maxOpenNotional { try boundNotional(changes, to: most, on: desk) }
            if risk.addsUpPositions { try boundPositions(changes, on: desk) }
        }
        if let most = risk.maxOrdersPerSecond, !plan.places.isEmpty { try boundRate(plan.places.count, to: most, on: desk) }
        let waiting = desk.unsent + admission.placesLeft(on: desk.index)
        guard waiting + plan.places.count <= desk.setup.queueMaxOrders else {
            throw .queueFull("\(waiting) orders of \(desk.id) wait to be sent; queue_max_orders is \(desk.setup.queueMaxOrders)")
        }
    }

    /// Orders of this uid at the venue that are not closed, in doubt included, those under way, and those that no configured account looks after there.
    /// Counted one by one only where they may be as many as asked for: memory holds closed ones for a moment.
    func openOrders(on desk: Desk, atLeast bound: Int) -> Int {
        let same = sharers(of: desk)
        let apart = desk.absentOrders + leftOrders(toUserOf: desk).count
        let coming = same.reduce(apart) { $0 + admission.placesLeft(on: $1.index) }
        let atMost = coming + same.reduce(0) { $0 + $1.book.count }
        guard atMost > bound else { return atMost }
        return coming + same.reduce(0) { $0 + $1.book.all.count { !$0.state.isTerminal } }
    }

    /// Orders that accounts of other uids left behind when they still had this one.
    func leftOrders(toUserOf desk: Desk) -> [LiveOrder] {
        desks.filter { $0.profile.venue == desk.profile.venue && $0.setup.uid != desk.setup.uid }.flatMap { other in
            other.book.left.compactMap { key in
                guard let live = other.book[key], let place = place(of: live.order, on: other) else { return nil }
                return place.uid == nil || place.uid == desk.setup.uid ? live : nil
            }
        }
    }

    /// An order's terms as they will stand once what was asked of it before has had its effect, and with the most that they may come to: nobody knows which
    /// of that the venue takes. nil: this journal never held it.
    func standing(_ id: ClientOrderID) throws(ControlError) -> (terms: OrderTerms, most: OrderTerms)? {
        guard let order = try find(id) else { return nil }
        var terms = order.terms
        (terms.price, terms.quantity) = (order.price, order.quantity)
        var most: Weights.Asked = (order.price, order.quantity)
        for command in names[id]?.commands.compactMap({ commands[$0] }) ?? [] where command.kind == .modify {
            (terms.price, terms.quantity) = (command.price ?? terms.price, command.quantity ?? terms.quantity)
            most = Weights.most(most, (command.price, command.quantity))
        }
        for asked in admission.asked(of: id) { (terms.price, terms.quantity) = (asked.price ?? terms.price, asked.quantity ?? terms.quantity) }
        for asked in admission.mostAsked(of: id) { most = Weights.most(most, asked) }
        var mostTerms = terms
        (mostTerms.price, mostTerms.quantity) = most
        return (terms, mostTerms)
    }

    /// Holds one order to the rules that need nothing but itself.
    ///
    /// - Parameter most: with the highest price and the largest quantity that it may come to.
    func bound(_ terms: OrderTerms, atMost most: OrderTerms, list: String, index: Int, on desk: Desk) throws(ControlError) {
        do throws(RiskSetting.Refusal) { try desk.setup.risk.examine(terms, atMost: most, in: desk.access.markets[terms.symbol]) } catch {
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
