/// A round of the same question or command that has not come to its end.
struct Turns {
    fileprivate(set) var count = 0
    fileprivate(set) var nextAt: Int64 = .min
    fileprivate(set) var breakID: Int64?
    /// What was said of the last one.
    fileprivate(set) var words = ""
}

/// What goes round and round of one account, how often it did, and until when it pauses.
///
/// An owner. What is told of it, and that a break stands for it, is said where it turns (`Engine.turned`).
struct Loops {
    private var table: [Loop: Turns] = [:]

    subscript(loop: Loop) -> Turns? { table[loop] }

    /// One more turn without an end.
    ///
    /// - Returns: `pause`: how long to wait until the next one, microseconds.
    mutating func turned(_ loop: Loop, _ words: String, at now: Int64, _ patience: Patience) -> (turns: Turns, pause: Int64) {
        var turns = table[loop] ?? Turns()
        turns.count += 1
        let pause = patience.pauses(of: loop.sort).pause(after: turns.count - 1)
        turns.nextAt = now + pause
        turns.words = "\(loop.text): \(turns.count) times without success: \(words)"
        table[loop] = turns
        return (turns, pause)
    }

    /// A break stands for it.
    mutating func found(_ id: Int64?, of loop: Loop) { table[loop]?.breakID = id }
    /// Its pause is over.
    mutating func hurry(_ loop: Loop) { table[loop]?.nextAt = .min }
    /// It came to its end.
    mutating func end(_ loop: Loop) -> Turns? { table.removeValue(forKey: loop) }

    /// One that an earlier process found.
    mutating func restore(_ loop: Loop, breakID: Int64, _ patience: Patience) {
        var turns = Turns()
        (turns.count, turns.breakID) = (patience.turnsMax, breakID)
        table[loop] = turns
    }
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
