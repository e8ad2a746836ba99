import CLinux
import TestSupport
import Testing
import Wire

/// Copies of a journal that is written to meanwhile.
@Suite(.enabled(if: Tap.library != nil, "no C compiler")) struct BackupTests {
    @Test func `a backup that is killed at any moment leaves its target absent or as it was, and the next one is complete`() throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let client = try house.start()
        for number in 1...4 { try client.submit(account.intent("before-\(number)", orders: 200)) }
        for number in 1...4 { try client.wait("before-\(number)") }
        let target = house.scratch.file("backup.db")
        let record = house.scratch.file("record")
        #expect(try backUp(house, to: target, environment: Tap.environment(journal: target + ".partial", record: record)) == 0)
        #expect(try isComplete(house, target))
        // Some more than are recorded: the last ones are around the move, and behind it.
        let changes = try Tap.steps(of: record).count + 3

        var killed: (absent: Int, kept: Int) = (0, 0)
        for round in 0..<24 {
            // Each of the first and last changes, and some between.
            let number = round < 6 ? round + 1 : round < 18 ? 6 + (changes - 12) * (round - 5) / 13 : changes - (23 - round)
            let isThere = round % 2 == 1
            if !isThere { unlink(target) }
            let before = isThere ? readBytes(target) : nil
            #expect((before != nil) == isThere)
            try client.submit(account.intent("during-\(round)", orders: 5))
            let code = try backUp(house, to: target, environment: Tap.environment(journal: target + ".partial", kill: number))
            guard code != 0 else {
                #expect(try isComplete(house, target))
                continue
            }
            #expect(code == 128 + SIGKILL)
            #expect(readBytes(target) == before, "killed before change \(number)")
            if isThere { killed.kept += 1 } else { killed.absent += 1 }
            if round % 2 == 0 { #expect(try backUp(house, to: target) == 0) }
        }
        #expect(killed.absent > 6 && killed.kept > 6, "\(killed)")

        #expect(try backUp(house, to: target) == 0)
        #expect(try isComplete(house, target))
        for suffix in [".partial", ".partial-journal", "-journal", "-wal"] { #expect(access(target + suffix, F_OK) != 0, "\(suffix) was left") }
    }

    private func backUp(_ house: House, to target: String, environment: [String: String] = [:]) throws -> Int32 {
        let words = ["backup", "--journal", house.journal.path, "--to", target]
        return try ChildProcess.run("omsd", words, in: house.scratch, environment: environment).code
    }

    /// Sound by `omsd verify`, with every order that was there before the copy began.
    private func isComplete(_ house: House, _ target: String) throws -> Bool {
        let (code, report) = try ChildProcess.run("omsd", ["verify", "--journal", target], in: house.scratch)
        #expect(code == 0, "\(report)")
        return try JournalProbe(path: target).number("SELECT count(*) FROM v_orders WHERE intent_id LIKE 'before-%'") == 800
    }
}
