@testable import OMSCore
import Testing

/// Permits in the hands of other programs, by a limiter of one budget of two permits, one of them the reserve.
@Suite struct `A grant` {
    private var limiter = Limiter()
    private let index: Int

    init() throws {
        let profile = VenueProfile(
            venue: "v", product: "p", baseURL: "", budgets: [BudgetRule("b", 2, perMs: 1_000, scope: .uid, reserve: 1)], placeMax: 1, cancelMax: 1,
            modifyMax: 0, cancelsByClientID: true, clientIDs: ClientIDRule(lengths: 1...36, alsoAllowed: ""), freshnessMs: 1, stampMarginMs: 0,
            visibilityDelayMs: 1, findSteps: 1, listsFills: false)
        let names = limiter.register(
            profile: profile, uid: "u", keyFingerprint: "f", settings: [], holdUnansweredUs: 0, inherited: [], permits: [:], at: 0, newRow: { _ in })
        index = try #require(names["b"])
    }

    private func wish(_ permits: Int = 1, of connection: UInt64 = 7) -> Grants.Wish {
        Grants.Wish(
            ticket: Ticket(connection: connection, call: 1), account: 0, budget: index, permits: permits, holdMs: 500, holdUnansweredMs: 100)
    }

    /// - Returns: the ids of what was granted.
    @discardableResult
    private mutating func serve(at now: Int64, placeWaits: Bool = false) -> (ids: [Int64], turn: Turn) {
        let turn = Turn(at: Moment(monotonic: now, wall: now), requestMax: now)
        limiter.serveGrants(in: turn, placeWaits: { _ in placeWaits }, hasPlaces: { _ in placeWaits })
        return (turn.answers.compactMap { if case .granted(let id, _) = $0 { id } else { nil } }, turn)
    }

    @Test mutating func `is on record as any permit, and its holder is told in the same turn`() {
        limiter.grants.want(wish())

        let (ids, turn) = serve(at: 0)

        #expect(ids == [1] && turn.permits.map(\.request) == [RequestID(1)])
        #expect(limiter.grants.waiting.isEmpty)
    }

    @Test mutating func `leaves the reserve alone, unless it could never be served without it`() {
        limiter.grants.want(wish())
        limiter.grants.want(wish())
        #expect(serve(at: 0).ids.count == 1)

        let (ids, turn) = serve(at: 5)
        #expect(ids.isEmpty && limiter.grants.waiting.count == 1 && turn.wakeAt == 500_000, "no sooner than the first is over")

        let isReleased = limiter.releaseGrant(1, of: 7, in: Turn(10))
        #expect(isReleased)
        let end = 10 + limiter.budgets[index].holdUs
        #expect(serve(at: end - 1).ids.isEmpty && serve(at: end).ids == [end + 1])

        limiter.endGrants(of: 7, in: Turn(end))
        limiter.grants.want(wish(2))
        let later = end + .seconds(9)
        #expect(serve(at: later).ids.count == 1)
    }

    @Test mutating func `takes turns with places: behind a place that passed it over it is next, and else the place is`() {
        limiter.grants.want(wish())

        #expect(serve(at: 0, placeWaits: true).ids.isEmpty)
        let wanted = limiter.grants.wanted(of: [BudgetCharge(budget: index)])
        #expect(wanted == [index] && !limiter.grants.areNext(for: wanted))

        limiter.grants.passedOver(for: wanted)
        #expect(limiter.grants.areNext(for: wanted))
        #expect(serve(at: 1, placeWaits: true).ids == [2])
        #expect(!limiter.grants.areNext(for: [index]), "the next permit is the place's again")
    }

    @Test mutating func `that is held too long, or by nobody, counts as a request without an answer`() {
        limiter.grants.want(wish())
        let taken = serve(at: 0).turn
        #expect(taken.wakeAt == 500_000)

        let (_, late) = serve(at: 500_000)

        #expect(late.permits.map(\.isUnanswered) == [true])
        let isReleased = limiter.releaseGrant(1, of: 7, in: Turn(500_001))
        #expect(!isReleased, "it is nobody's any more")
        limiter.grants.want(wish(of: 8))
        limiter.endGrants(of: 8, in: Turn(500_002))
        #expect(limiter.grants.waiting.isEmpty)
    }

    @Test mutating func `of more than a reload left is refused, and stands in no place's way`() {
        limiter.grants.want(wish(2))
        limiter.grants.passedOver(for: [index])
        let rule = BudgetRule("b", 2, perMs: 1_000, scope: .uid, reserve: 0)
        var setting = LimitSetting(budget: "b")
        setting.share = 1
        limiter.adjust(index, to: setting, rule: rule, in: Turn(1))

        let (ids, turn) = serve(at: 1, placeWaits: true)

        #expect(ids.isEmpty && limiter.grants.waiting.isEmpty && !limiter.grants.areNext(for: [index]))
        let refusals = turn.replies.compactMap { if case .failure(let error) = $0.reply { error.message } else { nil } }
        #expect(refusals.count == 1 && refusals[0].contains("may use 1 at once"), "\(refusals)")
    }

    @Test mutating func `of more than a cut share waits until that has grown back, and lets places and smaller wishes go meanwhile`() throws {
        let charge = [BudgetCharge(budget: index)]
        let grips = limiter.take(charge, by: RequestID(1), in: Turn(1))
        limiter.punish(grips, retryAfterUs: nil, at: Moment(monotonic: 2, wall: 2))
        limiter.release(grips, readAt: 2, in: Turn(2))
        try #require(limiter.budgets[index].usableShare == 1)
        limiter.grants.want(wish(2))
        limiter.grants.passedOver(for: [index])

        let rested = limiter.budgets[index].frozenUntil + limiter.budgets[index].holdUs
        let (ids, turn) = serve(at: rested, placeWaits: true)
        #expect(ids.isEmpty && limiter.grants.waiting.count == 1 && turn.wakeAt == limiter.budgets[index].nextRecoveryAt)
        #expect(limiter.grants.wanted(of: charge).isEmpty && !limiter.grants.areNext(for: [index]))
        let mayGo = limiter.mayTake(charge, as: Claims.Name(account: 0, urgency: .last), at: rested, usesReserve: true)
        #expect(mayGo, "it saves up nothing")

        let recovered = limiter.budgets[index].nextRecoveryAt
        limiter.recover(at: recovered)
        #expect(serve(at: recovered).ids.count == 1)
    }

    @Test mutating func `is given back by its own connection alone`() {
        limiter.grants.want(wish(of: 7))
        serve(at: 0)

        let others = limiter.releaseGrant(1, of: 8, in: Turn(1))
        let own = limiter.releaseGrant(1, of: 7, in: Turn(1))
        #expect(!others && own)
    }
}
