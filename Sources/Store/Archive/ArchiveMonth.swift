/// A month by UTC, as files of the archive are named: that in which an order closed, by its row.
package struct ArchiveMonth: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let year: Int
    /// 1 to 12.
    package let month: Int

    /// - Parameter micros: since 1970 UTC.
    package init(of micros: Int64) {
        // Days to a civil date, in eras of 400 years from 1 March of year 0: 146,097 days each, 719,468 of them before 1970.
        let days = (micros >= 0 ? micros : micros - (Self.day - 1)) / Self.day
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * ofYear + 2) / 153
        month = Int(fromMarch < 10 ? fromMarch + 3 : fromMarch - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    private init(year: Int, month: Int) { (self.year, self.month) = (year, month) }

    private static let day: Int64 = 86_400_000_000

    /// Microseconds since 1970 UTC.
    private var start: Int64 {
        let shifted = Int64(month > 2 ? year : year - 1)
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let ofEra = shifted - era * 400
        let ofYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5)
        return (era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468) * Self.day
    }

    /// As ``description`` writes it; nil: it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 2, let year = Int(parts[0]), let month = Int(parts[1]), (1...12).contains(month) else {
            return nil
        }
        self.init(year: year, month: month)
        guard description == text else { return nil }
    }

    package var next: ArchiveMonth { month == 12 ? ArchiveMonth(year: year + 1, month: 1) : ArchiveMonth(year: year, month: month + 1) }
    package var range: Range<Int64> { start..<next.start }
    package var description: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }
    package static func < (a: ArchiveMonth, b: ArchiveMonth) -> Bool { (a.year, a.month) < (b.year, b.month) }
}
