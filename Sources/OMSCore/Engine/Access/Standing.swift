/// Where an account stands with its venue: whether its key is taken, and whether the venue shuts us out. Part of ``Access``.
struct Standing {
    /// Keys may be allowed to ask and not to trade, so each is judged by itself.
    enum Kind {
        case asking, writing

        /// nil: the request is not signed, and says nothing of the key; or it sets a countdown, which not every user may.
        init?(_ plan: RequestPlan) {
            guard plan.isSigned, !plan.isCountdown else { return nil }
            self = plan.kind == .lookup ? .asking : .writing
        }
    }

    /// Refusals of signed requests for key, account or address, one after the other.
    struct Streak {
        /// Since one was last answered well; those that were out together count once.
        fileprivate(set) var count = 0
        fileprivate var countedAt: Int64 = .min
        /// None leaves before then.
        fileprivate(set) var until: Int64 = .min
        /// Such requests that are out now.
        fileprivate(set) var out = 0

        /// As if none had been refused.
        fileprivate mutating func end() { (count, countedAt, until) = (0, .min, .min) }
    }
    private var asking = Streak()
    private var writing = Streak()
    /// The venue's own word: nothing of ours is welcome before it ends.
    private(set) var ban: VenueBan?
    var shutOutUntil: Int64 { ban?.rest.until ?? .min }

    private(set) subscript(kind: Kind) -> Streak {
        get { kind == .asking ? asking : writing }
        set { if kind == .asking { asking = newValue } else { writing = newValue } }
    }

    /// The most that either was refused in a row.
    var refusals: Int { max(asking.count, writing.count) }

    mutating func asked(_ kind: Kind) { self[kind].out += 1 }
    mutating func landed(_ kind: Kind) { self[kind].out -= 1 }

    /// It is tried again ever more rarely: venues count refused signatures too, and lock keys for them.
    mutating func refused(_ kind: Kind, sentAt: Int64, pauseMax: Int64, at now: Int64) {
        guard sentAt >= self[kind].countedAt else { return }
        self[kind].count += 1
        self[kind].countedAt = now
        let count = self[kind].count
        if count > 1 { self[kind].until = now + min(pauseMax, .milliseconds(125) << Int64(min(count, 10))) }
    }

    mutating func trusted(_ kind: Kind) { self[kind].end() }

    /// The next request is tried at once.
    mutating func tryAgain() {
        asking.end()
        writing.end()
    }

    mutating func shutOut(_ ban: VenueBan?) { self.ban = ban }
}
