import OMSCore

/// The least of an engine: orders 1, 2, 3 …, each to be sent once and under one limit. On record before it is sent; where no answer came it is looked for once
/// nothing of it can arrive any more, and sent again if it is not there.
struct SuccessionOrders {
    // What the record says, whoever wrote it.
    private(set) var last: Int64 = 0
    private var attempts: Int64 = 0
    /// Orders by attempts that have no end.
    private var open: [Int64: Int64] = [:]
    /// Surely not there: to be sent again.
    private var absent: Set<Int64> = []
    private var seen = SeenPermits()
    private var rows: [PermitRow] = []

    // What an owner knows beside it.
    private var budget = Self.newBudget()
    private var made: Sending?
    private var sending: [Sending] = []
    private var waiting: [Int64: Sending] = [:]
    /// Attempts, by when nothing of them can arrive any more.
    private var doubts: [Int64: Int64] = [:]
    private var ends: [JournalRecord] = []

    struct Sending {
        let attempt: Int64
        let order: Int64
        let slot: Int
        let deadline: Int64
        var isBegun = false
        var sentAt: Int64 = 0
    }

    private static let account = AccountID("desk")
    /// From when a request is made until it must have left.
    private static let freshUs: Int64 = 300_000

    private static func newBudget() -> Budget {
        let row = BudgetRow(
            id: 1, venue: "v", owner: "u", name: "b", scope: .uid, permits: SuccessionVenue.permits, windowMs: SuccessionVenue.windowUs / 1_000)
        return Budget(row: row, LimitTerms(BudgetRule("b", row.permits, perMs: row.windowMs, scope: .uid, reserve: 0), nil))
    }

    /// As long a time of another clock as it may be on this one.
    private static func stretched(_ time: Int64) -> Int64 { time + time / 1_000 }

    /// Nothing is to be told of what was sent.
    var isQuiet: Bool { made == nil && sending.isEmpty && waiting.isEmpty && ends.isEmpty }
    /// Orders on record that are neither known to be there nor still to be looked after.
    func isSettled(_ order: Int64) -> Bool { !absent.contains(order) && !open.values.contains(order) }

    // MARK: The record

    mutating func apply(_ records: [JournalRecord], at now: Int64) {
        for record in records {
            switch record {
            case .request(let row):
                // The row's count of items is the order's number here.
                let order = Int64(row.items)
                (open[row.id.number], attempts, last) = (order, max(attempts, row.id.number), max(last, order))
                absent.remove(order)
            case .requestEnded(let end):
                guard let order = open.removeValue(forKey: end.id.number), end.outcome == .notSent else { continue }
                absent.insert(order)
            case .permit(let row):
                seen.saw(row, at: now)
                rows.removeAll { $0.slot == row.slot }
                rows.append(row)
            default: break
            }
        }
    }

    // MARK: Owning

    /// - Parameter takeover: since when no former owner sends any more.
    mutating func begin(takeover: Int64, at now: Int64, _ mistake: SuccessionMistake?) {
        let inherited =
            switch mistake {
            case .permitsUnseen: [PermitRow]()
            case .permitsByOthersClock: rows
            default: seen.inherited(at: takeover)
            }
        budget = Self.newBudget()
        budget.inherit(inherited, unansweredHoldUs: SuccessionVenue.requestUs + SuccessionVenue.holdUs, at: now)
        let surely = mistake == .looksAtOnce ? now : takeover + Self.stretched(SuccessionVenue.requestUs + SuccessionVenue.holdUs)
        doubts = open.mapValues { _ in surely }
        (made, sending, waiting, ends) = (nil, [], [:], [])
    }

    /// Records of the next turn; none: there is nothing to write.
    ///
    /// - Parameter mayBegin: another order may be sent.
    mutating func turn(at now: Int64, mayBegin: Bool) -> [JournalRecord] {
        var records = ends
        ends = []
        if mayBegin, budget.available(at: now, usesReserve: true) > 0 {
            let (attempt, order) = (attempts + 1, absent.min() ?? last + 1)
            let row = budget.take(by: RequestID(attempt), at: now)
            let request = RequestRow(
                id: RequestID(attempt), account: Self.account, endpoint: "POST /", kind: .place, items: Int(order), timeMs: 0, signedAt: 0,
                bodySHA256: Digest256([UInt8](repeating: 0, count: 32)), permits: [PermitCount(budget: 1, count: 1)])
            records += [.request(request), .permit(row)]
            made = Sending(attempt: attempt, order: order, slot: row.slot, deadline: now + Self.freshUs)
        }
        return records
    }

    /// The turn is durable: what it holds may leave.
    mutating func confirmed(_ records: [JournalRecord], at now: Int64) {
        apply(records, at: now)
        if let made { sending.append(made) }
        made = nil
    }

    /// The turn never was: what is known is written with another.
    mutating func takenBack(_ records: [JournalRecord], at now: Int64) {
        if let made { _ = budget.release(slot: made.slot, readAt: nil, at: now) }
        made = nil
        for record in records {
            switch record {
            case .requestEnded: ends.append(record)
            case .permit(let row) where row.request == nil: ends.append(record)
            default: break
            }
        }
    }

    /// Writes what is to leave: the first bytes, and the rest when this is called again.
    ///
    /// - Parameters:
    ///   - mayWrite: asked in front of each writing, with the request's deadline.
    ///   - left: the last byte of this attempt of that order is out.
    mutating func send(at now: Int64, mayWrite: (_ deadline: Int64, _ isFirst: Bool) -> Bool, left: (_ attempt: Int64, _ order: Int64) -> Void) {
        var rest: [Sending] = []
        for var request in sending {
            guard mayWrite(request.deadline, !request.isBegun) else {
                request.isBegun ? abandon(request, at: now) : takeBack(request, at: now)
                continue
            }
            if request.isBegun {
                request.sentAt = now
                waiting[request.attempt] = request
                left(request.attempt, request.order)
            } else {
                request.isBegun = true
                rest.append(request)
            }
        }
        sending = rest
        for request in waiting.values.sorted(by: { $0.attempt < $1.attempt }) where now - request.sentAt >= SuccessionVenue.requestUs {
            waiting[request.attempt] = nil
            abandon(request, at: now)
        }
    }

    /// Its connection is reset.
    private mutating func abandon(_ request: Sending, at now: Int64) {
        ends.append(.permit(budget.abandon(slot: request.slot, resetAt: now, holdUs: SuccessionVenue.holdUs, at: now)))
        doubts[request.attempt] = now + Self.stretched(SuccessionVenue.holdUs)
    }

    private mutating func takeBack(_ request: Sending, at now: Int64) {
        ends.append(.requestEnded(RequestEnd(id: RequestID(request.attempt), outcome: .notSent)))
        free(request.slot, readAt: nil, at: now)
    }

    private mutating func free(_ slot: Int, readAt: Int64?, at now: Int64) {
        let (gathered, row) = budget.release(slot: slot, readAt: readAt, at: now)
        if let gathered { ends.append(.permit(gathered)) }
        ends.append(.permit(row))
    }

    mutating func answered(_ attempt: Int64, at now: Int64) {
        guard let request = waiting.removeValue(forKey: attempt) else { return }
        ends.append(.requestEnded(RequestEnd(id: RequestID(attempt), outcome: .acknowledged)))
        free(request.slot, readAt: now, at: now)
    }

    /// Looks for what must be there by now, if it ever comes.
    mutating func lookUp(at now: Int64, has: (Int64) -> Bool) {
        for attempt in doubts.filter({ $0.value <= now }).keys.sorted() {
            doubts[attempt] = nil
            guard let order = open[attempt] else { continue }
            ends.append(.requestEnded(RequestEnd(id: RequestID(attempt), outcome: has(order) ? .acknowledged : .notSent)))
        }
    }
}
