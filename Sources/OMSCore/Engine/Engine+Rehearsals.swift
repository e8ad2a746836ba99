/// Rehearsals at venues: what they saw goes on record, and may keep an account from getting ready.
extension Engine {
    /// What a rehearsal saw, told by whoever ran it.
    func recordRehearsal(_ told: RehearsalRow, from actor: Actor, ticket: Ticket) {
        guard let desk = desk(told.account) else { return fail(.unknownAccount(told.account), to: ticket) }
        let event = event(.note, actor: actor, note: told.words)
        let row = told.recorded(as: event.seq, at: event.at, after: desk.access.rehearsed.row)
        record(.rehearsal(row, event))
        desk.access.learn(row)
        reply(.rehearsed(row), to: ticket)
    }

    func restoreRehearsals(_ rows: [RehearsalRow]) {
        for row in rows { desk(row.account)?.access.learn(row) }
    }
}
