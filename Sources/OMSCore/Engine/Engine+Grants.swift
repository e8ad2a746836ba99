/// What other programs of this host ask of the limits: the ``Limiter`` grants it, here is what it needs to know of accounts.
extension Engine {
    func takeGrant(_ account: AccountID, budget name: String, permits: Int, holdMs: Int64, ticket: Ticket) {
        guard let desk = desk(account) else { return fail(.unknownAccount(account), to: ticket) }
        guard let index = desk.budgets[name] ?? partBudget(name, on: desk) else {
            return fail(.invalidParams("budget \(name) is none of \(account): \(desk.budgets.keys.sorted().joined(separator: ", "))"), to: ticket)
        }
        guard name != Query.countdown(seconds: 0).name else {
            return fail(.invalidParams("\(name) is not lent: the venue's countdown would run out, and all orders of its user with it"), to: ticket)
        }
        let keepsReserve = isOfCountdown(index)
        let most = limiter.mostLent(of: index, keepsReserve: keepsReserve)
        guard permits >= 1, permits <= most else {
            return fail(.invalidParams("permits \(permits): this daemon may use 1 to \(most) of \(name) at once"), to: ticket)
        }
        limiter.grants.want(
            Grants.Wish(
                ticket: ticket, account: desk.index, budget: index, permits: permits, holdMs: holdMs, holdUnansweredMs: desk.setup.holdUnansweredMs,
                keepsReserve: keepsReserve))
    }

    /// What the venue's countdown is charged for, too: of its reserve nothing is lent, or the countdown runs out and all orders of its user with it.
    private func isOfCountdown(_ budget: Int) -> Bool {
        desks.contains { desk in
            desk.countdownKeeper != nil && charges(of: .query(.countdown(seconds: 0)), on: desk).contains { $0.budget == budget }
        }
    }

    /// A market's own part of a limit, which no request of ours was charged for as yet.
    private func partBudget(_ name: String, on desk: Desk) -> Int? {
        guard let rule = desk.profile.budgets.first(where: { $0.name != name && $0.covers(name) }) else { return nil }
        let part = String(name.dropFirst(rule.name.count + 1))
        return desk.isKnown(Symbol(part)) ? budget(of: Charge(rule.name, of: part), on: desk) : nil
    }

    func serveGrants() {
        limiter.serveGrants(in: turn, placeWaits: { placeWaits(for: $0) }, hasPlaces: { hasPlaces(with: desks[$0]) })
    }

    /// Whether new orders wait, of this account or of others of its user, which share limits.
    func hasPlaces(with desk: Desk) -> Bool { desks.contains { $0.isOfUser(of: desk) && $0.lanes.hasPlaces } }

    /// Whether a place may go and waits for a permit of this budget.
    private func placeWaits(for budget: Int) -> Bool {
        desks.contains { desk in
            guard desk.lanes.hasPlaces, desk.trading.state == .active, desk.hasRoom, now.monotonic >= desk.access.reach.backoffUntil,
                mayPlace(desk)
            else { return false }
            return placeCharges(desk).contains { $0.budget == budget }
        }
    }

    func placeCharges(_ desk: Desk) -> [BudgetCharge] {
        charges(of: desk.profile.mixesPlaceAndCancel ? .mixed(place: [], cancel: [], placeFirst: false) : .place([], isSingle: false), on: desk)
    }

    func releaseGrant(_ id: Int64, ticket: Ticket) {
        guard limiter.releaseGrant(id, of: ticket.connection, in: turn) else {
            return fail(.invalidParams("permit_id \(id) is not held by this connection"), to: ticket)
        }
        reply(.released(permitID: id), to: ticket)
    }
}
