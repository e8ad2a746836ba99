/// What went wrong last, for a person, until its reason is gone: the next good answer of its sort ends it. Part of ``Access``.
struct LastError {
    private(set) var words: String?
    /// By the wall clock; nil: of this turn.
    private(set) var at: Int64?
    /// It was set in this turn: no answer since.
    private var isNew = false
    /// Which sort of request it is of; nil: none, or all.
    private var sort: String?
    /// The sort of request whose end is being taken in.
    private var speaksOf: String?

    mutating func speak(of sort: String) { speaksOf = sort }
    mutating func speakOfAll() { speaksOf = nil }

    /// - Parameter words: nil: nothing is wrong.
    mutating func say(_ words: String?) { (self.words, isNew, sort) = (words, words != nil, speaksOf) }

    /// Whether a good answer to the request whose end is being taken in ends it.
    var isEndedByAnswer: Bool { words != nil && !isNew && (sort == nil || sort == speaksOf) }

    mutating func endTurn(at wall: Int64) {
        if isNew { at = wall }
        if words == nil { at = nil }
        (isNew, speaksOf) = (false, nil)
    }
}
