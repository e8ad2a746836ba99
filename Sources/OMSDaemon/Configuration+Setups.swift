import OMSCore
import Store
import Venues

extension Configuration {
    var journalAccounts: [JournalAccount] { accounts.map { JournalAccount(id: $0.id, venue: $0.venue, product: $0.product) } }

    /// Who each account is, by the configuration.
    func identities(_ credentials: [AccountID: Credentials]) -> [ConfiguredIdentity] {
        accounts.map { account in
            ConfiguredIdentity(
                account: account.id,
                identity: AccountIdentity(venue: account.venue, product: account.product, uid: account.uid, origin: account.pinnedOrigin),
                key: credentials[account.id]?.fingerprint, stream: account.stream?.place)
        }
    }

    /// What the engine is told of each account.
    func setups(_ credentials: [AccountID: Credentials]) -> [AccountSetup] {
        accounts.compactMap { account in
            guard let adapter = account.adapter else { return nil }
            var setup = AccountSetup(
                id: account.id, uid: account.uid, keyFingerprint: credentials[account.id]?.fingerprint ?? account.id.text, rules: adapter)
            setup.requestTimeoutMs = account.requestTimeoutMs
            setup.maxInFlight = account.maxInFlight
            setup.maxIntentAgeMs = account.maxIntentAgeMs
            setup.resendsAfterProof = account.resend == .afterProof
            setup.deadmanMs = account.deadmanMs
            setup.reconcileIntervalMs = account.reconcileIntervalMs
            setup.reconcileLiveMs = account.reconcileLiveMs
            setup.queueMaxOrders = account.queueMaxOrders
            setup.cancelsExternalOrders = account.onExternalOrder == .cancel
            setup.holdUnansweredMs = account.holdUnansweredMs
            setup.freshnessMs = account.freshnessMs
            setup.memoryMs = account.memoryMs
            setup.origin = account.pinnedOrigin
            setup.streamOrigin = account.stream?.place
            if let dialect = account.streamDialect, let name = account.streamName(credentials) {
                setup.stream = StreamSetup(name: name, rules: dialect)
            }
            setup.limits = account.settings(adapter.profile)
            setup.batchMax = account.batchMax
            setup.lentBudgets = account.lentBudgets
            setup.acceptedAssumptions = Set(account.acceptedAssumptions.keys)
            setup.leaving = account.leaving
            setup.assumptions = AccountReader.assumptions(
                venue: account.venue, product: account.product, unit: account.quantityUnit, generation: account.stream?.generation
            ).map(Set.init)
            setup.risk.maxOrderNotional = account.risk.maxOrderNotional
            setup.risk.maxOpenOrders = account.risk.maxOpenOrders
            setup.risk.maxOpenNotional = account.risk.maxOpenNotional
            setup.risk.maxPosition = account.risk.maxPosition
            setup.risk.symbols = account.risk.symbols
            setup.risk.maxOrderQuantity = account.risk.maxOrderQuantity
            setup.risk.maxOrdersPerSecond = account.risk.maxOrdersPerSecond
            setup.risk.priceBand = account.risk.priceBand
            return setup
        }
    }
}

extension AccountConfiguration {
    /// What holds over the venue's limits. Who states a share of one limit by address sends beside others from there: of those that the configuration does not
    /// name it takes the same part.
    func settings(_ profile: VenueProfile) -> [LimitSetting] {
        var settings = limits.map(\.setting)
        let byAddress = budgets(profile).filter { rule in
            let setting = settings.first { $0.budget == rule.name }
            return (setting?.scope ?? rule.scope) == .ip && (!rule.isOffByDefault || setting != nil)
        }
        let parts = byAddress.compactMap { rule -> (share: Int, permits: Int)? in
            guard let setting = settings.first(where: { $0.budget == rule.name }), let share = setting.share else { return nil }
            return (share, LimitTerms(rule, setting).permits)
        }
        guard let least = parts.min(by: { $0.share * $1.permits < $1.share * $0.permits }) else { return settings }
        for rule in byAddress {
            let index = settings.firstIndex { $0.budget == rule.name }
            var setting = index.map { settings[$0] } ?? LimitSetting(budget: rule.name)
            guard setting.share == nil else { continue }
            setting.share = max(rule.heaviest, LimitTerms(rule, setting).permits * least.share / least.permits)
            if let index { settings[index] = setting } else { settings.append(setting) }
        }
        return settings
    }

    /// Scheme, host and port: one text for all spellings of one place.
    var origin: String { baseURL.place }

    /// The same as the journal pins it, which tells a demo from the venue though both are at one host.
    var pinnedOrigin: String { AccountIdentity.place(origin, isDemo: isDemo) }
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

extension AccountConfiguration {
    /// Which connection the account's stream comes over: accounts of one venue, key, place and form share one; nil: it is off.
    func streamName(_ credentials: [AccountID: Credentials]) -> StreamName? {
        guard let stream, let key = credentials[id]?.fingerprint else { return nil }
        return StreamName("\(venue) \(key) \(stream.place) \(stream.generation.rawValue)")
    }

    /// The account's venue, as it is configured.
    var adapter: (any VenueAdapter)? {
        VenueCatalog.adapter(venue: venue, product: product, quantityUnit: quantityUnit, isDemo: isDemo)
    }
}
