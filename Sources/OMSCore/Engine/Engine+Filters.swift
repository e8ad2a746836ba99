/// What callers name: a name that nothing bears is a typing error, and is told as one.
extension Engine {
    /// The orders that an intent's cancels mean.
    func resolveCancels(_ items: [CancelItem], on desk: Desk) throws(ControlError) -> [ClientOrderID] {
        var ids: [ClientOrderID] = []
        var seen: Set<ClientOrderID> = []
        var details: [ControlError.Detail] = []
        for (index, item) in items.enumerated() {
            switch item {
            case .order(let id):
                guard let order = try find(id), order.account == desk.id, byClientID[id]?.intent?.isComplete ?? true else {
                    throw .unknownOrder("this journal never held an order \(id) of account \(desk.id)")
                }
                if seen.insert(id).inserted { ids.append(id) }
            case .venueOrder(let id):
                guard let order = try find(id, on: desk) else {
                    throw .unknownOrder(
                        "no order of account \(desk.id) bears the venue's id \(id); what the journal never held is cancelled at the venue")
                }
                if seen.insert(order.clientOrderID).inserted { ids.append(order.clientOrderID) }
            case .matching(let symbol, let side):
                if let symbol, !isKnown(symbol, on: desk) {
                    if details.count < 100 {
                        details.append(.init(list: "cancel", index: index, field: "symbol", problem: unknownSymbol(symbol, on: desk)))
                    }
                    continue
                }
                var count = 0
                for key in desk.orders.keys.sorted() {
                    guard let live = desk.orders[key], !live.state.isTerminal, live.intent?.isComplete ?? true,
                        symbol == nil || symbol == live.order.terms.symbol,
                        side == nil || side == live.order.terms.side
                    else { continue }
                    count += 1
                    if seen.insert(live.order.clientOrderID).inserted { ids.append(live.order.clientOrderID) }
                }
                // Without a filter all is meant, which may be nothing.
                guard count > 0 || symbol == nil && side == nil else {
                    let words = [symbol?.text, side?.rawValue].compactMap { $0 }.joined(separator: ", ")
                    throw .unknownOrder("cancel[\(index)]: no live order of account \(desk.id) matches \(words)")
                }
            }
        }
        guard details.isEmpty else { throw .invalidOrder(details) }
        return ids
    }

    private func find(_ id: VenueOrderID, on desk: Desk) throws(ControlError) -> Order? {
        if let live = desk.byVenueID[id].flatMap({ desk.orders[$0] }) { return live.intent?.isComplete ?? true ? live.order : nil }
        do throws(JournalError) { return try journal.order(account: desk.id, venueOrderID: id) } catch {
            throw .journalUnavailable(error.description)
        }
    }

    /// What is wrong with the filter of a listing; nil: every name in it is known.
    func problem(with filter: OrderFilter) throws(ControlError) -> ControlError? {
        if let symbol = filter.symbol, let problem = problem(with: symbol, of: filter.account) { return problem }
        if let id = filter.intentID, intentsByID[id] == nil {
            do throws(JournalError) {
                if try journal.intent(id) == nil { return .unknownOrder("no intent \(id) in this journal") }
            } catch { throw .journalUnavailable(error.description) }
        }
        if let id = filter.clientOrderID, try !isUsed(id) { return .unknownOrder("this journal never held an order \(id)") }
        return nil
    }

    /// A symbol that none of the accounts meant knows.
    func problem(with symbol: Symbol, of account: AccountID?) -> ControlError? {
        let meant = desks.filter { account == nil || $0.id == account }
        guard !meant.contains(where: { isKnown(symbol, on: $0) }) else { return nil }
        // Orders of accounts that are configured no more are listed too.
        guard !absent.contains(where: { (account == nil || $0.key == account) && $0.value.symbols.contains(symbol) }) else { return nil }
        let words = meant.map { unknownSymbol(symbol, on: $0) }
        let problem = words.first { $0.contains("did you mean") } ?? words.first ?? "no order was ever placed in \(symbol)"
        return .invalidFilter("symbol", problem)
    }
}
