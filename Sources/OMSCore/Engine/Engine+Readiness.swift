/// Whether accounts are ready, by all that their owners know, and what watchers are told of it.
extension Engine {
    /// Why the account is not ready; nil: it is.
    func trouble(of desk: Desk) -> (kind: Trouble, words: String)? {
        let others = Circumstances(
            isClockSet: isClockSet, hasReconciled: desk.listing.hasReconciled, listing: desk.listing.trouble,
            countdown: isStopping ? nil : countdown(of: desk)?.trouble(at: now.monotonic))
        return desk.access.trouble(others, in: turn)
    }

    /// The same for a person who waits for something of the account: never empty.
    func troubles(of desk: Desk) -> String {
        trouble(of: desk)?.words ?? desk.access.lastError.words ?? "the venue has not answered for \(patience.unansweredUs / 1_000_000) s"
    }

    /// Tells what changed in this turn, and gives the last error its time.
    func watch(_ desk: Desk) {
        desk.access.endTurn(at: now)
        watchKill(desk)
        desk.access.tell(trouble(of: desk), in: turn)
        // The countdown may run out while nothing else happens.
        if let at = desk.countdown?.runsOutAt, at > now.monotonic { wake(at: at) }
        if desk.book.doubts.isEmpty == desk.hasToldDoubts {
            desk.hasToldDoubts.toggle()
            notice(desk.hasToldDoubts ? .doubts(desk.book.doubts.count) : .doubtsOver, of: desk.id)
        }
    }
}
