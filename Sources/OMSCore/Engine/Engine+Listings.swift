/// What listings say of orders in doubt.
extension Engine {
    /// A whole listing is done and an order in doubt stood nowhere in it: one round of absence, where the venue's pages cannot slip.
    func judge(_ live: LiveOrder, by sweep: Sweep, on desk: Desk) {
        if sweep.withHistory, sweep.provesAbsence, desk.profile.listingProvesAbsence, desk.lookUps[live.key]?.isAsked == false, !isSuspect(live),
            let wireTime = live.order.wireTime, wireTime >= sweep.sinceMs,
            !desk.profile.listsBySymbol || sweep.symbols.contains(live.order.terms.symbol),
            !sweep.unlisted.contains(live.order.terms.symbol)
        {
            absent(live, in: sweep.round, request: nil, on: desk)
        }
        // Whoever asks for a reconciliation wants to know, also of what waits for a person.
        if !sweep.waiters.isEmpty, live.order.parkedAt != nil { ask(live, .doubt, on: desk, after: 0) }
    }

    /// Whether a row that cannot be read may be of this order, so that it says nothing of it.
    func mayBe(_ row: UnreadableRow, _ live: LiveOrder, on desk: Desk) -> Bool {
        if let id = row.clientOrderID, !desk.profile.looksUpByVenueID { return id == live.order.clientOrderID }
        guard let id = row.venueOrderID else { return true }
        if let known = live.order.venueOrderID { return id == known || live.order.predictedIDs.contains(id) }
        return true
    }

    /// What a row shows that cannot be of the order it names: more executed than there is of it; and, where orders are known by computed ids alone, so that such
    /// an id may be a stranger's, what is not as it was asked. nil: nothing.
    func contradiction(of report: OrderReport, with live: LiveOrder, on desk: Desk) -> String? {
        if let what = excess(report, of: live) { return what }
        guard desk.profile.looksUpByVenueID else { return nil }
        let terms = live.order.terms
        if let symbol = report.symbol, symbol != terms.symbol { return "an order in \(symbol)" }
        if let side = report.side, side != terms.side { return "a \(side.rawValue) order" }
        if let quantity = report.quantity, quantity.isPositive, let asked = terms.quantity, quantity != asked { return "a quantity of \(quantity)" }
        if terms.type == .limit, let price = report.price, price.isPositive, let asked = terms.price, price != asked { return "a price of \(price)" }
        return nil
    }

    /// More executed than a row itself says that there is of the order, or than there can be; nil: nothing. What a limit order asks for may have been changed
    /// by others, and the row says so.
    func excess(_ report: OrderReport, of live: LiveOrder) -> String? {
        guard let asked = live.order.terms.quantity, let filled = report.filledQuantity ?? (report.status == .filled ? report.quantity : nil) else {
            return nil
        }
        if let whole = report.quantity, whole.isPositive {
            if filled > whole { return "\(filled) executed of \(whole)" }
            if live.order.terms.type == .limit { return nil }
        }
        return excess(filled, of: max(asked, live.order.quantity ?? asked), live)
    }

    /// The same of a figure alone: a modify may have made the order larger than is known yet.
    func excess(_ filled: Decimal, of whole: Decimal, _ live: LiveOrder) -> String? {
        guard filled > whole, !live.commands.contains(where: { commands[$0]?.kind == .modify }) else { return nil }
        return "\(filled) executed of \(whole)"
    }

    /// Whose a row may be that bears an id which was not computed for any order of ours.
    enum Namesake {
        case nobody
        /// The end of the id is that of this order in doubt, and all that the row tells is what was asked. The end alone is no evidence, for a stranger's may
        /// be the same.
        case surely(LiveOrder)
        /// The same of more than one: which of them it is, nobody can say, and none of them is absent.
        case perhaps(LiveOrder)
    }

    func namesake(_ report: OrderReport, on desk: Desk) -> Namesake {
        guard desk.profile.looksUpByVenueID, let id = report.venueOrderID, report.symbol != nil, report.side != nil, report.quantity != nil else {
            return .nobody
        }
        let fitting = desk.book.doubts.union(desk.lookUps.givenUp).sorted().compactMap { desk.book[$0] }.filter { live in
            live.order.venueOrderID == nil && hasEnding(of: id, live) && contradiction(of: report, with: live, on: desk) == nil
                && isOfItsTime(id, live, on: desk)
        }
        guard let first = fitting.first else { return .nobody }
        return fitting.count == 1 ? .surely(first) : .perhaps(first)
    }

    /// Who a row may be of by its id's end alone, whatever else it tells.
    func namesakes(_ report: OrderReport, on desk: Desk) -> [LiveOrder] {
        guard desk.profile.looksUpByVenueID, let id = report.venueOrderID else { return [] }
        return desk.book.doubts.union(desk.lookUps.givenUp).compactMap { desk.book[$0] }.filter { live in
            live.order.venueOrderID == nil && hasEnding(of: id, live)
        }
    }

    private func hasEnding(of id: VenueOrderID, _ live: LiveOrder) -> Bool {
        let ending = live.order.clientOrderID.text.suffix(9)
        return ending.utf8.count == 9 && id.text.hasSuffix(ending)
    }

    /// The time that such an id holds (11 hexadecimal digits of milliseconds behind its first letter) is within an hour of the order's last attempt, or it holds
    /// none: where the formula fails, it is the first thing to be another.
    private func isOfItsTime(_ id: VenueOrderID, _ live: LiveOrder, on desk: Desk) -> Bool {
        guard let wireTime = live.order.wireTime, let time = Int64(id.text.dropFirst().prefix(11), radix: 16), VenueClock.believable.contains(time)
        else {
            return true
        }
        return abs(time - wireTime) <= 3_600_000
    }

    /// Ids at the venue do not follow their formula: from here on what look-ups by computed ids do not find is not absent, also for the next process.
    func breakFormula(of desk: Desk, request: RequestID?) {
        let words = "the venue's order ids do not follow their formula: what is in doubt and not found is parked from here on, never sent again"
        // Ids are made of the user's, for all its accounts alike.
        for desk in sharers(of: desk) where desk.profile.looksUpByVenueID && !desk.lookUps.isFormulaBroken {
            desk.lookUps.breakFormula(words, request: request, in: turn)
            found(.assumption, of: nil, on: desk, detail: words)
        }
    }
}
