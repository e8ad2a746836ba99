import OMSCore
import Store

/// Plots as inline SVG. They are drawn to be read at some 400 points of width and grow with the page; each says in words what it shows.
enum ReportPlots {
    private static let (width, height) = (400, 196)
    /// Where the axes stand.
    private static let (left, right, top, bottom) = (52, 392, 12, 176)

    private static func frame(_ title: String, _ says: String, _ inner: HTMLText) -> HTMLText {
        """
        <figure><figcaption>\(title)</figcaption>
        <svg viewBox="0 0 \(width) \(height)" role="img" aria-label="\(title): \(says)">\(inner)</svg></figure>

        """
    }

    private static func text(_ x: Int, _ y: Int, _ text: String, _ anchor: String = "middle") -> HTMLText {
        "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(text)</text>"
    }

    private static func line(_ x1: Int, _ y1: Int, _ x2: Int, _ y2: Int, _ kind: String) -> HTMLText {
        "<line x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\" class=\"\(kind)\"/>"
    }

    private static func rect(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ kind: String) -> HTMLText {
        "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" class=\"\(kind)\"/>"
    }

    private static func key(_ kind: String, _ name: String) -> HTMLText { "<span class=\"key\"><i class=\"\(kind)\"></i>\(name)</span> " }

    /// The first and last moment under the axis.
    private static func moments(_ figures: JournalFigures) -> HTMLText {
        let period = figures.period
        return line(left, bottom, right, bottom, "axis") + text(left, bottom + 14, ReportTime.moment(period.lowerBound), "start")
            + text(right, bottom + 14, ReportTime.moment(period.upperBound), "end")
    }

    /// 1, 2 or 5 times a power of ten, not below `number`.
    static func niceAbove(_ number: Int) -> Int {
        var power = 1
        while power <= 1_000_000_000_000 {
            for factor in [1, 2, 5] where factor * power >= number { return factor * power }
            power *= 10
        }
        return number
    }

    /// Orders by when they were asked for, one column a step, stacked by what became of them.
    static func orders(_ figures: JournalFigures) -> HTMLText {
        let most = niceAbove(max(1, figures.steps.map(\.tally.all).max() ?? 0))
        var inner = HTMLText()
        for part in [0, most / 2, most] where part == 0 || most > 1 {
            let y = bottom - (bottom - top) * part / most
            inner += line(left, y, right, y, "grid") + text(left - 5, y + 4, ReportTime.grouped(part), "end")
        }
        for (index, step) in figures.steps.enumerated() where step.tally.all > 0 {
            let (x, next) = (columnStart(index, of: figures), columnStart(index + 1, of: figures))
            var reached = 0
            for fate in OrderFate.allCases {
                let count = fate.count(in: step.tally)
                guard count > 0 else { continue }
                let (low, high) = (scaled(reached, most), scaled(reached + count, most))
                reached += count
                inner += rect(x, bottom - high, max(1, next - x - 1), max(1, high - low), fate.cssClass)
            }
        }
        inner += moments(figures)
        let present = OrderFate.allCases.filter { $0.count(in: figures.total) > 0 }
        var legend = HTMLText()
        for fate in present { legend += key(fate.cssClass, fate.rawValue) }
        return frame("Orders asked for, in steps of \(ReportTime.length(figures.step))", "at most \(most) a step", inner)
            + "<p class=\"legend\">\(legend)</p>\n"
    }

    private static func columnStart(_ index: Int, of figures: JournalFigures) -> Int { left + (right - left) * index / max(1, figures.steps.count) }
    private static func scaled(_ number: Int, _ most: Int) -> Int { (bottom - top) * number / most }

    /// Half and the slowest hundredth of the venue's words, by when the orders were asked for; the axis grows by tens.
    static func latencies(_ figures: JournalFigures) -> HTMLText {
        let scale = LogScale(
            figures.steps.compactMap { $0.acknowledge.quantile(perMille: 990) } + figures.steps.compactMap { $0.acknowledge.quantile(perMille: 500) })
        var inner = grid(scale)
        for (share, kind) in [(990, "p99"), (500, "p50")] {
            var path = ""
            var dots = HTMLText()
            for (index, step) in figures.steps.enumerated() {
                guard let value = step.acknowledge.quantile(perMille: share) else { continue }
                let (x, y) = ((columnStart(index, of: figures) + columnStart(index + 1, of: figures)) / 2, bottom - scale.place(value, bottom - top))
                path += "\(path.isEmpty ? "M" : "L")\(x) \(y)"
                dots += "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"1.6\" class=\"\(kind)\"/>"
            }
            inner += "<path d=\"\(path)\" class=\"\(kind)\"/>" + dots
        }
        inner += moments(figures)
        let legend = key("p99", "99 of 100 within (dashed)") + key("p50", "half within")
        return frame("Order durable → the venue's word", "medians and 99th percentiles over time", inner) + "<p class=\"legend\">\(legend)</p>\n"
    }

    private static func grid(_ scale: LogScale) -> HTMLText {
        var inner = HTMLText()
        for tick in scale.ticks {
            let y = bottom - scale.place(tick, bottom - top)
            inner += line(left, y, right, y, "grid") + text(left - 5, y + 4, LogScale.name(of: tick), "end")
        }
        return inner
    }

    /// A bar of a limit: what was used in the busiest window against what is allowed, which is where the bar's frame ends.
    static func bar(_ used: Int, of allowed: Int) -> HTMLText {
        let share = allowed > 0 ? min(100, used * 100 / allowed) : 0
        let kind = used > allowed ? "over" : share >= 90 ? "near" : "used"
        return "<svg class=\"bar\" viewBox=\"0 0 104 12\" role=\"img\" aria-label=\"\(used) of \(allowed)\">"
            + rect(1, 1, share, 10, kind) + rect(1, 1, 100, 10, "frame") + "</svg>"
    }

    /// The busiest window of each step, as a row of small columns under the line of what is allowed.
    static func spark(_ values: [Int], allowed: Int) -> HTMLText {
        guard !values.isEmpty else { return "" }
        let most = max(allowed, values.max() ?? 0, 1)
        var inner = HTMLText()
        for (index, value) in values.enumerated() where value > 0 {
            let high = max(1, 22 * value / most)
            inner += rect(index * 2, 24 - high, 2, high, value > allowed ? "over" : "used")
        }
        let (height, width) = (24 - 22 * allowed / most, values.count * 2)
        return "<svg class=\"spark\" viewBox=\"0 0 \(width) 25\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"over time\">"
            + inner + line(0, height, width, height, "allowed") + "</svg>"
    }
}

/// Durations on an axis that grows by tens.
private struct LogScale {
    private let low: Int
    private let high: Int

    init(_ values: [Int64]) {
        low = values.map(Self.tens).min() ?? 3
        high = max(low + 1, (values.map(Self.tens).max() ?? 3) + 1)
    }

    /// The power of ten at or below it, of microseconds. Thirty years are enough for an axis.
    private static func tens(_ value: Int64) -> Int { String(min(max(1, value), 1_000_000_000_000_000)).utf8.count - 1 }
    private static func power(_ tens: Int) -> Int64 { (0..<tens).reduce(1 as Int64) { power, _ in power * 10 } }

    /// `1 µs`, `10 ms`, `100 s`: seconds to the end, for tens of minutes are no tens.
    static func name(of tick: Int64) -> String {
        tick < 1_000 ? "\(tick) µs" : tick < 1_000_000 ? "\(tick / 1_000) ms" : "\(ReportTime.grouped(Int(tick / 1_000_000))) s"
    }

    var ticks: [Int64] { (low...high).map(Self.power) }

    /// Between two tens as the logarithm of the first two digits has it.
    func place(_ value: Int64, _ length: Int) -> Int {
        let tens = Self.tens(value)
        // log10 of 1.0, 1.1 … 9.9, in hundredths, by its leading two digits.
        let leading = Int(max(1, value) / max(1, Self.power(tens) / 10)) * (tens == 0 ? 10 : 1)
        let hundredths = (tens - low) * 100 + Self.logarithms[min(99, max(10, leading)) - 10]
        return length * min(max(0, hundredths), (high - low) * 100) / ((high - low) * 100)
    }

    /// 100 · log10(n / 10) for n in 10…99, rounded.
    private static let logarithms = [
        0, 4, 8, 11, 15, 18, 20, 23, 26, 28, 30, 32, 34, 36, 38, 40, 41, 43, 45, 46,
        48, 49, 51, 52, 53, 54, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69,
        70, 71, 72, 72, 73, 74, 75, 76, 76, 77, 78, 79, 79, 80, 81, 81, 82, 83, 83, 84,
        85, 85, 86, 86, 87, 88, 88, 89, 89, 90, 90, 91, 91, 92, 92, 93, 93, 94, 94, 95,
        95, 96, 96, 97, 97, 98, 98, 99, 99, 100,
    ]
}

extension OrderFate {
    var cssClass: String { self == .givenUp ? "given-up" : rawValue }
}
