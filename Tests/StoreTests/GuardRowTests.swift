import OMSCore
import TestSupport
import Testing
import Wire
@testable import Store

/// Guards of clients on record.
@Suite struct GuardRowTests {
    /// As the engine writes it: its line tells how it stands, since when, and why.
    private static func changed(_ row: inout GuardRow, in sample: Sample) -> JournalRecord {
        let (id, state, reason) = (row.id.number, row.state.rawValue, row.reason)
        let event = sample.event(.sessionGuard) { ($0.state, $0.note, $0.facts) = (state, reason, [.init("guard_id", id)]) }
        row.since = event.at
        return .sessionGuard(row, event)
    }

    @Test func `a guard is read as it was written with what lives under it, and is not read once it is over`() throws {
        let sample = try Sample()
        var row = GuardRow(
            id: GuardID(sample.seq + 1), user: 4_000_000_000, accounts: [Sample.az], onLost: .cancel, heartbeatMs: nil, graceMs: 5_000, openedAt: 7,
            token: Digest256([UInt8](repeating: 9, count: 32)), reason: "began")
        try sample.open.commit([Self.changed(&row, in: sample)])
        let order = try sample.place("guarded", count: 2, under: row.id)[0]
        try sample.place("free", count: 1)
        var state = try sample.reopen().load()
        #expect(state.guards == [row] && state.guarded == [order.intent: row.id])
        (row.state, row.since, row.reason) = (.lost, 8, "its connection ended")
        try sample.open.commit([Self.changed(&row, in: sample)])
        state = try sample.reopen().load()
        #expect(state.guards == [row])
        row.state = .released
        try sample.open.commit([Self.changed(&row, in: sample)])
        state = try sample.reopen().load()
        #expect(state.guards.isEmpty && state.guarded.isEmpty)
        sample.close()
        let problems = try JournalVerifier.verify(path: sample.path).problems
        #expect(problems == [])
        #expect(throws: (any Error).self) { try sample.tamper("UPDATE guards SET grace_ms = 1") }
        #expect(throws: (any Error).self) { try sample.tamper("DELETE FROM guards") }
    }

    @Test(arguments: [
        ("UPDATE guards SET state = 'released'", "guard 1: state is released, the record says lost"), ("UPDATE guards SET since = 5", "since is 5"),
        ("UPDATE guards SET reason = 'x'", "reason is x, the record says its connection ended"),
        ("DROP TRIGGER guards_kept; DELETE FROM guards", "guard 1: it has no row, event 2 tells of it"),
    ])
    func `a guard's row that its lines do not tell is found`(sql: String, problem: String) throws {
        let sample = try Sample()
        var row = GuardRow(
            id: 1, user: 7, accounts: [], onLost: .cancel, heartbeatMs: nil, graceMs: 5_000, openedAt: 5,
            token: Digest256([UInt8](repeating: 9, count: 32)), reason: "began")
        try sample.open.commit([Self.changed(&row, in: sample)])
        (row.state, row.reason) = (.lost, "its connection ended")
        try sample.open.commit([Self.changed(&row, in: sample)])
        sample.close()
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        try sample.tamper(sql)
        #expect(try JournalVerifier.verify(path: sample.path).problems.contains { $0.contains(problem) })
    }
}
