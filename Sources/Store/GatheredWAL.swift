import CLinux
import CSQLite

/// How the writer's WAL reaches the kernel: a commit's pages in one call in front of their sync, where SQLite makes two calls a page.
///
/// A layer over SQLite's own files that keeps back what is appended to the WAL until it is synced, read, measured or cut, or the buffer is full. SQLite tells
/// other connections of a commit only once its sync came back, so that nobody looks for what is still here; that holds for `synchronous = FULL` alone, hence
/// `begin`. What was kept back when the process dies was never synced, so never committed. An error of the write shows at the sync: the commit fails as before.
///
/// Source: https://sqlite.org/vfs.html, https://sqlite.org/walformat.html
enum GatheredWAL {
    static let name = "omsd-gathered-wal"

    /// Thirty-one pages with their headers; a turn of a hundred orders has about twenty. SQLite's files write no more than 131,071 bytes at a time: they cut a
    /// larger count to its low 17 bits, and call it a full disk where nothing is left of it.
    private static let capacity = 31 * (4_096 + 24)

    /// What SQLite takes for one of its files; the file of the system stands behind it.
    private struct File {
        var asSeen: sqlite3_file
        let system: UnsafeMutablePointer<sqlite3_file>
        let buffer: UnsafeMutablePointer<UInt8>
        var isGathering = false
        /// Bytes kept back, and where in the file they belong.
        var kept = 0
        var start: Int64 = 0

        /// Hands over what is kept back. Where that fails nothing of it is tried again: SQLite writes it anew or gives it up.
        mutating func handOver() -> Int32 {
            guard kept > 0 else { return SQLITE_OK }
            let count = kept
            kept = 0
            return system.pointee.pMethods.pointee.xWrite(system, buffer, Int32(count), start)
        }

        mutating func write(_ bytes: UnsafeRawPointer, _ count: Int, at offset: Int64) -> Int32 {
            if kept > 0, offset != start + Int64(kept) || kept + count > capacity {
                let code = handOver()
                guard code == SQLITE_OK else { return code }
            }
            guard isGathering, count <= capacity else { return system.pointee.pMethods.pointee.xWrite(system, bytes, Int32(count), offset) }
            if kept == 0 { start = offset }
            UnsafeMutableRawPointer(buffer + kept).copyMemory(from: bytes, byteCount: count)
            kept += count
            return SQLITE_OK
        }
    }

    /// The file of the system stands where any type may.
    private static let headBytes = (MemoryLayout<File>.stride + 15) & ~15

    // Written once, by whoever asks for `isRegistered` first, and read from then on.
    nonisolated(unsafe) private static let systemFiles = sqlite3_vfs_find(nil)
    nonisolated(unsafe) private static let methods: UnsafeMutablePointer<sqlite3_io_methods> = {
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        var table = sqlite3_io_methods()
        table.iVersion = 1
        table.xClose = { file in
            let gathered = GatheredWAL.file(file)
            let written = gathered.pointee.handOver()
            let system = gathered.pointee.system
            let closed = system.pointee.pMethods.pointee.xClose(system)
            gathered.pointee.buffer.deallocate()
            return closed == SQLITE_OK ? written : closed
        }
        table.xRead = { file, bytes, count, offset in
            GatheredWAL.behindWrites(file) { $0.pointee.pMethods.pointee.xRead($0, bytes, count, offset) }
        }
        table.xWrite = { file, bytes, count, offset in
            guard let bytes else { return SQLITE_IOERR }
            return GatheredWAL.file(file).pointee.write(bytes, Int(count), at: offset)
        }
        table.xTruncate = { file, size in GatheredWAL.behindWrites(file) { $0.pointee.pMethods.pointee.xTruncate($0, size) } }
        table.xSync = { file, flags in GatheredWAL.behindWrites(file) { $0.pointee.pMethods.pointee.xSync($0, flags) } }
        table.xFileSize = { file, size in GatheredWAL.behindWrites(file) { $0.pointee.pMethods.pointee.xFileSize($0, size) } }
        table.xLock = { file, kind in
            let system = GatheredWAL.file(file).pointee.system
            return system.pointee.pMethods.pointee.xLock(system, kind)
        }
        table.xUnlock = { file, kind in
            let system = GatheredWAL.file(file).pointee.system
            return system.pointee.pMethods.pointee.xUnlock(system, kind)
        }
        table.xCheckReservedLock = { file, isHeld in
            let system = GatheredWAL.file(file).pointee.system
            return system.pointee.pMethods.pointee.xCheckReservedLock(system, isHeld)
        }
        table.xFileControl = { file, operation, argument in
            let system = GatheredWAL.file(file).pointee.system
            return system.pointee.pMethods.pointee.xFileControl(system, operation, argument)
        }
        table.xSectorSize = { file in
            let system = GatheredWAL.file(file).pointee.system
            return system.pointee.pMethods.pointee.xSectorSize(system)
        }
        table.xDeviceCharacteristics = { file in
            let system = GatheredWAL.file(file).pointee.system
            return system.pointee.pMethods.pointee.xDeviceCharacteristics(system)
        }
        methods.initialize(to: table)
        return methods
    }()

    private static func file(_ file: UnsafeMutablePointer<sqlite3_file>?) -> UnsafeMutablePointer<File> {
        guard let file else { preconditionFailure("SQLite names no file") }
        return UnsafeMutableRawPointer(file).assumingMemoryBound(to: File.self)
    }

    private static func behindWrites(
        _ file: UnsafeMutablePointer<sqlite3_file>?, _ body: (UnsafeMutablePointer<sqlite3_file>) -> Int32
    ) -> Int32 {
        let gathered = GatheredWAL.file(file)
        let code = gathered.pointee.handOver()
        return code == SQLITE_OK ? body(gathered.pointee.system) : code
    }

    /// Whether SQLite knows of it. Once in a process, behind `sqlite3_config`.
    static let isRegistered: Bool = {
        guard let systemFiles else { return false }
        let files = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        files.initialize(to: systemFiles.pointee)
        files.pointee.pNext = nil
        files.pointee.zName = UnsafePointer(strdup(name))
        files.pointee.szOsFile = Int32(headBytes) + systemFiles.pointee.szOsFile
        files.pointee.xOpen = { _, path, file, flags, flagsOut in GatheredWAL.open(path, file, flags, flagsOut) }
        return sqlite3_vfs_register(files, 0) == SQLITE_OK
    }()

    /// Any other file than the WAL is the system's, as it is.
    private static func open(
        _ path: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32, _ flagsOut: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let systemFiles, let file else { return SQLITE_CANTOPEN }
        guard flags & SQLITE_OPEN_WAL != 0 else { return systemFiles.pointee.xOpen(systemFiles, path, file, flags, flagsOut) }
        file.pointee.pMethods = nil
        let system = (UnsafeMutableRawPointer(file) + headBytes).assumingMemoryBound(to: sqlite3_file.self)
        let code = systemFiles.pointee.xOpen(systemFiles, path, system, flags, flagsOut)
        guard code == SQLITE_OK else { return code }
        UnsafeMutableRawPointer(file).initializeMemory(
            as: File.self, to: File(asSeen: sqlite3_file(pMethods: UnsafePointer(methods)), system: system, buffer: .allocate(capacity: capacity)))
        return SQLITE_OK
    }

    /// From here on the WAL of this connection is gathered. Only where each commit is synced.
    ///
    /// - Returns: false: it has no WAL of ours.
    static func begin(on connection: OpaquePointer) -> Bool {
        var wal: UnsafeMutablePointer<sqlite3_file>?
        guard sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK, let wal,
            wal.pointee.pMethods == UnsafePointer(methods)
        else { return false }
        file(wal).pointee.isGathering = true
        return true
    }
}
