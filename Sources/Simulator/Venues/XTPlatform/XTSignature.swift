import Wire

/// `name=value` pairs of a query or form, decoded.
struct XTPairs {
    var pairs: [(name: String, value: String)]

    /// Reads `a=1&b=2`, percent-encoded; nil where an escape is broken, a name is empty or stands twice, or the bytes are not UTF-8.
    init?(_ text: some StringProtocol) {
        pairs = []
        guard !text.isEmpty else { return }
        var seen: Set<String> = []
        for part in text.split(separator: "&", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let name = Self.decoded(sides[0].utf8), let value = Self.decoded(sides[1].utf8) else { return nil }
            guard !name.isEmpty, seen.insert(name).inserted else { return nil }
            pairs.append((name, value))
        }
    }

    /// What is signed: sorted by name, values decoded (venue page 1.2).
    var signed: String {
        pairs.sorted { $0.name < $1.name }.map { $0.name + "=" + $0.value }.joined(separator: "&")
    }

    /// As an object of texts, so that forms, queries and JSON bodies are read alike.
    var object: JSON { .object(pairs.map { (key: $0.name, value: JSON.string($0.value)) }) }

    private static func decoded(_ bytes: some Sequence<UInt8>) -> String? {
        var out: [UInt8] = []
        var bytes = bytes.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "+"): out.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = bytes.next().flatMap(hexDigit), let low = bytes.next().flatMap(hexDigit) else { return nil }
                out.append(high << 4 | low)
            default: out.append(byte)
            }
        }
        return String(validating: out, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// The signature headers of an XT or AZ request, read as venue page 1.1 to 1.3 describes them.
struct XTStamp {
    /// Spot signs algorithm, window and method; futures neither of them.
    enum Style { case spot, futures }

    /// Why the gateway turns a request away. `missing` and `bad` carry the header's short name.
    enum Refusal: Error, Equatable {
        case missing(String)
        case bad(String)
        case unknownKey
        case signature
        case clock
    }

    let keyID: String
    /// Milliseconds since 1970 UTC.
    let timestamp: Int64
    /// Milliseconds, at most 60000.
    let window: Int64
    /// As sent, in either hex case.
    let signature: String
    /// The string to sign, as this request's own headers and bytes make it.
    let message: [UInt8]

    /// Reads the headers without judging key, signature or clock.
    ///
    /// The names may carry the older `xt-` prefix; the names in the signed string are those of the headers sent (venue page 1.1).
    ///
    /// - Parameter freshnessMs: What windows are cut to, where the world says so; shorter ones than the venue's least are taken then.
    init(_ request: HTTPRequest, style: Style, freshnessMs: Int64? = nil) throws(Refusal) {
        let prefix = request.header("validate-appkey") == nil && request.header("xt-validate-appkey") != nil ? "xt-validate-" : "validate-"
        func header(_ name: String) -> String? {
            guard let value = request.header(prefix + name), !value.isEmpty else { return nil }
            return value
        }
        guard let key = header("appkey") else { throw .missing("appkey") }
        guard let stamp = header("timestamp") else { throw .missing("timestamp") }
        guard let timestamp = Int64(stamp), (1...9_999_999_999_999).contains(timestamp) else { throw .bad("timestamp") }
        let window = header("recvwindow")
        if style == .spot, window == nil { throw .missing("recvwindow") }
        // Futures: 5 s when the header is absent (1.3). The bounds hold for both.
        let least: Int64 = freshnessMs == nil ? 2_000 : 1
        guard let milliseconds = Int64(window ?? "5000"), (least...60_000).contains(milliseconds) else { throw .bad("recvwindow") }
        let algorithm = header("algorithms")
        if style == .spot, algorithm == nil { throw .missing("algorithms") }
        guard algorithm == nil || algorithm == "HmacSHA256" else { throw .bad("algorithms") }
        guard let signature = header("signature") else { throw .missing("signature") }

        var text: String
        switch style {
        case .spot:
            text = "\(prefix)algorithms=\(algorithm ?? "")&\(prefix)appkey=\(key)&\(prefix)recvwindow=\(window ?? "")&\(prefix)timestamp=\(stamp)"
            text += "#" + request.method
        case .futures:
            text = "\(prefix)appkey=\(key)&\(prefix)timestamp=\(stamp)"
        }
        text += "#" + request.path
        if let query = request.query, !query.isEmpty {
            guard let pairs = XTPairs(query) else { throw .signature }
            text += "#" + pairs.signed
        }
        var message = Array(text.utf8)
        if !request.body.isEmpty {
            message.append(UInt8(ascii: "#"))
            if request.header("Content-Type")?.hasPrefix("application/x-www-form-urlencoded") == true {
                guard let body = String(validating: request.body, as: UTF8.self), let pairs = XTPairs(body) else { throw .signature }
                message.append(contentsOf: pairs.signed.utf8)
            } else {
                message.append(contentsOf: request.body)
            }
        }
        (self.keyID, self.timestamp, self.window) = (key, timestamp, min(milliseconds, freshnessMs ?? milliseconds))
        (self.signature, self.message) = (signature, message)
    }

    /// Judges the signature, then the clock.
    ///
    /// - Parameter now: The venue's clock, milliseconds since 1970 UTC. Refused when the stamp is `window` or more behind it, or more than 1 s ahead (1.3).
    func check(_ key: SigningKey?, now: Int64, takesOld: Bool = false) throws(Refusal) {
        guard let key else { throw .unknownKey }
        // Either hex case counts: SDKs send both (1.2).
        guard hex(key.hmacSHA256(message)) == signature.lowercased() else { throw .signature }
        guard takesOld || now - timestamp < window, timestamp - now <= 1_000 else { throw .clock }
    }
}

/// The accounts' keys, made once each.
struct SigningKeyring {
    private var keys: [String: SigningKey] = [:]

    mutating func key(of account: SimAccount) -> SigningKey {
        if let key = keys[account.key] { return key }
        let key = SigningKey(keyID: account.key, secret: Array(account.secret.utf8), passphrase: nil)
        keys[account.key] = key
        return key
    }
}

/// Stores a switch's value if its text could be read. - Returns: Whether it could.
func assign<Value>(_ value: Value?, _ store: (Value) -> Void) -> Bool {
    guard let value else { return false }
    store(value)
    return true
}
