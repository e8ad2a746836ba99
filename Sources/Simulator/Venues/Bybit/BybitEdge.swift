import OMSCore
import Wire

/// Why Bybit refuses an order or a request: its code, and words that change between its pages.
struct BybitProblem: Error, Equatable {
    let code: String
    let text: String
    /// The HTTP status of a request that is refused whole. Refusals of business come with 200.
    var status = 200
    init(_ code: Int, _ text: String) { self.init(asked: String(code), text) }

    /// The collective code: whatever is wrong with a parameter (5).
    static func parameter(_ name: String) -> Self { Self(10_001, "Request parameter error: \(name)") }
    /// A code that a fault chose.
    init(asked code: String, _ text: String) { (self.code, self.text) = (code, text) }
    static let tooMany = Self(10_006, "Too many visits. Exceeded the API Rate Limit.")

    /// Refuses an item where a fault asks for it.
    static func heed(_ call: Call) throws(BybitProblem) {
        guard let refusal = call.refusesItem?() else { return }
        throw Self(asked: refusal.code, refusal.message)
    }
}

/// The door of Bybit's interface: headers, signature, window, envelope.
///
/// Source: docs/venues/bybit.md, 1 and 2.
struct BybitEdge {
    /// A stamp may be so far ahead, and not as far as that.
    static let aheadMs: Int64 = 1_000
    private var keyring = SigningKeyring()

    /// Checks headers, key, body type, window and signature, in this order.
    mutating func authenticate(_ call: Call, on exchange: Exchange) throws(BybitProblem) -> SimAccount {
        let request = call.request
        func header(_ name: String) throws(BybitProblem) -> String {
            guard let text = request.header(name), !text.isEmpty else {
                var problem = BybitProblem(10_003, "\(name) is missing")
                problem.status = 401
                throw problem
            }
            return text
        }
        let (key, stamp) = (try header("X-BAPI-API-KEY"), try header("X-BAPI-TIMESTAMP"))
        let (window, signature) = (try header("X-BAPI-RECV-WINDOW"), try header("X-BAPI-SIGN"))
        guard let account = call.account, account.key == key else { throw BybitProblem(10_003, "API key is invalid.") }
        guard let sentMs = Self.milliseconds(stamp) else { throw .parameter("X-BAPI-TIMESTAMP") }
        guard let windowMs = Self.milliseconds(window), windowMs > 0 else { throw .parameter("X-BAPI-RECV-WINDOW") }
        guard exchange.takesOldStamps || call.atMs - (exchange.freshnessMs ?? windowMs) <= sentMs, sentMs < call.atMs + Self.aheadMs else {
            throw BybitProblem(
                10_002, "invalid request, please check your server timestamp or recv_window param. req_timestamp[\(stamp)],recv_window[\(window)]")
        }
        if request.method == "POST", request.header("Content-Type")?.lowercased().hasPrefix("application/json") != true {
            throw .parameter("Content-Type")
        }
        // Query and body as they came: the order of keys is the caller's, and nothing is decoded.
        let signed = Array((stamp + key + window).utf8) + (request.method == "POST" ? request.body : Array((request.query ?? "").utf8))
        guard hex(keyring.key(of: account).hmacSHA256(signed)) == signature else { throw BybitProblem(10_004, "error sign!") }
        return account
    }

    /// Digits alone, at most so many as a Unix time in milliseconds has.
    static func milliseconds(_ text: String) -> Int64? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// A good answer; `extra` is what stands beside the result, an empty object where there is nothing.
    func success(_ call: Call, extra: ((inout JSONWriter) -> Void)? = nil, _ result: (inout JSONWriter) -> Void) -> HTTPResponse {
        envelope(200, "0", "OK", call, extra: extra, result)
    }

    func failure(_ problem: BybitProblem, _ call: Call) -> HTTPResponse {
        call.refusal = problem.code
        return envelope(problem.status, problem.code, problem.text, call) { $0.raw("{}") }
    }

    private func envelope(
        _ status: Int, _ code: String, _ text: String, _ call: Call, extra: ((inout JSONWriter) -> Void)? = nil, _ result: (inout JSONWriter) -> Void
    ) -> HTTPResponse {
        var writer = JSONWriter(reserving: 256 + 256 * call.items)
        writer.beginObject()
        writer.code("retCode", code)
        writer.member("retMsg", text)
        writer.key("result")
        result(&writer)
        writer.key("retExtInfo")
        if let extra { extra(&writer) } else { writer.raw("{}") }
        writer.member("time", call.atMs)
        writer.endObject()
        return HTTPResponse(status: status, headers: headers(call), body: writer.bytes)
    }

    /// What is left of the first limit, and when more is free: now, unless it was passed.
    private func headers(_ call: Call) -> [HTTPHeader] {
        var headers = [HTTPHeader("Content-Type", "application/json"), HTTPHeader("Timenow", String(call.atMs))]
        if call.route.kind != .public, let (permits, left) = call.permits.flatMap({ permits in call.remaining.map { (permits, $0) } }) {
            headers += [
                HTTPHeader("X-Bapi-Limit", String(permits)), HTTPHeader("X-Bapi-Limit-Status", String(left)),
                HTTPHeader("X-Bapi-Limit-Reset-Timestamp", String(call.atMs + (call.over.isEmpty ? 0 : 1_000))),
            ]
        }
        return headers
    }

    /// What the edge in front of everything answers, in words for people.
    static func page(_ status: Int, _ words: String) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [HTTPHeader("Content-Type", "text/html"), HTTPHeader("Via", "1.1 simulated (CloudFront)")],
            body: Array("<html><head><title>\(status)</title></head><body>\(words)</body></html>\n".utf8))
    }
}

extension JSONWriter {
    /// The venue's codes are numbers; one that a fault chose may be none.
    mutating func code(_ name: String, _ code: String) {
        key(name)
        let digits = code.hasPrefix("-") ? code.dropFirst() : code[...]
        if !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) { raw(code) } else { string(code) }
    }
}

/// The members of one Bybit object: names that the page has, each of the kind that it has.
struct BybitFields {
    enum Kind { case text, integer, flag }
    private let members: [(key: String, value: JSON)]

    init(_ json: JSON?, known: [String: Kind]) throws(BybitProblem) {
        guard let members = json?.object else { throw .parameter("body") }
        for (name, value) in members {
            let fits =
                switch known[name] {
                case .text: value.string != nil
                case .integer: value.string == nil && value.integer != nil
                case .flag: value.bool != nil
                case nil: false
                }
            guard fits else { throw .parameter(name.escapedForLog) }
        }
        self.members = members
    }

    private func value(_ name: String) -> JSON? { members.first { $0.key == name }?.value }

    /// nil when absent or empty.
    subscript(_ name: String) -> String? { value(name)?.string.flatMap { $0.isEmpty ? nil : $0 } }

    func required(_ name: String) throws(BybitProblem) -> String {
        guard let text = self[name] else { throw .parameter(name) }
        return text
    }

    /// One of these words; `standing` when absent.
    func word(_ name: String, _ words: Set<String>, standing: String? = nil) throws(BybitProblem) -> String {
        guard let text = self[name] ?? standing, words.contains(text) else { throw .parameter(name) }
        return text
    }

    /// A decimal above zero; nil when absent.
    func amount(_ name: String) throws(BybitProblem) -> Decimal? {
        guard let text = self[name] else { return nil }
        guard let value = Decimal(text), value.isPositive else { throw .parameter(name) }
        return value
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(BybitProblem) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer, range.contains(number) else { throw .parameter(name) }
        return number
    }

    func flag(_ name: String) -> Bool { value(name)?.bool ?? false }
}
