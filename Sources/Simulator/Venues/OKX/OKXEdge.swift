import OMSCore
import Wire

/// Why OKX refuses an order or a request: its code, and words that change between its pages.
struct OKXProblem: Error, Equatable {
    let code: String
    let text: String
    /// The HTTP status of a request that is refused whole; items are refused within a 200.
    var status: Int

    init(_ code: Int, _ text: String) { self.init(asked: String(code), text) }
    /// A code that a fault chose.
    init(asked code: String, _ text: String) { (self.code, self.text, status) = (code, text, Self.status(of: code)) }

    /// A parameter that is not as the page has it; only the text says which.
    static func parameter(_ name: String) -> Self { Self(51_000, "Parameter \(name) error") }
    static let tooMany = Self(50_011, "Rate limit reached. Please refer to API documentation and throttle requests accordingly.")
    static let tooManyOfAccount = Self(50_061, "You've reached the maximum order rate limit for this account.")
    static let accountMode = Self(51_010, "Request unsupported under current account mode.")

    /// Refuses an item where a fault asks for it.
    static func heed(_ call: Call) throws(OKXProblem) {
        guard let refusal = call.refusesItem?() else { return }
        throw Self(asked: refusal.code, refusal.message)
    }

    /// Most refusals of business come with 200 (docs/venues/okx.md).
    private static func status(of code: String) -> Int {
        switch code {
        case "50000", "50002", "50004", "50006", "50014": 400
        case "50005": 410
        case "50115": 405
        case "50011", "50013": 429
        case "50001": 503
        case "50026", "51054", "51149": 500
        default: code.hasPrefix("501") ? 401 : 200
        }
    }
}

/// The door of OKX's interface: headers, signature, stamp, envelope.
///
/// Source: docs/venues/okx.md.
struct OKXEdge {
    /// How old a stamp may be, and how far ahead.
    static let freshnessMs: Int64 = 30_000
    /// Whether the door's own refusals bear `data`: captures lack it.
    var refusalsHaveData = false
    private var keyring = SigningKeyring()

    /// Checks headers, key, stamp, passphrase, signature, environment and body type, in this order.
    mutating func authenticate(_ call: Call, isDemo: Bool, on exchange: Exchange) throws(OKXProblem) -> SimAccount {
        let request = call.request
        func header(_ name: String, _ code: Int) throws(OKXProblem) -> String {
            guard let text = request.header(name), !text.isEmpty else { throw OKXProblem(code, "Request header \(name) can not be empty.") }
            return text
        }
        let (key, passphrase) = (try header("OK-ACCESS-KEY", 50_103), try header("OK-ACCESS-PASSPHRASE", 50_104))
        let (signature, stamp) = (try header("OK-ACCESS-SIGN", 50_106), try header("OK-ACCESS-TIMESTAMP", 50_107))
        // One code for keys that are none and for keys of another region.
        guard let account = call.account, account.key == key else { throw OKXProblem(50_119, "API key doesn't exist") }
        guard let sentMs = Self.milliseconds(ofISO: stamp) else { throw OKXProblem(50_112, "Invalid OK-ACCESS-TIMESTAMP") }
        guard exchange.takesOldStamps && sentMs < call.atMs || (call.atMs - sentMs).magnitude <= UInt64(exchange.freshnessMs ?? Self.freshnessMs)
        else {
            throw OKXProblem(50_102, "Timestamp request expired")
        }
        guard passphrase == account.passphrase else { throw OKXProblem(50_105, "Request header OK-ACCESS-PASSPHRASE incorrect.") }
        // The path as it was sent, with its query; `expTime` and the mark of the demo are outside.
        let signed = Array((stamp + request.method + request.target).utf8) + request.body
        guard base64(keyring.key(of: account).hmacSHA256(signed)) == signature else { throw OKXProblem(50_113, "Invalid Sign") }
        guard (request.header("x-simulated-trading") == "1") == isDemo else {
            throw OKXProblem(50_101, "APIKey does not match current environment.")
        }
        if request.method == "POST" {
            guard request.header("Content-Type")?.lowercased().hasPrefix("application/json") == true else {
                throw OKXProblem(50_006, "Invalid Content-Type, please use \"application/json\".")
            }
            guard !request.body.isEmpty else { throw OKXProblem(50_000, "Body for POST request cannot be empty.") }
            guard call.json != nil else { throw OKXProblem(50_002, "JSON syntax error") }
        }
        return account
    }

    /// The moment past which places and amends are not wanted any more; nil: none is told.
    static func deadlineMs(of call: Call) throws(OKXProblem) -> Int64? {
        guard let text = call.request.header("expTime") else { return nil }
        guard let ms = milliseconds(text) else { throw .parameter("expTime") }
        return ms
    }

    /// Digits alone, at most so many as a Unix time in milliseconds has.
    static func milliseconds(_ text: String) -> Int64? {
        guard (1...15).contains(text.utf8.count), isDigits(text) else { return nil }
        return Int64(text)
    }

    static func isDigits(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }

    /// Milliseconds since 1970 of `2025-11-20T12:00:00.123Z`; nil for anything else, without milliseconds or zone above all.
    static func milliseconds(ofISO text: String) -> Int64? {
        let bytes = Array(text.utf8)
        let marks: [(Int, UInt8)] = [
            (4, UInt8(ascii: "-")), (7, UInt8(ascii: "-")), (10, UInt8(ascii: "T")), (13, UInt8(ascii: ":")), (16, UInt8(ascii: ":")),
            (19, UInt8(ascii: ".")), (23, UInt8(ascii: "Z")),
        ]
        guard bytes.count == 24, marks.allSatisfy({ bytes[$0.0] == $0.1 }) else { return nil }
        func number(_ range: Range<Int>, _ allowed: ClosedRange<Int64>) -> Int64? {
            let digits = String(decoding: bytes[range], as: UTF8.self)
            guard isDigits(digits), let number = Int64(digits), allowed.contains(number) else { return nil }
            return number
        }
        guard let year = number(0..<4, 1970...9999), let month = number(5..<7, 1...12), let day = number(8..<10, 1...31),
            let hour = number(11..<13, 0...23), let minute = number(14..<16, 0...59), let second = number(17..<19, 0...59),
            let ms = number(20..<23, 0...999)
        else { return nil }
        return ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + ms
    }

    /// By a year that begins in March, whose last day is the one that leap years have more.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        // 719468 days lie between 1 March of the year 0 and 1970.
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    }

    // MARK: Envelopes

    /// A good answer: `write` appends rows.
    func success(_ call: Call, _ write: (inout JSONWriter) -> Void) -> HTTPResponse {
        envelope(200, "0", "", call) { writer in
            writer.key("data")
            writer.beginArray()
            write(&writer)
            writer.endArray()
        }
    }

    /// One row an item.
    func rows<Row>(_ call: Call, _ rows: [Row], _ write: (Row, inout JSONWriter) -> Void) -> HTTPResponse {
        success(call) { writer in
            for row in rows {
                writer.beginObject()
                write(row, &writer)
                writer.endObject()
            }
        }
    }

    /// What became of the items of a write: all well, some, or none; the gateway's clock stands beside.
    func receipts(_ call: Call, _ items: [OKXReceipt], _ kind: Route.Kind) -> HTTPResponse {
        let failed = items.count { $0.problem != nil }
        (call.accepted, call.refused) = (items.count - failed, failed)
        let (code, text) =
            failed == 0 ? ("0", "") : failed == items.count ? ("1", "All operations failed") : ("2", "Bulk operation partially successful")
        return envelope(200, code, text, call) { writer in
            writer.key("data")
            writer.beginArray()
            for item in items { item.write(kind, atMs: call.atMs, &writer) }
            writer.endArray()
            writer.members([("inTime", String(call.at)), ("outTime", String(call.at))])
        }
    }

    func failure(_ problem: OKXProblem, _ call: Call) -> HTTPResponse {
        call.refusal = problem.code
        return envelope(problem.status, problem.code, problem.text, call) { writer in
            guard problem.status != 401 || refusalsHaveData else { return }
            writer.key("data")
            writer.raw("[]")
        }
    }

    /// No such path: the code is a number there, and the data an object.
    static func notFound() -> HTTPResponse {
        HTTPResponse(
            status: 404, headers: [HTTPHeader("Content-Type", "application/json")], body: Array(#"{"code":404,"data":{},"msg":"Not Found"}"#.utf8))
    }

    private func envelope(_ status: Int, _ code: String, _ text: String, _ call: Call, _ rest: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter(reserving: 128 + 192 * call.items)
        writer.beginObject()
        writer.members([("code", code), ("msg", text)])
        rest(&writer)
        writer.endObject()
        return HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "application/json")], body: writer.bytes)
    }
}

/// What an answer says of one item of a write.
struct OKXReceipt {
    var orderID = ""
    var clientID = ""
    var tag = ""
    var requestID = ""
    var problem: OKXProblem?

    func write(_ kind: Route.Kind, atMs: Int64, _ writer: inout JSONWriter) {
        writer.beginObject()
        // A refused place names no order; what it was asked for comes back.
        writer.members([("clOrdId", clientID), ("ordId", orderID)])
        if kind == .place { writer.member("tag", tag) }
        if kind == .modify { writer.member("reqId", requestID) }
        writer.members([("ts", String(atMs)), ("sCode", problem?.code ?? "0"), ("sMsg", problem?.text ?? "")])
        if kind != .cancel { writer.member("subCode", "") }
        writer.endObject()
    }
}

/// The members of one OKX object: names that the page has, each of the kind that it has.
struct OKXFields {
    enum Kind { case text, flag }
    private let members: [(key: String, value: JSON)]

    init(_ json: JSON?, known: [String: Kind]) throws(OKXProblem) {
        guard let members = json?.object else { throw .parameter("body") }
        for (name, value) in members {
            let fits =
                switch known[name] {
                case .text: value.string != nil
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

    func required(_ name: String) throws(OKXProblem) -> String {
        guard let text = self[name] else { throw OKXProblem(50_014, "Parameter \(name) can not be empty.") }
        return text
    }

    /// One of these words; `standing` when absent.
    func word(_ name: String, _ words: Set<String>, standing: String? = nil) throws(OKXProblem) -> String {
        guard let text = self[name] ?? standing else { throw OKXProblem(50_014, "Parameter \(name) can not be empty.") }
        guard words.contains(text) else { throw .parameter(name) }
        return text
    }

    /// A decimal above zero; nil when absent.
    func amount(_ name: String) throws(OKXProblem) -> Decimal? {
        guard let text = self[name] else { return nil }
        guard let value = Decimal(text), value.isPositive else { throw .parameter(name) }
        return value
    }

    /// Letters and digits alone, at most so many; nil when absent.
    func name(_ name: String, most: Int) throws(OKXProblem) -> String? {
        guard let text = self[name] else { return nil }
        guard text.utf8.count <= most, OKXRules.isAlphanumeric(text) else { throw .parameter(name) }
        return text
    }

    func flag(_ name: String) -> Bool? { value(name)?.bool }
}
