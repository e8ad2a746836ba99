import OMSCore

/// How the daemon has an order of a rehearsal.
package struct RehearsedOrder: Sendable, Equatable {
    package enum Fate: Sendable { case open, closed, unknown }

    package let id: ClientOrderID
    package let fate: Fate
    /// The daemon's word for it.
    package let state: String
    package var venueOrderID: VenueOrderID?
    package var filled = Decimal.zero
    package var averagePrice: Decimal?
    /// The venue's words where it said no.
    package var refusal: String?

    package init(_ id: ClientOrderID, _ fate: Fate, state: String) { (self.id, self.fate, self.state) = (id, fate, state) }
}

/// What a private stream told, and when: microseconds of the runner's clock.
package struct HeardPush: Sendable {
    package let news: StreamNews
    package let at: Int64
    package init(_ news: StreamNews, at: Int64) { (self.news, self.at) = (news, at) }
}

extension OrderReport {
    /// Nothing comes of it any more.
    var isClosed: Bool {
        switch status {
        case .filled, .canceled, .expired, .rejected: true
        case .accepted, .open, .partiallyFilled, .unknown: false
        }
    }
}
