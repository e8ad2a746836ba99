import CSQLite
import OMSCore

extension JournalError {
    /// What an SQLite result code means to the caller; the text names the statement, never its bound values: logs travel, orders must not.
    ///
    /// Source: https://sqlite.org/rescode.html
    init(sqlite code: Int32, of handle: OpaquePointer?, running sql: String) {
        let extended = handle.map { sqlite3_extended_errcode($0) } ?? code
        let words = handle.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
        // Growing the -shm file needs space like any write, but promises nothing: no durability hangs on it.
        let unreadable = code & 0xFF == SQLITE_CORRUPT && handle.map { omsd_could_not_be_read($0) != 0 } ?? false
        let kind: Kind =
            switch code & 0xFF {
            case SQLITE_CORRUPT where unreadable: .failed
            case SQLITE_FULL: .full
            case SQLITE_IOERR where extended == SQLITE_IOERR | (19 << 8): .full
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_SCHEMA, SQLITE_ERROR: .damaged
            default: .failed
            }
        self.init(
            kind, "\(unreadable ? "disk I/O error" : words) (SQLite \(extended)) running: \(sql.prefix(120))",
            isStorageFault: kind != .full && [SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB].contains(code & 0xFF))
    }

    /// What the process exits with when this ends it (CONTRACT 2).
    package var exitCode: Int32 {
        switch kind {
        case .damaged: 65
        case .full, .failed: 74
        case .busy: 75
        }
    }
}

/// Why a journal was not opened. The file is as it was.
package struct OpenError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// Damaged, foreign or written by a newer omsd.
        case damaged
        case failed
        /// Another daemon holds it.
        case locked
        /// Its folder is missing or cannot be written.
        case configuration
    }
    package let kind: Kind
    package let description: String
    package init(_ kind: Kind, _ description: String) { (self.kind, self.description) = (kind, description) }

    init(_ error: JournalError, path: String) {
        let kind: Kind =
            switch error.kind {
            case .damaged: .damaged
            case .full, .failed: .failed
            case .busy: .locked
            }
        self.init(kind, "\(path): \(error.description)")
    }

    package var exitCode: Int32 {
        switch kind {
        case .damaged: 65
        case .failed: 74
        case .locked: 75
        case .configuration: 78
        }
    }
}
