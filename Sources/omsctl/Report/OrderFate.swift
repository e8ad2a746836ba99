import OMSCore
import Store

/// An order's states as somebody tells them apart who only wants to know what became of it.
enum OrderFate: String, CaseIterable {
    case filled, resting, canceled, refused
    case givenUp = "given up"
    case waiting
    case unknown

    var states: [OrderState] {
        switch self {
        case .filled: [.filled]
        case .resting: [.acknowledged, .working, .partiallyFilled]
        case .canceled: [.canceled]
        case .refused: [.rejected, .denied]
        case .givenUp: [.expired, .abandoned]
        case .waiting: [.intended]
        case .unknown: [.submitted, .inDoubt]
        }
    }

    var means: String {
        switch self {
        case .filled: "executed in full"
        case .resting: "at the venue: acknowledged, working or partly filled"
        case .canceled: "ended before it was filled, by a cancel or by the venue"
        case .refused: "rejected by the venue, or denied by omsd before it was sent"
        case .givenUp: "not at the venue, proven: its deadline passed, or it was not to be sent again"
        case .waiting: "on record here, not sent yet"
        case .unknown: "in a request without an answer, or in doubt: the venue is asked"
        }
    }

    func count(in tally: JournalFigures.Tally) -> Int { states.reduce(0) { $0 + tally[$1] } }
}
