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
            Bitget.note(told(query, meeting, timeMs: plan.timeMs, skipped: &answer.skipped), of: meeting, in: &answer)
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
        attribution.note(
            (data.array ?? [data]).map { row in
                let code = row["code"]?.text ?? ""
                let text = String((row["msg"]?.text ?? "").prefix(Bitget.textMax))
                return (
                    json: row,
                    outcome: { id in
                        guard Self.isTaken(code) else { return Bitget.outcome(ofFailureWith: code, text: text, on: .uta, for: operation) }
                        let isNamed = id != nil || row["clientOid"]?.text?.isEmpty == false
                        guard isNamed, id != nil || operation != .place || mayLackID else { return .inDoubt("taken without an order id") }
                        return .acknowledged(id, venueState: nil)
                    }
                )
            })
        foreign = attribution.foreignIDs
        return attribution.read
    }

    private static func isTaken(_ code: String) -> Bool { code.isEmpty || code == "0" || code == "00000" }

    private func told(_ query: Query, _ meeting: Bitget.Meeting, timeMs: Int64, skipped: inout [String]) -> QueryAnswer {
        if case .account = query,
            let facts = Bitget.wrongAccount(meeting, code: "40084", advice: "this is a classic account; use bitget-margin, or upgrade it")
        {
            return .account(facts)
        }
        // "Order does not exist", the one code that says so here.
        if case .find(_, step: 0) = query, case .code(_, "25204", _) = meeting { return .orders([], next: nil) }
        guard case .success(let data) = meeting else { return Bitget.failure(of: meeting) }
        do throws(Unreadable) {
            switch query {
            case .serverTime: return Bitget.time(data)
            case .account:
                guard data.object != nil else { throw Unreadable("no account settings") }
                return .account(AccountFacts(uid: data["uid"]?.text.flatMap { $0.isEmpty ? nil : $0 }))
            case .instruments:
                guard let rows = data.array else { throw Unreadable("no list of instruments") }
                return .instruments(try Instrument.listed(rows, skipped: &skipped, instrument))
            case .find(let subjects, let step):
                guard let subject = subjects.first else { throw Unreadable("no order was asked for") }
                return step == 0 ? try found(subject, data) : try executed(subject, data, Self.executions(of: subject, timeMs: timeMs))
            case .openOrders(_, let cursor):
                let (orders, next) = try page(data, behind: cursor)
                return orders.answer(next: next)
            case .history(_, let sinceMs, let token):
                let page = HistoryPage(sinceMs: sinceMs, token: token, timeMs: timeMs)
                let (orders, cursor) = try self.page(data, behind: page.cursor)
                let next = page.next(cursor: cursor)
                if next == nil, page.isCut { throw Unreadable("the venue keeps 90 days of history, and more was asked for") }
                return orders.answer(next: next)
            case .fills(let subject, let token):
                return try fills(of: subject, data, HistoryPage(sinceMs: subject.sinceMs, token: token, timeMs: timeMs))
            case .cancelAll: return try canceledAll(data)
            // What stands beside the code of success is not described.
            case .countdown: return .countdownSet
            }
        } catch {
            return .failed(error.what)
        }
    }

    private static let orderPaging = Bitget.Paging(cursor: "cursor", ids: ["orderId"], limit: pageMax, nullEnds: true)
    private static let fillPaging = Bitget.Paging(cursor: "cursor", ids: ["execId", "orderId"], limit: pageMax, nullEnds: true)

    private func page(_ data: JSON, behind cursor: String?) throws(Unreadable) -> (orders: OrderRows, cursor: String?) {
        let rows = try AnswerRow(data).array("list")
        let orders = OrderRows(rows, clientID: ["clientOid"], venueID: ["orderId"], report)
        return (orders, try Bitget.next(data, rows, Self.orderPaging, behind: cursor))
    }

    /// The order that was asked for, by exact id; another one is no answer.
    private func found(_ subject: FindSubject, _ data: JSON) throws(Unreadable) -> QueryAnswer {
        let report = try report(AnswerRow(data))
        guard
            report.clientOrderID == subject.clientOrderID || (report.venueOrderID == subject.venueOrderID && subject.venueOrderID != nil)
        else { throw Unreadable("the answer is about another order") }
        return .orders([report], next: nil)
    }

    /// An order that shows by its executions though order-info does not know it; else where the walk goes on.
    private func executed(_ subject: FindSubject, _ data: JSON, _ page: HistoryPage) throws(Unreadable) -> QueryAnswer {
        guard case .fills(let fills, let next) = try fills(of: subject, data, page) else { throw Unreadable("no executions") }
        if let report = try OrderReport.executed(subject, fills) { return .orders([report], next: nil) }
        if next == nil, page.isCut { throw Unreadable("the venue keeps 90 days of executions, and more was asked for") }
        return .orders([], next: next)
    }

    private func report(_ row: AnswerRow) throws(Unreadable) -> OrderReport { try Self.report(row) }

    /// An order of a look-up, a listing or a push.
    static func report(_ row: AnswerRow) throws(Unreadable) -> OrderReport {
        let word = try row.requiredText("orderStatus")
        var report = OrderReport(status: Bitget.status(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.requiredText("orderId"))
        report.clientOrderID = try row.text("clientOid").map { ClientOrderID($0) }
        report.symbol = try row.text("symbol").map { Symbol($0) }
        report.side = try row.text("side").flatMap { Bitget.side($0) }
        // "0" on market orders; market buys have their amount in quote currency.
        report.price = try row.amount("price")
        report.quantity = try row.amount("qty")
        report.filledQuantity = try row.filled("cumExecQty")
        report.averagePrice = row.bound("avgPrice")
        report.version = try row.time("updatedTime")
        report.reason = row.json["cancelReason"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        return report
    }

    private func fills(of subject: FindSubject, _ data: JSON, _ page: HistoryPage) throws(Unreadable) -> QueryAnswer {
        let rows = try AnswerRow(data).array("list")
        var fills: [Fill] = []
        for json in rows {
            let row = try AnswerRow(json)
            guard let order = try row.bitgetOrder(of: subject) else { continue }
            // Positive is paid since 11 March 2026.
            let fee = row.bitgetFee("fee", paidIsNegative: false)
            fills.append(
                Fill(
                    tradeID: TradeID(try row.requiredText("execId")), venueOrderID: order, quantity: try row.requiredAmount("execQty"),
                    price: try row.requiredAmount("execPrice"), fee: fee?.amount, feeAsset: fee?.asset,
                    at: try row.requiredMicroseconds("createdTime")))
        }
        return .fills(fills, next: page.next(cursor: try Bitget.next(data, rows, Self.fillPaging, behind: page.cursor)))
    }

    /// `data.list`: every order that was pending, with its own code.
    private func canceledAll(_ data: JSON) throws(Unreadable) -> QueryAnswer {
        let rows = data.isNull ? [] : try AnswerRow(data).array("list")
        let kept = rows.filter { row in
            let code = row["code"]?.text ?? ""
            return !Self.isTaken(code) && Bitget.classify(code, on: .uta) != .notFound
        }
        return kept.isEmpty ? .canceledAll : .failed("\(kept.count) of \(rows.count) orders were not canceled")
    }

    /// `GET /api/v3/market/instruments`.
    private func instrument(_ symbol: Symbol, _ row: AnswerRow) throws(Unreadable) -> Instrument {
        // Futures name their steps, which need not be powers of ten.
        var (tick, lot) = (try row.amount("priceMultiplier"), try row.amount("quantityMultiplier"))
        if tick == nil { tick = try row.step(places: "pricePrecision") }
        if lot == nil { lot = try row.step(places: "quantityPrecision") }
        guard let tick, let lot else { throw Unreadable("no precision") }
        var instrument = Instrument(symbol: symbol, tradable: try row.text("status") == "online")
        (instrument.tick, instrument.lot) = (tick, lot)
        instrument.minQuantity = row.bound("minOrderQty")
        instrument.maxQuantity = row.bound("maxOrderQty")
        // Coin futures count quantity in quote already: price times quantity is no notional there.
        if category != .coinFutures { instrument.minNotional = row.bound("minOrderAmount") }
        return instrument
    }
}
