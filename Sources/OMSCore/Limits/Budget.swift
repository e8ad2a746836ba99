import Containers

/// One limit of a venue, as a set of permits that are held until no later request can share a window with the one that took them.
///
/// A request takes a permit before its first byte and frees it at *last byte of the answer + window + margin*, or, unanswered, at *socket reset +
/// hold + window + margin*. Then no window of any position at the venue holds more than `permits` arrivals, whatever the network does
/// (docs/LIMITS.md has the proof). Time is the runner's monotonic clock in microseconds; nothing here reads one.
package struct Budget: Sendable {
    package private(set) var row: BudgetRow
    /// Permits this daemon may use of the venue's: `permits` unless other hosts share the limit.
    package private(set) var share: Int
    package private(set) var reserve: Int
    /// The most that one request takes: never less than that is left to use.
    private var heaviest: Int
    package private(set) var windowUs: Int64
    package private(set) var marginUs: Int64
    package private(set) var penaltyUs: Int64
    /// How many permits each row holds, by slot: out with a request, or until the end of their hold. A row is as many permits as one request took, so that
    /// there are no more rows than requests, however many permits there are.
    private var counts: [Int] = []
    /// Rows that hold none, the next one to be used last.
    private var free: [Int] = []
    /// All that rows hold.
    private var held = 0
    /// Rows whose request came to its end, by when their hold is over.
    private var cooling = TimerHeap<Int>()
    /// The last of them that takes in others whose hold ends at the same moment (``grainUs``).
    private var gathering: (slot: Int, end: Int64)?
    /// Ends of holds are rounded up to multiples of this.
    private var grainUs: Int64
    /// Of calendar windows: by which clock they turn; nil: they are held as sliding ones are, which is never too short.
    private var clock: VenueClock?
    /// What arrived until then lies in windows that are over; when the next one surely is. By the boot's clock.
    private var overUntil: Int64 = .min
    private var turnsAt: Int64 = .max
    /// Frozen by a 429 until its end.
    private var freeze = Rest(until: 0, lastsUs: 0, untilWall: 0)
    package var frozenUntil: Int64 { freeze.until }
    /// What a 429 below our own count leaves of the share; grows back by one permit in ten a recovery period.
    package private(set) var usableShare: Int
    package private(set) var nextRecoveryAt: Int64 = .max
    /// What the journal knows of it.
    private var recorded: BudgetRest?
    /// When permits were taken within the last window, and the most of them in any one.
    private var taken = Takings()
    package var busiestWindow: Int { taken.most }
    /// Grants to higher lanes since a place that waited was last served.
    package private(set) var passedOver = 0
    /// What repeats itself takes no permit before then.
    package private(set) var nextRepeatAt: Int64 = .min

    /// 500 ppm: how much faster than the venue's this clock may run (the bound of NTP slewing).
    package static let driftPPM: Int64 = 500

    /// A time on the venue's clock as it may take on ours.
    private static func stretched(_ time: Int64) -> Int64 { time + time * driftPPM / 1_000_000 }

    package init(row: BudgetRow, _ terms: LimitTerms) {
        self.row = row
        (share, reserve, heaviest) = (terms.share, terms.reserve, terms.heaviest)
        usableShare = min(terms.share, max(terms.heaviest, row.learned ?? terms.share))
        windowUs = .milliseconds(terms.windowMs)
        marginUs = .milliseconds(terms.marginMs)
        penaltyUs = .milliseconds(terms.penaltyMs)
        grainUs = Self.grain(windowUs)
    }

    /// Long windows hold many requests, and no hold of theirs is worth a row and a timer of its own: those that end within the same 4,096th of the window end
    /// together. A limit of 160,000 a day is then never more than some 4,100 of either, and costs 21 s of the day.
    private static func grain(_ windowUs: Int64) -> Int64 { windowUs > .seconds(60) ? windowUs / 4_096 : 1 }

    /// How long an answered request keeps its permit after its answer's last byte.
    package var holdUs: Int64 { Self.stretched(windowUs) + marginUs }

    /// Takes over what a former run left: every permit that may still count at the venue stays held.
    ///
    /// - Parameters:
    ///   - rows: in this boot's time, see ``PermitRow/countedAnew(at:)``.
    ///   - unansweredHoldUs: how long a request without an answer may still arrive after its socket died.
    package mutating func inherit(_ rows: [PermitRow], unansweredHoldUs: Int64, at now: Int64) {
        var others: [(count: Int, end: Int64)] = []
        for row in rows where row.count > 0 {
            let released = min(row.releasedAt ?? now, now)
            let wasAnswered = row.request == nil && !row.isUnanswered
            let end = released + (wasAnswered ? holdUs : Self.stretched(unansweredHoldUs) + holdUs)
            guard end > now else { continue }
            // An own row keeps its slot, which its next row is written over.
            if row.budget == self.row.id { hold(row.count, in: row.slot, until: end) } else { others.append((row.count, end)) }
        }
        // What was taken under another number of permits has its row elsewhere: here it is held until its time.
        for other in others { hold(other.count, in: counts.count, until: other.end) }
        free = counts.indices.reversed().filter { counts[$0] == 0 }
    }

    private mutating func hold(_ count: Int, in slot: Int, until end: Int64) {
        while counts.count <= slot { counts.append(0) }
        counts[slot] = count
        held += count
        cooling.add(slot, at: end)
    }

    /// A row for so many permits.
    private mutating func open(_ count: Int) -> Int {
        held += count
        guard let slot = free.popLast() else {
            counts.append(count)
            return counts.count - 1
        }
        counts[slot] = count
        return slot
    }

    /// Takes every permit as one whose request was lost just now: nobody knows how many were.
    mutating func holdAll(unansweredHoldUs: Int64, at now: Int64) -> PermitRow? {
        settle(at: now)
        guard held < row.permits else { return nil }
        return keep(row.permits - held, until: now + Self.stretched(unansweredHoldUs) + holdUs, isUnanswered: true, at: now)
    }

    /// Takes free permits that no request of ours took.
    private mutating func keep(_ count: Int, until end: Int64, isUnanswered: Bool, at now: Int64) -> PermitRow {
        let slot = open(count)
        cooling.add(slot, at: end)
        return PermitRow(budget: row.id, slot: slot, count: count, request: nil, takenAt: now, releasedAt: now, isUnanswered: isUnanswered)
    }

    private mutating func settle(at now: Int64) {
        if now >= turnsAt { turn(at: now) }
        // A hold that ends at `end` is of what arrived until `end - holdUs`.
        let due = overUntil == .min ? now : max(now, overUntil + holdUs)
        while let slot = cooling.popDue(at: due) {
            held -= counts[slot]
            counts[slot] = 0
            free.append(slot)
            if slot == gathering?.slot { gathering = nil }
        }
    }

    // MARK: Calendar windows

    /// What the venue's clock shows; nil: not known.
    mutating func tell(_ clock: VenueClock?) {
        guard clock != self.clock else { return }
        self.clock = clock
        turnsAt = clock == nil ? .max : .min
    }

    /// The window that the venue is in, at the least, has begun: all that surely arrived before its beginning is over.
    private mutating func turn(at now: Int64) {
        turnsAt = .max
        guard let clock, let beginsMs = row.shape.beginsMs else { return }
        let surely = clock.low(at: now) - marginUs - .milliseconds(beginsMs)
        let began = surely - ((surely % windowUs) + windowUs) % windowUs
        overUntil = max(overUntil, clock.latest(before: began + .milliseconds(beginsMs) - marginUs, at: now))
        turnsAt = now + Self.stretched(began + windowUs - surely) + 1
    }

    /// Permits that could be taken now by a lane that may (or may not) use the reserve.
    package mutating func available(at now: Int64, usesReserve: Bool) -> Int {
        guard now >= frozenUntil else { return 0 }
        settle(at: now)
        let limit = usesReserve ? usableShare : max(usableShare - reserve, min(usableShare, heaviest))
        return max(0, limit - held)
    }

    /// Takes permits; call only when `available` said that there are so many.
    package mutating func take(_ count: Int = 1, by request: RequestID, at now: Int64) -> PermitRow {
        settle(at: now)
        precondition(count > 0 && count <= row.permits - held, "permits were taken that are not there")
        let slot = open(count)
        taken.add(count, at: now, windowUs: windowUs, grainUs: grainUs, overUntil: overUntil)
        return PermitRow(budget: row.id, slot: slot, count: count, request: request, takenAt: now, releasedAt: nil, isUnanswered: false)
    }

    /// The answer's last byte was read at `readAt`, or nothing was ever sent (`readAt` nil): free at once.
    ///
    /// - Returns: rows to be written together: this one, and in front of it one that took its permits in, where their holds end together.
    package mutating func release(slot: Int, readAt: Int64?, at now: Int64) -> (gathered: PermitRow?, row: PermitRow) {
        guard let readAt else {
            cooling.add(slot, at: now)
            return (nil, answered(slot, at: now, until: now - holdUs))
        }
        let released = min(readAt, now)
        guard grainUs > 1 else {
            cooling.add(slot, at: released + holdUs)
            return (nil, answered(slot, at: released, until: released))
        }
        let end = (released + holdUs + grainUs - 1) / grainUs * grainUs
        guard let into = gathering, into.end == end, into.slot != slot else {
            gathering = (slot, end)
            cooling.add(slot, at: end)
            return (nil, answered(slot, at: released, until: released))
        }
        counts[into.slot] += counts[slot]
        counts[slot] = 0
        free.append(slot)
        // Those that it holds already were released no later than at the end of the same moment.
        return (answered(into.slot, at: released, until: min(now, end - holdUs)), answered(slot, at: released, until: released))
    }

    /// The row of permits that were given back.
    private func answered(_ slot: Int, at takenAt: Int64, until releasedAt: Int64) -> PermitRow {
        PermitRow(budget: row.id, slot: slot, count: counts[slot], request: nil, takenAt: takenAt, releasedAt: releasedAt, isUnanswered: false)
    }

    /// No answer: the socket was reset at `resetAt`, and what was sent may arrive until `hold` later.
    package mutating func abandon(slot: Int, resetAt: Int64, holdUs hold: Int64, at now: Int64) -> PermitRow {
        let released = min(resetAt, now)
        cooling.add(slot, at: released + Self.stretched(hold) + holdUs)
        return PermitRow(
            budget: row.id, slot: slot, count: counts[slot], request: nil, takenAt: released, releasedAt: released, isUnanswered: true)
    }

    /// Of the share, what the venue said that there is at all, and never less than one request takes.
    var allowed: Int { min(share, max(heaviest, row.learned ?? share)) }

    /// The venue says how many permits there are: never more than configured, else its last word holds.
    mutating func learn(_ permits: Int) {
        row.learned = permits < row.permits ? permits : nil
        usableShare = isPunished ? min(usableShare, allowed) : allowed
    }

    /// The venue refused for the rate: nothing more until the penalty (or its own word) is over, and half the share until it grows back.
    ///
    /// - Parameter rests: false: only the share is cut, since something else keeps silence for as long as the venue wants.
    package mutating func punish(retryAfterUs: Int64?, keepsShare: Bool = false, rests: Bool = true, at now: Moment) {
        let rest = Rest(for: rests ? max(penaltyUs, min(max(0, retryAfterUs ?? 0), .seconds(900))) : 0, at: now)
        if rest.until > freeze.until { freeze = rest }
        if !keepsShare { usableShare = min(allowed, max(heaviest, usableShare / 2)) }
        nextRecoveryAt = frozenUntil + recoveryUs
    }

    /// The venue says that fewer requests are left in its window than we count: somebody else sends. The difference waits out a window.
    package mutating func believe(remaining: Int, at now: Int64) -> PermitRow? {
        let surplus = available(at: now, usesReserve: true) - max(0, remaining)
        return surplus > 0 ? keep(surplus, until: now + holdUs, isUnanswered: false, at: now) : nil
    }

    /// Less of the share may be used than there is, or nothing for a while. A share of one has nothing to lose and rests as others do.
    package var isPunished: Bool { nextRecoveryAt < .max }

    /// How it stands since the last refusal.
    package var rest: BudgetRest { BudgetRest(budget: row.id, usableShare: usableShare, rest: freeze, recoversAt: nextRecoveryAt) }

    /// What is to be written of that: nil where the journal knows it. A rest without a share that is cut says that it is over.
    package mutating func takeNews() -> BudgetRest? {
        guard isPunished || recorded != nil, recorded != rest else { return nil }
        recorded = isPunished ? rest : nil
        return rest
    }

    /// Takes over a refusal that an earlier run heard, or (not on record) an engine whose last turn was never written.
    package mutating func inherit(_ former: BudgetRest, isOnRecord: Bool = true) {
        if isOnRecord, former.budget == row.id { recorded = former }
        guard !former.isOver else { return }
        if former.rest.until > freeze.until { freeze = former.rest }
        usableShare = min(usableShare, max(heaviest, former.usableShare))
        let next = max(former.recoversAt, frozenUntil)
        nextRecoveryAt = isPunished ? max(nextRecoveryAt, next) : next
    }

    private var recoveryUs: Int64 { max(windowUs * 4, .seconds(1)) }

    /// Lets a halved share grow back, one permit in ten (at least one) a period without another refusal.
    package mutating func recover(at now: Int64) {
        while nextRecoveryAt < .max, now >= nextRecoveryAt {
            usableShare = min(allowed, usableShare + max(1, share / 10))
            nextRecoveryAt = usableShare < allowed ? nextRecoveryAt + recoveryUs : .max
        }
    }

    /// The earliest moment worth asking again; nil while every permit that counts is out with an unanswered request.
    package func nextChance(at now: Int64) -> Int64? {
        var earliest = cooling.nextAt
        if frozenUntil > now { earliest = max(earliest ?? frozenUntil, frozenUntil) }
        if isPunished { earliest = min(earliest ?? .max, nextRecoveryAt) }
        // A window that turns frees nothing of what is still out.
        if turnsAt < earliest ?? .min { earliest = max(turnsAt, frozenUntil) }
        return earliest
    }

    /// Permits out or cooling.
    package mutating func inUse(at now: Int64) -> Int {
        settle(at: now)
        return held
    }

    /// What goes round and round took so many permits. It gets one of five at most, whoever else waits or does not: a venue that refuses the same thing for ever then
    /// keeps neither doubts nor listings nor what is new from it.
    mutating func repeated(_ weight: Int = 1, at now: Int64) {
        nextRepeatAt = now + windowUs * Self.repeatShare * Int64(weight) / Int64(max(1, usableShare))
    }

    /// One of so many permits is for what repeats itself.
    package static let repeatShare: Int64 = 5

    /// How much of it one request of what repeats itself may take at most, unless it cannot take less.
    var repeatMost: Int { usableShare / Int(Self.repeatShare) }

    /// Remembers who was served, so that places get one grant in ten while they wait.
    package mutating func served(place: Bool, whilePlaceWaits: Bool) {
        // Budgets are shared: an account without places takes no turn from another's that wait.
        if place { passedOver = 0 } else if whilePlaceWaits { passedOver += 1 }
    }

    /// Whether a waiting place is due before anybody else.
    package var owesPlace: Bool { passedOver >= 9 }

    /// New settings of a reload: a lower limit counts at once, for held permits too.
    package mutating func adjust(_ terms: LimitTerms) {
        let before = holdUs
        row = BudgetRow(
            id: row.id, venue: row.venue, owner: row.owner, name: row.name, scope: row.scope, permits: terms.permits, windowMs: terms.windowMs,
            shape: terms.shape, learned: row.permits == terms.permits ? row.learned : nil)
        if row.shape == .sliding { (clock, turnsAt, overUntil) = (nil, .max, .min) } else if clock != nil { turnsAt = .min }
        (share, reserve, heaviest) = (terms.share, terms.reserve, terms.heaviest)
        usableShare = isPunished ? min(usableShare, allowed) : allowed
        windowUs = .milliseconds(terms.windowMs)
        marginUs = .milliseconds(terms.marginMs)
        penaltyUs = .milliseconds(terms.penaltyMs)
        (grainUs, gathering) = (Self.grain(windowUs), nil)
        let longer = max(0, holdUs - before)
        guard longer > 0 else { return }
        var later = TimerHeap<Int>()
        cooling.forEach { slot, at in later.add(slot, at: at + longer) }
        cooling = later
    }
}

extension PermitRow {
    /// The row of another boot: its times are on a clock that is gone and say nothing, so that all of its hold begins now. No request can be out any more.
    ///
    /// - Parameter asLost: whether what took it may be newer than the row, and without an answer.
    package func countedAnew(at now: Int64, asLost: Bool = false) -> PermitRow {
        PermitRow(
            budget: budget, slot: slot, count: count, request: nil, takenAt: now, releasedAt: now,
            isUnanswered: isUnanswered || request != nil || asLost)
    }
}
