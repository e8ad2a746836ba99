import OMSCore
import Testing

/// How a turn becomes a row of the log.
@Suite struct LogTurnTests {
    /// Any function of both will do here; the real one is SHA-256 (ReplicaTests).
    private static func hash(_ former: Digest256, _ body: [UInt8]) -> Digest256 {
        var mixed = former.bytes
        for (index, byte) in body.enumerated() { mixed[index % 32] = (mixed[index % 32] &* 31) ^ byte &+ UInt8(truncatingIfNeeded: index) }
        return Digest256(mixed)
    }

    private static func note(_ seq: Int64) -> JournalRecord { .note(account: nil, nil, JournalEvent(seq: seq, at: 1, kind: .note)) }

    @Test(arguments: [LogTurn.Mark.turn, .opening, .released(to: nil), .released(to: "beta")])
    func `a turn is read back as it was, with its numbers`(_ mark: LogTurn.Mark) throws {
        let turn = LogTurn(mark, number: 12, epoch: 3, at: 1_790_000_000_000_000, records: [Self.note(70), .idHighWater(9), Self.note(71)])
        let read = try LogTurn(bytes: turn.bytes)
        #expect(read.mark == mark && read.number == 12 && read.epoch == 3 && read.at == 1_790_000_000_000_000)
        #expect(read.seqs == 70...71 && read.records.map(\.bytes) == turn.records.map(\.bytes))
        #expect(read.bytes == turn.bytes)
    }

    @Test func `a turn that numbers nothing says so`() throws {
        let read = try LogTurn(bytes: LogTurn(number: 1, epoch: 1, at: 0, records: [.idHighWater(5)]).bytes)
        #expect(read.seqs == nil)
    }

    @Test func `rows follow each other by number and digest, and any other is refused with its number`() throws {
        var head = LogHead.start
        var rows: [LogRow] = []
        for number in 1...3 as ClosedRange<Int64> {
            let row = head.row(LogTurn(number: number, epoch: 1, at: number, records: [Self.note(number)]), hash: Self.hash)
            rows.append(row)
            head = LogHead(turn: row.turn, digest: row.digest)
        }
        var read = LogHead.start
        for row in rows { read = try read.reading(row, after: 1, hash: Self.hash).0 }
        #expect(read == head)

        func refusal(_ row: LogRow, after epoch: Int64 = 1) -> String {
            do {
                _ = try LogHead(turn: 1, digest: rows[0].digest).reading(row, after: epoch, hash: Self.hash)
                return "taken"
            } catch { return "\(error)" }
        }
        let second = rows[1]
        func changed(turn: Int64? = nil, epoch: Int64? = nil, version: Int? = nil, digest: Digest256? = nil, body: [UInt8]? = nil) -> LogRow {
            LogRow(
                turn: turn ?? second.turn, epoch: epoch ?? second.epoch, version: version ?? second.version, digest: digest ?? second.digest,
                body: body ?? second.body)
        }
        #expect(refusal(second) == "taken")
        #expect(refusal(rows[2]) == "turn 3 of the log: it was to be turn 2")
        #expect(refusal(changed(version: 2)).contains("upgrade it"))
        #expect(refusal(second, after: 2) == "turn 2 of the log: it is of epoch 1, the one before it of 2")
        #expect(refusal(changed(epoch: 9)).contains("its row says epoch 9"))
        #expect(refusal(changed(digest: rows[0].digest)).contains("does not follow"))
        #expect(refusal(changed(body: second.body + [0])).contains("does not follow"))
        let broken = Array(second.body.dropLast())
        #expect(refusal(changed(digest: Self.hash(rows[0].digest, broken), body: broken)).contains("cannot be read"))
    }

    @Test func `bytes that are no turn are refused wherever they are cut or changed, and what is read, written again, is the same bytes`() throws {
        let whole = LogTurn(.released(to: "beta"), number: 300, epoch: 2, at: 77, records: [Self.note(1_000), Self.note(1_001)]).bytes
        for cut in 0..<whole.count {
            let bytes = Array(whole[..<cut])
            if let read = try? LogTurn(bytes: bytes) { Issue.record("cut at \(cut) it reads as \(read)") }
        }
        for index in whole.indices {
            for value in [0, 1, 2, 3, 0x7F, 0x80, 0xFF] as [UInt8] {
                var bytes = whole
                bytes[index] = value
                if let read = try? LogTurn(bytes: bytes) { #expect(read.bytes == bytes, "byte \(index) as \(value)") }
            }
        }
    }
}
