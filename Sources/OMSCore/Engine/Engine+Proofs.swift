/// When an order is proven absent. No order is sent again without it.
///
/// Two rounds of look-ups, the visibility delay apart, did not know the order; at least one of them asked for it alone. A measurement of the venue's clock that
/// was read before the first of them, and one that was sent after the last, both show the fence passed by the lowest that was measured since the attempt: so no
/// request of it could be taken after the first round was asked. The attempt is younger than the venue's memory, and nothing on record bars the order.
extension Engine {
    // MARK: The fence

    /// The journal may lack attempts of this order: it went back to a time when the order was there.
    func isSuspect(_ live: LiveOrder) -> Bool { live.key.number <= goneBackSeq }

    /// The latest stamp that a request with this order may bear, milliseconds of the venue's clock.
    private func lastWireTime(of live: LiveOrder, on desk: Desk) -> Int64 {
        if !isSuspect(live), let wireTime = live.order.wireTime { return wireTime }
        // Attempts that are not on record were another process's, which had ended when this one began.
        let before = desk.access.clock.map { ($0.middle(at: startedAt) + $0.errorUs(at: now.monotonic)) / 1_000 + 1 } ?? 0
        return max(live.order.wireTime ?? 0, before)
    }

    private func firstFence(of live: LiveOrder, on desk: Desk) -> Int64 { desk.fence(wireTime: lastWireTime(of: live, on: desk), of: .place) }

    /// The venue's clock when no request with this order can be taken any more, microseconds: as far as is known now.
    func fence(of live: LiveOrder, on desk: Desk) -> Int64 {
        let fence = firstFence(of: live, on: desk)
        let later = fence + unmeasuredUs(.place, sentAt: live.attemptedAt, at: now.monotonic, on: desk)
        guard later > fence else { return fence }
        // Behind their last arrival nothing that was not measured matters.
        return desk.access.clock.map { min(later, max(fence, $0.low(at: formerEndsAt))) } ?? later
    }

    /// Whether a measurement of the venue's clock, read at that moment, shows an order's fence passed, by the lowest of all since its attempt.
    func isPastFence(_ live: LiveOrder, by measuredAt: Int64?, on desk: Desk) -> Bool {
        isPast(firstFence(of: live, on: desk), of: .place, sentAt: live.attemptedAt, by: measuredAt, on: desk)
    }

    /// The same of any request.
    ///
    /// - Parameter sentAt: by the runner's clock; `Int64.min`: by a former process.
    func isPast(_ fence: Int64, of kind: RequestKind, sentAt: Int64, by measuredAt: Int64?, on desk: Desk) -> Bool {
        guard let measuredAt, measuredAt >= sentAt, let low = desk.access.time.history.low(at: measuredAt, since: sentAt) else { return false }
        return low >= fence + unmeasuredUs(kind, sentAt: sentAt, at: measuredAt, on: desk)
    }

    /// What a former process measured is not on record, so that a machine of the venue's may be behind all that this one knows. Until nothing of that process
    /// can arrive any more, its requests' fence lies so much further: whatever steps back by less than its window is met by that.
    func unmeasuredUs(_ kind: RequestKind, sentAt: Int64, at time: Int64, on desk: Desk) -> Int64 {
        sentAt == .min && time < formerEndsAt ? desk.windowUs(of: kind) : 0
    }

    /// How long a look-up would wait for a measurement of the venue's clock without which it could prove nothing, microseconds; nil: it is worth asking.
    func awaitsClock(_ live: LiveOrder, on desk: Desk) -> Int64? {
        guard live.state == .inDoubt, live.order.parkedAt == nil, let venueNow = desk.access.clock?.low(at: now.monotonic),
            venueNow >= fence(of: live, on: desk), !isPastFence(live, by: desk.access.time.measured?.measuredAt, on: desk)
        else { return nil }
        desk.access.wantClock(in: turn)
        // Where the venue does not tell the time, orders are looked for all the same: they may be found.
        guard let since = desk.access.time.wantedSince, now.monotonic - since < patience.clockUs else { return nil }
        return patience.clockAgainUs
    }

    // MARK: Rounds

    /// A whole round of well-formed answers did not know the order.
    func absent(_ live: LiveOrder, in round: Round, request: RequestID?, on desk: Desk) {
        switch live.state {
        case .inDoubt: doubtful(live, in: round, request: request, on: desk)
        case .acknowledged, .working, .partiallyFilled: missing(live, on: desk)
        case .intended, .submitted: desk.lookUps.end(live.key)
        case .filled, .canceled, .expired, .rejected, .denied, .abandoned: missedAgain(live, in: round, on: desk)
        }
    }

    private func doubtful(_ live: LiveOrder, in round: Round, request: RequestID?, on desk: Desk) {
        guard let inquiry = desk.lookUps[live.key], inquiry.provenAt == nil else { return }
        let epoch = desk.access.time.epoch
        if round.clockEpoch == epoch { overlooked(live, in: round, on: desk) }
        let facts = RoundFacts(
            venueNow: desk.access.clock?.low(at: now.monotonic), clockEpoch: epoch, fence: fence(of: live, on: desk),
            isPastFence: isPastFence(live, by: round.measuredAt, on: desk),
            // Were the computed ids wrong, a listing would show the order all the same, by the end of its id.
            endsListedAt: desk.profile.looksUpByVenueID ? desk.listing.endsListedAt : nil, request: request)
        switch desk.lookUps.missed(live.key, in: round, facts, in: turn) {
        case nil: break
        case .again(let delay): again(live, on: desk, after: delay)
        case .clock(let delay):
            desk.access.wantClock(in: turn)
            again(live, on: desk, after: delay)
        case .first(let delay):
            let visibility = desk.lookUps.visibilityUs
            if visibility > patience.longVisibilityUs { park(live, "look-ups were seen to lag \(visibility / 1_000_000) s behind", on: desk) }
            again(live, on: desk, after: delay)
        case .ends:
            desk.listing.wantEnds(at: now.monotonic)
            park(live, on: desk)
            again(live, on: desk, after: live.order.parkedAt == nil ? patience.endsUs : pause(live, on: desk))
        case .second:
            if let why = unprovable(live, on: desk) {
                park(live, why, on: desk)
                return again(live, on: desk, after: pause(live, on: desk))
            }
            desk.lookUps.awaitVerdict(on: live.key, request, at: now.monotonic)
            desk.access.wantClock(in: turn)
            // Where the venue does not tell the time, it is looked for again meanwhile.
            again(live, on: desk, after: patience.verdictUs)
        }
    }

    /// After a measurement of the clock: what waited for no more than that is proven absent, or not.
    func conclude(sentAt: Int64, on desk: Desk) {
        for verdict in desk.lookUps.takeVerdicts() {
            guard let live = desk.book[verdict.order], live.state == .inDoubt else { continue }
            let isPastFence = isPastFence(live, by: desk.access.time.measured?.measuredAt, on: desk)
            let isProven = desk.lookUps.judge(
                verdict, sentAt: sentAt, clockEpoch: desk.access.time.epoch, isPastFence: isPastFence, in: turn)
            guard let isProven else { continue }
            if !isProven {
                again(live, on: desk, after: 0)
            } else if let why = unprovable(live, on: desk) {
                park(live, why, on: desk)
                again(live, on: desk, after: pause(live, on: desk))
            } else {
                provenAbsent(live, request: verdict.request, on: desk)
            }
        }
        if desk.lookUps.awaitsVerdicts { desk.access.wantClock(in: turn) }
    }

    // MARK: What proves nothing

    /// Why an order that look-ups do not find is not proven absent all the same; nil: it is.
    private func unprovable(_ live: LiveOrder, on desk: Desk) -> String? {
        // A push told of it, whatever look-ups show.
        guard recallFills(of: live, on: desk) else { return "its executions on record cannot be read" }
        if live.executed.isPositive { return "an execution of it is on record" }
        if live.order.bars.contains(.duplicate) {
            found(.duplicateID, of: live, on: desk, detail: Self.duplicateUnseen)
            return Self.duplicateUnseen
        }
        if live.order.bars.contains(.among) { return "the venue has an order of its request, and shows none of them" }
        if let hidden = hiddenOrder(on: desk) {
            return "the venue calls \(hidden.order.clientOrderID) a duplicate and does not show it: what its look-ups do not find is not absent"
        }
        if let hidden = desk.lookUps.hiddenAbsent {
            return "the venue calls \(hidden.order) a duplicate and does not show it, and its account is not configured: "
                + "what look-ups of that user do not find is not absent"
        }
        if !live.order.bars.isDisjoint(with: [.identity, .elsewhere]) {
            return "it was attempted when the account's uid or host was another, or not on record: not found here is not absent there"
        }
        if live.order.bars.contains(.key) { return "it was attempted with a former key: what this one does not show is not absent" }
        if desk.lookUps.isFormulaBroken, desk.profile.looksUpByVenueID {
            return "ids at the venue do not follow their formula: look-ups by computed ids prove nothing"
        }
        if isSuspect(live), desk.profile.looksUpByVenueID {
            return "the journal went back in time: attempts that are not on record cannot be asked for"
        }
        return tooOld(live, on: desk)
    }

    static let duplicateUnseen = "the venue refused the id as a duplicate and shows no order under it"

    /// How far back the venue tells of an order, whatever became of it, milliseconds: what look-ups ask for and what they can prove, both.
    func memoryMs(of desk: Desk) -> Int64 { min(desk.setup.memoryMs ?? desk.profile.memoryMs, desk.profile.unfilledMemoryMs ?? .max) }

    /// What a venue has forgotten it does not know, whatever became of it.
    func tooOld(_ live: LiveOrder, on desk: Desk) -> String? {
        let memoryMs = memoryMs(of: desk)
        guard let clock = desk.access.clock else { return "the venue's clock is not known" }
        let venueMs = (clock.middle(at: now.monotonic) + clock.errorUs(at: now.monotonic)) / 1_000
        let intendedMs = clock.middle(at: now.monotonic - (now.wall - live.order.intendedAt)) / 1_000
        let firstMs = isSuspect(live) ? min(live.order.wireTime ?? .max, intendedMs) : live.order.wireTime ?? intendedMs
        guard venueMs - firstMs > memoryMs else { return nil }
        return "its attempt is older than \(memoryMs / 1_000) s: the venue may have forgotten an order that old, so that not found is not absent"
    }

    /// The venue surely never took it. Sent again under the same id while that is still wanted, else given up.
    private func provenAbsent(_ live: LiveOrder, request: RequestID?, on desk: Desk) {
        desk.lookUps.end(live.key)
        if live.order.bars.contains(.refusal) {
            return change(
                live, to: .rejected, kind: .rejected, evidence: .inferred, fields: .reject, request: request,
                note: "\(live.order.rejectText ?? "refused"); proven absent")
        }
        let fields = desk.book.miss(live, at: now.monotonic)
        guard let reason = reasonNotToResend(live, on: desk) else {
            change(live, to: .intended, kind: .requeued, evidence: .inferred, fields: fields, request: request, note: "proven absent")
            return requeue([live], on: desk)
        }
        giveUp(live, because: reason, fields, request: request, on: desk)
    }

    private func giveUp(_ live: LiveOrder, because reason: String, _ fields: OrderFields, request: RequestID?, on desk: Desk) {
        let words = "proven absent; not sent again: \(reason)"
        let text = [live.order.rejectText, words].compactMap { $0 }.joined(separator: "; ")
        let told = fields.union(desk.book.refuse(live, live.order.rejectCode, text))
        change(live, to: .abandoned, kind: .closed, evidence: .inferred, fields: told, request: request, note: words)
    }

    /// What a process before this one had not sent, or had proven absent and would have sent again: the account may be one by now of which nothing is.
    func resumeUnsent(_ live: LiveOrder, on desk: Desk) {
        guard live.order.absences > 0, !desk.setup.resendsAfterProof, desk.setup.leaving == .everything, !isLeft(live.order, on: desk) else {
            return enqueue(live, on: desk)
        }
        giveUp(live, because: Self.resendIsNever, [], request: nil, on: desk)
    }

    private static let resendIsNever = "resend is never"

    private func reasonNotToResend(_ live: LiveOrder, on desk: Desk) -> String? {
        if live.commands.contains(where: { commands[$0]?.kind == .cancel }) { return "a cancel of it is open" }
        if !desk.setup.resendsAfterProof { return Self.resendIsNever }
        if isLate(live, on: desk) { return "its deadline passed" }
        if desk.trading.state == .halted || (desk.trading.state == .reducing && !Examination.reduces(live.order.terms)) {
            return "trading is \(desk.trading.state.rawValue)"
        }
        guard live.order.attempts >= patience.attemptsMax else { return nil }
        found(.abandoned, of: live, on: desk, detail: "proven absent after \(live.order.attempts) attempts; not sent again")
        return "\(live.order.attempts) attempts"
    }

    // MARK: Parked

    /// Asks for a person, and says why. What could not be settled by look-ups has two minutes after its fence for that.
    ///
    /// - Parameter why: nil: the look-ups go unanswered.
    func park(_ live: LiveOrder, _ why: String? = nil, on desk: Desk) {
        guard live.state == .inDoubt, live.order.parkedAt == nil || why != nil && live.parkedWhy != nil && live.parkedWhy != why else { return }
        if why == nil {
            guard let clock = desk.access.clock, clock.low(at: now.monotonic) > fence(of: live, on: desk) + patience.settlingUs else { return }
        }
        live.parkedWhy = why ?? "look-ups could not settle it"
        let fields = desk.book.park(live, at: now.wall)
        change(
            live, to: .inDoubt, kind: .parked, evidence: live.order.evidence, fields: fields,
            note: "\(why ?? "look-ups could not settle it"); order.resolve decides")
        giveWay(of: live, because: Self.fateIsParked)
    }

    /// How soon a parked order is asked about again: often within the two minutes after its fence, then ever more rarely.
    func pause(_ live: LiveOrder, on desk: Desk) -> Int64 {
        if let clock = desk.access.clock, clock.low(at: now.monotonic) < fence(of: live, on: desk) + patience.settlingUs {
            return patience.parkedAtFirstUs
        }
        live.parkedTries = min(live.parkedTries + 1, 100)
        return min(patience.parkedMaxUs, patience.parkedUs << Int64(min(live.parkedTries - 1, 6)))
    }
}
