/// How records stand in the sequence.
extension JournalRecord {
    /// Its place in the sequence; nil for records that have none.
    package var seq: Int64? {
        switch self {
        case .intent(_, let event), .intentSettled(_, _, let event), .orderChanged(_, _, _, let event), .commandBorn(_, let event),
            .commandChanged(_, _, let event), .fill(_, _, _, _, let event), .breakFound(_, let event), .breakResolved(_, _, let event),
            .breakAcknowledged(_, _, _, _, let event), .tradingState(_, let event), .kill(_, let event), .sessionGuard(_, let event),
            .identity(_, let event), .rehearsal(_, let event),
            .formulaBroken(_, _, let event), .lookupLag(_, _, let event), .note(_, _, let event), .intentDiscarded(_, _, _, _, let event):
            event.seq
        case .orderBorn(let order, _): order.key.number
        case .intentComplete, .request, .requestEnded, .position, .budget, .permit, .budgetRest, .ban, .banEnded, .unlisted, .idHighWater, .boot,
            .account:
            nil
        }
    }
}
