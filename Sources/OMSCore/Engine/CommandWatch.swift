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

/// A round of the same question or command that has not come to its end.
struct Turns {
    var count = 0
    var nextAt: Int64 = .min
    var breakID: Int64?
    /// What was said of the last one.
    var words = ""
}

/// What goes round in such a loop, for a whole account. The text begins the break's detail, so that a restart finds it again.
struct Loop: Hashable {
    /// Each pauses by its own back-off (``Patience/pauses(of:)``).
    enum Sort { case preparation, lookUps, executions, timestamps, commands, cancelAll, external }

    let text: String
    let sort: Sort

    static func preparation(_ name: String) -> Loop { Loop(text: "preparation \(name)", sort: .preparation) }
    static let lookUps = Loop(text: "look-ups of orders", sort: .lookUps)
    static let executions = Loop(text: "lists of executions", sort: .executions)
    static let timestamps = Loop(text: "timestamps", sort: .timestamps)
    /// Cancels, or modifies, of more orders than are told of one by one.
    static func many(_ kind: CommandKind) -> Loop {
        Loop(text: kind == .cancel ? "cancels of many orders" : "modifies of many orders", sort: .commands)
    }
    static let cancelAll = Loop(text: "cancel-all", sort: .cancelAll)
    static func external(_ id: VenueOrderID) -> Loop { Loop(text: "cancel of the external order \(id)", sort: .external) }

    static func == (a: Loop, b: Loop) -> Bool { a.text == b.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// The one that a break tells of, as a key: whoever goes on with it knows its sort.
    init?(of broken: Break) {
        guard broken.kind == .loop || broken.kind == .cancelRefused, broken.clientOrderID == nil, let end = broken.detail.firstIndex(of: ":") else {
            return nil
        }
        self.init(text: String(broken.detail[..<end]), sort: .external)
    }

    private init(text: String, sort: Sort) { (self.text, self.sort) = (text, sort) }
}
