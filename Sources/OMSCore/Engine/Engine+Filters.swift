/// What callers name: a name that nothing bears is a typing error, and is told as one.
extension Engine {
    /// What one item of an intent's cancels means. Filters gather: one walk through the book answers all of them.
    func resolve(_ item: CancelItem, at index: Int, of planning: inout Planning, on desk: Desk) throws(ControlError) {
        switch item {
        case .order(let id):
            guard let order = try find(id), order.account == desk.id, names[id]?.intent?.isComplete ?? true else {
                throw .unknownOrder("this journal never held an order \(id) of account \(desk.id)")
            }
            want(order, in: &planning)
        case .venueOrder(let id):
            guard let order = try find(id, on: desk) else {
                throw .unknownOrder(
                    "no order of account \(desk.id) bears the venue's id \(id); what the journal never held is cancelled at the venue")
            }
            want(order, in: &planning)
        case .matching(let symbol, let side, let tag):
            if let symbol, !desk.isKnown(symbol) {
                guard planning.details.count < 100 else { return }
                planning.details.append(.init(list: "cancel", index: index, field: "symbol", problem: desk.unknownSymbol(symbol)))
                return
            }
            let filter = CancelFilter(symbol: symbol, side: side, tag: tag)
            planning.filters[filter] = planning.filters[filter] ?? CancelMatches(index: index)
        }
    }

    private func want(_ order: Order, in planning: inout Planning) {
        guard planning.wanted.insert(order.key).inserted else { return }
        planning.plan.cancels.append(order.clientOrderID)
        if !order.state.isTerminal, order.state != .intended { planning.plan.cancelsToSend += 1 }
    }

    /// Whether any filter means an order of the book.
    func match(_ live: LiveOrder, of planning: inout Planning) {
        guard !live.state.isTerminal, live.intent?.isComplete ?? true else { return }
        let order = live.order
        var isMeant = false
        // Every filter that may mean it, looked up: there may be as many as an intent has items.
        for tag in order.tag == nil ? [nil] : [nil, order.tag] {
            for symbol in [nil, order.terms.symbol] {
                for side in [nil, order.terms.side] {
                    let filter = CancelFilter(symbol: symbol, side: side, tag: tag)
                    guard planning.filters[filter] != nil else { continue }
                    planning.filters[filter]?.count += 1
                    isMeant = true
                }
            }
        }
        guard isMeant else { return }
        if live.state != .intended { return want(live.order, in: &planning) }
        if planning.wanted.insert(live.key).inserted { planning.unsent.append(live.order.clientOrderID) }
    }

    /// A filter that means nothing is a typing error. Without one all is meant, which may be nothing.
    func examineMatches(_ planning: Planning, on desk: Desk) throws(ControlError) {
        let empty = planning.filters.filter { $0.value.count == 0 && $0.key.hasName }
        guard let (filter, first) = empty.min(by: { $0.value.index < $1.value.index }) else { return }
        throw .unknownOrder("cancel[\(first.index)]: no live order of account \(desk.id) matches \(filter.words)")
    }

    func find(_ id: VenueOrderID, on desk: Desk) throws(ControlError) -> Order? {
        if let live = desk.book[id] { return live.intent?.isComplete ?? true ? live.order : nil }
        do throws(JournalError) { return try recall.order(account: desk.id, venueOrderID: id) } catch {
            throw .journalUnavailable(error.description)
        }
    }

    /// What is wrong with the filter of a listing; nil: every name in it is known.
    func problem(with filter: OrderFilter, _ rights: Rights) throws(ControlError) -> ControlError? {
        if let symbol = filter.symbol, let problem = problem(with: symbol, of: filter.account, rights) { return problem }
        if let id = filter.intentID {
            guard let account = try account(of: id), rights.sees(account) else { return .unknownOrder("no intent \(id) in this journal") }
        }
        if let id = filter.clientOrderID {
            var isKnown = try isUsed(id)
            if isKnown, rights.visible != nil {
                let owner = try find(id)?.account
                isKnown = owner.map(rights.sees) ?? false
            }
            guard isKnown else { return .unknownOrder("this journal never held an order \(id)") }
        }
        return nil
    }

    /// Whose an intent is that is accepted; nil: none is of that name.
    private func account(of id: IntentID) throws(ControlError) -> AccountID? {
        if let open = intents[id] { return open.row.account }
        do throws(JournalError) { return try recall.intent(id)?.account } catch { throw .journalUnavailable(error.description) }
    }

    /// What a listing is answered whose tag no intent bears; nil: it is narrowed to none.
    func unknown(_ tag: Tag?, of account: AccountID?) -> ControlError? {
        tag.map { tag in .unknownOrder("no intent \(account.map { "of account \($0)" } ?? "in this journal") bears the tag \(tag)") }
    }

    /// A symbol that none of the accounts meant knows.
    func problem(with symbol: Symbol, of account: AccountID?, _ rights: Rights) -> ControlError? {
        let meant = desks(rights).filter { account == nil || $0.id == account }
        guard !meant.contains(where: { $0.isKnown(symbol) }) else { return nil }
        // Orders of accounts that are configured no more are listed too.
        let former = absent.filter { (account == nil || $0.key == account) && rights.sees($0.key) }
        guard !former.contains(where: { $0.value.symbols.contains(symbol) }) else { return nil }
        let words = meant.map { $0.unknownSymbol(symbol) }
        let problem = words.first { $0.contains("did you mean") } ?? words.first ?? "no order was ever placed in \(symbol)"
        return .invalidFilter("symbol", problem)
    }
}
