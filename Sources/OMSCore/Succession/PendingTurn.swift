/// A turn on its way into the log, from its first sending until it is known to be there or not to be wanted any more.
///
/// What was in doubt once stays in doubt: a later sending that the engine refuses says nothing of the first, which may have been written. So only two ends
/// are left then, durable or fenced; the turn is neither taken back nor given another number.
package struct PendingTurn: Sendable {
    package let row: LogRow
    private var wasInDoubt = false

    package init(_ row: LogRow) { self.row = row }

    package enum Verdict: Sendable, Equatable {
        /// Release what waits for it.
        case confirmed
        /// It never was in the log: the turn may be taken back.
        case takenBack(LogRefusal)
        /// Send the same bytes again, and let nothing go.
        case again(String)
        /// The group is another's. Nothing that waited may go; whether the turn counts, the log says.
        case lost(Lease)
        /// The log lacks rows that were durable: append everything behind that number anew, this turn last.
        case appendAgain(after: Int64)
        /// The record cannot be trusted: stop, and let a person look.
        case stop(String)
    }

    package mutating func heard(_ outcome: LogOutcome) -> Verdict {
        switch outcome {
        case .durable(let lease):
            guard lease.epoch == row.epoch, lease.seq == row.turn else {
                return .stop("turn \(row.turn) of epoch \(row.epoch) was written, yet the lease is at turn \(lease.seq) of epoch \(lease.epoch)")
            }
            return .confirmed
        case .inDoubt(let words):
            wasInDoubt = true
            return .again(words)
        case .refused(.fenced(let lease)):
            return lease.epoch > row.epoch ? .lost(lease) : .stop(Self.forgotten(row.epoch, lease))
        case .refused(.behind(let seq)): return .appendAgain(after: seq)
        case .refused(.contradicted(let words)): return .stop(words)
        case .refused(let refusal): return wasInDoubt ? .again(refusal.words) : .takenBack(refusal)
        }
    }

    static func forgotten(_ epoch: Int64, _ lease: Lease) -> String {
        "the log is of epoch \(lease.epoch) (\(lease.holder), turn \(lease.seq)), although epoch \(epoch) was durable: it went back in time"
    }
}
