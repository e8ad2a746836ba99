/// Intents that were found good: written down slice by slice, and their orders put where they wait for their turn.
extension Engine {
    // MARK: Writing it down

    func accept(_ planning: Planning, plan: IntentPlan, on desk: Desk) {
        let intent = planning.intent
        // Its caller was lost while it was looked through.
        if let guardID = planning.guardID, !guards.mayAccept(under: guardID) {
            for ticket in [planning.ticket] + planning.echoes { fail(.guardLost("guard \(guardID) is over: nothing was accepted"), to: ticket) }
            return resumeDeferred()
        }
        let id = intent.id ?? IntentID("i" + admission.nextID(wall: now.wall).text)
        let event = self.event(.intentAccepted, actor: planning.actor, note: id.text)
        var row = IntentRow(
            key: IntentKey(event.seq), id: id, account: desk.id, content: planning.content.now, orders: plan.places.count,
            commands: plan.modifies.count + plan.cancels.count, sequence: intent.sequence,
            plannedRequests: Examination.requests(for: plan, by: desk.rules, placeMax: desk.placeMax).count,
            acceptedAt: now.wall, expiresAt: intent.expiresAt, tag: intent.tag)
        row.guardID = planning.guardID
        if let guardID = row.guardID { guards.bind(row.key, to: guardID) }
        record(.intent(row, event))
        let open = intents.begin(row)
        var acceptance = Acceptance(
            intent: open, desk: desk.index, ticket: planning.ticket, actor: planning.actor, places: plan.places, cancels: plan.cancels,
            modifies: plan.modifies, asked: plan.asked, mostAsked: plan.mostAsked, givenIDs: Set(plan.places.compactMap(\.clientOrderID)))
        acceptance.echoes = planning.echoes
        admission.accept(acceptance)
        desk.recentPlaces.take(plan.places.count, at: now.monotonic)
        expect(plan, on: desk)
        // Small intents are whole within this very turn.
        if acceptance.left <= sliceRows, admission.acceptanceCount == 1 { continueAcceptances() }
    }

    /// Writes the next slices of intents that are being accepted: half of a turn's rows for the one with least left, the rest for the oldest. A last
    /// slice accepts its intent.
    func continueAcceptances() {
        var room = sliceRows
        while room > sliceRows / 2, admission.acceptanceCount > 1 {
            room -= write(admission.shortestAcceptance, rows: room - sliceRows / 2)
        }
        while room > 0, admission.acceptanceCount > 0 { room -= write(0, rows: room) }
    }

    /// Writes up to so many rows of one intent; the rows used, at least one.
    private func write(_ index: Int, rows: Int) -> Int {
        let before = turn.rows
        let limit = before + max(1, rows)
        let mayModify = admission.mayGoOn(index)
        // Taken out meanwhile: with two owners every slice would copy what it appends to.
        var acceptance = admission.takeAcceptance(at: index)
        let desk = desks[acceptance.desk]
        if acceptance.written < acceptance.places.count {
            let end = min(acceptance.places.count, acceptance.written + max(1, rows))
            acceptance.orders.reserveCapacity(acceptance.places.count)
            for place in acceptance.places[acceptance.written..<end] { bear(place, of: &acceptance, on: desk) }
            acceptance.written = end
        }
        if acceptance.written >= acceptance.places.count, acceptance.left > 0 {
            bearCommands(of: &acceptance, on: desk, until: limit, mayModify: mayModify)
        }
        if acceptance.left == 0 {
            complete(acceptance, on: desk)
            resumeDeferred()
        } else {
            admission.putBack(acceptance, at: index)
        }
        return max(1, turn.rows - before)
    }

    private func bear(_ place: (item: Int, clientOrderID: ClientOrderID?, terms: OrderTerms), of acceptance: inout Acceptance, on desk: Desk) {
        let row = acceptance.intent.row
        let order = Order(
            key: OrderKey(turn.nextSeq()), clientOrderID: place.clientOrderID ?? admission.nextID(wall: now.wall), account: desk.id, intent: row.key,
            intentID: row.id, tag: row.tag, item: place.item, terms: place.terms, intendedAt: now.wall, expiresAt: row.expiresAt,
            sequence: row.sequence)
        record(.orderBorn(order, actor: acceptance.actor))
        let live = LiveOrder(order, intent: acceptance.intent)
        desk.book.bear(live)
        desk.book.weights.arrived(place.terms)
        adopt(live, on: desk)
        intents.own(order.key, order.state, of: acceptance.intent)
        acceptance.orders.append(order.clientOrderID)
        acceptance.keys.append(order.key)
    }

    private func bearCommands(of acceptance: inout Acceptance, on desk: Desk, until limit: Int, mayModify: Bool) {
        let intent = acceptance.intent
        let isGate = awaitsCancels(intent)
        while turn.rows < limit, acceptance.written < acceptance.places.count + acceptance.cancels.count {
            let id = bearCommand(.cancel, of: acceptance.cancels[acceptance.written - acceptance.places.count], for: intent, actor: acceptance.actor)
            acceptance.written += 1
            guard let id, commands[id]?.state == .requested else { continue }
            acceptance.commands.append(id)
            if isGate { intents.awaitAnswer(to: id, in: intent) }
        }
        while mayModify, turn.rows < limit, acceptance.writesModifies, acceptance.left > 0 {
            bearModify(acceptance.modifies[acceptance.modifies.count - acceptance.left], for: intent, actor: acceptance.actor)
            acceptance.written += 1
        }
    }

    /// Everything of the intent is written: it is accepted with this turn's commit, and its parts may go.
    private func complete(_ acceptance: Acceptance, on desk: Desk) {
        let intent = acceptance.intent
        record(.intentComplete(intent.row.key))
        intents.complete(intent, deadline: deadline(of: intent.row))
        // Of one that was withdrawn meanwhile no place waits for its turn.
        if intent.isWithdrawn { cancelRound(of: intent, actor: acceptance.actor) }
        release(
            Release(
                intent: intent, desk: acceptance.desk, cancels: acceptance.commands, places: intent.isWithdrawn ? [] : acceptance.keys,
                modifies: intent.modifies))
        reply(
            .submitted(
                intent.row.id, acceptedAt: intent.row.acceptedAt, orders: acceptance.orders, plannedRequests: intent.row.plannedRequests),
            to: acceptance.ticket)
        for ticket in acceptance.echoes { reply(.query(.submission(intent.row.id, duplicate: true), missing: nil), to: ticket) }
    }

    /// Whether the intent's places wait for its cancels: asked for, and the venue takes them in separate requests.
    func awaitsCancels(_ intent: OpenIntent) -> Bool {
        guard intent.row.sequence == .cancelFirst, let desk = desk(intent.row.account) else { return false }
        return !desk.profile.mixesPlaceAndCancel
    }

    /// Takes submits that waited for their account's markets, or waited long enough.
    func takeEarlySubmits() {
        guard admission.hasEarly else { return }
        var hasTaken = false
        while let entry = admission.takeEarly(in: turn, isReady: { isStopping || !desks[$0].access.isUnheard }) {
            hasTaken = true
            guard case .submit(let intent, let content) = entry.command else { continue }
            do throws(ControlError) {
                try examine(entry.command, by: entry.caller.rights)
                submit(intent, content: content, from: entry.caller, ticket: entry.ticket, mayWait: false)
            } catch { fail(error, to: entry.ticket) }
        }
        if hasTaken { resumeDeferred() }
    }

    /// Tries anew what waited for something else of its connection.
    func resumeDeferred() {
        for entry in admission.takeDeferred() { receive(entry.command, from: entry.caller, ticket: entry.ticket) }
    }

    // MARK: Queues

    /// Puts an intended order where it waits for its turn.
    func enqueue(_ live: LiveOrder, on desk: Desk) {
        guard live.state == .intended, !live.isQueued, !isLeftBehind(live) else { return }
        if let intent = live.intent, !intent.cancelsAhead.isEmpty {
            live.isGated = true
            intents.gate(live.key, in: intent)
            return
        }
        live.isQueued = true
        desk.lanes.place(live.key, of: live.order.intent, group: desk.rules.group(of: live.order.terms))
    }

    /// Back to the front of the queue: surely not executed.
    func requeue(_ orders: [LiveOrder], on desk: Desk) {
        // Its deadline may have passed while it was out: then it does not go again.
        for live in orders where live.state == .intended && isLate(live, on: desk) {
            change(live, to: .expired, kind: .closed, evidence: .local, note: "not sent again: its deadline passed")
        }
        let waiting = orders.filter { $0.state == .intended && !$0.isQueued && !isLeftBehind($0) }.sorted { $0.key < $1.key }
        for live in waiting { live.isQueued = true }
        // By key, not by hash: the same seed gives the same run.
        for (intent, orders) in Dictionary(grouping: waiting, by: \.order.intent).sorted(by: { $0.key < $1.key }) {
            let groups = Dictionary(grouping: orders, by: { desk.rules.group(of: $0.order.terms) })
            for (group, orders) in groups.sorted(by: { $0.value[0].key < $1.value[0].key }) {
                desk.lanes.placeAgain(orders.map(\.key), of: intent, group: group)
            }
        }
    }

    /// Its intent counts as settled, which 0.1.0 did to those of accounts that were not configured for a while: nobody waits for it any more, and it is
    /// not sent.
    private func isLeftBehind(_ live: LiveOrder) -> Bool {
        guard live.intent == nil else { return false }
        change(live, to: .canceled, kind: .closed, evidence: .local, note: "not sent: its intent was settled without it")
        return true
    }

    func isLate(_ live: LiveOrder, on desk: Desk) -> Bool { deadline(of: live, on: desk).map { $0 <= now.wall } ?? false }

    /// When it may not be sent any more, by the wall clock; nil: never.
    func deadline(of live: LiveOrder, on desk: Desk) -> Int64? {
        let byAge = desk.setup.maxIntentAgeMs.map { live.order.intendedAt + .milliseconds($0) }
        guard let expiresAt = live.order.expiresAt, let byAge else { return live.order.expiresAt ?? byAge }
        return min(expiresAt, byAge)
    }
}
