/// What an answer says of the cancels and modifies that its request carried.
extension Engine {
    func canceled(_ tickets: [CancelTicket], _ outcomes: [ItemOutcome], in flight: InFlight, on desk: Desk, tally: inout Tally) {
        let wereRepeated = tickets.contains { commands.watch($0.command)?.isRepeated ?? false }
        for (ticket, outcome) in zip(tickets, outcomes) {
            tally.count(outcome)
            judge(ticket.command, outcome, in: flight, on: desk)
            guard let live = desk.book[ticket.order] else { continue }
            if case .notExecuted(.sibling(offenderNamed: false), _) = outcome { live.batchCap = max(1, tickets.count / 2) }
            if case .acknowledged = outcome { mended(.cancelRefused, of: live, on: desk) }
            settle(ticket.command, outcome, company: tickets.count, of: live, on: desk)
            // Refused for good: how the order really stands is worth a look.
            if case .refused = outcome, commands[ticket.command] == nil { ask(live, .missing, on: desk, after: patience.receiptUs) }
        }
        judgeRepeats(.cancel, tickets.map(\.command), outcomes, wereRepeated, on: desk)
    }

    func modified(_ tickets: [ModifyTicket], _ outcomes: [ItemOutcome], in flight: InFlight, on desk: Desk, tally: inout Tally) {
        let wereRepeated = tickets.contains { commands.watch($0.command)?.isRepeated ?? false }
        for (ticket, outcome) in zip(tickets, outcomes) {
            tally.count(outcome)
            judge(ticket.command, outcome, in: flight, on: desk)
            if case .refused = outcome { desk.access.doubtMarkets(in: turn) }
            guard let live = desk.book[ticket.order] else { continue }
            // Some venues answer a modify with a new order id.
            if case .acknowledged(let venueID?, _) = outcome, live.order.venueOrderID != venueID, !live.state.isTerminal {
                learn(venueID, of: live, on: desk)
                change(live, to: live.state, kind: .reported, evidence: .response, fields: .venueOrderID, request: flight.plan.id)
            }
            settle(ticket.command, outcome, company: tickets.count, of: live, on: desk)
            // The next of this order may leave now.
            if live.state.isLive { queueModify(of: live, on: desk) }
        }
        judgeRepeats(.modify, tickets.map(\.command), outcomes, wereRepeated, on: desk)
    }

    /// One command's part of an answer.
    private func judge(_ id: CommandID, _ outcome: ItemOutcome, in flight: InFlight, on desk: Desk) {
        let request = flight.plan.id
        guard let command = commands[id] else { return }
        let words: String?
        var isRefused = false
        switch outcome {
        case .refused(let code, let text), .gone(let code, let text), .duplicate(let code, let text), .oneIsDuplicate(let code, let text),
            .refusedUnlessFound(let code, let text):
            (words, isRefused) = ("\(code) \(text)", true)
        case .notExecuted: words = "the venue put it off"
        case .inDoubt(let reason, _): words = reason
        case .acknowledged: words = nil
        }
        commands.answered(id, words: words, isRefused: isRefused, at: now.monotonic)
        switch outcome {
        case .acknowledged: change(id, to: .acknowledged, evidence: .response, request: request)
        case .refused(let code, let text):
            // The account is being emptied: a refusal is no end while the order lives.
            if command.kind == .cancel, command.intent == nil, desk.kill != nil {
                change(id, to: .inDoubt, evidence: .response, request: request, note: "refused: \(code) \(text)")
            } else {
                change(id, to: .refused, evidence: .response, request: request, code: code, note: text)
            }
        case .notExecuted: change(id, to: .requested, evidence: .response, request: request, note: "not executed")
        case .gone(let code, let text), .duplicate(let code, let text), .oneIsDuplicate(let code, let text):
            change(id, to: .inDoubt, evidence: .response, request: request, note: "the venue does not know it as open: \(code) \(text)")
        case .refusedUnlessFound(let code, let text):
            change(id, to: .inDoubt, evidence: .response, request: request, note: "refused without a reason: \(code) \(text)")
        case .inDoubt(let reason, _): change(id, to: .inDoubt, evidence: .inferred, request: request, note: reason)
        }
    }

    /// After an answer: a closed order ends its commands, an open one is asked about, one not executed goes again; each later, the more often it came back.
    private func settle(_ id: CommandID, _ outcome: ItemOutcome, company: Int, of live: LiveOrder, on desk: Desk) {
        guard let command = commands[id] else { return followUp(live, on: desk) }
        if live.state.isTerminal { return finishCommand(id, of: live, evidence: live.order.evidence) }
        guard command.state == .requested else {
            let pause = pause(of: id)
            commands.wait(id, until: now.monotonic + pause)
            return ask(live, command.kind == .cancel ? .cancel : .modify, on: desk, after: pause)
        }
        // Blameless in a batch of several: again at once, and where nobody was blamed in smaller company.
        if case .notExecuted(.sibling, _) = outcome, company > 1 {
            commands.turnedBlameless(id)
            return pursue(id, of: live, on: desk)
        }
        let turns = commands.watch(id)?.turns ?? 0
        commands.wait(id, until: now.monotonic + patience.putOffPauses.pause(after: turns))
        turned(id, of: live, on: desk)
        pursue(id, of: live, on: desk)
    }
}
