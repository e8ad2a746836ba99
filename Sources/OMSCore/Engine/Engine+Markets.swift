/// The venue's table of markets. One answer is no fact about the world: what is missing from it, or stopped in it, is asked about again soon.
extension Engine {
    /// Takes in the table. A market that was there and is not ends only when it is missing again, a refresh apart.
    ///
    /// - Returns: Why the answer is none; nil: it was taken in.
    func learnMarkets(_ list: [Instrument], skipped: [String], on desk: Desk) -> String? {
        guard !list.isEmpty else { return "the venue listed no market at all" }
        var markets = Dictionary(list.map { ($0.symbol, $0) }, uniquingKeysWith: { $1 })
        var isInDoubt = false
        for symbol in Set(desk.instruments.keys).union(desk.symbolsUsed).sorted() {
            if let market = markets[symbol] {
                desk.missedMarkets[symbol] = nil
                desk.endedMarkets.remove(symbol)
                // Believed at once, for nothing is lost by waiting, and asked about soon.
                if !market.tradable, desk.instruments[symbol]?.tradable ?? true { isInDoubt = true }
            } else if desk.endedMarkets.contains(symbol) {
                continue
            } else if let since = desk.missedMarkets[symbol], now.monotonic - since >= patience.marketsInDoubtUs {
                desk.missedMarkets[symbol] = nil
                desk.endedMarkets.insert(symbol)
                notice(.market("\(symbol) ended: the venue's table of markets lacked it twice"), of: desk.id)
            } else {
                desk.missedMarkets[symbol] = desk.missedMarkets[symbol] ?? now.monotonic
                markets[symbol] = desk.instruments[symbol]
                isInDoubt = true
            }
        }
        desk.instruments = markets
        desk.instrumentsAt = now.monotonic
        desk.rereadsInstruments = false
        desk.nextInstrumentsAt = now.monotonic + (isInDoubt ? patience.marketsInDoubtUs : patience.marketsUs)
        if skipped != desk.skippedMarkets {
            for words in skipped where !desk.skippedMarkets.contains(words) {
                notice(.market("a market that cannot be read is left out: \(words)"), of: desk.id)
            }
            desk.skippedMarkets = skipped
        }
        return nil
    }

    /// Whether the market surely ended.
    func isGone(_ symbol: Symbol, on desk: Desk) -> Bool { desk.endedMarkets.contains(symbol) }

    /// Whether anything was ever known of a market under this name: a name that is not is a typing error. What is not loaded yet is not unknown.
    func isKnown(_ symbol: Symbol, on desk: Desk) -> Bool {
        desk.instruments[symbol] != nil || desk.symbolsUsed.contains(symbol) || desk.instrumentsAt == nil
    }

    /// What is wrong with a name under which no market is known.
    func unknownSymbol(_ symbol: Symbol, on desk: Desk) -> String {
        let wanted = Self.bare(symbol)
        let meant = Set(desk.instruments.keys).union(desk.symbolsUsed).filter { Self.bare($0) == wanted }.min()
        return "\(desk.profile.venue) \(desk.profile.product) has no market \(symbol)" + (meant.map { "; did you mean \($0)?" } ?? "")
    }

    /// A symbol without case and separators: how people mistype it.
    private static func bare(_ symbol: Symbol) -> [UInt8] {
        symbol.text.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: ":"): nil
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            default: byte
            }
        }
    }
}
