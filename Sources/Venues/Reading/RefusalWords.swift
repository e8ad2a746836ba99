import Wire

/// What the words of a refusal mean, where its code is in no table of the venue. English, as venues write; case does not count.
enum RefusalWords {
    /// The order may be there already.
    case duplicate
    /// Too many requests.
    case rate
    /// The venue does not say that it refused: it may have been executed.
    case doubt
    /// None of these.
    case other

    init(_ text: String) {
        if Self.speaks(text, of: Self.duplicates) {
            self = .duplicate
        } else if Self.speaks(text, of: Self.doubts) || text.lowercased() == "unknown" {
            self = .doubt
        } else if Self.speaks(text, of: Self.rates) {
            self = .rate
        } else {
            self = .other
        }
    }

    /// Whether a rate is among what the words speak of: enough beside a code that says so.
    static func tellRate(_ text: String) -> Bool { speaks(text, of: rates) }

    /// Of words that are none of these, on a cancel or modify: the order is not known as open.
    static func tellNotOpen(_ text: String) -> Bool { speaks(text, of: notOpen) }

    /// Of words that are none of these: a rule of the market or the account's funds.
    static func tellRule(_ text: String) -> Bool { speaks(text, of: rules) }

    private static func speaks(_ text: String, of words: [String]) -> Bool {
        let text = text.lowercased()
        return words.contains { text.contains($0) }
    }

    private static let duplicates = ["duplicat", "already exist", "repeat", "same client", "already been used"]
    private static let doubts = [
        "timeout", "timed out", "time out", "time_out", "unknown error", "unknown_error", "unknown result", "unknown exception", "busy", "try again",
        "try later", "retry later", "please retry", "system error", "system_error", "system exception", "internal error", "internal_error",
        "server error",
        "server_error", "service error", "internal server", "unavailable", "processing", "connection refused", "network error", "fail to get",
        "abnormal",
    ]
    private static let rates = [
        "rate limit", "ratelimit", "rate_limit", "too many", "too_many", "too frequent", "too often", "request limit", "frequency",
    ]
    private static let notOpen = ["not exist", "notexist", "not found", "already", "finished", "completed", "filled", "cancelled", "canceled"]
    private static let rules = ["insufficient", "not enough", "minimum", "maximum", "less than", "greater than", "precision", "checkscale"]
}

extension HTTPResponse {
    /// Whether HTTP 429 stands here for a refusal before anything was done: a rate is what the body speaks of. The status alone does not say it.
    ///
    /// - Parameters:
    ///   - isRate: Whether the venue's table has a code for a refusal for the rate; nil: not in the table.
    ///   - isKnownPage: Whether words that are no envelope are those of a page that is known to refuse for the rate.
    func refusesForRate(_ isRate: (_ code: String) -> Bool?, isKnownPage: (_ words: String) -> Bool = { _ in false }) -> Bool {
        guard let json, json.object != nil else {
            let words = String(decoding: body.prefix(4_096), as: UTF8.self)
            return RefusalWords(words) == .rate || isKnownPage(words)
        }
        let texts = Self.texts(in: json)
        let code = json["code"]?.text ?? json["mc"]?.text ?? json["error"]?["code"]?.text ?? ""
        switch (RefusalWords(texts.joined(separator: " ")), isRate(code)) {
        case (.doubt, _), (.duplicate, _), (_, false): return false
        case (.rate, _), (_, true): return true
        case (.other, nil): return false
        }
    }

    /// The texts that an envelope holds in its first two levels.
    private static func texts(in json: JSON) -> [String] {
        (json.object ?? []).flatMap { member -> [String] in
            if let text = member.value.string { return text.isEmpty ? [] : [text] }
            return (member.value.object ?? []).compactMap { $0.value.string }.filter { !$0.isEmpty }
        }
    }
}
