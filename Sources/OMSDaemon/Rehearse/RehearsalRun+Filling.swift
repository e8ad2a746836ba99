import CLinux
import ControlAPI
import OMSCore
import Venues
import Wire

/// The part in which something executes: the daemon places and cancels, under a guard as before; looking, listing and listening are done here.
extension RehearsalRun {
    /// How long an order that should be closed at once is waited for, microseconds.
    private static let patienceUs: Int64 = 20_000_000

    /// - Parameters:
    ///   - resting: what rests beside the one that can do neither.
    ///   - order: what is to execute.
    /// - Returns: what was placed, bought and seen, by orders and by the stream. Everything is closed, or `surprises` names it.
    mutating func fill(_ order: SmallestOrder, beside resting: SmallestOrder, in market: Instrument, _ rehearsal: Rehearsal) -> (
        FillingRehearsal, heard: [RehearsalRow.Seen]
    ) {
        let ids = Self.ids(adapter.profile.clientIDs)
        var ear: RehearsalEar?
        var trouble: ControlCaller.Problem?
        if speaksOnStream, let opened = openEar(market.symbol, rehearsal, staysOpen: true) {
            do throws(ControlCaller.Problem) { try follow(opened, rehearsal) } catch { trouble = error }
            ear = opened
        }
        let isHeard = ear?.talk.isListening ?? false
        var filling = FillingRehearsal(
            adapter.profile, stream: isHeard ? account.streamDialect?.profile : nil, batch: Array(ids.prefix(3)), id: ids[3], order: order, in: market
        )
        do throws(ControlCaller.Problem) {
            if let trouble { throw trouble }
            try fill(&filling, beside: resting, ear, rehearsal)
        } catch { filling.broke("\(error)") }
        ear?.talk.leave()
        if let ear { try? follow(ear, rehearsal) }
        return (filling, ear?.talk.seen ?? [])
    }

    private mutating func fill(
        _ filling: inout FillingRehearsal, beside resting: SmallestOrder, _ ear: RehearsalEar?, _ rehearsal: Rehearsal
    ) throws(ControlCaller.Problem) {
        let held = try guarded()
        while let step = filling.next() {
            // Heartbeats of the venue's are answered whatever else is done.
            if let ear { try follow(ear, rehearsal) }
            let heard: FillingRehearsal.Heard
            switch step {
            case .placeBatch(let ids): heard = try batched(ids, filling.order, beside: resting, in: filling.market)
            case .cancel(let id):
                var intent = IntentSubmit.Parameters()
                intent.cancel = [.string(id.text)]
                try settle(intent, until: "settled")
                heard = .order(try stood(id))
            case .buy(let id): heard = try bought(id, filling.order, in: filling.market)
            case .look(let id, let venueID, let page, let afterMs):
                pause(afterMs)
                heard = try shown(subject(id, venueID, filling.order, in: filling.market, rehearsal), page: page, rehearsal)
            case .list(let id, let venueID, let afterMs):
                pause(afterMs)
                let looked = subject(id, venueID, filling.order, in: filling.market, rehearsal)
                let subject = FindSubject(
                    order: OrderKey(0), clientOrderID: id, venueOrderID: venueID, predictedIDs: [venueID], terms: looked.terms,
                    sinceMs: looked.sinceMs)
                heard = try listed(subject, rehearsal)
            case .hear(let forMs):
                if let ear { try follow(ear, rehearsal, forMs: forMs) }
                let pushes = ear?.talk.takePushes() ?? []
                heard = pushes.isEmpty && !(ear?.talk.isListening ?? false) ? .nothing("the stream ended") : .told(pushes)
            }
            filling.heard(heard, at: Self.now)
        }
        try release(held)
    }

    private func pause(_ ms: Int64) { if ms > 0 { usleep(UInt32(clamping: ms) * 1_000) } }

    // MARK: Steps

    private func batched(_ ids: [ClientOrderID], _ order: SmallestOrder, beside resting: SmallestOrder, in market: Instrument)
        throws(ControlCaller.Problem) -> FillingRehearsal.Heard
    {
        var intent = IntentSubmit.Parameters()
        let postOnly: [(key: String, value: JSON)] = [(key: "post_only", value: .bool(true))]
        intent.place = ids.enumerated().map { item($1, $0 == 1 ? order : resting, in: market, more: postOnly) }
        if let why = try refusal(of: intent) { return .nothing(why) }
        // Only the one between them ends by itself.
        _ = try closed(ids[1])
        var orders: [RehearsedOrder] = []
        for id in ids { orders.append(try stood(id)) }
        return .batch(orders)
    }

    private func bought(_ id: ClientOrderID, _ order: SmallestOrder, in market: Instrument) throws(ControlCaller.Problem) -> FillingRehearsal.Heard {
        var intent = IntentSubmit.Parameters()
        intent.place = [item(id, order, in: market, more: [(key: "time_in_force", value: .string("ioc"))])]
        if let why = try refusal(of: intent) { return .nothing(why) }
        return .order(try closed(id))
    }

    /// Hands it over and waits for the venue's word; else in words why the daemon refused it: then nothing of it is on record.
    private func refusal(of intent: IntentSubmit.Parameters) throws(ControlCaller.Problem) -> String? {
        let handed: String
        do throws(ControlCaller.Problem) { handed = try handOver(intent) } catch {
            if case .refused(_, let words) = error { return "the daemon refused it (\(words))" }
            throw error
        }
        do throws(ControlCaller.Problem) { try wait(for: handed, until: "acknowledged") } catch {
            guard case .refused = error else { throw error }
        }
        return nil
    }

    /// As it stands once it is closed, or after a while. Nobody may push it: the daemon is asked to look.
    private func closed(_ id: ClientOrderID) throws(ControlCaller.Problem) -> RehearsedOrder {
        let end = Self.now + Self.patienceUs
        while true {
            let order = try stood(id)
            guard order.fate != .closed, Self.now < end else { return order }
            usleep(250_000)
            var asked = AccountReconcile.Parameters()
            asked.account = account.id.text
            do throws(ControlCaller.Problem) { _ = try caller.ask(AccountReconcile.self, asked) } catch {
                guard case .refused = error else { throw error }
            }
        }
    }

    private func stood(_ id: ClientOrderID) throws(ControlCaller.Problem) -> RehearsedOrder {
        let shown = try order(id)
        let fate: RehearsedOrder.Fate =
            switch OrderState(rawValue: shown.state) {
            case .acknowledged, .working, .partiallyFilled: .open
            case .filled, .canceled, .expired, .rejected, .denied, .abandoned: .closed
            case .intended, .submitted, .inDoubt, nil: .unknown
            }
        var order = RehearsedOrder(id, fate, state: shown.state)
        order.venueOrderID = shown.venueOrderID.map { VenueOrderID($0) }
        (order.filled, order.averagePrice) = (Decimal(shown.filledQuantity) ?? .zero, shown.averagePrice.flatMap { Decimal($0) })
        let words = [shown.rejectCode, shown.rejectText].compactMap { $0 }
        order.refusal = words.isEmpty ? nil : words.joined(separator: " ")
        return order
    }

    private mutating func shown(_ subject: FindSubject, page: Int, _ rehearsal: Rehearsal) throws(ControlCaller.Problem) -> FillingRehearsal.Heard {
        guard case .answered(let answer, _, _) = try ask(.find([subject], step: page), agedMs: 0, windowMs: rehearsal.windowMs, rehearsal),
            case .orders(let reports, _, _)? = answer.query
        else { return .nothing("no answer") }
        return .shown(reports)
    }

    private mutating func listed(_ subject: FindSubject, _ rehearsal: Rehearsal) throws(ControlCaller.Problem) -> FillingRehearsal.Heard {
        switch try ask(.fills(subject, page: nil), agedMs: 0, windowMs: rehearsal.windowMs, rehearsal) {
        case .answered(let answer, _, _):
            switch answer.query {
            case .fills(let rows, _): return .listed(rows)
            case .failed(let why): return .nothing(why)
            default: return .nothing("HTTP \(answer.httpStatus)")
            }
        case .unanswered(let why): return .nothing(why)
        case .heard, .paused: return .nothing("no answer")
        }
    }

    // MARK: What is the account's

    /// What orders of rehearsals bought that no rehearsal told of: one that was killed could not. In words.
    func boughtUntold() throws(ControlCaller.Problem) -> [String] {
        let told = try caller.ask(AccountList.self).accounts.first { $0.account == account.id.text }?.rehearsal?.at ?? 0
        var asked = OrderList.Parameters()
        (asked.selection.account, asked.tag, asked.page.limit) = (account.id.text, Self.tag, 1_000)
        let orders: [ShownOrder]
        do throws(ControlCaller.Problem) { orders = try caller.ask(OrderList.self, asked).orders } catch {
            // A tag that nothing bears is an error there.
            if case .refused = error { return [] }
            throw error
        }
        return orders.filter { $0.clientOrderID.hasPrefix(Self.idPrefix) && $0.filledQuantity != "0" && $0.intendedAt > told }.map { order in
            "a rehearsal that did not tell it bought \(order.filledQuantity) \(order.symbol)\(order.averagePrice.map { " at \($0)" } ?? "") by "
                + "\(order.clientOrderID): it is the account's"
        }
    }
}
