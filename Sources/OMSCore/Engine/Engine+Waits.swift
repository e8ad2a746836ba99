/// What an order, or what was asked of it, waits for just now: for whoever asks why nothing happens.
extension Engine {
    /// In words; nil: nothing of it waits here, or it is not in memory.
    package func waits(_ id: ClientOrderID) -> String? {
        guard let live = names[id], let desk = desk(live.order.account) else { return nil }
        let words = [wait(of: live, on: desk)] + live.commands.compactMap { commands[$0] }.map { wait(of: $0, live, on: desk) }
        let told = words.compactMap(\.self)
        return told.isEmpty ? nil : told.joined(separator: "; ")
    }

    private func wait(of live: LiveOrder, on desk: Desk) -> String? {
        switch live.state {
        case .intended: "the order waits for " + placeWait(of: live, on: desk)
        case .inDoubt where live.order.parkedAt != nil:
            "the order waits for a person: \(live.parkedWhy ?? "look-ups could not settle it")"
        case .submitted, .inDoubt, .acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired, .rejected, .denied, .abandoned: nil
        }
    }

    /// What a place waits for that has not left.
    private func placeWait(of live: LiveOrder, on desk: Desk) -> String {
        if let intent = live.intent {
            guard intent.isComplete else { return "the rest of its intent to be written" }
            if let first = intent.cancelsAhead.min() {
                let count = "\(intent.cancelsAhead.count) of its intent's cancels (cancel_first)"
                guard let command = commands[first], let other = desk.book[command.order] else { return count }
                return "\(count), the first of \(other.order.clientOrderID): " + (wait(of: command, other, on: desk) ?? "under way")
            }
        }
        if isUnwanted(live) { return "its turn to be withdrawn" }
        switch desk.trading.state {
        case .halted: return "trading, which is halted: \(desk.trading.reason)"
        case .reducing where !Examination.reduces(live.order.terms): return "trading, which only reduces: \(desk.trading.reason)"
        case .active, .reducing: break
        }
        if isJournalFull { return "space on the journal's disk" }
        if !desk.isPrepared { return "the account: \(troubles(of: desk))" }
        if desk.roundsOut > 0 || desk.unreleasedCancels > 0 { return "cancels that are being written down" }
        if !live.isQueued { return "another try, since the venue put it off" + (desk.access.lastError.words.map { ": \($0)" } ?? "") }
        return way(through: charges(of: .place([], isSingle: desk.rules.group(of: live.order.terms).isSingle), on: desk), on: desk)
    }

    private func wait(of command: OrderCommand, _ live: LiveOrder, on desk: Desk) -> String? {
        let name = "\(command.kind.rawValue) \(command.id)"
        switch command.state {
        case .submitted: return "\(name) waits for its answer"
        case .acknowledged: return "\(name) was taken, and waits to be seen"
        case .inDoubt: return "\(name) waits for a look-up to tell what became of it"
        case .requested: return "\(name) waits for " + requestWait(of: command, live, on: desk)
        case .done, .refused, .withdrawn, .superseded: return nil
        }
    }

    private func requestWait(of command: OrderCommand, _ live: LiveOrder, on desk: Desk) -> String {
        if isHalfWritten(command) { return "the rest of its intent to be written" }
        switch live.state {
        case .submitted: return "the answer to the order's request"
        case .inDoubt where live.order.parkedAt != nil: return "the order's fate, which waits for a person"
        case .inDoubt: return "the order's fate"
        case .intended, .acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired, .rejected, .denied, .abandoned: break
        }
        if command.kind == .cancel, let intent = holder(of: command, on: desk) { return placesWait(of: intent, on: desk) }
        if let other = live.commands.first(where: { $0 != command.id && isInFront($0, of: command) }) {
            return "\(commandName(other)) of the same order"
        }
        if let watch = commands.watch(command.id), watch.notBefore > now.monotonic {
            let seconds = (watch.notBefore - now.monotonic) / 1_000_000 + 1
            return "another try in \(seconds) s" + (watch.words.map { ", after \"\($0)\"" } ?? "")
        }
        if desk.resent.contains(live.key) { return "the end of a resend of the order's request, which may still be taken" }
        if live.order.venueOrderID == nil, !desk.profile.cancelsByClientID { return "the order's id at the venue, which no look-up has shown" }
        if command.kind == .modify {
            guard desk.trading.state == .active else { return "trading, which is \(desk.trading.state.rawValue): \(desk.trading.reason)" }
            if isJournalFull { return "space on the journal's disk" }
            if !desk.isPrepared { return "the account: \(troubles(of: desk))" }
        }
        let charges =
            command.kind == .modify
            ? charges(of: .modify([]), on: desk)
            : charges(of: desk.profile.mixesPlaceAndCancel ? .mixed(place: [], cancel: [], placeFirst: false) : .cancel([]), on: desk)
        return way(through: charges, on: desk)
    }

    /// What holds the cancels of an intent that wants its places first.
    private func placesWait(of intent: OpenIntent, on desk: Desk) -> String {
        let count = "\(intent.unanswered) of its intent's places (place_first)"
        let first = intent.lastOrder.flatMap { last -> LiveOrder? in
            var (found, steps): (LiveOrder?, Int) = (nil, stepsATurn)
            var walk = BookWalk(desk: desk.index, after: OrderKey(intent.row.key.number), last: last)
            self.walk(&walk, steps: &steps) { live, _ in
                guard live.order.intent == intent.row.key, live.state == .intended || live.state == .submitted else { return true }
                found = live
                return false
            }
            return found
        }
        guard let first else { return count }
        let why = first.state == .submitted ? "its answer" : placeWait(of: first, on: desk)
        return "\(count), of which \(first.order.clientOrderID) waits for \(why)"
    }

    /// Whether a command of the same order has to come to its end before another one leaves.
    private func isInFront(_ id: CommandID, of command: OrderCommand) -> Bool {
        guard let other = commands[id], !isHalfWritten(other) else { return false }
        switch (other.kind, command.kind) {
        case (.cancel, .modify): return true
        case (.modify, .cancel): return false
        case (.cancel, .cancel): return other.state != .requested || other.id < command.id && !intents.isHeld(id)
        case (.modify, .modify): return other.state == .submitted || other.state == .inDoubt
        }
    }

    private func commandName(_ id: CommandID) -> String { commands[id].map { "\($0.kind.rawValue) \(id)" } ?? "another command" }

    /// What stands between the queue and the wire.
    private func way(through charges: [BudgetCharge], on desk: Desk) -> String {
        let access = desk.access
        let isHeld = !access.isSignable || access.problem != nil || now.monotonic < access.reach.backoffUntil
        if isHeld { return "the account: \(troubles(of: desk))" }
        if now.monotonic < access.reach.closedUntil { return "the venue, which is closed for maintenance" }
        guard !limiter.canTake(charges, at: now.monotonic, usesReserve: false) else { return "its turn" }
        let next = limiter.nextChance(charges, at: now.monotonic, usesReserve: false)
        return "a permit" + (next.map { ", in \(($0 - now.monotonic) / 1_000) ms at the soonest" } ?? "")
    }
}
