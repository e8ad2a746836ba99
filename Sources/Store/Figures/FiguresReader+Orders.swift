import OMSCore

/// What was asked for, and what became of it.
extension FiguresReader {
    private struct Key<Part: Hashable>: Hashable {
        let account: Int
        let part: Part
    }

    mutating func readIntents() throws(JournalError) {
        var callers: [Key<String>: JournalFigures.Caller] = [:]
        var counts = [Int](repeating: 0, count: figures.accounts.count)
        try each(
            "intents",
            """
            SELECT intent_key, account_key, accepted_at, coalesce(actor, 'daemon'), orders FROM intents
            WHERE intent_key > ? AND intent_key <= \(figures.seq) AND complete = 1 ORDER BY intent_key
            """
        ) { _, rows throws(JournalError) in
            guard let place = places[try rows.next()], isMeant(rows.nextMoment()) else { return }
            let actor = Self.person(try rows.next())
            counts[place] += 1
            callers[Key(account: place, part: actor), default: .init(actor: actor, account: figures.accounts[place].name)].count(rows.nextCount())
        }
        for (place, count) in counts.enumerated() { figures.accounts[place].intents = count }
        figures.callers = callers.values.sorted { ($0.actor, $0.account) < ($1.actor, $1.account) }
    }

    mutating func readOrders() throws(JournalError) {
        var days: [Key<Int64>: JournalFigures.Day] = [:]
        var markets: [Key<String>: JournalFigures.Market] = [:]
        var refusals = Refusals()
        var (accounts, steps) = (figures.accounts, figures.steps)
        try each(
            "orders",
            """
            SELECT o.order_key, o.account_key, o.intended_at, o.state, o.symbol, i.accepted_at, r.sent_at, r.answered_at, o.acknowledged_at,
                o.reject_code, o.reject_text, o.closed_at
            FROM orders o JOIN intents i ON i.intent_key = o.intent_key LEFT JOIN requests r ON r.request_id = o.request_id
            WHERE o.order_key > ? AND o.order_key <= \(figures.seq) AND i.complete = 1 ORDER BY o.order_key
            """, crosses: true
        ) { _, rows throws(JournalError) in
            let (account, asked): (Int64, Int64) = (try rows.next(), rows.nextMoment())
            guard let place = places[account], isMeant(asked) else { return }
            let (state, symbol, name): (OrderState, String, String) = (try rows.next(), try rows.next(), accounts[place].name)
            accounts[place].tally.count(state)
            let day = asked - asked % 86_400_000_000
            days[Key(account: place, part: day), default: .init(start: day, account: name)].tally.count(state)
            markets[Key(account: place, part: symbol), default: .init(account: name, symbol: symbol)].tally.count(state)
            accounts[place].latency.accept.add(asked - rows.nextMoment())
            let (sent, answered) = (rows.nextMomentOrNil(), rows.nextMomentOrNil())
            if let sent {
                accounts[place].latency.firstByte.add(sent - asked)
                if let answered { accounts[place].latency.answer.add(answered - sent) }
            }
            let acknowledged = rows.nextMomentOrNil().map { $0 - asked }
            if let acknowledged { accounts[place].latency.acknowledge.add(acknowledged) }
            if let step = step(of: asked) {
                steps[step].tally.count(state)
                if let acknowledged { steps[step].acknowledge.add(acknowledged) }
            }
            if state == .rejected || state == .denied {
                refusals.count(
                    name, isLocal: state == .denied, "order", code: try rows.next(), text: try rows.next(), at: rows.nextMomentOrNil() ?? asked)
            }
        }
        (figures.accounts, figures.steps) = (accounts, steps)
        figures.days = days.values.sorted { ($0.start, $0.account) < ($1.start, $1.account) }
        figures.markets = markets.values.sorted { ($1.tally.all, $0.account, $0.symbol) < ($0.tally.all, $1.account, $1.symbol) }
        figures.refusals = refusals.sorted
    }

    mutating func readCommands() throws(JournalError) {
        struct Kind: Hashable {
            let kind: String
            let state: String
        }
        var counts: [Key<Kind>: Int] = [:]
        var refusals = Refusals(figures.refusals)
        try each(
            "cancels and modifies",
            """
            SELECT c.command_id, c.account_key, c.requested_at, c.kind, c.state, c.reject_code, c.reject_text, c.closed_at, c.evidence
            FROM commands c LEFT JOIN intents i ON i.intent_key = c.intent_key
            WHERE c.command_id > ? AND c.command_id <= \(figures.seq) AND i.complete IS NOT 0 ORDER BY c.command_id
            """, crosses: true
        ) { _, rows throws(JournalError) in
            let (account, asked): (Int64, Int64) = (try rows.next(), rows.nextMoment())
            guard let place = places[account], isMeant(asked) else { return }
            let kind = Kind(kind: try rows.next(), state: try rows.next())
            counts[Key(account: place, part: kind), default: 0] += 1
            guard kind.state == "refused" else { return }
            let (code, text, at): (String, String, Int64) = (try rows.next(), try rows.next(), rows.nextMomentOrNil() ?? asked)
            let isLocal = try rows.next(String.self) == Evidence.local.rawValue
            refusals.count(figures.accounts[place].name, isLocal: isLocal, kind.kind, code: code, text: text, at: at)
        }
        for (key, count) in counts.sorted(by: { ($0.key.part.kind, $0.key.part.state) < ($1.key.part.kind, $1.key.part.state) }) {
            figures.accounts[key.account].commands.append(.init(kind: key.part.kind, state: key.part.state, count: count))
        }
        figures.refusals = refusals.sorted
    }

    /// By the venue's time of each.
    mutating func readFills() throws(JournalError) {
        var markets: [Key<String>: Int] = [:]
        for (index, market) in figures.markets.enumerated() {
            guard let place = figures.accounts.firstIndex(where: { $0.name == market.account }) else { continue }
            markets[Key(account: place, part: market.symbol)] = index
        }
        var fees: [Key<String>: JournalFigures.Fee] = [:]
        var (accounts, list) = (figures.accounts, figures.markets)
        try each(
            "executions",
            """
            SELECT f.seq, f.account_key, f.at, o.symbol, o.side, f.quantity, f.fee, f.fee_asset
            FROM fills f JOIN orders o ON o.order_key = f.order_key WHERE f.seq > ? AND f.seq <= \(figures.seq) ORDER BY f.seq
            """, crosses: true
        ) { _, rows throws(JournalError) in
            guard let place = places[try rows.next()], isMeant(rows.nextMoment()) else { return }
            let (symbol, side, quantity): (String, String, Decimal) = (try rows.next(), try rows.next(), try rows.next())
            let key = Key(account: place, part: symbol)
            // Of an order that was asked for before the period.
            let index = markets[key] ?? list.count
            if index == list.count {
                markets[key] = index
                list.append(.init(account: accounts[place].name, symbol: symbol))
            }
            accounts[place].executions += 1
            list[index].count(quantity, isBuy: side == "buy")
            let (fee, asset): (Decimal?, String) = (try rows.next(), try rows.next())
            if let fee {
                fees[Key(account: place, part: asset), default: .init(account: accounts[place].name, asset: asset)].add(fee)
            }
        }
        (figures.accounts, figures.markets) = (accounts, list)
        figures.fees = fees.values.sorted { ($0.account, $0.asset) < ($1.account, $1.asset) }
    }

    mutating func readRequests() throws(JournalError) {
        struct End: Hashable {
            let kind: String
            let outcome: String
        }
        var counts: [Key<End>: (requests: Int, items: Int)] = [:]
        try each(
            "requests",
            """
            SELECT request_id, account_key, signed_at, kind, coalesce(outcome, ''), items FROM requests WHERE request_id > ? ORDER BY request_id
            """
        ) { _, rows throws(JournalError) in
            guard let place = places[try rows.next()], isMeant(rows.nextMoment()) else { return }
            let key = Key(account: place, part: End(kind: try rows.next(), outcome: try rows.next()))
            let former = counts[key] ?? (0, 0)
            counts[key] = (former.requests + 1, former.items + rows.nextCount())
        }
        figures.requests = counts.map {
            .init(
                account: figures.accounts[$0.key.account].name, kind: $0.key.part.kind, outcome: $0.key.part.outcome, count: $0.value.requests,
                items: $0.value.items)
        }.sorted { ($0.account, $0.kind, $0.outcome) < ($1.account, $1.kind, $1.outcome) }
    }
}

/// Refusals by who refused what with which code.
private struct Refusals {
    private struct Key: Hashable {
        let account: String
        let isLocal: Bool
        let what: String
        let code: String
    }
    private var found: [Key: JournalFigures.Refusal] = [:]

    init(_ former: [JournalFigures.Refusal] = []) {
        for one in former { found[Key(account: one.account, isLocal: one.isLocal, what: one.what, code: one.code)] = one }
    }

    mutating func count(_ account: String, isLocal: Bool, _ what: String, code: String, text: String, at: Int64) {
        let key = Key(account: account, isLocal: isLocal, what: what, code: code)
        var refusal = found[key] ?? .init(account: account, isLocal: isLocal, what: what, code: code)
        refusal.count += 1
        if at >= refusal.lastAt { (refusal.text, refusal.lastAt) = (text, at) }
        found[key] = refusal
    }

    /// The most frequent first.
    var sorted: [JournalFigures.Refusal] {
        found.values.sorted { ($1.count, $0.account, $0.what, $0.code) < ($0.count, $1.account, $1.what, $1.code) }
    }
}

extension JournalFigures.Caller {
    fileprivate mutating func count(_ orders: Int) {
        intents += 1
        self.orders += orders
    }
}

extension JournalFigures.Market {
    fileprivate mutating func count(_ quantity: Decimal, isBuy: Bool) {
        executions += 1
        if isBuy { bought = bought?.adding(quantity) } else { sold = sold?.adding(quantity) }
    }
}

extension JournalFigures.Fee {
    fileprivate mutating func add(_ fee: Decimal) { sum = sum?.adding(fee) }
}

/// The file may have been edited by others: what they wrote is told, and overflows nothing.
extension Statement {
    /// The next column, microseconds since 1970.
    func nextMoment() -> Int64 { min(max(integer(nextColumn()), 0), .farthest) }
    func nextMomentOrNil() -> Int64? {
        let column = nextColumn()
        return isNull(column) ? nil : min(max(integer(column), 0), .farthest)
    }
    /// The next column, how many of something there were: more than a billion at once is nobody's.
    func nextCount() -> Int { Int(min(max(integer(nextColumn()), 0), 1_000_000_000)) }
}
