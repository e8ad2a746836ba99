/// Orders that trade at once or never: what became of them is asked for right behind their receipt, and their intent waits for it.
extension Engine {

    /// The venue took it. Its end is due now; an intent waits for that until the time of a whole reconciliation has passed.
    func awaitOutcome(of live: LiveOrder, forUs waitUs: Int64, on desk: Desk) {
        guard live.order.terms.tradesAtOnce, live.state.isLive, waitUs > 0 else { return }
        if let intent = live.intent { intents.awaitOutcome(of: live.key, in: intent) }
        desk.lanes.putOff(.outcome(live.key), until: now.monotonic + waitUs)
        ask(live, .outcome, on: desk, after: patience.outcomePauses.first)
    }

    /// As above, after a restart: what is left of that time.
    func resumeOutcome(of live: LiveOrder, on desk: Desk) {
        guard let acknowledgedAt = live.order.acknowledgedAt else { return }
        let interval = Int64.milliseconds(desk.setup.reconcileIntervalMs)
        awaitOutcome(of: live, forUs: min(interval, interval - (now.wall - acknowledgedAt)), on: desk)
    }

    /// Its end is known, or was waited for long enough.
    func outcomeKnown(of live: LiveOrder, on desk: Desk) {
        if let intent = live.intent { intents.outcomeKnown(of: live.key, in: intent) }
        if desk.lookUps[live.key]?.reasons.contains(.outcome) ?? false { desk.lookUps.settle(.outcome, of: live.key) }
    }

    /// How soon an order that was found and has something left to tell is asked about again.
    func restPause(_ live: LiveOrder, _ inquiry: Inquiry, on desk: Desk) -> Int64 {
        var pause = Int64.max
        for id in live.commands {
            guard let command = commands[id], command.state == .acknowledged || command.state == .inDoubt else { continue }
            if commands.watch(id)?.awaitsClock ?? false, now.monotonic - (desk.access.time.wantedSince ?? now.monotonic) < patience.clockUs {
                pause = min(pause, patience.clockGapUs)
            }
            pause = min(pause, max(self.pause(of: id), (commands.watch(id)?.notBefore ?? .min).subtractingSaturated(now.monotonic)))
        }
        if inquiry.reasons.contains(.outcome) { pause = min(pause, patience.outcomePauses.pause(after: inquiry.tries)) }
        if !inquiry.reasons.isDisjoint(with: [.doubt, .missing, .venueID]) || pause == .max {
            pause = min(pause, patience.commandPauses.pause(after: inquiry.tries))
        }
        if inquiry.reasons.contains(.venueID), inquiry.tries >= patience.turnsMax {
            let words = "the venue shows \(live.order.clientOrderID) without an id of its own: it cannot be canceled"
            desk.access.say(words)
            found(.loop, of: live, on: desk, detail: words)
            giveWay(of: live, because: words)
        }
        return pause
    }
}

extension OrderTerms {
    /// Market, IOC and FOK: it does not rest.
    package var tradesAtOnce: Bool { type == .market || timeInForce == .ioc || timeInForce == .fok }
}

extension Int64 {
    /// The difference, or the nearest number there is.
    func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflows) = subtractingReportingOverflow(other)
        return overflows ? (other > 0 ? .min : .max) : difference
    }
}
