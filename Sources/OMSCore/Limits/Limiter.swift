/// What one request holds of a budget: the row of its permits.
package struct PermitGrip: Hashable, Sendable {
    let budget: Int
    let slot: Int
    package init(budget: Int, slot: Int) { (self.budget, self.slot) = (budget, slot) }
}

/// All budgets of all accounts, and what other programs hold of them (``Grants``). Accounts with the same venue and uid (or key, or family of hosts) share
/// theirs.
///
/// The owner of permits: whatever it takes, frees or believes is on record with the turn in which it does.
package struct Limiter: Sendable {
    package private(set) var budgets: [Budget] = []
    private var indexByKey: [String: Int] = [:]
    /// What a start took over, and how long what was unanswered then may still arrive.
    private var former = LimitInheritance.none
    private var holdUnansweredUs: Int64 = 0
    /// Former rows without an owner, whose rests others took over.
    package private(set) var supersededRests: Set<Int64> = []
    /// Permits in the hands of other programs, and who waits for some.
    var grants = Grants()
    /// Who saves up for more permits than are free.
    private var claims = Claims()

    /// What all accounts that share a limit say of it, together; by what makes it one.
    private var agreed: [String: LimitTerms] = [:]

    package init() {}

    /// What the accounts' configurations say of their limits: of one that several share the strictest holds, whoever comes first. Said before any is
    /// registered, and anew with each reload.
    mutating func agree(on accounts: [(owner: BudgetOwner, settings: [LimitSetting])]) {
        agreed = [:]
        for (owner, settings) in accounts {
            for rule in owner.profile.budgets {
                let setting = settings.first { $0.budget == rule.name }
                if rule.isOffByDefault, setting == nil { continue }
                let terms = LimitTerms(rule, setting)
                let key = owner.key(rule.name, terms.scope)
                agreed[key] = agreed[key]?.strictest(with: terms) ?? terms
            }
        }
    }

    private func terms(of rule: BudgetRule, _ owner: BudgetOwner?, _ setting: LimitSetting?) -> LimitTerms {
        let own = LimitTerms(rule, setting)
        guard let owner else { return own }
        return agreed[owner.key(rule.name, own.scope)] ?? own
    }

    /// Adds an account's budgets, or finds those that it shares. Returns their indexes by name.
    ///
    /// - Parameter former: what earlier runs left, in this boot's time.
    mutating func register(
        _ holder: BudgetOwner, settings: [LimitSetting], holdUnansweredUs: Int64, from former: LimitInheritance, in turn: Turn
    ) -> [String: Int] {
        (self.former, self.holdUnansweredUs) = (former, holdUnansweredUs)
        var indexes: [String: Int] = [:]
        for rule in holder.profile.budgets {
            let setting = settings.first { $0.budget == rule.name }
            if rule.isOffByDefault, setting == nil { continue }
            // Of what the venue counts apart: the parts that former runs knew of. Others follow when they are first charged for.
            let names = rule.isDivided ? Set(former.budgets.map(\.name).filter(rule.covers)).sorted() : [rule.name]
            for name in names { indexes[name] = register(name, of: rule, holder, setting, in: turn) }
        }
        return indexes
    }

    /// Adds one of an account's budgets, or finds it.
    ///
    /// - Parameter name: the rule's, or that of a part of it.
    mutating func register(_ name: String, of rule: BudgetRule, _ holder: BudgetOwner, _ setting: LimitSetting?, in turn: Turn) -> Int {
        let terms = terms(of: rule, holder, setting)
        let scope = terms.scope
        let key = holder.key(rule.name, scope, part: name)
        if let index = indexByKey[key] { return index }
        let venue = holder.venue(scope, of: rule.name)
        func row(_ id: Int64, learned: Int? = nil) -> BudgetRow {
            BudgetRow(
                id: id, venue: venue, owner: holder.name(scope), name: name, scope: scope, permits: terms.permits, windowMs: terms.windowMs,
                shape: terms.shape, learned: learned)
        }
        let rows = former.former(of: row(0))
        let known = rows.first { BudgetOwner.isSame($0, row(0)) && $0.venue == venue && $0.permits == terms.permits }
        let new = row(known?.id ?? (former.budgets.map(\.id) + budgets.map(\.row.id)).max().map { $0 + 1 } ?? 1, learned: known?.learned)
        if known != new { turn.record(.budget(new)) }
        var budget = Budget(row: new, terms)
        // A limit whose number or owner changed keeps holding what its former rows held, all of them at once.
        budget.inherit(rows.flatMap { former.permits[$0.id] ?? [] }, unansweredHoldUs: holdUnansweredUs, at: turn.now.monotonic)
        for rest in rows.compactMap({ former.rests[$0.id] }) {
            budget.inherit(rest)
            if rest.budget != new.id { supersededRests.insert(rest.budget) }
        }
        budgets.append(budget)
        indexByKey[key] = budgets.count - 1
        return budgets.count - 1
    }

    /// What the venue's clock shows, as the account knows it that asks next; nil: it does not. Of use to budgets of calendar windows.
    mutating func tell(_ clock: VenueClock?, to indexes: some Sequence<Int>) {
        for index in indexes where budgets[index].row.shape != .sliding { budgets[index].tell(clock) }
    }

    /// Takes all that is free as if it had been sent and lost just now.
    mutating func holdAll(unansweredHoldUs: Int64, in turn: Turn) {
        for index in budgets.indices {
            if let row = budgets[index].holdAll(unansweredHoldUs: unansweredHoldUs, at: turn.now.monotonic) { turn.record(.permit(row)) }
        }
    }

    /// Whether all of these can be taken now, together.
    package mutating func canTake(_ charges: [BudgetCharge], at now: Int64, usesReserve: Bool) -> Bool {
        for charge in charges where budgets[charge.budget].available(at: now, usesReserve: usesReserve) < charge.weight { return false }
        return true
    }

    /// The same for a request that is to leave: nobody who comes before it saves up for what it would take, and where it takes more than is free, it is
    /// who saves up.
    mutating func mayTake(_ charges: [BudgetCharge], as name: Claims.Name, at now: Int64, usesReserve: Bool) -> Bool {
        let isFree = canTake(charges, at: now, usesReserve: usesReserve)
        if isFree, claims.isEmpty { return true }
        let isBarred = claims.bar(charges, of: name)
        if isFree, !isBarred {
            claims.end(charges, of: name)
            return true
        }
        // Who takes one permit has it with the next one that is free, as long as nobody bars the way.
        if charges.contains(where: { $0.weight > 1 }) {
            var lacking: [Int] = []
            for charge in charges where budgets[charge.budget].available(at: now, usesReserve: usesReserve) < charge.weight {
                lacking.append(charge.budget)
            }
            claims.want(charges, lacking: lacking, as: name)
        }
        return false
    }

    /// The earliest moment worth asking `canTake` again: when the last of the budgets that refuse now may have a permit. nil: an answer must come first.
    package mutating func nextChance(_ charges: [BudgetCharge], at now: Int64, usesReserve: Bool) -> Int64? {
        var latest = now + 1
        for charge in charges where budgets[charge.budget].available(at: now, usesReserve: usesReserve) < charge.weight {
            guard let next = budgets[charge.budget].nextChance(at: now) else { return nil }
            latest = max(latest, next)
        }
        return latest
    }

    /// How many items the request could carry at most that has these charges with one of them; only after `canTake`.
    package mutating func most(_ charges: [BudgetCharge], at now: Int64, usesReserve: Bool) -> Int {
        var most = Int.max
        for charge in charges where charge.perItem > 0 {
            let rest = budgets[charge.budget].available(at: now, usesReserve: usesReserve) - charge.weight
            most = min(most, 1 + max(0, rest) / charge.perItem)
        }
        return most
    }

    /// Permits of one budget that could be taken now.
    package mutating func available(_ index: Int, at now: Int64, usesReserve: Bool) -> Int {
        budgets[index].available(at: now, usesReserve: usesReserve)
    }

    /// Permits out or cooling of one budget.
    package mutating func inUse(_ index: Int, at now: Int64) -> Int { budgets[index].inUse(at: now) }

    /// Takes all of these; only after `canTake`.
    mutating func take(_ charges: [BudgetCharge], by request: RequestID, in turn: Turn) -> [PermitGrip] {
        var grips: [PermitGrip] = []
        grips.reserveCapacity(charges.count)
        for charge in charges {
            let row = budgets[charge.budget].take(charge.weight, by: request, at: turn.now.monotonic)
            turn.record(.permit(row))
            grips.append(PermitGrip(budget: charge.budget, slot: row.slot))
        }
        return grips
    }

    /// The same as rows name it.
    func permits(of charges: [BudgetCharge]) -> [PermitCount] {
        charges.map { PermitCount(budget: budgets[$0.budget].row.id, count: $0.weight) }
    }

    /// Frees permits whose request was answered (`readAt`) or never sent (nil).
    mutating func release(_ grips: [PermitGrip], readAt: Int64?, in turn: Turn) {
        for grip in grips {
            let (gathered, row) = budgets[grip.budget].release(slot: grip.slot, readAt: readAt, at: turn.now.monotonic)
            if let gathered { turn.record(.permit(gathered)) }
            turn.record(.permit(row))
        }
    }

    /// Keeps permits whose request got no answer for the longer time.
    mutating func abandon(_ grips: [PermitGrip], resetAt: Int64, holdUs: Int64, in turn: Turn) {
        for grip in grips {
            turn.record(.permit(budgets[grip.budget].abandon(slot: grip.slot, resetAt: resetAt, holdUs: holdUs, at: turn.now.monotonic)))
        }
    }

    /// The venue's word on a limit that a request was charged for.
    ///
    /// - Returns: the budget, where the venue now says another number of permits for it.
    mutating func believe(_ word: LimitWord, of grips: [PermitGrip], in turn: Turn) -> BudgetRow? {
        guard let grip = word.budget.map({ name in grips.first { budgets[$0.budget].row.name == name } }) ?? grips.first else { return nil }
        let before = budgets[grip.budget].row
        if let permits = word.permits, permits > 0 { budgets[grip.budget].learn(permits) }
        let all = budgets[grip.budget].row.learned ?? budgets[grip.budget].row.permits
        let used = word.used.map { max(0, all - max(0, $0)) }
        if let remaining = [word.remaining, used].compactMap({ $0 }).min(),
            let row = budgets[grip.budget].believe(remaining: remaining, at: turn.now.monotonic)
        {
            turn.record(.permit(row))
        }
        let row = budgets[grip.budget].row
        guard row != before else { return nil }
        turn.record(.budget(row))
        return row
    }

    /// Whether the share of one of these budgets is cut since a 429.
    package func isPunished(_ indexes: some Sequence<Int>) -> Bool { indexes.contains { budgets[$0].isPunished } }

    /// The venue refused a request for the rate, and does not say for which limit: the one with the shortest window rests, and any other that was nearly
    /// used up. A limit of thousands a minute that is hardly touched is not what was passed, and resting it would hold up cancels for that minute.
    ///
    /// - Parameters:
    ///   - keepsShare: it rests, and may use as much as before then: the venue did not speak of the rate.
    ///   - isShutOut: the address was shut out: whatever counts by address was passed, too. It comes back slowly, and rests no longer than the shut-out: a
    ///     window of minutes behind it would hold up cancels that may leave.
    package mutating func punish(_ grips: [PermitGrip], retryAfterUs: Int64?, keepsShare: Bool = false, isShutOut: Bool = false, at now: Moment) {
        guard let narrowest = grips.min(by: { budgets[$0.budget].windowUs < budgets[$1.budget].windowUs }) else { return }
        for grip in grips {
            let isFull = budgets[grip.budget].inUse(at: now.monotonic) * 10 >= budgets[grip.budget].share * 9
            let isOfAddress = isShutOut && budgets[grip.budget].row.scope == .ip
            let rests = grip == narrowest || isFull
            if rests || isOfAddress { budgets[grip.budget].punish(retryAfterUs: retryAfterUs, keepsShare: keepsShare, rests: rests, at: now) }
        }
    }

    /// Items of a request were refused for the rate though the request was not: those limits rest that count items.
    mutating func punishItems(_ grips: [PermitGrip], _ charges: [BudgetCharge], at now: Moment) {
        let counting = Set(charges.lazy.filter { $0.perItem > 0 }.map(\.budget))
        punish(grips.filter { counting.contains($0.budget) }, retryAfterUs: nil, at: now)
    }

    /// When what repeats itself may take of each.
    package func nextRepeat(_ charges: [BudgetCharge]) -> Int64 { charges.lazy.map { budgets[$0.budget].nextRepeatAt }.max() ?? .min }

    /// How many items a request of what repeats itself could carry at most that has these charges with one of them: what is new finds room beside it.
    package func mostRepeated(_ charges: [BudgetCharge]) -> Int {
        charges.lazy.filter { $0.perItem > 0 }.map { 1 + max(0, budgets[$0.budget].repeatMost - $0.weight) / $0.perItem }.min() ?? .max
    }

    /// Permits of one budget that an item of what repeats itself finds there now.
    mutating func repeatable(_ charge: BudgetCharge, at now: Int64, usesReserve: Bool) -> Int {
        guard now >= budgets[charge.budget].nextRepeatAt else { return 0 }
        return min(available(charge.budget, at: now, usesReserve: usesReserve), max(charge.weight, budgets[charge.budget].repeatMost))
    }

    /// - Parameter charges: of what left, not of a request with one item.
    package mutating func repeated(_ charges: [BudgetCharge], at now: Int64) {
        for charge in charges { budgets[charge.budget].repeated(charge.weight, at: now) }
    }

    package mutating func served(_ charges: [BudgetCharge], place: Bool, whilePlaceWaits: Bool) {
        for charge in charges { budgets[charge.budget].served(place: place, whilePlaceWaits: whilePlaceWaits) }
    }

    package mutating func recover(at now: Int64) {
        for index in budgets.indices where budgets[index].isPunished { budgets[index].recover(at: now) }
    }

    /// When the next share grows; nil: all are whole.
    package var nextRecoveryAt: Int64? { budgets.lazy.filter(\.isPunished).map(\.nextRecoveryAt).min() }

    /// At a turn's end: rests of budgets that are not on record as they are now; who saved up and asked no more does so no longer.
    mutating func endTurn(_ turn: Turn) {
        if !claims.isEmpty, claims.lapse() { turn.wake(at: turn.now.monotonic) }
        for index in budgets.indices { if let rest = budgets[index].takeNews() { turn.record(.budgetRest(rest)) } }
    }

    /// At a start: what earlier runs left of rests. Those under a former name of their owner end: the present ones go on with them. Of another boot's clock
    /// all are written in this one's, so that the next start does not read that boot's times as its own.
    ///
    /// - Parameter rests: in this boot's time, as they were inherited.
    func record(_ rests: [BudgetRest], ofOtherBoot isOtherBoot: Bool, in turn: Turn) {
        for rest in rests where supersededRests.contains(rest.budget) { turn.record(.budgetRest(rest.ended)) }
        guard isOtherBoot else { return }
        for rest in rests where !supersededRests.contains(rest.budget) { turn.record(.budgetRest(rest)) }
    }

    /// Takes over what another limiter over the same accounts knows of refusals: it heard of them in a turn that was never written.
    package mutating func heed(_ other: Limiter) {
        for (key, index) in indexByKey {
            guard let theirs = other.indexByKey[key] else { continue }
            budgets[index].inherit(other.budgets[theirs].rest, isOnRecord: false)
        }
    }

    /// New settings of one account's budget after a reload.
    ///
    /// - Parameter owner: nil: nobody shares it.
    mutating func adjust(_ index: Int, of owner: BudgetOwner? = nil, to setting: LimitSetting?, rule: BudgetRule, in turn: Turn) {
        let before = budgets[index].row
        budgets[index].adjust(terms(of: rule, owner, setting))
        if budgets[index].row != before { turn.record(.budget(budgets[index].row)) }
    }
}
