/// Seconds since 1970 UTC of a date as HTTP writes it, e.g. `Sun, 06 Nov 1994 08:49:37 GMT`; nil for any other form.
///
/// The two obsolete forms of RFC 9110, 5.6.7, are not read: no server in use sends them.
package func secondsSince1970(httpDate text: String) -> Int64? {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 6, words[0].utf8.count == 4, words[0].last == ",", words[5] == "GMT" else { return nil }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard let day = number(words[1], digits: 2), let month = months.firstIndex(of: String(words[2])), let year = number(words[3], digits: 4) else {
        return nil
    }
    let time = words[4].split(separator: ":", omittingEmptySubsequences: false)
    guard time.count == 3, let hour = number(time[0], digits: 2), let minute = number(time[1], digits: 2), let second = number(time[2], digits: 2)
    else { return nil }
    // A leap second is a sixtieth.
    guard year >= 1970, (1...31).contains(day), hour < 24, minute < 60, second <= 60 else { return nil }
    return daysSince1970(year: year, month: Int64(month) + 1, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
}

private func number(_ text: Substring, digits: Int) -> Int64? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    return Int64(text)
}

/// Days of the Gregorian calendar, counted in years that begin in March: then the leap day comes last, and months follow one formula.
private func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
    let marchYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let daysBefore = 365 * marchYear + marchYear / 4 - marchYear / 100 + marchYear / 400
    // From the first of March of year 0 to the first of January 1970.
    return daysBefore + dayOfYear - 719_468
}
