/// What waits until the resend of an order's request can be taken no more.
extension Engine {
    /// When to ask again whether the venue can take no resend of the order's request any more, by the runner's clock; nil: it cannot. What would end the order at
    /// the venue waits for that, or the resend could place it once more behind it. As in a proof, the lowest measurement of the venue's clock since the attempt
    /// decides, unless the venue does not tell the time for so long.
    func resendEnds(of live: LiveOrder, on desk: Desk) -> Int64? {
        guard desk.resent.contains(live.key) else { return nil }
        // No request stays on its way longer than that, nor at the venue than its window, whatever the venue's clock shows or once showed.
        let sentAt = live.attemptedAt
        let onItsWayUs = Int64.milliseconds(desk.setup.requestTimeoutMs + desk.setup.holdUnansweredMs) + Self.waitsToLeaveUs
        let isOverBy = workedOff(arrivesBy: sentAt == .min ? formerEndsAt : sentAt + onItsWayUs, on: desk)
        guard now.monotonic < isOverBy else {
            desk.resent.ended(live.key)
            return nil
        }
        // Nothing is signed meanwhile, so that nothing ends the order either.
        guard let clock = desk.access.clock else { return min(now.monotonic + patience.clockAgainUs, isOverBy) }
        let measured = desk.access.time.history.low(at: now.monotonic, since: sentAt)
        let left = fence(of: live, on: desk) + .milliseconds(desk.profile.visibilityDelayMs) - (measured ?? clock.low(at: now.monotonic))
        guard left <= 0 else { return min(now.monotonic + left, isOverBy) }
        if measured == nil {
            desk.access.wantClock(in: turn)
            if now.monotonic - (desk.access.time.wantedSince ?? now.monotonic) < patience.clockUs { return now.monotonic + patience.clockAgainUs }
        }
        desk.resent.ended(live.key)
        return nil
    }

    /// When a place that arrived by then has had its effect: what passes the gate in time is worked off as late as it may show. Not as late as look-ups were once
    /// seen to lag: that would hold cancels for as long.
    func workedOff(arrivesBy time: Int64, on desk: Desk) -> Int64 { time + desk.windowUs(of: .place) + .milliseconds(desk.profile.visibilityDelayMs) }

    /// The same of all its orders: a venue that cancels everything cancels these, too.
    func resendsEnd(on desk: Desk) -> Int64? {
        desk.resent.all.sorted().compactMap { key in desk.book[key].flatMap { resendEnds(of: $0, on: desk) } }.max()
    }

    /// A resend was taken although the order stands, or stood: the venue holds two orders under one id. The second is nobody's wish.
    func isTwice(_ order: Order, known: VenueOrderID, _ twin: VenueOrderID, on desk: Desk) {
        found(
            .duplicateID, of: nil, on: desk, venueOrderID: twin, clientOrderID: order.clientOrderID,
            detail: "known as \(known), and sent again while it did not show: the venue took that, too, as \(twin), which is cancelled")
        wantGone(CancelTicket(unwanted: twin, clientOrderID: order.clientOrderID, terms: order.terms), on: desk)
        desk.listing.read(by: now.monotonic + patience.confirmAgainUs)
    }

    /// An answer to a request with the order told what became of it.
    func resendEnded(of live: LiveOrder, on desk: Desk) {
        if desk.resent.ended(live.key) { followUp(live, on: desk) }
    }
}
