import CLinux
import OMSCore

/// What is said in words of the last failed system call.
func systemError(_ number: Int32 = omsd_errno()) -> String { String(cString: strerror(number)) }

/// Looks at a journal's file from outside, before SQLite touches it or while it is open: no descriptor of it may be closed while SQLite holds
/// locks on it (https://sqlite.org/howtocorrupt.html 2.2).
enum JournalFile {
    /// 'omsd'
    static let applicationID: Int64 = 0x6F6D_7364

    struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64
    }

    /// nil: nothing is there.
    static func identity(of path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// The path without symbolic links, so that two names of one journal meet at one lock.
    static func resolved(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        let name = path.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? path
        guard let real = realpath(folder(of: path), nil) else { return path }
        defer { free(real) }
        return String(cString: real) + "/" + name
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Reads the header of an existing file, touching nothing: an empty, foreign or newer one is refused here.
    ///
    /// Source: https://sqlite.org/fileformat2.html 1.3: magic at 0, write version at 18 (2: WAL), user_version at 60, application_id at 68.
    ///
    /// - Returns: whether it was last written with a WAL.
    @discardableResult
    static func checkHeader(_ path: String, versionMax: Int) throws(OpenError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw OpenError(.failed, "\(path): \(systemError())") }
        guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG) else { throw OpenError(.configuration, "\(path) is not a file") }
        guard status.st_size > 0 else { throw OpenError(.damaged, "\(path) is empty: a journal is never created over an existing file") }
        let descriptor = omsd_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { throw OpenError(.configuration, "\(path) cannot be read: \(systemError())") }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 100)
        let count = read(descriptor, &header, 100)
        // A disk that cannot be read says nothing about the file.
        guard count >= 0 else { throw OpenError(.failed, "\(path) cannot be read: \(systemError())") }
        guard count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw OpenError(.damaged, "\(path) is not an SQLite database")
        }
        func word(_ at: Int) -> Int64 { header[at..<at + 4].reduce(0) { $0 << 8 | Int64($1) } }
        guard word(68) == applicationID else { throw OpenError(.damaged, "\(path) is a database of another program") }
        guard word(60) <= Int64(versionMax) else {
            throw OpenError(
                .damaged, "\(path) is of version \(word(60)), newer than this omsd, which knows \(versionMax): take the omsd that wrote it")
        }
        return header[18] == 2
    }

    /// What of a journal may be gone.
    enum Loss {
        /// A copy, taken at some time in the past.
        case isCopy
        /// The WAL is gone, and with it what was not in the file yet, if anything.
        case lacksWAL
    }

    /// Whether the files beside the journal are its own. What a crash leaves always has its WAL: a journal is first written to with one, and keeps it.
    ///
    /// - Parameter hasWAL: what `checkHeader` said; nil: there is no journal.
    /// - Returns: Why the journal may lack what a former run recorded; nil: it is as it was left.
    /// - Throws: where SQLite would read another file's WAL into this one.
    static func signOfLoss(_ path: String, hasWAL: Bool?) throws(OpenError) -> Loss? {
        var status = stat()
        let isThere = stat(path + "-wal", &status) == 0 && status.st_size > 0
        switch hasWAL {
        case nil where isThere:
            throw OpenError(.damaged, "\(path)-wal is there and its journal is not: put that back, or move the WAL and \(path)-shm away")
        case false? where isThere:
            throw OpenError(.damaged, "\(path)-wal belongs to another journal than the copy beside it: move the WAL and \(path)-shm away")
        case nil: return nil
        case false?: return .isCopy
        case true?: return isThere ? nil : .lacksWAL
        }
    }

    /// As `checkHeader`, for those who only read.
    static func checkForReading(_ path: String) throws(JournalError) {
        do throws(OpenError) { try checkHeader(path, versionMax: Migrator.newest) } catch {
            throw JournalError(error.kind == .damaged ? .damaged : .failed, error.description)
        }
    }

    /// Refuses what two daemons could write to under names that do not meet: SQLite's WAL and its index are found by the journal's name.
    ///
    /// - Throws: `.damaged` for a journal with another name, or a WAL that is not a file of its own.
    static func checkNames(_ path: String) throws(OpenError) {
        var status = stat()
        if stat(path, &status) == 0, status.st_nlink > 1 {
            throw OpenError(
                .damaged, "\(path) has \(status.st_nlink) names (hard links), each of which would get a WAL of its own: remove all but one")
        }
        for suffix in ["-wal", "-shm", "-journal"] where lstat(path + suffix, &status) == 0 {
            guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFREG), status.st_nlink == 1 else {
                throw OpenError(.damaged, "\(path)\(suffix) is a link, or has another name: it may be written to for another journal")
            }
        }
    }

    /// For those who only read a file that a daemon would refuse: what is said of it may not be all there is.
    static func nameWarning(_ path: String) -> String? {
        do throws(OpenError) {
            try checkNames(path)
            return nil
        } catch { return error.description + ". What was written under another name is not seen" }
    }

    /// A daemon runs on it, whatever path it knows it by.
    static func isHeld(_ path: String) -> Bool {
        let descriptor = omsd_open(path, O_RDONLY | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return omsd_lock_file(descriptor) != 0 && omsd_errno() == EWOULDBLOCK
    }

    static func isOnNetwork(_ path: String) -> Bool {
        var status = statfs()
        return statfs(path, &status) == 0 && networks.contains(UInt32(truncatingIfNeeded: status.f_type))
    }

    /// NFS, SMB2, SMB, 9P.
    private static let networks: Set<UInt32> = [0x6969, 0xFE53_4D42, 0xFF53_4D42, 0x517B, 0x0102_1997]

    /// A sentence where the file system does not keep what is written, or keeps other promises about locks; nil where nothing is known.
    ///
    /// Source: statfs(2), the magic numbers.
    static func warning(about path: String) -> String? {
        var status = statfs()
        guard statfs(path, &status) == 0 else { return nil }
        return switch UInt32(truncatingIfNeeded: status.f_type) {
        case 0x0102_1994, 0x8584_58F6: "\(path) is on a file system in memory: it is lost with the machine's power"
        case let type where networks.contains(type): "\(path) is on a network file system: its locks and fsync promise less"
        case 0x794C_7630: "\(path) is on an overlay file system: its fsync may promise less"
        default: nil
        }
    }

    static func syncFolder(of path: String) throws(JournalError) {
        let folder = folder(of: path)
        let descriptor = omsd_open(folder, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { throw JournalError(.failed, "\(folder): \(systemError())") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw JournalError(.failed, "\(folder): fsync: \(systemError())") }
    }

    /// For a file that no SQLite connection of this process has open.
    static func sync(_ path: String) throws(JournalError) {
        let descriptor = omsd_open(path, O_RDWR, 0)
        guard descriptor >= 0 else { throw JournalError(.failed, "\(path): \(systemError())") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw JournalError(.failed, "\(path): fsync: \(systemError())") }
    }
}

/// Space kept back beside the journal: given up when the disk is full, so that cancels, look-ups and outcomes still fit.
struct Ballast {
    static let bytes = 16 << 20
    /// How much more than the ballast must be free before a disk that was full counts as having space again. The ballast's own space is none: were it taken for
    /// new space, what waits would fill it at once, and the next commit would fail with whatever cancel is in it.
    static let spareBytes = 4 << 20
    let path: String

    init(journal: String) { path = journal + ".ballast" }

    /// False where there is no space for it.
    func restore() -> Bool {
        var status = stat()
        if stat(path, &status) == 0, status.st_size == Self.bytes, Int(status.st_blocks) * 512 >= Self.bytes { return true }
        let descriptor = omsd_open(path, O_RDWR | O_CREAT, 0o640)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard posix_fallocate(descriptor, 0, off_t(Self.bytes)) == 0 else {
            // What was taken of a disk that has too little is given back.
            unlink(path)
            return false
        }
        return true
    }

    /// The same on a disk that was full: false as well where too little would be left beside it.
    func restoreWithSpare() -> Bool {
        var status = statfs()
        guard statfs(JournalFile.folder(of: path), &status) == 0 else { return false }
        let (free, isMore) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(max(0, status.f_bsize)))
        guard isMore || free >= UInt64(Self.bytes + Self.spareBytes) else { return false }
        return restore()
    }

    func release() { unlink(path) }
}
