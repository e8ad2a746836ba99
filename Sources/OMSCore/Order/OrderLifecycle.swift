/// The table of moves. A state, and where evidence may take it.
extension OrderState {
    /// Whether an order in this state may come to be in `next`.
    ///
    /// | from | to | because |
    /// |---|---|---|
    /// | intended | submitted | a request that carries it is durable and leaves |
    /// | intended | canceled, expired, denied | withdrawn, too late, or refused here: it never left |
    /// | submitted | acknowledged and beyond, rejected | the answer says so |
    /// | submitted | intended | surely not executed |
    /// | submitted, in doubt | in doubt | no answer, or none that can be read |
    /// | in doubt | what the venue shows | found |
    /// | in doubt | intended, abandoned | proven absent |
    /// | in doubt | rejected | proven absent, after a refusal that was not clear enough by itself |
    /// | acknowledged | abandoned | a person takes back that it was placed, and nothing of it was ever seen |
    /// | terminal by inference | what the venue shows | its evidence is better; a break tells |
    package func mayBecome(_ next: OrderState) -> Bool {
        switch self {
        case .intended:
            switch next {
            case .submitted, .canceled, .expired, .denied, .abandoned: true
            // Found at the venue although its request counted as not sent, or after a restore: evidence wins.
            case .inDoubt, .acknowledged, .working, .partiallyFilled, .filled, .rejected: true
            case .intended: false
            }
        case .submitted:
            switch next {
            case .intended, .inDoubt, .acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired, .rejected: true
            case .submitted, .denied, .abandoned: false
            }
        case .inDoubt:
            switch next {
            case .intended, .acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired, .rejected, .abandoned: true
            case .submitted, .inDoubt, .denied: false
            }
        case .acknowledged, .working, .partiallyFilled:
            switch next {
            case .acknowledged: false
            case .working, .partiallyFilled, .filled, .canceled, .expired, .rejected: self != next
            case .abandoned: self == .acknowledged
            case .intended, .submitted, .inDoubt, .denied: false
            }
        case .canceled, .expired, .abandoned, .rejected:
            // Only where the state was inferred or local; the caller holds the evidence.
            switch next {
            case .acknowledged, .working, .partiallyFilled, .filled, .canceled, .expired, .rejected: self != next
            case .intended, .submitted, .inDoubt, .denied, .abandoned: false
            }
        case .filled, .denied:
            false
        }
    }
}

/// The table of a command's moves.
extension CommandState {
    package func mayBecome(_ next: CommandState) -> Bool {
        switch self {
        case .requested:
            switch next {
            case .submitted, .done, .refused, .withdrawn, .superseded: true
            case .requested, .acknowledged, .inDoubt: false
            }
        case .submitted:
            switch next {
            case .requested, .acknowledged, .done, .refused, .inDoubt: true
            case .submitted, .withdrawn, .superseded: false
            }
        case .acknowledged:
            switch next {
            case .requested, .done, .refused, .superseded: true
            case .submitted, .acknowledged, .withdrawn, .inDoubt: false
            }
        case .inDoubt:
            switch next {
            case .requested, .acknowledged, .done, .refused, .superseded: true
            case .submitted, .withdrawn, .inDoubt: false
            }
        case .done, .refused, .withdrawn, .superseded:
            false
        }
    }
}
