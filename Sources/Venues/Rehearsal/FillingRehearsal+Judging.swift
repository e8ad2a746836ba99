import OMSCore

/// What an order that executed says of what is taken for granted: by the daemon, by listings and by the stream.
extension FillingRehearsal {
    /// Of the three the second can neither rest nor trade: whatever becomes of it, the others are taken.
    mutating func judgeBatch(_ orders: [RehearsedOrder]) {
        guard orders.count == 3 else { return }
        let (odd, others) = (orders[1], [orders[0], orders[2]])
        guard odd.filled.isZero else { return note("batch_items", .contradicts, "a post-only order beyond the market executed: \(odd.filled)") }
        switch odd.fate {
        case .open: return note("batch_items", .notSeen, "the order between them rests: \(order.price) is not above the market")
        case .unknown: return note("batch_items", .notSeen, "what became of the order between them is not known")
        case .closed: break
        }
        if let refused = others.first(where: { $0.refusal != nil }) {
            return note("batch_items", .contradicts, "beside one that cannot rest another is refused: \(refused.refusal ?? "")")
        }
        guard others.allSatisfy({ $0.fate == .open }) else {
            return note("batch_items", .notSeen, "the others are \(others.map(\.state).joined(separator: " and "))")
        }
        note("batch_items", .holds, "the others rest, and the one between them is \(odd.state)\(odd.refusal.map { ": \($0)" } ?? "")")
    }

    /// They come to what executed.
    mutating func judgeRows() {
        let fees = rows.map { row in row.fee.map { "\($0) \(row.feeAsset ?? "of an asset that is not told")" } ?? "not told" }
        note("lists_fills", .holds, "they are listed")
        note(
            "fills", .holds,
            "\(rows.count) rows come to \(sum(rows)?.description ?? "") at \(rows.map(\.price.description).joined(separator: ", ")), fee "
                + fees.joined(separator: " + "))
    }

    // MARK: The stream

    private struct State {
        let push: HeardOrder
        let report: OrderReport
        let at: Int64
    }

    private var states: [State] {
        pushes.compactMap { push -> State? in
            guard case .order(let heard) = push.news, isOurs(heard.report.clientOrderID, heard.report.venueOrderID) else { return nil }
            return State(
                push: heard, report: heard.report(at: market, countedIn: profile.quantityUnit, ordered: order.quantity), at: push.at)
        }
    }

    private struct Execution {
        let tradeID: TradeID?
        let calls: String?
        let at: Int64
    }

    private var executions: [Execution] {
        pushes.compactMap { push -> Execution? in
            switch push.news {
            case .fill(let heard) where isOurs(heard.clientOrderID, heard.fill.venueOrderID):
                return Execution(tradeID: heard.fill.tradeID, calls: nil, at: push.at)
            case .fillsDue(let heard) where isOurs(heard.clientOrderID, heard.venueOrderID):
                return Execution(tradeID: nil, calls: heard.calls, at: push.at)
            default: return nil
            }
        }
    }

    /// What the stream should tell of it is told.
    var hasHeardAll: Bool {
        guard let stream else { return true }
        guard states.contains(where: { $0.report.isClosed }) else { return false }
        return stream.fills == .none || !executions.isEmpty
    }

    mutating func judgeStream() {
        guard let stream, let bought, !bought.filled.isZero else { return }
        if let deafness, !hasHeardAll {
            for name in ["stream:fills", "stream:versions"] { note(name, .notSeen, deafness) }
            return
        }
        judgeFills(stream.fills, bought)
        judgeVersions(stream.versions)
    }

    private mutating func judgeFills(_ promised: StreamProfile.Fills, _ bought: RehearsedOrder) {
        let (told, listed) = (executions, Set(rows.map(\.tradeID)))
        let first = (told.map(\.at) + states.map(\.at)).min().map { "the first push \(ahead($0))" } ?? "nothing was pushed"
        switch promised {
        case .none:
            let grown = states.contains { $0.report.filledQuantity == bought.filled }
            note(
                "stream:fills", grown ? .holds : .contradicts,
                grown ? "what was filled grows in the order's state; \(first)" : "no state told what was filled; \(first)")
        case .announced:
            let names = told.compactMap(\.calls).joined(separator: ", ")
            let beside = listed.isEmpty ? "" : "; listed under \(listed.map(\.text).sorted().joined(separator: ", "))"
            note(
                "stream:fills", told.isEmpty ? .contradicts : .holds,
                told.isEmpty ? "executed, and no push announced it" : "announced\(names.isEmpty ? "" : " as \(names)")\(beside); \(first)")
        case .pushed:
            let ids = Set(told.compactMap(\.tradeID))
            guard !ids.isEmpty else { return note("stream:fills", .contradicts, "executed, and no execution was pushed; \(first)") }
            guard !listed.isEmpty else { return note("stream:fills", .notSeen, "pushed, and no listing to compare it with; \(first)") }
            let strange = ids.subtracting(listed).map(\.text).sorted()
            note(
                "stream:fills", strange.isEmpty ? .holds : .contradicts,
                strange.isEmpty
                    ? "pushed under the ids of listings; \(first)"
                    : "pushed as \(strange.joined(separator: ", ")), listed as \(listed.map(\.text).sorted().joined(separator: ", "))")
        }
    }

    /// Before or behind the moment in which the daemon knew it.
    private func ahead(_ at: Int64) -> String {
        at <= boughtAt ? "\((boughtAt - at) / 1_000) ms before the answers" : "\((at - boughtAt) / 1_000) ms behind the answers"
    }

    private mutating func judgeVersions(_ promised: StreamProfile.Versions) {
        switch promised {
        case .none: note("stream:versions", .notSeen, "none is looked for")
        case .asREST:
            guard let version = shown?.version else { return note("stream:versions", .notSeen, "no look-up told a version") }
            guard let end = states.last(where: { $0.report.isClosed }) else { return note("stream:versions", .notSeen, "its end was not pushed") }
            guard let told = end.report.version else { return note("stream:versions", .contradicts, "a push bears no version, a look-up \(version)") }
            note(
                "stream:versions", told == version ? .holds : .contradicts,
                told == version ? "a push and a look-up both say \(version)" : "of one state a push says \(told), a look-up \(version)")
        case .amongPushes:
            let versioned = states.compactMap { state in state.push.pushedVersion.map { (version: $0, report: state.report) } }
            guard !versioned.isEmpty else { return note("stream:versions", .notSeen, "no push bears one") }
            for one in versioned {
                for other in versioned where one.version < other.version && Self.isLater(one.report, than: other.report) {
                    return note("stream:versions", .contradicts, "an older state says \(other.version), a later one \(one.version)")
                }
            }
            note("stream:versions", .holds, "\(versioned.count) pushes, none against the order of what it tells")
        }
    }

    private static func isLater(_ one: OrderReport, than other: OrderReport) -> Bool {
        if let filled = one.filledQuantity, let less = other.filledQuantity, filled != less { return filled > less }
        return one.isClosed && !other.isClosed
    }
}
