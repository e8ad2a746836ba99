import OMSCore

extension Configuration {
    /// What a reload takes over, for the record: `KEY: BEFORE -> AFTER`. Of roles only that they differ: who has one stands in the file.
    func changesTakenOver(to new: Configuration) -> [String] {
        var changes: [String] = []
        func note<Value: Equatable>(_ key: String, _ before: Value?, _ after: Value?, _ words: (Value) -> String) {
            guard before != after else { return }
            changes.append("\(key): \(before.map(words) ?? "none") -> \(after.map(words) ?? "none")")
        }
        note("log.format", logFormat, new.logFormat) { $0.rawValue }
        if control.roles != new.control.roles { changes.append("control.roles: changed") }
        for account in accounts {
            guard let other = new.accounts.first(where: { $0.id == account.id }) else { continue }
            let key = "accounts.\(account.id)"
            note("\(key).risk.max_order_notional", account.risk.maxOrderNotional, other.risk.maxOrderNotional) { $0.description }
            note("\(key).risk.max_open_orders", account.risk.maxOpenOrders, other.risk.maxOpenOrders) { String($0) }
            note("\(key).risk.symbols", account.risk.symbols, other.risk.symbols) { $0.map(\.text).joined(separator: " ") }
            let budgets = account.limits.map(\.budget) + other.limits.map(\.budget).filter { name in !account.limits.contains { $0.budget == name } }
            for budget in budgets {
                let (before, after) = (account.limits.first { $0.budget == budget }, other.limits.first { $0.budget == budget })
                note("\(key).limits.\(budget)", before?.words, after?.words) { $0 }
            }
        }
        return changes
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
