/// What a private stream tells of orders: positive evidence, and nothing else. What it does not tell is not so, and not otherwise.
extension Engine {
    /// A piece of news, of one of the accounts behind the connection.
    func heard(_ news: StreamNews, of name: StreamName) {
        switch news {
        case .order, .fill, .fillsDue:
            for desk in served(by: name, product: news.product) where take(news, on: desk) { return }
            // Of none that is known. It may be ours before its answer came; whose it is, an account of that product must find out.
            for desk in served(by: name, product: news.product) {
                desk.stream.told(nil, isNews: false, agrees: false, at: now.wall)
                if mayBeUnderWay(news, on: desk) { return park(news, on: desk) }
            }
            let desks = served(by: name, product: news.product)
            if desks.count == 1 { return unclaimed(news, on: desks[0]) }
            // Whose it would be, it does not say: listings tell each account of what is its own.
            for desk in desks { desk.listing.read(by: now.monotonic + .milliseconds(desk.setup.reconcileIntervalMs)) }
        case .unknown(let words):
            for desk in served(by: name, product: nil) { desk.stream.notUnderstood(words) }
        case .pong, .ping, .greeting, .loginAccepted, .loginRefused, .subscribed, .subscribeRefused, .goingAway, .tooFast, .tokenRefused: break
        }
    }

    func served(by name: StreamName, product: String?) -> [Desk] {
        let all = streams[name]?.accounts.map { desks[$0] } ?? []
        return product.map { product in all.filter { $0.profile.product == product } } ?? all
    }

    /// Takes in what concerns an order of the account.
    ///
    /// - Returns: false: it knows no such order.
    private func take(_ news: StreamNews, on desk: Desk) -> Bool {
        guard let live = subject(of: news, on: desk) else { return false }
        guard !isLeft(live.order, on: desk) else { return true }
        live.heard().heardAt = now.monotonic
        switch news {
        case .order(let heard): take(heard, for: live, on: desk)
        case .fill(let heard): take(heard, for: live, on: desk)
        case .fillsDue(let heard): take(heard, for: live, on: desk)
        default: break
        }
        return true
    }

    /// Whose news may be.
    enum Subject {
        case live(LiveOrder)
        /// Closed, and not in memory.
        case closed(Order)
        case nobody
    }

    /// By our id where it bears one, else by the venue's.
    func sought(_ news: StreamNews, on desk: Desk) -> Subject {
        let ids = news.ids
        if let live = ids.client.flatMap({ names[$0] }) { return live.order.account == desk.id ? .live(live) : .nobody }
        if let live = ids.venue.flatMap({ desk.book[$0] }), ids.client == nil || ids.client == live.order.clientOrderID { return .live(live) }
        guard let order = try? owner(clientOrderID: ids.client, venueOrderID: ids.venue, on: desk), order.account == desk.id,
            names[order.clientOrderID] == nil, order.state.isTerminal
        else { return .nobody }
        return .closed(order)
    }

    /// Whose news it is. One that closed is taken back into memory if there is something in it.
    private func subject(of news: StreamNews, on desk: Desk) -> LiveOrder? {
        let order: Order
        switch sought(news, on: desk) {
        case .live(let live): return live
        case .nobody: return nil
        case .closed(let known): order = known
        }
        let live = LiveOrder(order, intent: nil)
        adopt(live, on: desk)
        if let intent = intents[order.intent] { intents.own(order.key, order.state, of: intent) }
        closed.append(live)
        return live
    }

    // MARK: States

    private func take(_ heard: HeardOrder, for live: LiveOrder, on desk: Desk) {
        let market = desk.access.markets[live.order.terms.symbol]
        let report = heard.report(at: market, countedIn: desk.profile.quantityUnit, ordered: live.order.quantity)
        guard !isOfAnother(report, live, on: desk) else { return desk.stream.told(live.key, isNews: false, agrees: true, at: now.wall) }
        let (before, filled) = (live.state, live.order.filledQuantity)
        let agrees = report.filledQuantity.map { $0 >= filled } ?? true
        if live.order.isGivenUp {
            standUp(live, by: report, .pushed(version: heard.pushedVersion, at: now.monotonic), nil, on: desk)
        } else {
            _ = apply(report, to: live, .pushed(version: heard.pushedVersion, at: now.monotonic), on: desk, evidence: .stream)
        }
        let isNews = live.order.filledQuantity > filled || (before != live.state && live.state.isTerminal)
        desk.stream.told(live.key, isNews: isNews, agrees: agrees, at: now.wall)
        mended(.missingThere, of: live, on: desk)
        fillsMayBeWhole(of: live, on: desk)
        guard !live.state.isTerminal else { return }
        if before.isUnsettled, live.state.isLive {
            awaitOutcome(of: live, forUs: .milliseconds(desk.setup.reconcileIntervalMs), on: desk)
            followUp(live, on: desk)
        }
        desk.lookUps.settle([.doubt, .missing, .venueID], of: live.key)
        showModifies(of: live)
        // What may go back and cannot be told from an older state is asked for, and what counts something that cannot be converted.
        let isUnsaid = heard.report.filledQuantity != nil && report.filledQuantity == nil
        if isUnsaid || live.order.terms.type == .limit && (differs(report.price, live.order.price) || differs(report.quantity, live.order.quantity)) {
            ask(live, .missing, on: desk, after: patience.receiptUs)
        }
    }

    /// What cannot be of this order, whatever became of it: another market or side, or more than all of it; nil: nothing.
    private func impossible(_ symbol: Symbol?, _ side: Side?, filled: Decimal?, _ live: LiveOrder) -> String? {
        let terms = live.order.terms
        if let symbol, symbol != terms.symbol { return "an order in \(symbol)" }
        if let side, side != terms.side { return "a \(side.rawValue) order" }
        guard let filled, let asked = terms.quantity else { return nil }
        return excess(filled, of: max(asked, live.order.quantity ?? asked), live)
    }

    /// No evidence of how the order stands: a person is told, and the venue is asked. That the venue has something under an id which we alone give (`name`) is so
    /// whatever else is odd about it: what was attempted is never sent again on the word of look-ups that do not show it.
    private func contradicted(_ what: String, by id: VenueOrderID?, as name: ClientOrderID?, _ live: LiveOrder, on desk: Desk) {
        found(.contradiction, of: live, on: desk, venueOrderID: id, detail: "a push shows \(what) under an id of this order")
        if name == live.order.clientOrderID, !live.order.isGivenUp { sighted(live, as: nil, on: desk) }
        if !live.state.isTerminal { ask(live, live.state == .inDoubt ? .doubt : .missing, on: desk, after: 0) }
    }

    private func differs(_ told: Decimal?, _ known: Decimal?) -> Bool { told.map { $0.isPositive && $0 != known } ?? false }

    /// Whether a push under an order's id is of another one, or of what a modify made of it: then it moves nothing, and the order is looked up.
    private func isOfAnother(_ report: OrderReport, _ live: LiveOrder, on desk: Desk) -> Bool {
        let isFirstSight = live.state == .inDoubt || live.order.isGivenUp
        let what =
            impossible(report.symbol, report.side, filled: report.filledQuantity, live)
            ?? (isFirstSight ? contradiction(of: report, with: live, on: desk) : nil)
        if let what {
            contradicted(what, by: report.venueOrderID, as: report.clientOrderID, live, on: desk)
            return true
        }
        let isOtherID = report.venueOrderID != nil && live.order.venueOrderID != nil && report.venueOrderID != live.order.venueOrderID
        // Under its former id a changed order is canceled, and goes on under another.
        let mayGoOn = live.mayBeRenamed && report.status == .canceled
        guard isOtherID || mayGoOn else { return false }
        ask(live, .missing, on: desk, after: 0)
        return true
    }

    /// Modifies that show are done. What does not show yet says nothing.
    private func showModifies(of live: LiveOrder) {
        for id in live.commands {
            guard let command = commands[id], command.kind == .modify, command.state == .acknowledged || command.state == .inDoubt else { continue }
            if isShown(command, in: live.order) { shown(command, of: live, evidence: .stream) }
        }
    }

    // MARK: Executions

    private func take(_ heard: HeardFill, for live: LiveOrder, on desk: Desk) {
        let isOfOther = live.order.venueOrderID.map { $0 != heard.fill.venueOrderID } ?? false
        guard !isOfOther, recallFills(of: live, on: desk) else { return wantFills(live, on: desk) }
        // One that is on record is compared with its row.
        if live.trades?[heard.fill.tradeID] == nil,
            let what = impossible(heard.symbol, heard.side, filled: live.booked.adding(heard.fill.quantity), live)
        {
            contradicted(what, by: heard.fill.venueOrderID, as: heard.clientOrderID, live, on: desk)
            return wantFills(live, on: desk)
        }
        sighted(live, as: heard.fill.venueOrderID, on: desk)
        // A row never changes: one that is booked without its fee would lack it for ever. Answers tell it, or another push.
        if heard.fill.fee == nil, desk.profile.listsFills, live.trades?[heard.fill.tradeID] == nil {
            desk.stream.told(live.key, isNews: false, agrees: false, at: now.wall)
            return wantFills(live, on: desk)
        }
        let isNews = book(heard.fill, of: live, on: desk, evidence: .stream, request: nil)
        live.heard().hasFills = true
        desk.stream.told(live.key, isNews: isNews, agrees: false, at: now.wall)
        fillsMayBeWhole(of: live, on: desk)
        guard live.booked > live.order.filledQuantity else { return }
        // Totals and states come from the order's own news, which may be on its way, or lost.
        if live.state.isTerminal { return wantFills(live, on: desk) }
        ask(live, live.state == .inDoubt ? .doubt : .missing, on: desk, after: patience.receiptUs)
    }

    private func take(_ heard: HeardExecution, for live: LiveOrder, on desk: Desk) {
        desk.stream.told(live.key, isNews: false, agrees: false, at: now.wall)
        if let what = impossible(heard.symbol, nil, filled: nil, live) {
            contradicted(what, by: heard.venueOrderID, as: heard.clientOrderID, live, on: desk)
        } else if live.order.venueOrderID == nil || heard.venueOrderID == nil || heard.venueOrderID == live.order.venueOrderID {
            sighted(live, as: heard.venueOrderID, on: desk)
        }
        wantFills(live, on: desk)
    }

    /// An execution says that its order is there, and under which id; of totals and states it says nothing. No look-up that does not show it proves anything then.
    private func sighted(_ live: LiveOrder, as id: VenueOrderID?, on desk: Desk) {
        guard live.state.isUnsettled && live.order.attempts > 0 || live.order.isGivenUp else { return }
        var report = OrderReport(status: .unknown, venueState: live.order.venueState ?? "")
        (report.clientOrderID, report.venueOrderID) = (live.order.clientOrderID, id)
        let sight = Sight.pushed(version: nil, at: now.monotonic)
        if live.order.isGivenUp { return standUp(live, by: report, sight, nil, on: desk) }
        _ = apply(report, to: live, sight, on: desk, evidence: .stream)
        desk.lookUps.settle(.doubt, of: live.key)
        ask(live, .missing, on: desk, after: patience.receiptUs)
        followUp(live, on: desk)
    }

    // MARK: Of orders that are not known

    /// Whether one of ours is on its way whose answer may name what this is of.
    private func mayBeUnderWay(_ news: StreamNews, on desk: Desk) -> Bool {
        // One that bears an id of ours is known by it.
        guard news.ids.client == nil, desk.book.counts[.submitted] > 0 || !desk.book.doubts.isEmpty else { return false }
        return desk.book.all.contains { live in
            guard live.state == .submitted || live.state == .inDoubt, live.order.venueOrderID == nil else { return false }
            return news.symbol == nil || live.order.terms.symbol == news.symbol
        }
    }

    private func park(_ news: StreamNews, on desk: Desk) {
        if desk.stream.park(news, at: now.monotonic) { return }
        // Too many to keep: what they told of is listed.
        desk.listing.read(by: now.monotonic + .milliseconds(desk.setup.reconcileIntervalMs))
    }

    /// Brings parked pushes to the orders that they turned out to be of.
    func settleParked(_ desk: Desk) {
        guard desk.stream.hasParked else { return }
        // An answer brings an order's id into memory: nothing is asked of the journal for them, turn after turn.
        for (news, isKnown) in desk.stream.takeParked(at: now.monotonic, isKnown: { isInMemory($0.ids, on: desk) })
        where !(isKnown && take(news, on: desk)) {
            unclaimed(news, on: desk)
        }
        if let end = desk.stream.nextParkedEnd { wake(at: end) }
    }

    private func isInMemory(_ ids: (client: ClientOrderID?, venue: VenueOrderID?), on desk: Desk) -> Bool {
        ids.client.map { names[$0] != nil } ?? false || ids.venue.map { desk.book[$0] != nil } ?? false
    }

    /// Nobody's of ours: an order of somebody else, as a listing would show it.
    private func unclaimed(_ news: StreamNews, on desk: Desk) {
        guard case .order(let heard) = news, let id = heard.report.venueOrderID else { return }
        switch heard.report.status {
        case .accepted, .open, .partiallyFilled:
            guard !desk.profile.looksUpByVenueID, (try? stranger(heard.report, nil, on: desk)) != nil else {
                // By computed ids alone nobody can say whose it is: a listing compares all of it.
                return desk.listing.read(by: now.monotonic + .milliseconds(desk.setup.reconcileIntervalMs))
            }
        case .filled, .canceled, .expired, .rejected:
            guard let broken = desk.breaks[id], broken.kind == .externalOrder || broken.kind == .missingHere else { return }
            mended(broken.id, on: desk)
        case .unknown: break
        }
    }
}

extension StreamNews {
    /// Of which product; nil: it does not say, or it is of no order.
    var product: String? {
        switch self {
        case .order(let heard): heard.product
        case .fill(let heard): heard.product
        case .fillsDue(let heard): heard.product
        case .pong, .ping, .greeting, .loginAccepted, .loginRefused, .subscribed, .subscribeRefused, .goingAway, .tooFast, .tokenRefused, .unknown:
            nil
        }
    }

    var ids: (client: ClientOrderID?, venue: VenueOrderID?) {
        switch self {
        case .order(let heard): (heard.report.clientOrderID, heard.report.venueOrderID)
        case .fill(let heard): (heard.clientOrderID, heard.fill.venueOrderID)
        case .fillsDue(let heard): (heard.clientOrderID, heard.venueOrderID)
        case .pong, .ping, .greeting, .loginAccepted, .loginRefused, .subscribed, .subscribeRefused, .goingAway, .tooFast, .tokenRefused, .unknown:
            (nil, nil)
        }
    }

    var symbol: Symbol? {
        switch self {
        case .order(let heard): heard.report.symbol
        case .fill(let heard): heard.symbol
        case .fillsDue(let heard): heard.symbol
        case .pong, .ping, .greeting, .loginAccepted, .loginRefused, .subscribed, .subscribeRefused, .goingAway, .tooFast, .tokenRefused, .unknown:
            nil
        }
    }
}
