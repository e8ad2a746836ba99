import Wire

/// What the ledger and the simulator's pages show of streams.
extension VenueWorld {
    /// Every stream that was ever open, by number.
    package var streamSessions: [StreamSession] { (streams.ended + streams.open.values.map(\.session)).sorted { $0.id < $1.id } }

    /// One row a stream, for the ledger.
    func writeStreams(to writer: inout JSONWriter) {
        writer.key("streams")
        writer.beginArray()
        for session in streamSessions {
            writer.beginObject()
            writer.member("n", session.id)
            writer.member("venue", session.venue)
            writer.member("account", session.account?.uid)
            writer.member("peer", session.peer)
            writer.member("opened_at", session.openedAt)
            writer.member("ended_at", session.endedAt)
            writer.member("end", session.end)
            writer.member("channels", session.channels)
            writer.member("logins", session.logins)
            writer.member("subscribes", session.subscribes)
            writer.member("messages", session.messages)
            writer.member("pushes", session.pushes)
            writer.member("over", session.over)
            writer.endObject()
        }
        writer.endArray()
    }

    /// Counts a venue, for the summary.
    func writeStreamCounts(to writer: inout JSONWriter) {
        let sessions = streamSessions
        writer.key("streams")
        writer.beginArray()
        for name in venues.map(\.dialect.venue) {
            let own = sessions.filter { $0.venue == name }
            let refused = streams.refused[name] ?? 0
            if own.isEmpty, refused == 0 { continue }
            writer.beginObject()
            writer.member("venue", name)
            writer.member("open", own.count { $0.isOpen })
            writer.member("ended", own.count { !$0.isOpen })
            writer.member("refused", refused)
            for (key, path) in [
                ("logins", \StreamSession.logins), ("subscribes", \.subscribes), ("messages", \.messages), ("pushes", \.pushes),
            ] {
                writer.member(key, own.reduce(0) { $0 + $1[keyPath: path] })
            }
            writer.member("over", own.count { !$0.over.isEmpty })
            writer.endObject()
        }
        writer.endArray()
    }

    /// `{venue?, account?, do?: close|notice|mute|deaf|token_dies, code?, delay_ms?}`: something happens to streams now. - Returns: to how many.
    func changeStreams(_ json: JSON) throws(SimulatorInputError) -> Int {
        let chosen = streams.inOrder.filter { stream in
            (json["venue"].map { $0.string == stream.session.venue } ?? true)
                && (json["account"].map { $0.string == stream.session.account?.uid } ?? true)
        }
        let code = json["code"].map { $0.integer } ?? Int64(StreamOutput.abnormal)
        guard let code, (1_000...4_999).contains(code) else { throw SimulatorInputError("`code` should be 1000 to 4999") }
        let delay = json["delay_ms"].map { $0.integer } ?? 0
        guard let delay, (0...86_400_000).contains(delay) else { throw SimulatorInputError("`delay_ms` should be 0 to 86400000") }
        let what: String = json["do"].map { $0.string ?? "" } ?? "close"
        guard ["close", "notice", "mute", "deaf", "token_dies"].contains(what) else {
            throw SimulatorInputError("`do` should be close, notice, mute, deaf or token_dies")
        }
        for stream in chosen {
            switch what {
            case "close": end(stream, "closed by hand", Int(code))
            case "notice": announceCut(of: stream, afterUs: delay * 1_000, why: "announced by hand")
            case "mute": _ = strike(.mute, 0, stream)
            case "deaf": _ = strike(.deaf, 0, stream)
            default: _ = strike(.tokenDies, 0, stream)
            }
        }
        return chosen.count
    }
}
