import CSQLite

extension SQLiteJournal {
    /// SQLite's version and source id, as linked.
    package static var libraryVersion: String {
        "SQLite \(String(cString: sqlite3_libversion())) \(String(cString: sqlite3_sourceid()).prefix(30))"
    }

    /// SQLite's version alone, as in `3.40.1`.
    package static var libraryNumber: String { String(cString: sqlite3_libversion()) }
}
