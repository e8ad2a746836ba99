import OMSCore

/// What orders that were placed, and what was only tried, say of what is taken for granted.
extension PlacingRehearsal {
    mutating func judge() {
        let sorted = delays.sorted()
        if let most = sorted.last {
            let words = "p50 \(sorted[sorted.count / 2]) ms, at most \(most) ms, over \(sorted.count) orders"
            note("visibility_delay", most <= profile.visibilityDelayMs ? .holds : .contradicts, words)
        }
        if closedShown > 0 { note("find_steps", .holds, "\(sorted.count) open and \(closedShown) cancelled orders were shown") }
    }

    /// What a further order under an open id got.
    mutating func repeated(_ answer: VenueAnswer) {
        phase = .cancelling
        switch answer.places.first {
        case .duplicate(let code, let text), .oneIsDuplicate(let code, let text): note("duplicate_id", .holds, "refused: \(code) \(text)")
        case .refused(let code, let text), .refusedUnlessFound(let code, let text):
            note("duplicate_id", .notSeen, "refused, in words that do not speak of the id: \(code) \(text)")
        case .acknowledged(let id?, _) where id != venueID: phase = .lookingRepeated(id)
        case .acknowledged: note("duplicate_id", .holds, "answered with the order that is there")
        case .notExecuted, .gone, .inDoubt, nil: note("duplicate_id", .notSeen, Self.words(answer))
        }
    }

    /// What a request got that came too late. One that is taken would be taken whenever it arrives, and nothing be proven absent.
    mutating func judgeLate(_ number: Int, _ answer: VenueAnswer) {
        let (late, name, agedMs) = lates[number]
        let outcome = late == .place ? answer.places.first : answer.cancels.first
        if answer.disposition == .clockRefused || outcome?.isNotExecuted(.clock) ?? false {
            return note(name, .holds, "stamped \(agedMs) ms ago: \(Self.words(answer))")
        }
        switch outcome {
        case .acknowledged(let id, _):
            note(name, .contradicts, "taken\(id.map { " as \($0)" } ?? ""), though stamped \(agedMs) ms ago")
        // Whoever looks for the order had taken the stamp.
        case .gone(let code, let text): note(name, .contradicts, "looked for, though stamped \(agedMs) ms ago: \(code) \(text)")
        case .refused(let code, let text), .refusedUnlessFound(let code, let text):
            note(name, .notSeen, "refused, in words that do not speak of the stamp: \(code) \(text)")
        case .duplicate, .oneIsDuplicate, .notExecuted, .inDoubt, nil: note(name, .notSeen, Self.words(answer))
        }
    }

    private static func words(_ answer: VenueAnswer) -> String {
        let parts = [answer.venueCode, answer.venueText == answer.venueCode ? nil : answer.venueText].compactMap { $0?.isEmpty == false ? $0 : nil }
        return parts.isEmpty ? "HTTP \(answer.httpStatus)" : parts.joined(separator: ": ").maskedForLog
    }
}
