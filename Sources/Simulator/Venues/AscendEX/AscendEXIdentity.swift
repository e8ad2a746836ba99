import Wire

/// How AscendEX names orders and checks callers (venue page 2 and 3).
enum AscendEXIdentity {
    /// The order id a REST request gets: `a`, the body's `time` in hex, the user, and the end of the body's `id` (3.1).
    ///
    /// - Parameters:
    ///   - time: The body's `time`, milliseconds since 1970 UTC; the last 11 hex digits count.
    ///   - id: The client's id. Used when it has at least 9 characters, all alphanumeric.
    ///   - chosen: The 9 characters that stand there otherwise: the server's choice, not predictable.
    static func orderID(time: Int64, uid: String, id: String, otherwise chosen: () -> String) -> String {
        let digits = String(UInt64(bitPattern: time), radix: 16)
        let padded = String(repeating: "0", count: max(0, 11 - digits.count)) + digits
        let tail = id.utf8.count >= 9 && id.utf8.allSatisfy(isAlphanumeric) ? String(id.suffix(9)) : chosen()
        return "a" + padded.suffix(11) + uid + tail
    }

    /// `^\w[\w\-]*\w$`, at most 32 characters (3.2). A single character does not match.
    static func isValid(clientID id: String) -> Bool {
        let bytes = Array(id.utf8)
        guard (2...32).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
        return isWord(first) && isWord(last) && bytes.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") }
    }

    /// The prehash's path part for a request path, or nil where the venue serves nothing (2, the table).
    ///
    /// Group, version, category, query and body are not signed; `/api/pro/data/...` keeps everything behind `/api/pro/`.
    static func signedPath(of path: some StringProtocol) -> String? {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if parts.first != "api" { parts = parts.dropFirst() }
        guard parts.count > 2, Array(parts.prefix(2)) == ["api", "pro"] else { return nil }
        parts = parts.dropFirst(2)
        if parts.first == "data" { return parts.joined(separator: "/") }
        guard parts.first == "v1" else { return nil }
        parts = parts.dropFirst()
        if ["cash", "margin", "spot"].contains(parts.first) { parts = parts.dropFirst() }
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }

    /// The signature of `<timestamp>+<api-path>`: base64 of HMAC-SHA256 under the secret's own bytes (2).
    static func signature(timestamp: String, path: String, key: SigningKey) -> String {
        base64(key.hmacSHA256(Array((timestamp + "+" + path).utf8)))
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }
}
