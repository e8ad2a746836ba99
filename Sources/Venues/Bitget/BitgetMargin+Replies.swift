import OMSCore
import Wire

extension BitgetMargin {
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        var (answer, meeting) = Bitget.read(response, on: .margin)
        switch plan.content {
        case .place(let tickets, _):
            answer.places = write(tickets.map { ($0.clientOrderID, nil) }, meeting, for: .place, foreign: &answer.foreignIDs)
        case .cancel(let tickets):
            answer.cancels = write(tickets.map { ($0.clientOrderID, $0.venueOrderID) }, meeting, for: .cancel, foreign: &answer.foreignIDs)
        case .modify(let tickets): answer.modifies = tickets.map { _ in .inDoubt("bitget-margin has no modify") }
        case .mixed(let places, let cancels, _):
            answer.places = places.map { _ in .inDoubt("bitget-margin has no mixed request") }
            answer.cancels = cancels.map { _ in .inDoubt("bitget-margin has no mixed request") }
        case .query(let query):
            Bitget.note(told(query, meeting, timeMs: plan.timeMs), of: meeting, in: &answer)
        }
        return answer
    }

    /// `data.successList` and `data.failureList`.
    private func write(
        _ ids: [(client: ClientOrderID, venue: VenueOrderID?)], _ meeting: Bitget.Meeting, for operation: Bitget.Operation, foreign: inout [String]
    ) -> [ItemOutcome] {
        guard case .success(let data) = meeting else { return Bitget.outcomes(of: meeting, for: operation, count: ids.count) }
        var attribution = BitgetAttribution(ids)
        for row in data["successList"]?.array ?? [] {
            attribution.note(row) { id in
                if id == nil && operation == .place { return .inDoubt("taken without an order id") }
                return .acknowledged(id, venueState: nil)
            }
        }
        for row in data["failureList"]?.array ?? [] {
            let code = row["errorCode"]?.text
            let text = String((row["errorMsg"]?.text ?? "").prefix(Bitget.textMax))
            attribution.note(row) { _ in Bitget.outcome(ofFailureWith: code, text: text, on: .margin, for: operation) }
        }
        foreign = attribution.foreignIDs
        return attribution.read
    }

    private func told(_ query: Query, _ meeting: Bitget.Meeting, timeMs: Int64) -> QueryAnswer {
        if case .account = query, let facts = Bitget.wrongAccount(meeting, code: "40085", advice: "this is a unified account; use bitget-uta") {
            return .account(facts)
        }
        if case .cancelAll = query { return .failed("Bitget margin has no cancel-all: cancel order by order") }
        guard case .success(let data) = meeting else { return Bitget.failure(of: meeting) }
        return Bitget.reading { () throws(BitgetUnreadable) in
            switch query {
            case .serverTime: return Bitget.time(data)
            case .account:
                // Null where the account has none.
                guard data.array != nil || data.isNull else { throw BitgetUnreadable(problem: "no list of assets") }
                return .account(AccountFacts())
            case .instruments: return .instruments(try Bitget.instruments(data, instrument))
            case .find(let subjects, let step): return .orders(try found(subjects, step: step, data, timeMs: timeMs), next: nil)
            case .openOrders(_, let cursor): return try page(data, behind: cursor)
            case .history(_, let sinceMs, let cursor):
                let page = try page(data, behind: cursor)
                if case .orders(_, next: nil, _) = page, sinceMs < timeMs - Bitget.historyMs {
                    throw BitgetUnreadable(problem: "the venue keeps 90 days of history, and more was asked for")
                }
                return page
            case .fills(let subject, let cursor): return try fills(of: subject, data, behind: cursor)
            case .cancelAll: throw BitgetUnreadable(problem: "Bitget margin has no cancel-all")
            }
        }
    }

    private func page(_ data: JSON, behind cursor: String?) throws(BitgetUnreadable) -> QueryAnswer {
        let rows = try Bitget.list(data, "orderList")
        var reports: [OrderReport] = []
        for row in rows { reports.append(try report(row)) }
        return .orders(reports, next: try Bitget.next(data, "minId", rows: rows.count, limit: Self.pageMax, emptyEnds: false, behind: cursor))
    }

    /// The rows that are the order asked for, by exact id. None is absence only if the page holds all there is.
    private func found(_ subjects: [FindSubject], step: Int, _ data: JSON, timeMs: Int64) throws(BitgetUnreadable) -> [OrderReport] {
        guard let subject = subjects.first, case .orders(let reports, let next, _) = try page(data, behind: nil) else {
            throw BitgetUnreadable(problem: "no order was asked for")
        }
        let found = reports.filter { report in
            report.clientOrderID == subject.clientOrderID || (report.venueOrderID == subject.venueOrderID && subject.venueOrderID != nil)
        }
        if found.isEmpty {
            if next != nil { throw BitgetUnreadable(problem: "a page full of other orders") }
            if step > 0, subject.sinceMs < timeMs - Bitget.historyMs { throw BitgetUnreadable(problem: "older than the venue's 90 days of history") }
        }
        return found
    }

    private func report(_ json: JSON) throws(BitgetUnreadable) -> OrderReport {
        let row = try BitgetRow(json)
        let word = try row.required("status")
        var report = OrderReport(status: Bitget.status(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.required("orderId"))
        report.clientOrderID = row.text("clientOid").map { ClientOrderID($0) }
        report.symbol = row.text("symbol").map { Symbol($0) }
        report.side = row.text("side").flatMap { Bitget.side($0) }
        report.price = try row.nonZero("price")
        report.quantity = try row.nonZero("baseSize")
        report.filledQuantity = try row.decimal("size")
        report.averagePrice = try row.figure("priceAvg").flatMap { $0.isZero ? nil : $0 }
        report.version = try row.time("uTime")
        return report
    }

    private func fills(of subject: FindSubject, _ data: JSON, behind cursor: String?) throws(BitgetUnreadable) -> QueryAnswer {
        guard let id = subject.venueOrderID else { throw BitgetUnreadable(problem: "fills are listed by the venue's order id, which is not known") }
        let rows = try Self.executions(data)
        var fills: [Fill] = []
        for json in rows {
            let row = try BitgetRow(json)
            guard try row.required("orderId") == id.text else { continue }
            let fee = try row.fee("totalFee", paidIsNegative: true)
            guard let time = try row.time("cTime") else { throw BitgetUnreadable(problem: "a fill has no cTime") }
            fills.append(
                Fill(
                    tradeID: TradeID(try row.required("tradeId")), venueOrderID: id, quantity: try row.requiredDecimal("size"),
                    price: try row.requiredDecimal("priceAvg"), fee: fee?.amount, feeAsset: fee?.asset, at: try Bitget.microseconds(time)))
        }
        return .fills(fills, next: try Bitget.next(data, "minId", rows: rows.count, limit: Self.pageMax, emptyEnds: false, behind: cursor))
    }

    /// The list of executions: how it is called is documented by no sample, and it is the only list there.
    private static func executions(_ data: JSON) throws(BitgetUnreadable) -> [JSON] {
        if let rows = data.array { return rows }
        let lists = (data.object ?? []).filter { $0.value.array != nil }
        if lists.count > 1 { throw BitgetUnreadable(problem: "several lists of rows") }
        return try Bitget.list(data, lists.first?.key ?? ["fills", "fillList", "orderList"].first { data[$0] != nil } ?? "fills")
    }

    /// `GET /api/v2/margin/currencies`.
    private func instrument(_ symbol: Symbol, _ row: BitgetRow) throws(BitgetUnreadable) -> Instrument {
        guard let tick = Bitget.step(places: row.text("pricePrecision")), let lot = Bitget.step(places: row.text("quantityPrecision")) else {
            throw BitgetUnreadable(problem: "\(symbol.text.escapedForLog) has no precision")
        }
        var instrument = Instrument(symbol: symbol, tradable: row.text("status") == "1")
        (instrument.tick, instrument.lot) = (tick, lot)
        instrument.minQuantity = try row.nonZero("minTradeAmount")
        instrument.maxQuantity = try row.nonZero("maxTradeAmount")
        // A minimum in USDT says nothing about a notional in another currency.
        if row.text("quoteCoin") == "USDT" { instrument.minNotional = try row.nonZero("minTradeUSDT") }
        return instrument
    }
}
