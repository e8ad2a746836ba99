import Containers

/// Permits in the hands of other programs of this host (`limit.take`), and who waits for some. Part of the ``Limiter``: what a grant takes and frees is on
/// record as any permit.
struct Grants: Sendable {
    fileprivate struct Grant {
        let id: Int64
        let connection: UInt64
        let grips: [PermitGrip]
        let expiresAt: Int64
        let holdUs: Int64
    }

    /// Asked for, and not granted yet.
    struct Wish {
        let ticket: Ticket
        /// Of which account, as the engine counts them.
        let account: Int
        let budget: Int
        let permits: Int
        /// How long its holder keeps them at most; and how long what they did may still arrive, once nobody answers for it.
        let holdMs: Int64
        let holdUnansweredMs: Int64
        /// The reserve is for what no other program may hold up.
        var keepsReserve = false
        /// A refusal for the rate left the budget a smaller share than it asks for: it stands in nobody's way until that has grown back.
        var outgrowsShare = false
    }

    fileprivate var held: [Int64: Grant] = [:]
    fileprivate var wishes = Deque<Wish>()
    /// Budgets whose last permit went to a place although a wish waits: the wish is next. Elsewhere a place that waits is.
    fileprivate var wishIsNext: Set<Int> = []

    /// Who waits.
    var waiting: [Ticket] { wishes.elements.map(\.ticket) }

    mutating func want(_ wish: Wish) { wishes.append(wish) }

    /// Takes out what a connection waits for of an account.
    mutating func giveUp(on connection: UInt64, account: Int) -> [Ticket] {
        func isGiven(_ wish: Wish) -> Bool { wish.ticket.connection == connection && wish.account == account }
        let given = wishes.elements.filter(isGiven).map(\.ticket)
        wishes.removeAll(where: isGiven)
        return given
    }

    // MARK: Turns with places

    /// Those of these budgets that a wish waits for.
    func wanted(of charges: @autoclosure () -> [BudgetCharge]) -> [Int] {
        guard !wishes.isEmpty else { return [] }
        return charges().map(\.budget).filter { index in wishes.elements.contains { $0.budget == index && !$0.outgrowsShare } }
    }

    /// Whether the next permit of one of these is a wish's.
    func areNext(for wanted: [Int]) -> Bool { !wishIsNext.isDisjoint(with: wanted) }

    /// A place took a permit of these, and of each a wish waits for.
    mutating func passedOver(for wanted: [Int]) { wishIsNext.formUnion(wanted) }
}

extension Limiter {
    /// Serves wishes in the order asked, in the place lane, and ends grants that were held too long. Asks to be called when either may be due.
    ///
    /// - Parameters:
    ///   - placeWaits: whether a place may go and waits for a permit of this budget.
    ///   - hasPlaces: whether this account has places that wait.
    mutating func serveGrants(in turn: Turn, placeWaits: (_ budget: Int) -> Bool, hasPlaces: (_ account: Int) -> Bool) {
        let now = turn.now.monotonic
        for grant in grants.held.values.sorted(by: { $0.id < $1.id }) {
            if grant.expiresAt <= now { abandon(grant, in: turn) } else { turn.wake(at: grant.expiresAt) }
        }
        var waiting: [Grants.Wish] = []
        var blocked: Set<Int> = []
        while var wish = grants.wishes.popFirst() {
            let most = mostLent(of: wish.budget, keepsReserve: wish.keepsReserve)
            guard wish.permits <= most else {
                grants.wishIsNext.remove(wish.budget)
                let words = "this daemon may use \(most) at once since its configuration was read again"
                turn.reply(.failure(.invalidParams("permits \(wish.permits): \(words)")), to: wish.ticket)
                continue
            }
            wish.outgrowsShare = wish.permits > budgets[wish.budget].usableShare
            guard !wish.outgrowsShare else {
                grants.wishIsNext.remove(wish.budget)
                turn.wake(at: max(budgets[wish.budget].nextRecoveryAt, now + 1))
                waiting.append(wish)
                continue
            }
            // The reserve is for our own cancels, unless a wish could never be served without it.
            let needsReserve = wish.permits > budgets[wish.budget].share - budgets[wish.budget].reserve
            let charge = BudgetCharge(budget: wish.budget, weight: wish.permits)
            let isPlacesTurn = !grants.wishIsNext.contains(wish.budget) && placeWaits(wish.budget)
            let isNext = !blocked.contains(wish.budget) && !isPlacesTurn
            guard isNext, mayTake([charge], as: Claims.Name(account: -1, urgency: .last), at: now, usesReserve: needsReserve) else {
                blocked.insert(wish.budget)
                // What is free by now is no chance to come: it is counted as free first.
                _ = available(wish.budget, at: now, usesReserve: true)
                if let next = budgets[wish.budget].nextChance(at: now) { turn.wake(at: max(next, now + 1)) }
                waiting.append(wish)
                continue
            }
            grant(wish, in: turn)
            served([BudgetCharge(budget: wish.budget)], place: false, whilePlaceWaits: hasPlaces(wish.account))
        }
        grants.wishes.prepend(waiting)
    }

    /// How many permits of a limit one wish may ask for.
    func mostLent(of budget: Int, keepsReserve: Bool) -> Int { budgets[budget].share - (keepsReserve ? max(1, budgets[budget].reserve) : 0) }

    private mutating func grant(_ wish: Grants.Wish, in turn: Turn) {
        let id = turn.nextRequest()
        let grips = take([BudgetCharge(budget: wish.budget, weight: wish.permits)], by: id, in: turn)
        grants.wishIsNext.remove(wish.budget)
        let expiresAt = turn.now.monotonic + .milliseconds(wish.holdMs)
        grants.held[id.number] = Grants.Grant(
            id: id.number, connection: wish.ticket.connection, grips: grips, expiresAt: expiresAt, holdUs: .milliseconds(wish.holdUnansweredMs))
        turn.wake(at: expiresAt)
        turn.reply(.success(.granted(permitID: id.number, at: turn.now.wall)), to: wish.ticket)
    }

    /// Takes a grant back from its holder, whose requests are answered.
    ///
    /// - Returns: whether this connection held it.
    mutating func releaseGrant(_ id: Int64, of connection: UInt64, in turn: Turn) -> Bool {
        guard let grant = grants.held[id], grant.connection == connection else { return false }
        grants.held[id] = nil
        release(grant.grips, readAt: turn.now.monotonic, in: turn)
        return true
    }

    /// The holder is gone: its requests count as unanswered from now on, and its wishes end.
    mutating func endGrants(of connection: UInt64, in turn: Turn) {
        grants.wishes.removeAll { $0.ticket.connection == connection }
        for grant in grants.held.values.filter({ $0.connection == connection }).sorted(by: { $0.id < $1.id }) { abandon(grant, in: turn) }
    }

    /// Held too long, or by nobody.
    private mutating func abandon(_ grant: Grants.Grant, in turn: Turn) {
        grants.held[grant.id] = nil
        abandon(grant.grips, resetAt: turn.now.monotonic, holdUs: grant.holdUs, in: turn)
    }
}
