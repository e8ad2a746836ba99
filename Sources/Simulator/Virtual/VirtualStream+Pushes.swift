import OMSCore

/// What happens at venues, as streams tell it.
extension VirtualStream {
    /// Something happened to an order.
    func happened(_ report: OrderReport, at venue: String) {
        let order = report.order
        guard report.standing.state != .accepted else { return }
        let name = Self.name(venue, order.uid)
        guard let id = connections(of: name).last(where: { isSubscribed($0, to: order.symbol) }) else { return }
        guard let connection = open[id], !connection.isMute, !weather.isMute else { return }
        if order.requestNumber == 0 { surroundings.note(.streamForeign) }
        push(.order(heard(report)), id, version: report.standing.updateNumber)
        if let fill = report.fill { tell(fill, of: order, id) }
        if random.chance(weather.foreign) { push(.order(foreign(order)), id) }
    }

    private func isSubscribed(_ id: RequestID, to symbol: String) -> Bool {
        guard let connection = open[id] else { return false }
        return connection.channels.contains { !weather.kind.isBySymbol || $0.text.hasSuffix(":\(symbol)") }
    }

    private func clientID(of order: SimOrder) -> ClientOrderID? {
        order.clientID.isEmpty || !weather.kind.namesClients ? nil : ClientOrderID(order.clientID)
    }

    private func heard(_ news: OrderReport) -> HeardOrder {
        let (order, standing) = (news.order, news.standing)
        let status: OMSCore.OrderReport.Status =
            switch standing.state {
            case .accepted: .accepted
            case .open: .open
            case .partiallyFilled: .partiallyFilled
            case .filled: .filled
            case .canceled: .canceled
            case .expired: .expired
            case .rejected: .rejected
            }
        var report = OMSCore.OrderReport(status: status, venueState: standing.state.rawValue)
        (report.venueOrderID, report.symbol, report.clientOrderID) = (VenueOrderID(order.id), Symbol(order.symbol), clientID(of: order))
        report.side = order.side == .buy ? .buy : .sell
        (report.price, report.quantity, report.filledQuantity) = (standing.price, standing.quantity, standing.filled)
        var heard = HeardOrder(report, product: order.ticket.product)
        if weather.kind.hasVersions { heard.pushedVersion = Int64(standing.updateNumber) }
        return heard
    }

    /// An order of another product of the same user, which is no account here.
    private func foreign(_ order: SimOrder) -> HeardOrder {
        surroundings.note(.streamForeign)
        var report = OMSCore.OrderReport(status: .open, venueState: "open")
        (report.venueOrderID, report.symbol, report.side) = (VenueOrderID("77\(order.id)"), Symbol(order.symbol), .buy)
        (report.price, report.quantity, report.filledQuantity) = (order.price, order.quantity, .zero)
        return HeardOrder(report, product: "another product")
    }

    private func tell(_ fill: SimFill, of order: SimOrder, _ id: RequestID) {
        let isNameless = random.chance(weather.nameless)
        if isNameless { surroundings.note(.streamNameless) }
        guard weather.kind.tellsFills, !isNameless, let name = open[id]?.stream, surroundings.listsFills(name) else {
            var execution = HeardExecution(venueOrderID: VenueOrderID(order.id), clientOrderID: clientID(of: order), product: order.ticket.product)
            execution.symbol = Symbol(order.symbol)
            return push(.fillsDue(execution), id)
        }
        push(.fill(heard(fill, of: order)), id)
        guard random.chance(weather.differing) else { return }
        surroundings.later(delay() + 50_000) { [weak self] in
            // The first sight is what counts: a lie that came first would stand, and nobody could tell.
            guard let self, surroundings.isBooked(TradeID(fill.id), VenueOrderID(order.id)) else { return }
            surroundings.note(.streamTradeDiffers)
            var other = heard(fill, of: order)
            other.fill = Fill(
                tradeID: other.fill.tradeID, venueOrderID: other.fill.venueOrderID, quantity: fill.quantity.adding(fill.quantity) ?? .one,
                price: fill.price, fee: fill.fee, feeAsset: nil, at: fill.at)
            deliver(.fill(other), id, version: 0, after: delay())
        }
    }

    private func heard(_ fill: SimFill, of order: SimOrder) -> HeardFill {
        var heard = HeardFill(
            Fill(
                tradeID: TradeID(fill.id), venueOrderID: VenueOrderID(order.id), quantity: fill.quantity, price: fill.price, fee: fill.fee,
                feeAsset: nil, at: fill.at),
            product: order.ticket.product)
        (heard.clientOrderID, heard.symbol) = (clientID(of: order), Symbol(order.symbol))
        return heard
    }
}
