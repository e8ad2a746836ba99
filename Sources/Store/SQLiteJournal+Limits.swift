import OMSCore

/// How identities, rests and bans become rows.
extension SQLiteJournal {
    /// Who an account is, by the record; nil: no such account. One without pins has neither uid nor origin.
    package func account(_ account: AccountID) throws(JournalError) -> PinnedIdentity? {
        let loader = JournalLoader(connection: connection)
        if let pinned = try loader.pinnedIdentities().first(where: { $0.account == account }) { return pinned }
        let row = try connection.prepare("SELECT venue, product FROM accounts WHERE account = ?1")
        try row.bind(account.text, at: 1)
        guard try row.step() else { return nil }
        return PinnedIdentity(account: account, venue: row.text(0), product: row.text(1), uid: nil, origin: nil, keyInUse: nil, keys: [])
    }

    package var accounts: [AccountID] { accountKeys.keys.sorted() }

    func write(_ pinned: PinnedIdentity, _ event: JournalEvent) throws(JournalError) {
        let account = try key(of: pinned.account)
        try statements.setIdentity.bind(account, at: 1)
        try statements.setIdentity.bind(pinned.uid, at: 2)
        try statements.setIdentity.bind(pinned.origin, at: 3)
        try statements.setIdentity.bind(pinned.keyInUse, at: 4)
        try statements.setIdentity.run()
        try statements.forgetKeys.bind(account, at: 1)
        try statements.forgetKeys.run()
        for fingerprint in pinned.keys.sorted() {
            try statements.addKey.bind(account, at: 1)
            try statements.addKey.bind(fingerprint, at: 2)
            try statements.addKey.run()
        }
        try statements.forgetPlaces.bind(account, at: 1)
        try statements.forgetPlaces.run()
        for place in pinned.former {
            try statements.addPlace.bind(account, at: 1)
            try statements.addPlace.bind(place.since, at: 2)
            try statements.addPlace.bind(place.until, at: 3)
            try statements.addPlace.bind(place.uid, at: 4)
            try statements.addPlace.bind(place.origin, at: 5)
            try statements.addPlace.run()
        }
        var detail = EventDetail()
        detail.add("uid", pinned.uid)
        detail.add("origin", pinned.origin)
        detail.add("key_in_use", pinned.keyInUse)
        detail.addNote(of: event)
        try write(event, account: account, detail: detail)
    }

    func write(_ rest: BudgetRest) throws(JournalError) {
        guard !rest.isOver else {
            try statements.endRest.bind(rest.budget, at: 1)
            return try statements.endRest.run()
        }
        try statements.setRest.bind(rest.budget, at: 1)
        try statements.setRest.bind(rest.usableShare, at: 2)
        try statements.setRest.bind(rest.rest.until, at: 3)
        try statements.setRest.bind(rest.rest.lastsUs, at: 4)
        try statements.setRest.bind(rest.rest.untilWall, at: 5)
        try statements.setRest.bind(rest.recoversAt, at: 6)
        try statements.setRest.run()
    }

    func write(_ ban: VenueBan) throws(JournalError) {
        try statements.setBan.bind(ban.family, at: 1)
        try statements.setBan.bind(ban.rest.until, at: 2)
        try statements.setBan.bind(ban.rest.lastsUs, at: 3)
        try statements.setBan.bind(ban.rest.untilWall, at: 4)
        try statements.setBan.bind(ban.words, at: 5)
        try statements.setBan.run()
    }
}
