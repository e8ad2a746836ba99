/// What inputs need of the record: asked for in front of the step that takes them, by the same questions that the step asks.
extension Engine {
    /// What must still be found before ``step(_:given:at:)`` may take an input, in the order in which it is asked for. What is found may lead on: asked again with
    /// it, until there is nothing. Decides nothing and changes nothing.
    package func needs(of input: Input, given found: Found) -> [Need] {
        recall.missing(beyond: found) { ask(for: input) }
    }

    /// Looks up all that a step will ask for.
    package func fetch(for input: Input, from history: any History) -> Found {
        var found = Found()
        var goesOn = true
        while goesOn {
            let needs = needs(of: input, given: found)
            for need in needs where found[need] == nil { found.add(history.answer(need), to: need) }
            goesOn = needs.contains(where: \.leadsOn)
        }
        return found
    }

    private func ask(for input: Input) {
        switch input {
        case .command(let command, let caller, let ticket):
            // What waits is gone on with at the end of some turn.
            if !isBusy(with: ticket.connection) { ask(for: command, by: caller.rights) }
        case .answered(let id, let answer, _, _):
            guard let plan = inFlight[id]?.plan, let desk = desk(plan.account), case .query(let query) = plan.content else { return }
            guard let told = answer.query else { return }
            ask(for: told, of: query, on: desk)
        case .heard(let name, let event): if case .told(let news) = event.what { ask(for: news, of: name) }
        case .reload(let setups, _, _):
            for desk in desks {
                let risk = setups.first { $0.id == desk.id }?.risk ?? desk.setup.risk
                let since = desk.book.positions.asks(at: risk.positionTimes)
                if !since.isEmpty { _ = try? recall.trades(of: desk.id, since: since, takesFees: desk.profile.takesFeesFromPositions) }
            }
        case .lost, .notSent, .disconnected, .rights, .spoke, .remark, .wake: break
        }
    }

    // MARK: Commands

    private func ask(for command: ControlCommand, by rights: Rights) {
        try? examine(command, by: rights)
        if let filter = filter(of: command) {
            _ = try? problem(with: filter, rights)
            // Whose a used one is decides on what is kept from the caller.
            if rights.visible != nil, let id = filter.clientOrderID { _ = try? find(id) }
        }
        switch command {
        case .submit(let intent, _): ask(for: intent)
        case .intentCancel(let id): if intents[id] == nil, admission.planned(id) == nil { _ = try? recall.intent(id) }
        case .orderResolve(let id, _, _):
            guard names[id] == nil else { return }
            _ = try? recall.order(id)
            _ = try? recall.isUsed(id)
        // Intents of which a tag's cancels come to an order are read as they come to it.
        case .intentCancelTagged: break
        case .intentGet, .intentList, .intentWait, .orderGet, .orderList, .orderTimeline, .fillList, .breakList, .breakAcknowledge, .instrumentList,
            .accountList, .setState, .killStatus, .reconcile, .positionList, .riskGet, .limitList, .limitTake, .limitRelease, .stats, .guardBegin,
            .guardResume, .guardRelease, .guardList, .rehearsalRecord, .seal, .subscribe, .unsubscribe, .status:
            break
        }
    }

    private func ask(for intent: Intent) {
        guard let desk = desk(intent.account), !desk.access.isUnheard || isStopping else { return }
        if let id = intent.id, !intent.dryRun, (try? known(id)) != nil { return }
        guard isSmall(intent, on: desk) else { return }
        for item in intent.modify { _ = try? find(item.clientOrderID) }
        for item in intent.cancel {
            switch item {
            case .order(let id): _ = try? find(id)
            case .venueOrder(let id):
                // Its cancel is written down by our own id.
                if let order = try? find(id, on: desk) { _ = try? find(order.clientOrderID) }
            case .matching: break
            }
        }
        for item in intent.place { if let id = item.clientOrderID { _ = try? isUsed(id) } }
    }

    // MARK: Venues

    private func ask(for answer: QueryAnswer, of query: Query, on desk: Desk) {
        switch (query, answer) {
        case (.find(let subjects, _), .orders(let reports, _, _)):
            for subject in subjects {
                guard let live = desk.book[subject.order] else { continue }
                askForProof(of: live)
                for report in reports where report.bearsID(of: subject) { ask(for: report, of: live) }
            }
        case (.openOrders, .orders(let reports, let next, let rows)), (.history, .orders(let reports, let next, let rows)):
            askForListed(reports, on: desk)
            // The end of it may be a round in which what it does not show is absent.
            if next == nil, let sweep = desk.listing.sweep, sweep.withHistory, sweep.phase != .open, desk.profile.listingProvesAbsence {
                for key in desk.book.doubts.sorted() { if let live = desk.book[key] { askForProof(of: live) } }
            }
            for row in rows where row.clientOrderID != nil || row.venueOrderID != nil {
                _ = try? owner(clientOrderID: row.clientOrderID, venueOrderID: row.venueOrderID, on: desk)
            }
        case (.fills(let subject, _), .fills): if let live = desk.book[subject.order] { askForFills(of: live) }
        default: break
        }
    }

    /// A page of a listing. One of its rows may name whose the others are.
    private func askForListed(_ reports: [OrderReport], on desk: Desk) {
        var named: [VenueOrderID: LiveOrder] = [:]
        var unknown: [OrderReport] = []
        for report in reports {
            guard let live = live(for: report, on: desk) else {
                unknown.append(report)
                continue
            }
            ask(for: report, of: live)
            if live.trades == nil, let id = report.venueOrderID { named[id] = live }
        }
        for report in unknown {
            if let live = report.venueOrderID.flatMap({ named[$0] }) { ask(for: report, of: live) }
            for live in namesakes(report, on: desk) { ask(for: report, of: live) }
            if desk.listing.sweep?.phase == .open { askForStranger(report, on: desk) }
        }
    }

    /// A row that may be of an order which memory does not hold, or of somebody else's.
    private func askForStranger(_ report: OrderReport, on desk: Desk) {
        guard let id = report.venueOrderID, !desk.listing.strangers.contains(id),
            let order = try? owner(clientOrderID: report.clientOrderID, venueOrderID: id, on: desk), order.account == desk.id,
            names[order.clientOrderID] == nil
        else { return }
        // It may stand up again.
        if report.tellsMore(than: order) { _ = try? recall.fills(of: order.key) }
    }

    private func ask(for report: OrderReport, of live: LiveOrder) {
        if report.tellsMore(than: live.order) { askForFills(of: live) }
    }

    /// An order of which an execution is on record is not absent.
    private func askForProof(of live: LiveOrder) { if live.state == .inDoubt { askForFills(of: live) } }

    private func askForFills(of live: LiveOrder) { if live.trades == nil { _ = try? recall.fills(of: live.key) } }

    /// What one read of a stream told. What a piece of it names may say whose the next one is; and its quantities may count something else, so that whatever it
    /// tells of executions may be news.
    private func ask(for news: [StreamNews], of name: StreamName) {
        let tellsMore = news.contains { piece in
            switch piece {
            case .order(let heard): heard.report.status == .filled || heard.report.filledQuantity?.isPositive ?? false
            case .fill: true
            case .fillsDue, .pong, .ping, .greeting, .loginAccepted, .loginRefused, .subscribed, .subscribeRefused, .goingAway, .tooFast,
                .tokenRefused, .unknown:
                false
            }
        }
        for piece in news where piece.ids.client != nil || piece.ids.venue != nil {
            for desk in served(by: name, product: piece.product) {
                switch sought(piece, on: desk) {
                case .live(let live): if tellsMore { askForFills(of: live) }
                case .closed(let order): if tellsMore { _ = try? recall.fills(of: order.key) }
                // Of none that is known: taken as a row of a listing.
                case .nobody: if case .order(let heard) = piece { askForStranger(heard.report, on: desk) }
                }
            }
        }
    }
}
