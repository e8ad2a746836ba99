/// Orders at the venue that memory of the account does not hold. The journal decides whose they are, not the account under which they show.
extension Engine {
    /// The order that a venue's row is of, of whatever account; nil: none that this journal ever held.
    func owner(clientOrderID: ClientOrderID?, venueOrderID: VenueOrderID?, on desk: Desk) throws(JournalError) -> Order? {
        if let id = clientOrderID {
            if let live = names[id] { return live.order }
            if let order = try recall.order(id) { return order }
        }
        guard let id = venueOrderID else { return nil }
        if let live = desk.book[id] { return live.order }
        let owners = try recall.orders(venueOrderID: id)
        if let own = owners.first(where: { $0.account == desk.id && !isLeft($0, on: desk) }) { return own }
        // Venues may give one id twice, each to an order of its own: another account's needs the same client id, or none that could be read. Where an
        // account was is not known once it is configured no more: it may have been here.
        let neighbours = owners.first { order in
            guard order.account != desk.id, clientOrderID == nil || clientOrderID == order.clientOrderID else { return false }
            return self.desk(order.account).map { isNeighbour($0, of: desk) } ?? true
        }
        // One that was left at another place, and whose id somebody bears here, comes last: another's client id says that it is not the same.
        return neighbours ?? owners.first { $0.account == desk.id && (clientOrderID == nil || clientOrderID == $0.clientOrderID) }
    }

    /// Whether both speak to one venue.
    private func isNeighbour(_ other: Desk, of desk: Desk) -> Bool { other.profile.venue == desk.profile.venue }

    /// Whether the account has orders at the venue of which no id there is known: a row without a client id may be one of them.
    func hidesOurs(_ desk: Desk) -> Bool {
        desk.book.all.contains { live in
            guard !live.state.isTerminal, !isLeft(live.order, on: desk) else { return false }
            guard live.order.venueOrderID == nil, live.order.attempts > 0 || isSuspect(live) else { return false }
            return live.order.predictedIDs.isEmpty || desk.lookUps.isFormulaBroken || isSuspect(live)
        }
    }

    /// An open order at the venue that memory of the account does not hold: closed here, of another account of ours, or of somebody else.
    func stranger(_ report: OrderReport, _ flight: InFlight?, on desk: Desk) throws(JournalError) {
        guard let venueID = report.venueOrderID else { return }
        desk.listing.showed(venueID, in: report.symbol)
        if desk.listing.strangers.contains(venueID) { return unwanted(report, venueID, on: desk) }
        if let known = try owner(clientOrderID: report.clientOrderID, venueOrderID: venueID, on: desk) {
            // Somebody else's, as an earlier version had it.
            if let broken = desk.breaks[venueID], broken.kind != .identity { mended(broken.id, on: desk) }
            if known.account == desk.id, let place = place(of: known, on: desk) {
                if let flight { matters(flight) }
                found(
                    .identity, of: nil, on: desk, venueOrderID: venueID, clientOrderID: known.clientOrderID,
                    detail: "an order here bears an id of \(known.clientOrderID), which was left at \(place); it is let alone")
                return
            }
            guard known.account == desk.id else { return elsewhere(known, venueID, flight, on: desk) }
            return reopened(known, by: report, flight, on: desk)
        }
        if let broken = desk.breaks[venueID], broken.kind == .unreadable { mended(broken.id, on: desk) }
        // Nameless, while one of ours is without a name: nobody can say whose it is, and it is let alone.
        if report.clientOrderID == nil, hidesOurs(desk) { return }
        desk.listing.isStranger(venueID)
        let name = report.clientOrderID?.text ?? "no client id"
        let isOrphan = report.clientOrderID.map(OrderIDMint.looksOurs) ?? false
        let kind: BreakKind = isOrphan ? .missingHere : .externalOrder
        let detail =
            isOrphan ? "open at the venue under \(name), an id of our shape that this journal never held" : "open at the venue, not ours (\(name))"
        if let flight { matters(flight) }
        found(kind, of: nil, on: desk, venueOrderID: venueID, detail: detail)
        unwanted(report, venueID, on: desk)
    }

    /// Policy may want orders of others gone: asked for as often as they are listed, since a cancel may be lost.
    private func unwanted(_ report: OrderReport, _ venueID: VenueOrderID, on desk: Desk) {
        guard desk.setup.cancelsExternalOrders, let symbol = report.symbol, !mayBeSentAgain(report, on: desk) else { return }
        let terms = OrderTerms(symbol: symbol, side: report.side ?? .buy, type: .limit)
        wantGone(CancelTicket(unwanted: venueID, clientOrderID: report.clientOrderID, terms: terms), on: desk)
    }

    /// Ours by its id, of the part of the record that was lost: a resend of it, by the process that was, may still be taken. It is listed again.
    private func mayBeSentAgain(_ report: OrderReport, on desk: Desk) -> Bool {
        guard goneBackSeq > 0, report.clientOrderID.map(OrderIDMint.looksOurs) ?? false else { return false }
        return now.monotonic < workedOff(arrivesBy: formerEndsAt, on: desk)
    }

    /// An order of ours that shows under another account than its own: never cancelled for being external.
    private func elsewhere(_ order: Order, _ venueID: VenueOrderID, _ flight: InFlight?, on desk: Desk) {
        let owner = self.desk(order.account)
        if let owner, owner.setup.uid == desk.setup.uid, isNeighbour(owner, of: desk) {
            // One uid, and a listing that knows no products: one word on it, not one an order, and the order is looked after by its own account.
            desk.listing.isMixed(with: owner.id)
            // Whose they are is for who may see that account: `order.get` tells.
            let detail = "its listing also shows orders of another account of the same uid (first seen: \(order.clientOrderID), \(venueID))"
            return _ = found(.identity, of: nil, on: desk, clientOrderID: order.clientOrderID, subject: owner.id.text, detail: detail)
        }
        let whose = owner == nil ? "an account that is not configured" : "another account"
        if let flight { matters(flight) }
        found(
            .identity, of: nil, on: desk, venueOrderID: venueID, clientOrderID: order.clientOrderID,
            detail: "order \(order.clientOrderID) of \(whose) is open here; it is left alone")
    }

    /// The venue lists as open what is closed here. Closed by inference: the venue is right. Closed by its own word: a listing may be a little old.
    private func reopened(_ order: Order, by report: OrderReport, _ flight: InFlight?, on desk: Desk) {
        if order.absences > 0, let known = order.venueOrderID, let twin = report.venueOrderID, twin != known,
            !(desk.profile.modifyMayRename && order.isModified)
        {
            if let flight { matters(flight) }
            return isTwice(order, known: known, twin, on: desk)
        }
        guard order.state.isTerminal, names[order.clientOrderID] == nil else { return }
        let closedAt = order.closedAt ?? 0
        let age = now.wall - closedAt
        let grace =
            max(.seconds(5), .milliseconds(desk.profile.visibilityDelayMs * 2)) + (now.monotonic - (desk.listing.sweep?.startedAt ?? now.monotonic))
        let isOurWord = order.evidence == .inferred || order.evidence == .local || order.evidence == .operator
        // By a push alone it is closed on no answer's word.
        if !isOurWord, age > grace || order.evidence == .stream { stillShown(order, by: report, on: desk) }
        guard isOurWord || age > grace else { return }
        let live = LiveOrder(order, intent: nil)
        adopt(live, on: desk)
        if let intent = intents[order.intent] { intents.own(order.key, order.state, of: intent) }
        closed.append(live)
        if let flight { matters(flight) }
        let detail = "closed here as \(order.state.rawValue) by \(order.evidence.rawValue), open at the venue"
        found(isOurWord ? .state : .contradiction, of: live, on: desk, detail: detail)
        guard isOurWord, order.state.mayBecome(.working) else { return }
        desk.listing.adopted(fromDoubt: false)
        desk.listing.saw(live.key)
        if let flight {
            standUp(live, by: report, flight, on: desk)
        } else {
            standUp(live, by: report, .pushed(version: nil, at: now.monotonic), nil, on: desk)
        }
    }

    /// Closed by the venue's word, and listed as open by it: whoever empties the account asks for its end all the same.
    private func stillShown(_ order: Order, by report: OrderReport, on desk: Desk) {
        desk.listing.showedClosed(order.key)
        guard desk.kill != nil, let id = report.venueOrderID ?? order.venueOrderID else { return }
        wantGone(CancelTicket(unwanted: id, clientOrderID: order.clientOrderID, terms: order.terms), on: desk)
    }

    // MARK: Rows that cannot be read

    /// Judges the rows of a page that could not be read. A stranger's is a break, one a row; the rest of the page counts.
    ///
    /// - Returns: What makes the page prove nothing; nil: none of them can be ours.
    func unreadable(_ rows: [UnreadableRow], _ flight: InFlight, on desk: Desk) throws(JournalError) -> String? {
        var ours: String?
        for row in rows {
            let name = row.clientOrderID?.text ?? row.venueOrderID?.text ?? "without an id"
            if try mayBeOurs(row, on: desk) {
                ours = ours ?? "a row that may be ours (\(name)) cannot be read: \(row.problem)"
                if let live = row.clientOrderID.flatMap({ names[$0] }), live.order.account == desk.id { ask(live, .missing, on: desk, after: 0) }
                continue
            }
            matters(flight)
            let detail = "a row of somebody else's order (\(name)) cannot be read: \(row.problem)"
            if let id = row.venueOrderID {
                desk.listing.showed(id)
                found(.unreadable, of: nil, on: desk, venueOrderID: id, detail: detail)
            } else {
                desk.listing.showedUnreadable(detail)
                found(.unreadable, of: nil, on: desk, subject: detail, detail: detail)
            }
        }
        return ours
    }

    private func mayBeOurs(_ row: UnreadableRow, on desk: Desk) throws(JournalError) -> Bool {
        guard row.clientOrderID != nil || row.venueOrderID != nil else { return true }
        if let owner = try owner(clientOrderID: row.clientOrderID, venueOrderID: row.venueOrderID, on: desk) {
            return owner.account == desk.id && !isLeft(owner, on: desk)
        }
        if let id = row.clientOrderID { return OrderIDMint.looksOurs(id) }
        return hidesOurs(desk)
    }
}
