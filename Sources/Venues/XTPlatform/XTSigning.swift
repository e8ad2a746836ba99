import OMSCore
import Wire

/// How XT and the platforms that run its software sign: two schemes, one key.
///
/// Source: XT API documentation, "signature" pages of spot and futures (state 2025-02, read 2026-11); docs/venues/xt.md.
enum XTSigning {
    enum Scheme {
        /// Algorithm, key, window, time; then method, path, query, body.
        case spot
        /// Key and time; then path, query, body. No method.
        case futures
    }

    /// Adds key, timestamp and signature; public paths stay as they are.
    static func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey, as scheme: Scheme) {
        guard !isPublic(request.path) else { return }
        let signature = hex(key.hmacSHA256(stringToSign(request, timeMs: timeMs, keyID: key.keyID, as: scheme)))
        request.headers.append(HTTPHeader("validate-appkey", key.keyID))
        request.headers.append(HTTPHeader("validate-timestamp", String(timeMs)))
        request.headers.append(HTTPHeader("validate-signature", signature))
    }

    /// Whether a folder of the path is `public`.
    private static func isPublic(_ path: Substring) -> Bool {
        path.utf8.split(separator: UInt8(ascii: "/")).dropLast().contains { $0.elementsEqual("public".utf8) }
    }

    /// The bytes under the HMAC. The spot scheme reads algorithm and window from the request's own headers: what is signed is what is sent.
    static func stringToSign(_ request: HTTPRequest, timeMs: Int64, keyID: String, as scheme: Scheme) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(200 + request.body.count)
        func add(_ text: some StringProtocol) { out.append(contentsOf: text.utf8) }
        if case .spot = scheme {
            add("validate-algorithms=\(request.header("validate-algorithms") ?? "")&")
        }
        add("validate-appkey=\(keyID)")
        if case .spot = scheme { add("&validate-recvwindow=\(request.header("validate-recvwindow") ?? "")") }
        add("&validate-timestamp=\(timeMs)#")
        if case .spot = scheme { add("\(request.method)#") }
        add(request.path)
        if let query = request.query, !query.isEmpty { add("#" + sortedAndDecoded(query)) }
        guard !request.body.isEmpty else { return out }
        add("#")
        if request.header("Content-Type") == "application/x-www-form-urlencoded" {
            add(sortedAndDecoded(Substring(String(decoding: request.body, as: UTF8.self))))
        } else {
            out.append(contentsOf: request.body)
        }
        return out
    }

    /// `b=2&a=1%2C5` as `a=1,5&b=2`.
    static func sortedAndDecoded(_ query: Substring) -> String {
        let pairs = query.split(separator: "&", omittingEmptySubsequences: true)
        let named = pairs.map { pair in (name: pair.prefix { $0 != "=" }, pair: pair) }
        return named.sorted { $0.name < $1.name }.map { percentDecoded($0.pair) }.joined(separator: "&")
    }

    /// `%2C` as `,`; a `%` without two hex digits stays.
    private static func percentDecoded(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count, let high = hexDigit(bytes[at + 1]), let low = hexDigit(bytes[at + 2]) {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// How long after its timestamp a request is taken. It is the fence of a resend, so never above what the engine counts with.
enum XTWindow {
    /// The shortest that a request may name.
    static let floorMs: Int64 = 2_000

    /// The header that names it: signed on spot, not on futures. Above 5 s is discouraged, and that is what futures take without it.
    static func header(of plan: RequestPlan) -> HTTPHeader { header(freshnessMs: plan.freshnessMs) }

    static func header(freshnessMs: Int64) -> HTTPHeader { HTTPHeader("validate-recvwindow", String(min(5_000, max(floorMs, freshnessMs)))) }
}
