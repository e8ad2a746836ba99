/// The venue's table of markets. One answer is no fact about the world: what is missing from it, or stopped in it, is asked about again soon. Part of
/// ``Access``.
struct Markets {
    private(set) var instruments: [Symbol: Instrument] = [:]
    /// nil: not read yet, or to be read before anything new is believed.
    private(set) var readAt: Int64?
    /// The table is to be read again then.
    private(set) var nextReadAt: Int64 = .max
    /// Markets that are missing from the table, and since when by our clock: one answer is no proof that a market ended.
    private var missed: [Symbol: Int64] = [:]
    /// Markets that were missing twice, a refresh apart.
    private var ended: Set<Symbol> = []
    /// Rows of the table that could not be read when it was read last.
    private var skipped: [String] = []
    /// The venue refused what its rules, as read here, allow: they are to be read again, but not before `nextRereadAt`.
    private var isInDoubt = false
    private var nextRereadAt: Int64 = .min

    subscript(symbol: Symbol) -> Instrument? { instruments[symbol] }

    func areToBeRead(at now: Int64) -> Bool { isInDoubt || readAt == nil || now >= nextReadAt }

    /// Takes in the table. A market that was there and is not ends only when it is missing again, a refresh apart.
    ///
    /// - Returns: what is news, in words.
    mutating func learn(_ list: [Instrument], skipped: [String], used: Set<Symbol>, _ patience: Patience, at now: Int64) -> [String] {
        var news: [String] = []
        var markets = Dictionary(list.map { ($0.symbol, $0) }, uniquingKeysWith: { $1 })
        var isIncomplete = false
        for symbol in Set(instruments.keys).union(used).sorted() {
            if let market = markets[symbol] {
                missed[symbol] = nil
                ended.remove(symbol)
                // Believed at once, for nothing is lost by waiting, and asked about soon.
                if !market.tradable, instruments[symbol]?.tradable ?? true { isIncomplete = true }
            } else if ended.contains(symbol) {
                continue
            } else if let since = missed[symbol], now - since >= patience.marketsInDoubtUs {
                missed[symbol] = nil
                ended.insert(symbol)
                news.append("\(symbol) ended: the venue's table of markets lacked it twice")
            } else {
                missed[symbol] = missed[symbol] ?? now
                markets[symbol] = instruments[symbol]
                isIncomplete = true
            }
        }
        (instruments, readAt, isInDoubt) = (markets, now, false)
        nextReadAt = now + (isIncomplete ? patience.marketsInDoubtUs : patience.marketsUs)
        for words in skipped where !self.skipped.contains(words) { news.append("a market that cannot be read is left out: \(words)") }
        self.skipped = skipped
        return news
    }

    /// They may have changed: read again, once a minute at most, since most refusals have other reasons (funds above all).
    mutating func doubt(_ patience: Patience, at now: Int64) {
        guard now >= nextRereadAt else { return }
        isInDoubt = true
        nextRereadAt = now + patience.marketsRereadUs
    }

    /// Nothing new is believed before the table is read again.
    mutating func forget() { readAt = nil }

    /// Whether the market surely ended.
    func isGone(_ symbol: Symbol) -> Bool { ended.contains(symbol) }

    /// Whether the table, as it was read last, does not answer for the market.
    func lacks(_ symbol: Symbol) -> Bool { readAt != nil && (instruments[symbol] == nil || missed[symbol] != nil) }

    /// Whether anything was ever known of a market under this name: a name that is not is a typing error. What is not loaded yet is not unknown.
    func isKnown(_ symbol: Symbol, used: Set<Symbol>) -> Bool { instruments[symbol] != nil || used.contains(symbol) || readAt == nil }

    /// The name of a market that somebody meant who wrote it without regard to case and separators.
    func meant(by symbol: Symbol, used: Set<Symbol>) -> Symbol? {
        let wanted = Self.bare(symbol)
        return Set(instruments.keys).union(used).filter { $0 != symbol && Self.bare($0) == wanted }.min()
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
