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
        case .query(.account):
            let told = account(meeting, status: response.status)
            Bitget.note(told, of: meeting, in: &answer)
            // A key that may not read this page, or a page that is not there, is no word about orders.
            if case .account(let facts) = told, facts.silence != nil { answer.disposition = .answered }
        case .query(let query):
            Bitget.note(told(query, meeting, timeMs: plan.timeMs, skipped: &answer.skipped), of: meeting, in: &answer)
        }
        return answer
    }

    /// `data.successList` and `data.failureList`.
    private func write(
        _ ids: [(client: ClientOrderID, venue: VenueOrderID?)], _ meeting: Bitget.Meeting, for operation: Bitget.Operation, foreign: inout [String]
    ) -> [ItemOutcome] {
        guard case .success(let data) = meeting else { return Bitget.outcomes(of: meeting, for: operation, count: ids.count) }
        var attribution = BitgetAttribution(ids)
        let taken = (data["successList"]?.array ?? []).map { row in
            (json: row, outcome: { (id: VenueOrderID?) in Self.taken(id, operation, row) })
        }
        let failed = (data["failureList"]?.array ?? []).map { row in
            let text = String((row["errorMsg"]?.text ?? "").prefix(Bitget.textMax))
            let outcome = Bitget.outcome(ofFailureWith: row["errorCode"]?.text, text: text, on: .margin, for: operation)
            return (json: row, outcome: { (_: VenueOrderID?) in outcome })
        }
        attribution.note(taken + failed)
        foreign = attribution.foreignIDs
        return attribution.read
    }

    /// What a row of the list of successes says.
    private static func taken(_ id: VenueOrderID?, _ operation: Bitget.Operation, _ row: JSON) -> ItemOutcome {
        if let id { return .acknowledged(id, venueState: nil) }
        let client = (row["clientOid"] ?? row["clientId"])?.text ?? ""
        return operation == .place || client.isEmpty ? .inDoubt("taken without an order id") : .acknowledged(nil, venueState: nil)
    }

    /// `GET /api/v2/spot/account/info`. 40014: the key has not the right to; 40404: no such path.
    private func account(_ meeting: Bitget.Meeting, status: Int) -> QueryAnswer {
        if let facts = Bitget.wrongAccount(meeting, code: "40085", advice: "this is a unified account; use bitget-uta") { return .account(facts) }
        switch meeting {
        case .success(let data):
            guard data.object != nil else { return .failed("no account's information") }
            return .account(AccountFacts(uid: data["userId"]?.text.flatMap { $0.isEmpty ? nil : $0 }))
        case .code(_, "40014", let text): return .account(AccountFacts(silence: .forbidden("code 40014: \(text.escapedForLog)")))
        case .code(_, "40404", let text): return .account(AccountFacts(silence: .noPage("code 40404: \(text.escapedForLog)")))
        case _ where status == 404: return .account(AccountFacts(silence: .noPage("HTTP 404 for \(Self.infoPath)")))
        case .code, .shaky, .unreadable, .slowDown: return Bitget.failure(of: meeting)
        }
    }

    private func told(_ query: Query, _ meeting: Bitget.Meeting, timeMs: Int64, skipped: inout [String]) -> QueryAnswer {
        if case .cancelAll = query { return .failed("Bitget margin has no cancel-all: cancel order by order") }
        guard case .success(let data) = meeting else { return Bitget.failure(of: meeting) }
        do throws(Unreadable) {
            switch query {
            case .serverTime: return Bitget.time(data)
            case .account: return account(meeting, status: 200)
            case .instruments:
                guard let rows = data.array else { throw Unreadable("no list of instruments") }
                return .instruments(try Instrument.listed(rows, skipped: &skipped, instrument))
            case .find(let subjects, let step): return try found(subjects, step: step, data, timeMs: timeMs)
            case .openOrders(_, let cursor):
                let (orders, next) = try page(data, behind: cursor)
                return orders.answer(next: next)
            case .history(_, let sinceMs, let cursor):
                let (orders, next) = try page(data, behind: cursor)
                if next == nil, sinceMs < timeMs - Bitget.historyMs {
                    throw Unreadable("the venue keeps 90 days of history, and more was asked for")
                }
                return orders.answer(next: next)
            case .fills(let subject, let cursor): return try fills(of: subject, data, behind: cursor)
            case .cancelAll: throw Unreadable("Bitget margin has no cancel-all")
            case .countdown: throw Unreadable("Bitget margin has no countdown")
            }
        } catch {
            return .failed(error.what)
        }
    }

    private static let orderPaging = Bitget.Paging(cursor: "minId", named: ["minId", "maxId"], ids: ["orderId"], limit: pageMax)
    /// Whether the cursor is of executions or of their orders, no page says.
    private static let fillPaging = Bitget.Paging(cursor: "minId", named: ["minId", "maxId"], ids: ["tradeId", "orderId"], limit: pageMax)

    private func page(_ data: JSON, behind cursor: String?) throws(Unreadable) -> (orders: OrderRows, next: String?) {
        let rows = try AnswerRow(data).array("orderList")
        let orders = OrderRows(rows, clientID: ["clientOid"], venueID: ["orderId"], report)
        return (orders, try Bitget.next(data, rows, Self.orderPaging, behind: cursor))
    }

    /// The rows that are the order asked for, by exact id. None is absence only if the page holds all there is: nothing.
    private func found(_ subjects: [FindSubject], step: Int, _ data: JSON, timeMs: Int64) throws(Unreadable) -> QueryAnswer {
        guard let subject = subjects.first else { throw Unreadable("no order was asked for") }
        let rows = try AnswerRow(data).array("orderList")
        let orders = OrderRows(rows, clientID: ["clientOid"], venueID: ["orderId"], report)
        let found = orders.reports.filter { report in
            report.clientOrderID == subject.clientOrderID || (report.venueOrderID == subject.venueOrderID && subject.venueOrderID != nil)
        }
        if !found.isEmpty { return .orders(found, next: nil) }
        try orders.mustNotHide(subject)
        guard rows.isEmpty else { throw Unreadable("asked for one order, the venue lists others") }
        _ = try Bitget.next(data, rows, Self.orderPaging, behind: nil)
        if step > 0, subject.sinceMs < timeMs - Bitget.historyMs { throw Unreadable("older than the venue's 90 days of history") }
        return .orders([], next: nil)
    }

    private func report(_ row: AnswerRow) throws(Unreadable) -> OrderReport {
        let word = try row.requiredText("status")
        var report = OrderReport(status: Bitget.status(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.requiredText("orderId"))
        report.clientOrderID = try row.text("clientOid").map { ClientOrderID($0) }
        report.symbol = try row.text("symbol").map { Symbol($0) }
        report.side = try row.text("side").flatMap { Bitget.side($0) }
        report.price = try row.amount("price")
        report.quantity = try row.amount("baseSize")
        report.filledQuantity = try row.filled("size")
        report.averagePrice = row.bound("priceAvg")
        report.version = try row.time("uTime")
        return report
    }

    private func fills(of subject: FindSubject, _ data: JSON, behind cursor: String?) throws(Unreadable) -> QueryAnswer {
        guard subject.venueOrderID != nil else { throw Unreadable("fills are listed by the venue's order id, which is not known") }
        let rows = try Self.executions(data)
        var fills: [Fill] = []
        for json in rows {
            let row = try AnswerRow(json)
            guard let order = try row.bitgetOrder(of: subject) else { continue }
            let fee = row.bitgetFee("totalFee", paidIsNegative: true)
            fills.append(
                Fill(
                    tradeID: TradeID(try row.requiredText("tradeId")), venueOrderID: order, quantity: try row.requiredAmount("size"),
                    price: try row.requiredAmount("priceAvg"), fee: fee?.amount, feeAsset: fee?.asset, at: try row.requiredMicroseconds("cTime")))
        }
        return .fills(fills, next: try Bitget.next(data, rows, Self.fillPaging, behind: cursor))
    }

    /// The list of executions: how it is called is documented by no sample, and it is the only list there.
    private static func executions(_ data: JSON) throws(Unreadable) -> [JSON] {
        if let rows = data.array { return rows }
        let lists = (data.object ?? []).filter { $0.value.array != nil }
        guard let list = lists.first, lists.count == 1 else { throw Unreadable(lists.isEmpty ? "no list of executions" : "several lists of rows") }
        return try AnswerRow(data).array(list.key)
    }

    /// `GET /api/v2/margin/currencies`.
    private func instrument(_ symbol: Symbol, _ row: AnswerRow) throws(Unreadable) -> Instrument {
        guard let tick = try row.step(places: "pricePrecision"), let lot = try row.step(places: "quantityPrecision") else {
            throw Unreadable("no precision")
        }
        var instrument = Instrument(symbol: symbol, tradable: try row.text("status") == "1")
        (instrument.tick, instrument.lot) = (tick, lot)
        instrument.minQuantity = row.bound("minTradeAmount")
        instrument.maxQuantity = row.bound("maxTradeAmount")
        // A minimum in USDT says nothing about a notional in another currency.
        if try row.text("quoteCoin") == "USDT" { instrument.minNotional = row.bound("minTradeUSDT") }
        return instrument
    }
}
