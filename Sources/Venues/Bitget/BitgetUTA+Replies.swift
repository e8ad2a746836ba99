import OMSCore
import Wire

extension BitgetUTA {
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        var (answer, meeting) = Bitget.read(response, on: .uta)
        switch plan.content {
        case .place(let tickets, let isSingle):
            // A reduce-only order that replaces others may be answered without its id.
            let mayLackID = tickets.map { isSingle && $0.terms.reduceOnly }.first ?? false
            answer.places = write(tickets.map { ($0.clientOrderID, nil) }, meeting, for: .place, mayLackID: mayLackID, foreign: &answer.foreignIDs)
        case .cancel(let tickets):
            answer.cancels = write(tickets.map { ($0.clientOrderID, $0.venueOrderID) }, meeting, for: .cancel, foreign: &answer.foreignIDs)
        case .modify(let tickets):
            answer.modifies = write(tickets.map { ($0.clientOrderID, $0.venueOrderID) }, meeting, for: .modify, foreign: &answer.foreignIDs)
        case .mixed(let places, let cancels, _):
            answer.places = places.map { _ in .inDoubt("bitget-uta has no mixed request") }
            answer.cancels = cancels.map { _ in .inDoubt("bitget-uta has no mixed request") }
        case .query(let query):
            Bitget.note(told(query, meeting, timeMs: plan.timeMs), of: meeting, in: &answer)
        }
        return answer
    }

    /// `data`: an array for batches, one object for the single endpoint. An item is taken if its code is absent, empty, "0" or "00000".
    private func write(
        _ ids: [(client: ClientOrderID, venue: VenueOrderID?)], _ meeting: Bitget.Meeting, for operation: Bitget.Operation, mayLackID: Bool = false,
        foreign: inout [String]
    ) -> [ItemOutcome] {
        guard case .success(let data) = meeting else { return Bitget.outcomes(of: meeting, for: operation, count: ids.count) }
        var attribution = BitgetAttribution(ids)
        for row in data.array ?? [data] {
            let code = row["code"]?.text ?? ""
            let text = String((row["msg"]?.text ?? "").prefix(Bitget.textMax))
            attribution.note(row) { id in
                guard Self.isTaken(code) else { return Bitget.outcome(ofFailureWith: code, text: text, on: .uta, for: operation) }
                if id == nil && operation == .place && !mayLackID { return .inDoubt("taken without an order id") }
                return .acknowledged(id, venueState: nil)
            }
        }
        foreign = attribution.foreignIDs
        return attribution.read
    }

    private static func isTaken(_ code: String) -> Bool { code.isEmpty || code == "0" || code == "00000" }

    private func told(_ query: Query, _ meeting: Bitget.Meeting, timeMs: Int64) -> QueryAnswer {
        if case .account = query,
            let facts = Bitget.wrongAccount(meeting, code: "40084", advice: "this is a classic account; use bitget-margin, or upgrade it")
        {
            return .account(facts)
        }
        // "Order does not exist", the one code that says so here.
        if case .find = query, case .code(_, "25204", _) = meeting { return .orders([], next: nil) }
        guard case .success(let data) = meeting else { return Bitget.failure(of: meeting) }
        return Bitget.reading { () throws(BitgetUnreadable) in
            switch query {
            case .serverTime: return Bitget.time(data)
            case .account:
                guard data.object != nil else { throw BitgetUnreadable(problem: "no account settings") }
                return .account(AccountFacts(uid: data["uid"]?.text.flatMap { $0.isEmpty ? nil : $0 }))
            case .instruments: return .instruments(try Bitget.instruments(data, instrument))
            case .find(let subjects, _): return .orders([try found(subjects, data)], next: nil)
            case .openOrders(_, let cursor):
                let (reports, next) = try page(data, behind: cursor)
                return .orders(reports, next: next)
            case .history(_, let sinceMs, let token):
                let page = HistoryPage(sinceMs: sinceMs, token: token, timeMs: timeMs)
                let (reports, cursor) = try self.page(data, behind: page.cursor)
                let next = page.next(cursor: cursor)
                if next == nil, page.isCut { throw BitgetUnreadable(problem: "the venue keeps 90 days of history, and more was asked for") }
                return .orders(reports, next: next)
            case .fills(let subject, let token):
                return try fills(of: subject, data, HistoryPage(sinceMs: subject.sinceMs, token: token, timeMs: timeMs))
            case .cancelAll: return try canceledAll(data)
            }
        }
    }

    private func page(_ data: JSON, behind cursor: String?) throws(BitgetUnreadable) -> (reports: [OrderReport], cursor: String?) {
        let rows = try Bitget.list(data, "list")
        var reports: [OrderReport] = []
        for row in rows { reports.append(try report(row)) }
        return (reports, try Bitget.next(data, "cursor", rows: rows.count, limit: Self.pageMax, emptyEnds: true, behind: cursor))
    }

    /// The order that was asked for, by exact id; another one is no answer.
    private func found(_ subjects: [FindSubject], _ data: JSON) throws(BitgetUnreadable) -> OrderReport {
        let report = try report(data)
        guard let subject = subjects.first,
            report.clientOrderID == subject.clientOrderID || (report.venueOrderID == subject.venueOrderID && subject.venueOrderID != nil)
        else { throw BitgetUnreadable(problem: "the answer is about another order") }
        return report
    }

    private func report(_ json: JSON) throws(BitgetUnreadable) -> OrderReport {
        let row = try BitgetRow(json)
        let word = try row.required("orderStatus")
        var report = OrderReport(status: Bitget.status(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.required("orderId"))
        report.clientOrderID = row.text("clientOid").map { ClientOrderID($0) }
        report.symbol = row.text("symbol").map { Symbol($0) }
        report.side = row.text("side").flatMap { Bitget.side($0) }
        // "0" on market orders; market buys have their amount in quote currency.
        report.price = try row.nonZero("price")
        report.quantity = try row.nonZero("qty")
        report.filledQuantity = try row.decimal("cumExecQty")
        report.averagePrice = try row.figure("avgPrice").flatMap { $0.isZero ? nil : $0 }
        report.version = try row.time("updatedTime")
        report.reason = row.text("cancelReason")
        return report
    }

    private func fills(of subject: FindSubject, _ data: JSON, _ page: HistoryPage) throws(BitgetUnreadable) -> QueryAnswer {
        let rows = try Bitget.list(data, "list")
        var fills: [Fill] = []
        for json in rows {
            let row = try BitgetRow(json)
            let order = try row.required("orderId")
            guard order == subject.venueOrderID?.text || row.text("clientOid") == subject.clientOrderID.text else { continue }
            // Positive is paid since 11 March 2026.
            let fee = try row.fee("fee", paidIsNegative: false)
            guard let time = try row.time("createdTime") else { throw BitgetUnreadable(problem: "a fill has no createdTime") }
            fills.append(
                Fill(
                    tradeID: TradeID(try row.required("execId")), venueOrderID: VenueOrderID(order), quantity: try row.requiredDecimal("execQty"),
                    price: try row.requiredDecimal("execPrice"), fee: fee?.amount, feeAsset: fee?.asset, at: try Bitget.microseconds(time)))
        }
        let cursor = try Bitget.next(data, "cursor", rows: rows.count, limit: Self.pageMax, emptyEnds: true, behind: page.cursor)
        return .fills(fills, next: page.next(cursor: cursor))
    }

    /// `data.list`: every order that was pending, with its own code.
    private func canceledAll(_ data: JSON) throws(BitgetUnreadable) -> QueryAnswer {
        let rows = data.isNull ? [] : try Bitget.list(data, "list")
        let kept = rows.filter { row in
            let code = row["code"]?.text ?? ""
            return !Self.isTaken(code) && Bitget.classify(code, on: .uta) != .notFound
        }
        return kept.isEmpty ? .canceledAll : .failed("\(kept.count) of \(rows.count) orders were not canceled")
    }

    /// `GET /api/v3/market/instruments`.
    private func instrument(_ symbol: Symbol, _ row: BitgetRow) throws(BitgetUnreadable) -> Instrument {
        // Futures name their steps, which need not be powers of ten.
        let tick = try row.nonZero("priceMultiplier") ?? Bitget.step(places: row.text("pricePrecision"))
        let lot = try row.nonZero("quantityMultiplier") ?? Bitget.step(places: row.text("quantityPrecision"))
        guard let tick, let lot else { throw BitgetUnreadable(problem: "\(symbol.text.escapedForLog) has no precision") }
        var instrument = Instrument(symbol: symbol, tradable: row.text("status") == "online")
        (instrument.tick, instrument.lot) = (tick, lot)
        instrument.minQuantity = try row.nonZero("minOrderQty")
        instrument.maxQuantity = try row.nonZero("maxOrderQty")
        // Coin futures count quantity in quote already: price times quantity is no notional there.
        if category != .coinFutures { instrument.minNotional = try row.nonZero("minOrderAmount") }
        return instrument
    }
}
