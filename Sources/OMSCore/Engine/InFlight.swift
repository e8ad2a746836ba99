/// A request that left, or is about to.
struct InFlight {
    let plan: RequestPlan
    let grips: [PermitGrip]
    /// It has a row in the journal.
    let isJournaled: Bool
    /// When it was decided, by the runner's clock: it left no sooner.
    let launchedAt: Int64
}
