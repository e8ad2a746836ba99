/// Commands of one account that come back again and again while their orders stand as before: what the venue refuses, puts off or loses.
///
/// Each waits by its own back-off (``Patience/commandPauses``). Together they take a fifth of a budget at most (``Budget/repeatShare``), go out in full batches,
/// are looked after by listings where one listing answers for many, and are one line of `last_error` and one break where they are more than a few.
struct Repeats {
    /// Commands that are open and came back at least once, by kind.
    private(set) var open: [CommandKind: Set<CommandID>] = [:]

    /// More than so many are told of together.
    let few: Int

    init(few: Int) { self.few = few }

    var isEmpty: Bool { open.isEmpty }
    var count: Int { open.values.reduce(0) { $0 + $1.count } }
    func isMany(_ kind: CommandKind) -> Bool { open[kind]?.count ?? 0 > few }

    mutating func began(_ command: OrderCommand) { open[command.kind, default: []].insert(command.id) }

    /// Whether it was one of them.
    mutating func ended(_ command: OrderCommand) -> Bool {
        let wasOpen = open[command.kind]?.remove(command.id) != nil
        if open[command.kind]?.isEmpty ?? false { open[command.kind] = nil }
        return wasOpen
    }
}

extension Engine {
    /// Whether what repeats itself may take of each; else asks to be called when it may.
    func mayRepeat(_ charges: [BudgetCharge]) -> Bool {
        let at = limiter.nextRepeat(charges)
        if now.monotonic < at { wake(at: at) }
        return now.monotonic >= at
    }

    /// The same of what waits for company until then; `Int64.max`: there is none.
    func mayRepeat(at time: Int64, _ charges: [BudgetCharge]) -> Bool {
        if now.monotonic < time, time < .max { wake(at: time) }
        return now.monotonic >= time && mayRepeat(charges)
    }

    func rememberLooks(of live: LiveOrder, on desk: Desk) {
        let isLookedFor = live.commands.contains { commands[$0]?.state == .acknowledged || commands[$0]?.state == .inDoubt }
        desk.confirmations.look(for: live.key, isLookedFor)
    }

    // MARK: Listings for many

    /// Whether a listing of open orders tells how they stand with fewer requests than questions for each.
    func repeatsAreListed(on desk: Desk) -> Bool {
        let pages = (desk.profile.listsBySymbol ? max(1, desk.listing.symbols.count) : 1) + desk.openCount / patience.pageRows
        return desk.profile.findMax == 1 && desk.repeats.count > max(desk.repeats.few, pages)
    }

    func wantsRepeatListing(_ desk: Desk) -> Bool {
        guard desk.listing.isIdle, desk.listing.wantsRepeats else { return false }
        return desk.listing.mayConfirm(notBefore: nil, in: turn) && mayRepeat(charges(of: .query(.openOrders(symbol: nil, page: nil)), on: desk))
    }

    // MARK: Sending

    func queueModify(of live: LiveOrder, on desk: Desk) {
        guard let ready = live.commands.last(where: { commands[$0]?.kind == .modify && commands[$0]?.state == .requested }) else { return }
        desk.lanes.modify(live.key, isAgain: commands.watch(ready)?.isRepeated ?? false, at: now.monotonic)
    }

    // MARK: Answers

    /// What an answer says of the loop that all of them are in: its end if anything of it was taken, else one turn more.
    func judgeRepeats(_ kind: CommandKind, _ ids: [CommandID], _ outcomes: [ItemOutcome], _ wereRepeated: Bool, on desk: Desk) {
        guard wereRepeated else { return }
        // What was refused for good is over. What was taken may be as little worth as the time before.
        let isOver = outcomes.contains { if case .refused = $0 { true } else { false } }
        guard !isOver, desk.repeats.isMany(kind) else { return }
        let watch = ids.lazy.compactMap { self.commands.watch($0) }.first { $0.words != nil }
        let words = watch?.words ?? "the venue still shows the orders as they were"
        let isRefused = watch?.isRefused ?? false
        let told = isRefused ? "the venue refuses them: \(words)" : words
        turned(.many(kind), on: desk, told, as: kind == .cancel && isRefused ? .cancelRefused : .loop)
    }

    /// One of them came to its end: taken, it shows that the others may be, too. What is left may be few enough to be told of one by one.
    func endRepeats(_ command: OrderCommand, from: CommandState, on desk: Desk) {
        let wasRepeated = desk.repeats.ended(command)
        let wasTaken = wasRepeated && from == .acknowledged && command.state == .done
        if wasTaken || !desk.repeats.isMany(command.kind) { ended(.many(command.kind), on: desk) }
    }

    /// What stands in `last_error` as long as many commands go round.
    func repeatWords(of desk: Desk) -> String? {
        CommandKind.allCases.lazy.compactMap { desk.loops[.many($0)] }.first { $0.count > 2 && !$0.words.isEmpty }?.words
    }
}
