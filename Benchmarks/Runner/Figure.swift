/// One line of the table: what was measured, beside what the machine allows.
struct Figure {
    let name: String
    var value: Double
    let unit: String
    /// What stands beside it; nil: nothing but the target.
    var limit: (name: String, value: Double)?
    /// What is asked, in words.
    let target: String
    let isMet: Bool
    /// Percentiles, CPU seconds, and whatever explains the figure.
    var notes: [(name: String, value: String)] = []

    /// Value by limit.
    var ratio: Double? { limit.flatMap { $0.value > 0 ? value / $0.value : nil } }
}

/// Times of many tries, in nanoseconds.
struct Times {
    private(set) var sorted: [Int64]
    init(_ values: [Int64]) { sorted = values.sorted() }

    /// The time that `share` of all tries did not exceed, in microseconds; NaN without any.
    func us(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
        return Double(sorted[max(0, min(rank, sorted.count - 1))]) / 1_000
    }

    /// p50, p99 and p99.9, for a note.
    var summary: String { "p50 \(us(0.5).brief), p99 \(us(0.99).brief), p99.9 \(us(0.999).brief) us of \(sorted.count)" }
}

extension Double {
    /// Three significant digits below 100, none behind the point above.
    var brief: String {
        guard isFinite else { return "-" }
        if magnitude >= 100 || self == rounded() { return grouped(Int64(rounded())) }
        let digits = magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int64((magnitude * scale).rounded())
        let fraction = String(scaled % Int64(scale))
        return (self < 0 ? "-" : "") + "\(scaled / Int64(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

/// Digits in groups of three.
private func grouped(_ number: Int64) -> String {
    var text = ""
    for (place, digit) in String(number.magnitude).reversed().enumerated() {
        if place > 0, place % 3 == 0 { text = "," + text }
        text = String(digit) + text
    }
    return (number < 0 ? "-" : "") + text
}

struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    return sorted.count % 2 == 1 ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
}
