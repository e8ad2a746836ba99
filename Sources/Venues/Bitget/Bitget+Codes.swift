import OMSCore
import Wire

extension Bitget {
    /// What a result code says of the request or item that bore it. The page behind it: docs/venues/bitget.md, "Result codes".
    enum CodeClass: Equatable, Sendable {
        case success
        /// The outcome is unknown: look the order up.
        case ambiguous
        /// Too many requests; not executed.
        case rateLimited
        /// This order was asked too often or has a change under way; not executed, and no word about the account's budget.
        case busy
        /// The timestamp was refused.
        case clock
        /// The venue or the market does not trade just now.
        case maintenance
        /// A final no.
        case refused
        /// An order with this client id is or was pending.
        case duplicate
        /// Not known as open: never there, filled or canceled.
        case notFound
        /// The order changed or is being canceled: its state must be asked for.
        case changed
        /// Key, account or region may not trade.
        case halted
        /// A classic account on the unified line, or the other way round.
        case wrongAccount
        case unknown
    }

    /// The class of a code on one line. Codes in the 25xxx block belong to the unified account, those in 50xxx to margin; the rest to both.
    static func classify(_ code: String, on line: Line) -> CodeClass {
        if code == "00000" { return .success }
        if let known = shared[code] { return known }
        return (line == .margin ? margin[code] : unified[code]) ?? .unknown
    }

    private static let shared = table([
        (.ambiguous, "40010 40725 45001 40015 40908 40910 43059 31016 45023 43002 43003"),
        (.rateLimited, "429 70228"),
        // The same order canceled more than once a second.
        (.busy, "45129"),
        (.clock, "40008 40911 40005 40004 40078"),
        (.maintenance, "40200 41114 43115 40308 40844 43119 43120"),
        // Delisted or unknown symbol.
        (.refused, "40309 40845 40034 41113 40102 500024"),
        // Insufficient funds.
        (.refused, "40762 43012 40754 40711 40712 45002 43132"),
        // Size, price, precision.
        (.refused, "40808 41103 41117 41118 40815 40816 43006-43010 43027 43028 45110-45115 45035 59014"),
        // Too many open orders.
        (.refused, "43005 43128 40723 40761 45118"),
        // Parameters.
        (.refused, "40017 400172 40019 40020 40402 40409 48001 48002 00001 00171 00172 20001 40304-40306 40923"),
        // Demo accounts.
        (.refused, "22030 22035 40081 40105 40110"),
        (.duplicate, "25212 50060 43118 40786 45034 40708"),
        (.notFound, "25204 24056 43001 22001 43004 40768 45057 31007 80011 40819 40109 50062 45031 45055 45134"),
        // Key and permission; then the account's state; then region; then an endpoint that does not exist: nothing sent would be understood.
        (.halted, "40001 40002 40003 40006 40009 40011 40012 40014 40016 40018 40036 40037 40038 40040 40041"),
        (.halted, "40013 40022-40026 95001 45009"),
        (.halted, "40000 40103 40104 40111"),
        (.halted, "40404"),
        (.wrongAccount, "40084 40085 40731"),
    ])

    private static let margin = table([
        (.ambiguous, "50031"),
        (.maintenance, "50025 50026 50027 50030"),
        (.refused, "50024 50028 50020 50035 50045 50016 50017 50018 50046 50047 50063 50048 50011 50061"),
        (.halted, "50012 50019 50021 50022 50023 50064"),
    ])

    private static let unified = table([
        (.ambiguous, "25000 25001 25003"),
        (.rateLimited, "25004"),
        (.maintenance, "25101 25102 25103 25106"),
        (.refused, "25100 25104 25202 25203 25219 25205-25208 25230 25241 25244 25610 25611 25211 25567 25599 25200 25236"),
        // Changes: not eligible, over the limit of changes, nothing changed, skipped behind an earlier failure.
        (.refused, "25568 25569 25571 25573 25574"),
        (.busy, "25114 25572"),
        (.changed, "25113 25653"),
        (.halted, "25005-25013 25620"),
        (.wrongAccount, "25245"),
    ])

    private static func table(_ rows: [(CodeClass, String)]) -> [String: CodeClass] {
        var table: [String: CodeClass] = [:]
        for (meaning, codes) in rows {
            for word in codes.split(separator: " ") {
                let ends = word.split(separator: "-")
                guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]) else {
                    precondition(table.updateValue(meaning, forKey: String(word)) == nil, "code \(word) stands twice")
                    continue
                }
                for code in first...last {
                    precondition(table.updateValue(meaning, forKey: String(code)) == nil, "code \(code) stands twice")
                }
            }
        }
        return table
    }

    /// What a class says of one item of a write.
    static func outcome(of meaning: CodeClass, code: String, text: String, for operation: Operation) -> ItemOutcome {
        switch meaning {
        case .refused: return .refused(code: code, text: text)
        case .rateLimited, .busy: return .notExecuted(.rateLimited)
        case .clock: return .notExecuted(.clock)
        case .maintenance: return .notExecuted(.maintenance)
        case .halted, .wrongAccount: return .notExecuted(.halted)
        case .duplicate where operation == .place: return .duplicate(code: code, text: text)
        case .notFound where operation != .place, .changed where operation != .place: return .gone(code: code, text: text)
        case .success, .ambiguous, .unknown, .duplicate, .notFound, .changed:
            return .inDoubt("code \(code.escapedForLog): \(text.escapedForLog)")
        }
    }

    /// What became of an item that an answered batch lists as failed.
    ///
    /// Refused in the venue's words, except codes and texts that mean something else. A failed margin item may come without a code, so the text
    /// decides where no code is known; without English words nothing is understood.
    static func outcome(ofFailureWith code: String?, text: String, on line: Line, for operation: Operation) -> ItemOutcome {
        let code = code ?? ""
        let meaning = classify(code, on: line)
        switch meaning {
        case .unknown, .success: return outcome(of: meaningOfText(text, for: operation), code: code, text: text, for: operation)
        case .ambiguous, .rateLimited, .busy, .clock, .maintenance, .refused, .duplicate, .notFound, .changed, .halted, .wrongAccount:
            return outcome(of: meaning, code: code, text: text, for: operation)
        }
    }

    /// Words that keep a failure's text from being a refusal. Texts are templated: codes decide wherever there is one.
    static func meaningOfText(_ text: String, for operation: Operation) -> CodeClass {
        let words = text.lowercased()
        guard words.utf8.allSatisfy({ $0 < 0x80 }), words.utf8.contains(where: { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) else {
            return .unknown
        }
        func says(_ parts: [String]) -> Bool { parts.contains { words.contains($0) } }
        if says(["duplicate", "already exist", "repeated"]) { return .duplicate }
        if says([
            "timeout", "time out", "timed out", "unknown error", "service error", "system error", "server error", "internal error", "busy",
            "try again", "retry", "abnormal", "unavailable", "processing",
        ]) {
            return .ambiguous
        }
        if says(["too many requests", "too frequent"]) { return .rateLimited }
        if operation != .place, says(["not exist", "notexist", "not found", "already", "finished", "completed", "filled", "cancelled", "canceled"]) {
            return .notFound
        }
        return .refused
    }
}
