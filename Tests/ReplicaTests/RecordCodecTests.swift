import OMSCore
import Replica
import Testing

/// The bytes that all hosts of a group must agree on.
@Suite struct RecordCodecTests {
    /// Digests by Python's hashlib: of 32 zero bytes and the first body, then of that digest and the second.
    @Test func `a turn's bytes and its digest are what they were, and are tied to the one before it`() throws {
        let first = RecordCodec.row(LogTurn(number: 1, epoch: 1, at: 0, records: [.idHighWater(9)]), after: .start)
        #expect(first.body == [1, 1, 2, 2, 0, 0, 0, 6, 1, 18, 18] && first.version == 1)
        #expect(first.digest.hex == "2a7de530454054f2570534319cd3729ce2923767f2a88d459da0be2028c6998d")
        let head = LogHead(turn: 1, digest: first.digest)
        let second = RecordCodec.row(LogTurn(.released(to: "beta"), number: 2, epoch: 1, at: 0, records: []), after: head)
        #expect(second.body == [1, 3, 1, 8] + Array("beta".utf8) + [4, 2, 0, 0, 0])
        #expect(second.digest.hex == "a56e40032ae51113a61895c24464cfabdac3afb09a3aacd195b1f73435d87db3")
        #expect(try RecordCodec.read(first, after: .start, epoch: 0).head == head)
        #expect(throws: LogFault.self) { try RecordCodec.read(second, after: .start, epoch: 0) }
    }
}
