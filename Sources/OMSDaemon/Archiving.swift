import CLinux
import Kernel
import OMSCore
import Runtime
import Store
import Synchronization

/// Files what is closed and old, in small steps on a thread of its own (docs/decisions/0027-archive.md). Turns wait for one of its commits at most, and it rests for
/// twenty times as long behind each.
final class Archiving: @unchecked Sendable {
    private let door: Door
    private let path: String
    private let clock: @Sendable () -> Int64
    private let board: Board
    private var lock = pthread_mutex_t()
    private var changed = pthread_cond_t()
    // Guarded by the lock.
    private var wanted: (folder: String, afterDays: Int64)?
    private var isChanged = false
    private var isStopping = false

    // Only the archive's thread touches these.
    private var keeper: ArchiveKeeper?
    private var toldProblem: (words: String, at: Int64)?

    /// What status and metrics tell.
    final class Board: Sendable {
        private let content = Mutex<ArchiveFigures?>(nil)
        var figures: ArchiveFigures? {
            get { content.withLock { $0 } }
            set { content.withLock { $0 = newValue } }
        }
    }

    /// Of each second so many parts are the turns' own.
    private static let restShare: Int64 = 19
    private static let restMinUs: Int64 = 2_000
    private static let lookEveryUs: Int64 = 60_000_000
    private static let waitUs: Int64 = 1_000_000
    private static let problemEveryUs: Int64 = 3_600_000_000

    /// - Parameters:
    ///   - journal: open in this process.
    ///   - core: between whose turns the journal is written.
    ///   - mailbox: where lines for the record go.
    init(journal: SQLiteJournal, configuration: Configuration, core: CoreLoop, mailbox: Mailbox, board: Board) throws {
        (path, self.board) = (journal.path, board)
        door = Door(journal: journal, core: core, mailbox: mailbox)
        clock = { omsd_clock_us(CLOCK_MONOTONIC) }
        pthread_mutex_init(&lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(&changed, &attributes)
        pthread_condattr_destroy(&attributes)
        wanted = configuration.archive.map { (configuration.archiveFolder($0), $0.afterDays) }
        board.figures = wanted.map { ArchiveFigures(folder: $0.folder) }
    }

    deinit {
        pthread_cond_destroy(&changed)
        pthread_mutex_destroy(&lock)
    }

    /// Another setting, from here on. What was filed stays filed.
    func use(_ configuration: Configuration) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        (wanted, isChanged) = (configuration.archive.map { (configuration.archiveFolder($0), $0.afterDays) }, true)
        if wanted == nil { board.figures = nil }
        pthread_cond_signal(&changed)
    }

    /// From here on it writes nothing, wherever it is.
    func stop() {
        door.close()
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        isStopping = true
        pthread_cond_signal(&changed)
    }

    /// The thread's body.
    func run() {
        // The start has better things to do.
        var pause = Self.waitUs
        while wait(pause) { pause = step() }
    }

    /// Lets time pass, or a setting come. False: it is to stop.
    private func wait(_ us: Int64) -> Bool {
        let until = omsd_clock_us(CLOCK_MONOTONIC) + us
        var time = timespec(tv_sec: Int(until / 1_000_000), tv_nsec: Int(until % 1_000_000) * 1_000)
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        if wanted == nil {
            board.figures = nil
            while !isStopping, wanted == nil { pthread_cond_wait(&changed, &lock) }
        } else {
            while !isStopping, !isChanged, pthread_cond_timedwait(&changed, &lock, &time) == 0 {}
        }
        return !isStopping
    }

    private func takeSetting() -> (setting: (folder: String, afterDays: Int64)?, isNew: Bool) {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        defer { isChanged = false }
        return (wanted, isChanged)
    }

    /// One step. How long to rest behind it, microseconds.
    private func step() -> Int64 {
        let (setting, isNew) = takeSetting()
        guard let setting else { return Self.waitUs }
        do throws(JournalError) {
            let keeper =
                if let keeper { keeper } else {
                    try ArchiveKeeper(path: path, folder: setting.folder, afterDays: setting.afterDays, door: door, clock: clock)
                }
            self.keeper = keeper
            if isNew {
                keeper.begin(folder: setting.folder, afterDays: setting.afterDays)
                _ = try door.write { (journal) throws(JournalError) in try journal.useArchive(folder: setting.folder) }
            }
            let begun = clock()
            let step = try keeper.step(at: omsd_clock_us(CLOCK_REALTIME))
            tell(step)
            try publish(keeper)
            switch step {
            case .nothing: return Self.lookEveryUs
            case .waiting: return Self.waitUs
            case .looking, .copying, .whole, .moving, .moved, .gaveBack, .putAside: return max(Self.restMinUs, (clock() - begun) * Self.restShare)
            }
        } catch {
            tell(error)
            var figures = board.figures ?? ArchiveFigures(folder: setting.folder)
            figures.problem = error.description
            board.figures = figures
            return Self.lookEveryUs
        }
    }

    private func publish(_ keeper: ArchiveKeeper) throws(JournalError) {
        var figures = ArchiveFigures(folder: keeper.folder)
        (figures.files, figures.orders) = try keeper.whole()
        board.figures = figures
    }

    private func tell(_ step: ArchiveKeeper.Step) {
        switch step {
        case .nothing, .waiting, .looking, .copying, .moving, .gaveBack: return
        case .whole(let name, let head): Log.info(.archive, "a file is whole", ["file": name, "orders": "\(head.orders)", "lines": "\(head.lines)"])
        case .moved(let name):
            toldProblem = nil
            Log.info(.archive, "what it holds has left the journal", ["file": name])
        case .putAside(let name, let why): Log.warning(.archive, "what lay under the name of a file was put aside: \(why)", ["file": name])
        }
    }

    /// Once, and again each hour while it stands.
    private func tell(_ error: JournalError) {
        // Of the archive's own files nothing fails so: it is the journal that cannot be read or written.
        if error.kind == .failed { return door.failed(error) }
        let now = omsd_clock_us(CLOCK_BOOTTIME)
        if let toldProblem, toldProblem.words == error.description, now - toldProblem.at < Self.problemEveryUs { return }
        toldProblem = (error.description, now)
        Log.warning(.archive, "nothing is archived: \(error.description). Orders stay in the journal, and all else goes on")
    }

    /// Reaches the writer between two turns.
    private final class Door: ArchiveDoor, @unchecked Sendable {
        private let journal: SQLiteJournal
        private let core: CoreLoop
        private let mailbox: Mailbox
        private let isClosed = Atomic(false)
        init(journal: SQLiteJournal, core: CoreLoop, mailbox: Mailbox) { (self.journal, self.core, self.mailbox) = (journal, core, mailbox) }

        func close() {
            // Whoever is inside ends first: behind this nothing is written.
            _ = try? core.exclusively { _ in isClosed.store(true, ordering: .relaxed) }
        }

        func write<Result>(_ body: (SQLiteJournal) throws(JournalError) -> Result) throws(JournalError) -> Result? {
            do {
                return try core.exclusively { runner in
                    // The space that was kept back on a full disk is for cancels.
                    guard !isClosed.load(ordering: .relaxed), !runner.engine.isJournalFull else { return nil }
                    return try body(journal)
                }
            } catch let error as JournalError { throw error } catch { throw JournalError(.busy, "\(error)") }
        }

        func failed(_ error: JournalError) { mailbox.fail(error) }

        func tell(_ note: String, _ facts: [JournalEvent.Fact]) throws(JournalError) { mailbox.post(.remark(note, facts)) }
    }
}
