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

    private static let shared: [String: CodeClass] = codeTable([
        (.ambiguous, "40010 40725 45001 40015 40908 40910 43059 31016 45023 45024 43002 43003 70229"),
        (.rateLimited, "429 70228"),
        // The same order canceled more than once a second.
        (.busy, "45129"),
        (.clock, "40008 40911 40005 40004 40078"),
        (.maintenance, "40200 41114 43115 40308 40844 43119 43120"),
        // Delisted or unknown symbol.
        (.refused, "40309 40845 40034 41113 40102 500024 22004 42016 40072"),
        // Insufficient funds or position.
        (.refused, "40762 43012 40711 40712 43132 40754-40758 40798 40800 40891 22002 43122 45002 45003 45005 45006 45120"),
        // Reduce-only orders that would not reduce, and orders that do not suit the account's position or asset mode.
        (.refused, "40717 40804 40931 40939 43029 40774 43075 45021 45109 40716 40872 40920 22005"),
        // Size, price, precision.
        (.refused, "40808 41103 41117 41118 40815 40816 43006-43010 43027 43028 45110-45115 45035 59014"),
        (.refused, "43037-43042 13008 40820 40821 40921 40928 40930 22006-22009 22029 22034 22038"),
        // Too many open orders.
        (.refused, "43005 43128 40723 40761 45118 40889 40890 70223"),
        // Parameters.
        (.refused, "40017 400172 40019 40020 40402 40409 48001 48002 00001 00171 00172 20001 40304-40306 40923 22012"),
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

    private static let margin: [String: CodeClass] = codeTable([
        (.ambiguous, "50031"),
        (.maintenance, "50025 50026 50027 50030"),
        (.refused, "50024 50028 50020 50035 50045 50016 50017 50018 50046 50047 50063 50048 50011 50061"),
        (.halted, "50012 50019 50021 50022 50023 50064"),
    ])

    private static let unified: [String: CodeClass] = codeTable([
        (.ambiguous, "25000 25001 25003"),
        (.rateLimited, "25004"),
        (.maintenance, "25101 25102 25103 25106"),
        (.refused, "25100 25104 25202 25203 25219 25205-25208 25230 25241 25244 25610 25611 25211 25567 25599 25200 25236"),
        // Changes: not eligible, over the limit of changes, skipped behind an earlier failure.
        (.refused, "25568 25569 25573 25574"),
        (.busy, "25114 25572"),
        // Being canceled; changed meanwhile; and nothing to change, which a change says that was taken before: whether it was shows in the order.
        (.changed, "25113 25653 25571"),
        (.halted, "25005-25013 25620"),
        (.wrongAccount, "25245"),
    ])

    /// What a class says of one item of a write.
    ///
    /// A code that is not in the table refuses all the same, where the venue says it in its own envelope; whether the order is there is looked up once.
    static func outcome(of meaning: CodeClass, code: String, text: String, for operation: Operation) -> ItemOutcome {
        switch meaning {
        case .refused: return .refused(code: code, text: text)
        case .rateLimited, .busy: return .notExecuted(.rateLimited)
        case .clock: return .notExecuted(.clock)
        case .maintenance: return .notExecuted(.maintenance)
        case .halted, .wrongAccount: return .notExecuted(.halted)
        case .duplicate where operation == .place: return .duplicate(code: code, text: text)
        case .notFound where operation != .place, .changed where operation != .place: return .gone(code: code, text: text)
        case .unknown: return outcome(ofUnknown: code, text: text, isSteady: true, for: operation)
        case .success, .ambiguous, .duplicate, .notFound, .changed: return doubt(code, text)
        }
    }

    /// As above, on a status that speaks of something else: a refusal that is final elsewhere is not before the order is proven absent.
    static func outcome(ofShaky meaning: CodeClass, code: String, text: String, status: Int, for operation: Operation) -> ItemOutcome {
        // A gateway's number, not the venue's.
        if code == "\(status)" { return doubt(code, text) }
        switch meaning {
        case .refused: return .refusedUnlessFound(code: code, text: text)
        case .duplicate where operation == .place: return .duplicate(code: code, text: text)
        case .unknown: return outcome(ofUnknown: code, text: text, isSteady: false, for: operation)
        case .success, .ambiguous, .rateLimited, .busy, .clock, .maintenance, .duplicate, .notFound, .changed, .halted, .wrongAccount:
            return doubt(code, text)
        }
    }

    private static func doubt(_ code: String, _ text: String) -> ItemOutcome {
        let kept = String(code.prefix(textMax))
        return .inDoubt(code: kept, text: text, "code \(kept.escapedForLog): \(text.escapedForLog)")
    }

    /// What a refusal amounts to whose code, if it has one, is not in the table: then its words decide, and words alone never say "not executed".
    ///
    /// - Parameter isSteady: Whether the status bears it out that the venue refuses.
    private static func outcome(ofUnknown code: String, text: String, isSteady: Bool, for operation: Operation) -> ItemOutcome {
        // Neither a code nor a word: nothing was understood.
        if code.isEmpty && text.isEmpty { return doubt(code, text) }
        let kept = String(code.prefix(textMax))
        switch RefusalWords(text) {
        case .duplicate where operation == .place: return .duplicate(code: kept, text: text)
        // What is surely not executed stands in the tables of codes: an order is looked for once, and not sent again.
        case .rate where isSteady && operation == .place, .doubt where isSteady && operation == .place:
            return .refusedUnlessFound(code: kept, text: text)
        case .duplicate, .rate, .doubt: return doubt(code, text)
        case .other where operation != .place && RefusalWords.tellNotOpen(text): return .gone(code: kept, text: text)
        case .other where code.isEmpty && RefusalWords.tellRule(text): return .refused(code: kept, text: text)
        case .other: return .refusedUnlessFound(code: kept, text: text)
        }
    }

    /// What became of an item that an answered batch lists as failed. A failed margin item may come without a code.
    static func outcome(ofFailureWith code: String?, text: String, on line: Line, for operation: Operation) -> ItemOutcome {
        let outcome = outcome(of: classify(code ?? "", on: line), code: code ?? "", text: text, for: operation)
        guard case .notExecuted(let why, nil) = outcome else { return outcome }
        return .notExecuted(why, said: VenueWords(code: String((code ?? "").prefix(textMax)), text: text))
    }
}
