/// What the engine remembers of an open command beside its row. A restart begins it anew, but for the turns, which the row's attempts tell.
struct CommandWatch {
    /// The stamp of the last request with it, milliseconds of the venue's clock, and when that was sent, by the runner's; a former process's is not known.
    var wireTime: Int64?
    var sentAt: Int64 = .min
    /// When that request ended, by the runner's clock: what was asked before says nothing of it.
    var answeredAt: Int64 = .min
    /// Reports of its order that were asked for since, and still did not show it done.
    var looks = 0
    /// How often it went out and came back, and the order still stood as before.
    var turns = 0
    /// How often it came back for another order's sake, with company.
    var blamelessTurns = 0
    /// It is not sent again before then.
    var notBefore: Int64 = .min
    /// Only a measurement of the venue's clock stands before it goes again.
    var awaitsClock = false
    /// The last words against it, and whether they were the venue's refusal.
    var words: String?
    var isRefused = false
    /// The state on record, where its turns are not written down any more.
    var recorded: CommandState?

    /// It comes back again and again: it waits among its like.
    var isRepeated: Bool { turns > 0 || blamelessTurns > 1 }
    /// So do looks at its order.
    var isLookedAtAgain: Bool { turns > 0 || looks > 1 }
}
