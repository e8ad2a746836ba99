import OMSCore

/// Records of every kind: with everything set, and with as little as there can be.
enum RecordSamples {
    static let digest = Digest256((0..<32).map { UInt8($0) })

    static func event(_ kind: EventKind, isFull: Bool = true) -> JournalEvent {
        var event = JournalEvent(seq: 7_000_000_000, at: 1_795_183_260_000_000, kind: kind)
        guard isFull else { return event }
        (event.evidence, event.request, event.actor) = (.query, 42, .peer(uid: 1_000, pid: 77))
        (event.note, event.state) = ("zu wenig Geld ✗\n\"4003\"", "open")
        event.facts = [.init("what", "a text"), .init("count", -3)]
        return event
    }

    static func order(isFull: Bool = true, tag: Tag? = nil) -> Order {
        var terms = OrderTerms(symbol: "btc_usdt", side: .sell, type: .limit)
        if isFull {
            (terms.timeInForce, terms.postOnly, terms.price, terms.quantity) = (.gtc, true, Decimal("39000.5"), Decimal("0.001"))
            (terms.quoteQuantity, terms.reduceOnly, terms.positionSide) = (Decimal("170000000000000000000"), true, .short)
            (terms.marginAction, terms.stp) = (.autoBorrowRepay, .cancelBoth)
            (terms.takeProfit, terms.stopLoss) = (Decimal("0.000000000000000001"), Decimal("-0.1"))
        }
        var order = Order(
            key: 12, clientOrderID: "o4k200000012", account: "mm-az", intent: 3, intentID: "rebalance-7", tag: tag, item: 1,
            terms: terms, intendedAt: 1_795_183_260_000_001, expiresAt: isFull ? 1_795_183_999_000_000 : nil,
            sequence: isFull ? .placeFirst : .cancelFirst)
        guard isFull else { return order }
        (order.state, order.evidence, order.venueState, order.venueOrderID) = (.rejected, .response, "FAILED ✗", "598345")
        (order.price, order.quantity, order.filledQuantity) = (nil, Decimal("0.002"), Decimal("0.0005") ?? .zero)
        (order.averagePrice, order.attempts, order.request, order.wireTime) = (Decimal("38999.75"), 2, 42, 1_795_183_260_123)
        (order.rejectCode, order.rejectText) = ("4003", "")
        (order.submittedAt, order.acknowledgedAt, order.closedAt, order.parkedAt) = (1, 2, 3, 4)
        (order.predictedIDs, order.bars, order.absences) = (["a16e", "a16f"], [.duplicate, .elsewhere], 2)
        return order
    }

    static func command(isFull: Bool = true) -> OrderCommand {
        var command = OrderCommand(
            id: 15, kind: isFull ? .modify : .cancel, order: 12, clientOrderID: "o4k200000012", account: "mm-az", intent: isFull ? 3 : nil,
            price: isFull ? Decimal("39001") : nil, quantity: isFull ? Decimal("0.002") : nil, onFailure: isFull ? .cancel : .keep,
            requestedAt: -1, sequence: .placeFirst, expiresAt: isFull ? .max : nil)
        guard isFull else { return command }
        (command.state, command.attempts, command.request, command.closedAt) = (.refused, 3, 43, .min)
        (command.evidence, command.rejectCode, command.rejectText) = (.response, "30004", "no such order")
        return command
    }

    /// One of each kind, in the order of their numbers.
    static func full() -> [JournalRecord] {
        var intent = IntentRow(
            key: 3, id: "rebalance-7", account: "mm-az", content: IntentContent(version: 2, digest: digest), orders: 100, commands: 2,
            sequence: .placeFirst, plannedRequests: 11, acceptedAt: 1_795_183_260_000_000, expiresAt: 1_795_183_999_000_000)
        (intent.settledAt, intent.guardID) = (9, 2)
        let request = RequestRow(
            id: 42, account: "mm-az", endpoint: "POST /az/future/trade/v1/order/batch", kind: .place, items: 10, timeMs: 1_795_183_260_123,
            signedAt: 5, bodySHA256: digest, permits: [PermitCount(budget: 1, count: 1), PermitCount(budget: 300, count: 20)])
        var end = RequestEnd(id: 42, outcome: .partial)
        (end.sentAt, end.answeredAt, end.httpStatus, end.venueCode) = (6, 7, 200, "0")
        let fill = Fill(
            tradeID: "t1", venueOrderID: "598345", quantity: .one, price: .one, fee: Decimal("-0.0001"), feeAsset: "USDT", at: 1_795_183_260_123_000)
        var broken = Break(
            id: 20, account: "mm-az", kind: .externalOrder, clientOrderID: "o4k200000012", venueOrderID: "598345", detail: "whose?", at: 8)
        broken.acknowledgedAt = 9
        let state = TradingStateRow(account: "mm-az", state: .halted, reason: "lunch", actor: .venue, at: 10)
        var pinned = PinnedIdentity(
            account: "mm-az", venue: "az-futures", product: "usdt", uid: "U1", origin: "https://a:443", keyInUse: "k2", keys: ["k2", "k1"],
            former: [
                FormerPlace(since: 0, until: 17, uid: "U0", origin: "https://b:443"), FormerPlace(since: 17, until: 18, uid: nil, origin: nil),
            ])
        pinned.streamOrigin = "wss://c:443"
        var kill = KillRow(account: "mm-az", since: 19, cancelAll: .unanswered)
        kill.closed = 4
        var guardRow = GuardRow(
            id: 2, user: 1_000, accounts: ["mm-az", "mm-xt"], onLost: .halt, heartbeatMs: 500, graceMs: 600_000, openedAt: 21, token: digest,
            reason: "its connection ended")
        (guardRow.state, guardRow.since) = (.lost, 22)
        let rehearsal = RehearsalRow(
            id: 24, account: "mm-az", at: 25, orders: 20,
            assumptions: [
                .init(name: "freshness", assumed: "a stamp counts for 5000 ms", seen: "", verdict: .contradicts, bears: "P2"),
                .init(name: "tls", assumed: "", seen: "it does", verdict: .holds, bears: nil),
            ], standing: ["freshness"])
        let rest = Rest(until: 11, lastsUs: 12, untilWall: 13)
        return [
            .intent(intent, event(.intentAccepted)), .intentComplete(3), .intentSettled(3, at: 14, event(.intentSettled)),
            .orderBorn(order(), actor: .peer(uid: 0, pid: 1)),
            .orderChanged(order(), from: .acknowledged, fields: [.venueState, .reject, .absences, .predictedID], event(.rejected)),
            .commandBorn(command(), event(.commandRequested)), .commandChanged(command(), from: .submitted, event(.commandChanged)),
            .request(request), .requestEnded(end), .fill(12, "mm-az", "o4k200000012", fill, event(.filled)), .breakFound(broken, event(.breakFound)),
            .breakResolved(id: 20, at: 15, event(.breakResolved)),
            .breakAcknowledged(id: 20, at: 16, reason: "mine", isOver: true, event(.breakAcknowledged)), .tradingState(state, event(.tradingState)),
            .budget(
                BudgetRow(
                    id: 1, venue: "az-futures", owner: "k2", name: "batch-place", scope: .apikey, permits: 200, windowMs: 1_000,
                    shape: .calendar(beginsMs: -28_800_000), learned: 150)),
            .permit(PermitRow(budget: 1, slot: 199, count: 80, request: -4, takenAt: 17, releasedAt: 18, isUnanswered: true)), .unlisted(12, true),
            .idHighWater(.max), .boot(id: "9a0c"), .formulaBroken("mm-asc", true, event(.note)), .identity(pinned, event(.identity)),
            .budgetRest(BudgetRest(budget: 1, usableShare: 100, rest: rest, recoversAt: .max)),
            .ban(VenueBan(family: "bitget", rest: rest, words: "go away")), .banEnded(family: "bitget"), .note(account: "mm-az", 12, event(.note)),
            .kill(kill, event(.note)), .lookupLag("mm-xt", 1_500_000, event(.note)),
            .sessionGuard(guardRow, event(.sessionGuard)), .position(position()), .rehearsal(rehearsal, event(.note)),
            .account(key: 3, "mm-az", venue: "az-futures", product: "usdt"),
            .intentDiscarded(3, "rebalance-7", "mm-az", numbers: [NumberRange(3, 5), NumberRange(9, 9)], event(.intentDiscarded)),
        ]
    }

    static func position() -> PositionRow {
        var row = PositionRow(account: "mm-az", key: PositionKey(symbol: "btc_usdt", positionSide: .short))
        (row.bought, row.sold, row.listedBought, row.listedSold) = (Decimal("10.5"), Decimal(12), Decimal(10), nil)
        (row.feesInBase, row.fills, row.lastFillAt) = (Decimal("-0.000000000000000001"), 7, 1_795_183_260_000_000)
        (row.since, row.before) = (1_795_183_200_000_000, Decimal(3))
        return row
    }

    /// What later versions say, each by the name of its file.
    static func later() -> [(name: String, record: JournalRecord)] {
        let intent = IntentRow(
            key: 3, id: "rebalance-7", account: "mm-az", content: IntentContent(version: 2, digest: digest), orders: 1, commands: 0,
            sequence: .cancelFirst, plannedRequests: 1, acceptedAt: 1_795_183_260_000_000, expiresAt: nil, tag: "grid.btc:1")
        let order = order(tag: intent.tag)
        return [
            ("intent-tagged", .intent(intent, event(.intentAccepted))), ("orderBorn-tagged", .orderBorn(order, actor: .peer(uid: 0, pid: 1))),
            ("orderChanged-tagged", .orderChanged(order, from: .acknowledged, fields: [.reject], event(.rejected))),
        ]
    }

    /// What may be missing is.
    static func bare() -> [JournalRecord] {
        let pinned = PinnedIdentity(account: "mm", venue: "xt-spot", product: "spot", uid: nil, origin: nil, keyInUse: nil, keys: [])
        return [
            .orderBorn(order(isFull: false), actor: .daemon),
            .orderChanged(order(isFull: false), from: .intended, fields: [], event(.closed, isFull: false)),
            .commandBorn(command(isFull: false), event(.commandRequested, isFull: false)), .requestEnded(RequestEnd(id: 1, outcome: .notSent)),
            .permit(PermitRow(budget: 1, slot: 0, request: nil, takenAt: 0, releasedAt: nil, isUnanswered: false)),
            .identity(pinned, event(.identity, isFull: false)), .note(account: nil, nil, event(.start, isFull: false)), .banEnded(family: ""),
            .position(PositionRow(account: "mm", key: PositionKey(symbol: "s", positionSide: nil))),
            .kill(KillRow(account: "mm", since: nil, cancelAll: .notAsked), event(.note, isFull: false)),
            .rehearsal(
                RehearsalRow(id: 1, account: "mm", at: 0, orders: 0, assumptions: [], standing: []), event(.note, isFull: false)),
            .sessionGuard(
                GuardRow(id: 1, user: 0, accounts: [], onLost: .cancel, heartbeatMs: nil, graceMs: 0, openedAt: 0, token: digest, reason: ""),
                event(.sessionGuard, isFull: false)),
        ]
    }
}
