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
            setup.limits = account.limits.map { limit in
                var setting = LimitSetting(budget: limit.budget)
                setting.scope = limit.scope
                (setting.permits, setting.windowMs, setting.marginMs) = (limit.permits, limit.windowMs, limit.marginMs)
                (setting.share, setting.reserve, setting.penaltyMs) = (limit.share, limit.reserve, limit.penaltyMs)
                return setting
            }
            setup.batchMax = account.batchMax
            setup.risk.maxOrderNotional = account.risk.maxOrderNotional
            setup.risk.maxOpenOrders = account.risk.maxOpenOrders
            setup.risk.symbols = account.risk.symbols
            return setup
        }
    }
}
