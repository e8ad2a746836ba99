/// Cancels and modifies that are not over, and what is remembered of those that were sent.
///
/// An owner: an ``OrderCommand`` that is on its way is written in this file alone. Whether one may move, and that it does, is decided here; what that means for
/// orders, intents and lanes, and its row, is said in one place (`Engine.change`). Which of an account's keep coming back: ``Repeats``; whose orders wait to show
/// what became of them: ``Confirmations``.
final class Commands {
    private var table: [CommandID: OrderCommand] = [:]
    private var watches: [CommandID: CommandWatch] = [:]

    subscript(id: CommandID) -> OrderCommand? { table[id] }
    /// What is remembered of one that was sent; nil: nothing is.
    func watch(_ id: CommandID) -> CommandWatch? { watches[id] }

    /// It is written down just now, or was read at a start.
    func add(_ command: OrderCommand) { table[command.id] = command }

    /// What its row tells of its rounds, at a start.
    ///
    /// - Returns: nil: it was never sent.
    func restore(_ command: OrderCommand) -> CommandWatch? {
        guard command.attempts > 0 else { return nil }
        var watch = CommandWatch()
        watch.turns = command.attempts - 1
        watches[command.id] = watch
        return watch
    }

    /// It is over.
    func forget(_ id: CommandID) { (table[id], watches[id]) = (nil, nil) }

    // MARK: Moving

    /// Moves one, where the table of moves allows it.
    ///
    /// - Parameter words: why; of a refusal the venue's, with its code.
    /// - Returns: how it stands now, and stood before; nil: it does not move.
    func move(
        _ id: CommandID, to next: CommandState, _ evidence: Evidence, _ request: RequestID?, _ code: String?, words: String?, at wall: Int64
    ) -> (command: OrderCommand, from: CommandState)? {
        guard var command = table[id], command.state.mayBecome(next) else { return nil }
        let from = command.state
        command.state = next
        command.evidence = evidence
        if let request { command.request = request }
        if next == .refused { (command.rejectCode, command.rejectText) = (code, words) }
        if !next.isOpen { command.closedAt = wall }
        table[id] = command
        return (command, from)
    }

    /// From which state its move goes on record; nil: not now, as it goes round and round, and stands there as open already.
    func takeRecorded(_ command: OrderCommand, from: CommandState, turnsMax: Int) -> CommandState? {
        let watch = watches[command.id]
        let recorded = watch?.recorded ?? from
        let goesRound = command.state.isOpen && (watch?.turns ?? 0) >= turnsMax
        watches[command.id]?.recorded = goesRound ? recorded : nil
        return goesRound ? nil : recorded
    }

    // MARK: Requests

    /// A request carries it.
    func send(_ id: CommandID, stampMs: Int64, at now: Int64) {
        table[id]?.attempts += 1
        watches[id, default: CommandWatch()].wireTime = stampMs
        watches[id]?.sentAt = now
    }

    /// The request did not leave.
    func unsend(_ id: CommandID) { table[id]?.attempts -= 1 }

    /// The request ended.
    ///
    /// - Parameters:
    ///   - words: what was said against it; nil: nothing.
    ///   - isRefused: by the venue.
    func answered(_ id: CommandID, words: String?, isRefused: Bool, at now: Int64) {
        var watch = watches[id] ?? CommandWatch()
        (watch.answeredAt, watch.looks, watch.words, watch.isRefused) = (now, 0, words, isRefused)
        watches[id] = watch
    }

    // MARK: Rounds

    /// A report of its order was asked for then.
    ///
    /// - Returns: nil: before its answer, or before it is to be looked at again, so that it counts for nothing.
    func looked(at id: CommandID, askedAt: Int64, at now: Int64) -> CommandWatch? {
        var watch = watches[id] ?? CommandWatch()
        guard askedAt >= watch.answeredAt, now >= watch.notBefore else { return nil }
        watch.looks += 1
        watches[id] = watch
        return watch
    }

    /// It came back, and its order stands as before.
    func turned(_ id: CommandID) { watches[id, default: CommandWatch()].turns += 1 }
    /// It came back for another order's sake.
    func turnedBlameless(_ id: CommandID) { watches[id]?.blamelessTurns += 1 }
    /// Not before then again.
    func wait(_ id: CommandID, until time: Int64) { watches[id]?.notBefore = time }
    /// Whether a measurement of the venue's clock alone stands before it goes again.
    func awaitClock(_ id: CommandID, _ awaits: Bool) { watches[id]?.awaitsClock = awaits }
}
