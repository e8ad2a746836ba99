import ControlAPI
import OMSCore
import Wire

/// The record as subscribers follow it.
extension SQLiteJournalReader {
    /// Numbers looked at in one snapshot: a filter that lets little through must not keep one open for long.
    private static let numbersAtOnce: Int64 = 50_000

    private static let columns =
        "seq, at, kind, account, client_order_id, intent_id, tag, command_id, from_state, to_state, evidence, request_id, actor, detail"

    /// Stops before the first number of an intent whose slices are still being written: its lines appear later, and a subscriber that had gone past
    /// them would never be told. So the position it goes on from is said here, by the snapshot that was read, and by nobody else.
    package func events(after seq: Int64, of scope: EventScope, limit: Int) throws(JournalError) -> EventPage {
        try mending { () throws(JournalError) in try eventsOnce(after: seq, of: scope, limit: limit) }
    }

    private func eventsOnce(after seq: Int64, of scope: EventScope, limit: Int) throws(JournalError) -> EventPage {
        try connection.snapshot { () throws(JournalError) -> EventPage in
            let statements = try followerStatements()
            let end = try statements.completeEnd()
            guard seq < end else { return EventPage(lines: [], completeTo: seq, isLast: true) }
            let last = end - seq > Self.numbersAtOnce ? seq + Self.numbersAtOnce : end
            let limit = min(max(limit, 1), 10_000)
            let lines = try merged(after: seq, to: last, scope, limit: limit)
            if lines.count == limit, let reached = lines.last?.seq, reached < end {
                return EventPage(lines: lines, completeTo: reached, isLast: false)
            }
            return EventPage(lines: lines, completeTo: last, isLast: last == end)
        }
    }

    /// How far the record is sealed, and by what.
    func seal() throws(JournalError) -> [UInt8] {
        var result = SealGet.Result()
        result.seq = try JournalLoader(connection: connection).seq()
        if let seal = try connection.lastSeal() {
            var shown = ShownSeal()
            (shown.firstSeq, shown.lastSeq, shown.lines, shown.at) = (seal.first, seal.last, seal.lines, seal.at)
            (shown.seal, shown.form) = (hex(seal.digest.bytes), Int64(seal.form))
            (shown.key, shown.signature) = (seal.signature?.key, seal.signature.map { hex($0.bytes) })
            result.head = shown
        }
        result.unsealed = max(0, result.seq.subtractingReportingOverflow(result.head?.lastSeq ?? 0).partialValue)
        return result.serialized(reserving: 512)
    }

    private func followerStatements() throws(JournalError) -> FollowerStatements {
        if let following { return following }
        let statements = try FollowerStatements(columns: Self.columns, on: connection)
        following = statements
        return statements
    }

    /// With those that lie in the archive: whoever reads on after a while misses nothing.
    private func merged(after seq: Int64, to last: Int64, _ scope: EventScope, limit: Int) throws(JournalError) -> [EventPage.Line] {
        guard seq < (try followerStatements().archivedTo()) else { return try lines(after: seq, to: last, scope, limit: limit) }
        let archives = Set(try connection.archivedRuns(from: seq + 1, to: last).map(\.archive))
        guard !archives.isEmpty else { return try lines(after: seq, to: last, scope, limit: limit) }
        var sources = [ArchiveMerge.Source { (after, limit) throws(JournalError) in try self.rows(after: after, to: last, scope, limit: limit) }]
        for (archive, reader) in try files({ archives.contains($0.id) }) {
            sources.append(
                ArchiveMerge.Source(isMeant: { (number) throws(JournalError) in try self.isAtHome(number, in: archive) }) {
                    (after, limit) throws(JournalError) in
                    try inArchive(beside: self.connection) { () throws(JournalError) in try reader.rows(after: after, to: last, scope, limit: limit) }
                })
        }
        return try ArchiveMerge.next(of: sources, after: seq, limit: limit).map { EventPage.Line(seq: $0.key, members: $0.bytes) }
    }

    private func rows(after seq: Int64, to last: Int64, _ scope: EventScope, limit: Int) throws(JournalError) -> [ArchiveMerge.Row] {
        try lines(after: seq, to: last, scope, limit: limit).map { ($0.seq, $0.members) }
    }

    private func lines(after seq: Int64, to last: Int64, _ scope: EventScope, limit: Int) throws(JournalError) -> [EventPage.Line] {
        let statements = try followerStatements()
        var lines: [EventPage.Line] = []
        try statements.read(after: seq, to: last, scope, limit: limit) { rows throws(JournalError) in
            let json = RowJSON(rows, rawDetail: true)
            while try rows.step() { lines.append(Self.line(rows, json)) }
        }
        return lines
    }

    private static func line(_ rows: borrowing Statement, _ json: RowJSON) -> EventPage.Line {
        var writer = JSONWriter(reserving: 512)
        json.write(rows, to: &writer)
        var members = Array(writer.bytes.dropFirst().dropLast())
        if Self.standsAlone.contains(json.text("kind", in: rows) ?? ""), let detail = json.text("detail", in: rows) {
            let own = detail.utf8.dropFirst().dropLast()
            if !own.isEmpty { members += [UInt8(ascii: ",")] + own }
        }
        return EventPage.Line(seq: json.integer("seq", in: rows) ?? 0, members: members)
    }

    /// Whose detail is a row of its own, what was asked for or what was executed: it stands beside the other members as well.
    private static let standsAlone: Set<String> = [EventFamily.orderBorn.rawValue, EventFamily.execution.rawValue]
}
