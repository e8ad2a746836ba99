/// What the account's last rehearsal saw, and what its owner accepts of that. Part of ``Access``.
struct Rehearsed {
    /// nil: there was none.
    private(set) var row: RehearsalRow?
    private var accepted: Set<String>
    /// What the venue's page names: of what it names no more nothing can be seen to hold. nil: any name counts.
    private let known: Set<String>?
    /// Names of what was seen contradicted, and is not accepted: nothing new leaves while there is one.
    private(set) var standing: [String] = []

    /// - Parameter accepted: names of assumptions (`accept_assumption`).
    init(accepted: Set<String>, known: Set<String>?) { (self.accepted, self.known) = (accepted, known) }

    mutating func learn(_ row: RehearsalRow) {
        self.row = row
        weigh()
    }

    mutating func accept(_ names: Set<String>) {
        accepted = names
        weigh()
    }

    private mutating func weigh() { standing = (row?.standing ?? []).filter { !accepted.contains($0) && known?.contains($0) ?? true } }

    /// Why the account is not ready; nil: nothing stands against it.
    var trouble: String? {
        guard !standing.isEmpty else { return nil }
        return "a rehearsal saw the venue contradict what is taken for granted (\(standing.joined(separator: ", "))): "
            + "rehearse again once it holds, or name it in accept_assumption"
    }
}
