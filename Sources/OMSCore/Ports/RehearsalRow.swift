/// What a rehearsal at a venue (`omsd rehearse`) saw of what is taken for granted there, as it is on record.
package struct RehearsalRow: Sendable, Equatable {
    package enum Verdict: String, Sendable, CaseIterable {
        case holds, contradicts
        case notSeen = "not_seen"
    }

    /// One assumption, and what was seen of it.
    package struct Seen: Sendable, Equatable {
        package let name: String
        package let assumed: String
        /// In words; empty: nothing was.
        package let seen: String
        package let verdict: Verdict
        /// A promise that rests on it; nil: none does.
        package let bears: String?
        package init(name: String, assumed: String, seen: String, verdict: Verdict, bears: String?) {
            (self.name, self.assumed, self.seen, self.verdict, self.bears) = (name, assumed, seen, verdict, bears)
        }
    }

    /// The number of the line that tells of it; 0: it is not on record yet.
    package let id: Int64
    package let account: AccountID
    /// Microseconds since 1970 UTC.
    package let at: Int64
    /// That it placed.
    package let orders: Int
    package let assumptions: [Seen]
    /// Names of what promises rest on, and this rehearsal or an earlier one saw contradicted, and none since saw hold.
    package let standing: [String]

    package init(id: Int64, account: AccountID, at: Int64, orders: Int, assumptions: [Seen], standing: [String]) {
        (self.id, self.account, self.at, self.orders) = (id, account, at, orders)
        (self.assumptions, self.standing) = (assumptions, standing)
    }

    package var contradicted: [String] { assumptions.filter { $0.verdict == .contradicts }.map(\.name) }

    /// In a line, for the record and for people.
    package var words: String {
        func count(_ verdict: Verdict) -> Int { assumptions.count { $0.verdict == verdict } }
        let broken = contradicted.isEmpty ? "none is contradicted" : "contradicted: \(contradicted.joined(separator: ", "))"
        return "rehearsed: \(count(.holds)) assumptions hold, \(count(.notSeen)) were not seen, \(broken)"
    }

    /// As it goes on record, behind the last one of the account.
    package func recorded(as id: Int64, at: Int64, after last: RehearsalRow?) -> RehearsalRow {
        var standing = Set(last?.standing ?? [])
        for seen in assumptions {
            switch seen.verdict {
            case .holds: standing.remove(seen.name)
            case .contradicts: if seen.bears != nil { standing.insert(seen.name) }
            case .notSeen: break
            }
        }
        return RehearsalRow(id: id, account: account, at: at, orders: orders, assumptions: assumptions, standing: standing.sorted())
    }
}
