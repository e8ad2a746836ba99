/// An account that is halted, with the wish that nothing of it rests at the venue any more.
struct Kill {
    /// By the runner's clock; of one that an earlier process began, when this one took it up.
    let startedAt: Int64
    /// The last number of the record when it began.
    let since: Int64
    /// Orders that ended since.
    fileprivate(set) var closed = 0
    /// A whole listing of open orders that began after the halt (and after the venue took a cancel-all) is read.
    fileprivate(set) var isListed = false
    /// No listing that began before this moment counts.
    fileprivate(set) var listsSince: Int64
    /// How it ended is told; or, after a while, that it has not.
    fileprivate(set) var isTold = false
    fileprivate(set) var isDelayTold = false

    init(at now: Int64, since: Int64, closed: Int = 0) { (startedAt, listsSince, self.since, self.closed) = (now, now, since, closed) }
}

/// Whether one account is being emptied, and whether the venue is to cancel everything of it.
///
/// An owner: told of orders that end, of listings and of answers. Which cancels that takes, and what is told of it, is said by those who know orders.
struct Emptying {
    private(set) var kill: Kill?
    /// As the record has it; nil: nothing was ever written.
    private(set) var row: KillRow?
    private(set) var cancelAll = KillSnapshot.CancelAll.notAsked
    /// A request for it is out.
    private(set) var isAskingAll = false

    /// It begins, or is looked at anew.
    mutating func begin(at now: Int64, since seq: Int64) {
        var kill = kill ?? Kill(at: now, since: seq)
        (kill.isListed, kill.listsSince) = (false, now)
        (kill.isTold, kill.isDelayTold) = (false, false)
        self.kill = kill
    }

    /// As an earlier process was about it.
    mutating func restore(_ row: KillRow) {
        self.row = row
        self.row?.closed = 0
    }

    /// The same, of one that goes on: the account is not active.
    ///
    /// - Parameter venueCan: false: an earlier version may have taken the venue for one that has a cancel-all.
    mutating func resume(_ row: KillRow, venueCan: Bool, isHalted: Bool, at now: Int64) {
        cancelAll = venueCan ? row.cancelAll : .none
        if let since = row.since, isHalted { kill = Kill(at: now, since: since, closed: row.closed) }
    }

    /// The account's trading state is another one.
    mutating func turned(to state: TradingState) {
        if state != .halted { kill = nil }
        if state == .active { cancelAll = .notAsked }
    }

    mutating func closed(_ count: Int) { kill?.closed += count }
    /// A whole listing is read.
    mutating func listed(since startedAt: Int64) { if let kill, startedAt >= kill.listsSince { self.kill?.isListed = true } }
    mutating func told() { kill?.isTold = true }
    mutating func toldDelay() { kill?.isDelayTold = true }

    /// What is to go on record; nil: it stands there.
    ///
    /// - Returns: `former`: what stood there.
    mutating func takeNews(of account: AccountID) -> (row: KillRow, former: KillRow)? {
        let row = KillRow(account: account, since: kill?.since, cancelAll: cancelAll)
        let former = self.row ?? KillRow(account: account, since: nil, cancelAll: .notAsked)
        guard row != former else { return nil }
        self.row = row
        return (row, former)
    }

    // MARK: Cancel-all

    mutating func wishAll(venueCan: Bool) { cancelAll = venueCan ? .unanswered : .none }
    /// Another kill begins, which did not ask for it: a wish goes on until it is answered; what was answered before is none of this one's.
    mutating func endAnsweredWish() { if cancelAll == .confirmed { cancelAll = .notAsked } }
    mutating func askedAll() { isAskingAll = true }
    mutating func answeredAll() { (cancelAll, isAskingAll) = (.confirmed, false) }
    mutating func failedAll() { isAskingAll = false }
}
