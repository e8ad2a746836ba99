@testable import OMSCore
import Testing

@Suite struct `A turn` {
    @Test func `is handed over whole, and the next one begins with nothing but the number of the last record`() {
        let turn = Turn(at: Moment(monotonic: 5, wall: 50), seq: 41)
        let event = turn.event(.note, note: "first")
        turn.record(.note(account: nil, nil, event))
        turn.writeLate(RequestID(7))

        let output = turn.take()

        #expect(event.seq == 42 && event.at == 50)
        #expect(output.records.count == 1 && output.lateRequests == [RequestID(7)])
        #expect(turn.take().isEmpty)
        #expect(turn.rows == 0 && turn.nextSeq() == 43)
    }

    @Test func `is called again at the earliest of all wishes, as far as they were said since its timers were last looked at`() {
        let turn = Turn(at: Moment(monotonic: 0, wall: 0), seq: 0)
        turn.wake(at: 10)
        turn.beginTimers()
        turn.wake(at: 30)
        turn.wake(at: 20)

        #expect(turn.wakeAt == 20)
    }

    @Test func `writes a look-up that turned out to matter once, however often that is said`() {
        let turn = Turn(at: Moment(monotonic: 0, wall: 0), seq: 0)
        turn.writeLate(RequestID(1))
        turn.writeLate(RequestID(1))

        #expect(turn.take().lateRequests == [RequestID(1)])
    }

    @Test func `puts on record that an account got ready or is not any more, and of other news nothing`() {
        let turn = Turn(at: Moment(monotonic: 0, wall: 0), seq: 0)
        turn.notice(.notReady("the venue's clock is not measured"), of: AccountID("a"))
        turn.notice(.ready, of: AccountID("a"))
        turn.notice(.reachable, of: AccountID("a"))

        let output = turn.take()

        #expect(output.notices.count == 3 && output.records.count == 2)
    }
}
