import OMSCore

/// How identities, rests and bans become rows.
extension SQLiteJournal {
    /// Who an account is, by the record; nil: no such account. One without pins has neither uid nor origin.
    package func account(_ account: AccountID) throws(JournalError) -> PinnedIdentity? {
        let loader = JournalLoader(connection: connection)
        if let pinned = try loader.pinnedIdentities().first(where: { $0.account == account }) { return pinned }
        let row = try connection.prepare("SELECT venue, product FROM accounts WHERE account = ?")
        try row.bind(account)
        guard try row.step() else { return nil }
        return PinnedIdentity(account: account, venue: try row.next(), product: try row.next(), uid: nil, origin: nil, keyInUse: nil, keys: [])
    }

    package var accounts: [AccountID] { accountKeys.keys.sorted() }

    func write(_ pinned: PinnedIdentity, _ event: JournalEvent) throws(JournalError) {
        let account = try key(of: pinned.account)
        try statements.setIdentity.run(account, pinned.uid, pinned.origin, pinned.keyInUse, pinned.streamOrigin)
        try statements.forgetKeys.run(account)
        for fingerprint in pinned.keys.sorted() {
            try statements.addKey.run(account, fingerprint)
            try statements.addFormerKey.run(account, fingerprint)
        }
        try statements.forgetPlaces.run(account)
        for place in pinned.former { try statements.addPlace.run(account, place.since, place.until, place.uid, place.origin) }
        var detail = EventDetail()
        detail.add("uid", pinned.uid)
        detail.add("origin", pinned.origin)
        detail.add("key_in_use", pinned.keyInUse)
        detail.add("stream_origin", pinned.streamOrigin)
        detail.add("keys", list: pinned.keys.sorted())
        detail.add("former_keys", list: try keysEver(of: account))
        // Which of its orders are elsewhere, and where.
        if !pinned.former.isEmpty { detail.add("former_places", places: pinned.former) }
        detail.addNote(of: event)
        try write(event, account: account, detail: detail)
    }

    private func keysEver(of account: Int64) throws(JournalError) -> [String] {
        defer { statements.keysEver.reset() }
        try statements.keysEver.bind(account)
        var keys: [String] = []
        while try statements.keysEver.step() { keys.append(try statements.keysEver.next()) }
        return keys
    }

    func write(_ rest: BudgetRest) throws(JournalError) {
        guard !rest.isOver else { return try statements.endRest.run(rest.budget) }
        try statements.setRest.run(rest.budget, rest.usableShare, rest.rest.until, rest.rest.lastsUs, rest.rest.untilWall, rest.recoversAt)
    }

    func write(_ ban: VenueBan) throws(JournalError) {
        try statements.setBan.run(ban.family, ban.rest.until, ban.rest.lastsUs, ban.rest.untilWall, ban.words)
    }
}
