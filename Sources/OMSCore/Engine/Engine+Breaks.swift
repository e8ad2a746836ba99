/// Differences between the record and a venue: where one of them belongs, which end with what, and what a person says of them. They are kept by ``Breaks``.
extension Engine {
    /// Records a difference, once while it stands. One that a person took note of still stands.
    ///
    /// - Parameter subject: tells breaks of one kind apart that are of no order and name no venue id.
    /// - Returns: the break, if it is new.
    @discardableResult
    func found(
        _ kind: BreakKind, of live: LiveOrder?, on desk: Desk, venueOrderID: VenueOrderID? = nil, clientOrderID: ClientOrderID? = nil,
        subject: String = "", detail: String
    ) -> Break? {
        let place: Breaks.Place =
            if let live { .order(live.order.clientOrderID) } else if let venueOrderID { .external(venueOrderID) } else { .account(subject: subject) }
        let ids = (client: live?.order.clientOrderID ?? clientOrderID, venue: venueOrderID ?? live?.order.venueOrderID)
        return desk.breaks.found(kind, place, of: desk.id, ids, detail: detail, in: turn)
    }

    /// The reason of a break is gone.
    func mended(_ id: Int64, on desk: Desk) { desk.breaks.mended(id, in: turn) }

    func mended(_ kind: BreakKind, of live: LiveOrder, on desk: Desk) { desk.breaks.mended(kind, .order(live.order.clientOrderID), in: turn) }

    /// As above, of no order.
    func mended(_ kind: BreakKind, subject: String = "", on desk: Desk) { desk.breaks.mended(kind, .account(subject: subject), in: turn) }

    /// An order that closed is missing no more, and nothing of it goes round.
    ///
    /// - Parameter wasClosed: it was closed before, by our own word: that we were wrong about it is for a person to know.
    func closeBreaks(of live: LiveOrder, wasClosed: Bool, on desk: Desk) {
        guard desk.breaks.hasAny(of: live.order.clientOrderID) else { return }
        for kind in Self.endWithTheirOrder { mended(kind, of: live, on: desk) }
        // What it traded after it was told to be closed is for a person to know, too.
        if !wasClosed, live.order.filledQuantity.isZero { mended(.state, of: live, on: desk) }
    }

    private static let endWithTheirOrder: [BreakKind] = [.missingThere, .loop, .cancelRefused]

    /// Puts a break of the journal back, at a start.
    func restore(_ broken: Break) {
        guard let desk = desk(broken.account) else { return breaksElsewhere.restore(broken, at: nil) }
        if !broken.kind.isOfStrangers, let id = broken.clientOrderID {
            desk.breaks.restore(broken, at: .order(id))
        } else if let id = broken.venueOrderID {
            desk.breaks.restore(broken, at: .external(id))
        } else {
            let name: String
            switch broken.kind {
            case .unreadable: name = broken.detail.hasPrefix(Self.unlistable) ? "" : broken.detail
            // Another account's orders in this one's listing.
            case .identity where broken.detail.hasPrefix(Self.leftBehind): name = Self.leftSubject
            case .identity: name = broken.clientOrderID.flatMap { (try? recall.order($0)) ?? nil }?.account.text ?? ""
            default: name = Loop(of: broken)?.text ?? ""
            }
            desk.access.remember(broken)
            desk.breaks.restore(broken, at: .account(subject: name))
        }
    }

    /// Breaks of orders that closed before this start: what ended with them was not always said.
    func endOldBreaks() {
        let ended = desks.flatMap { desk in desk.breaks.standing.values.map { (broken: $0, desk: desk) } }.sorted { $0.broken.id < $1.broken.id }
        for (broken, desk) in ended {
            guard let id = broken.clientOrderID, names[id] == nil, Self.endWithTheirOrder.contains(broken.kind) else { continue }
            mended(broken.id, on: desk)
        }
    }

    /// How the words of a break begin that says that a venue's listing cannot be read.
    static let unlistable = "open orders cannot be listed"

    /// A person took note. What nothing else could end is over with it.
    func acknowledge(_ id: Int64, reason: String, from caller: Caller, ticket: Ticket) {
        let query = JournalQuery.oneBreak(id, visible: caller.rights.visible)
        let answer = Reply.query(query, missing: .unknownOrder("no break \(id) in this journal; break.list names those there are"))
        let owner = owner(ofBreak: id)
        if let broken = owner[id], caller.rights.sees(broken.account) { owner.acknowledge(id, reason: reason, from: caller.actor, in: turn) }
        reply(answer, to: ticket)
    }

    private func owner(ofBreak id: Int64) -> Breaks { desks.map(\.breaks).first { $0[id] != nil } ?? breaksElsewhere }

    func standingBreak(_ id: Int64) -> Break? { owner(ofBreak: id)[id] }
}
