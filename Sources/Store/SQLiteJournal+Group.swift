import OMSCore

/// What a journal is opened for.
package enum JournalUse: Sendable, Equatable {
    /// One host's own: nothing but this process says what is written.
    case alone
    /// A host's copy of this group's log.
    case group(String)
    /// For what writes no turn.
    case upkeep

    var isShared: Bool { if case .group = self { true } else { false } }
}

/// A journal as one host's copy of a group's log.
extension SQLiteJournal: GroupJournal {
    package var isEmpty: Bool { seq == 0 }

    /// `GROUP EPOCH TURN SEQ DIGEST`: how far the log is in here, and the last number that was given by then.
    private static let key = "log_place"

    func write(_ place: LogPlace, seq: Int64) throws(JournalError) {
        try statements.setMeta.run(Self.key, "\(place.group) \(place.epoch) \(place.head.turn) \(seq) \(place.head.digest.hex)")
    }

    static func place(in connection: Connection) throws(JournalError) -> (place: LogPlace, seq: Int64)? {
        guard let text = try connection.text("SELECT value FROM meta WHERE key = '\(key)'") else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, let epoch = Int64(words[1]), let turn = Int64(words[2]), let seq = Int64(words[3]), epoch >= 0, turn >= 0,
            let digest = digest(words[4])
        else { throw JournalError(.damaged, "its place in a group's log cannot be read") }
        return (LogPlace(group: String(words[0]), epoch: epoch, head: LogHead(turn: turn, digest: digest)), seq)
    }

    private static func digest(_ hex: Substring) -> Digest256? {
        var bytes: [UInt8] = []
        var rest = hex[...]
        while rest.count >= 2, let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return rest.isEmpty && bytes.count == 32 ? Digest256(bytes) : nil
    }

    /// Refuses what would part the journal from its log; changes nothing.
    static func checkUse(_ path: String, _ use: JournalUse) throws(OpenError) {
        let found: (place: LogPlace, seq: Int64)?
        let seq: Int64
        do throws(JournalError) {
            let connection = try Connection(path: path, .readOnly)
            found = try place(in: connection)
            seq = try JournalLoader(connection: connection).seq()
        } catch { throw OpenError(error, path: path) }
        guard let found else { return }
        switch use {
        case .upkeep: return
        case .alone:
            throw OpenError(
                .configuration,
                "\(path) is this host's copy of group \(found.place.group)'s log, and what is written here alone would part it from that: put the section "
                    + "replica back, or, where no other host runs the group, end its part in it by omsd log-leave --journal \(path)")
        case .group(let name):
            guard found.place.group == name else {
                throw OpenError(
                    .configuration, "\(path) is a copy of group \(found.place.group)'s log, replica.group says \(name): each group has its own")
            }
            guard found.seq == seq else {
                throw OpenError(
                    .damaged,
                    "\(path) ends at number \(seq), and its copy of group \(name)'s log at \(found.seq): something was written here that is not in the "
                        + "log. Begin again with a copy of another host's journal")
            }
        }
    }

    /// The journal is one host's own from here on. Only while no daemon holds it: ``open(path:accounts:identities:bootID:for:wallClock:)`` for upkeep.
    ///
    /// - Returns: of which group it was; nil: of none.
    package func leaveGroup() throws(JournalError) -> String? {
        guard let place else { return nil }
        // Whatever the log had beyond is lost to it from here on: nobody knows whether this is the copy of the owner.
        let mark = try Self.goneBack(seq, on: connection, now: wallClock())
        try connection.execute("BEGIN IMMEDIATE; \(mark) DELETE FROM meta WHERE key = '\(Self.key)'; COMMIT;")
        return place.group
    }
}
