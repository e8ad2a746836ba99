import OMSCore
import Wire

extension Bybit {
    /// The same code answers different questions.
    enum Operation: Sendable { case place, cancel, modify }

    /// What a result code says of the request or item that bore it. The page behind it: docs/venues/bybit.md, "Result codes".
    enum CodeClass: Equatable, Sendable {
        case success
        /// The outcome is unknown: look the order up.
        case ambiguous
        /// Too many requests, or orders; not executed.
        case rateLimited
        /// The timestamp was refused.
        case clock
        /// The market does not trade just now.
        case maintenance
        /// A final no.
        case refused
        /// An order with this client id, or a request of these bytes, was there.
        case duplicate
        /// Not known as open: never there, filled or canceled.
        case notFound
        /// The order changed or is being changed or canceled: its state must be asked for.
        case changed
        /// Key, account or region may not trade.
        case halted
        case unknown
    }

    static func classify(_ code: String) -> CodeClass { table[code] ?? .unknown }

    private static let table: [String: CodeClass] = codeTable([
        (.success, "0"),
        (.ambiguous, "10000 10016 429 170001 170007 170032 170035 170146 170147 170149 170150 170234 170310 170311"),
        (.rateLimited, "10006 170005 170222"),
        (.clock, "10002 -1"),
        // Phases of a market that pass.
        (.maintenance, "110063 110066"),
        // Markets that do not take the order.
        (.refused, "10029 110074 110095 110098 110103 170121 170151 170157 170217 30228"),
        // Insufficient funds.
        (.refused, "110004 110006 110007 110012 110014 110044 110045 110051-110053 170131 170033 170034 170207"),
        // Price, size, tick.
        (.refused, "110003 110017 110094 110120 110121 110118 30208 30209 170124 170132-170134 170136 170137 170140 170148 170192-170194"),
        (.refused, "170197-170200 170371 170372 170381 170382 170341"),
        // Too many open orders or positions.
        (.refused, "110020 170810 110009 110021 110089 110090"),
        // Changes; post-only that would take; parameters, and what `10001` collects.
        (.refused, "110022 110064 170312 170313 170218 10001 110019 110032 170105 170115-170117 170130"),
        (.duplicate, "110072 170141 110030 12141 10014"),
        (.notFound, "110001 170213 170143"),
        (.changed, "110008 110010 170139 170142 170190 110079 170191 170212 170144 40004 30035"),
        // Key; then account and region; then a path that does not exist.
        (.halted, "10003 10004 10005 10007 10010 33004 -2015"),
        (.halted, "10008 10009 10024 10027 10028 100028 110018 110067-110071 110088 110123-110125 110132 170209 170348 10017"),
    ])

    static func meaning(of code: String) -> CodeMeaning? {
        switch classify(code) {
        case .success: .success
        case .ambiguous: .doubt
        case .rateLimited: .rate
        case .clock: .clock
        case .maintenance: .maintenance
        case .refused: .refused
        case .duplicate: .duplicate
        case .notFound: .notOpen
        case .changed: .changed
        case .halted: .halted
        case .unknown: nil
        }
    }

    // MARK: What a code says of one item of a write

    /// - Parameter isSteady: whether the status bears it out that it is the venue who refuses: a refusal that is final elsewhere is not before the order is
    ///   proven absent, where it does not.
    static func outcome(of code: String, text: String, isSteady: Bool, for operation: Operation) -> ItemOutcome {
        let words = VenueWords(code: String(code.prefix(textMax)), text: text)
        switch classify(code) {
        case .refused: return isSteady ? .refused(code: code, text: text) : .refusedUnlessFound(code: code, text: text)
        case .rateLimited where isSteady: return .notExecuted(.rateLimited, said: words)
        case .clock where isSteady: return .notExecuted(.clock, said: words)
        case .maintenance where isSteady: return .notExecuted(.maintenance, said: words)
        case .halted where isSteady: return .notExecuted(.halted, said: words)
        case .duplicate where operation == .place: return .duplicate(code: code, text: text)
        case .notFound where isSteady && operation != .place, .changed where isSteady && operation != .place: return .gone(code: code, text: text)
        case .unknown: return outcome(ofUnknown: code, text: text, isSteady: isSteady, for: operation)
        case .success, .ambiguous, .rateLimited, .clock, .maintenance, .duplicate, .notFound, .changed, .halted: return doubt(code, text)
        }
    }

    private static func doubt(_ code: String, _ text: String) -> ItemOutcome {
        let kept = String(code.prefix(textMax))
        return .inDoubt(code: kept, text: text, "code \(kept.escapedForLog): \(text.escapedForLog)")
    }

    /// Of a code that no table has its words decide, and words alone never say "not executed".
    private static func outcome(ofUnknown code: String, text: String, isSteady: Bool, for operation: Operation) -> ItemOutcome {
        let kept = String(code.prefix(textMax))
        switch RefusalWords(text) {
        case .duplicate where operation == .place: return .duplicate(code: kept, text: text)
        case .rate where isSteady && operation == .place, .doubt where isSteady && operation == .place:
            return .refusedUnlessFound(code: kept, text: text)
        case .duplicate, .rate, .doubt: return doubt(code, text)
        case .other where operation != .place && RefusalWords.tellNotOpen(text): return .gone(code: kept, text: text)
        case .other: return .refusedUnlessFound(code: kept, text: text)
        }
    }
}
