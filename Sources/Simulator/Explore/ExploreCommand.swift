import Kernel
import OMSCore

/// `omsim explore`.
package struct ExploreCommand: Equatable, Sendable {
    package var seeds: ClosedRange<UInt64> = 1...1_000
    package var traces = false
    package var venues: [String]?
    package var mutant: Mutant?
    /// What seeds draw; nil: as each seed's number says.
    package var version: Int?
    /// Ends at the first seed that breaks.
    package var stopsAtFirst = false

    package init() {}

    init(_ words: ArraySlice<String>) throws(SimulatorInputError) {
        let words = try CommandWords(
            words, of: "explore", values: ["--seeds", "--seed", "--venue", "--draw", "--mutant"], flags: ["--trace", "--stop"])
        if let text = words.text("--seeds") { seeds = try Self.range(text) }
        if let seed = try words.number(of: "--seed") { seeds = seed...seed }
        (traces, stopsAtFirst) = (words.has("--trace"), words.has("--stop"))
        venues = words.has("--venue") ? words.texts("--venue") : nil
        if let number = try words.number(of: "--draw") {
            guard Scenario.versions.contains(Int(clamping: number)) else {
                throw SimulatorInputError("--draw: 1 to \(Scenario.versions.upperBound) should stand here")
            }
            version = Int(number)
        }
        if let name = words.text("--mutant") {
            guard let known = Mutant(rawValue: name) else {
                throw SimulatorInputError("--mutant: one of \(Mutant.allCases.map(\.rawValue).joined(separator: ", ")) should stand here")
            }
            mutant = known
        }
        let known = Set([SimAccount].standard.map(\.venue))
        for venue in venues ?? [] where !known.contains(venue) {
            throw SimulatorInputError("--venue: one of \(known.sorted().joined(separator: ", ")) should stand here")
        }
        guard !traces || seeds.count == 1 else { throw SimulatorInputError("--trace needs --seed N: one history") }
    }

    private static func range(_ text: String) throws(SimulatorInputError) -> ClosedRange<UInt64> {
        let wrong = SimulatorInputError("--seeds: A..B with A no larger than B should stand here")
        guard let dots = text.range(of: "..") else { throw wrong }
        guard let first = UInt64(text[..<dots.lowerBound]), let last = UInt64(text[dots.upperBound...]), first <= last, last - first < 1 << 32 else {
            throw wrong
        }
        return first...last
    }

    package static let help = """
        omsim explore: the whole daemon in one process and in virtual time, against simulated venues, struck by faults. One seed, one history.
        Exit code 1 if any history broke a promise.

          --seeds A..B       which histories. Default 1..1000
          --seed N           one of them
          --trace            print it: requests, answers, faults, deaths; with --seed
          --venue NAME       only this venue. Repeatable
          --draw 1|…|7       what seeds draw; by default 1 below \(Scenario.secondVersionFrom), from there on 2, with more faults, and from
                             \(Scenario.thirdVersionFrom) on 3, with deaths within an intent and subscribers, from \(Scenario.fourthVersionFrom) on 4,
                             with private streams, from \(Scenario.fifthVersionFrom) and \(Scenario.sixthVersionFrom) on 5 and 6, with venues
                             that came later, and from \(Scenario.seventhVersionFrom) on 7, with clients who hold guards
          --stop             end at the first that breaks
          --mutant NAME      break a rule on purpose, to see that it is noticed: \(Mutant.allCases.map(\.rawValue).joined(separator: ", "))

        """
}

extension StringProtocol {
    /// Where another text first stands in this one.
    fileprivate func range(of wanted: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(wanted) { return start..<index(start, offsetBy: wanted.count) }
            start = index(after: start)
        }
        return nil
    }
}
