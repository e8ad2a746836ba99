/// What is known of the venue's clock: stamps use ``clock``, proofs ``measured`` and ``history``. Part of ``Access``.
struct VenueTime {
    /// The surest measurement in force; nil: none is.
    private(set) var clock: VenueClock?
    /// Counts the times the clock was found wrong: refused by the venue, or measured where it could not be.
    private(set) var epoch = 0
    /// The last measurement, though a former one may be surer, and the epoch it began or belonged to; and all that may matter to proofs.
    private(set) var measured: VenueClock?
    private var measuredEpoch = 0
    private(set) var history = ClockHistory()
    /// Since when, and as of when, proofs wait for a measurement; when the time was asked for last.
    private(set) var wantedSince: Int64?
    private var wantedAt: Int64?
    private var askedAt: Int64 = -.farthest

    mutating func measured(_ clock: VenueClock, sentAt: Int64, at now: Int64) {
        let hasStepped = [measured, self.clock].contains { $0.map { !$0.agrees(with: clock, at: now) } ?? false }
        if hasStepped { epoch += 1 }
        (measured, measuredEpoch) = (clock, epoch)
        history.add(clock)
        // Stamps are set by the surer one of those that agree: an answer that was long under way says little.
        let isSurer = self.clock.map { $0.errorUs(at: now) < clock.errorUs(at: now) && !$0.isStale(at: now) } ?? false
        if hasStepped || !isSurer { self.clock = clock }
        if let wantedAt, sentAt >= wantedAt { (self.wantedAt, wantedSince) = (nil, nil) }
    }

    /// What was measured is not so.
    mutating func doubt() {
        (clock, measured) = (nil, nil)
        epoch += 1
    }

    mutating func want(at now: Int64) {
        wantedAt = now
        wantedSince = wantedSince ?? now
    }

    mutating func asked(at now: Int64) { askedAt = now }

    /// Whether the time is to be asked for: it is not known, known for too long, or proofs want it, which have it asked for once in `gapUs` at most.
    func isToBeMeasured(gapUs: Int64, in turn: Turn) -> Bool {
        if clock?.isStale(at: turn.now.monotonic) ?? true { return true }
        guard wantedAt != nil else { return false }
        guard turn.now.monotonic >= askedAt + gapUs else {
            turn.wake(at: askedAt + gapUs)
            return false
        }
        return true
    }

    /// How well the clock is known now, for a round of look-ups that begins.
    func beginRound(isSingle: Bool, at now: Int64) -> Round {
        Round(askedAt: now, measuredAt: measuredEpoch == epoch ? measured?.measuredAt : nil, clockEpoch: epoch, isSingle: isSingle)
    }
}
