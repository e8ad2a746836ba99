/// How the parts of an accepted intent begin to move: its cancels into their lane, its orders into the queue, its modifies in the place of older ones.
extension Engine {
    /// What comes to no more than a slice goes at once, the rest slice by slice.
    func release(_ release: Release) {
        guard release.left > sliceRows else {
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
            heldCancels.remove(id)
            guard let command = commands[id], let live = desk.orders[command.order] else { continue }
            pursue(id, of: live, on: desk)
        }
    }

    private func releasePlaces(of release: inout Release, steps: inout Int, until limit: Int) {
        let desk = desks[release.desk]
        while release.nextPlace < release.places.count, steps > 0, turn.rows < limit {
            let key = release.places[release.nextPlace]
            release.nextPlace += 1
            steps -= 1
            guard let live = desk.orders[key] else { continue }
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
            guard let command = commands[id], let live = desk.orders[command.order] else { continue }
            if release.intent.isWithdrawn {
                change(id, to: .withdrawn, evidence: .local, note: "the intent was canceled")
                continue
            }
            for older in overtaken(by: command, of: live) { change(older, to: .superseded, evidence: .local, note: Self.overtaken(by: id)) }
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
        guard !intent.gated.isEmpty, let desk = desk(intent.row.account) else { return }
        let waiting = intent.gated
        intent.gated = []
        release(Release(intent: intent, desk: desk.index, places: waiting))
    }

    /// The intent's places are answered: its cancels may go.
    func openHeldCancels(_ intent: OpenIntent) {
        guard !intent.heldCancels.isEmpty, let desk = desk(intent.row.account) else { return }
        let waiting = intent.heldCancels
        intent.heldCancels = []
        release(Release(intent: intent, desk: desk.index, cancels: waiting))
    }

    // MARK: What is still being written

    /// Whether a crash would leave nothing of a command: nobody else's may wait for it, or give way to it.
    func isHalfWritten(_ command: OrderCommand) -> Bool {
        guard let key = command.intent, let intent = intents[key] else { return false }
        return !intent.isComplete
    }

    /// Modifies of an order that have not left and never will: a later one has taken their place.
    func overtaken(by command: OrderCommand, of live: LiveOrder) -> [CommandID] {
        live.commands.filter { id in
            guard id < command.id, let older = commands[id] else { return false }
            return older.kind == .modify && older.state == .requested && !isHalfWritten(older)
        }
    }

    static func overtaken(by id: CommandID) -> String { "modify \(id) took its place" }
}
