import OMSCore
import Venues

extension Configuration {
    /// What the engine is told of each account.
    func setups(_ credentials: [AccountID: Credentials]) -> [AccountSetup] {
        accounts.compactMap { account in
            guard let adapter = VenueCatalog.adapter(venue: account.venue, product: account.product) else { return nil }
            var setup = AccountSetup(
                id: account.id, uid: account.uid, keyFingerprint: credentials[account.id]?.fingerprint ?? account.id.text, rules: adapter)
            setup.requestTimeoutMs = account.requestTimeoutMs
            setup.maxInFlight = account.maxInFlight
            setup.maxIntentAgeMs = account.maxIntentAgeMs
            setup.resendsAfterProof = account.resend == .afterProof
            setup.reconcileIntervalMs = account.reconcileIntervalMs
            setup.queueMaxOrders = account.queueMaxOrders
            setup.cancelsExternalOrders = account.onExternalOrder == .cancel
            setup.holdUnansweredMs = account.holdUnansweredMs
            setup.freshnessMs = account.freshnessMs
            setup.memoryMs = account.memoryMs
            setup.origin = account.baseURL.description.lowercased()
            setup.limits = account.limits.map(\.setting)
            setup.batchMax = account.batchMax
            setup.risk.maxOrderNotional = account.risk.maxOrderNotional
            setup.risk.maxOpenOrders = account.risk.maxOpenOrders
            setup.risk.symbols = account.risk.symbols
            return setup
        }
    }
}

extension LimitConfiguration {
    /// As the limiter takes it.
    var setting: LimitSetting {
        var setting = LimitSetting(budget: budget)
        setting.scope = scope
        (setting.permits, setting.windowMs, setting.marginMs) = (permits, windowMs, marginMs)
        (setting.share, setting.reserve, setting.penaltyMs) = (share, reserve, penaltyMs)
        return setting
    }
}
