extension Engine {
    /// An answer shows something against what the configuration takes for granted: what is sent on may mean something else than was asked.
    ///
    /// Nothing new leaves until a person has looked: a start with another setting, or `resume`, asks the venue again. Cancels and look-ups go on.
    func contradicted(_ why: String, on desk: Desk) {
        guard desk.assumptionProblem == nil else { return }
        desk.assumptionProblem = why
        found(.assumption, of: nil, on: desk, detail: why)
    }

    /// The account was asked about, and nothing in the answer speaks against its unit of quantities.
    func assumptionHolds(on desk: Desk) {
        guard desk.assumptionProblem == nil, desk.profile.quantityUnit != nil else { return }
        mended(.assumption, on: desk)
    }

    /// At a start: what was shown against the setting that still stands is not forgotten, though the row that showed it may not come again.
    func remember(_ broken: Break, on desk: Desk) {
        guard broken.kind == .assumption, let unit = desk.profile.quantityUnit else { return }
        guard broken.detail.contains("quantity_unit says \(unit.rawValue)") else { return }
        desk.assumptionProblem = broken.detail
    }

    /// Lets the account try again what was found wrong: the venue is asked anew for whatever may speak against it (markets, closed and open orders), and
    /// nothing new leaves before it has answered.
    func askAgain(_ desk: Desk) {
        guard desk.assumptionProblem != nil else { return }
        (desk.assumptionProblem, desk.facts, desk.instrumentsAt, desk.hasReconciled) = (nil, nil, nil, false)
        (desk.prepareAt, desk.nextSweepAt) = (now.monotonic, now.monotonic)
    }
}
