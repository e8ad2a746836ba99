/// How the parts of an accepted intent begin to move: its cancels into their lane, its orders into the queue, its modifies in the place of older ones.
extension Engine {
    /// What is small goes at once, the rest slice by slice. A cancel may end an order, itself and a modify: four rows with its birth.
    func release(_ release: Release) {
        guard release.left > sliceRows / 4 else {
            var release = release
            var steps = Int.max
            return go(on: &release, steps: &steps, until: .max)
        }
        releases.append(release)
        count(releases)
    }

    /// Lets the next parts go, whoever's cancels first.
    func continueReleases() {
        guard !releases.isEmpty else { return }
        var steps = stepsATurn
        let limit = turn.rows + sliceRows
        // Taken out meanwhile: what goes may open another gate.
        var taken = releases
        releases = []
        for index in taken.indices where taken[index].intent.row.sequence == .cancelFirst {
            releaseCancels(of: &taken[index], steps: &steps, until: limit)
        }
        for index in taken.indices { go(on: &taken[index], steps: &steps, until: limit) }
        taken.removeAll { $0.left == 0 }
        releases.insert(contentsOf: taken, at: 0)
        count(releases)
    }

    private func go(on release: inout Release, steps: inout Int, until limit: Int) {
        if release.intent.row.sequence == .cancelFirst { releaseCancels(of: &release, steps: &steps, until: limit) }
        releasePlaces(of: &release, steps: &steps, until: limit)
        releaseCancels(of: &release, steps: &steps, until: limit)
        releaseModifies(of: &release, steps: &steps, until: limit)
    }

    private func releaseCancels(of release: inout Release, steps: inout Int, until limit: Int) {
        let desk = desks[release.desk]
        while release.cancelsLeft > 0, steps > 0, turn.rows < limit {
            let id = release.cancels[release.nextCancel]
            release.nextCancel += 1
            steps -= Self.stepsOfItem
            intents.release(id)
            guard let command = commands[id], let live = desk.book[command.order] else { continue }
            pursue(id, of: live, on: desk)
        }
    }

    private func releasePlaces(of release: inout Release, steps: inout Int, until limit: Int) {
        let desk = desks[release.desk]
        while release.nextPlace < release.places.count, steps > 0, turn.rows < limit {
            let key = release.places[release.nextPlace]
            release.nextPlace += 1
            steps -= 1
            guard let live = desk.book[key] else { continue }
            live.isGated = false
            enqueue(live, on: desk)
        }
    }

    private func releaseModifies(of release: inout Release, steps: inout Int, until limit: Int) {
        let desk = desks[release.desk]
        while release.nextModify < release.modifies.count, steps > 0, turn.rows < limit {
            let id = release.modifies[release.nextModify]
            release.nextModify += 1
            steps -= Self.stepsOfItem
            guard let command = commands[id], let live = desk.book[command.order] else { continue }
            if release.intent.isWithdrawn {
                change(id, to: .withdrawn, evidence: .local, note: "the intent was canceled")
                continue
            }
            pursue(id, of: live, on: desk)
        }
    }

    /// Before they wait in their lane, nothing new leaves in the stead of cancels.
    private func count(_ releases: [Release]) {
        for desk in desks { desk.unreleasedCancels = 0 }
        for release in releases where release.intent.row.sequence == .cancelFirst { desks[release.desk].unreleasedCancels += release.cancelsLeft }
    }

    // MARK: Gates

    /// The intent's cancels are answered: its places may go.
    func openGate(_ intent: OpenIntent) {
        let waiting = intents.takeGated(of: intent)
        guard !waiting.isEmpty, let desk = desk(intent.row.account) else { return }
        release(Release(intent: intent, desk: desk.index, places: waiting))
    }

    /// The intent's places are answered: its cancels may go.
    func openHeldCancels(_ intent: OpenIntent) {
        let waiting = intents.takeHeld(of: intent)
        guard !waiting.isEmpty, let desk = desk(intent.row.account) else { return }
        release(Release(intent: intent, desk: desk.index, cancels: waiting))
    }

    // MARK: What is still being written

    /// Whether a crash would leave nothing of a command: nobody else's may wait for it, or give way to it.
    func isHalfWritten(_ command: OrderCommand) -> Bool {
        guard let key = command.intent, let intent = intents[key] else { return false }
        return !intent.isComplete
    }

    /// Modifies of an order that have not left and never will: later ones ask for all that each of them asks for. One that was sent before and came back
    /// gave its values to nobody.
    func overtaken(of live: LiveOrder) -> [(id: CommandID, by: CommandID)] {
        guard live.commands.count > 1 else { return [] }
        var overtaken: [(id: CommandID, by: CommandID)] = []
        var (asksPrice, asksQuantity) = (false, false)
        var later: CommandID?
        for id in live.commands.reversed() {
            guard let command = commands[id], command.kind == .modify, command.state == .requested, !isHalfWritten(command) else { continue }
            if let later, asksPrice || command.price == nil, asksQuantity || command.quantity == nil {
                overtaken.append((id, later))
                continue
            }
            (asksPrice, asksQuantity) = (asksPrice || command.price != nil, asksQuantity || command.quantity != nil)
            later = id
        }
        return overtaken.reversed()
    }

    func endOvertaken(of live: LiveOrder) {
        for older in overtaken(of: live) { change(older.id, to: .superseded, evidence: .local, note: Self.overtaken(by: older.by)) }
    }

    static func overtaken(by id: CommandID) -> String { "modify \(id) took its place" }
}
