/// Whether a stamp can be too old at a venue.
enum OldStamps: String, Sendable {
    case refused, taken
    /// Those of places, changes and cancels alone are taken.
    case orders

    func takes(_ kind: Route.Kind) -> Bool {
        switch self {
        case .refused: false
        case .taken: true
        case .orders:
            switch kind {
            case .place, .cancel, .modify, .mixed: true
            case .lookup, .session, .public: false
            }
        }
    }
}
