import OMSCore
import Wire

/// A refusal in Bitget's words. Codes: docs/venues/bitget.md, 6.
struct BitgetProblem: Error {
    let code: String
    let message: String
    init(_ code: String, _ message: String) { (self.code, self.message) = (code, message) }

    /// Parameter errors (40017 in both tables).
    static func parameter(_ name: String) -> Self { Self("40017", "Parameter verification failed \(name)") }
}

/// What Bitget's v2 and v3 interfaces share: headers, signature, clock, envelope, ids.
///
/// Source: docs/venues/bitget.md, 1, 2 and 5 (official pages as mirrored December 2025 to October 2026).
struct BitgetEdge {
    /// Milliseconds a stamp may be off, either way. Bitget: 30 s.
    static let freshnessMs: Int64 = 30_000
    /// HTTP status of business errors: 400 in every live observation, 200 by other authors.
    var businessStatus = 400

    /// Checks key, stamp, passphrase, signature, body type and account type, in this order.
    func authenticate(_ call: Call, mode: SimAccount.Mode, on exchange: Exchange) throws(BitgetProblem) -> SimAccount {
        let request = call.request
        guard let key = request.header("ACCESS-KEY"), !key.isEmpty else { throw BitgetProblem("40001", "ACCESS_KEY cannot be empty") }
        guard let signature = request.header("ACCESS-SIGN"), !signature.isEmpty else { throw BitgetProblem("40002", "ACCESS_SIGN cannot be empty") }
        guard let stamp = request.header("ACCESS-TIMESTAMP"), !stamp.isEmpty else {
            throw BitgetProblem("40003", "Signature timestamp cannot be empty")
        }
        guard let account = call.account, account.key == key else { throw BitgetProblem("40037", "Apikey does not exist") }
        guard stamp.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let ms = Int64(stamp) else {
            throw BitgetProblem("40005", "Invalid ACCESS_TIMESTAMP")
        }
        let (age, overflow) = call.atMs.subtractingReportingOverflow(ms)
        guard !overflow, exchange.takesOldStamps && age > 0 || age.magnitude <= UInt64(exchange.freshnessMs ?? Self.freshnessMs) else {
            throw BitgetProblem("40008", "Request timestamp expired")
        }
        guard let passphrase = request.header("ACCESS-PASSPHRASE"), !passphrase.isEmpty else {
            throw BitgetProblem("40011", "ACCESS_PASSPHRASE cannot be empty")
        }
        guard passphrase == account.passphrase else { throw BitgetProblem("40012", "apikey/password is incorrect") }
        let hmac = SigningKey(keyID: key, secret: Array(account.secret.utf8), passphrase: nil)
        // The venue signs the query as it means it, not as the URL encodes it (docs/venues/bitget.md).
        let query = request.query.map { "?" + formPairs($0).map { "\($0.name)=\($0.value)" }.joined(separator: "&") } ?? ""
        guard signature == base64(hmac.hmacSHA256(Array((stamp + request.method + request.path + query).utf8) + request.body)) else {
            throw BitgetProblem("40009", "sign signature error")
        }
        if request.method == "POST", request.header("Content-Type")?.lowercased().hasPrefix("application/json") != true {
            throw .parameter("Content-Type")
        }
        guard account.mode == mode else { throw Self.wrongAccount(mode) }
        return account
    }

    /// Refuses an item where a fault asks for it.
    static func heed(_ call: Call) throws(BitgetProblem) {
        if let refusal = call.refusesItem?() { throw BitgetProblem(refusal.code, refusal.message) }
    }

    /// A path of one account type, called by an account of the other. Source: docs/venues/bitget.md, 0.8.
    static func wrongAccount(_ wanted: SimAccount.Mode) -> BitgetProblem {
        switch wanted {
        case .uta: BitgetProblem("40084", "Classic account mode is not supported by the unified account API")
        case .classic: BitgetProblem("40085", "You are in unified account mode, and the classic account API is not supported")
        }
    }

    /// The envelope around data that `write` appends.
    func success(_ call: Call, _ write: (inout JSONWriter) -> Void) -> HTTPResponse { envelope(200, "00000", "success", call, write) }

    func failure(_ problem: BitgetProblem, _ call: Call) -> HTTPResponse {
        call.refusal = problem.code
        return envelope(businessStatus, problem.code, problem.message, call) { $0.null() }
    }

    func refuse(_ why: Refusal, _ call: Call, mode: SimAccount.Mode) -> HTTPResponse {
        switch why {
        case .unknownEndpoint: envelope(404, "40404", "Request URL NOT FOUND", call) { $0.null() }
        case .rateLimited: envelope(429, "429", "Too Many Requests", call) { $0.null() }
        case .maintenance: envelope(businessStatus, "40200", "Server upgrade, please try again later", call) { $0.null() }
        case .wrongAccount: failure(Self.wrongAccount(mode), call)
        case .venueError(let code, let message, let status): envelope(status == 0 ? businessStatus : status, code, message, call) { $0.null() }
        }
    }

    private func envelope(_ status: Int, _ code: String, _ message: String, _ call: Call, _ write: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter(reserving: 256 + 96 * call.items)
        writer.beginObject()
        writer.member("code", code)
        writer.member("msg", message)
        writer.member("requestTime", call.atMs)
        writer.key("data")
        write(&writer)
        writer.endObject()
        var headers = [HTTPHeader("Content-Type", "application/json")]
        if let remaining = call.remaining { headers.append(HTTPHeader("x-mbx-used-remain-limit", String(remaining))) }
        return HTTPResponse(status: status, headers: headers, body: writer.bytes)
    }

    /// A client id valid under every reading of the pages: 1 to 32 of `[A-Za-z0-9_-]`.
    static func isClientID(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// The fields of one Bitget object: known ones only, text only, as the pages have it.
struct BitgetFields {
    private let members: [(key: String, value: JSON)]

    init(_ json: JSON?, known: Set<String>) throws(BitgetProblem) {
        guard let members = json?.object else { throw .parameter("body") }
        for member in members {
            guard known.contains(member.key) else { throw .parameter(member.key.escapedForLog) }
            guard member.value.string != nil || member.value.isNull else { throw .parameter(member.key) }
        }
        self.members = members
    }

    /// The text; nil when absent, null or empty.
    subscript(_ name: String) -> String? {
        guard let text = members.first(where: { $0.key == name })?.value.string, !text.isEmpty else { return nil }
        return text
    }

    func required(_ name: String) throws(BitgetProblem) -> String {
        guard let text = self[name] else { throw .parameter(name) }
        return text
    }

    /// One of the words listed, or `standing` when absent.
    func word(_ name: String, _ words: Set<String>, standing: String? = nil) throws(BitgetProblem) -> String {
        guard let text = self[name] ?? standing, words.contains(text) else { throw .parameter(name) }
        return text
    }

    /// A decimal above zero in plain notation.
    func amount(_ name: String) throws(BitgetProblem) -> Decimal? {
        guard let text = self[name] else { return nil }
        guard let value = Decimal(text), value.isPositive else { throw .parameter(name) }
        return value
    }
}

/// What a Bitget order carries beside the exchange's own record.
final class BitgetNotes {
    /// When a cancel was last taken, milliseconds of the venue's clock.
    var canceledAtMs: Int64?
    /// Modifications the engine has not finished, oldest first, with what they ask for.
    var modifications: [(price: Decimal?, quantity: Decimal?)] = []
    /// When the engine will be through with the last of them, microseconds.
    var busyUntil: Int64 = 0
    /// An automatic cancel after a failed change: all later changes are refused.
    var isBarred = false

    static func of(_ order: SimOrder) -> BitgetNotes {
        if let notes = order.scratch as? BitgetNotes { return notes }
        let notes = BitgetNotes()
        order.scratch = notes
        return notes
    }
}

/// A switch's words for yes and no.
func switchFlag(_ value: String) -> Bool? {
    switch value {
    case "on", "true", "yes": true
    case "off", "false", "no": false
    default: nil
    }
}
