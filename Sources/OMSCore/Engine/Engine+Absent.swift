/// An account that the journal knows and the configuration does not: nothing is done for it, and nothing of it counts as done.
package struct AbsentAccount: Sendable, Equatable {
    package let account: AccountID
    /// Unsent, in doubt or live.
    package var orders = 0
    /// Of these, such as never left: nothing of them is at the venue.
    package var unsent = 0
    package var intents = 0
    /// Orders that may have traded unseen, by position.
    var doubts: [PositionKey: Int] = [:]
    /// Where it ever placed an order.
    var symbols: Set<Symbol> = []
    var trading: TradingStateRow?
}

/// Accounts that are configured no more keep their intents open and their orders as they are, until they come back.
extension Engine {
    /// Those with something open, by name.
    package var unconfigured: [AbsentAccount] { absent.values.filter { $0.orders + $0.intents > 0 }.sorted { $0.account < $1.account } }

    /// Where accounts that are configured no more placed orders, and that may be the same account at the venue: a venue that lists market by market shows what
    /// rests there only to whoever asks for it.
    static func symbols(ofFormerNamesOf setup: AccountSetup, in state: JournalState, configured: [AccountSetup]) -> Set<Symbol> {
        let profile = setup.rules.profile
        let former = state.identities.filter { account, pinned in
            !configured.contains { $0.id == account } && pinned.venue == profile.venue && pinned.product == profile.product
                && (pinned.uid == nil || pinned.uid == setup.uid)
        }
        return Set(former.keys.flatMap { state.symbols[$0] ?? [] })
    }

    /// Counts what the journal holds of accounts that are not configured.
    func noteAbsent(_ state: JournalState) {
        func note(_ account: AccountID, _ change: (inout AbsentAccount) -> Void = { _ in }) {
            if desk(account) == nil { change(&absent[account, default: AbsentAccount(account: account)]) }
        }
        for (account, symbols) in state.symbols { note(account) { $0.symbols.formUnion(symbols) } }
        for order in state.orders {
            note(order.account) {
                ($0.orders, $0.unsent) = ($0.orders + 1, $0.unsent + (order.state == .intended ? 1 : 0))
                if order.state == .submitted || order.state == .inDoubt { $0.doubts[PositionKey(order.terms), default: 0] += 1 }
            }
        }
        var asked: [OrderKey: Weights.Asked] = [:]
        for command in state.commands where command.kind == .modify && command.state.isOpen && desk(command.account) == nil {
            asked[command.order] = Weights.most(asked[command.order], (command.price, command.quantity))
        }
        for desk in desks {
            for order in state.orders {
                guard self.desk(order.account) == nil, let pinned = state.identities[order.account] else { continue }
                guard pinned.venue == desk.profile.venue, pinned.mayHave(placed: order, for: desk.setup.uid) else { continue }
                desk.absentOrders += 1
                desk.absentExposures[pinned.product, default: Exposure()].add(
                    Weights.weight(of: order, executed: order.filledQuantity, asked[order.key]))
            }
        }
        for row in state.intents { note(row.account) { $0.intents += 1 } }
        for row in state.tradingStates { note(row.account) { $0.trading = row } }
        for account in unconfigured {
            notice(.unconfigured(orders: account.orders, unsent: account.unsent, intents: account.intents), of: account.account)
        }
    }

    /// Writes down what shall hold when it comes back; nothing else can be done for it now.
    ///
    /// - Returns: nil: the journal does not know the account either.
    func setState(_ state: TradingState, ofAbsent account: AccountID, reason: String, actor: Actor) -> TradingStateRow? {
        guard let known = absent[account] else { return nil }
        if let row = known.trading, row.state == state, row.reason == reason { return row }
        let row = TradingStateRow(account: account, state: state, reason: reason, actor: actor, at: now.wall)
        absent[account]?.trading = row
        notice(.tradingState(row), of: account)
        record(.tradingState(row, event(.tradingState, actor: actor, note: "\(account) \(state.rawValue): \(reason); it is not configured now")))
        return row
    }

    /// A halt of all accounts is one of those that will come back. What opens trading names them one by one: who says "all" does not see them.
    func setStateOfAbsent(_ state: TradingState, reason: String, actor: Actor) -> [TradingStateRow] {
        guard state != .active else { return [] }
        return absent.keys.sorted().compactMap { account in
            // Never opened a little: what is halted is not made reducing.
            if absent[account]?.trading?.state == .halted, state == .reducing { return nil }
            return setState(state, ofAbsent: account, reason: reason, actor: actor)
        }
    }
}
