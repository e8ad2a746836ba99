import OMSCore
import Wire

/// Answers to questions.
extension AscendEX {
    func told(_ query: Query, _ data: JSON, _ plan: RequestPlan, _ answer: inout VenueAnswer) -> QueryAnswer {
        do throws(Unreadable) {
            switch query {
            case .serverTime: return .time(try AnswerRow(data).requiredInteger("requestReceiveAt"))
            case .account: return .account(try facts(AnswerRow(data), at: plan.timeMs))
            case .instruments:
                guard let rows = data.array else { throw Unreadable("no list of products") }
                return .instruments(try Instrument.listed(rows, skipped: &answer.skipped, instrument))
            case .find(let subjects, _):
                guard isBelievable(plan) else { throw Unreadable("asked without the account's group") }
                return .orders(try found(data, subjects, &answer), next: nil)
            case .openOrders:
                guard isBelievable(plan) else { throw Unreadable("asked without the account's group") }
                // All at once, without a sign of its own: what is no list, null too, is none without rows.
                guard let rows = data.array else { throw Unreadable("no list of open orders") }
                return orders(rows).answer(next: nil)
            case .history(_, _, let page): return try history(data, after: page)
            case .fills: throw Unreadable("single fills are not asked for")
            case .cancelAll:
                guard isBelievable(plan) else { throw Unreadable("asked without the account's group") }
                return .canceledAll
            case .countdown: throw Unreadable("AscendEX has no countdown")
            }
        } catch {
            return .failed(error.what)
        }
    }

    /// Group and user id name everything else; without leave to trade there is nothing to do here.
    private func facts(_ row: AnswerRow, at timeMs: Int64) throws(Unreadable) -> AccountFacts {
        var facts = AccountFacts(group: try row.text("accountGroup"), uid: try row.text("userUID"))
        // A number of a few digits, which becomes part of every path: a longer one is no group.
        if facts.group.map({ (1...9).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) } }) != true {
            facts.group = nil
            facts.problem = "the venue names no account group"
        } else if facts.uid.map({ Self.isUID($0) }) != true {
            facts.problem = "the venue names no user id of the form U0123456789, from which order ids follow"
        } else if try row.bool("tradePermission") != true {
            facts.problem = "the key has no permission to trade"
        } else if let expiry = try row.integer("expireTime"), expiry >= 0, expiry <= timeMs {
            facts.problem = "the key has expired"
        } else if let accounts = row.json["\(category)Account"], !accounts.isNull, accounts.array?.isEmpty != false {
            facts.problem = "there is no \(category) account"
        }
        return facts
    }

    /// A list, which the comma behind the last id asks for, or an object for one order. What is missing in a list is unknown to the venue; an answer that
    /// is no list and no order says nothing.
    private func found(_ data: JSON, _ subjects: [FindSubject], _ answer: inout VenueAnswer) throws(Unreadable) -> [OrderReport] {
        let ids = Self.ids(of: subjects)
        guard ids.count <= Self.lookUpMax else { throw Unreadable("\(ids.count) ids, more than a look-up may name") }
        guard !subjects.contains(where: { $0.venueOrderID == nil && $0.predictedIDs.isEmpty }) else {
            throw Unreadable("an order without any id to ask for")
        }
        let rows: [JSON]
        switch data {
        case .array(let items): rows = items
        case .object: rows = [data]
        case .null, .bool, .number, .string: throw Unreadable("no list of orders")
        }
        let listing = orders(rows)
        if let row = listing.unreadable.first { throw Unreadable(row.problem) }
        var owners: [VenueOrderID: [ClientOrderID]] = [:]
        for subject in subjects { for id in Self.ids(of: [subject]) { owners[id, default: []].append(subject.clientOrderID) } }
        return try listing.reports.map { report throws(Unreadable) in
            var report = report
            guard let id = report.venueOrderID, let owner = owners[id] else {
                answer.foreignIDs.append(report.venueOrderID?.text ?? "")
                throw Unreadable("another order than those asked for")
            }
            guard owner.count == 1 else { throw Unreadable("an id that two orders may bear") }
            report.clientOrderID = owner[0]
            return report
        }
    }

    /// Sequence numbers rise with gaps; an empty page is the end, since the page size in force is not certain. Where the page says itself whether there is
    /// more (`hasNext`, as the older history did), that must agree.
    private func history(_ data: JSON, after page: String?) throws(Unreadable) -> QueryAnswer {
        let listing = data.object == nil ? nil : try AnswerRow(data)
        guard let rows = listing == nil ? data.array : try listing?.array("data") else { throw Unreadable("no list of orders") }
        var signs = PageSigns(rows: rows.count, behind: page)
        signs.promisesMore = try listing?.bool("hasNext")
        var last: Int64?
        let from = page.flatMap { Int64($0) }
        for json in rows {
            // A row without one is told as unreadable; its place is between its neighbours.
            guard let number = json["seqNum"]?.integer else { continue }
            if let from, number < from { throw Unreadable("a row before the page's start") }
            if let last, number <= last { throw Unreadable("sequence numbers that do not rise") }
            last = number
        }
        guard last != nil || rows.isEmpty else { throw Unreadable("a page that names no place to go on from") }
        if let last {
            guard last < Int64.max else { throw Unreadable("seqNum is out of range") }
            signs.cursor = String(last + 1)
        }
        return orders(rows, numbered: true).answer(next: try signs.next())
    }

    /// - Parameter numbered: Each row must have its sequence number.
    private func orders(_ rows: [JSON], numbered: Bool = false) -> OrderRows {
        OrderRows(rows, clientID: [], venueID: ["orderId"]) { row throws(Unreadable) in
            if numbered { _ = try row.requiredInteger("seqNum") }
            return try report(row)
        }
    }

    private func report(_ row: AnswerRow) throws(Unreadable) -> OrderReport {
        let state = try row.requiredText("status")
        let error = try row.text("errorCode", "err").flatMap { $0 == "NULL_VAL" ? nil : $0 }
        let type = try row.text("orderType") ?? ""
        var report = OrderReport(status: Self.status(state), venueState: state)
        report.venueOrderID = VenueOrderID(try row.requiredText("orderId"))
        report.symbol = try row.text("symbol").map { Symbol($0) }
        report.reason = error
        // Such a row carries the order's id but speaks of a refused cancel or a second attempt: its zeros are not the order's.
        let speaksOfAnother = error.map { AscendEXCode.namesNoState.contains($0) } ?? false || type == "NULL_VAL"
        // Rows of the history name no reason: a second attempt under the order's id looks there as the order's own refusal would.
        let namesNoReason = report.status == .rejected && row.json["errorCode"] == nil && row.json["err"] == nil
        if speaksOfAnother || namesNoReason {
            report.status = .unknown
            return report
        }
        report.side = try row.side("side")
        // A market order's price is a limit that the venue set to protect it.
        if !type.lowercased().hasSuffix("market") { report.price = try row.amount("price") }
        report.quantity = try row.amount("orderQty")
        report.filledQuantity = try row.filled("cumFilledQty", "fillQty")
        if report.filledQuantity == nil, ![.filled, .partiallyFilled].contains(report.status) { report.filledQuantity = .zero }
        report.averagePrice = row.bound("avgPx", "avgFillPrice")
        report.version = try? row.integer("seqNum")
        return report
    }

    static func status(_ word: String) -> OrderReport.Status {
        switch word {
        case "New", "PendingNew", "Ready": .open
        case "PartiallyFilled": .partiallyFilled
        case "Filled": .filled
        case "Canceled": .canceled
        case "Rejected": .rejected
        default: .unknown
        }
    }

    private func instrument(_ symbol: Symbol, _ row: AnswerRow) throws(Unreadable) -> Instrument {
        var instrument = Instrument(symbol: symbol, tradable: try row.text("statusCode") == "Normal")
        instrument.tick = try row.amount("tickSize")
        instrument.lot = try row.amount("lotSize")
        (instrument.minQuantity, instrument.maxQuantity) = (row.bound("minQty"), row.bound("maxQty"))
        (instrument.minNotional, instrument.maxNotional) = (row.bound("minNotional"), row.bound("maxNotional"))
        return instrument
    }
}
