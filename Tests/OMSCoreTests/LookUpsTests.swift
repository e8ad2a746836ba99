@testable import OMSCore
import Testing

/// Questions about single orders, built alone, with keys and how their orders stand.
@Suite struct `The look-ups of an account` {
    private let patience = Patience()
    private let lookUps = LookUps(of: "a", visibilityDelayMs: 1_000, patience: Patience())
    private let visibility = Int64.seconds(1)

    private func situation(_ state: OrderState = .inDoubt, isLookedAtAgain: Bool = false) -> Inquiry.Situation {
        Inquiry.Situation(state: state, isLookedAtAgain: isLookedAtAgain)
    }

    private func round(at now: Int64, epoch: Int = 0, isSingle: Bool = true) -> Round {
        Round(askedAt: now, measuredAt: now, clockEpoch: epoch, isSingle: isSingle)
    }

    private func ripen(at now: Int64, _ state: OrderState = .inDoubt) -> Int64 {
        let turn = Turn(now)
        lookUps.ripen(in: turn) { _ in situation(state) }
        return turn.wakeAt
    }

    private func take(
        _ lane: InquiryLane = .doubt, most: Int = 10, steps: Set<Int> = [0], at now: Int64 = 0, ids: Int = 1, mostIDs: Int = 100
    ) -> [OrderKey] {
        lookUps.take(
            lane, steps: steps, mostIDs: mostIDs, round: round(at: now), most: { _ in most }, offer: { _, _ in .ask(ids: ids) })?.orders ?? []
    }

    /// One round of an order in doubt, which does not show it.
    private func miss(
        _ order: OrderKey = 1, at now: Int64, epoch: Int = 0, isSingle: Bool = true, isPast: Bool = true, endsListedAt: Int64? = nil,
        rows: Int? = nil
    ) -> RoundEnd? {
        let turn = Turn(now)
        let facts = RoundFacts(
            venueNow: isPast ? 100 : 40, clockEpoch: epoch, fence: 50, isPastFence: isPast, endsListedAt: endsListedAt, request: nil)
        defer { if let rows { #expect(turn.rows == rows) } }
        return lookUps.missed(order, in: round(at: now, epoch: epoch, isSingle: isSingle), facts, in: turn)
    }

    // MARK: Wanting and asking

    @Test func `wait until their time, the earliest that was named, and are asked once`() {
        lookUps.want(1, .missing, at: 50, situation(.working))
        lookUps.want(1, .venueID, at: 20, situation(.working))
        #expect(ripen(at: 19, .working) == 20 && take(.routine).isEmpty)

        #expect(ripen(at: 20, .working) == 50)
        #expect(lookUps.waiting == 1 && take(.routine) == [1] && take(.routine).isEmpty)
        #expect(lookUps[1]?.reasons == [.missing, .venueID] && lookUps[1]?.tries == 1)
    }

    @Test func `of an order that a cancel begins to wait for go into the better lane, and are asked there alone`() {
        lookUps.want(1, .missing, at: 0, situation(.working))
        _ = ripen(at: 0, .working)
        lookUps.want(1, .cancel, at: 0, situation(.working))

        #expect(take(.urgent) == [1])
        #expect(take(.routine).isEmpty)
    }

    @Test func `of an order that was looked at for the same command before are among those that repeat themselves`() {
        lookUps.want(1, .cancel, at: 0, situation(.working, isLookedAtAgain: true))
        lookUps.ripen(in: Turn(0)) { _ in situation(.working, isLookedAtAgain: true) }
        #expect(!lookUps.hasDue(.urgent) && take(.repeated) == [1])
    }

    @Test func `share a request as far as ids and steps allow, and those that do not fit stay in front`() {
        for key in 1...4 as ClosedRange<Int64> { lookUps.want(OrderKey(key), .doubt, at: key, situation()) }
        _ = ripen(at: 4)

        #expect(take(ids: 2, mostIDs: 5) == [1, 2])
        #expect(take(steps: [1]).isEmpty, "the first step's budget is used up")
        #expect(take(most: 1) == [3] && take() == [4])
    }

    @Test func `that are worth nothing yet come back when they are`() {
        lookUps.want(1, .doubt, at: 0, situation())
        _ = ripen(at: 0)
        let taken = lookUps.take(.doubt, steps: [0], mostIDs: 9, round: round(at: 0), most: { _ in 1 }, offer: { _, _ in .later(at: 70) })

        #expect(taken == nil && lookUps[1]?.tries == 0)
        #expect(ripen(at: 1) == 70 && ripen(at: 70) == .max && take() == [1])
    }

    // MARK: Answers

    @Test func `go through all steps before a round is whole, and each step through its pages`() {
        lookUps.want(1, .doubt, at: 0, situation())
        _ = ripen(at: 0)
        _ = take(at: 5)
        #expect(lookUps.goOn(1, at: "next", situation()) && lookUps[1]?.page == "next")
        _ = take(at: 6)
        #expect(lookUps.stepEnded(1, 0, of: 2, situation()) == nil)
        #expect(take(steps: [1], at: 7) == [1] && lookUps[1]?.page == nil)

        #expect(lookUps.stepEnded(1, 1, of: 2, situation())?.askedAt == 5)
        #expect(lookUps.stepEnded(1, 1, of: 2, situation()) == nil, "nothing was asked since")
    }

    @Test func `that go unanswered are counted one behind the other, and a round that is answered begins anew`() {
        lookUps.want(1, .doubt, at: 0, situation())
        for count in 1...3 {
            _ = ripen(at: 0)
            #expect(take(at: 0) == [1] && lookUps.unanswered(1) == count)
            lookUps.again(1, at: 0)
        }
        _ = ripen(at: 0)
        _ = take(at: 0)
        // Half a round is no answer: its other half may fail each time.
        #expect(lookUps.stepEnded(1, 0, of: 2, situation()) == nil && lookUps[1]?.silences == 3)
        _ = take(steps: [1], at: 0)
        #expect(lookUps.stepEnded(1, 1, of: 2, situation()) != nil && lookUps[1]?.silences == 0)
    }

    @Test
    func `a later page that is not answered is asked for again where the round stands, a few times in a row, and the round keeps its beginning`() {
        lookUps.want(1, .doubt, at: 0, situation())
        _ = ripen(at: 0)
        _ = take(at: 5)
        #expect(lookUps.goOnAgain(1) == nil, "its first question: it begins anew anyhow")
        #expect(lookUps.goOn(1, at: "b", situation()))
        for page in ["c", "d"] {
            for count in 1...patience.pageTriesMax {
                #expect(take(at: 6) == [1] && lookUps.goOnAgain(1) == count)
                lookUps.again(1, at: 6)
                _ = ripen(at: 6)
            }
            _ = take(at: 6)
            #expect(lookUps.goOn(1, at: page, situation()) && lookUps[1]?.page == page)
        }
        _ = take(at: 7)
        #expect(lookUps.stepEnded(1, 0, of: 2, situation()) == nil)
        _ = take(steps: [1], at: 8)
        #expect(lookUps.goOnAgain(1) == 1 && lookUps[1]?.step == 1, "a later step alike")
        lookUps.again(1, at: 8)
        _ = ripen(at: 8)
        _ = take(steps: [1], at: 8)
        #expect(lookUps.stepEnded(1, 1, of: 2, situation())?.askedAt == 5)

        // A cursor may be worth nothing by then.
        lookUps.again(1, at: 9)
        _ = ripen(at: 9)
        _ = take(at: 9)
        #expect(lookUps.stepEnded(1, 0, of: 2, situation()) == nil)
        for _ in 1...patience.pageTriesMax {
            _ = take(steps: [1], at: 9)
            #expect(lookUps.goOnAgain(1) != nil)
            lookUps.again(1, at: 9)
            _ = ripen(at: 9)
        }
        _ = take(steps: [1], at: 9)
        #expect(lookUps.goOnAgain(1) == nil && lookUps.unanswered(1) == 1 && lookUps[1]?.step == 0)
    }

    @Test func `with a cursor that runs in circles are unanswered`() {
        lookUps.want(1, .doubt, at: 0, situation())
        _ = ripen(at: 0)
        for _ in 1..<patience.findPagesMax {
            _ = take()
            #expect(lookUps.goOn(1, at: "same", situation()))
        }
        _ = take()
        #expect(!lookUps.goOn(1, at: "same", situation()))
    }

    @Test func `end when nothing more is asked, and not while an answer is out`() {
        lookUps.want(1, [.outcome], at: 0, situation(.working))
        _ = ripen(at: 0, .working)
        _ = take(.routine)
        lookUps.settle(.outcome, of: 1)
        #expect(lookUps[1] != nil)

        lookUps.present(1)
        #expect(lookUps.rest(1, answered: .cancel, more: []) == nil && lookUps[1] == nil)
        lookUps.want(2, [.doubt, .modify], at: 0, situation())
        #expect(lookUps.rest(2, answered: .doubt, more: .venueID)?.reasons == [.modify, .venueID])
    }

    // MARK: Rounds

    @Test func `prove an order absent by two rounds past its fence, the visibility delay apart, and a measurement sent behind them`() {
        lookUps.want(1, .doubt, at: 0, situation())
        #expect(miss(at: 1, isPast: false, rows: 1) == .again(after: .milliseconds(1)))
        #expect(miss(at: 2, isPast: false, rows: 0) == .again(after: .milliseconds(1)), "what repeats itself is one line")
        #expect(miss(at: 10, rows: 1) == .first(after: visibility))
        #expect(miss(at: 20) == .again(after: visibility - 10))
        #expect(miss(at: 10 + visibility, rows: 1) == .second)

        lookUps.awaitVerdict(on: 1, nil, at: 15 + visibility)
        #expect(miss(at: 16 + visibility) == nil, "only the clock is awaited")
        for verdict in lookUps.takeVerdicts() {
            #expect(lookUps.judge(verdict, sentAt: 14 + visibility, clockEpoch: 0, isPastFence: true, in: Turn(0)) == nil)
        }
        #expect(lookUps.awaitsVerdicts, "that measurement was sent too early")
        for verdict in lookUps.takeVerdicts() {
            #expect(lookUps.judge(verdict, sentAt: 15 + visibility, clockEpoch: 0, isPastFence: true, in: Turn(0)) == true)
        }
        #expect(!lookUps.awaitsVerdicts)
    }

    @Test func `begin anew where the venue's clock was set between two rounds, or before the last measurement`() {
        lookUps.want(1, .doubt, at: 0, situation())
        #expect(miss(at: 10) == .first(after: visibility))
        #expect(miss(at: 20 + visibility, epoch: 1) == .first(after: visibility))
        #expect(miss(at: 30 + 2 * visibility, epoch: 1) == .second)
        lookUps.awaitVerdict(on: 1, nil, at: 0)

        let turn = Turn(0)
        for verdict in lookUps.takeVerdicts() {
            #expect(lookUps.judge(verdict, sentAt: 1, clockEpoch: 2, isPastFence: true, in: turn) == false)
        }
        #expect(turn.rows == 1 && lookUps[1]?.absentRounds == 0)
    }

    @Test func `prove nothing by listings alone`() {
        lookUps.want(1, .doubt, at: 0, situation())
        #expect(miss(at: 10, isSingle: false) == .first(after: visibility) && lookUps[1]?.wantsSingle == true)
        #expect(miss(at: 20 + visibility, isSingle: false) == .again(after: 0))
        #expect(miss(at: 30 + visibility) == .second)
    }

    @Test func `by computed ids wait for a listing that would show the order under another`() {
        lookUps.want(1, .doubt, at: 0, situation())
        #expect(miss(at: 10, endsListedAt: 5) == .first(after: visibility))
        #expect(miss(at: 20 + visibility, endsListedAt: 9) == .ends)
        #expect(miss(at: 30 + visibility, endsListedAt: 10) == .second)
    }

    @Test func `that were shown to be wrong count no more, and lie as far apart as they lagged`() {
        lookUps.want(1, .doubt, at: 0, situation())
        #expect(miss(at: 10) == .first(after: visibility))
        let turn = Turn(20)
        lookUps.erred(lagUs: 3 * visibility, in: turn)
        #expect(turn.rows == 1 && lookUps.visibilityUs == 3 * visibility)

        #expect(miss(at: 20) == .again(after: .milliseconds(200)), "asked no later than that")
        #expect(miss(at: 21) == .first(after: 3 * visibility))
        let again = Turn(30)
        lookUps.erred(lagUs: visibility, in: again)
        #expect(again.rows == 0 && lookUps.visibilityUs == 3 * visibility, "known to be worse")
    }

    // MARK: Given up

    @Test func `of an order that was given up come ever more rarely, and end`() {
        lookUps.lookAfter(1)
        var pauses: [Int64] = []
        while let pause = lookUps.nextLook(for: 1) {
            pauses.append(pause)
            lookUps.missedAgain(1)
        }
        #expect(pauses == patience.givenUpPauses && lookUps.isGivenUp(1))
        #expect(lookUps.endLooks(for: 1) && !lookUps.endLooks(for: 1) && !lookUps.isGivenUp(1))
    }
}

/// Executions that are to be listed, built alone, with keys.
@Suite struct `Lists of executions` {
    private let lists = FillLists()

    private func fill(_ id: TradeID, _ quantity: Int) -> Fill {
        Fill(tradeID: id, venueOrderID: "v", quantity: Decimal(quantity), price: Decimal(units: 1), fee: nil, feeAsset: nil, at: 0)
    }

    @Test func `are asked for in their order, each once, and again when a pause is over`() {
        for order in [1, 2, 1] as [OrderKey] { lists.want(order) }
        #expect(lists.next() == 1 && lists.next() == 1)
        lists.asked(1)
        #expect(lists.next() == 2)

        #expect(lists.missed(1) == 1)
        lists.asked(2)
        #expect(lists.next() == nil)
        lists.wantAgain(1)
        #expect(lists.next() == 1)
    }

    @Test func `add up over pages, an execution that two of them show counted once, and begin anew with the first`() {
        lists.want(1)
        #expect(lists.listed([fill("a", 2), fill("b", 3)], of: 1, isFirst: true) == Decimal(5))
        #expect(lists.listed([fill("b", 3), fill("c", 4)], of: 1, isFirst: false) == Decimal(9))
        #expect(lists.listed([fill("c", 4)], of: 1, isFirst: true) == Decimal(4))
    }

    @Test func `are wanted until they are whole, and tries from before count no more once more was executed`() {
        lists.want(1)
        #expect(lists.missed(1) == 1 && lists.missed(1) == 2)
        lists.want(1)
        #expect(lists.missed(1) == 1 && lists.isWanted(1))

        lists.end(1)
        #expect(!lists.isWanted(1) && lists.missed(1) == nil && lists.next() == nil)
    }
}
