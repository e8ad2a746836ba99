/// Orders that a rebinding left where the account was: nothing of them is sent or asked where it is now, whoever bears their ids there.
extension Engine {
    /// Where an order was left; nil: it is where the account is.
    func place(of order: Order, on desk: Desk) -> FormerPlace? {
        if let place = desk.access.pinned?.place(of: order.key) { return place }
        return order.bars.contains(.elsewhere) ? FormerPlace(since: 0, until: order.key.number, uid: nil, origin: nil) : nil
    }

    func isLeft(_ order: Order, on desk: Desk) -> Bool {
        order.bars.contains(.elsewhere) || !(desk.access.pinned?.former.isEmpty ?? true) && place(of: order, on: desk) != nil
    }

    static func leftWords(_ place: FormerPlace, of account: AccountID) -> String {
        "the order was left at \(place): nothing of it is sent here. Look there, then \(wayBack(to: place, of: account))"
    }

    /// What a person can do. It names both, uid and host: half a way back leads to a third place.
    private static func wayBack(to place: FormerPlace, of account: AccountID) -> String {
        guard let uid = place.uid, let origin = place.origin else { return "order.resolve" }
        return "order.resolve; or bind the account back there (omsd rebind --account \(account) --uid \(uid) --base-url \(origin) --same-venue; "
            + "what was placed elsewhere since then stays where it is)"
    }

    /// How the words of the break begin that tells of them, and its name among those of its kind.
    static let leftBehind = "left behind by a rebinding: "
    static let leftSubject = "/left"

    /// Says for as long as there are any how many there are, and what can be done.
    func tellLeft(_ desk: Desk) {
        let left = desk.book.left.compactMap { desk.book[$0] }
        guard let first = left.min(by: { $0.key < $1.key }), let place = place(of: first.order, on: desk) else {
            return mended(.identity, subject: Self.leftSubject, on: desk)
        }
        let doubts = left.count { $0.state == .inDoubt }
        let words =
            Self.leftBehind + "\(left.count - doubts) live and \(doubts) in doubt, the first \(first.order.clientOrderID) at \(place). "
            + "Nothing of them is sent or asked here: look there, then, for each, \(Self.wayBack(to: place, of: desk.id))"
        // Their number fell: the break says how many are left.
        if let broken = desk.breaks[.identity, Self.leftSubject], broken.detail != words { mended(broken.id, on: desk) }
        found(.identity, of: nil, on: desk, subject: Self.leftSubject, detail: words)
    }
}
