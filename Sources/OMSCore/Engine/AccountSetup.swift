/// What the engine is told of one configured account. Secrets are not among it.
package struct AccountSetup: Sendable {
    package let id: AccountID
    package let uid: String
    /// Stands for the key in budgets of scope apikey; never the key.
    package var keyFingerprint: String
    package let rules: any VenueRules
    package static let requestTimeoutMsDefault: Int64 = 5_000
    package var requestTimeoutMs = AccountSetup.requestTimeoutMsDefault
    /// nil: what the place budget needs at a 200 ms round trip, 4 to 64.
    package var maxInFlight: Int?
    package var maxIntentAgeMs: Int64?
    package var resendsAfterProof = true
    /// How long the venue waits for a word of omsd before it cancels all of the user, in whole seconds; nil: for ever.
    package var deadmanMs: Int64?
    package var reconcileIntervalMs: Int64 = 10_000
    /// The pace while a private stream is live.
    package var reconcileLiveMs: Int64 = 60_000
    /// nil: off, or the venue has none.
    package var stream: StreamSetup?
    /// Limits of a private stream that others speak on: granted to who asks for permits of them, and used by nobody here.
    package var lentBudgets: [BudgetRule] = []
    package var queueMaxOrders = 1_000_000
    package var cancelsExternalOrders = false
    package var holdUnansweredMs: Int64 = 30_000
    /// nil: the venue's own.
    package var freshnessMs: Int64?
    /// nil: the venue's own.
    package var memoryMs: Int64?
    /// Scheme, host and port that requests go to: part of who the account is.
    package var origin = ""
    /// Where its private stream is heard, likewise; nil: it is off.
    package var streamOrigin: String?
    package var limits: [LimitSetting] = []
    package var batchMax: Int?
    package var risk = RiskSetting()
    package var leaving = Leaving.everything
    /// What the venue's page names; nil: any name counts.
    package var assumptions: Set<String>?
    /// What counts as taken for granted though a rehearsal saw it contradicted, by the assumption's name.
    package var acceptedAssumptions: Set<String> = []

    package init(id: AccountID, uid: String, keyFingerprint: String, rules: any VenueRules) {
        (self.id, self.uid, self.keyFingerprint, self.rules) = (id, uid, keyFingerprint, rules)
    }
}

extension BudgetOwner {
    init(_ setup: AccountSetup) {
        self.init(
            profile: setup.rules.profile, uid: setup.uid, keyFingerprint: setup.keyFingerprint,
            streamBudgets: setup.stream?.profile.budgets ?? setup.lentBudgets)
    }
}
