import OMSCore
import Wire

extension Bybit {
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        let isCounted = charges(of: plan.content).first.map { $0.budget != "overall" } ?? false
        var (answer, meeting) = Self.read(response, isCounted: isCounted)
        switch plan.content {
        case .place(let tickets, _):
            answer.places = Self.outcomes(tickets.map { ($0.clientOrderID, nil) }, in: meeting, for: .place, foreign: &answer.foreignIDs)
        case .cancel(let tickets):
            answer.cancels = Self.outcomes(
                tickets.map { ($0.clientOrderID, $0.venueOrderID) }, in: meeting, for: .cancel, foreign: &answer.foreignIDs)
        case .modify(let tickets):
            answer.modifies = Self.outcomes(
                tickets.map { ($0.clientOrderID, $0.venueOrderID) }, in: meeting, for: .modify, foreign: &answer.foreignIDs)
        case .mixed(let places, let cancels, _):
            answer.places = places.map { _ in .inDoubt("bybit has no mixed request") }
            answer.cancels = cancels.map { _ in .inDoubt("bybit has no mixed request") }
        case .query(let query):
            answer.query = told(query, meeting, timeMs: plan.timeMs, skipped: &answer.skipped)
            // Nothing changed hands: an unknown code leaves no doubt behind a question.
            if case .code = meeting, answer.disposition == .inDoubt { answer.disposition = .answered }
        }
        return answer
    }

    private func told(_ query: Query, _ meeting: Meeting, timeMs: Int64, skipped: inout [String]) -> QueryAnswer {
        guard case .success(let envelope) = meeting else { return Self.failure(of: meeting) }
        do throws(Unreadable) {
            let result = try AnswerRow(envelope["result"] ?? .null)
            // What another category's pages do not hold is not absent from ours.
            if let told = try result.text("category"), told != category.rawValue {
                throw Unreadable("the answer is about category \(told.prefix(40).escapedForLog)")
            }
            switch query {
            case .serverTime:
                guard let time = envelope["time"]?.integer, time > 0 else { throw Unreadable("no time") }
                return .time(time)
            case .account: return .account(try facts(result))
            case .instruments:
                let rows = try result.array("list")
                let limit = category.isSpot ? Int.max : Self.marketPageMax
                guard try Self.next(result, rows: rows.count, limit: limit, behind: nil) == nil else {
                    throw Unreadable("more markets than one page holds")
                }
                return .instruments(try Instrument.listed(rows, skipped: &skipped, instrument))
            case .find(let subjects, let step):
                guard let subject = subjects.first else { throw Unreadable("no order was asked for") }
                guard step < 2 else { return try executed(subject, result, timeMs: timeMs) }
                return try found(subject, step: step, result, timeMs: timeMs)
            case .openOrders(_, let token):
                let page = OpenPage(token, of: category)
                let (orders, cursor) = try orders(result, behind: page.cursor)
                return orders.answer(next: page.next(cursor: cursor))
            case .history(_, let sinceMs, let token):
                let page = HistoryPage(sinceMs: sinceMs, token: token, timeMs: timeMs)
                let (orders, cursor) = try orders(result, behind: page.cursor)
                return orders.answer(next: page.next(cursor: cursor))
            case .fills(let subject, let token):
                return try fills(of: subject, result, HistoryPage(sinceMs: subject.sinceMs, token: token, timeMs: timeMs))
            case .cancelAll:
                // `success` is a text, and absent on derivatives' page in places.
                guard [nil, "1"].contains(try result.text("success")) else { throw Unreadable("not all orders were canceled") }
                _ = try result.array("list")
                return .canceledAll
            case .countdown: throw Unreadable("Bybit has no countdown")
            }
        } catch {
            return .failed(error.what)
        }
    }

    /// Whether a price beyond the market's band is refused, or moved to the band: an order at another price than was asked for.
    private func facts(_ result: AnswerRow) throws(Unreadable) -> AccountFacts {
        let key = category.isSpot ? "lpaSpot" : "lpaPerp"
        guard let refuses = try result.bool(key) else { throw Unreadable("\(key) is missing") }
        guard !refuses else { return AccountFacts() }
        return AccountFacts(
            problem: "Bybit may change the price of this account's orders (\(key) is false): have prices beyond the band refused "
                + "(POST /v5/account/set-limit-px-action), then start again")
    }

    // MARK: Orders

    private func orders(_ result: AnswerRow, behind cursor: String?) throws(Unreadable) -> (orders: OrderRows, cursor: String?) {
        let rows = try result.array("list")
        let orders = OrderRows(rows, clientID: ["orderLinkId"], venueID: ["orderId"], report)
        return (orders, try Self.next(result, rows: rows.count, limit: Self.orderPageMax, behind: cursor))
    }

    /// The cursor of the following page, as the venue wrote it; nil: the listing is complete.
    ///
    /// - Throws: where it could not be sent back in a query as it stands.
    private static func next(_ result: AnswerRow, rows: Int, limit: Int, behind: String?) throws(Unreadable) -> String? {
        let cursor = try result.text("nextPageCursor")
        if let cursor,
            cursor.utf8.count > 512 || !cursor.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: "#") })
        {
            throw Unreadable("nextPageCursor is no cursor")
        }
        var signs = PageSigns(rows: rows, cursor: cursor, behind: behind)
        // An empty text ends the listing, however full the page is; where there is none, a full page may be cut.
        if result.json["nextPageCursor"]?.string == nil { signs.fullAt = limit }
        return try signs.next()
    }

    /// The order that was asked for, by exact id; none is absent from this step.
    private func found(_ subject: FindSubject, step: Int, _ result: AnswerRow, timeMs: Int64) throws(Unreadable) -> QueryAnswer {
        let page = HistoryPage(sinceMs: subject.sinceMs, token: step > 0 ? subject.page : nil, timeMs: timeMs)
        let (orders, cursor) = try orders(result, behind: step > 0 ? page.cursor : nil)
        try orders.mustNotHide(subject)
        let own = orders.reports.filter {
            $0.clientOrderID == subject.clientOrderID || $0.venueOrderID == subject.venueOrderID && subject.venueOrderID != nil
        }
        guard own.isEmpty else { return .orders(own, next: nil) }
        guard orders.reports.isEmpty else { throw Unreadable("the answer is about another order") }
        return .orders([], next: step > 0 ? page.next(cursor: cursor) : nil)
    }

    /// An order that shows by its executions though neither page of orders has it; else where the walk goes on.
    private func executed(_ subject: FindSubject, _ result: AnswerRow, timeMs: Int64) throws(Unreadable) -> QueryAnswer {
        let page = HistoryPage(sinceMs: subject.sinceMs, token: subject.page, timeMs: timeMs)
        guard case .fills(let fills, let next) = try fills(of: subject, result, page) else { throw Unreadable("no executions") }
        if let report = try OrderReport.executed(subject, fills) { return .orders([report], next: nil) }
        guard try result.array("list").isEmpty else { throw Unreadable("the answer is about another order") }
        return .orders([], next: next)
    }

    private func report(_ row: AnswerRow) throws(Unreadable) -> OrderReport { try Self.report(row, isSpot: category.isSpot) }

    static func report(_ row: AnswerRow, isSpot: Bool) throws(Unreadable) -> OrderReport {
        let word = try row.requiredText("orderStatus")
        let filled = try row.filled("cumExecQty")
        var report = OrderReport(status: status(word, hasTraded: filled?.isPositive ?? false), venueState: word)
        report.venueOrderID = VenueOrderID(try row.requiredText("orderId"))
        report.clientOrderID = try row.text("orderLinkId").map { ClientOrderID($0) }
        report.symbol = try row.text("symbol").map { Symbol($0) }
        report.side = try row.side("side")
        // Of a market order the price is the bound that the venue set, and its quantity may be an amount in quote currency.
        let isMarket = try row.text("orderType") == "Market"
        if !isMarket { report.price = try row.amount("price") }
        if !isMarket || !isSpot { report.quantity = try row.amount("qty") }
        report.filledQuantity = filled
        report.averagePrice = row.bound("avgPrice")
        report.version = try row.time("updatedTime")
        let words = [("rejectReason", "EC_NoError"), ("cancelType", "UNKNOWN")].compactMap { key, none in
            row.json[key]?.text.flatMap { $0.isEmpty || $0 == none ? nil : $0 }
        }
        report.reason = words.first
        return report
    }

    /// - Parameter hasTraded: a refused order that traded was canceled with what it had.
    static func status(_ word: String, hasTraded: Bool) -> OrderReport.Status {
        switch word {
        case "New": .open
        case "PartiallyFilled": .partiallyFilled
        case "Filled": .filled
        case "Cancelled", "PartiallyFilledCanceled", "Deactivated": .canceled
        case "Rejected": hasTraded ? .canceled : .rejected
        // `Untriggered` and `Triggered` are conditional orders, which are not placed here.
        default: .unknown
        }
    }

    // MARK: Executions

    private func fills(of subject: FindSubject, _ result: AnswerRow, _ page: HistoryPage) throws(Unreadable) -> QueryAnswer {
        let rows = try result.array("list")
        var fills: [Fill] = []
        for json in rows {
            let row = try AnswerRow(json)
            // Funding, deleveraging, settlement: no trade of an order.
            guard try row.requiredText("execType") == "Trade" else { continue }
            let order = try row.requiredText("orderId")
            let client = try row.text("orderLinkId")
            guard order == subject.venueOrderID?.text || client == subject.clientOrderID.text else { continue }
            let fee = row.figure("execFee")
            fills.append(
                Fill(
                    tradeID: TradeID(try row.requiredText("execId")), venueOrderID: VenueOrderID(order), quantity: try row.requiredAmount("execQty"),
                    price: try row.requiredAmount("execPrice"), fee: fee, feeAsset: try row.text("feeCurrency"),
                    at: try row.requiredMicroseconds("execTime")))
        }
        return .fills(fills, next: page.next(cursor: try Self.next(result, rows: rows.count, limit: Self.fillPageMax, behind: page.cursor)))
    }

    // MARK: Markets

    private func instrument(_ symbol: Symbol, _ row: AnswerRow) throws(Unreadable) -> Instrument {
        guard let price = row.json["priceFilter"], let size = row.json["lotSizeFilter"] else {
            throw Unreadable("no priceFilter, or no lotSizeFilter")
        }
        let (prices, sizes) = (try AnswerRow(price), try AnswerRow(size))
        var instrument = Instrument(symbol: symbol, tradable: try row.text("status") == "Trading")
        instrument.tick = try prices.requiredAmount("tickSize")
        if category.isSpot {
            instrument.lot = try sizes.requiredAmount("basePrecision")
            instrument.maxQuantity = sizes.bound("maxLimitOrderQty", "maxOrderQty")
            instrument.maxMarketQuantity = sizes.bound("maxMarketOrderQty")
            instrument.minNotional = sizes.bound("minOrderAmt")
        } else {
            instrument.lot = try sizes.requiredAmount("qtyStep")
            instrument.minQuantity = sizes.bound("minOrderQty")
            // Above it a reduce-only order would be split into several, which nobody here would know.
            instrument.maxQuantity = sizes.bound("maxOrderQty")
            instrument.maxMarketQuantity = sizes.bound("maxMktOrderQty")
            if category == .inverse { instrument.contractValue = .one } else { instrument.minNotional = sizes.bound("minNotionalValue") }
        }
        return instrument
    }
}
