/// What came of questions.
extension Engine {
    func told(_ query: Query, _ answer: VenueAnswer, _ flight: InFlight, sentAt: Moment, lastByteAt: Moment, on desk: Desk) {
        switch (query, answer.query) {
        case (.serverTime, .time(let ms)):
            guard VenueClock.believable.contains(ms) else {
                return failed(query, "the venue says that its clock shows \(ms) ms since 1970", flight, on: desk)
            }
            desk.access.prepared()
            ended(.preparation(query.name), on: desk)
            desk.access.measured(VenueClock(serverMs: ms, sent: sentAt.monotonic, read: lastByteAt.monotonic), sentAt: sentAt.monotonic, in: turn)
            conclude(sentAt: sentAt.monotonic, on: desk)
        case (.account, .account(let facts)):
            ended(.preparation(query.name), on: desk)
            settle(desk.access.learn(facts, in: turn), on: desk)
        case (.instruments, .instruments(let list)):
            if let reason = desk.access.learn(list, skipped: answer.skipped, used: desk.listing.symbols, in: turn) {
                return failed(query, reason, flight, on: desk)
            }
            ended(.preparation(query.name), on: desk)
            if !desk.hasToldRules { tellRulesWithoutMarket(desk) }
            desk.hasToldRules = true
        case (.find(let subjects, let step), .orders(let reports, let next, let unreadable)):
            ended(.lookUps, on: desk)
            lookedUp(subjects, step: step, reports, next: next, unreadable, flight, on: desk)
        case (.openOrders, .orders(let reports, let next, let unreadable)), (.history, .orders(let reports, let next, let unreadable)):
            listed(reports, next: next, unreadable: unreadable, flight, on: desk)
        case (.fills(let subject, let page), .fills(let fills, let next)): filled(subject, page: page, fills, next: next, flight, on: desk)
        case (.cancelAll, .canceledAll): canceledAll(desk)
        case (.countdown, .countdownSet): countdownSet(flight, sentAt: sentAt.monotonic, on: desk)
        default:
            let reason: String
            if case .failed(let words) = answer.query { reason = words } else { reason = "an answer to another question" }
            desk.access.say(reason)
            failed(query, reason, isRefused: answer.disposition == .answered || answer.disposition == .halted, flight, on: desk)
        }
    }

    /// A question without an answer: asked again later, never read as absence.
    ///
    /// - Parameter isRefused: by the venue, in its own words.
    func failed(_ query: Query, _ reason: String, isRefused: Bool = false, _ flight: InFlight, on desk: Desk) {
        switch query {
        case .serverTime, .account, .instruments:
            desk.access.say(reason)
            desk.access.preparationFailed(pause: turned(.preparation(query.name), on: desk, reason), in: turn)
        case .find(let subjects, _):
            turned(.lookUps, on: desk, reason)
            for subject in subjects { unanswered(subject, isLost: true, on: desk) }
        case .openOrders(let symbol, _), .history(let symbol, _, _): listingFailed(symbol, reason, on: desk)
        case .fills(let subject, _):
            turned(.executions, on: desk, reason)
            if let live = desk.book[subject.order] { wantFillsAgain(live, isAnswered: false, on: desk) }
        case .cancelAll: cancelAllFailed(desk, reason)
        case .countdown: countdownFailed(reason, isRefused: isRefused, flight, on: desk)
        }
    }
}
