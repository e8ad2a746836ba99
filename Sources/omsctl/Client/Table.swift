import Wire

/// Rows under headings, aligned with spaces. Text from outside is escaped here.
struct Table {
    private var rows: [[String]]
    private let isNumeric: [Bool]

    /// A heading that begins with `>` makes a column that is aligned right.
    init(_ headings: [String]) {
        isNumeric = headings.map { $0.hasPrefix(">") }
        rows = [headings.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }]
    }

    var count: Int { rows.count - 1 }

    mutating func add(_ cells: [String]) { rows.append(cells.map(\.escapedForTerminal)) }

    var text: String {
        var widths = [Int](repeating: 0, count: isNumeric.count)
        for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.columns) } }
        var out = ""
        for row in rows {
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.columns)
                line += (column == 0 ? "" : "  ") + (isNumeric[column] ? padding + cell : cell + padding)
            }
            while line.last == " " { line.removeLast() }
            out += line + "\n"
        }
        return out
    }

    /// Rows of JSON objects under their members' names.
    static func of(_ items: [JSON], columns: [(heading: String, member: String)]) -> Table {
        var table = Table(columns.map(\.heading))
        for item in items { table.add(columns.map { cell(item[$0.member], named: $0.member) }) }
        return table
    }

    /// A value as a person reads it: times (`*_at`, `at`) as UTC, absent ones as `-`.
    static func cell(_ value: JSON?, named name: String) -> String {
        switch value {
        case nil, .null?: return "-"
        case .string(let text)?: return text
        case .number(let text)?:
            if name == "at" || name.hasSuffix("_at"), let micros = Int64(text) { return utc(micros) }
            return text
        case .bool(let value)?: return value ? "yes" : "no"
        case .array?, .object?: return String(decoding: (value ?? .null).serialized(), as: UTF8.self)
        }
    }
}

/// Microseconds since 1970 as `2026-11-20T17:03:04.123456Z`.
///
/// The days-to-date arithmetic counts in eras of 400 years from 1 March of year 0 (146,097 days each, 719,468 days before 1970).
func utc(_ micros: Int64) -> String {
    let second = 1_000_000 as Int64
    let (days, ofDay) = micros.dividedFloor(by: 86_400 * second)
    let (era, ofEra) = (days + 719_468).dividedFloor(by: 146_097)
    let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let shifted = (5 * ofYear + 2) / 153
    let day = ofYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let full = era * 400 + year + (month <= 2 ? 1 : 0)
    let seconds = ofDay / second
    func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(padded(full, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):"
        + "\(padded(seconds % 60, 2)).\(padded(ofDay % second, 6))Z"
}

extension Int64 {
    fileprivate func dividedFloor(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
