import OMSCore
import Wire

/// Amending and cancelling: receipts, too; the engine may find later that nothing is to be done (docs/venues/okx.md).
extension OKXDialect {
    private static let named: [String: OKXFields.Kind] = ["instId": .text, "ordId": .text, "clOrdId": .text]
    private static let amended = named.merging(
        ["newSz": .text, "newPx": .text, "reqId": .text, "cxlOnFail": .flag, "pxAmendType": .text]
    ) { $1 }
    /// So many amends of one order may be under way.
    private static let amendsMax = 3

    /// The order that is meant, whatever its state; the venue's id counts where both are told.
    private func target(_ json: JSON, _ account: SimAccount, _ exchange: Exchange) -> SimOrder? {
        func text(_ name: String) -> String? { json[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        let order =
            text("ordId").map { exchange.order(id: $0, uid: account.uid, at: nil) }
            ?? text("clOrdId").flatMap { exchange.order(clientID: $0, uid: account.uid, at: nil) }
        return order.flatMap { $0.symbol == json["instId"]?.string ? $0 : nil }
    }

    /// Checks the fields that name an order, and finds it; `missing` is what is said where there is none.
    private func target(
        _ fields: OKXFields, _ json: JSON, _ account: SimAccount, _ exchange: Exchange, missing: OKXProblem
    ) throws(OKXProblem) -> SimOrder {
        _ = try market(try fields.required("instId"), exchange)
        guard fields["ordId"] != nil || fields["clOrdId"] != nil else { throw OKXProblem(50_014, "Parameter ordId or clOrdId can not be empty.") }
        guard let order = target(json, account, exchange) else { throw missing }
        return order
    }

    /// What an answer repeats of an item: the id that it was named by; the other one stays empty where it is refused or was named by the venue's.
    private func receipt(_ json: JSON) -> OKXReceipt {
        let id = json["ordId"]?.string ?? ""
        return OKXReceipt(orderID: id, clientID: id.isEmpty ? json["clOrdId"]?.string ?? "" : "", requestID: json["reqId"]?.string ?? "")
    }

    /// The client's ids of the orders that are named, by whichever id.
    private func clientIDs(_ items: [JSON], _ account: SimAccount, _ exchange: Exchange) -> [String] {
        items.compactMap { $0["clOrdId"]?.string ?? target($0, account, exchange)?.clientID }
    }

    // MARK: Amending

    func amend(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        let items = try items(call)
        call.clientIDs = clientIDs(items, account, exchange)
        let deadlineMs = try deadline(call, exchange)
        let targets = items.compactMap { target($0, account, exchange)?.id }
        guard Set(targets).count == targets.count else {
            throw OKXProblem(51_512, "Failed to amend orders in batches. Duplicate orders in one request.")
        }
        var allowance = OKXAllowance(call)
        var receipts = items.map(receipt)
        let isAtomic = settings.amendsAreAtomic && settings.accountLevel == 4 && items.count > 1
        var wanted: [(index: Int, change: Change)] = []
        for (index, json) in items.enumerated() {
            do throws(OKXProblem) {
                try door(index, json, deadlineMs, call, &allowance)
                wanted.append((index, try change(try OKXFields(json, known: Self.amended), json, call, account, exchange)))
            } catch {
                receipts[index].problem = error
            }
        }
        let isRefused = isAtomic && receipts.contains { $0.problem != nil }
        for (index, change) in wanted {
            if isRefused {
                receipts[index].problem = Self.sibling
            } else {
                if !change.isNamedByID { receipts[index].orderID = change.order.id }
                receive(change, index, call, exchange)
            }
        }
        return edge.receipts(call, receipts, .modify)
    }

    /// An amend that was looked at and found good.
    private struct Change {
        let order: SimOrder
        var price: Decimal?
        var quantity: Decimal?
        let requestID: String
        let cancelsOnFailure: Bool
        let isNamedByID: Bool
    }

    private func change(
        _ fields: OKXFields, _ json: JSON, _ call: Call, _ account: SimAccount, _ exchange: Exchange
    ) throws(OKXProblem) -> Change {
        let ended = OKXProblem(51_503, "Your order has already been filled or canceled.")
        let order = try target(fields, json, account, exchange, missing: ended)
        let change = Change(
            order: order, requestID: try fields.name("reqId", most: 32) ?? "", cancelsOnFailure: fields.flag("cxlOnFail") ?? false,
            isNamedByID: fields["ordId"] != nil)
        guard !order.state.isClosed else { throw ended }
        do throws(OKXProblem) {
            return try checked(change, fields, call, exchange)
        } catch {
            // The wish comes true at once: what cannot be amended is canceled, and nobody was promised anything.
            if change.cancelsOnFailure {
                withdraw(change, OKXAmend(requestID: change.requestID, result: "", code: error.code, text: error.text), exchange, call)
            }
            throw error
        }
    }

    private func checked(_ asked: Change, _ fields: OKXFields, _ call: Call, _ exchange: Exchange) throws(OKXProblem) -> Change {
        let order = asked.order
        var change = asked
        let market = try market(order.symbol, exchange)
        (change.price, change.quantity) = (try fields.amount("newPx"), try fields.amount("newSz"))
        guard change.price != nil || change.quantity != nil else { throw OKXProblem(51_500, "You must enter a price, quantity, or both.") }
        guard !order.ticket.isMarket else { throw OKXProblem(51_506, "Order modification unavailable for the order type.") }
        guard OKXNotes.of(order).amends < Self.amendsMax else {
            throw OKXProblem(51_513, "Number of modification requests that are currently in progress for an order cannot exceed 3.")
        }
        if let price = change.price {
            change.price = try withinBand(price, order.side, fields, market)
            if !settings.amendsAreJudgedByEngine, crosses(change, exchange, at: call.at) { throw Self.wouldTake }
        }
        if let quantity = change.quantity { try OKXRules.check(quantity: quantity, market) }
        return change
    }

    private static let wouldTake = OKXProblem(51_511, "Operation failed as the order price doesn't meet the requirement for Post Only.")

    private func crosses(_ change: Change, _ exchange: Exchange, at: Int64) -> Bool {
        change.order.ticket.timeInForce == .postOnly && wouldTake(change.order.side, change.price, change.order.symbol, exchange, at: at)
    }

    /// The engine changes the order when it comes to it, or finds that it cannot: its stream says which.
    private func receive(_ change: Change, _ index: Int, _ call: Call, _ exchange: Exchange) {
        let order = change.order
        OKXNotes.of(order).amends += 1
        later(index, moreUs: call.effectDelayUs, exchange, at: call.at) { [unowned self, unowned exchange, unowned order] at in
            OKXNotes.of(order).amends -= 1
            func amend(_ result: String, _ problem: OKXProblem? = nil) -> OKXAmend {
                OKXAmend(requestID: change.requestID, result: result, code: problem?.code ?? "0", text: problem?.text ?? "")
            }
            let problem =
                !order.state.isLive
                ? OKXProblem(51_503, "Your order has already been filled or canceled.")
                : self.crosses(change, exchange, at: at) ? Self.wouldTake : nil
            switch problem {
            case nil:
                self.userStream.tell(amend("0")) { exchange.amend(order, price: change.price, quantity: change.quantity, at: at) }
            case let problem? where change.cancelsOnFailure && order.state.isLive:
                self.userStream.tell(amend("1", problem)) { exchange.cancel(order, at: at) }
            case let problem?:
                self.userStream.tell(amend("-1", problem)) {
                    exchange.tellFailure(
                        of: order.id, uid: order.uid, product: order.ticket.product, symbol: order.symbol, error: problem.code, at: at)
                }
            }
        }
    }

    private func withdraw(_ change: Change, _ amend: OKXAmend, _ exchange: Exchange, _ call: Call) {
        let order = change.order
        later(0, exchange, at: call.at) { [unowned self, unowned exchange, unowned order] at in
            self.userStream.tell(amend) { exchange.cancel(order, at: at) }
        }
    }

    // MARK: Cancelling

    /// Cancels know no deadline.
    func cancel(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        let items = try items(call)
        call.clientIDs = clientIDs(items, account, exchange)
        var allowance = OKXAllowance(call)
        var receipts = items.map(receipt)
        for (index, json) in items.enumerated() {
            do throws(OKXProblem) {
                try door(index, json, nil, call, &allowance)
                let fields = try OKXFields(json, known: Self.named)
                // One code for filled, canceled and unknown.
                let gone = OKXProblem(51_400, "Order cancellation failed as the order has been filled, canceled or does not exist.")
                let order = try target(fields, json, account, exchange, missing: gone)
                guard !order.state.isClosed else { throw gone }
                guard !OKXNotes.of(order).isCanceling else {
                    throw OKXProblem(51_410, "Cancellation failed as the order is already under cancelling status.")
                }
                if fields["ordId"] == nil { receipts[index].orderID = order.id }
                OKXNotes.of(order).isCanceling = true
                later(index, moreUs: call.effectDelayUs, exchange, at: call.at) { [unowned exchange, unowned order] at in
                    OKXNotes.of(order).isCanceling = false
                    exchange.cancel(order, at: at)
                }
            } catch {
                receipts[index].problem = error
            }
        }
        return edge.receipts(call, receipts, .cancel)
    }

    // MARK: The dead man's switch

    /// Seconds until everything of the account, or of a tag of it, is canceled; each request takes the place of the one before, 0 takes it off.
    func cancelAllAfter(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        let fields = try OKXFields(call.json, known: ["timeOut": .text, "tag": .text])
        guard let seconds = Int64(try fields.required("timeOut")), seconds == 0 || (10...120).contains(seconds) else { throw .parameter("timeOut") }
        let tag = try fields.name("tag", most: 16)
        let name = account.uid + "/" + (tag ?? "")
        guard deadMen[name] != nil || tag == nil || deadMen.keys.count(where: { $0.hasPrefix(account.uid + "/") && !$0.hasSuffix("/") }) < 20 else {
            throw .parameter("tag: more than 20")
        }
        deadMen[name, default: 0] += 1
        let (turn, uid) = (deadMen[name], account.uid)
        call.accepted = 1
        if seconds > 0 {
            exchange.schedule(afterUs: .seconds(seconds)) { [unowned self, unowned exchange] _ in
                guard self.deadMen[name] == turn else { return }
                let meant = exchange.unfinished(uid: uid) { order in tag.map { $0 == order.tag("tag") } ?? true }
                // One by one: it takes its time.
                for (index, order) in meant.enumerated() {
                    exchange.schedule(afterUs: Int64(index) * Self.deadManStepUs) { [unowned exchange, unowned order] at in
                        exchange.cancel(order, reason: "cancel_all_after", at: at)
                    }
                }
            }
        }
        return edge.rows(call, [0]) { _, writer in
            writer.members([
                ("triggerTime", seconds == 0 ? "0" : String(call.atMs + seconds * 1_000)), ("tag", tag ?? ""), ("ts", String(call.atMs)),
            ])
        }
    }

    private static let deadManStepUs: Int64 = 50_000
}
