import Containers

/// Permits in the hands of other programs of this host (`limit.take`).
struct GrantDesk {
    struct Grant {
        let id: Int64
        let connection: UInt64
        let grips: [PermitGrip]
        let expiresAt: Int64
        let holdUs: Int64
    }
    struct Wish {
        let ticket: Ticket
        let account: Int
        let budget: Int
        let permits: Int
        let holdMs: Int64
    }
    var grants: [Int64: Grant] = [:]
    var wishes = Deque<Wish>()
    /// Budgets whose last permit went to a place although a wish waits: the wish is next. Elsewhere a place that waits is.
    var wishIsNext: Set<Int> = []

    func waits(for budget: Int) -> Bool { wishes.elements.contains { $0.budget == budget } }
}

extension Engine {
    func takeGrant(_ account: AccountID, budget name: String, permits: Int, holdMs: Int64, ticket: Ticket) {
        guard let desk = desk(account) else { return fail(.unknownAccount(account), to: ticket) }
        guard let index = desk.budgets[name] else {
            return fail(.invalidParams("budget \(name) is none of \(account): \(desk.budgets.keys.sorted().joined(separator: ", "))"), to: ticket)
        }
        let share = limiter.budgets[index].share
        guard (1...share).contains(permits) else {
            return fail(.invalidParams("permits \(permits): this daemon may use 1 to \(share) of \(name) at once"), to: ticket)
        }
        grants.wishes.append(.init(ticket: ticket, account: desk.index, budget: index, permits: permits, holdMs: holdMs))
    }

    /// Serves wishes in the order asked, in the place lane, and ends grants that were held too long.
    func serveGrants() {
        for grant in grants.grants.values.sorted(by: { $0.id < $1.id }) {
            if grant.expiresAt <= now.monotonic { abandonGrant(grant) } else { wake(at: grant.expiresAt) }
        }
        var waiting: [GrantDesk.Wish] = []
        var blocked: Set<Int> = []
        while let wish = grants.wishes.popFirst() {
            // The reserve is for our own cancels, unless a wish could never be served without it.
            let budget = limiter.budgets[wish.budget]
            let needsReserve = wish.permits > budget.share - budget.reserve
            let usable = limiter.available(wish.budget, at: now.monotonic, usesReserve: needsReserve)
            let isPlacesTurn = !grants.wishIsNext.contains(wish.budget) && placeWaits(for: wish.budget)
            guard !blocked.contains(wish.budget), !isPlacesTurn, usable >= wish.permits else {
                blocked.insert(wish.budget)
                if let next = limiter.budgets[wish.budget].nextChance(at: now.monotonic) { wake(at: max(next, now.monotonic + 1)) }
                waiting.append(wish)
                continue
            }
            requestMax += 1
            let id = requestMax
            var grips: [PermitGrip] = []
            for _ in 0..<wish.permits {
                let taken = limiter.take([wish.budget], by: RequestID(id), at: now.monotonic)
                grips += taken.grips
                for row in taken.rows { record(.permit(row)) }
            }
            grants.wishIsNext.remove(wish.budget)
            limiter.served([wish.budget], place: false, whilePlaceWaits: !desks[wish.account].places.isEmpty)
            let expiresAt = now.monotonic + .milliseconds(wish.holdMs)
            grants.grants[id] = .init(
                id: id, connection: wish.ticket.connection, grips: grips, expiresAt: expiresAt,
                holdUs: .milliseconds(desks[wish.account].setup.holdUnansweredMs))
            wake(at: expiresAt)
            reply(.granted(permitID: id, at: now.wall), to: wish.ticket)
        }
        grants.wishes.prepend(waiting)
    }

    /// Whether a place may go and waits for a permit of this budget.
    private func placeWaits(for budget: Int) -> Bool {
        desks.contains { desk in
            guard !desk.places.isEmpty, desk.trading.state == .active, desk.hasRoom, now.monotonic >= desk.backoffUntil,
                mayPlace(desk)
            else { return false }
            return placeIndexes(desk).contains(budget)
        }
    }

    func placeIndexes(_ desk: Desk) -> [Int] {
        indexes(of: desk.profile.mixesPlaceAndCancel ? .mixed(place: [], cancel: [], placeFirst: false) : .place([], isSingle: false), on: desk)
    }

    func releaseGrant(_ id: Int64, ticket: Ticket) {
        guard let grant = grants.grants[id], grant.connection == ticket.connection else {
            return fail(.invalidParams("permit_id \(id) is not held by this connection"), to: ticket)
        }
        grants.grants[id] = nil
        for row in limiter.release(grant.grips, readAt: now.monotonic, at: now.monotonic) { record(.permit(row)) }
        reply(.released(permitID: id), to: ticket)
    }

    /// The holder's requests count as unanswered from now on.
    private func abandonGrant(_ grant: GrantDesk.Grant) {
        grants.grants[grant.id] = nil
        for row in limiter.abandon(grant.grips, resetAt: now.monotonic, holdUs: grant.holdUs, at: now.monotonic) { record(.permit(row)) }
    }

    func endGrants(of connection: UInt64) {
        grants.wishes.removeAll { $0.ticket.connection == connection }
        for grant in grants.grants.values.filter({ $0.connection == connection }).sorted(by: { $0.id < $1.id }) { abandonGrant(grant) }
    }
}
