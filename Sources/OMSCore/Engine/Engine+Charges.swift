/// What requests cost of their venue's limits, asked of the ``Limiter`` in the words of its budgets.
extension Engine {
    func charges(of content: RequestPlan.Content, on desk: Desk) -> [BudgetCharge] {
        charges(desk.rules.charges(of: content), on: desk)
    }

    func charges(_ charges: [Charge], on desk: Desk) -> [BudgetCharge] {
        BudgetCharge.together(charges.compactMap { charge in budget(of: charge, on: desk).map { BudgetCharge(budget: $0, charge) } })
    }

    /// nil: a limit that is off.
    func budget(of charge: Charge, on desk: Desk) -> Int? {
        guard !charge.part.isEmpty else { return desk.budgets[charge.budget] }
        guard let rule = desk.profile.budgets.first(where: { $0.name == charge.budget }) else { return nil }
        let name = rule.name(of: charge.part)
        if let index = desk.budgets[name] { return index }
        let setting = desk.setup.limits.first { $0.budget == rule.name }
        guard !rule.isOffByDefault || setting != nil else { return nil }
        let index = limiter.register(name, of: rule, BudgetOwner(desk.setup), setting, in: turn)
        desk.budgets[name] = index
        return index
    }

    /// Whether an item finds room in a batch that is being made up, where the venue counts markets apart; then it takes it.
    ///
    /// - Parameters:
    ///   - item: a request with it alone.
    ///   - room: what the batch leaves of each part that it takes of.
    ///   - isAgain: it repeats itself.
    func hasRoom(for item: RequestPlan.Content, in room: inout [Int: Int], usesReserve: Bool, isAgain: Bool = false, on desk: Desk) -> Bool {
        // What the request costs as such shows when it is made up (``leavable(_:usesReserve:on:)``).
        let charges = desk.rules.charges(of: item).filter { !$0.part.isEmpty && $0.perItem > 0 }
        let taken = self.charges(charges, on: desk)
        func whole(_ charge: BudgetCharge) -> Int {
            isAgain
                ? limiter.repeatable(charge, at: now.monotonic, usesReserve: usesReserve)
                : limiter.available(charge.budget, at: now.monotonic, usesReserve: usesReserve)
        }
        for charge in taken where room[charge.budget] == nil { room[charge.budget] = whole(charge) }
        if let full = taken.first(where: { room[$0.budget, default: 0] < $0.weight }) {
            // Those in front of it in the batch may stay as well: what it waits for is a permit beside theirs, and not what is there already.
            let beside = BudgetCharge(budget: full.budget, weight: whole(full) - room[full.budget, default: 0] + full.weight)
            if !isAgain || mayRepeat([full]) { _ = canTake([beside], usesReserve: usesReserve) }
            return false
        }
        for charge in taken { room[charge.budget, default: 0] -= charge.weight }
        return true
    }

    /// What of a batch may leave now, and what must wait: where the venue counts markets apart, those items whose market's limit has no room for them as they
    /// stand in it. (A market's only order may cost what two of it do not.)
    func leavable(
        _ content: RequestPlan.Content, usesReserve: Bool, on desk: Desk
    ) -> (now: RequestPlan.Content?, later: RequestPlan.Content?) {
        guard desk.hasDividedBudgets else { return (nil, content) }
        /// Takes out, over and over, what too few permits are there for; nil: nothing is left.
        func rest<Ticket>(_ tickets: [Ticket], _ content: ([Ticket]) -> RequestPlan.Content) -> (now: [Ticket], later: [Ticket]) {
            var (now, later): ([Ticket], [Ticket]) = (tickets, [])
            while !now.isEmpty {
                let short = Set(lacking(desk.rules.charges(of: content(now)), usesReserve: usesReserve, on: desk))
                guard !short.isEmpty else { break }
                func isHeld(_ ticket: Ticket) -> Bool {
                    desk.rules.charges(of: content([ticket])).contains { !$0.part.isEmpty && short.contains($0.part) }
                }
                let held = now.filter(isHeld)
                // It lacks something that is no market's.
                guard !held.isEmpty else { return ([], tickets) }
                (now, later) = (now.filter { !isHeld($0) }, later + held)
            }
            return (now, later)
        }
        func parts<Ticket>(
            _ tickets: [Ticket], _ content: ([Ticket]) -> RequestPlan.Content
        ) -> (now: RequestPlan.Content?, later: RequestPlan.Content?) {
            let (now, later) = rest(tickets, content)
            return (now.isEmpty ? nil : content(now), later.isEmpty ? nil : content(later))
        }
        return switch content {
        case .place(let tickets, let isSingle): parts(tickets) { .place($0, isSingle: isSingle) }
        case .cancel(let tickets): parts(tickets) { .cancel($0) }
        case .modify(let tickets): parts(tickets) { .modify($0) }
        case .mixed, .query: (nil, content)
        }
    }

    /// The markets whose limits have too few permits for these charges; an empty name for a limit of all.
    private func lacking(_ charges: [Charge], usesReserve: Bool, on desk: Desk) -> [String] {
        charges.compactMap { charge in
            guard let index = budget(of: charge, on: desk) else { return nil }
            return limiter.available(index, at: now.monotonic, usesReserve: usesReserve) < charge.weight ? charge.part : nil
        }
    }

    /// How long a question would wait for a permit of what its venue counts apart, microseconds; nil: it need not.
    ///
    /// - Parameter isWhole: for a permit of anything that it charges.
    func awaitsPart(_ question: RequestPlan.Content, isWhole: Bool = false, usesReserve: Bool, on desk: Desk) -> Int64? {
        guard desk.hasDividedBudgets || isWhole else { return nil }
        let charges = charges(desk.rules.charges(of: question).filter { isWhole || !$0.part.isEmpty }, on: desk)
        guard !limiter.canTake(charges, at: now.monotonic, usesReserve: usesReserve) else { return nil }
        // nil: an answer must come first.
        return limiter.nextChance(charges, at: now.monotonic, usesReserve: usesReserve).map { max(1, $0 - now.monotonic) } ?? .milliseconds(50)
    }

    /// Whether all of these are there; else asks to be called when they may be.
    func canTake(_ charges: [BudgetCharge], usesReserve: Bool) -> Bool {
        if limiter.canTake(charges, at: now.monotonic, usesReserve: usesReserve) { return true }
        awaitPermits(charges, usesReserve: usesReserve)
        return false
    }

    /// The same for a request that is to leave now: what it waits for in vain it saves up (``Claims``).
    func mayTake(_ charges: [BudgetCharge], as urgency: Claims.Urgency, on desk: Desk, usesReserve: Bool) -> Bool {
        let name = Claims.Name(account: desk.index, urgency: urgency)
        if limiter.mayTake(charges, as: name, at: now.monotonic, usesReserve: usesReserve) { return true }
        // Who has permits enough and is barred is called when the one who bars it has left (``Limiter/endTurn(_:)``).
        _ = canTake(charges, usesReserve: usesReserve)
        return false
    }

    private func awaitPermits(_ charges: [BudgetCharge], usesReserve: Bool) {
        if let next = limiter.nextChance(charges, at: now.monotonic, usesReserve: usesReserve) { wake(at: next) }
    }

    /// So many items at most, and no more than the limits that count them leave room for; only after `mayTake`.
    func most(_ items: Int, _ charges: [BudgetCharge], usesReserve: Bool) -> Int {
        min(items, limiter.most(charges, at: now.monotonic, usesReserve: usesReserve))
    }

    /// Books what repeats itself, once it is on its way.
    func repeated(_ content: RequestPlan.Content, on desk: Desk) { limiter.repeated(charges(of: content, on: desk), at: now.monotonic) }
}
