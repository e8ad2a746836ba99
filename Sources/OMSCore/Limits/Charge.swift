/// What a request costs of one of its venue's limits: the venue counts it as so many of the limit's permits.
///
/// Most venues count requests, where a charge is no more than the limit's name.
package struct Charge: Hashable, Sendable, ExpressibleByStringLiteral {
    /// As ``BudgetRule/name``.
    package let budget: String
    /// Permits that it takes, 1 or more.
    package let weight: Int
    /// Permits that one order more in the same request would take; 0: the request counts, not what it carries.
    package let perItem: Int
    /// Of which market, or family of them, where the venue counts those apart (``BudgetRule/isDivided``); else empty.
    package let part: String

    /// - Parameter weight: whatever the request carries; less than 1 counts as 1.
    package init(_ budget: String, weight: Int = 1, of part: String = "") {
        (self.budget, self.weight, self.part, perItem) = (budget, max(1, weight), part, 0)
    }

    /// The venue counts what the request carries.
    ///
    /// - Parameters:
    ///   - items: how many. A batch that is still empty is charged as one of a single item: the least that is worth waiting for.
    ///   - each: permits an item.
    ///   - part: whose items; a request that carries some of several has a charge for each.
    package init(_ budget: String, items: Int, each: Int = 1, of part: String = "") {
        (self.budget, self.part, perItem) = (budget, part, max(1, each))
        weight = max(1, items) * perItem
    }

    package init(stringLiteral budget: String) { self.init(budget) }
}

/// A charge of a budget that the ``Limiter`` has.
package struct BudgetCharge: Hashable, Sendable {
    /// Its place among the limiter's.
    package let budget: Int
    package let weight: Int
    package let perItem: Int

    package init(budget: Int, weight: Int = 1, perItem: Int = 0) { (self.budget, self.weight, self.perItem) = (budget, weight, perItem) }
    package init(budget: Int, _ charge: Charge) { self.init(budget: budget, weight: charge.weight, perItem: charge.perItem) }

    /// One for each budget: where several name the same, it takes all that they say.
    static func together(_ charges: [BudgetCharge]) -> [BudgetCharge] {
        var together: [BudgetCharge] = []
        together.reserveCapacity(charges.count)
        for charge in charges {
            guard let index = together.firstIndex(where: { $0.budget == charge.budget }) else {
                together.append(charge)
                continue
            }
            let other = together[index]
            together[index] = BudgetCharge(budget: charge.budget, weight: other.weight + charge.weight, perItem: other.perItem + charge.perItem)
        }
        return together
    }
}
