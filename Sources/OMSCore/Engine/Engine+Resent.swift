/// What waits until the repeat of an order's request can be taken no more.
extension Engine {
    /// When the venue can take no repeat of the order's request any more, by the runner's clock, as far as is known now; nil: it cannot now. What would end the
    /// order at the venue waits for that, or the repeat could place it once more behind it.
    func repeatEnds(of live: LiveOrder, on desk: Desk) -> Int64? {
        guard desk.resent.contains(live.key) else { return nil }
        // Without a measured clock nothing is signed, so that nothing ends the order either.
        let left = desk.access.clock.map { fence(of: live, on: desk) - $0.low(at: now.monotonic) } ?? 0
        guard left > 0 else {
            desk.resent.ended(live.key)
            return nil
        }
        return now.monotonic + left
    }

    /// The same of all its orders: a venue that cancels everything cancels these, too.
    func repeatsEnd(on desk: Desk) -> Int64? {
        guard !desk.resent.isEmpty else { return nil }
        return desk.resent.all.sorted().compactMap { key in
            guard let live = desk.book[key] else {
                desk.resent.ended(key)
                return nil
            }
            return repeatEnds(of: live, on: desk)
        }.max()
    }

    /// An answer to a request with the order told what became of it, or it never left.
    func repeatEnded(of live: LiveOrder, on desk: Desk) {
        if desk.resent.ended(live.key) { followUp(live, on: desk) }
    }
}
