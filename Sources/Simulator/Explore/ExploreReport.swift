import OMSCore

/// Many histories, added up.
package struct ExploreReport: Sendable {
    package private(set) var histories = 0
    package private(set) var versions: Set<Int> = []
    /// Of the core, which the report calls steps: each is one step of a history.
    package private(set) var turns = 0
    package private(set) var crashes = 0
    package private(set) var requests = 0
    package private(set) var orders = 0
    package private(set) var virtualSeconds: Int64 = 0
    package private(set) var faults: [String: Int] = [:]
    package private(set) var reached: [FaultPoint: Int] = [:]
    package private(set) var states: [OrderState: Int] = [:]
    package private(set) var seen: [OrderState: Int] = [:]
    package private(set) var events: [EventKind: Int] = [:]
    package private(set) var refusals: [String: Int] = [:]
    package private(set) var broken: [HistoryResult] = []

    package init() {}

    package mutating func add(_ result: HistoryResult) {
        histories += 1
        versions.insert(result.version)
        turns += result.turns
        crashes += result.crashes
        requests += result.requests
        orders += result.orders
        virtualSeconds += result.time / 1_000_000
        faults.merge(result.faults, uniquingKeysWith: +)
        reached.merge(result.reached, uniquingKeysWith: +)
        states.merge(result.states, uniquingKeysWith: +)
        seen.merge(result.seen, uniquingKeysWith: +)
        events.merge(result.events, uniquingKeysWith: +)
        refusals.merge(result.refusals, uniquingKeysWith: +)
        if !result.violations.isEmpty { broken.append(result) }
    }

    package mutating func add(_ part: ExploreReport) {
        histories += part.histories
        versions.formUnion(part.versions)
        turns += part.turns
        crashes += part.crashes
        requests += part.requests
        orders += part.orders
        virtualSeconds += part.virtualSeconds
        faults.merge(part.faults, uniquingKeysWith: +)
        reached.merge(part.reached, uniquingKeysWith: +)
        states.merge(part.states, uniquingKeysWith: +)
        seen.merge(part.seen, uniquingKeysWith: +)
        events.merge(part.events, uniquingKeysWith: +)
        refusals.merge(part.refusals, uniquingKeysWith: +)
        broken = (broken + part.broken).sorted { $0.seed < $1.seed }
    }

    /// Fault points that no history passed.
    package var missed: [FaultPoint] {
        FaultPoint.allCases.filter { point in reached[point, default: 0] == 0 && versions.contains { $0 >= point.since } }
    }
    /// Scenes of the second version that no history met.
    package var missedScenes: [String] {
        versions.contains { $0 > 1 } ? Scenario.scenes.filter { faults[$0] == nil && !($0 == "clock" && reached[.venueClockStep] != nil) } : []
    }

    package var text: String {
        func list(_ counts: [(String, Int)]) -> String {
            counts.sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        }
        var lines = [
            "histories \(histories), steps \(turns), virtual time \(virtualSeconds) s, deaths \(crashes), requests \(requests), orders \(orders)",
            "orders at the end: \(list(states.map { ($0.key.rawValue, $0.value) }))",
            "events: \(list(events.map { ($0.key.rawValue, $0.value) }))",
            "refused calls: \(list(refusals.map { ($0.key, $0.value) }))",
            "faults of venues: \(list(faults.map { ($0.key, $0.value) }))",
            "fault points: \(list(reached.map { ($0.key.rawValue, $0.value) }))",
        ]
        if !missed.isEmpty { lines.append("never reached: \(missed.map(\.rawValue).sorted().joined(separator: ", "))") }
        if !missedScenes.isEmpty { lines.append("never met: \(missedScenes.joined(separator: ", "))") }
        for result in broken.prefix(20) {
            lines.append("seed \(result.seed): \(result.violations.joined(separator: "\n    "))")
            let draw = result.version == Scenario.version(of: result.seed) ? "" : " --draw \(result.version)"
            lines.append("    replay: omsim explore --seed \(result.seed)\(draw) --trace")
        }
        lines.append("violations: \(broken.count) of \(histories) histories")
        return lines.joined(separator: "\n") + "\n"
    }
}
