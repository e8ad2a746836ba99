import OMSCore
import Wire

extension OKX {
    /// The same code answers different questions.
    enum Operation: Sendable { case place, cancel, modify }

    /// What a result code says of the request or item that bore it. The page behind it: docs/venues/okx.md, "Result codes".
    enum CodeClass: Equatable, Sendable {
        case success
        /// The outcome is unknown: look the order up.
        case ambiguous
        /// Too many requests, or orders; not executed.
        case rateLimited
        /// The stamp was refused, or the moment behind which a request is not processed had passed.
        case clock
        /// The market does not trade just now.
        case maintenance
        /// A final no.
        case refused
        /// An order with this client id, or this request, was there.
        case duplicate
        /// No such order, by a look-up's word.
        case notFound
        /// No such order that could be canceled or changed: never there, filled or canceled.
        case notOpen
        /// No such market: an order cannot be placed there, and of one that was nothing is said.
        case noMarket
        /// The order is being canceled or changed: its state must be asked for.
        case changed
        /// Innocent, in a batch that is all or nothing.
        case sibling
        /// Key, account or region may not trade.
        case halted
        case unknown
    }

    static func classify(_ code: String) -> CodeClass { table[code] ?? .unknown }

    private static let table: [String: CodeClass] = codeTable([
        (.success, "0"),
        (.ambiguous, "50001 50004 50005 50013 50026 51054 51149 51412"),
        (.rateLimited, "50011 50040 50061 51113 60014"),
        (.clock, "50036 50037 50102 50112"),
        // Phases of a market that pass: suspended, delivery, settlement, funding.
        (.maintenance, "51022 51028-51030"),
        // Markets that do not take the order.
        (.refused, "50033 51021 51110 51124 51155 51196 51197 54008"),
        // Insufficient funds, collateral.
        (.refused, "51008 51017 51119 51127 51131 51502 54024-54028"),
        // Price, size, tick.
        (.refused, "51005-51007 51020 51101 51109 51111 51112 51116 51120-51122 51135-51138 51150 51185 51201-51203"),
        // Positions, reduce-only.
        (.refused, "51004 51023 51041 51104-51108 51148 51169-51171 51205 51206 51000"),
        // Too many open orders.
        (.refused, "51025 51102 51103 51117 51174"),
        // Changes; batches too large.
        (.refused, "51500 51506 51511 51512 51514 51406 51501"),
        // Parameters.
        (.refused, "50000 50002 50006 50014-50016 50024 50025 51003 51015 54036"),
        (.duplicate, "50042 50071 51011 51016"),
        (.notFound, "51603"),
        (.notOpen, "51063 51400 51405 51503"),
        (.noMarket, "51001"),
        (.changed, "51404 51410 51508 51513"),
        (.sibling, "54004"),
        // Frozen accounts, liquidation.
        (.halted, "50009 50017-50023 50027-50029 51009 51024 51037"),
        // Key; demo and live mixed up; the account's mode; region.
        (.halted, "50030 50035 50038 50053 50100 50101 50103-50107 50110 50111 50113 50114 50119-50121"),
        (.halted, "51010 54000 50051 50052 50059 50060 50067"),
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
        case .notFound, .notOpen, .noMarket: .notOpen
        case .changed: .changed
        case .sibling: .batch
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
        case .noMarket where operation == .place: return isSteady ? .refused(code: code, text: text) : .refusedUnlessFound(code: code, text: text)
        case .rateLimited where isSteady: return .notExecuted(.rateLimited, said: words)
        case .clock where isSteady: return .notExecuted(.clock, said: words)
        case .maintenance where isSteady: return .notExecuted(.maintenance, said: words)
        case .halted where isSteady: return .notExecuted(.halted, said: words)
        case .sibling where isSteady: return .notExecuted(.sibling(offenderNamed: false), said: words)
        case .duplicate where operation == .place: return .duplicate(code: code, text: text)
        case .notFound where isSteady && operation != .place, .notOpen where isSteady && operation != .place,
            .changed where isSteady && operation != .place:
            return .gone(code: code, text: text)
        case .unknown: return outcome(ofUnknown: code, text: text, isSteady: isSteady, for: operation)
        case .success, .ambiguous, .rateLimited, .clock, .maintenance, .duplicate, .notFound, .notOpen, .noMarket, .changed, .sibling, .halted:
            return doubt(code, text)
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
