import ControlAPI
import OMSCore

/// Rehearsals as callers tell of them, and are told.
extension RehearsalRow {
    /// As told, before it is on record.
    ///
    /// - Throws: -32602 naming the first member that is wrong: items are not checked beside the other parameters.
    init(_ asked: RehearsalRecord.Parameters) throws(ControlError) {
        guard (1...500).contains(asked.assumptions.count) else { throw .invalidParams("params.assumptions: should be 1 to 500") }
        var seen: [Seen] = []
        for (index, item) in asked.assumptions.enumerated() {
            func problem(_ words: String) -> ControlError { .invalidParams("params.assumptions[\(index)].\(words)") }
            guard TextRule.freeText.allows(item.name) else { throw problem("name: \(TextRule.freeText.wording)") }
            guard TextRule.freeText.allows(item.assumed) else { throw problem("assumed: \(TextRule.freeText.wording)") }
            guard TextRule.freeText.allows(item.seen) else { throw problem("seen: \(TextRule.freeText.wording)") }
            guard let verdict = Verdict(rawValue: item.verdict) else {
                throw problem("verdict: should be one of \(Words.verdict.joined(separator: ", "))")
            }
            guard item.bears.map(Words.promise.contains) ?? true else {
                throw problem("bears: should be one of \(Words.promise.joined(separator: ", "))")
            }
            guard !seen.contains(where: { $0.name == item.name }) else { throw problem("name: it stands twice") }
            seen.append(Seen(name: item.name, assumed: item.assumed, seen: item.seen, verdict: verdict, bears: item.bears))
        }
        self.init(id: 0, account: AccountID(asked.account), at: 0, orders: Int(asked.orders), assumptions: seen, standing: [])
    }
}

extension RehearsalRecord.Result {
    init(_ row: RehearsalRow) {
        self.init()
        (account, at, orders, standing, rehearsalID) = (row.account.text, row.at, Int64(row.orders), row.standing, row.id)
        assumptions = row.assumptions.map { seen in
            var shown = RehearsedAssumption()
            (shown.name, shown.assumed, shown.seen, shown.verdict, shown.bears) = (
                seen.name, seen.assumed, seen.seen, seen.verdict.rawValue, seen.bears
            )
            return shown
        }
    }
}

extension ShownAccount.Rehearsal {
    init(_ row: RehearsalRow) {
        self.init()
        (at, orders, standing, contradicted) = (row.at, Int64(row.orders), row.standing, row.contradicted)
        (holds, notSeen) = (Int64(row.assumptions.count { $0.verdict == .holds }), Int64(row.assumptions.count { $0.verdict == .notSeen }))
    }
}
