/// What an order's row at the venue says of the cancels and modifies that are open for it.
extension Engine {
    /// What an order's report says of its open commands.
    ///
    /// - Parameter askedAt: when the question left at the earliest, by the runner's clock. It says nothing of what was answered after that.
    func judgeCommands(of live: LiveOrder, on desk: Desk, askedAt: Int64) {
        for id in live.commands {
            guard let command = commands[id] else { continue }
            switch (command.kind, command.state) {
            case (_, .requested): pursue(id, of: live, on: desk)
            case (.cancel, .acknowledged), (.cancel, .inDoubt): judgeCancel(command, of: live, on: desk, askedAt: askedAt)
            case (.modify, .acknowledged), (.modify, .inDoubt): judgeModify(command, of: live, on: desk, askedAt: askedAt)
            case (_, .submitted), (_, .done), (_, .refused), (_, .withdrawn), (_, .superseded): break
            }
        }
    }

    /// The order is still there. A cancel that was lost, or refused without a reason, is safe to repeat; each time later.
    private func judgeCancel(_ command: OrderCommand, of live: LiveOrder, on desk: Desk, askedAt: Int64) {
        guard let watch = commands.looked(at: command.id, askedAt: askedAt, at: now.monotonic) else { return }
        let looks = watch.turns == 0 ? patience.cancelLooks : patience.cancelLooksLater
        guard command.state == .inDoubt || watch.looks >= looks else { return }
        turned(command.id, of: live, on: desk)
        change(command.id, to: .requested, evidence: .query, note: "the venue still shows the order open")
        pursue(command.id, of: live, on: desk)
    }

    private func judgeModify(_ command: OrderCommand, of live: LiveOrder, on desk: Desk, askedAt: Int64) {
        guard let watch = commands.looked(at: command.id, askedAt: askedAt, at: now.monotonic) else { return }
        if isShown(command, in: live.order) {
            shown(command, of: live, evidence: .query)
        } else if command.state == .inDoubt {
            // Never inside the lost request's window: it may still be taken, before or behind its repetition.
            guard isPastFence(command.id, watch, askedAt: askedAt, on: desk) else { return }
            turned(command.id, of: live, on: desk)
            change(command.id, to: .requested, evidence: .query, note: "not applied; the lost request is too old to be taken")
            endOvertaken(of: live)
        } else if watch.looks >= patience.modifyLooks, hasWaited(watch, on: desk), !hasNewerModify(command, of: live) {
            let (price, quantity) = (live.order.price?.description ?? "-", live.order.quantity?.description ?? "-")
            change(
                command.id, to: .refused, evidence: .query,
                note: "taken by the venue, which still shows price \(price) and quantity \(quantity) after \(watch.looks) looks")
        }
        if live.state.isLive, live.commands.contains(where: { commands[$0]?.kind == .modify && commands[$0]?.state == .requested }) {
            queueModify(of: live, on: desk)
        }
    }

    /// A modify shows, and with it ends what was asked before and was overtaken by it.
    func shown(_ command: OrderCommand, of live: LiveOrder, evidence: Evidence) {
        for id in live.commands where id < command.id {
            guard let older = commands[id], older.kind == .modify, older.state == .acknowledged || older.state == .inDoubt else { continue }
            change(id, to: isShown(older, in: live.order) ? .done : .superseded, evidence: evidence, note: "modify \(command.id) shows")
        }
        change(command.id, to: .done, evidence: evidence)
    }

    /// Whether a later modify of the order is on its way or waits to be seen: its values may be those that show.
    private func hasNewerModify(_ command: OrderCommand, of live: LiveOrder) -> Bool {
        live.commands.contains { id in
            guard id > command.id, let other = commands[id], other.kind == .modify else { return false }
            return other.state == .submitted || other.state == .acknowledged || other.state == .inDoubt
        }
    }

    private func hasWaited(_ watch: CommandWatch, on desk: Desk) -> Bool {
        // What a former process heard it heard before this one began.
        now.monotonic - max(watch.answeredAt, startedAt) >= max(patience.modifyUs, .milliseconds(2 * desk.profile.visibilityDelayMs))
    }

    /// Whether a question asked then was asked when the command's last request could not be taken any more: as of a place, by the lowest that was measured
    /// since it was sent.
    private func isPastFence(_ id: CommandID, _ watch: CommandWatch, askedAt: Int64, on desk: Desk) -> Bool {
        guard let clock = desk.access.clock else { return false }
        // Sent by a process that had ended when this one began: its stamp is no later than that.
        let wireTime = watch.wireTime ?? (clock.middle(at: startedAt) + clock.errorUs(at: now.monotonic)) / 1_000 + 1
        let fence = desk.fence(wireTime: wireTime, of: .modify)
        let measuredAt = desk.access.time.measured?.measuredAt
        if isPast(fence, of: .modify, sentAt: watch.sentAt, by: measuredAt, on: desk) { return measuredAt ?? .max <= askedAt }
        // Worth a measurement where one that agrees with what is known would show it.
        let low = desk.access.time.history.low(at: now.monotonic, since: watch.sentAt) ?? clock.low(at: now.monotonic)
        let isDue = low > fence + unmeasuredUs(.modify, sentAt: watch.sentAt, at: now.monotonic, on: desk)
        if isDue { desk.access.wantClock(in: turn) }
        commands.awaitClock(id, isDue)
        return false
    }
}
