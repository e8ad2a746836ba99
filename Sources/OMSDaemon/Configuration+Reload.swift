import OMSCore

extension Configuration {
    /// What another file comes to while the accounts of this one run: of each of them its risk, its roles and those limits that can change. All that a reload takes over.
    func reloaded(by new: Configuration) -> Configuration {
        var next = new
        next.accounts = accounts.map { account in
            guard let other = new.accounts.first(where: { $0.id == account.id }) else { return account }
            var next = account
            next.roles = other.roles
            guard account.isSamePlace(as: other) else { return next }
            let waiting = account.limitsNeedingRestart(as: other)
            next.risk = other.risk
            next.acceptedAssumptions = other.acceptedAssumptions
            next.limits = other.limits.filter { !waiting.contains($0.budget) } + account.limits.filter { waiting.contains($0.budget) }
            return next
        }
        return next
    }

    /// What a reload takes over, for the record: `KEY: BEFORE -> AFTER`. Of roles only that they differ: who has one stands in the file.
    func changesTakenOver(to new: Configuration) -> [String] {
        var changes: [String] = []
        func note<Value: Equatable>(_ key: String, _ before: Value?, _ after: Value?, _ words: (Value) -> String) {
            guard before != after else { return }
            changes.append("\(key): \(before.map(words) ?? "none") -> \(after.map(words) ?? "none")")
        }
        note("log.format", logFormat, new.logFormat) { $0.rawValue }
        note("archive.after_days", archive?.afterDays, new.archive?.afterDays) { String($0) }
        note("archive.folder", archive.map { archiveFolder($0) }, new.archive.map { new.archiveFolder($0) }) { $0 }
        if control.roles != new.control.roles { changes.append("control.roles: changed") }
        for account in accounts {
            guard let other = new.accounts.first(where: { $0.id == account.id }) else { continue }
            let key = "accounts.\(account.id)"
            if account.roles != other.roles { changes.append("\(key).roles: changed") }
            note("\(key).risk.max_order_notional", account.risk.maxOrderNotional, other.risk.maxOrderNotional) { $0.description }
            note("\(key).risk.max_open_orders", account.risk.maxOpenOrders, other.risk.maxOpenOrders) { String($0) }
            note("\(key).risk.max_open_notional", account.risk.maxOpenNotional, other.risk.maxOpenNotional) { $0.description }
            note("\(key).risk.symbols", account.risk.symbols, other.risk.symbols) { $0.map(\.text).joined(separator: " ") }
            note("\(key).risk.max_orders_per_s", account.risk.maxOrdersPerSecond, other.risk.maxOrdersPerSecond) { String($0) }
            for symbol in Set(account.risk.maxOrderQuantity.keys).union(other.risk.maxOrderQuantity.keys).sorted() {
                let (before, after) = (account.risk.maxOrderQuantity[symbol], other.risk.maxOrderQuantity[symbol])
                note("\(key).risk.max_order_quantity.\(symbol)", before, after) { $0.description }
            }
            for symbol in Set(account.risk.maxPosition.keys).union(other.risk.maxPosition.keys).sorted() {
                let (before, after) = (account.risk.maxPosition[symbol], other.risk.maxPosition[symbol])
                note("\(key).risk.max_position.\(symbol)", before, after) { "\($0.max), opening \($0.opening) since \($0.since ?? 0)" }
            }
            for symbol in Set(account.risk.priceBand.keys).union(other.risk.priceBand.keys).sorted() {
                let (before, after) = (account.risk.priceBand[symbol], other.risk.priceBand[symbol])
                note("\(key).risk.price_band.\(symbol)", before, after) { "\($0.low) to \($0.high)" }
            }
            for name in Set(account.acceptedAssumptions.keys).union(other.acceptedAssumptions.keys).sorted() {
                note("\(key).accept_assumption.\(name)", account.acceptedAssumptions[name], other.acceptedAssumptions[name]) { $0 }
            }
            let budgets = account.limits.map(\.budget) + other.limits.map(\.budget).filter { name in !account.limits.contains { $0.budget == name } }
            for budget in budgets {
                let (before, after) = (account.limits.first { $0.budget == budget }, other.limits.first { $0.budget == budget })
                note("\(key).limits.\(budget)", before?.words, after?.words) { $0 }
            }
        }
        return changes
    }
}

extension AccountConfiguration {
    /// The limits of one are not those of the other, whatever their names.
    fileprivate func isSamePlace(as other: AccountConfiguration) -> Bool { (venue, product) == (other.venue, other.product) }

    /// Limits that cannot become the other's while the account runs: they would count for somebody else, or begin or cease to count, and of what was sent so
    /// far nobody counted that.
    func limitsNeedingRestart(as other: AccountConfiguration) -> [String] {
        guard isSamePlace(as: other), let rules = (adapter?.profile).map(budgets) else { return [] }
        return rules.filter { rule in
            let (before, after) = (limits.first { $0.budget == rule.name }, other.limits.first { $0.budget == rule.name })
            if rule.isOffByDefault, (before == nil) != (after == nil) { return true }
            return (before?.scope ?? rule.scope) != (after?.scope ?? rule.scope)
        }.map(\.name)
    }
}

extension LimitConfiguration {
    /// The keys that are set, as they would stand in the file; its place there does not matter.
    fileprivate var words: String {
        let numbers: [(String, Int64?)] = [
            ("permits", permits.map { Int64($0) }), ("window_ms", windowMs), ("margin_ms", marginMs), ("share", share.map { Int64($0) }),
            ("reserve", reserve.map { Int64($0) }), ("penalty_ms", penaltyMs),
        ]
        return ((scope.map { ["scope \($0.rawValue)"] } ?? []) + numbers.compactMap { name, value in value.map { "\(name) \($0)" } })
            .joined(separator: ", ")
    }
}
