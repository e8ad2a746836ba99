import CLinux
import OMSCore
import TestSupport
import Wire

@testable import Store

extension Sample {
    var archiveFolder: String { folder.file("archive") }

    /// One that asks the open journal for what it writes, as a daemon's does between two turns.
    func keeper(afterDays: Int64 = 0, partOrders: Int64 = 100_000) throws -> ArchiveKeeper {
        try open.useArchive(folder: archiveFolder)
        return try ArchiveKeeper(
            path: path, folder: archiveFolder, afterDays: afterDays, partOrders: partOrders, door: SampleDoor(self), clock: { 0 })
    }

    /// Steps until nothing is due, sealing wherever a seal is waited for. `after` is told each step.
    @discardableResult
    func archive(
        _ keeper: ArchiveKeeper? = nil, at later: Int64 = 3_600_000_000, after: (ArchiveKeeper.Step) throws -> Void = { _ in }
    ) throws -> [ArchiveKeeper.Step] {
        let keeper = try keeper ?? self.keeper()
        // The age counts from what is on record.
        now += later
        try open.commit([.note(account: nil, nil, event(.note) { $0.note = "later" })])
        try seal()
        var steps: [ArchiveKeeper.Step] = []
        while steps.count < 10_000 {
            let step = try keeper.step(at: now)
            steps.append(step)
            try after(step)
            if step == .nothing { return steps }
            if step == .waiting { try seal() }
        }
        throw SampleError(text: "the archive does not come to an end: \(steps.suffix(3))")
    }

    /// An order that filled in two executions, with its command, and is done with.
    @discardableResult
    func trade(_ id: IntentID, count: Int = 1) throws -> [Order] {
        var orders = try place(id, count: count)
        for index in orders.indices {
            try fill(orders[index], trade: TradeID("\(id)-\(index)"))
            let event = event(.closed) { $0.evidence = .response }
            let from = orders[index].state
            (orders[index].state, orders[index].evidence, orders[index].closedAt) = (.canceled, .response, event.at)
            orders[index].filledQuantity = Decimal("0.0005") ?? .zero
            try open.commit([.orderChanged(orders[index], from: from, fields: [.filledQuantity], event)])
        }
        try open.commit([.intentSettled(orders[0].intent, at: now, self.event(.intentSettled))])
        return orders
    }

    func verify(withArchive: Bool = true) throws -> VerifyReport {
        try JournalVerifier.verify(path: path, archive: withArchive ? archiveFolder : nil)
    }
}

/// The writer, and a turn that records what is to be told.
struct SampleDoor: ArchiveDoor {
    private let sample: Sample
    init(_ sample: Sample) { self.sample = sample }

    func write<Result>(_ body: (SQLiteJournal) throws(JournalError) -> Result) throws(JournalError) -> Result? {
        guard let journal = sample.journal else { return nil }
        return try body(journal)
    }

    func tell(_ note: String, _ facts: [JournalEvent.Fact]) throws(JournalError) {
        guard let journal = sample.journal else { return }
        try journal.commit([.note(account: nil, nil, sample.event(.note) { ($0.note, $0.facts) = (note, facts) })])
    }
}

/// Every row of the record, wherever it lies, each once: what must be the same before and after.
func whole(_ path: String, _ folder: String) throws -> [String: [String]] {
    let journal = try Connection(path: path, .readOnly)
    var rows: [String: [String]] = [:]
    func read(_ connection: Connection, _ table: String, _ key: String, isMeant: (Int64) throws -> Bool) throws {
        let columns = try connection.text("SELECT group_concat('quote(' || name || ')', ' || char(31) || ') FROM pragma_table_info('\(table)')").get()
        let lines = try connection.prepare("SELECT \(key), \(columns) FROM \(table)")
        while try lines.step() {
            let (number, text): (Int64, String) = (try lines.next(), try lines.next())
            if try isMeant(number) { rows[table, default: []].append(text) }
        }
    }
    for (table, key, owner) in [
        ("orders", "order_key", "order_key"), ("events", "seq", "seq"), ("commands", "command_id", "command_id"), ("fills", "seq", "seq"),
        ("predicted_ids", "order_key", "order_key"),
    ] {
        try read(journal, table, key) { _ in true }
        for archive in try journal.archivesInUse() {
            let file = try Connection(path: "\(folder)/\(archive.name)", .readOnly)
            try read(file, table, owner) { try journal.archive(of: $0) == archive.id }
        }
        rows[table]?.sort()
    }
    return rows
}

/// A journal and its archive as they lie on disk.
struct DiskState {
    let journal, wal: [UInt8]
    let files: [String: [UInt8]]

    init(of sample: Sample) {
        (journal, wal) = (contents(of: sample.path), contents(of: sample.path + "-wal"))
        var files: [String: [UInt8]] = [:]
        for name in names(in: sample.archiveFolder) ?? [] { files[name] = contents(of: sample.archiveFolder + "/" + name) }
        self.files = files
    }

    /// Made anew in a folder of its own.
    ///
    /// - Parameters:
    ///   - wal: how much of it is there; nil: all.
    ///   - files: of the archive, where they are not these.
    func lie(wal kept: Int? = nil, files others: [String: [UInt8]]? = nil) throws -> Sample {
        let folder = ScratchDirectory()
        write(journal, to: folder.file("journal.db"))
        write(Array(wal.prefix(kept ?? wal.count)), to: folder.file("journal.db-wal"))
        try createFolder(folder.file("archive"))
        for (name, bytes) in others ?? files { write(bytes, to: folder.file("archive") + "/" + name) }
        return try Sample(in: folder)
    }
}

func createFolder(_ path: String) throws {
    guard mkdir(path, 0o750) == 0 || omsd_errno() == EEXIST else { throw SampleError(text: "\(path) cannot be made") }
}
