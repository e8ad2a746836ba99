import OMSCore

/// What keeps the record from being changed, and what auditors read it through.
extension JournalCheck {
    /// Triggers and views must be as omsd makes them: whoever edits the record with care takes the first off, or bends the second.
    mutating func guards() throws(JournalError) {
        let model = try Connection(path: ":memory:", .create)
        try Migrator.migrate(model)
        let (made, found) = (try Self.guards(of: model), try Self.guards(of: connection))
        for (name, sql) in made.sorted(by: { $0.key < $1.key }) where found[name] != sql {
            report.add(found[name] == nil ? "the \(name) is missing" : "the \(name) is not as omsd makes it")
        }
        for name in found.keys.sorted() where made[name] == nil && name.hasPrefix("trigger ") { report.add("the \(name) is none of omsd's") }
    }

    private static func guards(of connection: Connection) throws(JournalError) -> [String: String] {
        var guards: [String: String] = [:]
        let rows = try connection.prepare("SELECT type || ' ' || name, sql FROM sqlite_schema WHERE type = 'trigger' OR type = 'view'")
        while try rows.step() { guards[try rows.next()] = try rows.next(String?.self) }
        return guards
    }
}
