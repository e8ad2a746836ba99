@testable import OMSCore
import Testing

/// Intents that are not settled, built alone, with keys of orders and commands.
@Suite struct `Intents that are open` {
    private let intents = Intents()

    private func row(_ key: IntentKey, of account: AccountID = "a", settledAt: Int64? = nil) -> IntentRow {
        var row = IntentRow(
            key: key, id: IntentID("i\(key)"), account: account,
            content: IntentContent(version: 1, digest: Digest256(Array(repeating: 7, count: 32))), orders: 0, commands: 0, sequence: .cancelFirst,
            plannedRequests: 0, acceptedAt: 0, expiresAt: nil)
        row.settledAt = settledAt
        return row
    }

    /// One that is whole, with orders that never left.
    private func intent(_ key: IntentKey, orders: [OrderKey] = [], of account: AccountID = "a", deadline: Int64? = nil) -> OpenIntent {
        let intent = intents.begin(row(key, of: account))
        for order in orders { intents.own(order, .intended, of: intent) }
        intents.complete(intent, deadline: deadline)
        return intent
    }

    private func settled(in turn: Turn = Turn(0)) -> [IntentKey] { intents.takeTouched().filter { intents.settle($0, in: turn) }.map(\.row.key) }

    // MARK: Coming to rest

    @Test func `are settled, once and on record, when nothing of them is out or waits any more`() {
        let one = intent(1, orders: [10, 11])
        #expect(settled().isEmpty)
        #expect(!intents.moved(one, from: .intended, to: .submitted))
        #expect(!intents.moved(one, from: .submitted, to: .working), "the other is not answered")
        #expect(intents.moved(one, from: .intended, to: .canceled))

        let turn = Turn(5)
        #expect(settled(in: turn) == [1] && settled(in: turn).isEmpty)
        #expect(turn.rows == 1 && intents[IntentKey(1)] == nil && intents[IntentID("i1")] == nil)
    }

    @Test func `are not settled while an order is in doubt, a command is open or the end of an order is due`() {
        let one = intent(1, orders: [10])
        #expect(intents.moved(one, from: .intended, to: .inDoubt), "asked for, and not known")
        #expect(settled().isEmpty)
        intents.commandBorn(in: one)
        intents.awaitOutcome(of: 10, in: one)
        _ = intents.moved(one, from: .inDoubt, to: .acknowledged)
        #expect(settled().isEmpty)
        intents.commandClosed(20, in: 1)
        #expect(settled().isEmpty)
        intents.outcomeKnown(of: 10, in: one)
        #expect(settled() == [1])
    }

    @Test func `are not settled before they are whole, nor without their account`() {
        let half = intents.begin(row(1))
        intents.touch(half)
        intents.restore(row(2), isAbsent: true, deadline: nil)
        #expect(intents.takeTouched().isEmpty)
        intents.complete(half, deadline: nil)
        #expect(settled() == [1])
    }

    @Test func `that were settled and moved again keep their time`() {
        let turn = Turn(5)
        let former = OpenIntent(row(1, settledAt: 3), isComplete: true)
        intents.reopen(former)
        intents.commandBorn(in: former)
        intents.commandClosed(20, in: 1)

        #expect(settled(in: turn) == [1] && turn.rows == 0 && former.row.settledAt == 3)
    }

    // MARK: Gates

    @Test func `let their places go once all cancels that they wait for are answered`() {
        let one = intent(1, orders: [10, 11])
        for cancel in [20, 21] as [CommandID] { intents.awaitAnswer(to: cancel, in: one) }
        for order in [10, 11] as [OrderKey] { intents.gate(order, in: one) }

        #expect(intents.answered(20, in: 1) == nil && intents.answered(20, in: 1) == nil && intents.answered(99, in: nil) == nil)
        #expect(intents.answered(21, in: 1) === one)
        #expect(intents.takeGated(of: one) == [10, 11] && intents.takeGated(of: one).isEmpty)
    }

    @Test func `hold a cancel once, and forget that it was held when it goes or closes`() {
        let (one, other) = (intent(1), intent(2, of: "b"))
        for cancel in [20, 20, 21] as [CommandID] { intents.hold(cancel, for: one) }
        intents.hold(30, for: other)
        #expect(intents.holding(of: "a").map(\.row.key) == [1] && intents.isHeld(20) && !intents.isHeld(22))

        #expect(intents.takeHeld(of: one) == [20, 21] && intents.holding(of: "a").isEmpty)
        intents.release(20)
        intents.commandClosed(21, in: nil)
        #expect(!intents.isHeld(20) && !intents.isHeld(21) && intents.isHeld(30))
    }

    // MARK: Deadlines

    @Test func `expire at their time, and only where something of them may not have left`() {
        let late = intent(1, orders: [10], deadline: 100)
        _ = intent(2, deadline: 50)
        let soon = intent(3, orders: [12], deadline: 60)
        #expect(intents.nextDeadline == 50 && intents.popExpired(at: 59) == nil && intents.nextDeadline == 60)

        #expect(intents.popExpired(at: 100) === soon && intents.popExpired(at: 100) === late && intents.popExpired(at: 100) == nil)
    }

    @Test func `know the last of their orders, in whatever order they come into memory`() {
        let one = intent(1, orders: [12, 10])
        #expect(one.lastOrder == 12 && one.unsettled == 2 && one.unanswered == 2)
        intents.own(14, .canceled, of: one)
        #expect(one.lastOrder == 14 && one.unsettled == 2)
    }
}
