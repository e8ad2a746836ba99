/// What a break of no order and no venue id is about: one of each stands at a time.
struct BreakSubject: Hashable {
    let kind: BreakKind
    /// What tells it from others of its kind; empty: it is the only one.
    let name: String
}

/// One account's differences between the record and its venue: found once while they stand, closed when their reason is gone, taken note of by a person. What is
/// one, and when its reason is gone, is decided elsewhere (`Engine+Breaks`).
///
/// An owner: its state is written here alone, and so are the rows of breaks.
final class Breaks {
    /// That stand, by their numbers.
    private(set) var standing: [Int64: Break] = [:]
    /// Of orders, live or closed.
    private var ofOrders: [ClientOrderID: [BreakKind: Int64]] = [:]
    /// Of orders seen open that the record does not answer for, and reported.
    private(set) var externals: [VenueOrderID: Int64] = [:]
    /// Of neither an order nor a venue id.
    private(set) var ofAccount: [BreakSubject: Int64] = [:]

    subscript(id: Int64) -> Break? { standing[id] }
    subscript(kind: BreakKind, order: ClientOrderID) -> Break? { ofOrders[order]?[kind].flatMap { standing[$0] } }
    subscript(external: VenueOrderID) -> Break? { externals[external].flatMap { standing[$0] } }
    subscript(kind: BreakKind, subject: String) -> Break? { ofAccount[BreakSubject(kind: kind, name: subject)].flatMap { standing[$0] } }

    /// One of no order and no venue id, the only one of its kind.
    func isStanding(_ kind: BreakKind) -> Bool { !ofAccount.isEmpty && ofAccount[BreakSubject(kind: kind, name: "")] != nil }

    func hasAny(of order: ClientOrderID) -> Bool { !ofOrders.isEmpty && ofOrders[order] != nil }

    // MARK: Coming and going

    /// Where a break is kept, so that it is found once.
    enum Place {
        case order(ClientOrderID)
        case external(VenueOrderID)
        case account(subject: String)
    }

    /// Records a difference, once while it stands. One that a person took note of still stands.
    ///
    /// - Parameters:
    ///   - ids: what the break names, ours and the venue's.
    /// - Returns: the break, if it is new.
    func found(
        _ kind: BreakKind, _ place: Place, of account: AccountID, _ ids: (client: ClientOrderID?, venue: VenueOrderID?), detail: String, in turn: Turn
    ) -> Break? {
        guard id(kind, place) == nil else { return nil }
        let event = turn.event(.breakFound, note: detail)
        let broken = Break(
            id: event.seq, account: account, kind: kind, clientOrderID: ids.client, venueOrderID: ids.venue, detail: detail, at: turn.now.wall)
        turn.record(.breakFound(broken, event))
        turn.notice(.breakFound(broken), of: account)
        restore(broken, at: place)
        return broken
    }

    /// Puts one of the journal back, at a start.
    ///
    /// - Parameter place: nil: its account is not configured, and nothing of it is found or ends.
    func restore(_ broken: Break, at place: Place?) {
        standing[broken.id] = broken
        switch place {
        case nil: break
        case .order(let id)?: ofOrders[id, default: [:]][broken.kind] = broken.id
        case .external(let id)?: externals[id] = broken.id
        case .account(let subject)?: ofAccount[BreakSubject(kind: broken.kind, name: subject)] = broken.id
        }
    }

    /// Its reason is gone.
    func mended(_ id: Int64, in turn: Turn) {
        guard let broken = standing.removeValue(forKey: id) else { return }
        forget(broken)
        turn.notice(.breakResolved(broken), of: broken.account)
        turn.record(.breakResolved(id: id, at: turn.now.wall, turn.event(.breakResolved)))
    }

    func mended(_ kind: BreakKind, _ place: Place, in turn: Turn) { if let id = id(kind, place) { mended(id, in: turn) } }

    /// A person took note. What nothing else could end is over with it; one that was taken note of before stands as it is.
    func acknowledge(_ id: Int64, reason: String, from actor: Actor, in turn: Turn) {
        guard var broken = standing[id], broken.acknowledgedAt == nil else { return }
        let isOver = !broken.kind.endsByItself
        broken.acknowledgedAt = turn.now.wall
        turn.record(
            .breakAcknowledged(id: id, at: turn.now.wall, reason: reason, isOver: isOver, turn.event(.breakAcknowledged, actor: actor)))
        turn.notice(.breakAcknowledged(broken), of: broken.account)
        standing[id] = isOver ? nil : broken
        if isOver { forget(broken) }
    }

    private func id(_ kind: BreakKind, _ place: Place) -> Int64? {
        switch place {
        case .order(let id): ofOrders.isEmpty ? nil : ofOrders[id]?[kind]
        case .external(let id): externals[id]
        case .account(let subject): ofAccount.isEmpty ? nil : ofAccount[BreakSubject(kind: kind, name: subject)]
        }
    }

    /// Takes it out of the tables that keep it from being found twice.
    private func forget(_ broken: Break) {
        if !broken.kind.isOfStrangers, let id = broken.clientOrderID, ofOrders[id]?[broken.kind] == broken.id {
            ofOrders[id]?[broken.kind] = nil
            if ofOrders[id]?.isEmpty ?? false { ofOrders[id] = nil }
        } else if let id = broken.venueOrderID, externals[id] == broken.id {
            externals[id] = nil
        } else {
            for (subject, id) in ofAccount where id == broken.id { ofAccount[subject] = nil }
        }
    }

    // MARK: To see

    /// In the order in which a person should see them: what rests at the venue and is not on record, then what nobody took note of.
    var inOrder: [Break] {
        func rank(_ broken: Break) -> Int { broken.acknowledgedAt != nil ? 2 : broken.kind.isOfStrangers ? 0 : 1 }
        return standing.values.sorted { (rank($0), $0.id) < (rank($1), $1.id) }
    }

    /// Those that nobody took note of.
    var unacknowledged: [BreakKind: Int] {
        standing.values.reduce(into: [:]) { counts, broken in if broken.acknowledgedAt == nil { counts[broken.kind, default: 0] += 1 } }
    }
}
