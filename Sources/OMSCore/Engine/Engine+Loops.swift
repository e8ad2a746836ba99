/// Rounds between a command and a look-up, or of one question: each pauses longer than the one before it, and says so.
extension Engine {
    // MARK: Of an account

    /// One more round without an end: `last_error` tells of it from the third on, a break from the tenth.
    ///
    /// - Returns: how long to pause, microseconds.
    @discardableResult
    func turned(_ loop: Loop, on desk: Desk, _ words: String, as kind: BreakKind = .loop) -> Int64 {
        let (turns, pause) = desk.loops.turned(loop, words, at: now.monotonic, patience)
        if turns.count > 2 { desk.access.say(turns.words) }
        if turns.count >= patience.turnsMax, turns.breakID == nil {
            desk.loops.found(found(kind, of: nil, on: desk, subject: loop.text, detail: turns.words)?.id, of: loop)
        }
        return pause
    }

    /// The round came to its end.
    func ended(_ loop: Loop, on desk: Desk) {
        guard let turns = desk.loops.end(loop), let id = turns.breakID else { return }
        mended(id, on: desk)
    }

    /// Breaks of loops that an earlier process found: they go on from there.
    func restoreLoops(_ breaks: [Break]) {
        for broken in breaks {
            guard let loop = Loop(of: broken), let desk = desk(broken.account) else { continue }
            desk.loops.restore(loop, breakID: broken.id, patience)
        }
    }

    // MARK: Of an order

    /// The venue does not take an order now, again, and says that it did not execute it: it goes later, and whoever waits for it is told why.
    func putOff(_ live: LiveOrder, on desk: Desk, _ words: String) {
        live.putOffs += 1
        desk.lanes.putOff(.order(live.key), until: now.monotonic + patience.putOffPauses.pause(after: Int(live.putOffs) - 1))
        guard live.putOffs > 2 else { return }
        let told = "order \(live.order.clientOrderID), put off \(live.putOffs) times by the venue: \(words)"
        desk.access.say(told)
        guard live.putOffs >= patience.turnsMax, desk.breaks[.loop, live.order.clientOrderID] == nil else { return }
        found(.loop, of: live, on: desk, detail: told)
    }

    // MARK: Of a command

    /// What a command's row tells of its rounds.
    func restoreWatch(of command: OrderCommand) {
        guard let watch = commands.restore(command), let desk = desk(command.account) else { return }
        desk.confirmations.restore(command)
        if watch.turns > 0 { desk.repeats.began(command) }
    }

    /// A command went out, and the order still stands as before.
    ///
    /// From the tenth round on it leaves no more rows but those of its requests: what is on record is that it is open, and the break says why.
    func turned(_ id: CommandID, of live: LiveOrder, on desk: Desk) {
        guard let command = commands[id] else { return }
        commands.turned(id)
        desk.repeats.began(command)
        guard let watch = commands.watch(id), watch.turns > 2 else { return }
        let shown = "the venue still shows the order \(live.state.rawValue)"
        let words = watch.words.map { watch.isRefused ? "the venue refuses it: \($0)" : $0 } ?? shown
        let told = "\(command.kind.rawValue) of \(live.order.clientOrderID), \(watch.turns) times: \(words)"
        // Of many, one line tells.
        let isOneOfMany = desk.repeats.isMany(command.kind)
        if !isOneOfMany { desk.access.say(told) }
        guard watch.turns >= patience.turnsMax else { return }
        let kind: BreakKind = command.kind == .cancel && watch.isRefused ? .cancelRefused : .loop
        // One tells of it. Behind a restart the venue's words are not known any more.
        let isTold = [.loop, .cancelRefused].contains { desk.breaks[$0, live.order.clientOrderID] != nil }
        if !isOneOfMany, !isTold { found(kind, of: live, on: desk, detail: told) }
        // The order's other cancels wait for this one.
        if command.kind == .cancel { giveWay(of: live, because: told) }
    }

    /// What kept a command going round came to an end: its breaks close, unless another of the order goes on.
    func endLoops(of live: LiveOrder, on desk: Desk) {
        guard !live.commands.contains(where: { (commands.watch($0)?.turns ?? 0) >= patience.turnsMax }) else { return }
        mended(.cancelRefused, of: live, on: desk)
        mended(.loop, of: live, on: desk)
    }

    // MARK: Gates

    /// An intent's places do not wait for a person.
    static let fateIsParked = "the order's fate waits for a person"

    /// An intent's places wait no longer for this cancel: it may never be answered, and it is said why.
    func giveWay(_ command: OrderCommand, because words: String) {
        guard command.kind == .cancel, let key = command.intent, let intent = intents[key], intent.cancelsAhead.contains(command.id) else { return }
        record(
            .note(
                account: command.account, command.order,
                event(.note, note: "the places of intent \(intent.row.id) wait no longer for cancel \(command.id): \(words)")))
        cancelAnswered(command)
    }

    /// All cancels of an order that may never be answered.
    func giveWay(of live: LiveOrder, because words: String) {
        for id in live.commands { if let command = commands[id] { giveWay(command, because: words) } }
    }
}
