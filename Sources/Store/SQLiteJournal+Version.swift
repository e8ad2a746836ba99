import CSQLite

extension SQLiteJournal {
    /// SQLite's version and source id, as linked.
    package static var libraryVersion: String {
        "SQLite \(String(cString: sqlite3_libversion())) \(String(cString: sqlite3_sourceid()).prefix(30))"
    }
}
