import Containers

/// What one account knows of its private stream: how it stands, what may have been missed of it, what polls learned first, and pushes that nobody knows whose
/// they are yet. Of the connection, which accounts may share, it knows nothing (``StreamSession``).
///
/// An owner: its state is written here alone. It takes what happened and when, and returns what is to be told.
final class AccountStream {
    private let patience: Patience
    private(set) var figures = StreamFigures()
    /// Since when all channels are acknowledged, by the runner's clock; nil: they are not.
    private var upSince: Int64?
    /// It was lost, or did not come to stand, and was not live since.
    private var isTrouble = false
    /// A poll told of what no push did: until a push tells of something in time, polls are read at the pace without a stream.
    private(set) var isDoubted = false
    /// Orders of which a poll learned first, and until when a push may still tell of it.
    private var unheard: [OrderKey: Int64] = [:]
    private var lateAt: [Int64] = []
    private var parked = Deque<ParkedPush>()

    init(patience: Patience) { self.patience = patience }

    /// Nothing is missing of what it told since the last reconciliation.
    var isLive: Bool { figures.state == .live }
    /// Polls may be rare.
    var isTrusted: Bool { isLive && !isDoubted }

    // MARK: How it stands

    func configured(at wall: Int64) { stand(.connecting, at: wall) }

    private func stand(_ state: StreamFigures.State, at wall: Int64) {
        guard figures.state != state else { return }
        (figures.state, figures.since) = (state, wall)
    }

    /// All channels are acknowledged: what a reconciliation shows that begins from here on is not missing.
    func up(at now: Moment) {
        upSince = now.monotonic
        stand(.gap, at: now.wall)
    }

    /// Markets of it are not subscribed yet; or it was lost.
    ///
    /// - Returns: whether a gap begins.
    func interrupted(at now: Moment) -> Bool {
        let wasLive = isLive
        upSince = nil
        stand(.gap, at: now.wall)
        return wasLive
    }

    /// It was lost, or an attempt came to nothing.
    ///
    /// - Returns: whether that was a loss of a stream that had told something, or could have; and whether it is the first word of trouble since it was live.
    func down(_ words: String, at now: Moment) -> (isLoss: Bool, isNews: Bool) {
        let wasUp = upSince != nil
        defer { isTrouble = true }
        upSince = nil
        unheard = [:]
        figures.lastError = words
        if wasUp { figures.gaps += 1 }
        stand(.down, at: now.wall)
        return (wasUp, !isTrouble)
    }

    func failed(_ words: String) { figures.lastError = words }

    /// It told something that is no word of its pages.
    func notUnderstood(_ words: String) {
        figures.unknown += 1
        failed("not understood: \(words)")
    }

    /// Another attempt is on its way.
    func trying(at wall: Int64) { if figures.state == .down { stand(figures.gaps > 0 ? .gap : .connecting, at: wall) } }

    /// Whether a reconciliation that began then closes the gap: one that began before the last acknowledgement may have missed what happened in between.
    func closesGap(startedAt: Int64) -> Bool { upSince.map { startedAt >= $0 } ?? false && figures.state == .gap }

    /// It is up, and what it missed is not known yet.
    var awaitsReconciliation: Bool { upSince != nil && figures.state == .gap }

    /// A reconciliation is done.
    ///
    /// - Returns: whether it closed the gap.
    func reconciled(startedAt: Int64, at wall: Int64) -> Bool {
        guard closesGap(startedAt: startedAt) else { return false }
        stand(.live, at: wall)
        isTrouble = false
        return true
    }

    // MARK: What polls learned first

    /// A push told of an order: of a fill or an end (`isNews`), or of anything else.
    ///
    /// - Parameter agrees: it tells no less than what is known.
    func told(_ order: OrderKey?, isNews: Bool, agrees: Bool, at wall: Int64) {
        figures.lastPushAt = wall
        let isMatched = agrees && order.map { unheard.removeValue(forKey: $0) != nil } ?? false
        if isMatched || isNews && unheard.isEmpty { isDoubted = false }
    }

    /// A poll learned of a fill or an end of an order.
    func polled(_ order: OrderKey, at now: Int64) {
        guard isLive, unheard[order] == nil else { return }
        unheard[order] = now + patience.pushUs
    }

    /// When the next of these is late.
    var nextLateAt: Int64? { unheard.isEmpty ? nil : unheard.values.min() }

    /// Counts those that no push told of in time.
    ///
    /// - Returns: how many just now, and whether it was too often: the stream is mute.
    func countLate(at now: Int64) -> (count: Int, isMute: Bool) {
        guard !unheard.isEmpty else { return (0, false) }
        let late = unheard.filter { $0.value <= now }
        guard !late.isEmpty else { return (0, false) }
        for key in late.keys { unheard[key] = nil }
        figures.late += late.count
        isDoubted = true
        lateAt = lateAt.filter { now - $0 < patience.lateUs } + late.map { _ in now }
        guard lateAt.count >= patience.lateMax else { return (late.count, false) }
        lateAt = []
        return (late.count, true)
    }

    // MARK: Pushes of orders that are not known

    /// Keeps it until an answer names its order.
    ///
    /// - Returns: false: there are too many, and this one is not kept.
    func park(_ news: StreamNews, at now: Int64) -> Bool {
        guard parked.count < patience.parkedPushesMax else { return false }
        parked.append(ParkedPush(news: news, until: now + patience.parkedPushUs))
        return true
    }

    var hasParked: Bool { !parked.isEmpty }
    var nextParkedEnd: Int64? { parked.first?.until }

    /// Takes out those whose order is known by now, and those that waited long enough, in the order in which they came.
    func takeParked(at now: Int64, isKnown: (StreamNews) -> Bool) -> [(news: StreamNews, isKnown: Bool)] {
        var taken: [(news: StreamNews, isKnown: Bool)] = []
        parked.removeAll { push in
            let isKnown = isKnown(push.news)
            guard isKnown || push.until <= now else { return false }
            taken.append((push.news, isKnown))
            return true
        }
        return taken
    }
}

/// A push that may be of an order of ours which has no id of the venue's yet.
private struct ParkedPush: Sendable {
    let news: StreamNews
    let until: Int64
}
