/// Questions about one order, until they are answered. Part of ``LookUps``, which alone changes it.
struct Inquiry {
    struct Reasons: OptionSet {
        let rawValue: Int
        /// A request carried it and nobody knows.
        static let doubt = Reasons(rawValue: 1)
        /// A cancel waits for its fate, its id or its end.
        static let cancel = Reasons(rawValue: 2)
        /// A modify waits to be seen.
        static let modify = Reasons(rawValue: 4)
        /// Open here, not listed there.
        static let missing = Reasons(rawValue: 8)
        /// The venue's id is not known.
        static let venueID = Reasons(rawValue: 16)
        /// It trades at once or never: its end is due.
        static let outcome = Reasons(rawValue: 32)
        /// Closed without the venue's word: it may be there all the same.
        static let givenUp = Reasons(rawValue: 64)
    }

    /// How its order stands, as far as it matters to who goes first.
    struct Situation {
        let state: OrderState
        /// Commands of it wait to be seen, and for each of them it was looked at before.
        let isLookedAtAgain: Bool
    }

    var reasons: Reasons
    /// Which of the venue's look-up steps is next; a round is complete when all answered.
    var step = 0
    /// Where that step goes on, and how many of its pages were read; nil: at its beginning.
    var page: String?
    var pages = 0
    /// How often this very page was asked for without an answer.
    var pageSilences = 0
    var nextAt: Int64
    var isDue = false
    var isAsked = false
    /// Questions asked, whatever came of them.
    var tries = 0
    /// Rounds that ended without an answer, one behind the other.
    var silences = 0
    /// When this round's first step was asked.
    var round = Round(askedAt: -.farthest, measuredAt: nil, clockEpoch: 0, isSingle: true)
    /// Which clock the rounds counted so far belong to.
    var clockEpoch = 0
    /// Rounds that did not know the order and count for proof (of an order in no doubt: all), and when the first of them was asked.
    var absentRounds = 0
    var firstAbsentAskedAt: Int64 = .min
    /// One of them asked for this order alone; or the next must.
    var hasSingle = false
    var wantsSingle = false
    /// When the last round that was needed for proof was answered: now only the clock is measured once more.
    var provenAt: Int64?
    /// What was last written down of it, and how often that came again.
    var lastWords: Words?
    var repeats = 0
    /// A listing of the whole account did not show it: it is asked about by itself, once.
    var isLeftOver = false

    /// Kinds of news of a doubt.
    enum Words { case clock, early, first, second, step, erred }

    mutating func forgetRounds() { (absentRounds, hasSingle, provenAt) = (0, false, nil) }

    var isAtBeginning: Bool { step == 0 && page == nil }

    /// A step of the look-up is next, at its first page.
    mutating func begin(step: Int) { (self.step, page, pages, pageSilences) = (step, nil, 0, 0) }

    // MARK: Who goes first

    /// Whether its order was looked at before for the same command's sake, and stood as it stands.
    func isRepeated(_ situation: Situation, looksAtOnce: Int) -> Bool {
        guard situation.state.isLive, !isLeftOver, reasons.isSubset(of: [.cancel, .modify, .venueID]) else { return false }
        return tries >= looksAtOnce || situation.isLookedAtAgain
    }

    func lane(_ situation: Situation, looksAtOnce: Int) -> InquiryLane {
        if situation.state.isTerminal { return .late }
        if isRepeated(situation, looksAtOnce: looksAtOnce) { return .repeated }
        if reasons.contains(.cancel) { return .urgent }
        return situation.state == .inDoubt || !reasons.isDisjoint(with: [.doubt, .modify]) ? .doubt : .routine
    }
}

/// Who goes first among look-ups.
enum InquiryLane: Int, CaseIterable, Comparable {
    /// A cancel waits for it.
    case urgent
    /// Nobody knows what became of an order, or a modify waits.
    case doubt
    /// As the two above, and it was looked at before without an end: a fifth of a budget at most.
    case repeated
    /// The venue surely has or had it: open here and not listed there, or its id is not known.
    case routine
    /// Closed on the word of look-ups, and looked for all the same: a fifth of a budget at most.
    case late

    /// Its questions take a fifth of a budget at most.
    var isPaced: Bool { self == .repeated || self == .late }

    static func < (a: InquiryLane, b: InquiryLane) -> Bool { a.rawValue < b.rawValue }
}
