/// How long a venue wants to be left alone, in a form that outlives the process.
package struct Rest: Sendable, Equatable {
    /// Microseconds of the boot's clock.
    package var until: Int64
    /// All of it from its beginning, microseconds.
    package let lastsUs: Int64
    /// By the wall clock, for people.
    package let untilWall: Int64
    package init(until: Int64, lastsUs: Int64, untilWall: Int64) { (self.until, self.lastsUs, self.untilWall) = (until, lastsUs, untilWall) }

    /// - Parameter us: from now.
    package init(for us: Int64, at now: Moment) { self.init(until: now.monotonic + us, lastsUs: us, untilWall: now.wall + us) }

    /// As another boot has it, whose clock began anew: all of it again. The wall clock is no evidence: it may have been set meanwhile, and what is left by it
    /// is never more than all of it.
    package func countedAnew(at now: Moment) -> Rest {
        let left = max(0, min(lastsUs, Self.longest))
        return Rest(until: now.monotonic + left, lastsUs: lastsUs, untilWall: now.wall + left)
    }

    private static let longest: Int64 = .seconds(86_401)
}

/// What a refusal for the rate left of one budget, until its share has grown back.
package struct BudgetRest: Sendable, Equatable {
    package let budget: Int64
    /// Permits that may be used meanwhile.
    package let usableShare: Int
    /// Nothing before its end.
    package let rest: Rest
    /// When the share grows next, microseconds of the boot's clock.
    package let recoversAt: Int64
    package init(budget: Int64, usableShare: Int, rest: Rest, recoversAt: Int64) {
        (self.budget, self.usableShare, self.rest, self.recoversAt) = (budget, usableShare, rest, recoversAt)
    }

    package var ended: BudgetRest { BudgetRest(budget: budget, usableShare: usableShare, rest: rest, recoversAt: .max) }

    /// The share is whole again.
    package var isOver: Bool { recoversAt == .max }

    package func countedAnew(at now: Moment) -> BudgetRest {
        let anew = rest.countedAnew(at: now)
        return BudgetRest(budget: budget, usableShare: usableShare, rest: anew, recoversAt: anew.until)
    }
}

/// A venue serves none of our accounts.
package struct VenueBan: Sendable, Equatable {
    /// The venue's family of hosts: `bitget` of `bitget-margin`.
    package let family: String
    package let rest: Rest
    /// The venue's words.
    package let words: String
    package init(family: String, rest: Rest, words: String) { (self.family, self.rest, self.words) = (family, rest, words) }

    func countedAnew(at now: Moment) -> VenueBan { VenueBan(family: family, rest: rest.countedAnew(at: now), words: words) }
}
