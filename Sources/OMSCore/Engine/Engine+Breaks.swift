/// What a break of no order and no venue id is about: one of each stands at a time.
struct BreakSubject: Hashable {
    let kind: BreakKind
    /// What tells it from others of its kind; empty: it is the only one.
    let name: String
}

/// Differences between the record and a venue: found once while they stand, closed when their reason is gone, taken note of by a person.
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
        let standing: Int64?
        if let live {
            standing = desk.orderBreaks[live.order.clientOrderID]?[kind]
        } else if let venueOrderID {
            standing = desk.externals[venueOrderID]
        } else {
            standing = desk.accountBreaks[BreakSubject(kind: kind, name: subject)]
        }
        guard standing == nil else { return nil }
        let event = self.event(.breakFound, note: detail)
        let broken = Break(
            id: event.seq, account: desk.id, kind: kind, clientOrderID: live?.order.clientOrderID ?? clientOrderID,
            venueOrderID: venueOrderID ?? live?.order.venueOrderID, detail: detail, at: now.wall)
        record(.breakFound(broken, event))
        notice(.breakFound(broken), of: desk.id)
        breaksOpen[broken.id] = broken
        if let live {
            desk.orderBreaks[live.order.clientOrderID, default: [:]][kind] = broken.id
        } else if let venueOrderID {
            desk.externals[venueOrderID] = broken.id
        } else {
            desk.accountBreaks[BreakSubject(kind: kind, name: subject)] = broken.id
        }
        return broken
    }

    /// The reason of a break is gone.
    func mended(_ id: Int64) {
        guard let broken = breaksOpen.removeValue(forKey: id) else { return }
        forget(broken)
        notice(.breakResolved(broken), of: broken.account)
        record(.breakResolved(id: id, at: now.wall, event(.breakResolved)))
    }

    func mended(_ kind: BreakKind, of live: LiveOrder, on desk: Desk) {
        if let id = desk.orderBreaks[live.order.clientOrderID]?[kind] { mended(id) }
    }

    /// As above, of no order.
    func mended(_ kind: BreakKind, subject: String = "", on desk: Desk) {
        if let id = desk.accountBreaks[BreakSubject(kind: kind, name: subject)] { mended(id) }
    }

    /// Takes it out of the tables that keep it from being found twice.
    private func forget(_ broken: Break) {
        guard let desk = desk(broken.account) else { return }
        if !broken.kind.isOfStrangers, let id = broken.clientOrderID, desk.orderBreaks[id]?[broken.kind] == broken.id {
            desk.orderBreaks[id]?[broken.kind] = nil
            if desk.orderBreaks[id]?.isEmpty ?? false { desk.orderBreaks[id] = nil }
        } else if let id = broken.venueOrderID, desk.externals[id] == broken.id {
            desk.externals[id] = nil
        } else {
            for (subject, id) in desk.accountBreaks where id == broken.id { desk.accountBreaks[subject] = nil }
        }
    }

    /// An order that closed is missing no more, and nothing of it goes round.
    ///
    /// - Parameter wasClosed: it was closed before, by our own word: that we were wrong about it is for a person to know.
    func closeBreaks(of live: LiveOrder, wasClosed: Bool, on desk: Desk) {
        guard desk.orderBreaks[live.order.clientOrderID] != nil else { return }
        for kind in Self.endWithTheirOrder { mended(kind, of: live, on: desk) }
        // What it traded after it was told to be closed is for a person to know, too.
        if !wasClosed, live.order.filledQuantity.isZero { mended(.state, of: live, on: desk) }
    }

    private static let endWithTheirOrder: [BreakKind] = [.missingThere, .loop, .cancelRefused]

    /// Puts a break of the journal back into the tables, at a start.
    func restore(_ broken: Break) {
        breaksOpen[broken.id] = broken
        guard let desk = desk(broken.account) else { return }
        if !broken.kind.isOfStrangers, let id = broken.clientOrderID {
            desk.orderBreaks[id, default: [:]][broken.kind] = broken.id
        } else if let id = broken.venueOrderID {
            desk.externals[id] = broken.id
        } else {
            let name: String
            switch broken.kind {
            case .unreadable: name = broken.detail.hasPrefix(Self.unlistable) ? "" : broken.detail
            // Another account's orders in this one's listing.
            case .identity where broken.detail.hasPrefix(Self.leftBehind): name = Self.leftSubject
            case .identity: name = broken.clientOrderID.flatMap { (try? journal.order($0)) ?? nil }?.account.text ?? ""
            default: name = Loop(of: broken)?.text ?? ""
            }
            desk.access.remember(broken)
            desk.accountBreaks[BreakSubject(kind: broken.kind, name: name)] = broken.id
        }
    }

    /// Breaks of orders that closed before this start: what ended with them was not always said.
    func endOldBreaks() {
        for broken in breaksOpen.values.sorted(by: { $0.id < $1.id }) {
            guard let id = broken.clientOrderID, desk(broken.account) != nil, names[id] == nil, Self.endWithTheirOrder.contains(broken.kind)
            else { continue }
            mended(broken.id)
        }
    }

    /// How the words of a break begin that says that a venue's listing cannot be read.
    static let unlistable = "open orders cannot be listed"

    /// A person took note. What nothing else could end is over with it.
    func acknowledge(_ id: Int64, reason: String, from actor: Actor, ticket: Ticket) {
        let answer = Reply.query(.oneBreak(id), missing: .unknownOrder("no break \(id) in this journal; break.list names those there are"))
        // One that is over, or was taken note of before, stands as it is.
        guard var broken = breaksOpen[id], broken.acknowledgedAt == nil else { return reply(answer, to: ticket) }
        let isOver = !broken.kind.endsByItself
        broken.acknowledgedAt = now.wall
        record(.breakAcknowledged(id: id, at: now.wall, reason: reason, isOver: isOver, event(.breakAcknowledged, actor: actor)))
        notice(.breakAcknowledged(broken), of: broken.account)
        if isOver {
            breaksOpen[id] = nil
            forget(broken)
        } else {
            breaksOpen[id] = broken
        }
        reply(answer, to: ticket)
    }

    /// What stands, in the order in which a person should see it: what rests at the venue and is not on record, then what nobody took note of.
    func standingBreaks(of desk: Desk) -> [Break] {
        func rank(_ broken: Break) -> Int { broken.acknowledgedAt != nil ? 2 : broken.kind.isOfStrangers ? 0 : 1 }
        return breaksOpen.values.filter { $0.account == desk.id }.sorted { (rank($0), $0.id) < (rank($1), $1.id) }
    }
}
