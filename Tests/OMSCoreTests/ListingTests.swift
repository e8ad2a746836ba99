@testable import OMSCore
import Testing

/// What rests at the venue, as one account lists it: built alone, with keys and counts.
@Suite struct `A listing` {
    private let patience = Patience()
    private let listing = Listing(of: "a", symbols: [], patience: Patience())

    private func sweep(withHistory: Bool = false, symbols: [Symbol?] = [nil], at now: Int64 = 0) -> Sweep {
        let round = Round(askedAt: now, measuredAt: nil, clockEpoch: 0, isSingle: false)
        return Sweep(withHistory: withHistory, sinceMs: 9, symbols: symbols, startedAt: now, round: round, account: "a")
    }

    private func waiter(_ call: UInt64, at now: Int64 = 0) -> SweepWaiter { SweepWaiter(ticket: Ticket(connection: 1, call: call), askedAt: now) }

    /// One page of open orders, one of history where it is read, and it is done.
    @discardableResult private func readWhole(_ new: Sweep, until now: Int64) -> Sweep? {
        listing.begin(new)
        var isWhole = false
        while !isWhole {
            listing.asked(at: new.startedAt)
            #expect(listing.pageCame(at: now) == nil)
            isWhole = listing.turn(to: nil, cancelsTaken: 0)
        }
        return listing.finish(intervalUs: .seconds(10), in: Turn(now))
    }

    private func query() -> String { listing.sweep.map { "\($0.query)" } ?? "none" }

    // MARK: Pages

    @Test func `reads market by market, each to its last page, and then history the same way`() {
        listing.begin(sweep(withHistory: true, symbols: ["A", "B"]))
        var read: [String] = []
        for next in ["p", nil, nil, nil, "q", nil] as [String?] {
            read.append(query())
            listing.asked(at: 0)
            _ = listing.pageCame(at: 0)
            #expect(listing.turn(to: next, cancelsTaken: 0) == (read.count == 6))
        }
        let expected: [Query] = [
            .openOrders(symbol: "A", page: nil), .openOrders(symbol: "A", page: "p"), .openOrders(symbol: "B", page: nil),
            .history(symbol: "A", sinceMs: 9, page: nil), .history(symbol: "B", sinceMs: 9, page: nil), .history(symbol: "B", sinceMs: 9, page: "q"),
        ]
        #expect(read == expected.map { "\($0)" })
    }

    @Test func `without an end is none`() {
        listing.begin(sweep())
        for _ in 1..<patience.listingPagesMax {
            #expect(listing.pageCame(at: 0) == nil)
            #expect(!listing.turn(to: "round", cancelsTaken: 0))
        }
        #expect(listing.pageCame(at: 0) == "it has no end: 20000 pages")
    }

    @Test func `goes on without a market that the venue does not list, and of that market nothing is gone`() throws {
        listing.showed("x", in: "A")
        listing.showed("y", in: "B")
        listing.begin(sweep(symbols: ["A", "B"]))
        #expect(!listing.skip("A"))
        _ = listing.pageCame(at: 0)
        #expect(listing.turn(to: nil, cancelsTaken: 0))

        let sweep = try #require(listing.finish(intervalUs: 0, in: Turn(0)))

        #expect(!listing.isGone("x", by: sweep) && listing.isGone("y", by: sweep) && !listing.isGone("z", by: sweep))
    }

    @Test func `that reads history for cancels alone ends where questions for each would be cheaper, and then proves nothing`() {
        var new = sweep(withHistory: true)
        new.isForConfirmation = true
        listing.begin(new)
        #expect(!listing.turn(to: nil, cancelsTaken: 50))
        for _ in 1...50 { #expect(!listing.turn(to: "more", cancelsTaken: 50)) }
        #expect(listing.turn(to: "more", cancelsTaken: 50) && listing.sweep?.provesAbsence == false)
    }

    // MARK: When

    @Test func `is due by its time, which is four times as far as it took, or at once for who asks`() {
        readWhole(sweep(at: 0), until: .seconds(5))
        let turn = Turn(.seconds(5))
        listing.awaitTime(in: turn)
        #expect(turn.wakeAt == .seconds(25) && !listing.isDue(at: .seconds(25) - 1) && listing.isDue(at: .seconds(25)))

        listing.want(waiter(1))
        #expect(listing.isDue(at: .seconds(6)))
    }

    @Test func `of history is wanted for many doubts: at once, again when the youngest must be visible, and no sooner than it took before`() {
        let delay = Int64.seconds(3)
        func wants(_ doubts: Int, at now: Int64) -> (Bool, Int64) {
            let turn = Turn(now)
            return (listing.wantsHistory(doubts: doubts, visibilityUs: delay, in: turn), turn.wakeAt)
        }
        listing.orderFellIntoDoubt(at: 0)
        #expect(wants(patience.bulkDoubts, at: 1) == (false, .max), "so many are looked up one by one")
        #expect(wants(41, at: 1) == (true, .max))

        readWhole(sweep(withHistory: true, at: 1), until: 1)
        #expect(wants(41, at: 2) == (false, delay))
        #expect(wants(41, at: delay) == (true, .max))
        readWhole(sweep(withHistory: true, at: delay), until: delay + 5)
        #expect(wants(41, at: delay + 6) == (false, .max), "whatever was sent is visible")
        listing.wantHistory()
        #expect(wants(41, at: delay + 6) == (false, delay + patience.historyUs))
    }

    @Test func `that is to show ids under which nobody looked is read as soon as may be, and ends that wish`() {
        readWhole(sweep(at: 0), until: 0)
        listing.wantEnds(at: 7)
        #expect(listing.isDue(at: 7) && listing.wantsEnds)

        readWhole(sweep(withHistory: true, at: 8), until: 9)
        #expect(listing.endsListedAt == 8 && !listing.wantsEnds)
    }

    // MARK: Failing

    @Test func `that fails is tried again ever later; who waits is answered with what is known from the third time on`() {
        listing.want(waiter(1))
        for failure in 1...3 as ClosedRange<Int64> {
            let now = failure * .seconds(100)
            listing.begin(sweep(at: now))
            let given = listing.abandon("HTTP 500", at: now)
            #expect((given != nil) == (failure == 3))
            #expect(given?.waiters.count ?? 1 == 1 && !listing.isDue(at: now + .milliseconds(500) << failure - 1))
            #expect(listing.isDue(at: now + .milliseconds(500) << failure))
        }
        #expect(listing.trouble == "3 reconciliations in a row failed: HTTP 500" && listing.failsSince == .seconds(100))
        #expect(!listing.isAwaited && !listing.isIdle)

        readWhole(sweep(at: .seconds(400)), until: .seconds(400))
        #expect(listing.trouble == nil && listing.isIdle)
    }

    @Test func `counts no more where the account turned out to be another's`() {
        readWhole(sweep(), until: 0)
        #expect(listing.hasReconciled && listing.lastAt == 0)

        listing.reconcileAnew(at: 5)

        #expect(!listing.hasReconciled && listing.isDue(at: 5))
    }

    // MARK: Who waits

    @Test func `that stands still for half a minute ends the wait, and the venue's progress begins it anew`() {
        listing.want(waiter(1, at: 0))
        let progress = Int64.seconds(10)
        let turn = Turn(.seconds(39))
        #expect(listing.takeImpatient(progressAt: progress, in: turn).isEmpty && turn.wakeAt == .seconds(40))
        #expect(listing.takeImpatient(progressAt: progress, in: Turn(.seconds(40))).map(\.ticket.call) == [1])
        #expect(listing.waiting.isEmpty)
    }

    @Test func `is answered when what it did not show is looked up, or in vain`() {
        listing.awaitLookUps(of: [7], for: [waiter(1)], ReconcileSummary(account: "a"), at: 0)
        #expect(listing.takeEnded(progressAt: 0, in: Turn(1)) { _ in true }.isEmpty)
        #expect(listing.waiting.count == 1)
        #expect(listing.takeEnded(progressAt: 0, in: Turn(2)) { _ in false }.map(\.left) == [0])

        listing.awaitLookUps(of: [7], for: [waiter(2)], ReconcileSummary(account: "a"), at: 0)
        #expect(listing.takeEnded(progressAt: 0, in: Turn(patience.reconcileUs)) { _ in true }.map(\.left) == [1])
    }

    @Test func `is answered in vain where the venue answers other questions and never those that it waits for`() {
        listing.awaitLookUps(of: [7, 8], for: [waiter(1)], ReconcileSummary(account: "a"), at: 0)
        var asked: Set<OrderKey> = [7, 8]
        func ended(at seconds: Int64) -> [Int] {
            listing.takeEnded(progressAt: .seconds(seconds), in: Turn(.seconds(seconds))) { asked.contains($0) }.map(\.left)
        }
        for seconds in stride(from: 1, to: 100 as Int64, by: 1) { #expect(ended(at: seconds).isEmpty) }
        // One of them is settled: the others may be, too.
        asked = [8]
        for seconds in stride(from: 100, to: 220 as Int64, by: 1) { #expect(ended(at: seconds).isEmpty, "\(seconds)") }
        #expect(ended(at: 221) == [1])
    }

    @Test func `is answered after five minutes however many of its questions come to their end`() {
        let orders = Set((1...1_000).map { OrderKey($0) })
        listing.awaitLookUps(of: orders, for: [waiter(1)], ReconcileSummary(account: "a"), at: 0)
        func ended(at seconds: Int64) -> [Int] {
            listing.takeEnded(progressAt: .seconds(seconds), in: Turn(.seconds(seconds))) { $0.number > seconds }.map(\.left)
        }
        for seconds in stride(from: 1, to: 300 as Int64, by: 1) { #expect(ended(at: seconds).isEmpty) }
        #expect(ended(at: 300) == [700])
    }

    @Test func `counts an order that was given up and came to light for whoever waits for it`() {
        listing.awaitLookUps(of: [7], for: [waiter(1)], ReconcileSummary(account: "a"), at: 0)
        listing.cameToLight(7)
        listing.cameToLight(7)

        let ended = listing.takeEnded(progressAt: 0, in: Turn(1)) { _ in true }
        #expect(ended.map(\.reconciliation.summary.adopted) == [1] && ended.map(\.left) == [0])
    }

    @Test func `forgets strangers that it does not show any more`() throws {
        listing.begin(sweep())
        listing.showed("x", in: "A")
        listing.isStranger("x")
        _ = listing.turn(to: nil, cancelsTaken: 0)
        listing.keepStrangers(of: try #require(listing.finish(intervalUs: 0, in: Turn(0)))) { _ in false }
        #expect(listing.strangers == ["x"])

        listing.keepStrangers(of: try #require(readWhole(sweep(at: 1), until: 1))) { _ in false }
        #expect(listing.strangers.isEmpty)
    }
}
