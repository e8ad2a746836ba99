import CLinux
import Containers
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Any history, killed anywhere: the chain holds. Any byte of it changed: it does not.
@Suite struct `Histories under seal` {
    private static let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))

    @Test func `whatever was recorded and whenever the power went, the chain holds`() throws {
        for number in 0..<12 {
            var history = try History(seed: Self.seed &+ UInt64(number))
            for _ in 0..<40 { try history.step() }
            let report = try JournalVerifier.verify(path: history.sample.path)
            #expect(report.problems == [], "seed \(Self.seed &+ UInt64(number)): \(report.problems)")
            try history.sealAll()
            let sealed = try JournalVerifier.verify(path: history.sample.path, witness: history.witness)
            #expect(sealed.problems == [] && sealed.seals.unsealed == 0, "seed \(Self.seed &+ UInt64(number)): \(sealed.problems)")
        }
    }

    @Test func `any byte that is changed under seal is found, by the stretch that holds it`() throws {
        for number in 0..<4 {
            let seed = Self.seed &+ UInt64(number) &+ 1_000
            var history = try History(seed: seed)
            for _ in 0..<30 { try history.step() }
            try history.sealAll()
            let original = history.sample.folder.file("original.db")
            try JournalBackup.backup(from: history.sample.path, to: original)
            // Dice may fall on rows of which nothing can be changed.
            var (found, dice) = (0, 0)
            while found < 15, dice < 500 {
                dice += 1
                let copy = try Sample(copying: original)
                guard let change = try history.change(in: copy) else { continue }
                let report = try JournalVerifier.verify(path: copy.path)
                #expect(!report.isSound, "seed \(seed): \(change.words)")
                let isNamed = change.key.map { key in report.seals.broken.contains { $0.contains(key) } } ?? !report.seals.broken.isEmpty
                #expect(isNamed, "seed \(seed): \(change.words): \(report.problems)")
                found += 1
            }
            #expect(found == 15, "seed \(seed): \(found) changes in \(dice) throws of the dice")
        }
    }
}

extension Sample {
    /// On a copy of a closed journal, in a folder of its own.
    convenience init(copying path: String) throws {
        let folder = ScratchDirectory()
        write(contents(of: path), to: folder.file("journal.db"))
        try self.init(in: folder)
        close()
    }
}

/// A journal with a past that dice made: intents, executions, commands, breaks, ends of requests, seals whole and in slices, seals that were computed and never
/// written, and power cuts that keep the WAL up to any byte.
private struct History {
    private(set) var sample: Sample
    private var random: SplitMix64
    private let keys: SealKeys
    private var orders: [Order] = []
    private var requests: [RequestID] = []
    private var names = 0
    private var half: IntentRow?

    init(seed: UInt64) throws {
        random = SplitMix64(seed: seed)
        keys = try SealKeys(seed: UInt8(truncatingIfNeeded: seed))
        sample = try Sample()
    }

    var witness: SealWitness { get throws { SealWitness(publicKey: try keys.publicKey) } }

    private mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }

    private mutating func name() -> IntentID {
        names += 1
        return IntentID("intent-\(names)")
    }

    mutating func step() throws {
        switch roll(12) {
        case 0, 1, 2:
            orders += try sample.place(name(), count: 1 + roll(4))
            requests.append(RequestID(sample.requests))
        case 3: if let order = orders.randomElement(using: &random) { try sample.fill(order, trade: TradeID("t\(sample.seq)")) }
        case 4: if let order = orders.randomElement(using: &random) { try sample.cancel(order) }
        case 5: if let order = orders.randomElement(using: &random) { try sample.breakFound(order) }
        case 6: if !requests.isEmpty { try sample.end(requests.remove(at: roll(requests.count))) }
        case 7: try beginOrEndHalf()
        case 8: try sample.seal(key: keys.key)
        case 9:
            let max = Int64(1 + roll(9))
            try sample.seal(key: keys.key, numbersMax: max)
        // Computed, and the process is killed before it is written.
        case 10: _ = try JournalSealer(path: sample.path, key: keys.key, numbersMax: Int64(1 + roll(20))).next(at: sample.now)
        default: try cutPower()
        }
    }

    mutating func sealAll() throws {
        if half != nil { try beginOrEndHalf() }
        // A seal that is to be signed last, whatever came before.
        try sample.place(name())
        try sample.seal(key: keys.key)
    }

    private mutating func beginOrEndHalf() throws {
        if let row = half {
            try sample.open.commit([.intentComplete(row.key)])
            half = nil
        } else {
            let (row, accepted) = sample.intent(name(), orders: 2)
            let births = [sample.order(row, item: 0), sample.order(row, item: 1)]
            try sample.open.commit([accepted] + births.map { .orderBorn($0, actor: .peer(uid: 1000, pid: 42)) })
            half = row
        }
    }

    /// The journal as a disk may have it afterwards: the file, and the WAL up to some byte.
    private mutating func cutPower() throws {
        let folder = ScratchDirectory()
        write(contents(of: sample.path), to: folder.file("journal.db"))
        let wal = contents(of: sample.path + "-wal")
        // Mostly near the end, where a seal and its lines are.
        let kept = roll(4) == 0 ? roll(wal.count + 1) : max(0, wal.count - roll(40_000))
        write(Array(wal[..<kept]), to: folder.file("journal.db-wal"))
        let (now, last) = (sample.now, sample.requests)
        sample = try Sample(in: folder)
        (sample.now, sample.requests) = (now, last)
        let known = Set(try sample.open.load().orders.map(\.key))
        orders.removeAll { !known.contains($0.key) }
        let rows = try sample.open.connection.prepare("SELECT request_id FROM requests")
        var ids: Set<RequestID> = []
        while try rows.step() { ids.insert(try rows.next()) }
        requests.removeAll { !ids.contains($0) }
        half = nil
    }

    // MARK: One byte

    /// Changes one byte of one value that is under seal, as somebody with care would. nil: the tables refuse it, or nothing was hit.
    ///
    /// - Returns: the number of the record that it belongs to; nil for rows that have none.
    mutating func change(in copy: Sample) throws -> (words: String, key: Int64?)? {
        let form = SealForm.newest
        let all = form.tables + [form.request, form.account, Self.seals]
        let table = all[roll(all.count)]
        let connection = try Connection(path: copy.path, .readOnly)
        let condition = table.name == "accounts" ? "account_key = 1" : "1"
        let keys = try connection.prepare("SELECT \(table.key) FROM \(table.name) WHERE \(condition)")
        var candidates: [Int64] = []
        while try keys.step() { candidates.append(try keys.next()) }
        guard let key = candidates.randomElement(using: &random) else { return nil }
        let column = table.columns[roll(table.columns.count)]
        let row = try connection.prepare("SELECT \(column), typeof(\(column)) FROM \(table.name) WHERE \(table.key) = \(key)")
        guard try row.step() else { return nil }
        let value: String
        switch row.text(1) {
        case "integer": value = String(row.integer(0) ^ (1 << Int64(roll(20))))
        case "text", "blob":
            var bytes = row.bytes(0)
            guard !bytes.isEmpty else { return nil }
            let at = roll(bytes.count)
            bytes[at] = row.text(1) == "blob" ? bytes[at] ^ UInt8(1 + roll(255)) : bytes[at] == 0x41 ? 0x42 : 0x41
            value = row.text(1) == "blob" ? "x'\(hex(bytes))'" : "CAST(x'\(hex(bytes))' AS TEXT)"
        default: return nil
        }
        row.reset()
        keys.reset()
        let sql = "UPDATE \(table.name) SET \(column) = \(value) WHERE \(table.key) = \(key)"
        // A key that is taken already.
        do { try copy.edit(sql) } catch { return nil }
        let isOfRecord = table.name != "requests" && table.name != "accounts" && table.name != "seals"
        return (sql, isOfRecord ? key : nil)
    }

    private static let seals = SealForm.Table(
        mark: 0, name: "seals", key: "last_seq", columns: ["last_seq", "first_seq", "lines", "at", "form", "seal"], isLines: false)
}
