import OMSCore
import Wire

extension OKX {
    /// Endpoints that need no key. They go unsigned: a stamp of a clock not yet measured would only get them refused.
    private static let publicPaths: Set<String> = [timePath, instrumentsPath]

    /// Adds key, passphrase, stamp and signature.
    ///
    /// `base64(HMAC-SHA256(secret, stamp + METHOD + path [+ "?" + query as sent] + body))`; no other header is part of it. Vectors on which two independent
    /// programs agree: Tests/VenuesTests/Fixtures/okx.
    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) {
        guard !Self.publicPaths.contains(String(request.path)) else { return }
        let stamp = Self.stamp(timeMs)
        let signed = Array("\(stamp)\(request.method)\(request.target)".utf8) + request.body
        request.headers.append(HTTPHeader("OK-ACCESS-KEY", key.keyID))
        request.headers.append(HTTPHeader("OK-ACCESS-SIGN", base64(key.hmacSHA256(signed))))
        request.headers.append(HTTPHeader("OK-ACCESS-TIMESTAMP", stamp))
        request.headers.append(HTTPHeader("OK-ACCESS-PASSPHRASE", key.passphrase ?? ""))
    }

    /// `2025-11-20T12:00:00.123Z` of milliseconds since 1970.
    ///
    /// Days become a date by counting in years that begin in March: then the leap day is a year's last.
    static func stamp(_ timeMs: Int64) -> String {
        let ms = max(0, timeMs)
        let (day, rest) = (ms / dayMs, ms % dayMs)
        // Since 1 March of the year 0, in eras of 400 years: 146,097 days.
        let days = day + 719_468
        let ofEra = days % 146_097
        let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let isNextYear = month >= 10
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        let date = [
            padded(days / 146_097 * 400 + year + (isNextYear ? 1 : 0), 4), padded(isNextYear ? month - 9 : month + 3, 2),
            padded(ofYear - (153 * month + 2) / 5 + 1, 2),
        ]
        let seconds = rest / 1_000
        let time = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
        return "\(date.joined(separator: "-"))T\(time.joined(separator: ":")).\(padded(rest % 1_000, 3))Z"
    }
}
