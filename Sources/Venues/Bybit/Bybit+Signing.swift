import OMSCore
import Wire

extension Bybit {
    /// Endpoints that need no key. They go unsigned: a stamp of a clock not yet measured would only get them refused.
    private static let publicPaths: Set<String> = [timePath, instrumentsPath]

    /// Adds key, stamp and signature.
    ///
    /// `hex(HMAC-SHA256(secret, stamp + key + window + (query as sent | body)))`; method and path are not part of it. Vectors of two independent programs:
    /// Tests/VenuesTests/Fixtures/bybit.
    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) {
        guard !Self.publicPaths.contains(String(request.path)) else { return }
        let stamp = String(timeMs)
        var signed = Array(stamp.utf8) + Array(key.keyID.utf8) + Array((request.header(Self.windowHeader) ?? String(Self.freshnessMs)).utf8)
        if request.method == "GET" { signed += Array((request.query ?? "").utf8) } else { signed += request.body }
        request.headers.append(HTTPHeader("X-BAPI-API-KEY", key.keyID))
        request.headers.append(HTTPHeader("X-BAPI-TIMESTAMP", stamp))
        request.headers.append(HTTPHeader("X-BAPI-SIGN", hex(key.hmacSHA256(signed))))
    }
}
