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
    /// Slots that may be taken, and those that wait for the end of their hold. All others are out with a request.
    private var free: [Int]
    /// How many slots there are: as many as permits, and those beyond that held what was taken under another number or owner.
    private var slots: Int
    /// Slots beyond the permits whose hold is over: never taken again, unless the number is raised.
    private var retired: [Int] = []
    private var cooling = TimerHeap<Int>()
    /// Frozen by a 429 until its end.
    private var freeze = Rest(until: 0, lastsUs: 0, untilWall: 0)
    package var frozenUntil: Int64 { freeze.until }
    /// What a 429 below our own count leaves of the share; grows back by one permit in ten a recovery period.
    package private(set) var usableShare: Int
    package private(set) var nextRecoveryAt: Int64 = .max
    /// What the journal knows of it.
    private var recorded: BudgetRest?
    /// When permits were taken within the last window, and the most of them in any one.
    private var taken = Deque<Int64>()
    package private(set) var busiestWindow = 0
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
        (share, reserve, usableShare) = (terms.share, terms.reserve, terms.share)
        heaviest = terms.heaviest
        windowUs = .milliseconds(terms.windowMs)
        marginUs = .milliseconds(terms.marginMs)
        penaltyUs = .milliseconds(terms.penaltyMs)
        slots = terms.permits
        free = Array((0..<terms.permits).reversed())
    }

    /// How long an answered request keeps its permit after its answer's last byte.
    package var holdUs: Int64 { Self.stretched(windowUs) + marginUs }

    /// Takes over what a former run left: every permit that may still count at the venue stays held.
    ///
    /// - Parameters:
    ///   - rows: in this boot's time, see ``PermitRow/countedAnew(at:)``.
    ///   - unansweredHoldUs: how long a request without an answer may still arrive after its socket died.
    package mutating func inherit(_ rows: [PermitRow], unansweredHoldUs: Int64, at now: Int64) {
        var until: [Int: Int64] = [:]
        var others: [Int64] = []
        for row in rows {
            let released = min(row.releasedAt ?? now, now)
            let wasAnswered = row.request == nil && !row.isUnanswered
            let end = released + (wasAnswered ? holdUs : Self.stretched(unansweredHoldUs) + holdUs)
            guard end > now else { continue }
            if row.budget == self.row.id { until[row.slot] = end } else { others.append(end) }
        }
        // An own row keeps its slot, which its next row is written over, also where a lowered limit has no such slot any more.
        let beyond = (until.keys.max() ?? -1) + 1
        if beyond > slots {
            retired.append(contentsOf: slots..<beyond)
            slots = beyond
        }
        for (slot, end) in until { cooling.add(slot, at: end) }
        free.removeAll { until[$0] != nil }
        retired.removeAll { until[$0] != nil }
        // What was taken under another number of permits gets slots of its own: held until its time, then one more that the share keeps unused.
        for end in others {
            cooling.add(slots, at: end)
            slots += 1
        }
    }

    /// Takes every permit as one whose request was lost just now: nobody knows how many were.
    mutating func holdAll(unansweredHoldUs: Int64, at now: Int64) -> [PermitRow] {
        let end = now + Self.stretched(unansweredHoldUs) + holdUs
        let rows = free.map { PermitRow(budget: row.id, slot: $0, request: nil, takenAt: now, releasedAt: now, isUnanswered: true) }
        for slot in free { cooling.add(slot, at: end) }
        free = []
        return rows
    }

    private mutating func settle(at now: Int64) {
        while let slot = cooling.popDue(at: now) {
            if slot < row.permits { free.append(slot) } else { retired.append(slot) }
        }
    }

    /// Permits that could be taken now by a lane that may (or may not) use the reserve.
    package mutating func available(at now: Int64, usesReserve: Bool) -> Int {
        guard now >= frozenUntil else { return 0 }
        settle(at: now)
        let held = held
        let limit = usesReserve ? usableShare : max(usableShare - reserve, min(usableShare, heaviest))
        return max(0, min(free.count, limit - held))
    }

    /// Takes one permit; call only when `available` said so.
    package mutating func take(by request: RequestID, at now: Int64) -> PermitRow {
        settle(at: now)
        guard let slot = free.popLast() else { preconditionFailure("a permit was taken that is not there") }
        while let first = taken.first, first <= now - windowUs { _ = taken.popFirst() }
        taken.append(now)
        busiestWindow = max(busiestWindow, taken.count)
        return PermitRow(budget: row.id, slot: slot, request: request, takenAt: now, releasedAt: nil, isUnanswered: false)
    }

    /// The answer's last byte was read at `readAt`, or nothing was ever sent (`readAt` nil): free at once.
    package mutating func release(slot: Int, readAt: Int64?, at now: Int64) -> PermitRow {
        let released = min(readAt ?? now, now)
        cooling.add(slot, at: readAt == nil ? now : released + holdUs)
        return PermitRow(
            budget: row.id, slot: slot, request: nil, takenAt: released, releasedAt: readAt == nil ? now - holdUs : released, isUnanswered: false)
    }

    /// No answer: the socket was reset at `resetAt`, and what was sent may arrive until `hold` later.
    package mutating func abandon(slot: Int, resetAt: Int64, holdUs hold: Int64, at now: Int64) -> PermitRow {
        let released = min(resetAt, now)
        cooling.add(slot, at: released + Self.stretched(hold) + holdUs)
        return PermitRow(budget: row.id, slot: slot, request: nil, takenAt: released, releasedAt: released, isUnanswered: true)
    }

    /// The venue refused for the rate: nothing more until the penalty (or its own word) is over, and half the share until it grows back.
    package mutating func punish(retryAfterUs: Int64?, at now: Moment) {
        let rest = Rest(for: max(penaltyUs, min(max(0, retryAfterUs ?? 0), .seconds(900))), at: now)
        if rest.until > freeze.until { freeze = rest }
        usableShare = min(share, max(heaviest, usableShare / 2))
        nextRecoveryAt = frozenUntil + recoveryUs
    }

    /// The venue says that fewer requests are left in its window than we count: somebody else sends. The difference waits out a window.
    package mutating func believe(remaining: Int, at now: Int64) -> [PermitRow] {
        settle(at: now)
        let surplus = available(at: now, usesReserve: true) - max(0, remaining)
        guard surplus > 0 else { return [] }
        var rows: [PermitRow] = []
        for _ in 0..<surplus {
            guard let slot = free.popLast() else { break }
            cooling.add(slot, at: now + holdUs)
            rows.append(PermitRow(budget: row.id, slot: slot, request: nil, takenAt: now, releasedAt: now, isUnanswered: false))
        }
        return rows
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
        usableShare = min(usableShare, max(1, former.usableShare))
        let next = max(former.recoversAt, frozenUntil)
        nextRecoveryAt = isPunished ? max(nextRecoveryAt, next) : next
    }

    private var recoveryUs: Int64 { max(windowUs * 4, .seconds(1)) }

    /// Lets a halved share grow back, one permit in ten (at least one) a period without another refusal.
    package mutating func recover(at now: Int64) {
        while nextRecoveryAt < .max, now >= nextRecoveryAt {
            usableShare = min(share, usableShare + max(1, share / 10))
            nextRecoveryAt = usableShare < share ? nextRecoveryAt + recoveryUs : .max
        }
    }

    /// The earliest moment worth asking again; nil while every permit that counts is out with an unanswered request.
    package func nextChance(at now: Int64) -> Int64? {
        var earliest = cooling.nextAt
        if frozenUntil > now { earliest = max(earliest ?? frozenUntil, frozenUntil) }
        if isPunished { earliest = min(earliest ?? .max, nextRecoveryAt) }
        return earliest
    }

    /// Permits out or cooling.
    package mutating func inUse(at now: Int64) -> Int {
        settle(at: now)
        return held
    }

    private var held: Int { slots - free.count - retired.count }

    /// What goes round and round took so many permits. It gets one of five at most, whoever else waits or does not: a venue that refuses the same thing for ever then
    /// keeps neither doubts nor listings nor what is new from it.
    mutating func repeated(_ weight: Int = 1, at now: Int64) {
        nextRepeatAt = now + windowUs * Self.repeatShare * Int64(weight) / Int64(max(1, usableShare))
    }

    /// One of so many permits is for what repeats itself.
    package static let repeatShare: Int64 = 5

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
        let permits = terms.permits
        if permits > slots {
            free.append(contentsOf: slots..<permits)
            slots = permits
        }
        let unused = free + retired
        free = unused.filter { $0 < permits }
        retired = unused.filter { $0 >= permits }
        row = BudgetRow(
            id: row.id, venue: row.venue, owner: row.owner, name: row.name, scope: row.scope, permits: permits, windowMs: terms.windowMs)
        (share, reserve, heaviest) = (terms.share, terms.reserve, terms.heaviest)
        usableShare = min(usableShare, share)
        if nextRecoveryAt == .max { usableShare = share }
        windowUs = .milliseconds(terms.windowMs)
        marginUs = .milliseconds(terms.marginMs)
        penaltyUs = .milliseconds(terms.penaltyMs)
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
        PermitRow(budget: budget, slot: slot, request: nil, takenAt: now, releasedAt: now, isUnanswered: isUnanswered || request != nil || asLost)
    }
}
