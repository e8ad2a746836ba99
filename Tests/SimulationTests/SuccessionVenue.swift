import Containers
import Simulator

/// A venue as the hosts of a group meet it: it takes what reaches it, whoever sent it, and counts.
final class SuccessionVenue {
    /// Of any five arrivals the first and the last lie a second apart, or the limit is broken.
    static let permits = 4
    static let windowUs: Int64 = 1_000_000
    /// An answer is waited for so long; behind the end of its connection a request may arrive for so long.
    static let requestUs: Int64 = 500_000
    static let holdUs: Int64 = 500_000

    private struct Request {
        let at: Int64
        let order: Int64
        let answer: () -> Void
    }
    private var underWay: [Request] = []
    private var answers: [(at: Int64, answer: () -> Void)] = []
    private(set) var arrivals: [Int64] = []
    private var counts: [Int64: Int] = [:]
    /// Of ten answers one is lost.
    var losesAnswers = true

    func has(_ order: Int64) -> Bool { counts[order] != nil }

    /// The last byte of a request left now. Most arrive at once, some as late as one may.
    func sent(_ order: Int64, at time: Int64, _ random: inout SplitMix64, answer: @escaping () -> Void) {
        let delay = random.chance(0.9) ? random.between(500, 30_000) : random.between(30_000, Self.requestUs + Self.holdUs - 1_000)
        underWay.append(Request(at: time + delay, order: order, answer: answer))
    }

    /// What happens until then.
    func run(until time: Int64, _ random: inout SplitMix64, say: (String) -> Void) {
        let due = underWay.filter { $0.at <= time }.sorted { $0.at < $1.at }
        underWay.removeAll { $0.at <= time }
        for request in due {
            counts[request.order, default: 0] += 1
            if let count = counts[request.order], count > 1 { say("order \(request.order) arrived \(count) times") }
            arrivals.append(request.at)
            if arrivals.count > Self.permits, case let first = arrivals[arrivals.count - 1 - Self.permits], request.at - first < Self.windowUs {
                say("\(Self.permits + 1) requests arrived within \(request.at - first) us")
            }
            if !losesAnswers || random.chance(0.9) { answers.append((request.at + random.between(500, 40_000), request.answer)) }
        }
        let told = answers.filter { $0.at <= time }
        answers.removeAll { $0.at <= time }
        for answer in told { answer.answer() }
    }
}
