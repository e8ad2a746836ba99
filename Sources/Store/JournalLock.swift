import CLinux
import OMSCore

/// The lock that keeps a second daemon away: of `<journal>.lock`, and of the journal's own file once there is one, which two paths to it (bind mounts, a
/// file that was renamed, a `.lock` that was deleted) have in common. Held from before SQLite opens the journal until after it closed it.
///
/// It also remembers the last number committed, in memory that outlives the process but not the machine: within one boot a journal whose WAL is gone is
/// whole if it knows that number, as when another program opened it after a kill, took the WAL in and removed it.
final class JournalLock {
    private let descriptor: Int32
    private let path: String
    private let isNew: Bool
    /// The journal's own file. Not closed before SQLite closed it: that would drop SQLite's locks on it (https://sqlite.org/howtocorrupt.html 2.2).
    private var file: Int32 = -1
    /// A mark of ours, and the number; the boot's id follows.
    private let words: UnsafeMutablePointer<Int64>?
    private static let mark: Int64 = 0x6F6D_7364_2073_6571
    private static let (seqAt, bootAt, size) = (8, 16, 56)

    /// What a former run of this boot noted last; nil, or beyond all numbers: none did.
    let lastSeq: Int64?

    init(journal path: String, bootID: String) throws(OpenError) {
        let lock = path + ".lock"
        // Kept apart until all is well: an object that is whole when its initialiser throws is closed by `deinit`, a second time.
        let made = omsd_open(lock, O_RDWR | O_CREAT | O_EXCL, 0o640)
        let opened = made >= 0 ? made : omsd_open(lock, O_RDWR | O_CREAT, 0o640)
        guard opened >= 0 else { throw OpenError(.configuration, "\(lock) cannot be written: \(systemError())") }
        guard omsd_lock_file(opened) == 0 else {
            let number = omsd_errno()
            close(opened)
            throw number == EWOULDBLOCK
                ? OpenError(.locked, "\(path) is held by another daemon (\(lock))") : OpenError(.failed, "\(lock): \(systemError(number))")
        }
        let boot = Array(bootID.utf8.prefix(Self.size - Self.bootAt))
        var found = [UInt8](repeating: 0, count: Self.size)
        func word(_ at: Int) -> Int64 { found.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: Int64.self) } }
        // What another boot noted may be older than what its disk kept.
        let isKnown =
            pread(opened, &found, Self.size, 0) == Self.size && word(0) == Self.mark && found[Self.bootAt...].prefix { $0 != 0 } == boot[...]
        lastSeq = isKnown ? word(Self.seqAt) : nil
        found = [Self.mark, lastSeq ?? .max].flatMap { word in withUnsafeBytes(of: word) { Array($0) } } + boot
        found += [UInt8](repeating: 0, count: Self.size - found.count)
        // Its block is there before it is mapped: a page that found no space later would be the end of the process.
        let isWritten = pwrite(opened, found, Self.size, 0) == Self.size
        let memory = isWritten ? mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0) : nil
        // MAP_FAILED is -1.
        words = memory == UnsafeMutableRawPointer(bitPattern: -1) ? nil : memory?.assumingMemoryBound(to: Int64.self)
        (descriptor, self.path, isNew) = (opened, lock, made >= 0)
    }

    deinit {
        if let words { munmap(words, Self.size) }
        if file >= 0 { close(file) }
        close(descriptor)
    }

    /// Locks the journal's own file, by device and inode. Not on a network, where such a lock is one with SQLite's own.
    func hold(_ journal: String) throws(OpenError) {
        guard file < 0, !JournalFile.isOnNetwork(journal) else { return }
        let opened = omsd_open(journal, O_RDONLY, 0)
        guard opened >= 0 else { throw OpenError(.configuration, "\(journal) cannot be read: \(systemError())") }
        guard omsd_lock_file(opened) == 0 else {
            let number = omsd_errno()
            close(opened)
            throw number == EWOULDBLOCK
                ? OpenError(.locked, "\(journal) is held by another daemon, under this or another path")
                : OpenError(.failed, "\(journal): \(systemError(number))")
        }
        file = opened
    }

    /// This number is committed.
    func note(_ seq: Int64) { words?[1] = seq }

    /// Leaves no trace beside a file that is refused. Whoever opened the lock's file meanwhile looks at the same journal, and refuses it too.
    func withdraw() { if isNew { unlink(path) } }
}
