/// Writes the text format of Prometheus, family by family.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ ("Text-based format", 0.0.4).
package struct MetricsText {
    package enum Kind: String { case counter, gauge, histogram }
    package typealias Label = (name: String, value: String)

    package private(set) var bytes: [UInt8] = []
    private var name = ""

    package init() { bytes.reserveCapacity(64 << 10) }

    /// Begins a family: its samples follow.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        bytes += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n".utf8
    }

    package mutating func sample(_ labels: [Label], _ value: some BinaryInteger) { sample("", labels, String(value)) }
    package mutating func sample(_ value: some BinaryInteger) { sample("", [], String(value)) }

    /// A time in seconds, to the microsecond.
    package mutating func seconds(_ labels: [Label] = [], us: Int64) { sample("", labels, Self.seconds(us)) }

    package mutating func histogram(_ labels: [Label], _ histogram: Histogram) {
        var sum = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            sum += count
            sample("_bucket", labels + [("le", Self.seconds(bound))], String(sum))
        }
        let count = String(histogram.count)
        sample("_bucket", labels + [("le", "+Inf")], count)
        sample("_sum", labels, Self.seconds(histogram.sumUs))
        sample("_count", labels, count)
    }

    private mutating func sample(_ suffix: String, _ labels: [Label], _ value: String) {
        bytes += name.utf8
        bytes += suffix.utf8
        if !labels.isEmpty {
            var isFirst = true
            for label in labels {
                bytes += (isFirst ? "{" : ",").utf8
                bytes += label.name.utf8
                bytes += "=\"".utf8
                bytes += Self.escaped(label.value, quotes: true).utf8
                bytes += "\"".utf8
                isFirst = false
            }
            bytes += "}".utf8
        }
        bytes += " ".utf8
        bytes += value.utf8
        bytes += "\n".utf8
    }

    /// Backslash, line feed and, in label values, the double quote; all else stands as it is.
    static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// `0.0025`: microseconds as seconds, digit by digit.
    static func seconds(_ us: Int64) -> String {
        let (whole, rest) = us.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        let sign = us < 0 ? "-" : ""
        guard rest > 0 else { return "\(sign)\(whole)" }
        var digits = String(rest)
        digits = String(repeating: "0", count: 6 - digits.utf8.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(sign)\(whole).\(digits)"
    }
}
