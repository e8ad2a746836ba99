/// The venue's own dead man's switch of one user: so long after it was set last the venue cancels all of his orders, whoever placed them, and omsd sets it again
/// and again.
///
/// An owner: its state is written here alone. It is kept with the first of the user's accounts and counts for all of them; whichever of them can sets it.
struct Countdown {
    let seconds: Int
    /// When the venue may begin to cancel, by the runner's clock: counted from when the last request that it confirmed was sent. nil: it was never set, or is
    /// switched off.
    private(set) var runsOutAt: Int64?
    /// Not asked again before then.
    private(set) var nextAt: Int64 = .min
    /// What it is set to by the request that is out; nil: none is.
    private(set) var asked: Int?
    /// Why the last request came to nothing; nil: it did not.
    private(set) var failure: String?
    /// How many the venue refused while none ran.
    private var refusals = 0
    /// Not asked to be switched off again before then.
    private(set) var offAgainAt: Int64 = .min
    /// The account whose request was confirmed last; and those whose last one came to nothing.
    private var setBy: Int?
    private var failing: Set<Int> = []
    /// It may run: a process before this one may have set it, or this one did, and no request that switches it off was answered since.
    private(set) var mayRun = true
    /// A request of this process may have set it.
    private(set) var wasSet = false

    init(seconds: Int) { self.seconds = seconds }

    /// The venue counts requests by the second, and its margin comes on top.
    static let againUs: Int64 = 1_100_000
    /// How rarely at the least a venue is asked that refuses it, where nothing runs that could run out.
    static let refusedUs: Int64 = .seconds(30)

    /// Whether an account asks next, of those of the user that can: the one that was confirmed last, else one whose requests did not come to nothing, else any.
    func isTurn(of account: Int, among able: [Int]) -> Bool {
        if let setBy, able.contains(setBy), !failing.contains(setBy) { return account == setBy }
        return !failing.contains(account) || able.allSatisfy(failing.contains)
    }

    /// Set three times while it would run out once.
    private var everyUs: Int64 { max(Self.againUs, .seconds(Int64(seconds)) / 3) }

    func isRunning(at now: Int64) -> Bool { runsOutAt.map { now < $0 } ?? false }

    /// Whether an order that leaves now is there before it may run out: one that came behind would rest on, with nobody left to pull it. A third of it is enough
    /// where that is less, for it is set anew before.
    ///
    /// - Parameter onItsWayUs: how long a request may take to arrive and be taken.
    func covers(onItsWayUs: Int64, at now: Int64) -> Bool { isRunning(at: now + min(onItsWayUs, .seconds(Int64(seconds)) / 3)) }

    /// A request left that sets it, or with 0 switches it off.
    mutating func asks(_ seconds: Int, at now: Int64) {
        (asked, nextAt) = (seconds, now + (seconds == 0 ? Self.againUs : everyUs))
        if seconds > 0 { (mayRun, wasSet) = (true, true) }
    }

    /// The venue confirmed what it was asked.
    ///
    /// - Returns: what that means.
    mutating func confirmed(by account: Int, sentAt: Int64, at now: Int64) -> News? {
        guard let seconds = asked else { return nil }
        let former = runsOutAt
        (asked, failure, refusals, setBy) = (nil, nil, 0, account)
        failing.remove(account)
        guard seconds > 0 else {
            (runsOutAt, mayRun, wasSet) = (nil, false, false)
            return .off
        }
        runsOutAt = sentAt + .seconds(Int64(seconds))
        guard let former else { return .begun }
        return former <= now ? .mayHaveRunOut(since: former) : nil
    }

    enum News: Equatable {
        case begun, off
        /// No request was confirmed in time, and the venue may have cancelled.
        case mayHaveRunOut(since: Int64)
    }

    /// - Parameter isRefused: by the venue, in its own words; false: nobody knows, or it is asked at another time.
    mutating func failed(_ reason: String, isRefused: Bool, by account: Int, at now: Int64) {
        let isLasting = isRefused && asked != 0 && !isRunning(at: now)
        (asked, failure) = (nil, reason)
        failing.insert(account)
        offAgainAt = now + Self.againUs
        nextAt = max(now, min(nextAt, now + Self.againUs))
        // What every account is refused is asked for ever more rarely.
        guard isLasting else { return }
        refusals += 1
        nextAt = now + min(Self.refusedUs, Self.againUs << Int64(min(refusals - 1, 5)))
    }

    /// An engine is made anew while the venue counts on. What is out is the former one's, and may never have left.
    mutating func heed(_ former: Countdown) {
        (runsOutAt, nextAt) = (former.runsOutAt, former.asked == nil ? former.nextAt : .min)
        (mayRun, wasSet, setBy, failing) = (former.mayRun, former.wasSet, former.setBy, former.failing)
    }

    /// Why accounts of the user are not ready, in words; nil: it runs.
    func trouble(at now: Int64) -> String? {
        guard !isRunning(at: now) else { return nil }
        let words = runsOutAt == nil ? "is not set yet" : "may have run out"
        return "the venue's countdown (deadman_ms) \(words)" + (failure.map { ": \($0)" } ?? "")
    }
}
