import Testing
import Wire

@testable import omsctl

/// What the report verb reads and writes beyond its figures.
@Suite struct ReportTextTests {
    /// 2026-11-20T17:01:00Z.
    private static let now: Int64 = 1_795_194_060_000_000

    @Test(arguments: [
        ("2026-11-20", "2026-11-20T00:00:00.000000Z"), ("2026-11-20T17:03", "2026-11-20T17:03:00.000000Z"),
        ("2026-11-20T17:03:04Z", "2026-11-20T17:03:04.000000Z"), ("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500000Z"),
        ("1970-01-01", "1970-01-01T00:00:00.000000Z"), ("2000-03-01", "2000-03-01T00:00:00.000000Z"),
        ("2026-11-20t17:03:04z", "2026-11-20T17:03:04.000000Z"), ("2026-11-20T17:03:04.1234567Z", "2026-11-20T17:03:04.123456Z"),
        ("2026-11-20T17:03:04+02:00", "2026-11-20T15:03:04.000000Z"), ("2026-11-20T23:30:00-00:45", "2026-11-21T00:15:00.000000Z"),
        ("2026-11-20T17:03:04.5+05:30", "2026-11-20T11:33:04.500000Z"),
    ])
    func `a time is read as it is written`(text: String, means: String) {
        #expect(ReportTime.parse(text, now: Self.now).map(utc) == means)
    }

    @Test func `every day of four centuries is read back as it is written`() {
        for day in stride(from: 0 as Int64, to: 146_097, by: 1) {
            let micros = day * 86_400_000_000
            guard ReportTime.parse(ReportTime.day(micros), now: 0) != micros else { continue }
            Issue.record("\(ReportTime.day(micros))")
        }
    }

    @Test func `a time ago is counted back from now`() {
        #expect(ReportTime.parse("90m", now: Self.now) == Self.now - 5_400_000_000)
        #expect(ReportTime.parse("24h", now: Self.now) == Self.now - 86_400_000_000)
        #expect(ReportTime.parse("7d", now: Self.now) == Self.now - 604_800_000_000)
        for length in ["90m", "1h", "24h", "7d"] { #expect(ReportTime.parse("-" + length, now: Self.now) == ReportTime.parse(length, now: Self.now)) }
    }

    @Test(arguments: [
        "", "T", "yesterday", "2026", "2026-11", "2026-13-01", "2026-02-30", "2025-02-29", "2026-11-20T", "2026-11-20T24:00", "2026-11-20T17",
        "20-11-2026",
        "2026-11-20T17:03:04.Z", "2026-11-20 17:03", "--1h", "-m", "- 1h", "+1h", "99999999999999999999d", "2026-11-20T17:03:04+2:00",
        "2026-11-20T17:03:04+02", "2026-11-20T17:03:04+02:60", "2026-11-20T17:03:04Z+02:00", "1970-01-01T00:30:00+01:00", "2026-11-20+02:00", "1w",
        "२०२६-11-20", "2026-11-20T17:03ZZ", "1969-12-31",
    ])
    func `what is no time is refused, with the forms that are`(text: String) {
        #expect(ReportTime.parse(text, now: Self.now) == nil)
        let terminal = FakeTerminal()
        #expect(Client.run(["report", "-o", "-", "--from", text], environment: [:], terminal: terminal) == 2)
        #expect(terminal.errors.contains("2026-11-20T17:03"))
    }

    @Test func `a report needs to know where to, and a beginning before its end`() {
        func errors(_ words: String...) -> String {
            let terminal = FakeTerminal()
            #expect(Client.run(["report"] + words, environment: [:], terminal: terminal) == 2)
            return terminal.errors
        }
        #expect(errors().contains("-o FILE"))
        #expect(errors("-o", "-", "--from", "2026-11-21", "--to", "2026-11-20").contains("behind"))
        let terminal = FakeTerminal()
        #expect(Client.run(["report", "-o", "-", "--journal", "/nonexistent/journal.db"], environment: [:], terminal: terminal) == 1)
        #expect(terminal.errors.contains("/nonexistent/journal.db") && terminal.errors.contains("omsd-audit"))
    }

    @Test(
        arguments: [
            (0, "0 µs"), (999, "999 µs"), (1_000, "1.00 ms"), (12_345, "12.3 ms"), (999_999, "999 ms"), (1_050_000, "1.05 s"), (59_999_999, "59.9 s"),
            (60_000_000, "1 min 00 s"), (3_725_000_000, "1 h 02 min"), (90_000_000_000, "1 d 1 h"),
        ] as [(Int64, String)])
    func `a duration has three digits at most, and its unit`(micros: Int64, means: String) { #expect(ReportTime.duration(micros) == means) }

    @Test func `numbers are told in groups of three`() {
        #expect([0, 999, 1_000, 1_234_567, -1_000].map(ReportTime.grouped) == ["0", "999", "1,000", "1,234,567", "-1,000"])
    }

    @Test func `text within markup is text, whatever stands in it`() {
        let text = "</td><script>\"a' & b\u{202E}\u{0}\u{5D0}"
        let html: HTMLText = "<td title=\"\(text)\">\(outside: text)</td>"
        let escaped = "&lt;/td&gt;&lt;script&gt;&quot;a&#39; &amp; b\\u{202e}\\u{0}\u{5D0}"
        #expect(html.markup == "<td title=\"\(escaped)\"><bdi>\(escaped)</bdi></td>")
    }
}
