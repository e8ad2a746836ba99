/// One account's working state.
final class Desk {
    let index: Int
    var setup: AccountSetup
    var rules: any VenueRules { setup.rules }
    let profile: VenueProfile
    /// Indexes into the limiter, by budget name; parts of budgets come in when they are first charged for.
    var budgets: [String: Int]
    /// Whether the venue counts markets apart.
    let hasDividedBudgets: Bool
    /// Whether the venue counts by calendar windows, for which its clock must be known.
    let hasCalendarBudgets: Bool
    /// Its way to the venue.
    let access: Access
    /// What it knows of what rests there.
    let listing: Listing
    /// What is to leave, in its queues.
    let lanes: Lanes
    /// Questions about single orders.
    let lookUps: LookUps
    /// Its orders in memory.
    let book: Book
    /// What it knows of its private stream.
    let stream: AccountStream
    /// Differences between them and the venue.
    let breaks = Breaks()

    var trading: TradingStateRow
    /// The first reconciliation is done, and all is known that new orders need: they may leave. Whether the account is *ready* is told by its troubles.
    var isPrepared: Bool { listing.hasReconciled && access.isPrepared }
    /// Requests out.
    var inFlightCount: Int { access.reach.out }
    /// Orders intended, wherever they wait: in the queue, behind cancels, for a second chance, for the rest of their intent.
    var unsent: Int { book.counts[.intended] }
    /// Rounds that want all of the account gone and are not through yet, and cancels on record that do not wait in their lane yet. Meanwhile no new order
    /// leaves.
    var roundsOut = 0
    var unreleasedCancels = 0
    var recentPlaces: RecentPlaces
    /// Open orders that accounts which are configured no more have for the same user at the venue, and what they may come to, by their
    /// products.
    var absentOrders = 0
    var absentExposures: [String: Exposure] = [:]
    /// Whether it was told, since the table of markets was read, which rules name none of them.
    var hasToldRules = false
    /// Orders that the venue holds.
    var openCount: Int { book.counts.live }
    /// Orders that are not closed.
    var unfinished: Int { book.counts.all }
    /// Orders that wait to show what became of commands of theirs.
    var confirmations = Confirmations()
    /// What goes round and round of it.
    var loops = Loops()
    var repeats: Repeats
    /// Of its orders those that were sent again and may still be taken.
    var resent = Resent()
    var emptying = Emptying()
    /// Since the account was halted with `cancel_open`.
    var kill: Kill? { emptying.kill }
    /// The wish that the venue cancels everything of the account.
    var cancelAll: KillSnapshot.CancelAll { emptying.cancelAll }
    /// The venue's dead man's switch, where it is kept with this account; and with which account of the user it is.
    var countdown: Countdown?
    var countdownKeeper: Int?
    /// Watchers were told that orders are in doubt.
    var hasToldDoubts = false

    init(
        index: Int, setup: AccountSetup, budgets: [String: Int], trading: TradingStateRow, access: Access, listing: Listing, names: OrderNames,
        patience: Patience, startedAt: Int64
    ) {
        (self.index, self.setup, self.budgets, self.trading) = (index, setup, budgets, trading)
        (self.access, self.listing, lanes, book) = (
            access, listing, Lanes(patience: patience),
            Book(names: names, positions: Positions(of: setup.id, takesFees: setup.rules.profile.takesFeesFromPositions))
        )
        profile = setup.rules.profile
        recentPlaces = RecentPlaces(since: startedAt)
        repeats = Repeats(few: patience.fewRepeats)
        stream = AccountStream(patience: patience)
        lookUps = LookUps(of: setup.id, visibilityDelayMs: profile.visibilityDelayMs, patience: patience)
        hasCalendarBudgets = profile.budgets.contains { $0.shape != .sliding }
        hasDividedBudgets = profile.budgets.contains(where: \.isDivided)
    }

    var id: AccountID { setup.id }
    var placeMax: Int { min(setup.batchMax ?? profile.placeMax, profile.placeCeiling) }
    var freshnessMs: Int64 { setup.freshnessMs ?? profile.freshnessMs }
    func freshnessMs(of kind: RequestKind) -> Int64 { profile.freshnessMsByKind[kind] ?? freshnessMs }

    /// Whether it is of the same user at the same venue.
    func isOfUser(of other: Desk) -> Bool { self === other || profile.venue == other.profile.venue && setup.uid == other.setup.uid }

    /// Whether the venue keeps one countdown for both: the demo's is another one.
    func sharesCountdown(with other: Desk) -> Bool {
        isOfUser(of: other) && AccountIdentity.isDemo(setup.origin) == AccountIdentity.isDemo(other.setup.origin)
    }

    /// Whether anything was ever known of a market under this name.
    func isKnown(_ symbol: Symbol) -> Bool { access.markets.isKnown(symbol, used: listing.symbols) }

    /// What is wrong with a name under which no market is known.
    func unknownSymbol(_ symbol: Symbol) -> String {
        let meant = access.markets.meant(by: symbol, used: listing.symbols)
        return "\(profile.venue) \(profile.product) has no market \(symbol)" + (meant.map { "; did you mean \($0)?" } ?? "")
    }

    /// Requests out at once: what the place budget needs at a 200 ms round trip, 4 to 64.
    var maxInFlight: Int {
        // Two at least: one is the cancel lane's.
        if let configured = setup.maxInFlight { return max(2, configured) }
        guard let rule = profile.budgets.first(where: { $0.name == "batch-place" }) else { return 4 }
        let setting = setup.limits.first { $0.budget == rule.name }
        let permits = setting?.share ?? setting?.permits ?? rule.permits
        return min(64, max(4, Int(clamping: Int64(permits) * 200 / max(1, setting?.windowMs ?? rule.windowMs))))
    }

    /// Whether anything but a cancel may go out: one connection is the cancel lane's.
    var hasRoom: Bool { inFlightCount + 1 < maxInFlight }

    /// The venue's clock when no request stamped `wireTime` can be accepted any more, microseconds.
    ///
    /// - Parameter kind: what sort of request it was.
    func fence(wireTime: Int64, of kind: RequestKind) -> Int64 {
        .milliseconds(wireTime) + windowUs(of: kind)
    }

    /// How far behind a stamp that is, microseconds.
    func windowUs(of kind: RequestKind) -> Int64 { .milliseconds(profile.fenceMs(freshnessMs: freshnessMs(of: kind))) }
}
