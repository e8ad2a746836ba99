import Wire

/// How a console's answers are made up: nothing of them is kept, framed, guessed at or led elsewhere.
enum ConsoleAnswer {
    /// Only what this server itself serves is run, styled with and asked; no text can become markup that runs.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'"

    private static let headers = [
        HTTPHeader("Content-Security-Policy", policy), HTTPHeader("X-Content-Type-Options", "nosniff"), HTTPHeader("X-Frame-Options", "DENY"),
        // The address holds the token.
        HTTPHeader("Referrer-Policy", "no-referrer"), HTTPHeader("Cache-Control", "no-store"),
        HTTPHeader("Cross-Origin-Resource-Policy", "same-origin"), HTTPHeader("Cross-Origin-Opener-Policy", "same-origin"),
    ]

    static func bytes(_ body: [UInt8], _ type: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", type + "; charset=utf-8")] + headers, body: body)
    }

    static func json(_ value: JSON, status: Int = 200) -> HTTPResponse { bytes(value.serialized(), "application/json", status: status) }

    static func refusal(_ status: Int, _ words: String) -> HTTPResponse {
        var answer = bytes(Array((words + "\n").utf8), "text/plain", status: status)
        if status == 405 { answer.headers.append(HTTPHeader("Allow", "GET")) }
        return answer
    }
}
