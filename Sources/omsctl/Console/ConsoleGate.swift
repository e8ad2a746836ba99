import Wire

/// Judges each request by what it says alone: whether it comes from this console's own page, in a browser of somebody who was given the address.
struct ConsoleGate: Sendable {
    /// What may be read here.
    enum Route: Equatable {
        case page, style, script, chart, status, plots
        /// Those behind this place in the console's list; nil: the newest.
        case events(after: Int64?)
        case find(String)
    }
    enum Verdict: Equatable {
        case pass(Route)
        case refuse(Int, String)
        /// Without the right token.
        case unknown(String)
    }

    let address: ConsoleAddress
    /// Of the token; texts of any length are compared by their digests, in a time that tells nothing.
    private let digest: [UInt8]

    /// Bytes of an id that is looked for: the longest that the control protocol takes.
    static let idMax = 64

    init(address: ConsoleAddress, token: String) {
        (self.address, digest) = (address, sha256(Array(token.utf8)))
    }

    /// 256 bits of the kernel's, in hex.
    static func makeToken() -> String {
        var random = SystemRandomNumberGenerator()
        return hex((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }

    func judge(_ request: HTTPRequest) -> Verdict {
        // First who asks, then what for: whoever has no business here learns nothing about what there is.
        guard let host = request.header("Host"), address.isOwn(host) else {
            return .refuse(403, "this console is called \(address.authority): the name in the request is another one's")
        }
        // A page of another site, whatever it knows. Browsers name it in Origin, or say in Sec-Fetch-Site that it is another; a followed link is neither.
        if let origin = request.header("Origin"), origin.lowercased() != "http://" + host.lowercased() {
            return .refuse(403, "a page of another site asks")
        }
        if let site = request.header("Sec-Fetch-Site"), !["same-origin", "none"].contains(site), request.header("Sec-Fetch-Mode") != "navigate" {
            return .refuse(403, "a page of another site asks")
        }
        guard let query = Query(request.query ?? "") else { return .refuse(400, "the query cannot be read") }
        guard hasToken(request, query) else {
            return .unknown("the address needs its token: `omsctl console` prints it, and each start makes another")
        }
        guard request.method == "GET" else { return .refuse(405, "this console shows, and changes nothing: only GET is answered") }
        return route(String(request.path), query)
    }

    private func route(_ path: String, _ query: Query) -> Verdict {
        switch path {
        case "/": return .pass(.page)
        case "/console.css": return .pass(.style)
        case "/console.js": return .pass(.script)
        case "/chart.js": return .pass(.chart)
        case "/api/status": return .pass(.status)
        case "/api/plots": return .pass(.plots)
        case "/api/events":
            guard let after = query["after"] else { return .pass(.events(after: nil)) }
            guard let number = Int64(after), number >= 0 else { return .refuse(400, "after should be a whole number") }
            return .pass(.events(after: number))
        case "/api/find":
            guard let id = query["q"], !id.isEmpty, id.utf8.count <= Self.idMax, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                return .refuse(400, "an id is 1 to \(Self.idMax) visible ASCII characters")
            }
            return .pass(.find(id))
        default: return .refuse(404, "nothing is here")
        }
    }

    private func hasToken(_ request: HTTPRequest, _ query: Query) -> Bool {
        var given = query["token"]
        if let header = request.header("Authorization"), header.hasPrefix("Bearer ") { given = String(header.dropFirst("Bearer ".count)) }
        let other = sha256(Array((given ?? "").utf8))
        var difference: UInt8 = 0
        for index in digest.indices { difference |= digest[index] ^ other[index] }
        return difference == 0 && given != nil
    }

    /// `a=1&b=2`, percent-decoded; nil where it cannot be read, or says a thing twice.
    struct Query {
        private let members: [String: String]

        init?(_ text: Substring) {
            var members: [String: String] = [:]
            for pair in text.split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, let name = Self.decoded(parts[0]), let value = Self.decoded(parts[1]), members[name] == nil else {
                    return nil
                }
                members[name] = value
            }
            self.members = members
        }

        subscript(_ name: String) -> String? { members[name] }

        private static func decoded(_ text: Substring) -> String? {
            var bytes: [UInt8] = []
            var rest = text.utf8[...]
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "%") {
                    guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else { return nil }
                    bytes.append(high << 4 | low)
                } else {
                    bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                }
            }
            return String(validating: bytes, as: UTF8.self)
        }
    }
}

/// Counts requests without the right token, for the person at the terminal. 256 bits cannot be guessed at any pace; who tries is told of, and no longer answered.
struct ConsoleGuesses {
    /// A mistyped address is answered; who goes on is not, for the rest of the minute.
    static let answeredMax = 100
    private static let spanUs: Int64 = 60_000_000

    private var began: Int64 = 0
    private var inSpan = 0
    /// Not told yet.
    private var untold = 0
    private var toldAt: Int64?

    /// One more; false: it gets no answer.
    mutating func count(at now: Int64) -> Bool {
        if now - began >= Self.spanUs { (began, inSpan) = (now, 0) }
        inSpan += 1
        untold += 1
        return inSpan <= Self.answeredMax
    }

    /// How many to tell of now: at once, then once a minute. 0: none.
    mutating func toTell(at now: Int64) -> Int {
        guard untold > 0, toldAt.map({ now - $0 >= Self.spanUs }) ?? true else { return 0 }
        defer { (untold, toldAt) = (0, now) }
        return untold
    }
}
