import OMSCore

/// The venue's own dead man's switch, which knows nothing of accounts: it takes all orders of the user.
extension AccountReader {
    func readDeadman(_ profile: VenueProfile?, _ resend: AccountConfiguration.Resend) -> Int64? {
        guard let ms = section.integer("deadman_ms", in: 5_000...60_000), let profile else { return nil }
        func refuse(_ problem: String) -> Int64? {
            section.report(problem, "deadman_ms")
            return nil
        }
        guard let range = profile.countdownSeconds else {
            return refuse("\(profile.venue) has no countdown that omsd could keep: use a guard (session.guard) instead")
        }
        guard ms % 1_000 == 0 else { return refuse("\(ms) is not in whole seconds, as venues count it") }
        guard range.contains(Int(ms / 1_000)) else {
            return refuse("\(profile.venue) takes \(range.lowerBound * 1_000) to \(range.upperBound * 1_000)")
        }
        guard resend == .never else {
            return refuse("only with resend: \"never\": what is sent again could be let in once more behind the venue's cancel")
        }
        return ms
    }

    /// What one account of a user has pulled is all of the user's: none of them is to learn it from the venue.
    static func checkDeadmen(_ accounts: [(configuration: AccountConfiguration, section: ConfigurationSection)]) {
        for (index, (account, section)) in accounts.enumerated() {
            let former = accounts[..<index].map(\.configuration).first {
                $0.venue == account.venue && $0.uid == account.uid && $0.isDemo == account.isDemo
            }
            if account.deadmanMs != nil,
                let other = accounts.map(\.configuration).first(where: {
                    $0.venue == account.venue && $0.uid == account.uid && $0.isDemo != account.isDemo && $0.deadmanMs != nil
                }), account.isDemo
            {
                section.report("\(other.id) of the same user has one, too: a lost answer of the demo's would hold up that one's", "deadman_ms")
            }
            guard let former, former.deadmanMs != account.deadmanMs else { continue }
            func words(_ ms: Int64?) -> String { ms.map { String($0) } ?? "none" }
            section.report(
                "\(words(account.deadmanMs)) here, \(words(former.deadmanMs)) for \(former.id) of the same user: the venue keeps one countdown for all of his orders, "
                    + "so that all of his accounts must name it", "deadman_ms")
        }
    }
}
