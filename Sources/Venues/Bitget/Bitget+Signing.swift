import OMSCore
import Wire

extension Bitget {
    /// Endpoints that need no key. They go unsigned: a stamp of a clock not yet measured would only get them refused.
    private static let publicPaths: Set<String> = [
        timePath, BitgetMargin.instrumentsPath, BitgetUTA.instrumentsPath,
    ]

    /// Adds key, passphrase, timestamp and signature.
    ///
    /// `base64(HMAC-SHA256(secret, timestamp + METHOD + path [+ "?" + query] + body))`, with the query's values decoded. Source:
    /// https://www.bitget.com/api-doc/common/signature (mirror of December 2025); vectors in Tests/VenuesTests/Fixtures/bitget-margin and bitget-uta.
    static func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) {
        guard !publicPaths.contains(String(request.path)) else { return }
        let timestamp = String(timeMs)
        let signature = base64(key.hmacSHA256(prehash(of: request, timestamp: timestamp)))
        request.headers.append(HTTPHeader("ACCESS-KEY", key.keyID))
        request.headers.append(HTTPHeader("ACCESS-SIGN", signature))
        request.headers.append(HTTPHeader("ACCESS-TIMESTAMP", timestamp))
        request.headers.append(HTTPHeader("ACCESS-PASSPHRASE", key.passphrase ?? ""))
    }

    /// The bytes that are signed.
    static func prehash(of request: HTTPRequest, timestamp: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(timestamp.utf8.count + request.method.utf8.count + request.target.utf8.count + request.body.count)
        bytes.append(contentsOf: timestamp.utf8)
        bytes.append(contentsOf: request.method.utf8)
        bytes.append(contentsOf: request.path.utf8)
        if let query = request.query {
            bytes.append(UInt8(ascii: "?"))
            bytes.append(contentsOf: percentDecoded(Array(query.utf8)))
        }
        bytes.append(contentsOf: request.body)
        return bytes
    }

    /// The bytes with each `%XX` replaced; a lone `%` stays.
    private static func percentDecoded(_ text: [UInt8]) -> [UInt8] {
        func digit(_ index: Int) -> UInt8? {
            guard index < text.count else { return nil }
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): return text[index] - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): return text[index] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): return text[index] - UInt8(ascii: "A") + 10
            default: return nil
            }
        }
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var at = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "%"), let high = digit(at + 1), let low = digit(at + 2) {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(text[at])
                at += 1
            }
        }
        return out
    }
}
