import Containers
@testable import OMSCore

/// A client that uses its limits as hard as it may, and a venue that writes down when each request arrived. One seed, one history.
///
/// Requests weigh one permit or more of each budget, the same kind now more and now less. Answers come after any time or never; a request without an answer arrives up to `hold` after its socket died; the client crashes with permits out and
/// rows unwritten, starts again in the same or another boot, has its limits changed while it runs and while it is down; its clock runs off from the
/// venue's by up to 500 ppm either way.
struct LimiterHistory {
    private enum Event: Sendable {
        case answered(Int)
        case reset(Int)
        case wake
        case mishap
        /// The venue's clock is measured, in this run.
        case measured(Int)
    }

    private struct Out {
        let grips: [PermitGrip]
        /// When it arrives, on the continuous axis; nil: never.
        var arrivesAt: Int64?
        let kind: Int
        let weights: [Int]
        let run: Int
        var sentAt: Int64 = 0
    }

    private struct SlotKey: Hashable {
        let budget: Int64
        let slot: Int
    }

    struct Window {
        let name: String
        let count: Int
        let permits: Int
        let at: Int64
    }

    private var random: SplitMix64
    private var limiter = Limiter()
    private var profile: VenueProfile
    private var settings: [LimitSetting] = []
    private var indexes: [Int] = []
    /// The budgets that each kind of request is counted against.
    private let kinds: [[Int]]
    private let hold: Int64
    private let timeout: Int64
    private let ppm: Int64
    /// Everything takes so many times as long, but the margin.
    private let scale: Int64

    /// Continuous time, microseconds; the boot's clock is `now - bootAt`.
    private var now: Int64 = 1_000_000
    private var bootAt: Int64 = 0
    private var boot = 1
    private var run = 0
    private var events = TimerHeap<Event>()
    private var outs: [Int: Out] = [:]
    private var nextID = 1
    private var turns = 0
    private var wakePlanned: Int64 = 0

    /// What is durable, and releases that are not yet.
    private var rows: [Int64: BudgetRow] = [:]
    private var permits: [SlotKey: PermitRow] = [:]
    private var unwritten: [PermitRow] = []
    private var durableBoot = 0

    /// By budget: arrivals on the continuous axis with when they were sent, and which number of permits held from when on.
    private var arrivals: [[(at: Int64, sentAt: Int64, weight: Int)]]
    private var allowed: [[(from: Int64, permits: Int)]]
    private(set) var sent = 0
    private(set) var crashes = 0

    init(seed: UInt64, scale: Int64 = 1) {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 1...3, using: &random)
        let rules = (0..<count).map { index in
            let windows: [Int64] = [200, 1_000, 3_000]
            let permits = Int.random(in: 1...12, using: &random)
            let windowMs = windows[Int.random(in: 0..<3, using: &random)] * scale
            let beginsMs = Bool.random(using: &random) ? nil : Int64.random(in: -windowMs...windowMs, using: &random)
            let shape = WindowShape(beginsMs: beginsMs)
            return BudgetRule(
                "b\(index)", permits, perMs: windowMs, shape, scope: .uid, reserve: 0,
                heaviest: Bool.random(using: &random) ? 1 : Int.random(in: 1...permits, using: &random))
        }
        profile = VenueProfile(
            venue: "test", product: "p", baseURL: "", budgets: rules, placeMax: 1, cancelMax: 1, modifyMax: 0, cancelsByClientID: true,
            clientIDs: ClientIDRule(lengths: 1...36, alsoAllowed: ""), freshnessMs: 1, stampMarginMs: 0, visibilityDelayMs: 1, findSteps: 1,
            listsFills: false)
        kinds = [[0], Array(0..<count), [count - 1]]
        hold = Int64.random(in: 100_000...2_000_000, using: &random) * scale
        timeout = Int64.random(in: 300_000...3_000_000, using: &random) * scale
        self.scale = scale
        ppm = Int64.random(in: -Budget.driftPPM...Budget.driftPPM, using: &random)
        arrivals = Array(repeating: [], count: count)
        allowed = rules.map { [(from: Int64(0), permits: $0.permits)] }
        settings = rules.map { LimitSetting(budget: $0.name) }
        self.random = random
        events.add(.mishap, at: 1_500_000 * scale)
        start()
    }

    private var clock: Int64 { now - bootAt }

    private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

    // MARK: Life

    private mutating func start() {
        run += 1
        limiter = Limiter()
        var fresh: [BudgetRow] = []
        if durableBoot != boot { permits = permits.mapValues { $0.countedAnew(at: clock) } }
        let byName = limiter.register(
            profile: profile, uid: "u", keyFingerprint: "f", settings: settings, holdUnansweredUs: hold,
            inherited: rows.values.sorted { $0.id < $1.id },
            permits: Dictionary(grouping: permits.values.sorted { ($0.budget, $0.slot) < ($1.budget, $1.slot) }, by: \.budget),
            at: clock, newRow: { fresh.append($0) })
        for row in fresh { rows[row.id] = row }
        durableBoot = boot
        indexes = profile.budgets.compactMap { byName[$0.name] }
        events.add(.wake, at: now)
        events.add(.measured(run), at: now + Int64.random(in: 0...1_500_000, using: &random) * scale)
    }

    /// The venue's clock by continuous time.
    private func venue(_ at: Int64) -> Int64 { at - at * ppm / (1_000_000 + ppm) }

    private mutating func measure() {
        let trip = Int64.random(in: 0...400_000, using: &random)
        let read = now - Int64.random(in: 0...trip, using: &random)
        limiter.tell(VenueClock(serverMs: venue(read) / 1_000, sent: clock - trip, read: clock), to: indexes)
        events.add(.measured(run), at: now + Int64.random(in: 500_000...6_000_000, using: &random) * scale)
    }

    private mutating func crash() {
        crashes += 1
        unwritten = []
        // The kernel resets what is open: what is under way may still arrive for as long as the hold says.
        for (id, out) in outs where out.run == run {
            if let at = out.arrivesAt, at > now + hold { outs[id]?.arrivesAt = nil }
        }
        let down = chance(2) ? 0 : Int64.random(in: 0...3_000_000, using: &random) * scale
        now += down
        if chance(3) {
            boot += 1
            bootAt = now - Int64.random(in: 0...down, using: &random)
        }
        if chance(3) { changeSettings() }
        start()
    }

    /// Another number of permits, from now on.
    private mutating func changeSettings() {
        now += 1
        let index = Int.random(in: 0..<settings.count, using: &random)
        let least = profile.budgets[index].heaviest
        let count = Int.random(in: least...12, using: &random)
        settings[index].permits = count
        settings[index].share = chance(3) ? Int.random(in: least...count, using: &random) : nil
        allowed[index].append((now, count))
    }

    private mutating func mishap() {
        events.add(.mishap, at: now + Int64.random(in: 200_000...8_000_000, using: &random) * scale)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: crash()
        case 4..<6:
            changeSettings()
            for (index, rule) in profile.budgets.enumerated() {
                let row = limiter.adjust(indexes[index], to: settings[index], rule: rule)
                rows[row.id] = row
            }
        default:
            guard let out = outs.values.filter({ $0.run == run }).min(by: { $0.kind < $1.kind }) else { return }
            limiter.punish(out.grips, retryAfterUs: chance(2) ? nil : Int64.random(in: 0...2_000_000, using: &random) * scale, at: clock)
        }
    }

    // MARK: Requests

    private mutating func write(_ row: PermitRow) { permits[SlotKey(budget: row.budget, slot: row.slot)] = row }

    private mutating func send() {
        limiter.recover(at: clock)
        var wakeAt = Int64.max
        while true {
            let charges = kinds.map { kind in
                kind.map { BudgetCharge(budget: indexes[$0], weight: Int.random(in: 1...profile.budgets[$0].heaviest, using: &random)) }
            }
            let open = kinds.indices.filter { limiter.canTake(charges[$0], at: clock, usesReserve: true) }
            guard let kind = open.randomElement(using: &random) else { break }
            // Releases of this turn are durable before anything of it leaves.
            for row in unwritten { write(row) }
            unwritten = []
            let taken = limiter.take(charges[kind], by: RequestID(Int64(nextID)), at: clock)
            for row in taken.rows { write(row) }
            launch(Out(grips: taken.grips, arrivesAt: nil, kind: kind, weights: charges[kind].map(\.weight), run: run))
        }
        for kind in kinds {
            let heaviest = kind.map { BudgetCharge(budget: indexes[$0], weight: profile.budgets[$0].heaviest) }
            if let next = limiter.nextChance(heaviest, at: clock, usesReserve: true) { wakeAt = min(wakeAt, next + bootAt) }
        }
        guard wakeAt < wakePlanned || wakePlanned <= now, wakeAt < .max else { return }
        wakePlanned = wakeAt
        events.add(.wake, at: wakeAt)
    }

    private mutating func launch(_ new: Out) {
        let id = nextID
        nextID += 1
        sent += 1
        var out = new
        out.sentAt = now
        func latency() -> Int64 {
            (chance(50) ? Int64.random(in: 1_000...10_000_000, using: &random) : Int64.random(in: 1_000...400_000, using: &random)) * scale
        }
        if chance(40) {
            unwritten += limiter.release(out.grips, readAt: nil, at: clock)
            sent -= 1
            return
        }
        let (forth, back) = (latency(), latency())
        let resetAt = chance(15) ? now + Int64.random(in: 0...timeout, using: &random) : now + timeout
        let answerAt = now + forth + back
        if answerAt <= resetAt {
            out.arrivesAt = now + forth
            events.add(.answered(id), at: answerAt)
        } else {
            // Lost: it arrives at any time until the hold is over, the last instant included, or never.
            let latest = resetAt + hold
            let candidates = [now + forth, latest, Int64.random(in: now...latest, using: &random)]
            out.arrivesAt = chance(4) ? nil : candidates.filter { $0 <= latest }.randomElement(using: &random)
            events.add(.reset(id), at: resetAt)
        }
        outs[id] = out
    }

    private mutating func arrive(_ out: Out) {
        guard let at = out.arrivesAt else { return }
        for (index, weight) in zip(kinds[out.kind], out.weights) { arrivals[index].append((at, out.sentAt, weight)) }
    }

    mutating func play(untilUs end: Int64) {
        while let next = events.nextAt, next <= end {
            now = max(now, next)
            turns += 1
            precondition(turns < 1_000_000, "time stands still")
            guard let event = events.popDue(at: now) else { continue }
            switch event {
            case .wake: send()
            case .mishap: mishap()
            case .measured(let run):
                guard run == self.run else { continue }
                measure()
                send()
            case .answered(let id):
                guard let out = outs[id], out.run == run else { continue }
                outs[id] = nil
                arrive(out)
                unwritten += limiter.release(out.grips, readAt: clock, at: clock)
                send()
            case .reset(let id):
                guard let out = outs[id], out.run == run else { continue }
                outs[id] = nil
                arrive(out)
                unwritten += limiter.abandon(out.grips, resetAt: clock, holdUs: hold, at: clock)
                send()
            }
        }
        for out in outs.values { arrive(out) }
        outs = [:]
    }

    // MARK: What the venue saw

    /// Windows of the venue's clock that hold more than was allowed when the first of them was sent, or at any time from then on.
    func overruns() -> [Window] {
        var found: [Window] = []
        for (index, rule) in profile.budgets.enumerated() {
            let seen = arrivals[index].sorted { $0.at < $1.at }
            let window = rule.windowMs * 1_000
            var (last, count) = (0, 0)
            for first in seen.indices {
                func isInOne(_ at: Int64) -> Bool {
                    guard let begins = rule.shape.beginsMs.map({ $0 * 1_000 }) else { return venue(at) - venue(seen[first].at) < window }
                    // Far behind where it begins: the division rounds down for all.
                    return (venue(at) - begins + 9 * window) / window == (venue(seen[first].at) - begins + 9 * window) / window
                }
                while last < seen.count, isInOne(seen[last].at) {
                    count += seen[last].weight
                    last += 1
                }
                defer { count -= seen[first].weight }
                let span = allowed[index]
                let since = seen[first..<last].map(\.sentAt).min() ?? 0
                let most = span.indices.filter { at in
                    span[at].from <= seen[last - 1].at && (at + 1 == span.count || span[at + 1].from > since)
                }.map { span[$0].permits }.max()
                if let most, count > most { found.append(.init(name: rule.name, count: count, permits: most, at: seen[first].at)) }
            }
        }
        return found
    }
}
