import Wire

/// Times as `report` takes and tells them: UTC.
enum ReportTime {
    private static let second: Int64 = 1_000_000

    /// What `parse` takes, for whoever gave something else.
    static let forms = "2026-11-20T17:03:04Z or +02:00 (RFC 3339), 2026-11-20T17:03 or 2026-11-20 (UTC), or -90m, -24h, -7d from now"

    /// The options `--from` and `--to`: from inclusive, to exclusive; nil: without end.
    ///
    /// - Throws: 2 for what is no time, and where nothing lies between them.
    static func stretch(_ arguments: Arguments, now: Int64) throws(Failure) -> (from: Int64?, to: Int64?) {
        func moment(_ name: String) throws(Failure) -> Int64? {
            guard let text = arguments.text(name) else { return nil }
            guard let moment = parse(text, now: now) else {
                throw .usage("\(name): \"\(text.escapedForTerminal)\" is no time; \(forms)")
            }
            return moment
        }
        let (from, to) = (try moment("--from"), try moment("--to"))
        if let from, let to, from >= to { throw .usage("--from lies behind --to: nothing is between them") }
        return (from, to)
    }

    /// RFC 3339, of which what follows the day, the minutes or the seconds may be missing and is then UTC; or `-24h`, `-7d`, `-90m`, also without the sign.
    /// Microseconds since 1970; nil: none of these.
    static func parse(_ text: String, now: Int64) -> Int64? {
        for (suffix, unit) in [("m", 60), ("h", 3_600), ("d", 86_400)] as [(String, Int64)] where text.hasSuffix(suffix) {
            let digits = text.dropLast().drop { $0 == "-" }
            guard text.utf8.count - digits.utf8.count <= 2, let count = number(digits, 1...7, 0...1_000_000) else { return nil }
            return now - count * unit * second
        }
        let halves = text.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == "t" }
        guard halves.count <= 2, let day = day(halves[0]) else { return nil }
        guard halves.count == 2 else { return day }
        guard let (clock, ahead) = zone(halves[1]), let ofDay = ofDay(clock), day + ofDay >= ahead else { return nil }
        return day + ofDay - ahead
    }

    /// A time of day without its zone, and how far the zone's clocks are ahead of UTC.
    private static func zone(_ text: Substring) -> (clock: Substring, ahead: Int64)? {
        if text.hasSuffix("Z") || text.hasSuffix("z") { return (text.dropLast(), 0) }
        guard let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }) else { return (text, 0) }
        let parts = text[text.index(after: sign)...].split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hours = number(parts[0], 2...2, 0...23), let minutes = number(parts[1], 2...2, 0...59) else { return nil }
        let ahead = (hours * 3_600 + minutes * 60) * second
        return (text[..<sign], text[sign] == "-" ? -ahead : ahead)
    }

    private static func number(_ text: Substring, _ digits: ClosedRange<Int>, _ range: ClosedRange<Int64>) -> Int64? {
        guard digits.contains(text.count), text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int64(text), range.contains(number) else {
            return nil
        }
        return number
    }

    /// Days from civil, as `utc` has it the other way round: years begin in March.
    private static func day(_ text: Substring) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = number(parts[0], 4...4, 1970...9999), let month = number(parts[1], 2...2, 1...12),
            let day = number(parts[2], 2...2, 1...31)
        else { return nil }
        let shifted = month > 2 ? year : year - 1
        let (era, ofEra) = (shifted / 400, shifted % 400)
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
        let micros = days * 86_400 * second
        // The 30th of February is no day.
        return utc(micros).hasPrefix(text) ? micros : nil
    }

    private static func ofDay(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = number(parts[0], 2...2, 0...23), let minute = number(parts[1], 2...2, 0...59) else {
            return nil
        }
        var micros = (hour * 3_600 + minute * 60) * second
        guard parts.count == 3 else { return micros }
        let seconds = parts[2].split(separator: ".", omittingEmptySubsequences: false)
        guard seconds.count <= 2, let whole = number(seconds[0], 2...2, 0...59) else { return nil }
        micros += whole * second
        guard seconds.count == 2 else { return micros }
        // What is finer than a microsecond is cut off.
        guard number(seconds[1], 1...12, 0...999_999_999_999) != nil else { return nil }
        return micros + (Int64((seconds[1] + "00000").prefix(6)) ?? 0)
    }

    /// `2026-11-20 17:03:04`, or the day alone at its first moment.
    static func moment(_ micros: Int64) -> String {
        let text = utc(micros)
        let (day, clock) = (text.prefix(10), text.dropFirst(11).prefix(8))
        return micros % (86_400 * second) == 0 ? String(day) : "\(day) \(clock)"
    }

    static func day(_ micros: Int64) -> String { String(utc(micros).prefix(10)) }

    /// `840 µs`, `12.3 ms`, `4.56 s`, `3 min 20 s`, `5 h 02 min`, `3 d 4 h`: three digits are what a reader keeps.
    static func duration(_ micros: Int64) -> String {
        func digits(_ unit: Int64, _ name: String) -> String {
            let (whole, rest) = (micros / unit, micros % unit)
            let decimals = whole >= 100 ? 0 : whole >= 10 ? 1 : 2
            let scale: Int64 = [1, 10, 100][decimals]
            let part = rest * scale / unit
            guard decimals > 0 else { return "\(whole) \(name)" }
            return "\(whole).\(String(repeating: "0", count: decimals - String(part).count))\(part) \(name)"
        }
        func pair(_ unit: Int64, _ name: String, _ smaller: Int64, _ smallerName: String, width: Int) -> String {
            let rest = String(micros % unit / smaller)
            return "\(micros / unit) \(name) \(String(repeating: "0", count: max(0, width - rest.count)))\(rest) \(smallerName)"
        }
        switch micros {
        case ..<1_000: return "\(micros) µs"
        case ..<second: return digits(1_000, "ms")
        case ..<(60 * second): return digits(second, "s")
        case ..<(3_600 * second): return pair(60 * second, "min", second, "s", width: 2)
        case ..<(86_400 * second): return pair(3_600 * second, "h", 60 * second, "min", width: 2)
        default: return pair(86_400 * second, "d", 3_600 * second, "h", width: 1)
        }
    }

    private static let units: [(size: Int64, name: String)] = [
        (86_400 * second, "d"), (3_600 * second, "h"), (60 * second, "min"), (second, "s"), (1_000, "ms"),
    ]

    /// A length that somebody chose: `500 ms`, `1 s`, `10 min`, `1 h`, `7 d`, whole where it is whole.
    static func length(_ micros: Int64) -> String {
        guard let unit = units.first(where: { micros >= $0.size && micros % $0.size == 0 }) else { return duration(micros) }
        return "\(micros / unit.size) \(unit.name)"
    }

    /// `12,345`
    static func grouped(_ number: Int) -> String {
        var out = ""
        for (index, digit) in String(number).reversed().enumerated() {
            if index > 0, index % 3 == 0, digit != "-" { out.append(",") }
            out.append(digit)
        }
        return String(out.reversed())
    }
}
