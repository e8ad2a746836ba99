import OMSCore
import Runtime
import Testing

/// What Prometheus reads.
@Suite struct MetricsTextTests {
    private func text(_ write: (inout MetricsText) -> Void) -> [String] {
        var out = MetricsText()
        write(&out)
        return String(decoding: out.bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `a label's backslashes, quotes and line feeds are escaped, and nothing else`() {
        let lines = text { out in
            out.family("omsd_orders", .gauge, "One \\ line,\n\"quoted\".")
            out.sample([("account", "a\\b\"c\nd"), ("venue", "münze\u{1}")], 3)
        }
        #expect(
            lines == [
                #"# HELP omsd_orders One \\ line,\n"quoted"."#, "# TYPE omsd_orders gauge",
                #"omsd_orders{account="a\\b\"c\nd",venue="münze"# + "\u{1}\"} 3", "",
            ])
    }

    @Test func `times are seconds to the microsecond, without trailing zeros`() {
        let lines = text { out in
            out.family("t", .gauge, "T.")
            for us in [0, 1, 2_500, 1_000_000, 1_500_000, -250_000, 86_400_000_001] as [Int64] { out.seconds(us: us) }
        }
        #expect(lines.dropFirst(2).dropLast() == ["t 0", "t 0.000001", "t 0.0025", "t 1", "t 1.5", "t -0.25", "t 86400.000001"])
    }

    @Test func `a histogram's buckets hold all that is below, a bound belongs to its bucket, and a time below zero is none`() {
        var times = Histogram([1_000, 10_000])
        for us in [-5, 0, 1_000, 1_001, 10_000, 10_001] as [Int64] { times.observe(us) }

        let lines = text { out in
            out.family("t_seconds", .histogram, "T.")
            out.histogram([("a", "x")], times)
        }
        #expect(
            lines.dropFirst(2).dropLast() == [
                #"t_seconds_bucket{a="x",le="0.001"} 3"#, #"t_seconds_bucket{a="x",le="0.01"} 5"#, #"t_seconds_bucket{a="x",le="+Inf"} 6"#,
                #"t_seconds_sum{a="x"} 0.022002"#, #"t_seconds_count{a="x"} 6"#,
            ])
    }

    @Test func `the bounds of every histogram rise`() {
        for bounds in [Histogram.work, Histogram.waits] { #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }) }
    }

    @Test func `each state and each kind of evidence has a place of its own`() {
        let places = OrderState.allCases.flatMap { state in Evidence.allCases.map { AccountReadings.place(of: state, $0) } }
        #expect(places == Array(0..<places.count))
    }
}
