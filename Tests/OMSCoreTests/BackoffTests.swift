import OMSCore
import Testing

@Suite struct BackoffTests {
    @Test func `each pause is twice the one before, up to thirty seconds and no number breaks it`() {
        let backoff = Backoff(first: .milliseconds(100))
        #expect((0..<4).map { backoff.pause(after: $0) } == [100_000, 200_000, 400_000, 800_000])
        for tries in [9, 10, 40, 64, 1_000, Int.max] { #expect(backoff.pause(after: tries) == .seconds(30)) }
        #expect(backoff.pause(after: -1) == 100_000 && backoff.pause(after: .min) == 100_000)
        #expect(Backoff(first: .max).pause(after: 3) == .max && Backoff(first: 0).pause(after: 0) == 1)
        #expect(Backoff(first: .seconds(60), most: .seconds(30)).pause(after: 5) == .seconds(60))
    }
}
