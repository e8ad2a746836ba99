import CLinux
import OMSCore
import Wire

/// How the archive reaches the journal's only writer.
package protocol ArchiveDoor {
    /// Runs `body` between two turns. nil: not now.
    func write<Result>(_ body: (SQLiteJournal) throws(JournalError) -> Result) throws(JournalError) -> Result?
    /// Has a line put on record, now or with a later turn.
    func tell(_ note: String, _ facts: [JournalEvent.Fact]) throws(JournalError)
}

/// Moves what is closed and old into files, one small step at a time (docs/decisions/0027-archive.md). Used by one thread.
///
/// It remembers nothing that counts: how far it is stands in the journal and in the folder, and whoever begins anew goes on from there.
package final class ArchiveKeeper {
    package enum Step: Equatable, Sendable {
        /// Nothing is due: ask again in a while.
        case nothing
        /// Orders are looked through, or copied.
        case looking
        case copying(String, orders: Int64)
        /// A file is whole.
        case whole(String, ArchiveHead)
        /// Its line is not on record, or not sealed yet, or the writer has no time.
        case waiting
        case moving(String, ArchiveMoved)
        case moved(String)
        case gaveBack(pages: Int)
        /// What lies under a file's name is not what it should be, and was put aside.
        case putAside(String, why: String)
    }
    package typealias ArchiveMoved = SQLiteJournal.Moved

    private let path: String
    private let journal: Connection
    private let shelf: ArchiveShelf
    private let door: any ArchiveDoor
    private let clock: () -> Int64
    /// 0 to 36,500. Changed between two steps.
    package var afterDays: Int64
    /// Where files are made. Changed between two steps.
    package var folder: String

    /// What was found so far of a look through the journal.
    private var scan = Scan()
    private var copy: (archive: Int64, copy: ArchiveCopy)?
    /// A file that is whole and not told of yet: its head, and behind which number of the record its line is looked for.
    private var untold: (archive: Int64, head: ArchiveHead, after: Int64?)?
    /// The file that orders leave for, once it was seen to be what the record says.
    private var mover: (archive: Int64, after: Int64)?
    /// Orders in a slice of moving: as many as fit in ``sliceUs``.
    private var ordersAtOnce = 8

    private struct Scan {
        var after: Int64? = .min
        var counts: [ArchiveMonth: Int64] = [:]
        var before: Int64?
    }

    /// How long a slice may keep the writer.
    package static let sliceUs: Int64 = 5_000
    private static let ordersAtOnceMax = 256
    /// Orders of a month that is not over for so long are filed once they are this many: the journal stays small whatever comes.
    private let partOrders: Int64
    private static let fewOrders: Int64 = 1_000
    private static let dayUs: Int64 = 86_400_000_000
    private static let vacuumPages = 64
    /// Free pages that stay for what comes next.
    private static let freePagesKept: Int64 = 256

    /// - Parameters:
    ///   - path: of the journal, which is open in this process.
    ///   - clock: microseconds that never run back.
    package init(
        path: String, folder: String, afterDays: Int64, partOrders: Int64 = 100_000, door: any ArchiveDoor,
        clock: @escaping () -> Int64 = { omsd_clock_us(CLOCK_MONOTONIC) }
    ) throws(JournalError) {
        (self.path, self.folder, self.afterDays, self.partOrders, self.door, self.clock) = (path, folder, afterDays, partOrders, door, clock)
        journal = try Connection(path: path, .readOnly)
        try journal.execute("PRAGMA cache_size = -512")
        shelf = ArchiveShelf(journal: path)
    }

    /// Forgets what it was at: the next step begins from what the journal says.
    package func begin(folder: String, afterDays: Int64) {
        (self.folder, self.afterDays) = (folder, afterDays)
        (scan, copy, untold, mover) = (Scan(), nil, nil, nil)
        shelf.close()
    }

    /// Files that are whole, and the orders in them.
    package func whole() throws(JournalError) -> (files: Int64, orders: Int64) {
        let heads = try journal.archivesInUse().compactMap(\.head)
        return (Int64(heads.count), heads.reduce(0) { $0 + $1.orders })
    }

    /// One step.
    ///
    /// - Parameter now: wall clock, microseconds.
    /// - Throws: `.busy` and `.damaged` for what is wrong with the folder or a file in it, `.full` where it has no space. Nothing of the journal is touched by it.
    package func step(at now: Int64) throws(JournalError) -> Step {
        if let open = try journal.archives().first(where: { $0.state != .moved }) {
            return open.state == .filling ? try fill(open, at: now) : try move(open)
        }
        if let step = try giveBack() { return step }
        return try look(at: now)
    }

    // MARK: What is due

    private func look(at now: Int64) throws(JournalError) -> Step {
        guard let after = scan.after else { return try choose(at: now) }
        let before = if let before = scan.before { before } else { try ArchiveDue.cutoff(afterDays: afterDays, now: now, in: journal) }
        scan.before = before
        let page = try journal.snapshot { () throws(JournalError) in try ArchiveDue(journal, before: before).next(after: after) }
        for order in page.orders { scan.counts[order.month, default: 0] += 1 }
        scan.after = page.after
        return scan.after == nil ? try choose(at: now) : .looking
    }

    private func choose(at now: Int64) throws(JournalError) -> Step {
        let (counts, before) = (scan.counts, scan.before ?? .min)
        scan = Scan()
        let known = try journal.archives()
        let due = counts.sorted { $0.key < $1.key }.first { month, count in
            isWorth(month, count, known.filter { $0.month == month }, closedBefore: before, at: now)
        }
        guard let (month, _) = due else { return .nothing }
        return try door.write { (journal) throws(JournalError) in try journal.beginArchive(of: month, at: now) } == nil ? .waiting : .looking
    }

    /// One file a month, once the month is over for `after_days`; sooner only of many orders, or where nothing is to wait. What was left of a month, for it was
    /// disputed for long, waits until it is worth a file.
    private func isWorth(_ month: ArchiveMonth, _ count: Int64, _ parts: [ArchiveRow], closedBefore before: Int64, at now: Int64) -> Bool {
        let last = parts.map(\.begunAt).max()
        if month.range.upperBound <= before {
            guard let last, last >= month.range.upperBound else { return true }
            return count >= Self.fewOrders || now - last >= 28 * Self.dayUs
        }
        if count >= partOrders { return true }
        return afterDays == 0 && (last.map { now - $0 >= Self.dayUs } ?? true)
    }

    // MARK: Filling

    private func fill(_ archive: ArchiveRow, at now: Int64) throws(JournalError) -> Step {
        if let untold, untold.archive == archive.id { return try told(archive, untold.head, after: untold.after) }
        let path = "\(folder)/\(archive.name)"
        if copy?.archive != archive.id, JournalFile.identity(of: path) != nil {
            // A crash came before its line, or it is of a life of this journal that was undone by a backup. What it holds is compared order by order anyhow.
            do throws(JournalError) {
                untold = (archive.id, try ArchiveFile.head(of: path, of: ArchiveFile.origin(of: journal)), nil)
                return .looking
            } catch { return try putAside(path, error.description) }
        }
        if let problem = ArchiveFile.problem(ofFolder: folder, journal: self.path) { throw JournalError(.busy, problem) }
        let filling = if let copy, copy.archive == archive.id { copy.copy } else { try beginCopy(archive, at: now) }
        do throws(JournalError) {
            switch try filling.step() {
            case .copying(let orders): return .copying(archive.name, orders: orders)
            case .complete(let head):
                (copy, untold) = (nil, (archive.id, head, nil))
                return .whole(archive.name, head)
            case .nothing:
                copy = nil
                return try door.write { (journal) throws(JournalError) in try journal.dropArchive(archive.id) } == nil ? .waiting : .looking
            }
        } catch {
            copy = nil
            // Of the journal's own reading nothing is known to be wrong: the writer finds that out by itself.
            throw error.kind == .failed ? JournalError(.busy, "\(path): \(error.description)") : error
        }
    }

    private func beginCopy(_ archive: ArchiveRow, at now: Int64) throws(JournalError) -> ArchiveCopy {
        let before = try ArchiveDue.cutoff(afterDays: afterDays, now: now, in: journal)
        let filling = try ArchiveCopy(of: archive, from: journal, in: folder, closedBefore: before)
        copy = (archive.id, filling)
        return filling
    }

    private func putAside(_ path: String, _ why: String) throws(JournalError) -> Step {
        guard rename(path, path + ArchiveFile.tornSuffix) == 0 else { throw JournalError(.busy, "\(path): \(systemError())") }
        return .putAside(path + ArchiveFile.tornSuffix, why: why)
    }

    /// Has the head put on record, and the row say so once it is there.
    private func told(_ archive: ArchiveRow, _ head: ArchiveHead, after: Int64?) throws(JournalError) -> Step {
        guard let after else {
            untold = (archive.id, head, try journal.integer("SELECT max(seq) FROM events") ?? 0)
            try door.tell("\(archive.name) is whole: \(head.orders) orders closed in \(archive.month)", Self.facts(archive, head))
            return .waiting
        }
        guard let line = try line(of: archive, head, after: after) else { return .waiting }
        let written: Void? = try door.write { (journal) throws(JournalError) in try journal.completeArchive(archive.id, head, toldBy: line) }
        guard written != nil else { return .waiting }
        untold = nil
        return .looking
    }

    static func facts(_ archive: ArchiveRow, _ head: ArchiveHead) -> [JournalEvent.Fact] {
        [
            .init("archive", archive.name), .init("orders", head.orders), .init("lines", head.lines), .init("first_key", head.first),
            .init("last_key", head.last), .init("digest", hex(head.digest.bytes)),
        ]
    }

    private func line(of archive: ArchiveRow, _ head: ArchiveHead, after: Int64) throws(JournalError) -> Int64? {
        let lines = try journal.prepare(
            "SELECT seq, detail FROM events WHERE seq > ? AND kind = 'note' AND order_key IS NULL AND account_key IS NULL ORDER BY seq")
        try lines.bind(after)
        while try lines.step() {
            let (seq, detail): (Int64, String?) = (try lines.next(), try lines.next())
            if let detail, Self.tells(detail, of: archive, head) { return seq }
        }
        return nil
    }

    static func tells(_ detail: String, of archive: ArchiveRow, _ head: ArchiveHead) -> Bool {
        guard let told = try? JSONParser.parse(detail) else { return false }
        return told["archive"]?.string == archive.name && told["digest"]?.string == hex(head.digest.bytes)
    }

    // MARK: Moving

    private func move(_ archive: ArchiveRow) throws(JournalError) -> Step {
        guard let head = archive.head, let toldBy = archive.toldBy else { throw JournalError(.damaged, "\(archive.name) is whole and has no head") }
        // From there on the chain of seals vouches for the file.
        guard try journal.lastSeal()?.last ?? 0 >= toldBy else { return .waiting }
        if mover?.archive != archive.id {
            let found = try ArchiveFile.head(of: "\(folder)/\(archive.name)", of: ArchiveFile.origin(of: journal))
            guard found == head else {
                throw JournalError(.damaged, "\(folder)/\(archive.name) is not what the record says of it: nothing leaves the journal for it")
            }
            mover = (archive.id, .min)
        }
        guard let mover else { return .waiting }
        let begun = clock()
        let (after, limit) = (mover.after, ordersAtOnce)
        guard let moved = try door.write({ (journal) throws(JournalError) in try journal.moveOrders(of: archive, after: after, limit: limit) }) else {
            return .waiting
        }
        adapt(to: clock() - begun)
        if let next = moved.after {
            self.mover = (archive.id, next)
            return .moving(archive.name, moved)
        }
        try door.tell("\(archive.name) is filed: its orders have left the journal", [.init("archive", archive.name)])
        guard try door.write({ (journal) throws(JournalError) in try journal.endArchive(archive.id) }) != nil else { return .waiting }
        self.mover = nil
        return .moved(archive.name)
    }

    /// A slice that took longer halves the next.
    private func adapt(to us: Int64) {
        if us > Self.sliceUs {
            ordersAtOnce = max(1, ordersAtOnce / 2)
        } else if us < Self.sliceUs / 2 {
            ordersAtOnce = min(Self.ordersAtOnceMax, ordersAtOnce * 2)
        }
    }

    // MARK: Space

    private func giveBack() throws(JournalError) -> Step? {
        // Of a journal from before this the space is used again, and given back by `omsd compact`.
        guard try journal.integer("PRAGMA auto_vacuum") == 2 else { return nil }
        let free = try journal.integer("PRAGMA freelist_count") ?? 0
        let pages = try journal.integer("PRAGMA page_count") ?? 0
        guard free > max(Self.freePagesKept, pages / 10) else { return nil }
        guard try door.write({ (journal) throws(JournalError) in try journal.giveBack(pages: Self.vacuumPages) }) != nil else { return .waiting }
        return .gaveBack(pages: Self.vacuumPages)
    }
}
