import Wire

/// How the futures side of the platform says that it did or did not (venue page 2).
struct XTFuturesEnvelope {
    /// `error` of a success: null, or an object of empty texts.
    var errorIsNull: Bool

    func success(_ result: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.member("returnCode", 0)
        writer.member("msgInfo", "success")
        writer.key("error")
        if errorIsNull {
            writer.null()
        } else {
            writer.beginObject()
            writer.member("code", "")
            writer.member("msg", "")
            writer.endObject()
        }
        writer.key("result")
        result(&writer)
        writer.endObject()
        return HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", "application/json")], body: writer.bytes)
    }

    /// A failure of the business comes with HTTP 200, one of the gateway with a status of its own.
    func failure(_ problem: XTProblem, status: Int = 200) -> HTTPResponse {
        var writer = JSONWriter(reserving: 128)
        writer.beginObject()
        writer.member("returnCode", 1)
        writer.member("msgInfo", "failure")
        writer.key("error")
        writer.beginObject()
        writer.member("code", problem.code)
        writer.member("msg", problem.text)
        writer.key("args")
        writer.beginArray()
        writer.endArray()
        writer.endObject()
        writer.key("result")
        writer.null()
        writer.endObject()
        return HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "application/json")], body: writer.bytes)
    }
}

/// A request that exceeds its limit: body and `Retry-After` are unknown (venue page 7.3).
func xtTooMany(retryAfter: Int?) -> HTTPResponse {
    let headers = [HTTPHeader("Content-Type", "text/plain")] + (retryAfter.map { [HTTPHeader("Retry-After", String($0))] } ?? [])
    return HTTPResponse(status: 429, headers: headers, body: Array("Too Many Requests".utf8))
}

extension XTFields {
    /// A futures request's fields, wherever they travel: JSON or form body, or query (venue page 1.5). Anything the endpoint does not know is refused.
    init(of call: Call, knowing known: Set<String>) throws(XTProblem) {
        guard let query = XTPairs(call.request.query ?? "") else { throw XTProblem("invalid_params", "broken query") }
        var members = query.object.object ?? []
        if !call.request.body.isEmpty {
            let type = call.request.header("Content-Type") ?? ""
            var body: JSON?
            if type.hasPrefix("application/json") {
                body = call.json
            } else if type.hasPrefix("application/x-www-form-urlencoded") {
                body = String(validating: call.request.body, as: UTF8.self).flatMap { XTPairs($0) }?.object
            }
            guard call.request.method == "POST", let more = body?.object else { throw XTProblem("invalid_params", "unreadable body") }
            guard !more.contains(where: { new in members.contains { $0.key == new.key } }) else {
                throw XTProblem("invalid_params", "a parameter stands twice")
            }
            members += more
        }
        guard let fields = XTFields(.object(members)) else { throw XTProblem("invalid_params", "no parameters") }
        if let name = fields.unknown(besides: known) { throw XTProblem("invalid_params", "unknown parameter \(name)") }
        self = fields
    }
}
