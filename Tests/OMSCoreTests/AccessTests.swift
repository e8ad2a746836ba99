@testable import OMSCore
import Testing

/// The way to a venue, built alone: what goes in are answers and moments, what comes out is what may leave and what others must do.
@Suite struct `The way to a venue` {
    private let patience = Patience()
    private let calm = Circumstances(isClockSet: true, hasReconciled: true, listing: nil)

    private func access(_ change: (inout VenueProfile) -> Void = { _ in }) -> Access {
        Access(PlainRules().setup(change), patience: Patience(), at: 0)
    }

    /// One that knows all it needs.
    private func prepared(at now: Int64 = 0, _ change: (inout VenueProfile) -> Void = { _ in }) -> Access {
        let access = access(change)
        access.measured(VenueClock(serverMs: 1_700_000_000_000, sent: now, read: now), sentAt: now, in: Turn(now))
        _ = access.learn(AccountFacts(uid: "7"), in: Turn(now))
        _ = access.learn([.market("BTC_USDT")], skipped: [], used: [], in: Turn(now))
        return access
    }

    // MARK: Preparations

    @Test func `asks for the clock first, then for the account, then for its markets, and one at a time`() throws {
        let access = access()
        #expect(access.nextPreparation(in: Turn(0))?.name == Query.serverTime.name)
        access.preparing(.serverTime, in: Turn(0))
        #expect(access.nextPreparation(in: Turn(1)) == nil, "one is out")

        access.prepared()
        access.measured(VenueClock(serverMs: 1_700_000_000_000, sent: 0, read: 0), sentAt: 0, in: Turn(0))
        #expect(access.nextPreparation(in: Turn(1))?.name == Query.account.name)
        #expect(!access.isPrepared && access.isSignable)

        _ = access.learn(AccountFacts(), in: Turn(1))
        #expect(access.nextPreparation(in: Turn(2))?.name == Query.instruments.name)

        #expect(access.learn([.market("BTC_USDT")], skipped: [], used: [], in: Turn(2)) == nil)
        #expect(access.isPrepared && access.nextPreparation(in: Turn(3)) == nil)
    }

    @Test func `asks again behind a pause where a preparation failed, and says when`() {
        let access = access()
        access.preparing(.serverTime, in: Turn(0))
        access.preparationFailed(pause: 500, in: Turn(10))

        let turn = Turn(509)
        #expect(access.nextPreparation(in: turn) == nil && turn.wakeAt == 510)
        #expect(access.nextPreparation(in: Turn(510)) != nil)
    }

    @Test func `asks a silent venue for the time, and one that did not answer sooner`() {
        let access = prepared()
        let turn = Turn(patience.silenceUs - 1)
        #expect(access.nextPreparation(in: turn) == nil && turn.wakeAt == patience.silenceUs)
        #expect(access.nextPreparation(in: Turn(patience.silenceUs))?.name == Query.serverTime.name)

        access.unheard("reset")
        #expect(access.nextPreparation(in: Turn(patience.lostUs))?.name == Query.serverTime.name)
    }

    // MARK: The clock

    @Test func `a clock that was refused is measured anew, and rounds by both prove nothing together`() {
        let access = prepared()
        let before = access.time.beginRound(isSingle: true, at: 1)

        access.clockRefused("401 old")

        #expect(access.clock == nil && access.time.epoch == before.clockEpoch + 1)
        #expect(access.time.beginRound(isSingle: true, at: 2).measuredAt == nil)
        #expect(access.lastError.words == "timestamp refused (401 old): the venue's clock is measured again")
    }

    @Test func `a measurement that cannot agree with the last one shows that a clock was set`() {
        let access = prepared()
        access.measured(VenueClock(serverMs: 1_700_000_009_000, sent: 10, read: 10), sentAt: 10, in: Turn(10))

        #expect(access.time.epoch == 1 && access.clock?.measuredAt == 10)
    }

    @Test func `one question for the time serves all proofs that want it, no sooner than half a second behind the last`() {
        let access = prepared()
        access.preparing(.serverTime, in: Turn(100))
        access.prepared()
        access.wantClock(in: Turn(200))
        access.wantClock(in: Turn(300))

        let turn = Turn(400)
        #expect(access.nextPreparation(in: turn) == nil && turn.wakeAt == 100 + patience.clockGapUs)
        let at = 100 + patience.clockGapUs
        #expect(access.nextPreparation(in: Turn(at))?.name == Query.serverTime.name)
        #expect(access.time.wantedSince == 200)

        access.measured(VenueClock(serverMs: 1_700_000_000_500, sent: at, read: at), sentAt: at, in: Turn(at))
        #expect(access.time.wantedSince == nil)
    }

    // MARK: Refusals

    @Test func `the first refusal of a key costs no time, later ones ever longer, with one request out at a time`() {
        let access = prepared()
        access.asked(.write(1), in: Turn(0))
        access.landed(.write(1))
        access.refused(.write(1), sentAt: 0, in: Turn(5))
        #expect(access.mayTry(.writing, in: Turn(6)) && access.mayTry(.asking, in: Turn(6)))

        access.asked(.write(2), in: Turn(6))
        #expect(!access.mayTry(.writing, in: Turn(6)), "one is out")
        access.landed(.write(2))
        access.refused(.write(2), sentAt: 6, in: Turn(7))
        let turn = Turn(8)
        #expect(!access.mayTry(.writing, in: turn) && turn.wakeAt == 7 + 500_000)

        access.trusted(.write(3))
        #expect(access.mayTry(.writing, in: Turn(8)))
    }

    @Test func `refusals of requests that were out together count once`() {
        let access = prepared()
        for number in 1...9 as ClosedRange<Int64> { access.refused(.write(number), sentAt: 1, in: Turn(2)) }

        #expect(access.standing.refusals == 1)
    }

    @Test func `whom a venue shuts out sends nothing until that is over, and says so to all of the venue's family and to the record`() throws {
        let access = prepared()
        let turn = Turn(1_000)

        let consequences = access.shutOut(forMs: 5_000, words: "HTTP 418", request: 3, in: turn)

        let ban = try #require(access.standing.ban)
        #expect(ban.family == "plain" && ban.rest.until == 1_000 + .seconds(6))
        #expect(
            consequences == [.ban(ban), .found(.limit, detail: "shut out for 5 s, though within the limits (HTTP 418)")])
        #expect(turn.records.count == 2 && turn.take().notices == [Notice("a", .shutOut(forMs: 5_000, "HTTP 418"))])
        #expect(!access.mayLeave(in: Turn(ban.rest.until - 1)) && access.mayLeave(in: Turn(ban.rest.until)))
        #expect(access.shutOut(forMs: 1_000, words: "HTTP 418", request: 4, in: Turn(2_000)).isEmpty, "that is no news")

        access.lift(ban)
        #expect(access.lastError.words == nil)
    }

    @Test func `a venue that cannot be reached is left alone ever longer, and a venue's answer ends that`() {
        var random = Ceiling()
        let access = prepared()
        access.unsent("no route", using: &random, in: Turn(0))
        #expect(!access.isReachable(in: Turn(patience.unreachablePauses.pause(after: 1) / 4 - 1)))
        let first = access.reach.backoffUntil
        access.unsent("no route", using: &random, in: Turn(0))
        #expect(access.reach.backoffUntil > first)

        access.answered()
        access.unsent("no route", using: &random, in: Turn(0))
        #expect(access.reach.backoffUntil == first)
    }

    private struct Ceiling: RandomNumberGenerator {
        func next() -> UInt64 { .max }
    }

    // MARK: Who the account is

    @Test func `the first signed request pins who the account is, once`() {
        let access = prepared()
        access.identify(nil, in: Turn(0))
        let turn = Turn(1)
        access.pinFirst(in: turn)
        access.pinFirst(in: turn)

        #expect(turn.records.count == 1 && access.pinned?.keys == ["k"])
    }

    @Test func `a key of another uid sends nothing, is a break, and what was listed with it counts no more`() {
        let access = prepared { $0.accountTellsUID = true }

        let consequences = access.learn(AccountFacts(uid: "8"), in: Turn(5))

        guard case .reconcile(at: nil)? = consequences.first, case .found(.identity, let detail)? = consequences.dropFirst().first else {
            return #expect(Bool(false), "\(consequences)")
        }
        #expect(detail.contains("uid 8") && consequences.count == 2)
        #expect(!access.isSignable && access.facts == nil && access.problem != nil)
        #expect(access.trouble(calm, in: Turn(5))?.kind == .facts)
    }

    @Test func `a new key that the venue says is of the same user lifts what barred orders for it`() {
        let access = access { $0.accountTellsUID = true }
        let pinned = PinnedIdentity(
            account: "a", venue: "plain-spot", product: "spot", uid: "7", origin: "https://plain.example:443", keyInUse: "old", keys: ["old"])
        access.identify(pinned, in: Turn(0))
        #expect(access.formerly?.bar == .key && access.awaitsUID)

        let consequences = access.learn(AccountFacts(uid: "7"), in: Turn(1))

        #expect(
            consequences == [
                .mended(.identity), .pin("the venue says the same uid"),
                .lift(.key, words: "the venue says that the key is of uid 7, as the former one was"),
            ])
        #expect(access.formerly == nil && !access.awaitsUID)
    }

    @Test func `a key that may not ask whose it is goes on where it is the first, and waits for a person where another signed before`() {
        let forbidden = AccountFacts(silence: .forbidden("no right"))
        let first = access { $0.accountTellsUID = true }
        first.identify(nil, in: Turn(0))
        #expect(
            first.learn(forbidden, in: Turn(1)) == [
                .mended(.identity), .pin("the venue did not say whose key it is: no right"), .parkFormer,
            ])
        #expect(!first.awaitsUID && first.isUntold && first.problem == nil)

        let second = access { $0.accountTellsUID = true }
        second.identify(
            PinnedIdentity(account: "a", venue: "plain-spot", product: "spot", uid: "7", origin: "o", keyInUse: "old", keys: ["old"]), in: Turn(0))
        guard case .found(.identity, _)? = second.learn(forbidden, in: Turn(1)).first else { return #expect(Bool(false), "a person is told") }
        #expect(second.awaitsUID && second.facts == nil)
        #expect(second.learn(AccountFacts(silence: .noPage("404")), in: Turn(2)).last == .parkFormer, "no key could ask there")
    }

    @Test func `what speaks against the unit of quantities stands until a person opens trading, and then all is asked anew`() {
        let access = prepared { $0.quantityUnit = .base }
        #expect(access.contradicted("it counts contracts") == [.found(.assumption, detail: "it counts contracts")])
        #expect(access.contradicted("again").isEmpty && !access.isPrepared)
        #expect(access.learn(AccountFacts(), in: Turn(1)).isEmpty, "an answer that shows nothing does not end it")

        #expect(access.tryAgain(isOpened: false, in: Turn(2)).isEmpty)
        #expect(access.tryAgain(isOpened: true, in: Turn(3)) == [.reconcile(at: 3)])
        #expect(access.facts == nil && access.markets.readAt == nil)
        #expect(access.learn(AccountFacts(), in: Turn(4)) == [.mended(.assumption)])
    }

    // MARK: Markets

    @Test func `a market that is missing once is kept and asked about soon, and ends when it is missing again`() {
        let access = prepared()
        let turn = Turn(10)
        #expect(access.learn([.market("ETH_USDT")], skipped: [], used: [], in: turn) == nil)
        #expect(access.markets["BTC_USDT"] != nil && access.markets.lacks("BTC_USDT") && turn.take().notices.isEmpty)
        #expect(access.markets.nextReadAt == 10 + patience.marketsInDoubtUs)

        let later = Turn(10 + patience.marketsInDoubtUs)
        #expect(access.learn([.market("ETH_USDT")], skipped: [], used: [], in: later) == nil)
        #expect(access.markets["BTC_USDT"] == nil && access.markets.isGone("BTC_USDT") && later.take().notices.count == 1)
    }

    @Test func `a table without any market is no answer, and the one that was read stands`() {
        let access = prepared()
        #expect(access.learn([], skipped: [], used: [], in: Turn(1)) == "the venue listed no market at all")
        #expect(access.markets["BTC_USDT"] != nil)
    }

    @Test func `a mistyped name is told the one that was meant`() {
        let access = prepared()
        #expect(!access.markets.isKnown("btc-usdt", used: []) && access.markets.meant(by: "btc-usdt", used: []) == "BTC_USDT")
    }

    // MARK: What a person is told

    @Test func `of several troubles the first to mend is told, and nothing keeps ready who has none`() {
        let access = access()
        #expect(access.trouble(calm, in: Turn(0))?.kind == .clockUnknown)
        #expect(access.trouble(Circumstances(isClockSet: false, hasReconciled: true, listing: nil), in: Turn(0))?.kind == .clockUnset)
        let ready = prepared()
        #expect(ready.trouble(calm, in: Turn(0)) == nil)
        #expect(ready.trouble(Circumstances(isClockSet: true, hasReconciled: true, listing: "3 failed"), in: Turn(0))?.words == "3 failed")
    }

    @Test func `three requests in a row without an answer, or thirty seconds, are a venue that cannot be reached`() {
        let access = prepared()
        access.asked(.question(1), in: Turn(0))
        let turn = Turn(1)
        #expect(access.unreachable(in: turn) == nil && turn.wakeAt == patience.unansweredUs)
        #expect(access.unreachable(in: Turn(patience.unansweredUs)) == "no answer for 30 s")

        access.landed(.question(1))
        for _ in 0..<3 { access.unheard("reset") }
        #expect(access.unreachable(in: Turn(2)) == "3 requests in a row without an answer: reset")

        access.heard(.good, isClockSet: true, in: Turn(3), otherwise: { nil })
        #expect(access.unreachable(in: Turn(3)) == nil)
    }

    @Test func `what went wrong is over with the next good answer of its sort, in a later turn`() {
        let access = prepared()
        access.landed(.question(1))
        access.say("a page could not be read")
        access.heard(.good, isClockSet: true, in: Turn(1), otherwise: { nil })
        #expect(access.lastError.words != nil, "the same turn said it")
        access.endTurn(at: Moment(monotonic: 1, wall: 77))
        #expect(access.lastError.at == 77)

        access.landed(.write(2))
        access.heard(.good, isClockSet: true, in: Turn(2), otherwise: { nil })
        #expect(access.lastError.words != nil, "a cancel says nothing of listings")

        access.landed(.question(3))
        access.heard(.good, isClockSet: true, in: Turn(3), otherwise: { "cancels go round" })
        #expect(access.lastError.words == "cancels go round")
    }

    @Test func `watchers are told once that an account is ready or is not, and a start has ten seconds before that is worth a word`() {
        let access = access()
        func told(_ trouble: (kind: Trouble, words: String)?, at now: Int64) -> [Notice.Event] {
            let turn = Turn(now)
            access.tell(trouble, in: turn)
            return turn.take().notices.map(\.event)
        }
        #expect(told((.markets, "no markets"), at: 1).isEmpty)
        #expect(told((.markets, "no markets"), at: patience.startUs) == [.notReady("no markets")])
        #expect(told((.markets, "no markets, still"), at: patience.startUs + 1).isEmpty)
        #expect(told(nil, at: patience.startUs + 2) == [.ready] && told(nil, at: patience.startUs + 3).isEmpty)
    }
}
