import OMSCore

/// An INSERT that is told how many rows come, and runs for sixteen of them at once.
///
/// A run costs SQLite as much as half a narrow row does: cursors opened and closed, the schema's version looked at. Whoever reads the table, or changes rows of
/// it, in between must not have said that more are to come.
struct RowInsert: ~Copyable {
    private static let rowsOfARun = 16

    private let one: Statement
    private let several: Statement
    private let state: UnsafeMutablePointer<State>

    private struct State {
        /// Still to come.
        var expected = 0
        /// Bound, and not written yet.
        var gathered = 0
    }

    /// - Parameter head: up to VALUES.
    init(_ head: String, places: Int, on connection: Connection, failure: inout JournalError?) {
        func sql(rows: Int) -> String {
            let row = "(" + Array(repeating: "?", count: places).joined(separator: ", ") + ")"
            return head + " VALUES " + Array(repeating: row, count: rows).joined(separator: ", ")
        }
        one = Statement(sql(rows: 1), on: connection.handle, failure: &failure)
        several = Statement(sql(rows: Self.rowsOfARun), on: connection.handle, scratchBytes: 16_384, failure: &failure)
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    deinit { state.deallocate() }

    /// Believes that so many rows come.
    func expect(_ rows: Int) { state.pointee.expected = rows }

    /// A turn failed: what it bound is nobody's, wherever in it that was.
    func forget() {
        one.reset()
        several.reset()
        state.pointee = State()
    }

    /// One more row.
    ///
    /// - Parameter bind: binds its values, all of them.
    func add(_ bind: (borrowing Statement) throws(JournalError) -> Void) throws(JournalError) {
        let (expected, gathered) = (state.pointee.expected, state.pointee.gathered)
        state.pointee.expected = max(0, expected - 1)
        guard gathered > 0 || expected >= Self.rowsOfARun else {
            try bind(one)
            return try one.run()
        }
        try bind(several)
        state.pointee.gathered = gathered + 1
        guard gathered + 1 == Self.rowsOfARun else { return }
        state.pointee.gathered = 0
        try several.run()
    }

    /// Nothing may be left behind by a commit.
    func expectNothingLeft() throws(JournalError) {
        guard state.pointee.gathered == 0 else {
            throw JournalError(.damaged, "\(state.pointee.gathered) rows were bound and never written: fewer came than were told of")
        }
    }
}
