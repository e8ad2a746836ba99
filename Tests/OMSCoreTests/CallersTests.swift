@testable import OMSCore
import Testing

@Suite struct `Callers that wait for an intent` {
    private var callers = Callers()

    private func ticket(_ call: UInt64, of connection: UInt64 = 1) -> Ticket { Ticket(connection: connection, call: call) }

    @Test mutating func `are answered once, when it is as far as each of them asked for`() {
        callers.wait(for: 5, ticket: ticket(1), untilSettled: true, until: 100)
        callers.wait(for: 5, ticket: ticket(2), untilSettled: false, until: 100)

        #expect(callers.take(5, isSettled: false, isAcknowledged: false).isEmpty)
        #expect(callers.take(5, isSettled: false, isAcknowledged: true) == [ticket(2)])
        #expect(callers.take(5, isSettled: true, isAcknowledged: true) == [ticket(1)])
        #expect(callers.take(5, isSettled: true, isAcknowledged: true).isEmpty && callers.tickets.isEmpty)
    }

    @Test mutating func `are answered when their own time is over, and not a moment before`() {
        callers.wait(for: 5, ticket: ticket(1), untilSettled: true, until: 200)
        callers.wait(for: 5, ticket: ticket(2), untilSettled: true, until: 100)
        #expect(callers.nextAt == 100)

        #expect(callers.takeLate(at: 99).isEmpty)
        #expect(callers.takeLate(at: 100).map(\.ticket) == [ticket(2)])
        #expect(callers.takeLate(at: 200).map(\.ticket) == [ticket(1)])
        #expect(callers.nextAt == nil)
    }

    @Test mutating func `are nobody once their connection is gone, and others wait on`() {
        callers.wait(for: 5, ticket: ticket(1, of: 8), untilSettled: true, until: 100)
        callers.wait(for: 5, ticket: ticket(2, of: 9), untilSettled: true, until: 100)

        callers.drop(8)

        #expect(callers.tickets == [ticket(2, of: 9)])
        #expect(callers.takeLate(at: 100).map(\.ticket) == [ticket(2, of: 9)])
    }

    @Test mutating func `of another intent are not concerned`() {
        callers.wait(for: 5, ticket: ticket(1), untilSettled: false, until: 100)
        #expect(callers.take(6, isSettled: true, isAcknowledged: true).isEmpty)
    }
}
