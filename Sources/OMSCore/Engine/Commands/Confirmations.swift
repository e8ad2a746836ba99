/// Orders of one account that wait to show what became of commands of theirs.
///
/// An owner: told of each move of a command. When so many are listed instead of asked for is said where listings begin.
struct Confirmations {
    /// With a cancel that the venue took, whose end is not confirmed yet.
    private(set) var taken: Set<OrderKey> = []
    /// When the first of these was taken, by the runner's clock.
    private(set) var takenAt: Int64 = .min
    /// With a command that the venue took, or may have: how they stand now tells what became of it.
    private(set) var lookedFor: Set<OrderKey> = []

    /// As a start finds it. When it was taken is not known any more.
    mutating func restore(_ command: OrderCommand) {
        if command.kind == .cancel, command.state == .acknowledged { taken.insert(command.order) }
        if command.state == .acknowledged || command.state == .inDoubt { lookedFor.insert(command.order) }
    }

    /// A cancel moved.
    mutating func moved(_ cancel: OrderCommand, at now: Int64) {
        guard cancel.state == .acknowledged else {
            taken.remove(cancel.order)
            return
        }
        if taken.isEmpty { takenAt = now }
        taken.insert(cancel.order)
    }

    /// It is confirmed no more by a listing.
    ///
    /// - Returns: whether it was to be.
    mutating func drop(_ order: OrderKey) -> Bool { taken.remove(order) != nil }

    mutating func look(for order: OrderKey, _ isLookedFor: Bool) {
        if isLookedFor { lookedFor.insert(order) } else { lookedFor.remove(order) }
    }
}
